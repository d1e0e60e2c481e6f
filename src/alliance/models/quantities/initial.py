"""How initial values differ between the patients of one therapist, and between therapists, beyond what the other covariates tell.

Initial values enter the equations as patient-level covariates, so they have no equation of their own. With c = Gamma'z + t + e, z the other
patient-level predictors, t what the patients of a therapist share and e what is a patient's own, cov(e) and cov(t) follow from moments
(Henderson 1953, method 3, doi 10.2307/3001853): with SS_z the residual sums of squares of c given z, of N patients and rank p, and SS_w
those given therapists and z, of rank r,

    cov(e) = SS_w / (N - r)        cov(t) = ((SS_z - SS_w) / (r - p) - cov(e)) (r - p) / tr(T' M_z T)

with T the therapists' dummies and M_z what z leaves. Where cov(t) has no positive root, what is negative is set to zero in the metric of
cov(e): with patients evenly spread this is restricted maximum likelihood (Amemiya 1985, doi 10.2307/2336720).

One coefficient of an initial value serves both levels. Since the mean of many first sessions tells more of what patients share than one of
them tells of a patient, what therapists differ in beyond it still goes with it, which the fit takes to be independent. So the same moments
are taken of c and of each patient's mean residual together, whose covariance with c is that of the rest of the intercepts.

Draws are posterior draws of the two mean squares under a flat prior, inverse Wishart, so that intervals hold what is not known of them.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance.facts.columns import PATIENT, THERAPIST
from alliance.models.design.arrays import Design
from alliance.models.quantities.population import Population


def initial_terms(design: Design) -> list[str]:
    """List the initial values among the predictors, in the order of their first use."""
    return list(
        dict.fromkeys(t for e in design.equations.values() for t, origin in e.origins.items() if origin.baseline)
    )


def patients_of(design: Design, columns: list[str]) -> pd.DataFrame:
    """Return one row per patient; a product is a column of its own equation only."""
    rows = pd.concat([equation.rows.reindex(columns=[PATIENT, *columns]) for equation in design.equations.values()])
    return rows.groupby(PATIENT).first()[columns]


@dataclass(frozen=True)
class InitialSpread:
    """How initial values differ between the units of a level, and go together with what these differ in beyond.

    Parameters
    ----------
    among
        Their covariance, (draw, initial value, initial value).
    with_rest
        Their covariance with what else is in the intercepts, (draw, initial value, outcome).
    """

    among: np.ndarray
    with_rest: np.ndarray


def initial_spread(design: Design, population: Population, rng: np.random.Generator | None) -> dict[str, InitialSpread]:
    """Return how initial values vary between patients of a therapist, and between therapists, given the other covariates.

    Where no effect varies between therapists, all differences are differences between patients, and the rest is independent of them.

    Parameters
    ----------
    rng
        For draws; None takes the estimates.
    """
    size, outcomes = len(next(iter(population.residuals.values()))), len(design.equations)
    k = len(initial_terms(design))
    if THERAPIST not in design.varying:
        squares, free = design.once(_squares_of_patients)
        return {PATIENT: InitialSpread(_mean_square(squares[None], free, rng, size), np.zeros((1, k, outcomes)))}
    found = design.once(_squares_by_therapist)
    if min(found.free_within, found.free_between) < k + outcomes:
        nothing = InitialSpread(np.zeros((1, k, k)), np.zeros((1, k, outcomes)))
        among = _mean_square(found.whole[None, :k, :k], found.free, rng, size)
        return {PATIENT: InitialSpread(among, nothing.with_rest), THERAPIST: nothing}
    into = _residuals_from(design, population, k)
    within, between = (into.transpose(0, 2, 1) @ squares @ into for squares in (found.within, found.whole))
    of_patients = _mean_square(within, found.free_within, rng, size)
    of_therapists = _excess(_mean_square(between - within, found.free_between, rng, size), of_patients)
    of_therapists = of_therapists * found.free_between / found.weight
    return {
        level: InitialSpread(found[:, :k, :k], found[:, :k, k:])
        for level, found in ((PATIENT, of_patients), (THERAPIST, of_therapists))
    }


@dataclass(frozen=True)
class _Squares:
    """What the rows say of initial values and means, whatever the parameters are.

    Parameters
    ----------
    whole, within
        SS_z and SS_w of initial values and of outcomes' and predictors' means, (column, column).
    free
        Degrees of freedom of `whole`; `free_within` of `within`, `free_between` of what is left.
    weight
        tr(T' M_z T).
    """

    whole: np.ndarray
    within: np.ndarray
    free: int
    free_within: int
    free_between: int
    weight: float


def _squares_of_patients(design: Design) -> tuple[np.ndarray, int]:
    """Return SS_z of initial values, (initial value, initial value), and its degrees of freedom."""
    initial, given = initial_terms(design), design.constant_terms
    patients = patients_of(design, [*initial, *given]).dropna()
    left, rank = _left(patients[initial].to_numpy(dtype=float), _with_constant(patients[given]))
    return left.T @ left, len(left) - rank


def _squares_by_therapist(design: Design) -> _Squares:
    initial, given = initial_terms(design), design.constant_terms
    patients = patients_of(design, [*initial, *given, THERAPIST])
    means = _means_of_rows(design, list(patients.index))
    complete = patients.notna().all(axis=1).to_numpy() & np.isfinite(means).all(axis=1)
    patients = patients[complete]
    values = np.column_stack([patients[initial].to_numpy(dtype=float), means[complete]])
    z, therapist = _with_constant(patients[given]), patients[THERAPIST].factorize()[0]
    (whole, rank), (own, inside) = _left(values, z), _left(_centre(values, therapist), _centre(z, therapist))
    both = inside + int(therapist.max()) + 1
    free = len(values) - rank, len(values) - both, both - rank
    return _Squares(whole.T @ whole, own.T @ own, *free, _weight(therapist, z))


def _with_constant(columns: pd.DataFrame) -> np.ndarray:
    return np.column_stack([np.ones(len(columns)), columns.to_numpy(dtype=float)])


def _means_of_rows(design: Design, patients: list[str]) -> np.ndarray:
    """Return each patient's means of outcome and predictors, equation after equation: (patient, column)."""
    means = [
        equation.rows[[PATIENT, outcome, *equation.terms]].groupby(PATIENT).mean().reindex(patients)
        for outcome, equation in design.equations.items()
    ]
    return np.hstack([table.to_numpy(dtype=float) for table in means])


def _residuals_from(design: Design, population: Population, k: int) -> np.ndarray:
    """Return what turns initial values and means of rows into initial values and mean residuals, (draw, column, column)."""
    width = k + sum(1 + len(equation.terms) for equation in design.equations.values())
    size = len(next(iter(population.residuals.values())))
    into = np.zeros((size, width, k + len(design.equations)))
    into[:, range(k), range(k)] = 1.0
    start = k
    for place, (outcome, equation) in enumerate(design.equations.items(), start=k):
        into[:, start, place] = 1.0
        into[:, start + 1 : start + 1 + len(equation.terms), place] = -population.slopes[outcome]
        start += 1 + len(equation.terms)
    return into


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
    """Return mean squares, or a draw from the posterior of each under the prior |S|^-(k+1)/2: inverse Wishart.

    Parameters
    ----------
    squares
        (draw, variable, variable), or one for all draws.
    """
    k = squares.shape[1]
    if rng is None or free < k:
        return squares / max(free, 1)
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
