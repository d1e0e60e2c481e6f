"""What a reader must know where an outcome is predicted by its own past: series that start again, and pasts that count differently."""

import numpy as np
import pandas as pd

from alliance.config.timing import TIME_TERMS
from alliance.data.panel import first_sessions
from alliance.facts.columns import FILLED, PATIENT, SESSION
from alliance.facts.marks import Mark
from alliance.facts.quantity import join_nodes
from alliance.models.design.arrays import INTERCEPT, Design, Equation, Varying
from alliance.report.numbers import format_count


def mark_restarts(design: Design, panel: pd.DataFrame, lag: int) -> list[Mark]:
    """Mark series that start again after a session that was left out, where patients have levels of their own.

    With initial values the first value of a series carries what lasts in it. After a gap a series starts again from a value of which the
    model knows no more than of any other, and what lasts goes into the own past. Where missing values are filled in there is no gap, but
    for pauses that are too long.

    Parameters
    ----------
    panel, lag
        See `count_restarts`.
    """
    marks = []
    for outcome, equation in design.equations.items():
        if equation.own_past and Varying(outcome, INTERCEPT) in design.varying.get(PATIENT, []):
            again, rows = count_restarts(equation, panel, lag), len(equation.rows)
            detail = f"{format_count(again)} of {format_count(rows)} rows of {outcome}"
            marks.append(Mark("restarted_series", outcome, again / rows, detail, outcomes=(outcome,)))
    return marks


def mark_skipped(design: Design, panel: pd.DataFrame, lag: int) -> list[Mark]:
    """Mark skipped sessions where residuals last and a predictor may follow the outcome without an equation that says so.

    They are counted as sessions that were filled in, where they were, and as rows that follow a gap elsewhere.

    Parameters
    ----------
    panel, lag
        See `count_restarts`.
    """
    marks = []
    for outcome in design.series:
        equation = design.equations[outcome]
        filled = int(equation.rows[FILLED].sum()) if FILLED in equation.rows else 0
        share = (filled or count_restarts(equation, panel, lag)) / len(equation.rows)
        for term, origin in equation.origins.items():
            own = design.equations.get(origin.base)
            told = (
                own is not None and own.own_past and any(o.lagged and o.base == outcome for o in own.origins.values())
            )
            if origin.session_level and not origin.factors and origin.base not in TIME_TERMS and not (told and filled):
                marks.append(Mark("skipped_sessions", join_nodes(term, outcome), share, outcomes=(outcome,)))
    return marks


def count_restarts(equation: Equation, panel: pd.DataFrame, lag: int) -> int:
    """Count the rows of which the equation has no row of the same patient one step before, those apart that follow the first session.

    Parameters
    ----------
    panel
        One row per patient and session, from which rows were selected.
    lag
        How many sessions earlier a lagged value lies.
    """
    first = first_sessions(panel).groupby(panel[PATIENT]).first()
    keys = equation.rows[[PATIENT, SESSION]]
    before = keys.assign(**{SESSION: keys[SESSION] - lag})
    there = pd.MultiIndex.from_frame(before).isin(pd.MultiIndex.from_frame(keys))
    return int(np.count_nonzero(~there & (before[SESSION] > keys[PATIENT].map(first)).to_numpy()))


def mark_varying_past(design: Design) -> list[Mark]:
    """Mark own pasts that differ between units; of those that act on distances from own levels the correlations only.

    They do where they are integrated (`Design.pasts`), apart from what comes into that level from other outcomes.
    """
    alone = design.pasts if len(design.equations) == 1 else ()
    return [
        Mark(
            "varying_past",
            f"{effect.text} between {level}s",
            outcomes=(effect.outcome,),
            effects=("correlation",) if effect in alone else ("sd", "correlation"),
            varying=join_nodes(effect.term, effect.outcome),
            levels=(level,),
        )
        for level, effects in design.varying.items()
        for effect in effects
        if effect.term in design.equations[effect.outcome].own_past
    ]
