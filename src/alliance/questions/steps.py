"""Whether the steps to and from the alliance depend on something: products that several questions pose beside their answer."""

from collections.abc import Iterable
from typing import Any

from alliance.facts.columns import SESSION
from alliance.questions.cast import Cast
from alliance.questions.equations import (
    begin,
    diagram,
    effects_on,
    equation,
    first_of,
    multiply,
    names,
    observed,
    short,
)


def steps_by(
    cast: Cast, words: str, moderators: Iterable[str], of_later: Iterable[str] | None = None
) -> dict[str, Any]:
    """Return the model in which both steps depend on moderators, each with all others held equal.

    The first step, where somebody plays the technique, is technique to mediator, the second one mediator to outcome. Rows with something
    missing are left out: a product with a score that is an unknown of the model costs twenty times as much.

    Parameters
    ----------
    moderators
        Terms that the first step depends on.
    of_later
        Terms that the second step depends on; the same if left out. Those of the first step then stand beside them, so that what varies
        between sessions and how it usually is in a patient stay apart.
    """
    mediator, outcome, technique = cast.one("mediator"), cast.one("outcome"), first_of(cast, "technique")
    now, later, arm = list(moderators), list(moderators if of_later is None else of_later), first_of(cast, "treatment")
    step = mediator.before(outcome)
    slopes = [] if technique is None else [technique.before(mediator)]
    second = multiply(mediator, step, later, cast)
    first = {} if technique is None else multiply(technique, slopes[0], now, cast, second)
    bond = [*observed(technique, mediator), *first, *now, outcome.before(mediator), mediator.past, SESSION, *names(arm)]
    course = [step, *second, *later, *now, *observed(technique, outcome), outcome.past, SESSION, *names(arm)]
    return diagram(
        begin("steps to and from", short(mediator), words),
        {mediator.name: equation(bond, cast, slopes), outcome.name: equation(course, cast, [step])},
        effects_on(outcome, [technique or mediator])[0],
    ) | {"products": second | first}
