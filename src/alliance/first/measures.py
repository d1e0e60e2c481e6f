"""What a recognised measure is called in the overlay, and when it is taken to be measured."""

import re
from dataclasses import dataclass
from typing import Any

from alliance.config.instruments import Instrument
from alliance.config.names import OWN_NAMES
from alliance.facts.columns import ENDINGS
from alliance.first.draft import Draft, Sureness
from alliance.first.table import Column
from alliance.first.words import ALLIANCE, BETTER, OUTCOME, tokens

ALLIANCE_NAME, OUTCOME_NAME = "alliance", "symptoms"
_LONGEST = 50


@dataclass(frozen=True, eq=False)
class Measure:
    """A measure of sessions that was recognised.

    Parameters
    ----------
    settings
        What its variable says, without `measured` and `higher_is`.
    shown
        Its columns, for people.
    """

    instrument: Instrument | None
    settings: dict[str, Any]
    sureness: Sureness
    shown: str
    evidence: str
    rater: str
    columns: tuple[Column, ...]
    named: str = ""  # the column, for a measure that no instrument names
    codes: tuple[float, ...] = ()  # numbers outside the range that look like codes for "missing"


def instrument_words(instrument: Instrument) -> set[str]:
    """Return the words by which an instrument is recognised in names of columns: of wai_sr these are wai, waisr."""
    stem, *rest = instrument.key.split("_")
    return {stem, stem + "".join(part for part in rest if not part.isdigit())}


def add_measure(draft: Draft, measure: Measure) -> None:
    """Add a variable for a measure: the first one of the alliance is called alliance, the first one of symptoms symptoms.

    The alliance is taken to be rated after a session and symptoms before it; that is an assumption, and is said.
    """
    process = is_process(measure)
    wanted = ALLIANCE_NAME if process else OUTCOME_NAME
    plain = measure.rater == "patient" and wanted not in draft.variables and role_of(measure) is not None
    name = wanted if plain else _name(draft, measure)
    worse = measure.instrument.higher_is if measure.instrument else _direction(measure)
    variable = dict(measure.settings)
    variable["measured"] = "after" if process else "before"
    if worse is not None:
        variable["higher_is"] = worse
    if measure.instrument is not None and not plain:
        variable["label"] = _label(draft, measure)
    draft.variables[name] = variable
    for column in measure.columns:
        draft.words += [word for word in column.words if word not in draft.words]
        draft.codes += [code for code in (*column.codes, *measure.codes) if code not in draft.codes]
    draft.say(f"variables.{name}", f"{name}: {measure.shown}", measure.sureness, measure.evidence)


def role_of(measure: Measure) -> str | None:
    """Return which of the two roles of the ready-made model a measure can play by its name or instrument, if any."""
    if measure.instrument is not None:
        return ALLIANCE_NAME if measure.instrument.higher_is == "better" else OUTCOME_NAME
    words = set(tokens(measure.named))
    return ALLIANCE_NAME if words & ALLIANCE else OUTCOME_NAME if words & OUTCOME else None


def is_process(measure: Measure) -> bool:
    """Whether a measure is of what happens in sessions, as the alliance, instead of an outcome."""
    return role_of(measure) == ALLIANCE_NAME


def _direction(measure: Measure) -> str | None:
    words = set(tokens(measure.named))
    if words & (ALLIANCE | BETTER):
        return "better"
    return "worse" if words & OUTCOME else None


def _name(draft: Draft, measure: Measure) -> str:
    base = measure.instrument.key if measure.instrument else measure.named
    if measure.rater != "patient":
        base = f"{role_of(measure) or base}_{measure.rater}"
    name = re.sub(r"[^a-z0-9]+", "_", base.casefold()).strip("_")[:_LONGEST] or "measure"
    name = name if name[0].isalpha() else f"measure_{name}"
    while name in draft.variables or name in OWN_NAMES or name.endswith(ENDINGS):
        name = f"{name}_rated"
    return name


def _label(draft: Draft, measure: Measure) -> str:
    assert measure.instrument is not None
    label = measure.instrument.name + (f", rated by the {measure.rater}" if measure.rater != "patient" else "")
    taken = {str(variable.get("label", name)) for name, variable in draft.variables.items()}
    return label if label not in taken else f"{label} ({len(taken)})"
