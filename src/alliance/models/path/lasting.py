"""The same model with independent residuals beside one whose residuals depend on the one before.

Which of the two one takes can decide what is found: what lasts in an outcome can pass for an effect of something else that lasts, if that
follows the outcome (`validation/autocorrelation`). So both are shown, by maximum likelihood, from the same data. Twice the difference of
their log-likelihoods is compared with chi-square, with a degree of freedom for each autocorrelation. Where one may not be negative, zero is
a boundary that half of the estimates lie at, and the comparison is a mixture of chi-square distributions (Self & Liang 1987, doi
10.2307/2289471).
"""

from collections.abc import Sequence
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
    other = maximise_independent(maximum, maximum.target.layout.series)
    columns = [name for name in ARTEFACTS["autocorrelation"].header if name != "model"]
    rows = []
    for each in put_beside(task, maximum, quantities, other, "independent residuals"):
        if each.shown and other.converged:
            numbers = {"lasting": each.own, "sd": each.sd, "independent": each.other, "sd_independent": each.sd_other}
            row = each.row | numbers | {"change": each.change}
            rows.append({name: row[name] for name in columns})
    return rows, [_mark_gain(maximum, other), *_mark_ends(task, quantities), *_mark_zeros(maximum, other)]


def maximise_independent(maximum: PathMaximum, outcomes: Sequence[str]) -> PathMaximum:
    """Find the maximum with independent residuals of some outcomes from the one with residuals that last."""
    known = maximum.target
    series = {name: each for name, each in known.design.series.items() if name not in outcomes}
    target = make_target(replace(known.design, series=series))
    own = [known.layout.autocorrelation(outcome) for outcome in outcomes]
    position, spread = np.delete(maximum.top.position, own), target.starts()[0].spread
    return Maximum(target, climb(target.value, target.off_boundary(position), spread))


def chance_of_lasting(maximum: PathMaximum, other: PathMaximum) -> float:
    """Return the probability of so large a gain in twice the log-likelihood where residuals are independent.

    Parameters
    ----------
    other
        The maximum with independent residuals of some outcomes.
    """
    from scipy import special  # looks at a study import this module too

    gain = _gain(maximum, other)
    series = [each for name, each in maximum.target.design.series.items() if name not in other.target.design.series]
    if not other.converged or gain <= 0:
        return 1.0 if other.converged else np.nan
    signed = sum(each.signed for each in series)
    inside = np.arange(len(series) - signed + 1)  # autocorrelations that are not at zero, of those that cannot be below
    shares = special.binom(len(series) - signed, inside) / 2 ** (len(series) - signed)
    # Without a degree of freedom there is no gain.
    tails = np.where(signed + inside > 0, special.chdtrc(np.maximum(signed + inside, 1), gain), 0.0)
    return float(shares @ tails)


def _gain(maximum: PathMaximum, other: PathMaximum) -> float:
    return 2 * (maximum.top.value - other.top.value)


def _describe_gain(maximum: PathMaximum, other: PathMaximum) -> str:
    if not other.converged:
        return "the search for a maximum with independent residuals did not arrive"
    return f"twice the log-likelihood gains {format_number(max(_gain(maximum, other), 0.0))}"


def _mark_gain(maximum: PathMaximum, other: PathMaximum) -> Mark:
    chance, detail = chance_of_lasting(maximum, other), _describe_gain(maximum, other)
    return Mark("lasting_residuals", join_names(*maximum.target.layout.series), chance, detail)


def _mark_ends(task: Task, quantities: Quantities) -> list[Mark]:
    """Mark autocorrelations that may be one, by the outer end of the interval."""
    marks = []
    for row, draws in zip(quantities.rows, quantities.draws, strict=True):
        if row["effect"] == _AUTOCORRELATION:
            low, high = (float(limit) for limit in central_limits(draws))
            outcome = row["outcome"]
            detail = f"residuals {task.design.apart[outcome]} are correlated by {format_number(low)} to {format_number(high)}"
            most = max(high, -low)
            marks.append(
                Mark("boundary_autocorrelation", outcome, most, detail, outcomes=(outcome,), effects=_OF_RESIDUALS)
            )
    return marks


def _mark_zeros(maximum: PathMaximum, other: PathMaximum) -> list[Mark]:
    """Mark autocorrelations that cannot be below zero and are not told from it."""
    marks, series = [], maximum.target.design.series
    for outcome, each in series.items():
        if not each.signed:
            without = other if len(series) == 1 else maximise_independent(maximum, [outcome])
            chance, detail = chance_of_lasting(maximum, without), _describe_gain(maximum, without)
            marks.append(
                Mark("no_autocorrelation", outcome, chance, detail, outcomes=(outcome,), effects=(_AUTOCORRELATION,))
            )
    return marks
