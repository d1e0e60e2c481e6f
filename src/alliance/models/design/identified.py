"""What rows cannot tell apart, and is refused before a model is fitted: predictors, effects that vary, and the variances of units."""

from collections.abc import Sequence

import numpy as np

from alliance.errors import ModelError
from alliance.facts.columns import PATIENT, THERAPIST

# Share of a predictor's variance that the other predictors leave; below it there is nothing to estimate.
_SMALLEST_TOLERANCE = 1e-6
_FEWEST_THERAPISTS = 3


def check_tolerance(place: str, terms: list[str], x: np.ndarray) -> None:
    """Refuse a predictor that the other ones determine: standardised predictors, (row, term)."""
    for column, term in enumerate(terms):
        others = np.delete(x, column, axis=1)
        left = x[:, column] - others @ np.linalg.lstsq(others, x[:, column], rcond=None)[0]
        if left.var() < _SMALLEST_TOLERANCE:
            partners = ", ".join(f"'{other}'" for other in terms if other != term)
            raise ModelError(
                f"{place}.on: '{term}' is determined by the other predictors ({partners}) in the {len(x):,} rows the equation can "
                f"use, so its effect cannot be told from theirs. Remove one of them."
            )


def check_varying(place: str, level: str, columns: dict[str, np.ndarray], units: np.ndarray) -> None:
    """Refuse effects that vary between units in which their predictor never changes: term -> values, and the unit of each row."""
    for term, values in columns.items():
        some = np.empty(units.max() + 1)
        some[units] = values  # one value of each unit, which all others are compared with
        if (values == some[units]).all():
            raise ModelError(
                f"{place}.vary.{level}: '{term}' never changes within a {level}, so its effect cannot vary between {level}s. "
                f"Remove it from 'vary.{level}'."
            )


def check_therapists(name: str, therapists: list[str]) -> None:
    """Refuse a variance between very few therapists."""
    if len(therapists) < _FEWEST_THERAPISTS:
        raise ModelError(
            f"models.specs.{name}: effects vary between therapists, but there are only {len(therapists)} therapists in the rows the "
            f"model can use; a variance needs at least {_FEWEST_THERAPISTS}. Remove 'therapist' from 'vary'."
        )


def check_patients(place: str, effects: Sequence[str], patients: int) -> None:
    """Refuse as many varying effects as patients: their deviations have a singular covariance matrix whatever the data are.

    Of therapists, who are few in most studies, models with priors and flags say how little is known.

    Raises
    ------
    ModelError
        There are no more patients than effects.
    """
    if effects and patients <= len(effects):
        raise ModelError(
            f"{place}: {len(effects)} effects vary by patient ({', '.join(effects)}), but there are only {patients} patients in the rows "
            f"the model can use, too few to tell them apart. Keep at most {patients - 1} of them under 'vary.patient': the intercepts, "
            f"and the predictors of the path that is asked for."
        )


def check_repeats(place: str, indices: dict[str, np.ndarray]) -> None:
    """Refuse variances that rows cannot tell apart: of patients from sessions, of therapists from patients."""
    if PATIENT not in indices:
        return
    patients = indices[PATIENT]
    if len(np.unique(patients)) == len(patients):
        raise ModelError(
            f"{place}.vary.patient: every patient has one session in the {len(patients):,} rows the equation can use, so differences "
            f"between patients cannot be told from those between sessions. Remove 'patient' from 'vary'."
        )
    if THERAPIST in indices and len(np.unique(indices[THERAPIST])) == len(np.unique(patients)):
        raise ModelError(
            f"{place}.vary.therapist: every therapist has one patient, so differences between therapists cannot be told from those "
            f"between patients. Remove 'therapist' from 'vary'."
        )
