"""Observed-mean centring: every session-level predictor split into its part within and its parts between.

    x_rij = (x_rij - m_ij) + (m_ij - m_j) + (m_j - m) + m

with m_ij the mean of the patient, m_j the mean of the patients' means of the therapist and m the mean of the therapists'
(or patients') means (Baldwin, Wampold and Imel 2007, doi 10.1037/0022-006X.75.6.842; Enders and Tofighi 2007, doi
10.1037/1082-989X.12.2.121). All means are taken over the rows that the equation uses: only then is the within part uncorrelated with
everything that is constant within a patient. A mean over other rows as well would leave a piece of the patient in the part within.
A lagged predictor has means of its own.

An outcome's own past enters within patients only. Its mean is the mean of the outcome moved by a session, and a variable does not
explain itself: with it as a predictor, there would be nothing left between patients for the others.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance.config import Equation, Variable
from alliance.config.timing import Term, parse_term, varies_between_sessions
from alliance.contracts import BETWEEN, BETWEEN_THERAPIST, PATIENT, SESSION, THERAPIST, WITHIN
from alliance.errors import ModelError
from alliance.facts.marks import Mark
from alliance.models.textbook.criterion import Arrays

INTERCEPT = "intercept"
_LEAST_TOLERANCE = 1e-6  # share of a predictor's variance the others must leave
_LEAST_SPREAD = 1e-10  # of a derived part against its predictor; below it the part is rounding error


@dataclass(frozen=True)
class Column:
    """One fixed effect: `name` of the column, `term` of the equation it comes from, and what it is about."""

    name: str
    term: str
    level: str  # within, between_patient, between_therapist; overall for the intercept


@dataclass(frozen=True)
class Design:
    """One equation ready for the optimiser, in standard units, and the way back to raw units.

        b_raw = b sd(y) / sd(x)       intercept_raw = mean(y) + sd(y) intercept       u_raw = u sd(y) / rms(z)
        loglik_raw = loglik - (n - p) log sd(y) - sum_k log sd(x_k)

    (the last for the restricted likelihood, which depends on the units of the predictors).

    Parameters
    ----------
    columns
        Fixed effects, in the order of ``arrays.x``; the intercept first.
    varying
        Terms that vary, in the order of ``arrays.z``.
    y_mean, y_sd, x_sd, z_rms
        What was subtracted and divided by.
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
    x_sd: np.ndarray
    z_rms: np.ndarray
    means: dict[str, float]
    marks: tuple[Mark, ...]


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
        or there are fewer than two therapists.
    """
    place = f"models.specs.{name}.equations.{outcome}"
    by_therapist = _varying_terms(equation, THERAPIST)
    if by_therapist and rows[THERAPIST].nunique() < 2:
        raise ModelError(
            f"{place}.vary.therapist: the rows it can use have only one therapist. Remove 'therapist' from 'vary'."
        )
    used = rows.sort_values([*([THERAPIST] if by_therapist else []), PATIENT, SESSION], kind="stable").reset_index(
        drop=True
    )
    first, later, reliability = _split_predictors(place, outcome, equation.on, used, variables, bool(by_therapist))
    columns, x, marks = _keep_independent(place, outcome, first, later)
    varying = tuple(dict.fromkeys([INTERCEPT, *_varying_terms(equation, PATIENT), *by_therapist]))
    z = np.column_stack(
        [np.ones(len(used)), *(_varying_column(place, term, equation, first, used) for term in varying[1:])]
    )
    return scale_design(outcome, used, columns, x, varying, z, equation, reliability, marks)


def scale_design(
    outcome: str,
    rows: pd.DataFrame,
    columns: tuple[Column, ...],
    x: np.ndarray,
    varying: tuple[str, ...],
    z: np.ndarray,
    equation: Equation,
    means: dict[str, float],
    marks: list[Mark],
) -> Design:
    """Bring outcome and predictors to standard units; `rows` are ordered by therapist (where it matters) and patient."""
    y = rows[outcome].to_numpy(dtype=float)
    y_mean, y_sd = float(y.mean()), float(y.std(ddof=1))
    x_sd = np.array([1.0, *x[:, 1:].std(axis=0, ddof=1)])
    z_rms = np.sqrt((z**2).mean(axis=0))
    therapist = _positions(rows[THERAPIST]) if _varying_terms(equation, THERAPIST) else np.zeros(len(rows), dtype=int)
    by_patient, by_therapist = (
        tuple(varying.index(term) for term in _varying_terms(equation, level)) for level in (PATIENT, THERAPIST)
    )
    arrays = Arrays(
        (y - y_mean) / y_sd, x / x_sd, z / z_rms, _positions(rows[PATIENT]), therapist, by_patient, by_therapist
    )
    return Design(outcome, rows, columns, varying, arrays, y_mean, y_sd, x_sd, z_rms, means, tuple(marks))


def _positions(codes: pd.Series) -> np.ndarray:
    """Number the codes in the order in which they appear; each forms one block of rows."""
    return pd.factorize(codes)[0]


Part = tuple[Column, np.ndarray]


def _split_predictors(
    place: str, outcome: str, on: list[str], rows: pd.DataFrame, variables: dict[str, Variable], by_therapist: bool
) -> tuple[list[Part], list[Part], dict[str, float]]:
    """Return the predictors as they are and parts within; then the parts between; and how reliable the means are."""
    first: list[Part] = []
    between_patient: list[Part] = []
    between_therapist: list[Part] = []
    reliability: dict[str, float] = {}
    for name in on:
        term = parse_term(name, variables)
        values = rows[name].to_numpy(dtype=float)
        if term is None or term.variable is None or not varies_between_sessions(term, variables):
            first.append((Column(name, name, level_of(term, variables)), values))
            continue
        patient_mean = rows.groupby(PATIENT)[name].transform("mean").to_numpy(dtype=float)
        within = values - patient_mean
        if within.std() <= _LEAST_SPREAD * values.std():
            raise ModelError(
                f"{place}.on: '{name}' never changes within a patient in the {len(rows)} rows the equation can use, so it has no "
                f"effect within patients. Remove it, or use '{term.base}{BETWEEN}'."
            )
        first.append((Column(f"{name}{WITHIN}", name, "within"), within))
        if term.base == outcome:
            continue
        per_patient = rows.groupby(PATIENT)[name].mean()
        reliability[name] = _mean_reliability(rows, name)
        if not by_therapist:
            between_patient.append(
                (Column(f"{name}{BETWEEN}", name, "between_patient"), patient_mean - per_patient.mean())
            )
            continue
        owner = rows.groupby(PATIENT)[THERAPIST].first()
        per_therapist = per_patient.groupby(owner).mean()
        therapist_mean = rows[THERAPIST].map(per_therapist).to_numpy(dtype=float)
        between_patient.append((Column(f"{name}{BETWEEN}", name, "between_patient"), patient_mean - therapist_mean))
        between_therapist.append(
            (Column(f"{name}{BETWEEN_THERAPIST}", name, "between_therapist"), therapist_mean - per_therapist.mean())
        )
    return first, [*between_patient, *between_therapist], reliability


def _varying_terms(equation: Equation, level: str) -> list[str]:
    return next((terms for key, terms in equation.vary.items() if key == level), [])


def level_of(term: Term | None, variables: dict[str, Variable]) -> str:
    """Return the level at which an uncentred predictor tells rows apart."""
    if term is None or term.variable is None:
        return "within"  # time runs within patients
    return "between_therapist" if variables[term.variable].table == "therapists" else "between_patient"


def _mean_reliability(rows: pd.DataFrame, name: str) -> float:
    """Share of the variance of observed patient means that is not sampling error: t2 / (t2 + s2 / n), n the mean count.

    Lüdtke et al. 2008, doi 10.1037/a0012869. Variances by one-way analysis of variance.
    """
    groups = rows.groupby(PATIENT)[name]
    counts = groups.count()
    left = len(rows) - len(counts)
    within = float(((groups.count() - 1) * groups.var(ddof=1).fillna(0.0)).sum() / left) if left else 0.0
    noise = within * float((1 / counts).mean())
    observed = float(groups.mean().var(ddof=1))
    return max(0.0, 1 - noise / observed) if observed > 0 else 0.0


def _keep_independent(
    place: str, outcome: str, first: list[Part], later: list[Part]
) -> tuple[tuple[Column, ...], np.ndarray, list[Mark]]:
    columns = [Column(INTERCEPT, INTERCEPT, "overall")]
    kept = [np.ones(len(first[0][1]))]
    marks = []
    for position, (column, values) in enumerate([*first, *later]):
        partners = _determined_by(values, kept, columns)
        if partners is None:
            columns.append(column)
            kept.append(values)
        elif position < len(first):
            names = ", ".join(f"'{partner}'" for partner in partners) or "the intercept"
            raise ModelError(
                f"{place}.on: '{column.name}' is determined by {names} in the {len(values)} rows the equation can use, so its "
                f"effect cannot be told from theirs. Remove one of them."
            )
        else:
            marks.append(
                Mark(
                    "collinear",
                    column.name,
                    detail=f"determined by {', '.join(partners)}" if partners else "it does not vary",
                    outcomes=(outcome,),
                    levels=(column.level,),
                )
            )
    return tuple(columns), np.column_stack(kept), marks


def _determined_by(values: np.ndarray, kept: list[np.ndarray], columns: list[Column]) -> list[str] | None:
    """Name the predictors of which `values` is a linear function; None if it is not one."""
    spread = values.std()
    if spread <= _LEAST_SPREAD * max(np.abs(values).max(), 1e-300):
        return []
    scaled = np.column_stack([column / np.sqrt((column**2).mean()) for column in kept])
    weights = np.linalg.lstsq(scaled, values / spread, rcond=None)[0]
    if (values / spread - scaled @ weights).var() >= _LEAST_TOLERANCE:
        return None
    return [
        column.name
        for column, weight in zip(columns[1:], weights[1:], strict=True)
        if abs(weight) > np.sqrt(_LEAST_TOLERANCE)
    ]


def _varying_column(place: str, term: str, equation: Equation, first: list[Part], rows: pd.DataFrame) -> np.ndarray:
    """Return what a varying effect multiplies: the part within of a session-level predictor, any other as it is."""
    column, values = next(part for part in first if part[0].term == term)
    if term in _varying_terms(equation, PATIENT) and column.level != "within":
        raise ModelError(
            f"{place}.vary.patient: '{term}' never changes within a patient, so its effect cannot vary between patients. Remove it."
        )
    if rows.groupby(THERAPIST if term in _varying_terms(equation, THERAPIST) else PATIENT)[term].nunique().max() < 2:
        raise ModelError(
            f"{place}.vary: '{term}' never changes within a unit, so its effect cannot vary between them. Remove it."
        )
    return values
