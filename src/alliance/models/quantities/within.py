"""Effects within patients along the paths of a diagram.

A path is the expectation of the product of its steps: with two steps that vary between patients a*b + cov(a, b) (Kenny, Korchmaros &
Bolger 2003, doi 10.1037/1082-989X.8.2.115); covariances over therapists add to those over patients. ``indirect_product`` leaves the
covariances out.

A cause that is constant within patients works through the mediator's effect within patients: its indirect effect is the step to the
mediator times that effect, the direct effect is the rest of the total.

Effects of a model with lagged outcomes are those over one horizon, given the past; what accumulates over sessions
(`alliance.models.quantities.accumulation`) is larger. A constant cause has no horizon: where its effect builds up over sessions it is
given at a session (`alliance.models.quantities.course`), and nothing of it stands here but the steps.
"""

from math import prod

from alliance.facts.effects import COVARIANCE, name_step
from alliance.models.design.arrays import Varying
from alliance.models.diagram import outcomes_of
from alliance.models.quantities.contrasts import add_contrasts
from alliance.models.quantities.pairs import Pair, Quantities, Step, expect_steps
from alliance.models.quantities.population import Population


def add_steps(quantities: Quantities, pair: Pair, *, builds_up: bool = False) -> None:
    """Add the steps of all paths: at the level within, those from a constant cause overall.

    Parameters
    ----------
    builds_up
        Whether the effect of a constant cause builds up over sessions. Its step to the outcome is then a part of the recursion; otherwise
        it is the rest of its total effect, which differs between levels.
    """
    for path in pair.paths:
        slopes = [pair.slope_of(edge) for edge in path.edges]
        for position, (edge, values) in enumerate(zip(path.edges, slopes, strict=True)):
            effect = name_step(position, len(path.edges), len(pair.paths))
            rest = effect == "c_prime" and not builds_up
            level = "overall" if pair.constant and position == 0 and not rest else "within"
            quantities.add_step(edge, effect, level, values, edge.horizon(pair.lag))


def add_within(quantities: Quantities, population: Population, pair: Pair) -> None:
    """Add indirect effects, direct and total effect at the level within."""
    parts = {}
    for path in pair.paths:
        slopes = [pair.slope_of(edge) for edge in path.edges]
        of, horizon = outcomes_of([path]), pair.horizon(path)
        if len(path.edges) == 1:
            parts[path] = slopes[0]
            if len(pair.paths) > 1:
                quantities.add(path.text, "direct", "within", slopes[0], of, horizon)
            continue
        varying = [Varying(edge.outcome, edge.term) for edge in path.edges]
        steps = [Step(mean, ((effect, 1.0),)) for mean, effect in zip(slopes, varying, strict=True)]
        parts[path] = expect_steps(steps, population)
        if len(steps) == 2 and any(set(varying) <= set(effects) for effects in population.varying.values()):
            quantities.add(path.text, COVARIANCE, "within", population.covariance(*varying), of, horizon)
        quantities.add(path.text, "indirect", "within", parts[path], of, horizon)
        quantities.add(path.text, "indirect_product", "within", prod(slopes[1:], start=slopes[0]), of, horizon)
    total = quantities.add_total(pair, parts, "within")
    add_contrasts(quantities, pair, parts, "within", total)
