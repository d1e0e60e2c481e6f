"""A passage of the report: sentences about one thing, and what a `describe_` function is given."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import pandas as pd

from alliance.config import Config
from alliance.config.declared import Effects
from alliance.facts.analyses import PATH
from alliance.facts.effects import EFFECTS
from alliance.facts.quantity import ends_of, nodes_of, split_contrast
from alliance.report.prose.licence import Licence, licence_of
from alliance.report.prose.wording import Row
from alliance.report.words import Speech

Inputs = Mapping[str, pd.DataFrame]


class Point(NamedTuple):
    """A sentence with the words that say what it is about, set off before it, and the table that says more of it."""

    lead: str
    sentence: str
    table: str = ""

    def __str__(self) -> str:
        return f"{self.lead}{'' if self.lead.endswith('?') else ':'} {self.sentence}"


@dataclass(frozen=True)
class Passage:
    """Sentences that belong together.

    Parameters
    ----------
    sentences
        Plain text; the report escapes it. Points stand in lists only.
    heading
        Of the passage within its section, if it needs one.
    kind
        ``text`` runs on, ``list`` is a list of points, ``caution`` limits what was said before it.
    """

    sentences: tuple[str | Point, ...]
    heading: str = ""
    kind: Literal["text", "list", "caution"] = "text"


def say_sentences(sentences: Iterable[str | Point], speech: Speech) -> list[str | Point]:
    """Return sentences in the words of the study."""
    return [
        speech.say(one) if isinstance(one, str) else Point(speech.say(one.lead), speech.say(one.sentence), one.table)
        for one in sentences
    ]


def text(*sentences: str) -> Passage:
    """Return a passage of running text without empty sentences."""
    return Passage(tuple(sentence for sentence in sentences if sentence))


def caution(*sentences: str) -> Passage:
    """Return a passage that limits what may be concluded."""
    return Passage(tuple(sentence for sentence in sentences if sentence), kind="caution")


def table_of(inputs: Inputs, name: str) -> pd.DataFrame:
    """Return an artefact, or an empty table where the run does not have it."""
    return inputs[name] if name in inputs else pd.DataFrame()


def rows_of(table: pd.DataFrame, **values: str) -> list[dict[str, Any]]:
    """Return the rows in which the named columns have the given values, in the order of the table."""
    if table.empty:
        return []
    for column, value in values.items():
        table = table[table[column] == value]
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def fitted_models(config: Config, direction: str) -> list[str]:
    """Return the names of the path models of one direction, in the order of ``models.fit``."""
    specs = config.models.specs
    return [name for name in config.models.fit if specs[name].analysis == PATH and specs[name].direction == direction]


def licence_for(name: str, rows: list[dict[str, Any]], config: Config, pair: Effects | None = None) -> Licence:
    """Return what may be said of a model, with its mediators read from the paths it estimated.

    Parameters
    ----------
    pair
        Cause and outcome concerned; by default those of the model's ``effects``.
    """
    spec = config.models.specs[name]
    if pair is not None:
        spec = spec.model_copy(update={"effects": pair})
    between = rows if spec.effects is None else rows_between(rows, spec.effects)
    paths = [path for row in between if EFFECTS[row["effect"]].kind == "path" for path in split_contrast(row["path"])]
    found = {node for path in paths for node in nodes_of(path)[1:-1]}
    return licence_of(spec, found, config)


def rows_between(rows: list[dict[str, Any]], pair: Effects) -> list[dict[str, Any]]:
    """Return the rows whose path leads from one cause to one outcome."""
    ends = (pair.source, pair.target)
    return [row for row in rows if ends_of(row["path"]) == ends]


def count_flagged(rows: Sequence[Row]) -> int:
    """Count the estimates that carry a flag."""
    return sum(1 for row in rows if isinstance(row["flag"], str) and row["flag"])
