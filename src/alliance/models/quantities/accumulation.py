"""What a mediated effect adds up to over sessions in a model in which outcomes depend on their own past.

The question is an intervention: what if the cause were one unit higher at each of N sessions than it would have been, everything before and
everybody's usual level being as they are? A patient's own slope applies to that unit at each session, whether slopes multiply values or
deviations from a patient's own mean: what is moved is the value, not what is usual for the patient. The mediator carries the response with
all arrows minus the response without the arrow from the mediator to the outcome, at the session at which the effect of the last of the N
sessions arrives. For N = 1 it is the expected product of the steps, if nothing else that the cause moves at that session moves the
mediator.

The difference is taken for each patient and averaged over the slopes of patients and therapists, see
`alliance.models.quantities.recursion`: slopes that go together over units add to what accumulates, at every session anew.
"""

import numpy as np

from alliance.config.timing import TIME_TERMS
from alliance.facts.columns import SESSION
from alliance.facts.quantity import name_sessions
from alliance.models.design.arrays import Design
from alliance.models.diagram import Path, outcomes_of
from alliance.models.quantities.pairs import Pair, Quantities
from alliance.models.quantities.population import Population
from alliance.models.quantities.recursion import Change, arrows_of, expect_responses, on_the_way

_MOST_SESSIONS = 16


def add_accumulated(quantities: Quantities, design: Design, population: Population, pair: Pair, first: int) -> None:
    """Add the accumulated effect through each mediator after 1 to 16 sessions, if outcomes depend on their own past.

    What a constant cause adds up to stands in `alliance.models.quantities.course`.

    Parameters
    ----------
    first
        Number of the first session of a treatment.
    """
    dynamic = any(equation.own_past for equation in design.equations.values())
    if not dynamic or pair.constant or pair.source in TIME_TERMS:
        return
    last: dict[str, Path] = {}
    for path in pair.paths:
        if len(path.edges) > 1:
            earlier = last.setdefault(path.edges[-1].source, path)
            if _delay(path) < _delay(earlier):
                last[path.edges[-1].source] = path
    if not last:
        return
    sessions = min(max(_last_session(design) - first + 1, 1), _MOST_SESSIONS)
    needed = sessions + pair.lag * max(_delay(path) for path in last.values())
    arrows = on_the_way(arrows_of(design, population, pair.source), [pair.source], pair.target)
    change = Change({pair.source: np.ones(len(population.residuals[pair.target]))})
    cuts = [frozenset[str](), *(frozenset({mediator}) for mediator in last)]
    whole, *without = expect_responses(arrows, population, change, pair.target, needed, pair.lag, cuts)
    for path, rest in zip(last.values(), without, strict=True):
        for session in range(1, sessions + 1):
            at = session + pair.lag * _delay(path) - 1
            values = whole[:, at] - rest[:, at]
            quantities.add(path.text, "accumulated", "within", values, outcomes_of([path]), name_sessions(session))


def _delay(path: Path) -> int:
    return sum(edge.lagged for edge in path.edges)


def _last_session(design: Design) -> int:
    numbers = [equation.rows[SESSION] for equation in design.equations.values()]
    return int(max(column.max() for column in numbers))
