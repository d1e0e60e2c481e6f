"""The same model with independent residuals beside one whose residuals depend on the one before.

Which of the two one takes can decide what is found: what lasts in an outcome can pass for an effect of something else that lasts. So both
are shown, by maximum likelihood, from the same data. Twice the difference of their log-likelihoods is compared with chi-square, with a
degree of freedom for each autocorrelation. Where one may not be negative, zero is a boundary and the probability half as large (Self &
Liang 1987, doi 10.2307/2289471), which is left out of account here: that is on the safe side.
"""

from dataclasses import replace
from typing import Any, Final

import numpy as np

from alliance.facts.artefacts import ARTEFACTS
from alliance.facts.marks import Mark
from alliance.facts.quantity import join_names
from alliance.inference.maximum import Maximum
from alliance.inference.montecarlo import central_limits
from alliance.inference.search import climb
from alliance.models.container import Quantities
from alliance.models.joint import Task
from alliance.models.path.beside import put_beside
from alliance.models.path.maximum import PathMaximum
from alliance.models.path.target import make_target
from alliance.report.numbers import format_number

_AUTOCORRELATION: Final = "autocorrelation"
_OF_RESIDUALS: Final = ("sd", "correlation", _AUTOCORRELATION)


def compare_independent(
    task: Task, maximum: PathMaximum, quantities: Quantities
) -> tuple[list[dict[str, Any]], list[Mark]]:
    """Fit the model with independent residuals, and put its estimates beside those of the model.

    Parameters
    ----------
    quantities
        Those of the container; their spread is the measure of what is much.

    Returns
    -------
    rows
        Rows of the artefact `autocorrelation`; none where residuals are independent, or the search for the other maximum did not arrive.
    marks
        How probable so much better an account would be with independent residuals, and autocorrelations at the edge of
        what is possible.
    """
    if not task.design.series:
        return [], []
    other = _maximise_independent(maximum)
    columns = [name for name in ARTEFACTS["autocorrelation"].header if name != "model"]
    rows = []
    for each in put_beside(task, maximum, quantities, other, "independent residuals"):
        if each.shown and other.converged:
            numbers = {"lasting": each.own, "sd": each.sd, "independent": each.other, "sd_independent": each.sd_other}
            row = each.row | numbers | {"change": each.change}
            rows.append({name: row[name] for name in columns})
    return rows, [_mark_gain(maximum, other), *_mark_edges(task, quantities)]


def _maximise_independent(maximum: PathMaximum) -> PathMaximum:
    """Find the maximum with independent residuals from the one with residuals that last."""
    known = maximum.target
    target = make_target(replace(known.design, series={}, apart={}))
    own = [known.layout.autocorrelation(outcome) for outcome in known.layout.series]
    position, spread = np.delete(maximum.top.position, own), target.starts()[0].spread
    return Maximum(target, climb(target.value, target.off_boundary(position), spread))


def _mark_gain(maximum: PathMaximum, other: PathMaximum) -> Mark:
    from scipy import special  # looks at a study import this module too

    series = maximum.target.layout.series
    gain = 2 * (maximum.top.value - other.top.value)
    probability = float(special.chdtrc(len(series), max(gain, 0.0)))
    detail = f"twice the log-likelihood gains {format_number(gain)}"
    if not other.converged:
        probability, detail = np.nan, "the search for a maximum with independent residuals did not arrive"
    return Mark("lasting_residuals", join_names(*series), probability, detail)


def _mark_edges(task: Task, quantities: Quantities) -> list[Mark]:
    """Mark autocorrelations that may be one, by the outer end of the interval; by the lower one those that cannot be negative."""
    marks = []
    for row, draws in zip(quantities.rows, quantities.draws, strict=True):
        if row["effect"] == _AUTOCORRELATION:
            low, high = (float(limit) for limit in central_limits(draws))
            outcome, apart = row["outcome"], task.design.apart[row["outcome"]]
            detail = f"residuals {apart} are correlated by {format_number(low)} to {format_number(high)}"
            most = max(high, -low)
            marks.append(
                Mark("boundary_autocorrelation", outcome, most, detail, outcomes=(outcome,), effects=_OF_RESIDUALS)
            )
            if not task.design.series[outcome].signed:
                marks.append(
                    Mark("no_autocorrelation", outcome, low, detail, outcomes=(outcome,), effects=(_AUTOCORRELATION,))
                )
    return marks
