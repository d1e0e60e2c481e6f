"""The same model with trends of patients beside it: what the estimates become, and whether the data ask for the trends.

Twice the gain in log-likelihood is compared with what it would be without trends. The k slopes of time that may vary bring covariances with
the q effects that varied before, which may have any sign, and variances, which may not be negative: the comparison is a mixture of
chi-square distributions. For k = 1 it has q and q + 1 degrees of freedom in equal shares (Stram & Lee 1994, doi 10.2307/2533455). For k > 1
each variance is taken to be positive in half of the studies, whatever the others are, and covariances among the new slopes always count:
that is on the safe side, since these too are zero where a variance is.

All is by maximum likelihood, with trends and without, from the same data.
"""

from typing import Any, Final

import numpy as np

from alliance.facts.artefacts import ARTEFACTS
from alliance.facts.cautions import CAUTIONS
from alliance.facts.columns import PATIENT
from alliance.facts.marks import Mark
from alliance.facts.quantity import BETWEEN_LEVELS, join_names
from alliance.inference.maximum import Maximum
from alliance.inference.search import climb
from alliance.models.container import Quantities
from alliance.models.design.arrays import INTERCEPT
from alliance.models.design.trends import Trends, add_trends
from alliance.models.joint import Task
from alliance.models.path.beside import put_beside
from alliance.models.path.layout import LEVELS
from alliance.models.path.maximum import PathMaximum, name_sd, table_at
from alliance.models.path.target import PathTarget, make_target
from alliance.report.numbers import format_number

# In standard errors. At a half, effects between patients that are 12 % wrong go unflagged in half of the studies.
_MOVED: Final = 0.25
_START_SD: Final = 0.1  # of trends, standard units


def compare_trends(task: Task, maximum: PathMaximum, quantities: Quantities) -> tuple[list[dict[str, Any]], list[Mark]]:
    """Fit the model with trends of patients, and put its estimates beside those of the model.

    Parameters
    ----------
    quantities
        Those of the container; their spread is the measure of what is much.

    Returns
    -------
    rows
        Rows of the artefact `trends`; none where no equation gains a trend, or the search for the maximum with trends did not arrive.
    marks
        Whether the data ask for trends. The estimates that move with them carry the flag, and all effects among levels of units.
    """
    trends = add_trends(task.design)
    if trends is None:
        return [], []
    other = maximise_trends(trends, maximum)
    rows, moved = [], []
    for each in put_beside(task, maximum, quantities, other, "trends"):
        # Series that drift come to rest nowhere, so there are no levels at which they do.
        if each.row["level"] in BETWEEN_LEVELS.values() or abs(each.change) > _MOVED:
            moved.append(each.position)
        if each.shown:
            numbers = {"without": each.own, "sd": each.sd, "with_trends": each.other, "sd_with_trends": each.sd_other}
            rows.append(each.row | numbers | {"change": each.change})
    columns = [name for name in ARTEFACTS["trends"].header if name != "model"]
    shown = rows if other.converged else []
    return [{name: row[name] for name in columns} for row in shown], [_mark(trends, maximum, other, moved)]


def maximise_trends(trends: Trends, maximum: PathMaximum) -> PathMaximum:
    """Find the maximum with trends from the one without: coefficients and covariances have the same order in both."""
    target, known = make_target(trends.design), maximum.target
    start = target.starts()[0]
    position, layout = start.position.copy(), target.layout
    for outcome, equation in trends.design.equations.items():
        before = known.design.equations[outcome].terms
        if set(before) <= set(equation.terms):  # no column of a smooth of time gave way
            found = dict(zip((INTERCEPT, *before), maximum.top.position[known.layout.of(outcome)], strict=True))
            position[layout.of(outcome)] = [found.get(term, 0.0) for term in (INTERCEPT, *equation.terms)]
    for name in ("residuals", "together"):
        position[getattr(layout, name)] = maximum.top.position[getattr(known.layout, name)]
    for level in LEVELS:
        places, kept = layout.between(level), known.layout.between(level)
        position[places] = 0.0
        position[places.start : places.start + kept.stop - kept.start] = maximum.top.position[kept]
    new = range(known.layout.effects[PATIENT], layout.effects[PATIENT])
    position[[layout.row(PATIENT, effect).stop - 1 for effect in new]] = _START_SD
    return Maximum(target, climb(target.value, target.off_boundary(position), start.spread))


def _mark(trends: Trends, maximum: PathMaximum, other: Maximum[PathTarget], moved: list[int]) -> Mark:
    """Say how probable such a gain would be without trends, and how large the trends are."""
    gain = 2 * (other.top.value - maximum.top.value)
    probability = chance_of_gain(gain, trends.added, maximum.target.layout.effects[PATIENT], len(trends.terms))
    table = dict(zip(*(found if isinstance(found, list) else found[0] for found in table_at(other)), strict=True))
    effects = trends.design.varying[PATIENT][-len(trends.terms) :]
    sizes = [f"{format_number(table[name_sd(PATIENT, effect)])} in {effect.outcome}" for effect in effects]
    detail = (
        f"patients differ in change per {'/'.join(dict.fromkeys(trends.terms.values()))} with a standard deviation of "
        f"{' and '.join(sizes)}; twice the log-likelihood gains {format_number(gain)}"
    )
    asked = not other.converged or probability < CAUTIONS["person_trends"].threshold
    return Mark(
        "person_trends",
        join_names(*trends.terms),
        probability if other.converged else np.nan,
        detail if other.converged else "the search for a maximum with trends did not arrive",
        verdict=not (asked and moved),
        positions=tuple(moved),
    )


def chance_of_gain(gain: float, added: int, q: int, k: int) -> float:
    """Return the probability of so large a gain in twice the log-likelihood where nobody has a trend.

    Parameters
    ----------
    added
        Number of average slopes that came with the trends.
    q, k
        How many effects varied between patients before, and how many slopes of time came to them.
    """
    from scipy import special  # looks at a study import this module too

    if gain <= 0:
        return 1.0
    positive = np.arange(k + 1)  # variances that are not zero
    shares = special.binom(k, positive) / 2**k
    return float(shares @ special.chdtrc(added + k * q + k * (k - 1) / 2 + positive, gain))
