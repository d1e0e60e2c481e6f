"""Settings of the recovery studies: types, ranges and meaning. Values and comments live in `config/recovery.yaml`."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from alliance.config import Equation, ModelSpec, merge_configs, read_yaml
from alliance.config.problems import explain
from alliance.config.schema import Name, Sampling, Section
from alliance.errors import ConfigError

Spread = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Correlation = Annotated[float, Field(gt=-1, lt=1)]
Count = Annotated[int, Field(ge=1)]


class Cause(Section):
    """Technique: a mean of its own for each therapist and patient, and independent deviations of sessions."""

    mean: float
    session_sd: Positive
    patient_sd: Spread
    therapist_sd: Spread


class AllianceEquation(Cause):
    """Alliance by technique; `slope_sd` is the spread of that slope between patients."""

    technique: float
    slope_sd: Spread


class SymptomsEquation(Cause):
    """Symptoms by alliance and technique; `slope_sd` is the spread of the slope of alliance between patients."""

    alliance: float
    technique: float
    slope_sd: Spread


class Intercepts(Section):
    """Correlations of the varying intercepts of one level."""

    alliance_technique: Correlation
    symptoms_technique: Correlation
    alliance_symptoms: Correlation


class PatientEffects(Intercepts):
    """Correlations of what varies between patients; `slopes` are those of alliance by technique and of symptoms by alliance."""

    slopes: Correlation


class Dynamics(Section):
    """Effects of the past, in dynamic designs: of alliance and symptoms on themselves, and of symptoms on the alliance."""

    alliance: Correlation
    symptoms: Correlation
    feedback: float


class Population(Section):
    """What the studies are drawn from."""

    technique: Cause
    alliance: AllianceEquation
    symptoms: SymptomsEquation
    patients: PatientEffects
    therapists: Intercepts
    dynamics: Dynamics


class Dropout(Section):
    """Who leaves: `share` of the patients before the last session; `symptoms` is the effect of the last symptoms seen on the logit."""

    share: Annotated[float, Field(ge=0, lt=1)]
    symptoms: float


class Design(Section):
    """Size of a study and the model behind it."""

    label: str
    patients: Annotated[int, Field(ge=20)]
    sessions: Annotated[int, Field(ge=3)]
    model: Literal["static", "dynamic"]


class Method(Section):
    """A family of models, how deep it looks, and how many studies of each design it is tried on."""

    label: str
    family: Name
    depth: Literal["ml", "laplace", "nuts"] | None = None
    equations: Name
    studies: Count
    per_job: Count


class Engine(Section):
    """An engine whose posteriors are calibrated, and on how many data sets."""

    label: str
    data_sets: Count
    per_job: Count


class Calibration(Section):
    """Size and equations of the data sets of the calibration, and what is concluded from the ranks."""

    patients: Annotated[int, Field(ge=10)]
    sessions: Annotated[int, Field(ge=2)]
    therapists: Annotated[int, Field(ge=3)]
    draws: Annotated[int, Field(ge=9)]
    equations: dict[Name, Equation]
    engines: dict[Literal["nuts", "laplace"], Engine]
    level: Annotated[float, Field(gt=0.5, lt=1)]


class StudySettings(Section):
    """Everything that determines the recovery studies, priors and limits of the diagnostics apart."""

    seed: Annotated[int, Field(ge=0)]
    population: Population
    dropout: Dropout
    patients_per_therapist: Count
    designs: dict[Name, Design]
    methods: dict[Name, Method]
    diagrams: dict[Literal["static", "dynamic"], dict[Name, dict[Name, Equation]]]
    monte_carlo_draws: Annotated[int, Field(ge=100)]
    sampling: Sampling

    @model_validator(mode="after")
    def _every_method_has_its_diagrams(self) -> Self:
        for model in dict.fromkeys(design.model for design in self.designs.values()):
            for name, method in self.methods.items():
                if method.equations not in self.diagrams.get(model, {}):
                    raise ValueError(f"methods.{name}.equations: there is no diagrams.{model}.{method.equations}")
        return self

    def spec(self, design: str, method: str) -> ModelSpec:
        """Return the model that a method fits to the studies of a design."""
        chosen = self.methods[method]
        declared: dict[str, Any] = {
            "label": chosen.label,
            "family": chosen.family,
            "equations": self.diagrams[self.designs[design].model][chosen.equations],
            "effects": {"from": "technique", "to": "symptoms"},
        }
        return ModelSpec.model_validate(declared | ({"depth": chosen.depth} if chosen.depth else {}))


class RecoverySettings(StudySettings):
    """The whole file: recovery studies and calibration."""

    calibration: Calibration


def read_settings(path: Path, changes: dict[str, Any] | None = None) -> RecoverySettings:
    """Read the settings of the recovery studies.

    Parameters
    ----------
    path
        A file such as ``config/recovery.yaml``.
    changes
        Settings that replace those of the file, nested alike.

    Raises
    ------
    ConfigError
        The file cannot be read, or a setting is unknown, missing or out of range.
    """
    try:
        return RecoverySettings.model_validate(merge_configs(read_yaml(path), changes or {}))
    except ValidationError as error:
        problems = explain(error, RecoverySettings, "the committed file is an example")
        raise ConfigError("\n  - ".join([f"{path} cannot be used:", *problems])) from None


def jobs_of(total: int, per_job: int) -> list[tuple[int, int]]:
    """Split numbers 0 .. total - 1 into jobs: first number, and the number after the last one."""
    return [(first, min(first + per_job, total)) for first in range(0, total, per_job)]
