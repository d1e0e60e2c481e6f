"""What stands on which page of a run, in which order."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

import yaml

# Page -> its file in the folder of a run.
PAGES: Final = {"report": "report.html", "supplement": "supplement.html"}


@cache
def read_sections() -> tuple[Mapping[str, Any], ...]:
    """Return the sections declared in `sections.yaml`."""
    text = resources.files("alliance.report.page").joinpath("sections.yaml").read_text(encoding="utf-8")
    return parse_sections(text)


def parse_sections(text: str) -> tuple[Mapping[str, Any], ...]:
    """Return declared sections.

    Raises
    ------
    ValueError
        An entry names a page that does not exist.
    """
    sections: list[Mapping[str, Any]] = yaml.safe_load(text)
    for section in sections:
        if section["page"] not in PAGES:
            raise ValueError(f"sections.yaml, section '{section['id']}': there is no page '{section['page']}'")
    return tuple(sections)
