"""The restricted likelihood of a nested mixed model, computed from cross-products: the referee of `guarded`.

For row r of patient i of therapist j

    y = x'b + z'u_i + z'w_j + e,     e ~ N(0, s^2),   u_i ~ N(0, LL'),   w_j ~ N(0, PP')

With t = 1/s^2, S_i = t Z'Z, R_i = t Z'[X y], M_i = I + L'S_iL and, summed over the patients of therapist j,
T_j = sum_i (S_i - S_iL M_i^-1 L'S_i), C_j = sum_i (R_i - S_iL M_i^-1 L'R_i), N_j = I + P'T_jP,

    Q        = [X y]'V^-1[X y] = t [X y]'[X y] - sum_i R_i'L M_i^-1 L'R_i - sum_j C_j'P N_j^-1 P'C_j
    log|V|   = n log s^2 + sum_i log|M_i| + sum_j log|N_j|
    loglik   = -1/2 { (n - p) log 2pi + log|V| + log|Q_XX| + Q_yy - Q_yX Q_XX^-1 Q_Xy }

(Harville 1977, doi 10.1080/01621459.1977.10480998; Bates et al. 2015, doi 10.18637/jss.v067.i01). L and P are never inverted, so the
value is exact where a variance is zero. That is where statsmodels' own evaluation fails (its issue 10239).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import minimize

_STARTS = ((0.3, 0.6), (0.05, 0.9), (0.8, 0.3))  # standard deviation of every varying effect, and of the residual
_STEP = 1e-4  # of the central differences; parameters are in units of the outcome's standard deviation
_NEWTON_STEPS = 5
_SMALL = 0.05  # a standard deviation that may be zero is tried at zero
_NOTHING_LOST = 1e-6  # fall of the log-likelihood that does not speak against zero


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
    by_patient, by_therapist
        Columns of `z` that vary between patients and between therapists.
    """

    y: np.ndarray
    x: np.ndarray
    z: np.ndarray
    patient: np.ndarray
    therapist: np.ndarray
    by_patient: tuple[int, ...]
    by_therapist: tuple[int, ...]

    @cached_property
    def first_rows(self) -> np.ndarray:
        """First row of each patient."""
        return np.flatnonzero(np.diff(self.patient, prepend=-1))

    @cached_property
    def first_patients(self) -> np.ndarray:
        """First patient of each therapist."""
        return np.flatnonzero(np.diff(self.therapist[self.first_rows], prepend=-1))

    @cached_property
    def cross_products(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Z'Z (patient, effect, effect), Z'[X y] (patient, effect, p + 1) and [X y]'[X y] (p + 1, p + 1)."""
        both = np.column_stack([self.x, self.y])
        zz = np.add.reduceat(self.z[:, :, None] * self.z[:, None, :], self.first_rows)
        zx = np.add.reduceat(self.z[:, :, None] * both[:, None, :], self.first_rows)
        return zz, zx, both.T @ both


@dataclass(frozen=True)
class Components:
    """Residual standard deviation and Cholesky factors L (patients) and P (therapists), each (effect, own effect)."""

    residual: float
    patient: np.ndarray
    therapist: np.ndarray


def pack(components: Components, arrays: Arrays) -> np.ndarray:
    """Turn components into parameters: log s, then the lower triangles of L and P row by row."""
    parts = [np.array([np.log(components.residual)])]
    for factor, columns in ((components.patient, arrays.by_patient), (components.therapist, arrays.by_therapist)):
        parts.append(factor[list(columns)][np.tril_indices(len(columns))])
    return np.concatenate(parts)


def unpack(theta: np.ndarray, arrays: Arrays) -> Components:
    """Turn parameters into components; columns of the factors are turned so that their diagonals are not negative."""
    effects = arrays.z.shape[1]
    used, factors = 1, []
    for columns in (arrays.by_patient, arrays.by_therapist):
        size = len(columns)
        own = np.zeros((size, size))
        count = size * (size + 1) // 2
        own[np.tril_indices(size)] = theta[used : used + count]
        used += count
        full = np.zeros((effects, size))
        full[list(columns)] = own * np.where(np.diag(own) < 0, -1.0, 1.0)
        factors.append(full)
    return Components(float(np.exp(theta[0])), *factors)


def evaluate(theta: np.ndarray, arrays: Arrays) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the restricted log-likelihood, the generalised least squares estimates and their covariance."""
    zz, zx, total = arrays.cross_products
    components = unpack(theta, arrays)
    rows, predictors = arrays.x.shape
    precision = components.residual**-2
    q, logdet = precision * total, 2 * rows * theta[0]
    s, r = precision * zz, precision * zx
    if arrays.by_patient:
        lower = components.patient
        ls, lr = lower.T @ s, lower.T @ r
        m = np.eye(lower.shape[1]) + ls @ lower
        logdet += np.linalg.slogdet(m)[1].sum()
        solved = np.linalg.solve(m, np.concatenate([ls, lr], axis=2))
        half = ls.transpose(0, 2, 1) @ solved
        q = q - (lr.transpose(0, 2, 1) @ solved[:, :, ls.shape[2] :]).sum(axis=0)
        s, r = s - half[:, :, : ls.shape[2]], r - half[:, :, ls.shape[2] :]
    if arrays.by_therapist:
        lower = components.therapist
        t, c = np.add.reduceat(s, arrays.first_patients), np.add.reduceat(r, arrays.first_patients)
        pc = lower.T @ c
        n = np.eye(lower.shape[1]) + lower.T @ t @ lower
        logdet += np.linalg.slogdet(n)[1].sum()
        q = q - (pc.transpose(0, 2, 1) @ np.linalg.solve(n, pc)).sum(axis=0)
    cov = np.linalg.inv(q[:-1, :-1])
    beta = cov @ q[:-1, -1]
    rest = q[-1, -1] - q[-1, :-1] @ beta
    information = np.linalg.slogdet(q[:-1, :-1])[1]
    value = -0.5 * ((rows - predictors) * np.log(2 * np.pi) + logdet + information + rest)
    return float(value), beta, cov


def differentiate(theta: np.ndarray, arrays: Arrays) -> tuple[np.ndarray, np.ndarray]:
    """Return gradient and Hessian of the restricted log-likelihood by central differences."""
    size = len(theta)
    steps = _STEP * np.eye(size)
    centre = evaluate(theta, arrays)[0]
    up = np.array([evaluate(theta + step, arrays)[0] for step in steps])
    down = np.array([evaluate(theta - step, arrays)[0] for step in steps])
    hessian = np.diag((up - 2 * centre + down) / _STEP**2)
    for i in range(size):
        for j in range(i):
            corners = [
                evaluate(theta + a * steps[i] + b * steps[j], arrays)[0]
                for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1))
            ]
            hessian[i, j] = hessian[j, i] = (corners[0] - corners[1] - corners[2] + corners[3]) / (4 * _STEP**2)
    return (up - down) / (2 * _STEP), hessian


def maximise(arrays: Arrays) -> np.ndarray:
    """Find the parameters of the largest restricted log-likelihood from several starts.

    BFGS from each start, Newton steps from the best; a standard deviation near zero becomes exactly zero if that loses
    nothing, so that a boundary solution is recognised as one.
    """
    found = [minimize(lambda theta: -evaluate(theta, arrays)[0], start, method="BFGS") for start in _starts(arrays)]
    theta = min(found, key=lambda result: result.fun).x
    theta = pack(unpack(theta, arrays), arrays)
    for _ in range(_NEWTON_STEPS):
        gradient, hessian = differentiate(theta, arrays)
        proposal = theta + np.linalg.solve(-_make_negative(hessian), gradient)
        if evaluate(proposal, arrays)[0] <= evaluate(theta, arrays)[0]:
            break
        theta = proposal
    return _snap_to_boundary(pack(unpack(theta, arrays), arrays), arrays)


def sampling_covariance(theta: np.ndarray, arrays: Arrays) -> np.ndarray:
    """Return the covariance of the parameters from the curvature of the restricted log-likelihood."""
    return np.linalg.inv(-_make_negative(differentiate(theta, arrays)[1]))


def promised_gain(theta: np.ndarray, arrays: Arrays) -> float:
    """Return g'(-H)^-1 g / 2: how much log-likelihood a Newton step from here would still gain."""
    gradient, hessian = differentiate(theta, arrays)
    return float(gradient @ np.linalg.solve(-_make_negative(hessian), gradient) / 2)


def _starts(arrays: Arrays) -> list[np.ndarray]:
    effects = arrays.z.shape[1]
    identity = np.eye(effects)
    return [
        pack(Components(residual, sd * identity[:, arrays.by_patient], sd * identity[:, arrays.by_therapist]), arrays)
        for sd, residual in _STARTS
    ]


def _make_negative(hessian: np.ndarray) -> np.ndarray:
    """Bound the curvature away from zero: a direction without information gets the standard deviation of the outcome."""
    values, vectors = np.linalg.eigh(hessian)
    return (vectors * np.minimum(values, -1.0)) @ vectors.T


def _snap_to_boundary(theta: np.ndarray, arrays: Arrays) -> np.ndarray:
    components = unpack(theta, arrays)
    for name, columns in (("patient", arrays.by_patient), ("therapist", arrays.by_therapist)):
        for position, effect in enumerate(columns):
            factor: np.ndarray = getattr(components, name)
            if abs(factor[effect, position]) > _SMALL * components.residual:
                continue
            for dropped in (slice(None), effect):
                trial = factor.copy()
                trial[dropped, position] = 0.0
                tried = Components(
                    components.residual,
                    trial if name == "patient" else components.patient,
                    trial if name == "therapist" else components.therapist,
                )
                if (
                    evaluate(pack(tried, arrays), arrays)[0]
                    >= evaluate(pack(components, arrays), arrays)[0] - _NOTHING_LOST
                ):
                    components = tried
                    break
    return pack(components, arrays)
