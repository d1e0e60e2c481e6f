"""Settings of what certifies the engines: types, ranges and meaning. Values and comments live in `config/recovery.yaml`."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from alliance.config import Equation, ModelSpec, merge_configs
from alliance.config.initial import with_initial_values
from alliance.config.schema import Sampling
from alliance.config.section import Name, Section
from alliance.errors import suggest
from alliance.facts.depths import known_depth
from alliance.worlds.settings import World

Count = Annotated[int, Field(ge=1)]


class Design(Section):
    """A world that studies are drawn from, and what is changed in it."""

    label: str
    world: Name
    change: dict[str, Any]  # settings of the world that are replaced, nested alike


class Method(Section):
    """A family of models, how deep it looks, and how many studies of each design it is tried on.

    Methods of an earlier `turn` come first, those of the same turn side by side. Without `designs` it is tried on all of them.
    """

    label: str
    family: Name
    depth: Annotated[str, AfterValidator(known_depth)] | None = None
    diagram: Name
    studies: Count
    per_job: Count
    turn: Count = 1
    designs: list[Name] | None = None


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


class Recovery(Section):
    """Everything that determines the recovery studies, priors and limits of the diagnostics apart."""

    seed: Annotated[int, Field(ge=0)]
    worlds: dict[Name, World]
    designs: dict[Name, Design]
    methods: dict[Name, Method]
    diagrams: dict[Name, dict[Name, dict[str, Any]]]  # world -> who uses it -> settings of a model
    compared: list[str]  # effects, as in the table of estimates
    monte_carlo_draws: Annotated[int, Field(ge=100)]
    sampling: Sampling

    @model_validator(mode="after")
    def _every_design_has_its_world_and_every_method_its_model(self) -> Self:
        for name, design in self.designs.items():
            if design.world not in self.worlds:
                raise ValueError(f"designs.{name}.world: there is no worlds.{design.world}")
            self.world_of(name)
            for method, chosen in self.methods.items():
                if chosen.diagram not in self.diagrams.get(design.world, {}):
                    raise ValueError(
                        f"methods.{method}.diagram: there is no diagrams.{design.world}.{chosen.diagram}, which design '{name}' needs"
                    )
                self.spec_of(name, method)
        for method, chosen in self.methods.items():
            for name in chosen.designs or []:
                if name not in self.designs:
                    raise ValueError(
                        f"methods.{method}.designs: there is no designs.{name}.{suggest(name, self.designs)}"
                    )
        return self

    def world_of(self, design: str) -> World:
        """Return the world of a design."""
        chosen = self.designs[design]
        whole = self.worlds[chosen.world].model_dump(exclude_unset=True)
        return World.model_validate(merge_configs(whole, chosen.change))

    def spec_of(self, design: str, method: str) -> ModelSpec:
        """Return the model that a method fits to the studies of a design, completed as that of a user is."""
        chosen = self.methods[method]
        diagram = self.diagrams[self.designs[design].world][chosen.diagram]
        depth = {"depth": chosen.depth} if chosen.depth else {}
        declared = ModelSpec.model_validate({"label": chosen.label, "family": chosen.family, **diagram, **depth})
        return with_initial_values(declared)

    def used_by(self, design: str, method: str) -> dict[str, Any]:
        """Return the settings that studies of one design, fitted by one method, depend on, as plain values."""
        chosen, drawn = self.methods[method], self.designs[design]
        return {
            "seed": self.seed,
            "design": design,
            "world": self.world_of(design).model_dump(mode="json"),
            "model": self.diagrams[drawn.world][chosen.diagram],
            "method": [method, chosen.family, chosen.depth],
            "compared": self.compared,
            "monte_carlo_draws": self.monte_carlo_draws,
            "sampling": self.sampling.model_dump(mode="json"),
        }


class Certification(Recovery):
    """The whole file: recovery and calibration."""

    calibration: Calibration


def jobs_of(total: int, per_job: int) -> list[tuple[int, int]]:
    """Split numbers 0 .. total - 1 into jobs: first number, and the number after the last one."""
    return [(first, min(first + per_job, total)) for first in range(0, total, per_job)]
