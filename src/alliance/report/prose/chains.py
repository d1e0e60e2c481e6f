"""Answers about what comes before and after the alliance: techniques, processes, and what both depend on.

Each says what its intervals tell, in the order in which variables are declared, and leaves open what they do not.
"""

from collections.abc import Sequence
from typing import Any, Final

from alliance.config import Config
from alliance.config.posing import cast_in, speaker_of
from alliance.facts.quantity import join_nodes, nodes_of
from alliance.questions import QUESTIONS
from alliance.report.labels import label_of, label_path
from alliance.report.numbers import format_count
from alliance.report.prose.contrasts import compare_ways
from alliance.report.prose.passage import Inputs, rows_of, table_of
from alliance.report.prose.told import Told, number_of
from alliance.report.prose.verdicts import left_of
from alliance.report.prose.wording import Row, capitalise, describe_when, includes_zero, join_words

CLAIM: Final = "Nothing here was assigned at random: what precedes predicts, and something else may be behind both."
_WITHIN: Final = "within"
_MOST: Final = 5  # numbers beside an answer

_Rows = list[dict[str, Any]]


def tell_techniques(inputs: Inputs, config: Config) -> Told | None:
    """Say which techniques go along with a better alliance and which with a worse one, and which of that reaches the outcome."""
    cast, model = cast_in(config), speaker_of("techniques", config)
    mediator, outcome = cast.one("mediator").name, cast.one("outcome").name
    techniques = [player.name for player in cast.all("technique")]
    estimates = rows_of(table_of(inputs, "estimates"), model=model, level=_WITHIN)
    steps = each_of(estimates, "a", [join_nodes(name, mediator) for name in techniques])
    ways = each_of(estimates, "indirect", [join_nodes(name, mediator, outcome) for name in techniques])
    if not steps or len(ways) < len(steps):
        return None
    label = label_of(mediator, config)
    named = [(word, [label_of(nodes_of(row["path"])[0], config) for row in found]) for word, found in by_side(steps)]
    said = [
        f"more {join_words(found)} {'goes' if len(found) == 1 else 'go'} with {word} {label} of the session"
        for word, found in named
    ]
    left = [label_of(nodes_of(row["path"])[0], config) for row in steps if includes_zero(row)]
    said += [f"whether {join_words(left, 'or')} goes with {label} stays open"] if left else []
    return Told(
        answer=f"{capitalise('; '.join(said))}. {_reaching(ways, label, outcome, config)}",
        rows=(*steps, *ways, *each_of(estimates, "direct", [join_nodes(name, outcome) for name in techniques])),
        numbers=tuple(number_of(row, config, name_way(row, config)) for row in (*steps, *ways)[:_MOST]),
        claim=CLAIM,
        change="Techniques that go together and are not among these would change what each is said to do.",
    )


def tell_processes(inputs: Inputs, config: Config) -> Told | None:
    """Say through which processes a way to the outcome was found, and which of them carries most; each way has a model of its own."""
    cast = cast_in(config)
    mediator, outcome = cast.one("mediator").name, cast.one("outcome").name
    processes = [player.name for player in cast.all("process")]
    estimates = rows_of(table_of(inputs, "estimates"), level=_WITHIN, effect="indirect")
    asked = set(QUESTIONS["processes"].pose(cast).specs)
    own = [row for row in estimates if row["model"] in asked]
    ways = each_of(own, "indirect", [join_nodes(mediator, name, outcome) for name in processes])
    if not ways:
        return None
    contrasts = rows_of(table_of(inputs, "contrasts"), level=_WITHIN, of="indirect")
    between = [row for row in contrasts if {row["model"], row["model_other"]} <= asked]
    most = f" {capitalise(compare_ways(ways, between, config)[1])}" if between else ""
    limits = [
        "Each way has a model of its own, in which a process may stand for others that go along with it, so that ways may share what they "
        "carry and are not to be added up."
    ]
    if len(ways) > 1 and not between:
        limits.append("Which of them carries most is not said.")
    if between and len({row["horizon"] for row in ways}) > 1:
        limits.append("Ways of different length in time are compared as they are.")
    return Told(
        answer=f"{_reaching(ways, label_of(mediator, config), outcome, config, middle=True)}{most}",
        rows=(*ways, *between),
        numbers=tuple(number_of(row, config, name_way(row, config)) for row in ways[:_MOST]),
        claim=CLAIM,
        change=" ".join(limits),
    )


def tell_for_whom(inputs: Inputs, config: Config) -> Told | None:
    """Say whether what patients bring moderates the steps to and from the mediator."""
    return _tell_moderators("for_whom", "patient", inputs, config)


def tell_with_whom(inputs: Inputs, config: Config) -> Told | None:
    """Say whether what therapists bring moderates the steps to and from the mediator."""
    return _tell_moderators("with_whom", "therapist", inputs, config)


def _tell_moderators(question: str, role: str, inputs: Inputs, config: Config) -> Told | None:
    """Tell of all products, whatever was found, after an adjustment for their number (Holm 1979)."""
    model = speaker_of(question, config)
    products = config.models.specs[model].products
    found = rows_of(table_of(inputs, "estimates"), model=model, effect="coefficient")
    rows = [row for row in found if nodes_of(row["path"])[0] in products]
    if not rows:
        return None
    left = left_of(rows)
    looked = f"{format_count(len(rows))} products of a step with what a {role} brings were looked at"
    if left:
        named = join_words([_product(row, config) for row in left])
        answer = f"{capitalise(named)}: the step differs with what the {role} brings. {looked}, and this holds after allowing for that."
    else:
        answer = (
            f"It stays open: {looked}, and after allowing for their number none was shown to differ from zero. That is no proof that steps "
            f"are the same for all."
        )
    return Told(
        answer=answer,
        rows=tuple(rows),
        numbers=tuple(number_of(row, config, _product(row, config)) for row in (left or rows)[:_MOST]),
        claim=f"{CLAIM} Each product is told with all others held equal.",
        change="Differences between slopes need more patients than slopes do; a larger study could show smaller ones.",
    )


def each_of(rows: Sequence[dict[str, Any]], effect: str, paths: Sequence[str]) -> _Rows:
    """Return the rows of an effect on some paths, in the order of the paths."""
    return [row for path in paths for row in rows if row["effect"] == effect and row["path"] == path]


def _reaching(ways: _Rows, label: str, outcome: str, config: Config, middle: bool = False) -> str:
    """Say of which causes (or processes in the middle) a way to the outcome was found, and of which it stays open."""
    place, target = int(middle), label_of(outcome, config)

    def name(row: Row) -> str:
        return label_of(nodes_of(row["path"])[place], config)

    said = []
    for word, found in by_side(ways):
        named = join_words([f"{name(row)}{describe_when(row, config)}" if middle else name(row) for row in found])
        way = f"higher {label} is followed by {word} {target} by way of {named}"
        said.append(way if middle else f"{named} is followed by {word} {target} by way of {label}")
    left = [name(row) for row in ways if includes_zero(row)]
    if left:
        said.append(f"whether anything runs {'through' if middle else 'on from'} {join_words(left, 'or')} stays open")
    return f"{capitalise('; '.join(said))}."


def by_side(rows: _Rows) -> list[tuple[str, _Rows]]:
    """Return the rows whose interval excludes zero, those with a higher outcome first; a side without any is left out."""
    found = [row for row in rows if not includes_zero(row)]
    sides = {
        "higher": [row for row in found if row["estimate"] > 0],
        "lower": [row for row in found if row["estimate"] < 0],
    }
    return [(word, of_it) for word, of_it in sides.items() if of_it]


def name_way(row: Row, config: Config) -> str:
    """Name a way by all that lies on it, as beside its number."""
    return label_path(row["path"], config)


def _product(row: Row, config: Config) -> str:
    product, outcome = nodes_of(row["path"])
    return f"{label_of(product, config)} → {label_of(outcome, config)}"
