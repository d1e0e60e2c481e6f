"""One equation ready for `MixedLM`: rows in order, columns in standard units, and the way back to raw units."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance.config import Equation, Variable
from alliance.errors import ModelError
from alliance.facts.columns import PATIENT, SESSION, THERAPIST
from alliance.facts.marks import Mark
from alliance.models.design.arrays import INTERCEPT
from alliance.models.design.identified import check_patients
from alliance.models.textbook.centring import (
    Column,
    keep_independent,
    mean_reliability,
    split_predictors,
    varying_column,
)
from alliance.models.textbook.criterion import Arrays

_ROUNDING = 1e-10  # a mean below this share of the spread is nothing but rounding


@dataclass(frozen=True)
class Design:
    """One equation ready for the optimiser, in standard units, and the way back to raw units.

    Outcome and predictors have mean 0 and standard deviation 1, varying predictors mean 0 and mean square 1, so the equation that is
    fitted does not depend on units or on where a scale starts. Of effects b, fixed or varying, of columns with mean m and spread s,

        b_raw = b sd(y) / s        intercept_raw = sd(y) intercept - sum of m b_raw, and mean(y) for the fixed one

        loglik_raw = loglik - (n - p) log sd(y) - sum_k log sd(x_k)

    (the last for the restricted likelihood, which depends on the units of the predictors).

    Parameters
    ----------
    columns
        Fixed effects, in the order of ``arrays.x``; the intercept first.
    varying
        Terms that vary, in the order of ``arrays.z``; the intercept first.
    y_mean, y_sd, x_mean, x_sd, z_mean, z_sd
        What was subtracted and divided by; 0 and 1 for the intercepts.
    means
        Session-level terms whose observed patient means are predictors -> the part of the variance of these means that is not
        sampling error.
    marks
        What was left out or noticed on the way.
    """

    outcome: str
    rows: pd.DataFrame
    columns: tuple[Column, ...]
    varying: tuple[str, ...]
    arrays: Arrays
    y_mean: float
    y_sd: float
    x_mean: np.ndarray
    x_sd: np.ndarray
    z_mean: np.ndarray
    z_sd: np.ndarray
    means: dict[str, float]
    marks: tuple[Mark, ...]

    def raw_effects(self, beta: np.ndarray) -> np.ndarray:
        """Return fixed effects (..., column) in raw units."""
        raw: np.ndarray = beta * self.y_sd / self.x_sd
        raw[..., 0] += self.y_mean - raw @ self.x_mean
        return raw

    def raw_factors(self, factor: np.ndarray) -> np.ndarray:
        """Return a factor of the covariance of varying effects, (..., effect, any), in raw units."""
        raw: np.ndarray = factor * (self.y_sd / self.z_sd)[:, None]
        raw[..., 0, :] -= self.z_mean @ raw
        return raw


def make_design(
    name: str, outcome: str, equation: Equation, rows: pd.DataFrame, variables: dict[str, Variable]
) -> Design:
    """Centre, scale and order the rows of one equation.

    Parameters
    ----------
    name
        Name of the model, for messages.
    rows
        Rows the equation uses, see `alliance.models.rows.select_rows`.

    Raises
    ------
    ModelError
        A predictor does not change within patients, predictors determine each other, an effect cannot vary where it is said to,
        there are fewer than two therapists, or no more patients than effects that vary between them.
    """
    place = f"models.specs.{name}.equations.{outcome}"
    rows, several = _settle_therapists(rows)
    terms = {PATIENT: equation.vary.get(PATIENT, []), THERAPIST: equation.vary.get(THERAPIST, [])}
    if terms[THERAPIST] and rows[THERAPIST].nunique() < 2:
        raise ModelError(
            f"{place}.vary.therapist: the rows it can use have only one therapist. Remove 'therapist' from 'vary'."
        )
    check_patients(place, terms[PATIENT], rows[PATIENT].nunique())
    keys = [*([THERAPIST] if terms[THERAPIST] else []), PATIENT, SESSION]
    used = rows.sort_values(keys, kind="stable").reset_index(drop=True)
    first, later = split_predictors(place, outcome, equation.on, used, variables, bool(terms[THERAPIST]))
    kept, marks = keep_independent(place, outcome, first, later, used)
    varying = tuple(dict.fromkeys([INTERCEPT, *terms[PATIENT], *terms[THERAPIST]]))
    z = [varying_column(place, term, terms, first, used) for term in varying[1:]]
    y = used[outcome].to_numpy(dtype=float)
    y_mean, y_sd = float(y.mean()), float(y.std(ddof=1))
    x_mean, x_sd, standard_x = _standardise([values for _, values in kept], len(y), 1)
    z_mean, z_sd, standard_z = _standardise(z, len(y), 0)
    therapist = _positions(used[THERAPIST]) if terms[THERAPIST] else np.zeros(len(y), dtype=int)
    columns_of = {level: tuple(varying.index(term) for term in names) for level, names in terms.items()}
    arrays = Arrays((y - y_mean) / y_sd, standard_x, standard_z, _positions(used[PATIENT]), therapist, columns_of)
    columns = (Column(INTERCEPT, INTERCEPT, "overall"), *(column for column, _ in kept))
    if several and terms[THERAPIST]:
        marks = [*marks, Mark("one_therapist_each", outcome, several, outcomes=(outcome,))]
    means = {column.term: mean_reliability(used, column.term) for column in columns if column.is_mean}
    return Design(
        outcome, used, columns, varying, arrays, y_mean, y_sd, x_mean, x_sd, z_mean, z_sd, means, tuple(marks)
    )


def _settle_therapists(rows: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Give each patient the therapist of most rows, the earlier one of two with as many; return how many patients had several."""
    several = rows.groupby(PATIENT)[THERAPIST].nunique() > 1
    if not several.any():
        return rows, 0
    known = rows[rows[PATIENT].map(several)].dropna(subset=[THERAPIST])
    seen = known.groupby([PATIENT, THERAPIST], sort=False)[SESSION].agg(["size", "min"]).reset_index()
    ranked = seen.sort_values([PATIENT, "size", "min"], ascending=[True, False, True], kind="stable")
    chosen = ranked.drop_duplicates(PATIENT).set_index(PATIENT)[THERAPIST]
    settled = rows[PATIENT].map(chosen)
    return rows.assign(**{THERAPIST: settled.where(settled.notna(), rows[THERAPIST])}), int(several.sum())


def _standardise(columns: list[np.ndarray], rows: int, ddof: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return means, spreads and standardised columns, led by an intercept, which stays one."""
    mean = np.array([0.0, *(column.mean() for column in columns)])
    sd = np.array([1.0, *(column.std(ddof=ddof) for column in columns)])
    mean[np.abs(mean) < _ROUNDING * sd] = 0.0  # of parts within
    return mean, sd, (np.column_stack([np.ones(rows), *columns]) - mean) / sd


def _positions(codes: pd.Series) -> np.ndarray:
    """Number the codes in the order in which they appear; each forms one block of rows."""
    return pd.factorize(codes)[0]
