"""What a declaration of this family can say beside its diagram: how far the likelihood is explored, and what is looked at."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from alliance.config.declared import ModelSpec
from alliance.config.section import Section
from alliance.facts.depths import DEPTHS, known_depth

_OF_MAXIMUM_LIKELIHOOD = ("bootstrap", "standard_errors")


class Bootstrap(Section):
    """Intervals from studies drawn with replacement, whole patients or whole therapists at a time."""

    level: Literal["patient", "therapist"] = "patient"
    samples: Annotated[int, Field(ge=100, le=100_000)] = 1000


class Spec(ModelSpec):
    """A model of this family."""

    depth: Annotated[str, AfterValidator(known_depth)] = "nuts"  # how far the likelihood is explored
    standard_errors: Literal["information", "robust"] = "information"
    bootstrap: Bootstrap | None = None
    missing: Literal["fill", "drop"] = "fill"  # missing cells are unknowns of the model, or rows with one are left out
    trends: bool = (
        True  # fit the model with trends of patients beside it, where an outcome is predicted by its own past
    )
    influence: bool = False  # leave out each patient and each therapist in turn
    random_effects: bool = False  # effects of single patients, without ids

    @model_validator(mode="after")
    def _posteriors_need_no_standard_errors(self) -> Self:
        if DEPTHS[self.depth].posterior:
            for key in _OF_MAXIMUM_LIKELIHOOD:
                if getattr(self, key) != type(self).model_fields[key].default:
                    raise ValueError(f"'{key}' is for maximum likelihood; set 'depth: ml' or remove '{key}'")
        return self
