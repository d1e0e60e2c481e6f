"""Equations whose residuals depend on the one before: which they are, and when their rows were observed.

What an equation leaves of an outcome often lasts: a patient who is worse than expected today still is a session later. Two residuals of a
patient that lie d apart are correlated by

    phi^d            ``sessions``: d sessions apart, AR(1)
    phi^(d / 7)      ``days``: d days apart, an exponential decline in time; phi is the correlation of residuals a week apart

and a missed session makes the gap longer. These are `corAR1` and `corCAR1` of nlme (`corExp`, with a range of -7 / log phi days; Pinheiro &
Bates 2000, Mixed-Effects Models in S and S-PLUS, section 5.3). Where residuals are taken for independent though they are not, standard
errors of what changes slowly are too small, and a slow predictor that follows the outcome can appear to have an effect
(`validation/autocorrelation`).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from alliance.errors import ModelError
from alliance.facts.columns import DAYS, FILLED, PATIENT, WEEKS
from alliance.facts.series import TIMES
from alliance.likelihood.patterns import Series
from alliance.models.design.arrays import Design, Equation

_FEWEST_NEIGHBOURS: Final = 20  # rows that have one before them; fewer say next to nothing of a correlation
_DAYS_PER_WEEK: Final = 7


def add_series(name: str, declared: Mapping[str, str], design: Design) -> Design:
    """Let the residuals of some equations depend on the one before.

    Parameters
    ----------
    declared
        Outcome -> how time is counted, see `alliance.facts.series`.

    Raises
    ------
    ModelError
        Their outcome shares an occasion with another one, dates are missing or the same, or too few rows have one before them.
    """
    for outcome in declared:
        _check_pairs(f"models.specs.{name}.autocorrelation.{outcome}", outcome, design)
    series = {outcome: _series_of(name, design.equations[outcome], kind) for outcome, kind in declared.items()}
    ordered = {outcome: series[outcome] for outcome in design.equations if outcome in series}
    return replace(design, series=ordered, apart={outcome: TIMES[declared[outcome]].apart for outcome in ordered})


def _check_pairs(place: str, outcome: str, design: Design) -> None:
    outcomes = list(design.equations)
    for pair in design.occasions.pairs:
        names = [outcomes[k] for k in pair]
        if outcome in names:
            names.remove(outcome)
            raise ModelError(
                f"{place}: residuals of '{outcome}' and '{names[0]}' at the same session may be correlated, since neither predicts the "
                f"other there, and residuals cannot depend on both the other outcome and the session before. Let one of them predict "
                f"the other in 'on', leave the equation of '{names[0]}' out, or remove this line."
            )


def _series_of(name: str, equation: Equation, kind: str) -> Series:
    """Return the times of an equation's rows."""
    time, place = TIMES[kind], f"models.specs.{name}.autocorrelation.{equation.outcome}"
    values = _elapsed(equation.rows) if time.column == DAYS else equation.rows[time.column].astype(float)
    filled = equation.rows.get(FILLED, pd.Series(False, index=equation.rows.index)).to_numpy(dtype=bool)
    remedy = " write 'missing: drop' at the model, so that nothing is filled in at them," if filled.any() else ""
    blank = values.isna().to_numpy()
    if blank.any():
        raise ModelError(
            f"{place}: {int(blank.sum()):,} of {len(values):,} sessions with '{equation.outcome}'{_count_filled(blank & filled)} have no "
            f"date, so nobody knows how many days lie between them. Give dates or weeks under data.sessions,{remedy} "
            f"or count in 'sessions'."
        )
    whole = values.round().astype(np.int64).to_numpy()
    frame = pd.DataFrame({PATIENT: equation.rows[PATIENT].astype(str).to_numpy(), "time": whole})
    twice = frame.duplicated().to_numpy()
    if twice.any():
        again = frame.duplicated(keep=False).to_numpy()
        raise ModelError(
            f"{place}: {int(twice.sum())} sessions{_count_filled(again & filled)} lie on the same day as another one of the same patient, "
            f"so their residuals would be one and the same. Correct the dates,{remedy} or count in 'sessions'."
        )
    neighbours = len(frame) - frame[PATIENT].nunique()
    if neighbours < _FEWEST_NEIGHBOURS:
        raise ModelError(
            f"{place}: only {neighbours} rows have an earlier one of the same patient, which says next to nothing of how residuals go "
            f"together; at least {_FEWEST_NEIGHBOURS} are needed. Remove this line."
        )
    return Series(whole, time.unit, time.signed)


def _count_filled(chosen: np.ndarray) -> str:
    count = int(chosen.sum())
    return f" ({count} of them filled in)" if count else ""


def _elapsed(rows: pd.DataFrame) -> pd.Series:
    """Return the days since the start, from weeks where only these are known."""
    days = rows[DAYS].astype(float) if DAYS in rows else pd.Series(np.nan, index=rows.index)
    return days.fillna(rows[WEEKS].astype(float) * _DAYS_PER_WEEK) if WEEKS in rows else days
