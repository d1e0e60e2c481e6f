"""Settings of models without a path diagram."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from alliance.config.declared import ModelSpec
from alliance.config.section import Name
from alliance.errors import suggest
from alliance.facts.analyses import ANALYSES, Option


class Spec(ModelSpec):
    """A model of this family.

    ``by``: the units that samples are drawn from; null: therapists where every patient has one, and patients otherwise.
    """

    samples: Annotated[int, Field(ge=200, le=100_000)] = 1000
    by: Literal["patient", "therapist"] | None = None
    options: dict[Name, Option] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _options_are_those_of_the_analysis(self) -> Self:
        known = ANALYSES[self.analysis].options
        for name, value in self.options.items():
            if name not in known:
                listed = ", ".join(known) or "none"
                raise ValueError(
                    f"options: the analysis '{self.analysis}' has no option '{name}'.{suggest(name, known)} Known: {listed}"
                )
            if not _is_like(value, known[name]):
                raise ValueError(
                    f"options.{name}: {value!r} is not of the kind of {known[name]!r}, which holds where nothing is said"
                )
        return self

    def option(self, name: str) -> Option:
        """Return the value of an option, or the one that holds where nothing is said."""
        return self.options.get(name, ANALYSES[self.analysis].options[name])


def _is_like(value: Option, other: Option) -> bool:
    if isinstance(other, float) and not isinstance(value, bool):
        return isinstance(value, int | float)
    return type(value) is type(other)
