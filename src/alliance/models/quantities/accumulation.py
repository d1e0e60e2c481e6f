"""What a mediated effect adds up to over sessions in a model in which outcomes depend on their own past.

With the state s of all outcomes and the cause x, s_t = Phi s_(t-lag) + gamma x_t, here with the effects within a session resolved in the
order of the equations. The cause is one unit higher at every session from the first on. What the mediator carries is the response with all
arrows minus the response without the arrow from the mediator to the outcome, at the session at which the effect of the last of N
sessions arrives. For N = 1 it is the product of the steps, if nothing else that the cause moves at that session moves the mediator.

Average slopes are used: covariances of slopes that vary between patients are left out, since they would have to be followed through every
session.
"""

import numpy as np

from alliance.config.timing import TIME_TERMS
from alliance.facts.columns import SESSION
from alliance.facts.marks import Mark
from alliance.facts.quantity import name_sessions
from alliance.models.design.arrays import Design
from alliance.models.diagram import Path, outcomes_of
from alliance.models.quantities.pairs import Pair, Quantities
from alliance.models.quantities.population import Population

_MOST_SESSIONS = 16


def add_accumulated(quantities: Quantities, design: Design, population: Population, pair: Pair) -> None:
    """Add the accumulated effect through each mediator after 1 to 16 sessions, if outcomes depend on their own past."""
    dynamic = any(o.lagged and o.base == e.outcome for e in design.equations.values() for o in e.origins.values())
    if not dynamic or pair.source in TIME_TERMS:
        return
    last: dict[str, Path] = {}
    for path in pair.paths:
        if len(path.edges) > 1:
            earlier = last.setdefault(path.edges[-1].source, path)
            if _delay(path) < _delay(earlier):
                last[path.edges[-1].source] = path
    sessions = min(max(_count_sessions(design), 1), _MOST_SESSIONS)
    for mediator, path in last.items():
        needed = sessions + pair.lag * _delay(path)
        whole, without = (_respond(design, population, pair, needed, cut) for cut in (None, mediator))
        for session in range(1, sessions + 1):
            at = session + pair.lag * _delay(path) - 1
            values = whole[:, at] - without[:, at]
            quantities.add(path.text, "accumulated", "within", values, outcomes_of([path]), name_sessions(session))
        quantities.marks.append(_mark_average_slopes(population, path))


def _delay(path: Path) -> int:
    return sum(edge.lagged for edge in path.edges)


def _count_sessions(design: Design) -> int:
    numbers = [equation.rows[SESSION] for equation in design.equations.values()]
    return int(max(column.max() for column in numbers))


def _respond(design: Design, population: Population, pair: Pair, sessions: int, cut: str | None) -> np.ndarray:
    """Return the response of the target to a cause that is one unit higher at every session, (draw, session).

    Parameters
    ----------
    cut
        Mediator whose arrow to the target is removed.
    """
    size = len(next(iter(population.residuals.values())))
    response = {outcome: np.zeros((size, sessions)) for outcome in design.equations}
    for t in range(sessions):
        for outcome, equation in design.equations.items():
            if outcome == pair.source:
                response[outcome][:, t] = 1.0
                continue
            for position, (term, origin) in enumerate(equation.origins.items()):
                before = t - pair.lag * origin.lagged
                removed = cut == origin.base and outcome == pair.target
                if before < 0 or removed:
                    continue
                slope = population.slopes[outcome][:, position]
                if origin.base in response and origin.session_level:
                    response[outcome][:, t] += slope * response[origin.base][:, before]
                elif origin.base == pair.source and (origin.session_level or term == pair.source):
                    response[outcome][:, t] += pair.slope.get((pair.source, outcome), slope)
    return response[pair.target]


def _mark_average_slopes(population: Population, path: Path) -> Mark:
    on_path = {(edge.outcome, edge.term) for edge in path.edges}
    varying = sum((e.outcome, e.term) in on_path for effects in population.varying.values() for e in effects)
    return Mark(
        "average_slopes",
        path.text,
        varying,
        outcomes=(path.edges[-1].outcome,),
        effects=("accumulated",),
    )
