"""How a file with one row per patient is laid out."""

from typing import Self

from pydantic import Field, model_validator

from alliance.config.patterns import fill, holes
from alliance.config.section import Section, Text


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
