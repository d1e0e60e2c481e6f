"""The same model with independent residuals beside one whose residuals depend on the one before.

Which of the two one takes can decide what is found: what lasts in an outcome can pass for an effect of something else that lasts, if that
follows the outcome (`validation/autocorrelation`). So both are shown, by maximum likelihood, from the same data. Twice the difference of
their log-likelihoods is compared with chi-square, with a degree of freedom for each autocorrelation. Where one may not be negative, zero is
a boundary that half of the estimates lie at, and the comparison is a mixture of chi-square distributions (Self & Liang 1987, doi
10.2307/2289471). Where cells are filled in, estimates are those of one completed data set, and the gain is pooled over all of them
(`alliance.inference.ratio`).
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
from alliance.inference.ratio import Gain
from alliance.inference.search import climb
from alliance.likelihood.layout import refill
from alliance.likelihood.patterns import Series
from alliance.models.container import Quantities
from alliance.models.joint import Task
from alliance.models.path.beside import put_beside
from alliance.models.path.completed import Completed
from alliance.models.path.maximum import PathMaximum
from alliance.models.path.target import make_target
from alliance.models.path.upright import average_positions
from alliance.report.numbers import format_number

_AUTOCORRELATION: Final = "autocorrelation"
_OF_RESIDUALS: Final = ("sd", "correlation", _AUTOCORRELATION)


def compare_independent(
    task: Task, maximum: PathMaximum, quantities: Quantities, completed: Sequence[Completed] = ()
) -> tuple[list[dict[str, Any]], list[Mark]]:
    """Fit the model with independent residuals, and put its estimates beside those of the model.

    Parameters
    ----------
    maximum
        Of the data, or of the completed data set that is looked at.
    quantities
        Those of the container; their spread is the measure of what is much.
    completed
        All completed data sets, if cells were filled in.

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
    outcomes = maximum.target.layout.series
    other = maximise_independent(maximum, outcomes)
    columns = [name for name in ARTEFACTS["autocorrelation"].header if name != "model"]
    rows = []
    for each in put_beside(task, maximum, quantities, other, "independent residuals"):
        if (each.shown or each.turns) and other.converged:
            numbers = {"lasting": each.own, "sd": each.sd, "independent": each.other, "sd_independent": each.sd_other}
            row = each.row | numbers | {"change": each.change}
            rows.append({name: row[name] for name in columns})
    maxima = [each.maximum for each in completed] or [maximum]
    alternatives = [maximise_independent(each, outcomes) for each in maxima] if completed else [other]
    marks = [_mark_gain(maxima, alternatives), *_mark_ends(task, quantities), *_mark_zeros(maxima, alternatives)]
    return rows, marks


def maximise_independent(maximum: PathMaximum, outcomes: Sequence[str]) -> PathMaximum:
    """Find the maximum with independent residuals of some outcomes from the one with residuals that last."""
    known = maximum.target
    series = {name: each for name, each in known.design.series.items() if name not in outcomes}
    target = make_target(replace(known.design, series=series))
    rows = zip(known.design.equations, known.statistics.equations, strict=True)  # those of completed data
    filled = [replace(each, series=series.get(name)) for name, each in rows]
    target = replace(target, statistics=refill(target.statistics, filled))
    own = [known.layout.autocorrelation(outcome) for outcome in outcomes]
    position, spread = np.delete(maximum.top.position, own), target.starts()[0].spread
    return Maximum(target, climb(target.value, target.off_boundary(position), spread))


def chance_of_lasting(maxima: Sequence[PathMaximum], others: Sequence[PathMaximum]) -> float:
    """Return the probability of so large a gain in twice the log-likelihood where residuals are independent.

    Parameters
    ----------
    maxima, others
        Of each data set, the others with independent residuals of some outcomes.
    """
    from scipy import special  # looks at a study import this module too

    if not all(other.converged for other in others):
        return np.nan
    gain = _gain(maxima, others)
    if gain.value <= 0:
        return 1.0
    series = _dropped(maxima[0], others[0])
    signed = sum(each.signed for each in series)
    inside = np.arange(len(series) - signed + 1)  # autocorrelations that are not at zero, of those that cannot be below
    shares = special.binom(len(series) - signed, inside) / 2 ** (len(series) - signed)
    return float(shares @ [gain.tail(int(signed + more)) for more in inside])


def _dropped(maximum: PathMaximum, other: PathMaximum) -> list[Series]:
    return [each for name, each in maximum.target.design.series.items() if name not in other.target.design.series]


def _gain(maxima: Sequence[PathMaximum], others: Sequence[PathMaximum]) -> Gain:
    """Return the gain in twice the log-likelihood, pooled over completed data sets."""
    each, at_average = np.zeros(len(maxima)), np.zeros(len(maxima))
    for sign, found in ((2.0, maxima), (-2.0, others)):
        average = average_positions(found[0].target, np.array([one.top.position for one in found]))
        each += [sign * one.top.value for one in found]
        at_average += [sign * one.target.value(average)[0] for one in found]
    return Gain.pooled(each, at_average, len(_dropped(maxima[0], others[0])))


def _describe_gain(maxima: Sequence[PathMaximum], others: Sequence[PathMaximum]) -> str:
    if not all(other.converged for other in others):
        return "the search for a maximum with independent residuals did not arrive"
    return f"twice the log-likelihood gains {format_number(max(_gain(maxima, others).value, 0.0))}"


def _mark_gain(maxima: Sequence[PathMaximum], others: Sequence[PathMaximum]) -> Mark:
    chance, detail = chance_of_lasting(maxima, others), _describe_gain(maxima, others)
    return Mark("lasting_residuals", join_names(*maxima[0].target.layout.series), chance, detail)


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


def _mark_zeros(maxima: Sequence[PathMaximum], others: Sequence[PathMaximum]) -> list[Mark]:
    """Mark autocorrelations that cannot be below zero and are not told from it."""
    marks, series = [], maxima[0].target.design.series
    for outcome, each in series.items():
        if not each.signed:
            without = others if len(series) == 1 else [maximise_independent(one, [outcome]) for one in maxima]
            chance, detail = chance_of_lasting(maxima, without), _describe_gain(maxima, without)
            marks.append(
                Mark("no_autocorrelation", outcome, chance, detail, outcomes=(outcome,), effects=(_AUTOCORRELATION,))
            )
    return marks
