"""Effects between patients and between therapists: regressions among latent means (`alliance.models.quantities.latent`).

Each outcome's means are regressed on those of its parents on the way from cause to outcome, never on what comes after it, and never on its
own past: a mean has no past. With C the covariance of the means, for cause -> mediator -> outcome

    a = C_mx / C_xx        (c', b) = C_y,(x,m) C_(x,m)^-1        indirect = a b        total = C_yx / C_xx = c' + a b

which is the decomposition of Baldwin, Wampold and Imel (2007, doi 10.1037/0022-006X.75.6.842) at three levels, with latent means. A diagram
in which the mediators are not joined by every arrow that their order allows leaves paths out, and total is then more than their sum.

Predictors that have no latent means, a treatment arm above all, are held equal. They have no effects between units themselves; a cause that
is constant within patients works at sessions, and what it comes to over time is said by the model's recursion.

What divides by a variance that may be zero is withheld, and so is everything made from it.
"""

from dataclasses import dataclass, field

import numpy as np

from alliance.facts.cautions import CAUTIONS
from alliance.facts.effects import LEVELS, name_step
from alliance.facts.marks import Mark
from alliance.facts.quantity import BETWEEN_LEVELS, join_level, join_nodes
from alliance.models.design.arrays import Design
from alliance.models.diagram import Path, outcomes_of
from alliance.models.quantities.contrasts import add_contrasts, find_margin
from alliance.models.quantities.latent import LatentMeans
from alliance.models.quantities.pairs import Pair, Quantities
from alliance.models.quantities.population import Population

Step = tuple[str, str]  # (source, outcome)


@dataclass
class _Regressions:
    """What the regressions of one pair at one level give.

    Parameters
    ----------
    found
        Draws of each step.
    withheld
        Steps that are left out.
    """

    found: dict[Step, np.ndarray] = field(default_factory=dict)
    withheld: set[Step] = field(default_factory=set)

    def along(self, path: Path) -> np.ndarray | None:
        """Return the product of the steps of a path; None where one is missing."""
        steps = [self.found.get((edge.source, edge.outcome)) for edge in path.edges]
        return None if any(step is None for step in steps) else np.prod([s for s in steps if s is not None], axis=0)


def add_between(
    quantities: Quantities, design: Design, population: Population, pair: Pair, means: dict[str, LatentMeans]
) -> None:
    """Add the effects of a pair at every level between units at which its steps have one.

    Parameters
    ----------
    means
        Level -> latent means of its units.
    """
    for unit, of_units in means.items():
        parents = _parents_with_means(design, pair, of_units)
        if not parents:
            continue
        if quantities.drawn and of_units.drifting > CAUTIONS["drifting_series"].threshold:
            reason = "the past of these series may not fade, so that they come to rest nowhere"
            quantities.marks.append(Mark("drifting_series", _subject(pair.text, unit), of_units.drifting, reason))
            continue
        regressions = _Regressions()
        for outcome, sources in parents.items():
            slopes, left = of_units.regress(outcome, sources)
            for position, source in enumerate(sources):
                others = [other for other in sources if other != source]
                step = (source, outcome)
                if _is_settled(quantities, population, left[:, position], source, others, outcome, unit):
                    regressions.found[step] = slopes[:, position]
                else:
                    regressions.withheld.add(step)
        _add_steps(quantities, pair, regressions, BETWEEN_LEVELS[unit])
        _add_paths(quantities, population, pair, regressions, of_units, unit)


def _parents_with_means(design: Design, pair: Pair, means: LatentMeans) -> dict[str, list[str]]:
    """Return each outcome on the way, with its parents on the way whose means vary, unless one varies at other levels only."""
    parents: dict[str, list[str]] = {}
    for source, outcome in dict.fromkeys((e.source, e.outcome) for path in pair.paths for e in path.edges):
        if source in design.equations:
            parents.setdefault(outcome, []).append(source)
    return {outcome: sources for outcome, sources in parents.items() if {outcome, *sources} <= means.varying}


def _subject(path: str, unit: str) -> str:
    return join_level(path, LEVELS[BETWEEN_LEVELS[unit]].label)


def _is_settled(
    quantities: Quantities,
    population: Population,
    variance: np.ndarray,
    source: str,
    others: list[str],
    outcome: str,
    unit: str,
) -> bool:
    """Tell whether a variance that something divides by is away from zero; mark it where it is not.

    That is beyond a tenth of its median for 97.5 % of its draws, and beyond what nobody could see, as with `boundary_sd`.
    """
    if not quantities.drawn:
        return True
    margin = find_margin(variance)
    seen = np.median(np.sqrt(variance.clip(0.0)) / population.residuals[source]) >= CAUTIONS["boundary_sd"].threshold
    if margin >= CAUTIONS["withheld"].threshold and seen:
        return True
    given = f" whose average {' and '.join(others)} is the same" if others else ""
    reason = f"average {source} may be the same for all {unit}s{given}"
    mark = Mark("withheld", _subject(join_nodes(source, outcome), unit), margin, reason)
    if mark.subject not in {m.subject for m in quantities.marks if m.caution == mark.caution}:
        quantities.marks.append(mark)
    return False


def _add_steps(quantities: Quantities, pair: Pair, regressions: _Regressions, level: str) -> None:
    """Add the steps that no earlier pair has brought, by the same name or with the same values."""
    for path in pair.paths:
        for position, edge in enumerate(path.edges):
            values = regressions.found.get((edge.source, edge.outcome))
            effect = name_step(position, len(path.edges), len(pair.paths))
            if values is not None and not _is_known(quantities, edge.text, effect, level, values):
                quantities.add(edge.text, effect, level, values, (edge.outcome,), edge.horizon(pair.lag))


def _is_known(quantities: Quantities, path: str, effect: str, level: str, values: np.ndarray) -> bool:
    """Tell whether a step is there: another pair with other parents on its way gives the same arrow another slope."""
    return any(
        row["path"] == path and row["level"] == level and (row["effect"] == effect or np.allclose(draws, values))
        for row, draws in zip(quantities.rows, quantities.draws, strict=True)
    )


def _add_paths(
    quantities: Quantities,
    population: Population,
    pair: Pair,
    regressions: _Regressions,
    means: LatentMeans,
    unit: str,
) -> None:
    """Add what steps make together: indirect, direct and total, as far as all steps have an effect at this level."""
    level, known = BETWEEN_LEVELS[unit], {*regressions.found, *regressions.withheld}
    if any((edge.source, edge.outcome) not in known for path in pair.paths for edge in path.edges):
        return
    parts = {path: values for path in pair.paths if (values := regressions.along(path)) is not None}
    for path, values in parts.items():
        if len(path.edges) > 1:
            quantities.add(path.text, "indirect", level, values, outcomes_of([path]), pair.horizon(path))
        elif len(pair.paths) > 1:
            quantities.add(path.text, "direct", level, values, (pair.target,), pair.horizon(path))
    if len(pair.paths) == 1:
        return
    slopes, left = means.regress(pair.target, [pair.source])
    settled = _is_settled(quantities, population, left[:, 0], pair.source, [], pair.target, unit)
    horizons = {pair.horizon(path) for path in pair.paths}
    total = slopes[:, 0] if settled and len(horizons) == 1 else None
    if total is not None:
        quantities.add(pair.text, "total", level, total, outcomes_of(pair.paths), *horizons)
    if len(parts) == len(pair.paths):
        add_contrasts(quantities, pair, parts, level, total)
