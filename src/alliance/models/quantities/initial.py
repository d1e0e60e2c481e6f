"""How initial values differ between the patients of one therapist, and between therapists, beyond what the other covariates tell.

Initial values enter the equations as patient-level covariates, so they have no equation of their own. With c = Gamma'z + t + e, z the other
patient-level predictors, t what the patients of a therapist share and e what is a patient's own, cov(e) and cov(t) follow from moments
(Henderson 1953, method 3, doi 10.2307/3001853): with SS_z the residual sums of squares of c given z, of N patients and rank p, and SS_w
those given therapists and z, of rank r,

    cov(e) = SS_w / (N - r)        cov(t) = ((SS_z - SS_w) / (r - p) - cov(e)) (r - p) / tr(T' M_z T)

with T the therapists' dummies and M_z what z leaves. Where cov(t) has no positive root, what is negative is set to zero in the metric of
cov(e): with patients evenly spread this is restricted maximum likelihood (Amemiya 1985, doi 10.2307/2336720).

Draws are posterior draws of the two mean squares under a flat prior, inverse Wishart, so that intervals hold what is not known of them.
"""

import numpy as np
import pandas as pd

from alliance.facts.columns import PATIENT, THERAPIST
from alliance.models.design.arrays import Design


def initial_terms(design: Design) -> list[str]:
    """List the initial values among the predictors, in the order of their first use."""
    return list(
        dict.fromkeys(t for e in design.equations.values() for t, origin in e.origins.items() if origin.baseline)
    )


def constant_terms(design: Design) -> list[str]:
    """List the patient-level predictors that are not initial values of outcomes."""
    return list(
        dict.fromkeys(
            term
            for equation in design.equations.values()
            for term, origin in equation.origins.items()
            if not origin.session_level and not origin.baseline
        )
    )


def patients_of(design: Design, columns: list[str]) -> pd.DataFrame:
    """Return one row per patient; a product is a column of its own equation only."""
    rows = pd.concat([equation.rows.reindex(columns=[PATIENT, *columns]) for equation in design.equations.values()])
    return rows.groupby(PATIENT).first()[columns]


def initial_covariances(design: Design, rng: np.random.Generator | None, size: int) -> dict[str, np.ndarray]:
    """Return the covariance of the initial values between patients of a therapist, and between therapists, given the other covariates.

    Where no effect varies between therapists, all differences are differences between patients.

    Parameters
    ----------
    rng
        For draws; None takes the estimates.
    size
        How many draws.

    Returns
    -------
    dict
        Level -> (draw, initial value, initial value); one draw where it is the estimate.
    """
    initial, given = initial_terms(design), constant_terms(design)
    nested = THERAPIST in design.varying
    patients = patients_of(design, [*initial, *given, *([THERAPIST] if nested else [])]).dropna()
    c = patients[initial].to_numpy(dtype=float)
    z = np.column_stack([np.ones(len(patients)), patients[given].to_numpy(dtype=float)])
    left, rank = _left(c, z)
    whole, free = left.T @ left, len(c) - rank
    if not nested:
        return {PATIENT: _mean_square(whole, free, rng, size)}
    therapist = patients[THERAPIST].factorize()[0]
    own, within = (_centre(values, therapist) for values in (c, z))
    own, inside = _left(own, within)
    rank_both = inside + int(therapist.max()) + 1
    apart = len(c) - rank_both, rank_both - rank
    if min(apart) < len(initial):
        return {PATIENT: _mean_square(whole, free, rng, size), THERAPIST: np.zeros((1, len(initial), len(initial)))}
    of_patients = _mean_square(own.T @ own, apart[0], rng, size)
    of_therapists = _mean_square(whole - own.T @ own, apart[1], rng, size)
    return {
        PATIENT: of_patients,
        THERAPIST: _excess(of_therapists, of_patients) * apart[1] / _weight(therapist, z),
    }


def _left(y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, int]:
    """Return what predictors leave of outcomes, and the rank of the predictors."""
    scale = np.linalg.norm(x, axis=0)
    x = x[:, scale > 0] / scale[scale > 0]
    solution, _, rank, _ = np.linalg.lstsq(x, y, rcond=1e-9)
    return y - x @ solution, int(rank)


def _centre(values: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return deviations from the means of groups, exactly zero where a column does not differ within them."""
    table = pd.DataFrame(values).groupby(group)
    deviations: np.ndarray = values - table.transform("mean").to_numpy()
    deviations[:, (table.transform("max") == table.transform("min")).all().to_numpy()] = 0.0
    return deviations


def _weight(group: np.ndarray, z: np.ndarray) -> float:
    """Return tr(T' M_z T): how many times the covariance between groups stands in the sums of squares that z leaves."""
    sums = pd.DataFrame(z).groupby(group).sum().to_numpy()
    return float(len(z) - np.trace(np.linalg.pinv(z.T @ z) @ sums.T @ sums))


def _mean_square(squares: np.ndarray, free: int, rng: np.random.Generator | None, size: int) -> np.ndarray:
    """Return the mean square, or draws from its posterior under the prior |S|^-(k+1)/2: inverse Wishart."""
    k = len(squares)
    if rng is None or free < k:
        return (squares / max(free, 1))[None]
    # With W ~ Wishart(free, I) = T T' (Bartlett) and squares = L L', a draw is L W^-1 L'.
    t = np.tril(rng.standard_normal((size, k, k)), -1)
    t[:, range(k), range(k)] = np.sqrt(rng.chisquare(free - np.arange(k), (size, k)))
    root = np.linalg.cholesky(squares) @ np.linalg.inv(t).transpose(0, 2, 1)
    return np.asarray(root @ root.transpose(0, 2, 1))


def _excess(large: np.ndarray, small: np.ndarray) -> np.ndarray:
    """Return the difference of two covariances, its negative parts set to zero in the metric of the smaller."""
    root = np.linalg.cholesky(small)
    inverse = np.linalg.inv(root)
    values, vectors = np.linalg.eigh(inverse @ large @ inverse.transpose(0, 2, 1))
    scaled = root @ vectors * np.sqrt(np.clip(values - 1, 0, None))[:, None, :]
    return np.asarray(scaled @ scaled.transpose(0, 2, 1))
