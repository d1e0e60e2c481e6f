"""The same model with independent residuals beside one whose residuals depend on the one before.

Which of the two one takes can decide what is found: what lasts in an outcome can pass for an effect of something else that lasts, if that
follows the outcome (`validation/autocorrelation`). So both are shown, by maximum likelihood, from the same data. Twice the difference of
their log-likelihoods is compared with chi-square, with a degree of freedom for each autocorrelation. Where one may not be negative, zero is
a boundary that half of the estimates lie at, and the comparison is a mixture of chi-square distributions (Self & Liang 1987, doi
10.2307/2289471). Where cells are filled in, estimates are those of one completed data set, and the gain is pooled over all of them
(`alliance.inference.ratio`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import numpy as np

from alliance.facts.artefacts import ARTEFACTS
from alliance.facts.marks import Mark
from alliance.facts.quantity import join_names
from alliance.inference.maximum import Maximum
from alliance.inference.montecarlo import central_limits
from alliance.inference.ratio import Gain
from alliance.inference.search import Top, climb
from alliance.likelihood.layout import refill
from alliance.likelihood.patterns import Series
from alliance.models.container import Quantities
from alliance.models.joint import Task
from alliance.models.path.beside import put_beside
from alliance.models.path.completed import Completed
from alliance.models.path.maximum import PathMaximum
from alliance.models.path.target import PathTarget, make_target
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
    maxima: list[_Fitted] = [_OfSet(each, each.top) for each in completed] or [maximum]
    alternatives = _without(outcomes, completed) or [other]
    marks = [
        Mark("lasting_residuals", join_names(*outcomes), *_compare(maxima, alternatives)),
        *_mark_ends(task, quantities),
    ]
    for outcome, series in maximum.target.design.series.items():
        if not series.signed:
            alone = len(outcomes) == 1
            others = (
                alternatives if alone else _without([outcome], completed) or [maximise_independent(maximum, [outcome])]
            )
            chance, detail = _compare(maxima, others)
            marks.append(
                Mark("no_autocorrelation", outcome, chance, detail, outcomes=(outcome,), effects=(_AUTOCORRELATION,))
            )
    return rows, marks


class _Fitted(Protocol):
    """What a comparison asks of a maximum."""

    @property
    def top(self) -> Top: ...

    @property
    def target(self) -> PathTarget: ...

    @property
    def converged(self) -> bool: ...


@dataclass(frozen=True)
class _OfSet:
    """The maximum of a completed data set, whose likelihood is made anew each time: those of ten would fill the memory.

    Parameters
    ----------
    outcomes
        Whose residuals are independent in this model, beside those that are so in the other one.
    """

    completed: Completed
    top: Top
    outcomes: tuple[str, ...] = ()

    @property
    def target(self) -> PathTarget:
        """The likelihood."""
        own = self.completed.maximum.target
        return _make_independent(own, self.outcomes) if self.outcomes else own

    @property
    def converged(self) -> bool:
        """Whether the search arrived."""
        return self.top.converged


def _without(outcomes: Sequence[str], completed: Sequence[Completed]) -> list[_Fitted]:
    """Find the maxima of completed data sets with independent residuals of some outcomes."""
    found = ((each, maximise_independent(each.maximum, outcomes).top) for each in completed)
    return [_OfSet(each, top, tuple(outcomes)) for each, top in found]


def maximise_independent(maximum: PathMaximum, outcomes: Sequence[str]) -> PathMaximum:
    """Find the maximum with independent residuals of some outcomes from the one with residuals that last."""
    known = maximum.target
    target = _make_independent(known, outcomes)
    own = [known.layout.autocorrelation(outcome) for outcome in outcomes]
    position, spread = np.delete(maximum.top.position, own), target.starts()[0].spread
    return Maximum(target, climb(target.value, target.off_boundary(position), spread))


def _make_independent(known: PathTarget, outcomes: Sequence[str]) -> PathTarget:
    """Return the likelihood of the same rows with independent residuals of some outcomes."""
    series = {name: each for name, each in known.design.series.items() if name not in outcomes}
    target = make_target(replace(known.design, series=series))
    rows = zip(known.design.equations, known.statistics.equations, strict=True)  # those of completed data
    filled = [replace(each, series=series.get(name)) for name, each in rows]
    return replace(target, statistics=refill(target.statistics, filled))


def chance_of_lasting(maxima: Sequence[_Fitted], others: Sequence[_Fitted]) -> float:
    """Return the probability of so large a gain in twice the log-likelihood where residuals are independent.

    Parameters
    ----------
    maxima, others
        Of each data set, the others with independent residuals of some outcomes.
    """
    return _compare(maxima, others)[0]


def _compare(maxima: Sequence[_Fitted], others: Sequence[_Fitted]) -> tuple[float, str]:
    """Return that probability, and what is told of the gain."""
    from scipy import special  # looks at a study import this module too

    if not all(other.converged for other in others):
        return np.nan, "the search for a maximum with independent residuals did not arrive"
    series = _dropped(maxima[0].target, others[0].target)
    gain = _gain(maxima, others, len(series))
    detail = f"twice the log-likelihood gains {format_number(max(gain.value, 0.0))}"
    if gain.value <= 0:
        return 1.0, detail
    signed = sum(each.signed for each in series)
    inside = np.arange(len(series) - signed + 1)  # autocorrelations that are not at zero, of those that cannot be below
    shares = special.binom(len(series) - signed, inside) / 2 ** (len(series) - signed)
    return float(shares @ [gain.tail(int(signed + more)) for more in inside]), detail


def _dropped(target: PathTarget, other: PathTarget) -> list[Series]:
    return [each for name, each in target.design.series.items() if name not in other.design.series]


def _gain(maxima: Sequence[_Fitted], others: Sequence[_Fitted], dropped: int) -> Gain:
    """Return the gain in twice the log-likelihood, pooled over completed data sets."""
    each, at_average = np.zeros(len(maxima)), np.zeros(len(maxima))
    for sign, found in ((2.0, maxima), (-2.0, others)):
        average: np.ndarray | None = None
        for number, one in enumerate(found):
            target = one.target
            if average is None:
                average = average_positions(target, np.array([other.top.position for other in found]))
            each[number] += sign * one.top.value
            at_average[number] += sign * target.value(average)[0]
    return Gain.pooled(each, at_average, dropped)


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
