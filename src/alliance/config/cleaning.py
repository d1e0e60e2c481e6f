"""Settings of cleaning: which rules there are, and how much of the data each of them may touch."""

from typing import Annotated, Literal

from pydantic import Field

from alliance.config.conditions import Conditions
from alliance.config.section import Code, Section, Text


class Ids(Section):
    """How ids are made comparable between tables."""

    strip: bool
    fold_case: bool
    strip_leading_zeros: bool
    # Whether marks, blanks inside and kinds of letters count (K-17, K17, an id with a Cyrillic K): true takes ids that look alike for
    # the same, false for different ones; null stops where there are such.
    fold_marks: bool | None = None


class Duplicates(Section):
    """Rows with the same patient and session."""

    identical: Literal["drop", "stop"]
    conflicting: Literal["keep_most_complete", "drop_all", "join", "stop"]


class Exclude(Section):
    """Patients and sessions a team leaves out on purpose: ids as in the export, and rows for which any of the conditions holds."""

    patients: list[Text] = Field(default_factory=list)
    # Variable (or session) -> labels or values, or {above:, below:}; of a patient's or therapist's variable all their sessions
    where: Conditions = Field(default_factory=dict)


Share = Annotated[float, Field(ge=0, le=1)]


class LargestShare(Section):
    """Largest share of rows, cells or patients that a cleaning rule may touch: above it the run stops.

    A rule for single mistakes that touches more is at work on something else: two courses of a patient, two patients of one id,
    two raters as rows, a wrong key. Rules that do what somebody declared about these data may touch everything.
    """

    ids: Share = 0.05  # cells of an id column that are spelled otherwise than usual
    labels: Share = 1.0  # cells with blanks around a label: nothing is lost
    missing_codes: Share = 1.0  # cells: declared by whoever knows the data
    out_of_range: Share = 0.02  # answers of one measure
    later_episodes: Share = 1.0  # rows: declared by whoever knows the data
    empty_rows: Share = 1.0  # rows: they hold nothing
    exclude: Share = 1.0  # rows: named one by one
    orphans: Share = 0.05  # rows
    therapist_change: Share = 0.05  # rows
    duplicates_identical: Share = 0.05  # rows of sessions; in other tables nothing is lost by them
    duplicates_conflicting: Share = 0.05  # rows
    minimum_sessions: Share = 0.5  # patients


class Cleaning(Section):
    """Declared rules; each reports how many rows or cells it touched, and may touch no more than its `largest_share`."""

    ids: Ids
    missing_codes: list[Code]
    # Set where an overlay names data of its own and no codes: then nobody said that these codes mean "missing" in these data.
    missing_codes_inherited: bool = False
    duplicates: Duplicates
    out_of_range: Literal["set_missing", "stop"]
    orphans: Literal["drop", "stop"]
    therapist_change: Literal["first", "most_sessions", "keep", "stop"]
    minimum_sessions: Annotated[int, Field(ge=1, le=1000)]
    exclude: Exclude = Exclude()
    # Rows for which all of these conditions hold are kept, and no others: a subgroup
    only: Conditions = Field(default_factory=dict)
    # A pause of more days between two sessions of a patient begins a new episode, of which only the first is kept
    new_episode_after_days: Annotated[float, Field(gt=0)] | None = None
    # Higher session numbers are errors and lower ones are not judged; null judges each by the patient's other numbers and dates
    largest_session: Annotated[int, Field(ge=1)] | None = None
    largest_share: LargestShare = LargestShare()
