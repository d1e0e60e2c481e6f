"""What a run gives away, and what it shows."""

from typing import Annotated

from pydantic import AfterValidator, Field

from alliance.config.section import Name, Section
from alliance.errors import suggest
from alliance.facts.licences import LICENCES


def _known_licence(name: str) -> str:
    if name not in LICENCES:
        raise ValueError(
            f"'{name}' is not a licence for results and data.{suggest(name, LICENCES)} Known: {', '.join(LICENCES)}"
        )
    return name


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
    watch: bool = False  # draw courses of single patients under their codes, for those who treat them
