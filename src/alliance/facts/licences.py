"""Licences under which results and data may be passed on, by their SPDX names."""

from dataclasses import dataclass
from typing import Final

from alliance.facts.registry import Registry


@dataclass(frozen=True)
class Licence:
    """A licence, as people and archives know it.

    Parameters
    ----------
    name
        Its SPDX name.
    title
        Its name in words.
    address
        Where its text stands.
    """

    name: str
    title: str
    address: str


def _creative(terms: str, title: str) -> Licence:
    return Licence(
        f"CC-{terms.upper()}-4.0",
        f"Creative Commons {title} 4.0 International",
        f"https://creativecommons.org/licenses/{terms}/4.0/",
    )


LICENCES: Final = Registry(
    Licence("CC0-1.0", "Creative Commons Zero 1.0 Universal", "https://creativecommons.org/publicdomain/zero/1.0/"),
    _creative("by", "Attribution"),
    _creative("by-sa", "Attribution-ShareAlike"),
    _creative("by-nc", "Attribution-NonCommercial"),
    _creative("by-nc-sa", "Attribution-NonCommercial-ShareAlike"),
    _creative("by-nd", "Attribution-NoDerivatives"),
    _creative("by-nc-nd", "Attribution-NonCommercial-NoDerivatives"),
    Licence(
        "PDDL-1.0",
        "Open Data Commons Public Domain Dedication and License 1.0",
        "https://opendatacommons.org/licenses/pddl/1-0/",
    ),
    Licence("ODC-By-1.0", "Open Data Commons Attribution License 1.0", "https://opendatacommons.org/licenses/by/1-0/"),
    Licence(
        "ODbL-1.0", "Open Data Commons Open Database License 1.0", "https://opendatacommons.org/licenses/odbl/1-0/"
    ),
)

_UNDECLARED: Final = "No licence is declared for these results. Ask those who ran the analysis before you pass them on."


def say_licence(name: str | None) -> str:
    """Say in a sentence what may be done with results of a licence, or of none."""
    if name is None:
        return _UNDECLARED
    return f"These results may be used under {LICENCES[name].title} ({name}, {LICENCES[name].address})."
