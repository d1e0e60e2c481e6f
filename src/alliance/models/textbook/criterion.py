"""The restricted likelihood of a nested mixed model from cross-products, and its maximum: where `guarded` starts `MixedLM`.

For row r of patient i of therapist j

    y = x'b + z'u_i + z'w_j + e,     e ~ N(0, s^2),   u_i ~ N(0, G), G = LL',   w_j ~ N(0, H), H = PP'

With t = 1/s^2, S_i = t Z'Z and R_i = t Z'[X y] of a patient, what is left of them once u is integrated out, T_j and C_j, the sums of
that over the patients of a therapist, and what is left once w is integrated out too,

    S~_i = (I + S_i G)^-1 S_i     R~_i = (I + S_i G)^-1 R_i     T~_j = (I + T_j H)^-1 T_j     C~_j = (I + T_j H)^-1 C_j
    Q      = [X y]'V^-1[X y] = t [X y]'[X y] - sum_i R_i'G R~_i - sum_j C_j'H C~_j
    log|V| = n log s^2 + sum_i log|I + S_i G| + sum_j log|I + T_j H|
    loglik = -1/2 { (n - p) log 2pi + log|V| + log|Q_XX| + Q_yy - Q_yX Q_XX^-1 Q_Xy }

(Harville 1977, doi 10.1080/01621459.1977.10480998; Bates et al. 2015, doi 10.18637/jss.v067.i01). No covariance is inverted, so the
value is exact where a variance is zero. With W = V^-1 - V^-1X Q_XX^-1 X'V^-1 and Z_i the rows of z of one patient (or therapist)

    dloglik/dL = sum_i (Z_i'W y y'W Z_i - Z_i'W Z_i) L,    dloglik/dlog s = y'W y - (n - p) - sum of L * dloglik/dL and P * dloglik/dP
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance.facts.columns import PATIENT, THERAPIST
from alliance.inference.search import Top, climb, curvature_at, limited_inverse

_STARTS = ((0.3, 0.6), (0.8, 0.3))  # standard deviation of every varying effect, and of the residual
_LEAST, _MOST = np.log(1e-6), 1e3  # log s, and all parameters
_ZERO = (
    1e-2,
    1e-3,
    1e-4,
    0.0,
)  # a standard deviation below this share of the residual one is zero, if that loses nothing
_NOTHING_LOST = 1e-6  # of the log-likelihood


@dataclass(frozen=True)
class Arrays:
    """What one equation is fitted to; rows are ordered by therapist and patient.

    Parameters
    ----------
    y, x
        Outcome (row,) and fixed predictors (row, predictor).
    z
        Varying effects (row, effect): the intercept first, then slopes.
    patient, therapist
        Position of each row's patient and therapist, counted from 0 (row,).
    varying
        Level (patient, therapist) -> columns of `z` that vary at it.
    """

    y: np.ndarray
    x: np.ndarray
    z: np.ndarray
    patient: np.ndarray
    therapist: np.ndarray
    varying: dict[str, tuple[int, ...]]

    @cached_property
    def first_rows(self) -> np.ndarray:
        """First row of each patient."""
        return np.flatnonzero(np.diff(self.patient, prepend=-1))

    @cached_property
    def owner(self) -> np.ndarray:
        """Therapist of each patient."""
        return np.asarray(self.therapist[self.first_rows])

    @cached_property
    def first_patients(self) -> np.ndarray:
        """First patient of each therapist."""
        return np.flatnonzero(np.diff(self.owner, prepend=-1))

    @cached_property
    def cross_products(self) -> tuple[np.ndarray, np.ndarray]:
        """Z'[Z X y] (patient, effect, effect + p + 1) and [X y]'[X y] (p + 1, p + 1)."""
        both = np.column_stack([self.x, self.y])
        right = np.column_stack([self.z, both])
        return np.add.reduceat(self.z[:, :, None] * right[:, None, :], self.first_rows), both.T @ both

    @cached_property
    def places(self) -> dict[str, tuple[np.ndarray, np.ndarray, slice]]:
        """Level -> rows and columns of its factor's lower triangle, and where their values stand among the parameters."""
        found, used = {}, 1
        for level, columns in self.varying.items():
            row, column = np.tril_indices(len(columns))
            found[level] = (np.array(columns, dtype=int)[row], column, slice(used, used + len(row)))
            used += len(row)
        return found


@dataclass(frozen=True)
class Maximum:
    """The maximum of the restricted likelihood.

    Parameters
    ----------
    theta
        Variance parameters: log s, then the lower triangles of L and P row by row.
    spread
        Their sampling covariance.
    value
        Restricted log-likelihood.
    promise
        What a further step of the search would add to it.
    converged
        Whether that is nothing, and the likelihood falls in every direction.
    beta, cov
        Fixed effects (predictor,) and their covariance given the variances, (X'V^-1X)^-1.
    """

    theta: np.ndarray
    spread: np.ndarray
    value: float
    promise: float
    converged: bool
    beta: np.ndarray
    cov: np.ndarray


def factors_of(theta: np.ndarray, arrays: Arrays) -> dict[str, np.ndarray]:
    """Return the factors L and P of variance parameters (..., parameter): level -> (..., effect, own effect)."""
    factors = {}
    for level, (row, column, where) in arrays.places.items():
        factors[level] = np.zeros((*theta.shape[:-1], arrays.z.shape[1], len(arrays.varying[level])))
        factors[level][..., row, column] = theta[..., where]
    return factors


def evaluate(theta: np.ndarray, arrays: Arrays) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
    """Return the restricted log-likelihood, its gradient, the generalised least squares estimates and their covariance.

    Minus infinity far from everything that standardised data can show, where sums of squares cancel or overflow.
    """
    products, total = arrays.cross_products
    (rows, predictors), size = arrays.x.shape, arrays.z.shape[1]
    if theta[0] < _LEAST or np.abs(theta[1:]).max(initial=theta[0]) > _MOST:
        return -np.inf, np.zeros_like(theta), np.zeros(predictors), np.eye(predictors)
    precision, factors = np.exp(-2 * theta[0]), factors_of(theta, arrays)
    patients, _, determinant, drop = _integrate(precision * products, factors[PATIENT])
    sums = np.add.reduceat(patients, arrays.first_patients)
    therapists, gain, change, more = _integrate(sums, factors[THERAPIST])
    q = precision * total - drop - more
    information = np.linalg.slogdet(q[:-1, :-1])[1]
    cov = np.linalg.inv(q[:-1, :-1])
    beta = cov @ q[:-1, -1]
    rest = q[-1, -1] - q[-1, :-1] @ beta
    constant = (rows - predictors) * np.log(2 * np.pi) + 2 * rows * theta[0]
    gradient = np.empty_like(theta)
    squares = patients[:, :, :size]
    shared = np.concatenate([squares, sums[arrays.owner, :, size:]], axis=2)
    left = {PATIENT: patients - squares @ gain[arrays.owner] @ shared, THERAPIST: therapists}
    for level, (row, column, where) in arrays.places.items():
        own, to_x, to_y = np.split(left[level], [size, size + predictors], axis=2)
        rests = to_y[:, :, 0] - to_x @ beta
        bend = rests.T @ rests + (to_x @ cov @ to_x.transpose(0, 2, 1) - own).sum(axis=0)
        gradient[where] = (bend @ factors[level])[row, column]
    gradient[0] = rest - (rows - predictors) - gradient[1:] @ theta[1:]
    return -0.5 * float(constant + determinant + change + information + rest), gradient, beta, cov


def _integrate(sums: np.ndarray, factor: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, np.ndarray]:
    """Integrate one level's effects out of t Z'[Z X y] = [S R] of its units, (unit, effect, effect + p + 1).

    Returns
    -------
    What is left of them, (I + S G)^-1 [S R]; G (I + S G)^-1; the sum of log|I + S G|; and the sum of R'G(I + S G)^-1 R.
    """
    covariance, size = factor @ factor.T, len(factor)
    identity = np.eye(size)
    inner = identity + sums[:, :, :size] @ covariance
    inverse = np.linalg.inv(inner)
    left = inverse @ sums
    drop = np.tensordot(sums[:, :, size:], covariance @ left[:, :, size:], axes=([0, 1], [0, 1]))
    return left, covariance @ inverse, float(np.linalg.slogdet(inner)[1].sum()), drop


def maximise(arrays: Arrays) -> Maximum:
    """Find the largest restricted log-likelihood from two starts.

    A standard deviation near zero becomes exactly zero if that loses nothing, so that the boundary is recognised.
    """

    def function(theta: np.ndarray) -> tuple[float, np.ndarray]:
        return evaluate(theta, arrays)[:2]

    found = [climb(function, *_start(arrays, *start)) for start in _STARTS]
    top = max(found, key=lambda one: one.value)
    simplest = (_without_small(top.position, arrays, share) for share in _ZERO)
    theta = next((place for place in simplest if function(place)[0] >= top.value - _NOTHING_LOST), top.position)
    value, _, beta, cov = evaluate(theta, arrays)
    top = Top(theta, value, curvature_at(function, theta), top.promise)
    return Maximum(theta, limited_inverse(function, top), value, top.promise, top.converged, beta, cov)


def _start(arrays: Arrays, sd: float, residual: float) -> tuple[np.ndarray, np.ndarray]:
    """Return uncorrelated effects of equal size, and a guess of the parameters' sampling covariance."""
    lower = [np.eye(len(columns))[np.tril_indices(len(columns))] for columns in arrays.varying.values()]
    theta = np.concatenate([[np.log(residual)], *(sd * diagonal for diagonal in lower)])
    counts = np.where(np.arange(len(theta)) > 0, len(arrays.first_rows), len(arrays.y))
    return theta, np.diag(0.5 / counts)


def _without_small(theta: np.ndarray, arrays: Arrays, share: float) -> np.ndarray:
    """Return the parameters of the same covariances, without what effects have of their own if it is below a share of s."""
    simpler = theta.copy()
    for level, (_, _, where) in arrays.places.items():
        own = factors_of(theta, arrays)[level][list(arrays.varying[level])]
        covariance, root = own @ own.T, np.zeros_like(own)
        for k in range(len(root)):
            left = covariance[k:, k] - root[k:, :k] @ root[k, :k]
            if left[0] > (share * np.exp(theta[0])) ** 2:
                root[k:, k] = left / np.sqrt(left[0])
        simpler[where] = root[np.tril_indices(len(root))]
    return simpler
