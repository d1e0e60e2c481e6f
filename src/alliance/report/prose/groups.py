"""Answers about groups: how sessions are held, and where or among whom patients are treated.

Each group is told beside the reference that it is compared with; what intervals do not tell stays open.
"""

from typing import Any, Final

from alliance.config import Config
from alliance.config.posing import cast_in, speaker_of
from alliance.facts.quantity import join_nodes, nodes_of
from alliance.questions import QUESTIONS
from alliance.questions.populations import groups_of
from alliance.report.labels import label_of, label_path, label_value
from alliance.report.numbers import format_estimate
from alliance.report.prose.passage import Inputs, rows_of, table_of
from alliance.report.prose.sites import tell_pooled
from alliance.report.prose.told import Number, Told, number_of
from alliance.report.prose.wording import Row, capitalise, categories_of, includes_zero, join_words

_MOST: Final = 6  # numbers beside an answer

_Rows = list[dict[str, Any]]


def tell_delivery(inputs: Inputs, config: Config) -> Told | None:
    """Compare each way of meeting with the reference: the mediator of the session, what reaches the outcome, and both steps."""
    cast, model = cast_in(config), speaker_of("delivery", config)
    mediator, outcome = cast.one("mediator").name, cast.one("outcome").name
    estimates, ways = table_of(inputs, "estimates"), cast.all("delivery")
    own = rows_of(estimates, model=model, level="within")
    level = _on(own, "a", [join_nodes(way.name, mediator) for way in ways])
    carried = _on(own, "indirect", [join_nodes(way.name, mediator, outcome) for way in ways])
    if not level or len(carried) < len(level):
        return None
    beside = next(name for name in QUESTIONS["delivery"].pose(cast).specs if name != model)
    steps = _products(rows_of(estimates, model=beside, effect="coefficient"), beside, config)
    label, target = label_of(mediator, config), label_of(outcome, config)
    said = [
        _compare(level, f"{label} of the session", config),
        _compare(carried, f"the part of {target} that runs by way of {label}", config),
        *([_tell_steps(steps, label, config)] if steps else []),
    ]
    rows = (*level, *carried, *steps)
    return Told(
        answer=" ".join(said),
        rows=rows,
        numbers=tuple(
            number_of(row, config, f"{label_of(nodes_of(row['path'])[-1], config)}, {_contrast(row, config)}")
            for row in (*level, *carried)[:_MOST]
        ),
        claim="How sessions are held was not assigned at random: what goes along with it may be due to why it was chosen.",
        change="More patients who change how they meet would tell what the way of meeting goes along with in one patient.",
    )


def tell_populations(inputs: Inputs, config: Config) -> Told | None:
    """Tell the way to the outcome in each site, and in each arm where there are arms, and whether groups were told apart."""
    cast, estimates = cast_in(config), table_of(inputs, "estimates")
    told, shown = list[str](), list[dict[str, Any]]()
    numbers: list[Number] = []
    variables = groups_of(cast)
    for (_, groups), model in zip(variables.items(), QUESTIONS["populations"].pose(cast).specs, strict=False):
        rows = rows_of(estimates, model=model, level="within")
        at, differences = _in_groups(rows, [one.name for one in groups])
        if not at or not differences:
            continue
        shown += [*at, *differences]
        where = [label_value(row["moderator"], row["value"], config) for row in at]
        numbers += [number_of(row, config, name) for row, name in zip(at, where, strict=True)]
        values = [
            f"{format_estimate(row['estimate'], row['low'], row['high'])} ({name})"
            for row, name in zip(at, where, strict=True)
        ]
        told.append(f"{_name_way(at[0], config)} is {join_words(values)}. {_tell_apart(differences, config)}")
    if not told:
        return None
    return Told(
        answer=" ".join([*told, *([said] if (said := tell_pooled(inputs, config)) else [])]),
        rows=tuple(shown),
        numbers=tuple(numbers[:_MOST]),
        claim=_claim(list(variables), config),
        change="Differences between groups need more patients than a path does; many sites would tell how far they vary.",
    )


def _name_way(row: Row, config: Config) -> str:
    source, *through, target = (label_of(node, config) for node in nodes_of(row["path"]))
    by = f" through {join_words(through)}" if through else ""
    return f"What runs from {source}{by} to {target}"


def _claim(variables: list[str], config: Config) -> str:
    """Say which groups were assigned at random."""
    drawn = [label_of(name, config) for name in variables if name in config.study.randomised]
    who = f"Of these groups only those by {join_words(drawn)} were" if drawn else "None of these groups was"
    return f"{who} assigned at random: what differs between others may be due to who is in them."


def _in_groups(rows: _Rows, columns: list[str]) -> tuple[_Rows, _Rows]:
    """Return the longest paths at each group, the reference first, and their differences from the reference."""
    longest = max((len(nodes_of(row["path"])) for row in rows if row["effect"] == "conditional"), default=0)
    about = [row for row in rows if row["moderator"] in columns and len(nodes_of(row["path"])) == longest]
    at = [row for row in about if row["effect"] == "conditional"]
    first = [row for row in at if row["value"] == 0][:1]
    return [*first, *(row for row in at if row["value"] == 1)], [row for row in about if row["effect"] == "index"]


def _tell_apart(differences: _Rows, config: Config) -> str:
    apart = [label_value(row["moderator"], 1.0, config) for row in differences if not includes_zero(row)]
    reference = label_value(differences[0]["moderator"], 0.0, config)
    if apart:
        return f"It differs between {reference} and {join_words(apart)}."
    return f"Whether it differs between {reference} and the others stays open."


def _tell_steps(steps: _Rows, label: str, config: Config) -> str:
    apart = [label_path(row["path"], config) for row in steps if not includes_zero(row)]
    if apart:
        return f"Steps to or from {label} differ with how a patient usually meets: {join_words(apart)}."
    return f"Whether steps to and from {label} differ with how a patient usually meets stays open."


def _compare(rows: _Rows, what: str, config: Config) -> str:
    """Say on which side of the reference each way of meeting lies, as far as its interval tells."""
    parts = []
    for side, found in (
        ("higher", [row for row in rows if row["low"] > 0]),
        ("lower", [row for row in rows if row["high"] < 0]),
    ):
        if found:
            parts.append(f"{what} is {side} with {join_words([_contrast(row, config) for row in found])}")
    left = [_contrast(row, config) for row in rows if includes_zero(row)]
    if left:
        parts.append(f"whether {what} differs with {join_words(left, 'or')} stays open")
    return f"{capitalise('; '.join(parts))}."


def _contrast(row: Row, config: Config) -> str:
    """Name the group and its reference: ``video rather than in person``."""
    names = categories_of(nodes_of(row["path"])[0], config)
    return f"{names[1]} rather than {names[0]}" if names else label_of(nodes_of(row["path"])[0], config)


def _products(rows: _Rows, model: str, config: Config) -> _Rows:
    spec = config.models.specs.get(model)
    return [row for row in rows if spec is not None and nodes_of(row["path"])[0] in spec.products]


def _on(rows: _Rows, effect: str, paths: list[str]) -> _Rows:
    return [row for path in paths for row in rows if row["effect"] == effect and row["path"] == path]
