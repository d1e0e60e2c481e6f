"""What a declaration of this family can say beside its diagram: how far the likelihood is explored, and what is looked at."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from alliance.config.declared import ModelSpec
from alliance.config.section import Name, Section
from alliance.errors import suggest
from alliance.facts.columns import LAG
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
    # Outcome -> how time is counted between its residuals, which then depend on the one before.
    autocorrelation: dict[Name, Literal["sessions", "days"]] = Field(default_factory=dict)
    # Outcome -> another outcome of the session -> correlation of their residuals that is held and not estimated.
    residual_correlations: dict[Name, dict[Name, Annotated[float, Field(gt=-1, lt=1)]]] = Field(default_factory=dict)
    missing: Literal["fill", "drop"] = "fill"  # missing cells are unknowns of the model, or rows with one are left out
    # Fit the model with trends of patients beside it, where an outcome is predicted by its own past.
    trends: bool = True
    influence: bool = False  # leave out each patient and each therapist in turn
    random_effects: bool = False  # effects of single patients, without ids

    @model_validator(mode="after")
    def _posteriors_need_no_standard_errors(self) -> Self:
        if DEPTHS[self.depth].posterior:
            for key in _OF_MAXIMUM_LIKELIHOOD:
                if getattr(self, key) != type(self).model_fields[key].default:
                    raise ValueError(f"'{key}' is for maximum likelihood; set 'depth: ml' or remove '{key}'")
        return self

    @model_validator(mode="after")
    def _autocorrelation_is_of_outcomes_without_a_past(self) -> Self:
        for outcome in self.autocorrelation:
            if outcome not in self.equations:
                raise ValueError(
                    f"'autocorrelation' names '{outcome}', which has no equation.{suggest(outcome, self.equations)} "
                    f"Outcomes: {', '.join(self.equations)}"
                )
            past = f"{outcome}{LAG}"
            if any(past in self.columns_behind(term) for term in self.equations[outcome].on):
                raise ValueError(
                    f"'autocorrelation' and '{past}' in the equation of '{outcome}' are two accounts of the same thing, which data hardly "
                    f"tell apart. Remove '{outcome}' from 'autocorrelation', or '{past}' from 'on'"
                )
        return self

    @model_validator(mode="after")
    def _residual_correlations_are_of_two_outcomes(self) -> Self:
        seen: set[frozenset[str]] = set()
        for one, others in self.residual_correlations.items():
            for other in (one, *others):
                if other not in self.equations:
                    raise ValueError(
                        f"'residual_correlations' names '{other}', which has no equation.{suggest(other, self.equations)} "
                        f"Outcomes: {', '.join(self.equations)}"
                    )
            for other in others:
                if other == one or frozenset((one, other)) in seen:
                    what = "with itself" if other == one else f"and '{other}' twice"
                    raise ValueError(f"'residual_correlations' names '{one}' {what}; remove one of the two")
                seen.add(frozenset((one, other)))
                lasting = [name for name in (one, other) if name in self.autocorrelation]
                if lasting:
                    raise ValueError(
                        f"residuals of '{lasting[0]}' cannot depend on the one before ('autocorrelation') and on those of another outcome "
                        f"('residual_correlations'); remove one of the two lines"
                    )
        return self
