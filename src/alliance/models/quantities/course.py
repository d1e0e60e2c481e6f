"""What a cause that is constant within patients (a treatment arm) has done by a session: in all, by way of mediators, and beside them.

The model's own recursion (`alliance.models.quantities.recursion`) is followed from the first session that the cause can act on, in
expectation over the slopes of patients and therapists.

- What is measured before the first session is not moved by it; what is measured before a session is moved from the second one on.
- Where equations have initial values they begin at the second session, and the first one is moved by gamma, see
  `alliance.models.quantities.latent`.
- Total: the outcome under the cause minus that without it. Direct: the same with the mediators on the course that they would take without
  the cause. Indirect: the rest, what the change of the mediators does under the cause. These are *interventional* effects (VanderWeele,
  Vansteelandt & Robins 2014, doi 10.1097/EDE.0000000000000034): the outcome of earlier sessions, which the cause moved, may move later
  mediators, and so natural direct and indirect effects are not defined.
- The cause may change slopes, see `alliance.models.quantities.products`.

A unit's own slope applies to all of a change, whether it lasts or not.
"""

import numpy as np
import pandas as pd

from alliance.config import Variable
from alliance.config.timing import TIME_TERMS, parse_term
from alliance.data.panel import first_sessions
from alliance.errors import ModelError
from alliance.facts.columns import PATIENT, SESSION
from alliance.facts.quantity import name_session
from alliance.facts.roles import EARLY
from alliance.models.design.arrays import Design
from alliance.models.diagram import outcomes_of
from alliance.models.quantities.contrasts import add_share
from alliance.models.quantities.initial import initial_terms
from alliance.models.quantities.pairs import Pair, Quantities
from alliance.models.quantities.population import Population
from alliance.models.quantities.products import product_arrows
from alliance.models.quantities.recursion import Arrow, Change, arrows_of, expect_responses, on_the_way, runs_in_circles

LEVEL = "overall"


def find_sessions(panel: pd.DataFrame, planned: int | None) -> range:
    """Return the numbers of the sessions of a treatment, which may start at 0 or after intake.

    Parameters
    ----------
    planned
        Number of the session at which it is planned to end; None takes the last one that at least half of the patients reached.

    Returns
    -------
    range
        From the number by which half of the patients have started, see `alliance.data.panel.first_sessions`.

    Raises
    ------
    ModelError
        The planned end comes before the start.
    """
    middle = (panel[PATIENT].nunique() - 1) // 2
    starts = panel.assign(start=first_sessions(panel)).groupby(PATIENT)["start"].first()
    first = int(starts.sort_values().iloc[middle])
    reached = panel.groupby(PATIENT)[SESSION].max().sort_values(ascending=False)
    last = int(reached.iloc[middle]) if planned is None else planned
    if last < first:
        raise ModelError(
            f"study.planned_sessions is {planned}, but the sessions of these data start at number {first}. Give the number of the "
            f"last planned session as the data count them, or null."
        )
    return range(first, last + 1)


def add_course(
    quantities: Quantities,
    design: Design,
    population: Population,
    pair: Pair,
    variables: dict[str, Variable],
    sessions: range,
) -> bool:
    """Add what a constant cause has done by each session, and by the last one; return whether it differs between sessions.

    Where it does not, the effects along the paths say it all, and nothing is added but the overall difference of a model without mediators
    and without a past (intention to treat).

    Parameters
    ----------
    sessions
        Numbers of the sessions of a treatment, up to the planned end.
    """
    if not pair.constant:
        return False
    arrows, change = _prepare(design, population, pair, variables, sessions)
    alone = all(arrow.source == pair.source for arrow in arrows) and not _adjusts(design, pair.target)
    if not alone and not runs_in_circles(arrows) and not any(arrow.weight is not None for arrow in arrows):
        return False
    mediated = [path for path in pair.paths if len(path.edges) > 1]
    cuts = [frozenset[str](), frozenset(path.edges[-1].source for path in mediated)]
    arrows = [_wait(arrow, pair.source, change, variables, len(sessions)) for arrow in arrows]
    whole, direct = expect_responses(arrows, population, change, pair.target, len(sessions), pair.lag, cuts)
    end, of = name_session(sessions[-1]), outcomes_of(pair.paths)
    if not mediated:
        effect = "intention_to_treat" if alone else "total"
        quantities.add(pair.text, effect, LEVEL, whole[:, -1], of, end)
        return True
    text, effect = (mediated[0].text, "indirect") if len(mediated) == 1 else (pair.text, "indirect_total")
    through = whole - direct
    quantities.add(text, effect, LEVEL, through[:, -1], of, end)
    quantities.add(pair.text, "direct", LEVEL, direct[:, -1], of, end)
    quantities.add(pair.text, "total", LEVEL, whole[:, -1], of, end)
    add_share(quantities, text, LEVEL, (through[:, -1], whole[:, -1]), of, end)
    for effect, values in (
        ("accumulated", through),
        ("accumulated_direct", direct),
        ("accumulated_total", whole),
    ):
        for position, session in enumerate(sessions):
            quantities.add(text, effect, LEVEL, values[:, position], of, name_session(session))
    return True


def _prepare(
    design: Design, population: Population, pair: Pair, variables: dict[str, Variable], sessions: range
) -> tuple[list[Arrow], Change]:
    size = len(next(iter(population.residuals.values())))
    initial = {term: np.zeros(size) for term in initial_terms(design)} | pair.shifts
    first = {name: initial[term] for term in initial if (name := _base(term, variables)) in design.equations}
    change = Change({pair.source: np.ones(size), **pair.shifts}, first)
    arrows = [
        *arrows_of(design, population, pair.source, tuple(pair.shifts)),
        *product_arrows(design, population, pair.source, pair.shifts, sessions, pair.lag),
    ]
    order = list(design.equations)
    kept = on_the_way(arrows, list(change.given), pair.target)
    return sorted(kept, key=lambda arrow: order.index(arrow.outcome)), change


def _wait(arrow: Arrow, source: str, change: Change, variables: dict[str, Variable], sessions: int) -> Arrow:
    """Let the cause act on what is measured before sessions from the second one on."""
    if arrow.source != source or arrow.outcome in change.first or not _is_before(arrow.outcome, variables):
        return arrow
    return arrow.waiting(sessions)


def _base(term: str, variables: dict[str, Variable]) -> str:
    found = parse_term(term, variables)
    return term if found is None else found.base


def _is_before(outcome: str, variables: dict[str, Variable]) -> bool:
    term = parse_term(outcome, variables)
    return term is not None and term.variable is not None and variables[term.variable].measured in EARLY


def _adjusts(design: Design, outcome: str) -> bool:
    """Whether an equation holds something else that differs between sessions of a patient, time apart."""
    origins = design.equations[outcome].origins.values()
    return any(origin.session_level and not origin.factors and origin.base not in TIME_TERMS for origin in origins)
