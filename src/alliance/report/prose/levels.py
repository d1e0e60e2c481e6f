"""How much measures differ between patients and change within them, as the answer to that question."""

from typing import Final

from alliance.config import Config
from alliance.config.posing import cast_in, speaker_of
from alliance.facts.effects import LEVELS
from alliance.questions import QUESTIONS
from alliance.report.labels import label_level, label_of
from alliance.report.numbers import format_percent, format_share
from alliance.report.prose.passage import Inputs, rows_of, table_of
from alliance.report.prose.told import Number, Told
from alliance.report.prose.wording import Row

_HALF: Final = 0.5
_NAME: Final = "levels"


def tell_levels(inputs: Inputs, config: Config) -> Told | None:
    """Say of each measure whether more of its variance lies between patients or within them, as far as the interval tells.

    All that does not lie between sessions of one patient lies between people, therapists among them.
    """
    model = speaker_of(_NAME, config)
    shares = rows_of(table_of(inputs, "estimates"), model=model, effect="icc")
    cast = cast_in(config)
    asked = [cast.one(role).name for role in QUESTIONS[_NAME].needs]
    within = [row for name in asked for row in shares if row["outcome"] == name and row["level"] == "session"]
    if not within:
        return None
    shares.sort(key=lambda row: list(LEVELS).index(row["level"]))  # stable: measures stay in their order
    order = list(dict.fromkeys(row["outcome"] for row in shares))
    shares.sort(key=lambda row: order.index(row["outcome"]))
    return Told(
        answer=" ".join(_compare(row, config) for row in within),
        rows=tuple(shares),
        numbers=tuple(_number(row, config) for row in within),
        claim="A description of these patients and sessions; nothing is said to bring about anything.",
        change="Error of measurement counts as change within patients, so a more reliable measure would put less of the variance there.",
    )


def _compare(row: Row, config: Config) -> str:
    """Compare what lies within patients with what lies between them."""
    share = f"({format_percent(row['estimate'])} of the variance lies within patients)"
    if row["high"] < _HALF:
        verdict = "patients differ more from each other than they change over sessions"
    elif row["low"] > _HALF:
        verdict = "patients change more over sessions than they differ from each other"
    else:
        verdict = "whether patients differ more from each other than they change over sessions stays open"
    return f"In {label_of(row['outcome'], config)}, {verdict} {share}."


def _number(row: Row, config: Config) -> Number:
    told = format_share(row["estimate"], row["low"], row["high"])
    return Number(f"{label_of(row['outcome'], config)}, {label_level(row['level'])} of one patient", told)
