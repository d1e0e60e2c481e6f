"""Sentences on whether the indicators of a construct mean the same over the course of treatment: what was shown, and what was not."""

from collections.abc import Sequence
from typing import Any

from alliance.config import Config
from alliance.facts.cautions import CAUTIONS
from alliance.models.checking.drifting import DRIFTING, DRIFTS, HARDLY, TAKEN_OFF
from alliance.models.checking.invariance import INTERCEPT, LOADING
from alliance.report.labels import label_model, label_names, label_of
from alliance.report.numbers import format_number, format_percent, format_probability
from alliance.report.prose.passage import Inputs, Passage, Point, rows_of, table_of, text
from alliance.report.prose.wording import capitalise, join_words

_PARTS = {INTERCEPT: "intercepts", LOADING: "loadings"}


def describe_invariance(inputs: Inputs, config: Config) -> list[Passage]:
    """Say of each construct whether its indicators drift from each other, and how much they might."""
    rows = rows_of(table_of(inputs, "invariance"))
    untested = {row["subject"]: row for row in rows_of(table_of(inputs, "diagnostics"), caution="untested_invariance")}
    points = []
    for name in dict.fromkeys(row["variable"] for row in rows):
        own = {(row["indicator"], row["part"]): row for row in rows if row["variable"] == name}
        points.append(_point(name, list(own.values()), _taken_off(name, inputs, config), config))
    points += [
        Point(capitalise(label_of(name, config)), f"Not tested: {label_names(str(row['detail']), config)}.")
        for name, row in untested.items()
    ]
    if not points:
        return []
    return [
        text(
            "Estimates for a construct take for granted that its indicators mean the same at all sessions. Whether they drift from each "
            "other in a straight line was tested; a drift that they have in common looks like a change of the construct."
        ),
        Passage(tuple(points), kind="list"),
    ]


def _taken_off(name: str, inputs: Inputs, config: Config) -> list[str]:
    """Say of each model what becomes of its coefficients once drifts of intercepts are taken off."""
    found = rows_of(table_of(inputs, "diagnostics"), caution=DRIFTING, subject=name)
    told = {row["model"]: str(row["detail"]).partition(TAKEN_OFF) for row in found}
    return [
        f"{capitalise(TAKEN_OFF)}{label_names(rest, config)} ({label_model(model, config)})."
        for model, (_, there, rest) in told.items()
        if there
    ]


def _point(name: str, rows: Sequence[dict[str, Any]], taken_off: list[str], config: Config) -> Point:
    drifting = [_tell(row, config) for row in rows if row["verdict"] == DRIFTS]
    said = (
        [f"{capitalise(join_words(drifting))}: scores of different sessions do not mean the same."] if drifting else []
    )
    said += taken_off
    parts = [part for part in _PARTS if any(row["part"] == part for row in rows)]
    left = [_leave(part, [row for row in rows if row["part"] == part]) for part in parts]
    said += [sentence for sentence in left if sentence]
    if LOADING not in parts:
        said.append("Two indicators do not tell their loadings, which are taken to be alike at all sessions.")
    return Point(capitalise(label_of(name, config)), " ".join(said), table="invariance")


def _tell(row: dict[str, Any], config: Config) -> str:
    way = "rises" if row["change"] > 0 else "falls"
    size = _size(row["part"], abs(row["size"]))
    if row["part"] == INTERCEPT:
        size = f"{format_number(abs(row['change']))} points ({size})"
    return (
        f"the {row['part']} of {label_of(row['indicator'], config)} {way} by {size} over {format_number(row['length'], 0)} sessions, "
        f"compared with all indicators together (p {_chance(row['p_adjusted'])})"
    )


def _size(part: str, value: float) -> str:
    return f"{format_number(value)} standard deviations" if part == INTERCEPT else format_percent(value)


def _chance(probability: float) -> str:
    written = format_probability(probability)
    return written if written.startswith("<") else f"= {written}"


def _leave(part: str, rows: Sequence[dict[str, Any]]) -> str:
    """Say what was not shown of intercepts or loadings, and how large a drift of them may be."""
    left = [row for row in rows if row["verdict"] != DRIFTS]
    if not left:
        return ""
    most, other = _size(part, max(row["largest"] for row in left)), "other " * (len(left) < len(rows))
    if all(row["verdict"] == HARDLY for row in left):
        return f"{capitalise(other + _PARTS[part])} drift by no more than {most} over the course, which is little."
    return (
        f"No {other}{part} was shown to drift by {_size(part, CAUTIONS[DRIFTING].threshold)} or more. That is no proof that none does: the "
        f"data leave up to {most} over the course possible."
    )
