"""What a run gives away, and what it shows."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from alliance.config.section import Label, Name, Section
from alliance.errors import suggest
from alliance.facts.licences import LICENCES


def _known_licence(name: str) -> str:
    if name not in LICENCES:
        raise ValueError(
            f"'{name}' is not a licence for results and data.{suggest(name, LICENCES)} Known: {', '.join(LICENCES)}"
        )
    return name


def _web_address(address: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+\.[^\s]+", address):
        raise ValueError(f"'{address}' is no address of a page. Write it whole, as in https://www.example.org")
    return address


class Institution(Section):
    """An institution, as archives and readers find it."""

    name: Label
    address: Annotated[str, AfterValidator(_web_address)]  # of its page


class Privacy(Section):
    """What may appear in the results."""

    original_ids: bool
    minimum_cell: Annotated[int, Field(ge=1)]
    single_patients: bool = False
    share_data: bool = (
        False  # write the clean tables as a data set for others, with cells protected that few patients share
    )
    # What somebody could know of a patient or a therapist from elsewhere; null: all of their tables but what was assigned at random.
    identifying: list[Name] | None = None


class Output(Section):
    """Which figures and tables are made, in which formats."""

    figures: list[Name]
    tables: list[Name]
    figure_dpi: Annotated[int, Field(ge=72, le=1200)]
    licence: Annotated[str, AfterValidator(_known_licence)] | None = None  # of the results, by its SPDX name
    publisher: Institution | None = None  # which ran the analysis and answers for its results
    watch: bool = False  # draw courses of single patients under their codes, for those who treat them
