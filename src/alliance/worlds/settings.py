"""Settings of a simulated study: types, ranges and meaning. Values and comments live in `config/example_study.yaml`."""

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, model_validator

from alliance.config import merge_configs, read_yaml
from alliance.config.problems import explain
from alliance.config.schema import Section
from alliance.errors import ConfigError

Share = Annotated[float, Field(ge=0, le=1)]
Spread = Annotated[float, Field(ge=0)]
Correlation = Annotated[float, Field(gt=-1, lt=1)]
Count = Annotated[int, Field(ge=0)]


class Size(Section):
    """How many patients, therapists, clinics and sessions."""

    patients: Annotated[int, Field(ge=2, le=9000)]
    therapists: Annotated[int, Field(ge=1, le=990)]
    clinics: list[str] = Field(min_length=1)
    sessions: Annotated[int, Field(ge=2, le=60)]
    planned: dict[Annotated[int, Field(ge=1)], Share]

    @model_validator(mode="after")
    def _planned_shares_add_up(self) -> Self:
        if abs(sum(self.planned.values()) - 1) > 1e-9:
            raise ValueError(
                f"the shares under 'planned' must add up to 1, but add up to {sum(self.planned.values()):g}"
            )
        return self


class Technique(Section):
    """The exposure: a mean of its own for each therapist and patient, and independent deviations of sessions."""

    mean: float
    patient_sd: Spread
    therapist_sd: Spread
    session_sd: Spread
    centre: float


class AllianceEquation(Section):
    """Alliance after a session."""

    start: float
    intercept: float
    technique: float
    symptoms: float
    autoregression: Correlation
    arm: float
    straining: float
    engagement: float
    session: float
    residual_sd: Spread
    centre: float


class SymptomsEquation(Section):
    """Symptoms before the next session."""

    start: float
    start_sd: Spread
    intercept: float
    alliance: float
    technique: float
    autoregression: Correlation
    arm: float
    homework: float
    session: float
    residual_sd: Spread
    centre: float


class PatientEffects(Section):
    """Stable differences between patients of one therapist; slopes are independent of intercepts at the centres."""

    alliance_sd: Spread
    symptoms_sd: Spread
    technique_slope_sd: Spread
    alliance_slope_sd: Spread
    slopes_correlation: Correlation
    alliance_symptoms: Correlation
    alliance_technique: Correlation
    symptoms_technique: Correlation


class TherapistEffects(Section):
    """Stable differences between therapists."""

    alliance_sd: Spread
    symptoms_sd: Spread
    alliance_symptoms: Correlation
    alliance_technique: Correlation
    symptoms_technique: Correlation


class Ruptures(Section):
    """Sudden drops of the alliance in one session."""

    probability: Annotated[float, Field(gt=0, lt=1)]
    straining: float
    unrepaired_drop: Spread
    repaired_drop: Spread


class Attendance(Section):
    """Dropout depends on the observed scores only; skipped sessions and pauses depend on nothing."""

    dropout: Annotated[float, Field(gt=0, lt=1)]
    dropout_symptoms: float
    dropout_alliance: float
    skipped: Share
    pause: Share


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


class StudySettings(Section):
    """Everything that determines a simulated study."""

    seed: Count
    size: Size
    technique: Technique
    alliance: AllianceEquation
    symptoms: SymptomsEquation
    patients: PatientEffects
    therapists: TherapistEffects
    ruptures: Ruptures
    attendance: Attendance
    items: Items
    dirt: Dirt


def read_settings(path: Path, changes: dict[str, Any] | None = None) -> StudySettings:
    """Read the settings of a simulated study.

    Parameters
    ----------
    path
        A file such as ``config/example_study.yaml``.
    changes
        Settings that replace those of the file, nested alike, e.g. ``{"seed": 1, "size": {"patients": 60}}``.

    Raises
    ------
    ConfigError
        The file cannot be read, or a setting is unknown, missing or out of range.
    """
    try:
        return StudySettings.model_validate(merge_configs(read_yaml(path), changes or {}))
    except ValidationError as error:
        problems = explain(error, StudySettings, "the committed file is an example")
        raise ConfigError("\n  - ".join([f"{path} cannot be used:", *problems])) from None
