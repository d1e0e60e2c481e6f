"""Settings of the example study: its world, clinics, calendar, items and dirt. Values and comments live in `config/example_study.yaml`."""

from pydantic import Field

from alliance.config.section import Section
from alliance.worlds.missing import Share
from alliance.worlds.settings import Count, Spread, World


class Items(Section):
    """Standard deviations of items around their share of the total."""

    wai_stable_sd: Spread
    wai_session_sd: Spread
    wai_scale_sd: Spread
    phq_stable_sd: Spread
    phq_session_sd: Spread


class Dirt(Section):
    """How much of each kind of dirt the export holds."""

    missing_codes: Count
    blanks: Count
    out_of_range: Count
    patient_missing_codes: Count
    patient_blanks: Count
    patient_out_of_range: Count
    identical_duplicates: Count
    conflicting_duplicates: Count
    orphan_rows: Count
    therapist_changes: Count
    id_blanks: Count
    id_case: Count
    id_zeros: Count


class Synchrony(Section):
    """A signal of each session, in percent of its time."""

    mean: float
    patient_sd: Spread
    sd: Spread  # of what neither the alliance before nor that of the session explains
    follows: float  # points per point by which the alliance of the session before lies above its centre
    shows: float  # points per point by which the alliance of the session turns out above what was to be expected


class ExampleStudy(World):
    """Everything that determines the example study."""

    clinics: list[str] = Field(min_length=1)
    pause: Share  # chance of a pause of four to six weeks before a session
    items: Items
    synchrony: Synchrony
    dirt: Dirt
