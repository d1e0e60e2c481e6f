"""The parts of a questionnaire that are asked about: its subscales, and other readings of them, from the file of the instrument."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alliance.config.instruments import Instrument, read_instrument
from alliance.config.own import Parts
from alliance.errors import InstrumentError
from alliance.runs.instruments import INSTRUMENTS, instrument_files

_FEWEST = 2  # parts that can be compared


def parts_from(*roots: Path) -> Parts:
    """Return a function from the declaration of a variable to its parts; instruments lie below `roots`, the first of which counts.

    One that cannot be read, or whose subscales nobody has verified, brings none: what is wrong with it is told where it scores.
    """

    known = instrument_files(*(root / INSTRUMENTS for root in roots))

    def parts(variable: Mapping[str, Any]) -> list[list[str]]:
        key = variable.get("instrument")
        if variable.get("kind") != "scale" or not isinstance(key, str) or key not in known:
            return []
        try:
            instrument = read_instrument(known[key])
        except InstrumentError:
            return []
        verified = instrument.subscales_verified() or variable.get("instrument_confirmed") is True
        return readings_of(instrument) if verified else []

    return parts


def readings_of(instrument: Instrument) -> list[list[str]]:
    """List the ways to divide an instrument: its subscales, and these with some of them joined by each alternative reading."""
    joined = [
        [*(name for name in instrument.subscales if name not in parts), alternative]
        for alternative, parts in instrument.alternatives.items()
    ]
    return [reading for reading in (list(instrument.subscales), *joined) if len(reading) >= _FEWEST]
