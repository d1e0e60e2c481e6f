"""The errors a user can cause. Each message says what was found, where, and what to do.

Anything that is not an `AllianceError` is a defect of this project and keeps its traceback.
"""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any


class AllianceError(Exception):
    """Base of all errors that are shown to the user without a traceback."""


class ConfigError(AllianceError):
    """A configuration file holds something that cannot be used."""


class DataError(AllianceError):
    """A data file, or a value in it, cannot be used.

    Parameters
    ----------
    settings
        The settings of the table that the message asks for, where it is clear which.
    """

    def __init__(self, message: str, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.settings = dict(settings or {})


class InstrumentError(AllianceError):
    """An instrument file is wrong, or its key may not be used as it stands."""


class ModelError(AllianceError):
    """A model cannot be fitted to these data, or is not identified."""


def suggest(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the nearest known name, capitals or not, or an empty string."""
    names: dict[str, str] = {}
    for item in known:
        names.setdefault(str(item).casefold(), str(item))
    nearest = difflib.get_close_matches(str(name).casefold(), names, n=1, cutoff=0.6)
    return f" Did you mean '{names[nearest[0]]}'?" if nearest else ""
