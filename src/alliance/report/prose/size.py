"""How large a difference is beside what people know: the range of the scale, and a change that is reliable."""

from typing import Final

import pandas as pd

from alliance.config import Config
from alliance.facts.quantity import nodes_of
from alliance.report.meanings import describe_change, has_change, meaning_of
from alliance.report.numbers import format_number, format_percent, format_value
from alliance.report.propensity import is_propensity
from alliance.report.prose.passage import Inputs, table_of
from alliance.report.prose.wording import Row, capitalise

_LEAST: Final = 0.005  # of a reliable change; less is told as such


def describe_share(row: Row, inputs: Inputs, config: Config) -> str:
    """Return the size of an estimate as a share of its outcome's range, and of a reliable change; empty where neither is known.

    A propensity has no range, and a mean of several variables none that anybody declared.
    """
    outcome = nodes_of(row["path"])[-1]
    if is_propensity(outcome, row["model"], config):
        return ""
    size = abs(row["estimate"])
    told = [part for part in (_of_range(size, outcome, inputs), _of_change(size, outcome, inputs, config)) if part]
    return capitalise(", ".join(told))


def _of_range(size: float, outcome: str, inputs: Inputs) -> str:
    codebook = table_of(inputs, "codebook")
    found = codebook[codebook["variable"] == outcome] if len(codebook) else codebook
    if found.empty or pd.isna(found["low"].iloc[0]) or pd.isna(found["high"].iloc[0]):
        return ""
    low, high = float(found["low"].iloc[0]), float(found["high"].iloc[0])
    return f"{format_percent(size / (high - low))} of the range ({format_value(low)} to {format_value(high)})"


def _of_change(size: float, outcome: str, inputs: Inputs, config: Config) -> str:
    meanings = table_of(inputs, "meanings")
    meaning = meaning_of(outcome, meanings) if len(meanings) else None
    if meaning is None or not has_change(meaning):
        return ""
    share = size / float(meaning["change_value"])
    told = format_number(share, 2) if share >= _LEAST else "less than 0.01"
    return f"{told} of a reliable change ({describe_change(meaning, config)})"
