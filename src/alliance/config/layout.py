"""How a file is laid out: how its dates are written, and what the columns of one with one row per patient are."""

import datetime
import re
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from alliance.config.patterns import fill, holes
from alliance.config.section import Section, Text

EXCEL_DAYS: Final = "excel"  # dates are the day numbers of a spreadsheet
_SOME_DAY = datetime.datetime(2024, 12, 24, 18, 30, tzinfo=datetime.UTC)


def _usable_date_format(written: str) -> str:
    if written == EXCEL_DAYS:
        return written
    example = f'write e.g. "%d.%m.%Y" for 24.12.2024, {EXCEL_DAYS} for day numbers of a spreadsheet, or leave it out for 2024-12-24'
    if "%" not in written:
        raise ValueError(f"'{written}' does not say where day, month and year stand; {example}")
    try:
        datetime.datetime.strptime(_SOME_DAY.strftime(written), written)
    except (ValueError, re.error):
        raise ValueError(f"no date can be read as '{written}'; {example}") from None
    return written


DateFormat = Annotated[str, AfterValidator(_usable_date_format)]


class Wide(Section):
    """How a file with one row per patient is turned into one row per session."""

    # New column -> pattern with {session} ({session:02d} with leading zeros), e.g. bdi: "bdi_s{session}", or one column for each of
    # the sessions, null where there is none. With {item} in both, one column for each item: "phq_{item}": "phq{item}_s{session}".
    columns: dict[Text, Text | list[Text | None]]
    sessions: list[int] = Field(min_length=1, max_length=1000)

    @model_validator(mode="after")
    def _patterns_name_the_session(self) -> Self:
        for column, pattern in self.columns.items():
            if isinstance(pattern, list):
                if len(pattern) != len(self.sessions):
                    raise ValueError(
                        f"'{column}' must list one column for each of the {len(self.sessions)} sessions, but lists {len(pattern)}"
                    )
                given = [name for name in pattern if name is not None]
                if len(set(given)) < len(given):
                    raise ValueError(
                        f"'{column}' names a column at two sessions; each session has a column of its own, or null"
                    )
            elif holes(pattern, "session") != 1:
                raise ValueError(f"the pattern of '{column}' must contain {{session}} once, but is '{pattern}'")
            for name in self.names(column):
                if name is not None and holes(name, "item") != holes(column, "item"):
                    raise ValueError(f"'{column}' and '{name}' must both contain {{item}} once, or neither of them")
        return self

    def names(self, column: str) -> list[str | None]:
        """Return the file's column at each session, None where there is none."""
        pattern = self.columns[column]
        if isinstance(pattern, list):
            return list(pattern)
        return [fill(pattern, session=session) for session in self.sessions]
