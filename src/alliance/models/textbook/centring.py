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

from alliance.config import Variable
from alliance.config.timing import Term, parse_term, varies_between_sessions
from alliance.errors import ModelError
from alliance.facts.columns import BETWEEN, BETWEEN_THERAPIST, PATIENT, THERAPIST, WITHIN
from alliance.facts.marks import Mark

_LEAST_TOLERANCE = 1e-6  # share of a predictor's variance the others must leave
_LEAST_SPREAD = 1e-10  # of a derived part against its predictor; below it the part is rounding error
_LEAST_PART = 0.01  # of the spread that means of sessions have by chance; below it the part was taken out before
_UNITS = {"between_patient": PATIENT, "between_therapist": THERAPIST}


@dataclass(frozen=True)
class Column:
    """One fixed effect: `name` of the column, `term` of the equation it comes from, and what it is about."""

    name: str
    term: str
    level: str  # within, between_patient, between_therapist; overall for the intercept

    @property
    def is_mean(self) -> bool:
        """Whether the column holds observed means of sessions."""
        return self.name != self.term and self.level != "within"


Part = tuple[Column, np.ndarray]


def split_predictors(
    place: str, outcome: str, on: list[str], rows: pd.DataFrame, variables: dict[str, Variable], by_therapist: bool
) -> tuple[list[Part], list[Part]]:
    """Return the predictors as they are and parts within; then the parts between patients and those between therapists."""
    first: list[Part] = []
    between_patient: list[Part] = []
    between_therapist: list[Part] = []
    for name in on:
        term = parse_term(name, variables)
        values = rows[name].to_numpy(dtype=float)
        if term is None or term.variable is None or not varies_between_sessions(term, variables):
            first.append((Column(name, name, _level_of(term, variables)), values))
            continue
        per_patient = rows.groupby(PATIENT)[name].mean()
        mean = rows[PATIENT].map(per_patient).to_numpy(dtype=float)
        within = values - mean
        if within.std() <= _LEAST_SPREAD * values.std():
            raise ModelError(
                f"{place}.on: '{name}' never changes within a patient in the {len(rows):,} rows the equation can use, so it has no "
                f"effect within patients. Remove it, or use '{term.base}{BETWEEN}'."
            )
        first.append((Column(f"{name}{WITHIN}", name, "within"), within))
        if term.base == outcome:
            continue
        above = np.full(len(rows), per_patient.mean())
        if by_therapist:
            per_therapist = per_patient.groupby(rows.groupby(PATIENT)[THERAPIST].first()).mean()
            above = rows[THERAPIST].map(per_therapist).to_numpy(dtype=float)
            part = above - per_therapist.mean()
            between_therapist.append((Column(f"{name}{BETWEEN_THERAPIST}", name, "between_therapist"), part))
        between_patient.append((Column(f"{name}{BETWEEN}", name, "between_patient"), mean - above))
    return first, [*between_patient, *between_therapist]


def _level_of(term: Term | None, variables: dict[str, Variable]) -> str:
    """Return the level at which an uncentred predictor tells rows apart."""
    if term is None or term.variable is None:
        return "within"  # time runs within patients
    return "between_therapist" if variables[term.variable].table == "therapists" else "between_patient"


def mean_reliability(rows: pd.DataFrame, name: str) -> float:
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


def keep_independent(
    place: str, outcome: str, first: list[Part], later: list[Part], rows: pd.DataFrame
) -> tuple[list[Part], list[Mark]]:
    """Leave out parts between that are empty or determined by others; refuse other predictors that are determined.

    By chance alone, means of n sessions differ by the standard deviation within / sqrt(n).
    """
    kept: list[Part] = []
    marks: list[Mark] = []
    spread = {column.term: values.std() for column, values in first}
    for column, values in first:
        partners = _determined_by(values, kept)
        if partners is not None:
            names = ", ".join(f"'{partner}'" for partner in partners) or "the intercept"
            raise ModelError(
                f"{place}.on: '{column.name}' is determined by {names} in the {len(values):,} rows the equation can use, so its "
                f"effect cannot be told from theirs. Remove one of them."
            )
        kept.append((column, values))
    for column, values in later:
        partners, unit = _determined_by(values, kept), _UNITS[column.level]
        if values.std() <= _LEAST_PART * spread[column.term] * np.sqrt(rows[unit].nunique() / len(rows)):
            marks.append(Mark("empty_part", column.name, outcomes=(outcome,), levels=(column.level,)))
        elif partners is not None:
            detail = f"determined by {', '.join(partners)}"
            marks.append(Mark("collinear", column.name, detail=detail, outcomes=(outcome,), levels=(column.level,)))
        else:
            kept.append((column, values))
    return kept, marks


def _determined_by(values: np.ndarray, kept: list[Part]) -> list[str] | None:
    """Name the predictors of which `values` is a linear function; None if it is not one."""
    spread = values.std()
    if spread <= _LEAST_SPREAD * max(np.abs(values).max(), 1e-300):
        return []
    if not kept:
        return None
    others = np.column_stack([(column - column.mean()) / column.std() for _, column in kept])
    wanted = (values - values.mean()) / spread
    weights = np.linalg.lstsq(others, wanted, rcond=None)[0]
    if (wanted - others @ weights).var() >= _LEAST_TOLERANCE:
        return None
    named = zip(kept, weights, strict=True)
    return [column.name for (column, _), weight in named if abs(weight) > np.sqrt(_LEAST_TOLERANCE)]


def varying_column(
    place: str, term: str, terms: dict[str, list[str]], first: list[Part], rows: pd.DataFrame
) -> np.ndarray:
    """Return what a varying effect multiplies: the part within of a session-level predictor, any other as it is.

    Raises
    ------
    ModelError
        The predictor does not change within the units between which its effect is said to vary.
    """
    column, values = next(part for part in first if part[0].term == term)
    if term in terms[PATIENT] and column.level != "within":
        raise ModelError(
            f"{place}.vary.patient: '{term}' never changes within a patient, so its effect cannot vary between patients. Remove it."
        )
    if rows.groupby(THERAPIST if term in terms[THERAPIST] else PATIENT)[term].nunique().max() < 2:
        raise ModelError(
            f"{place}.vary: '{term}' never changes within a unit, so its effect cannot vary between them. Remove it."
        )
    return values
