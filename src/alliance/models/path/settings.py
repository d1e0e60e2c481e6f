"""What a declaration of this family can say beside its diagram: how far the likelihood is explored, and what is looked at."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from alliance.config.declared import ModelSpec
from alliance.config.section import Name, Section
from alliance.errors import suggest
from alliance.facts.columns import LAG, THERAPIST, VARIABILITY
from alliance.facts.depths import DEPTHS, known_depth

_OF_MAXIMUM_LIKELIHOOD = ("bootstrap", "standard_errors")
_MOST_VARIABLE: Final = 2  # outcomes whose variability differs: nodes of quadrature grow with the power


class Bootstrap(Section):
    """Intervals from studies drawn with replacement, whole patients or whole therapists at a time."""

    level: Literal["patient", "therapist"] = "patient"
    samples: Annotated[int, Field(ge=100, le=100_000)] = 1000


class Surface(Section):
    """Two terms of an equation whose squares and product join them in it, see `alliance.models.design.surface`."""

    of: list[Name] = Field(min_length=2, max_length=2)
    to: Name


def _default_of_missing(declared: dict[str, Any]) -> Literal["fill", "drop"]:
    """Drop rows where nothing says how cells are drawn: beside residuals whose variance differs between patients, and of squares."""
    variable = any(equation.differs_in_variability for equation in declared.get("equations", {}).values())
    return "drop" if variable or declared.get("surface") is not None else "fill"


class Spec(ModelSpec):
    """A model of this family."""

    depth: Annotated[str, AfterValidator(known_depth)] = "nuts"  # how far the likelihood is explored
    standard_errors: Literal["information", "robust"] = "information"
    bootstrap: Bootstrap | None = None
    # Outcome -> how time is counted between its residuals, which then depend on the one before.
    autocorrelation: dict[Name, Literal["sessions", "days"]] = Field(default_factory=dict)
    # Outcome -> another outcome of the session -> correlation of their residuals that is held and not estimated.
    residual_correlations: dict[Name, dict[Name, Annotated[float, Field(gt=-1, lt=1)]]] = Field(default_factory=dict)
    surface: Surface | None = None  # congruence of two ratings as a response surface
    # Missing cells are unknowns of the model, or rows with one are left out.
    missing: Literal["fill", "drop"] = Field(default_factory=_default_of_missing)
    # Fit the model with trends of patients beside it, where an outcome is predicted by its own past.
    trends: bool = True
    influence: bool = False  # leave out each patient and each therapist in turn
    contrasts: Name | None = None  # models with the same word are compared with each other
    random_effects: bool = False  # effects of single patients, without ids
    # Columns that tell the sites of patients apart, all but one: each site is fitted alone too, and what they say is put together.
    pooled_over: list[Name] = Field(default_factory=list)
    fewest_therapists: Annotated[int, Field(ge=3)] = (
        3  # of effects that vary between them; with fewer the model is refused
    )

    @model_validator(mode="after")
    def _posteriors_need_no_standard_errors(self) -> Self:
        if DEPTHS[self.depth].posterior:
            for key in _OF_MAXIMUM_LIKELIHOOD:
                if getattr(self, key) != type(self).model_fields[key].default:
                    raise ValueError(f"'{key}' is for maximum likelihood; set 'depth: ml' or remove '{key}'")
        return self

    @model_validator(mode="after")
    def _sites_are_small_studies(self) -> Self:
        if self.pooled_over and (DEPTHS[self.depth].posterior or self.missing == "fill"):
            raise ValueError(
                "'pooled_over' fits each site alone, by maximum likelihood and from complete rows: write 'depth: ml' and 'missing: drop' "
                "beside it, or remove it"
            )
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
                    what = (
                        "with itself; remove the line"
                        if other == one
                        else f"and '{other}' twice; remove one of the two"
                    )
                    raise ValueError(f"'residual_correlations' names '{one}' {what}")
                seen.add(frozenset((one, other)))
                lasting = [name for name in (one, other) if name in self.autocorrelation]
                if lasting:
                    raise ValueError(
                        f"residuals of '{lasting[0]}' cannot depend on the one before ('autocorrelation') and on those of another outcome "
                        f"('residual_correlations'); remove one of the two lines"
                    )
        return self

    @model_validator(mode="after")
    def _surface_is_of_two_predictors(self) -> Self:
        if self.surface is None:
            return self
        one, other = self.surface.of
        if self.surface.to not in self.equations:
            raise ValueError(
                f"'surface.to' names '{self.surface.to}', which has no equation.{suggest(self.surface.to, self.equations)} Outcomes: "
                f"{', '.join(self.equations)}"
            )
        on = self.equations[self.surface.to].on
        for term in (one, other):
            if term not in on or term in self.products or term in self.bases:
                raise ValueError(
                    f"'surface.of' names '{term}', which is no measure among the predictors of '{self.surface.to}'.{suggest(term, on)} "
                    "Add it to 'on', or name two that are there"
                )
        if one == other:
            raise ValueError(f"'surface.of' names '{one}' twice; name the ratings of two raters")
        if self.missing == "fill":
            raise ValueError(
                "values that are filled in have no squares yet, which 'surface' needs. Write 'missing: drop', which leaves out rows that "
                "need a missing value, or remove 'surface'"
            )
        return self

    @model_validator(mode="after")
    def _variability_stands_alone(self) -> Self:
        variable = self.variable_outcomes
        if not variable:
            return self
        place = f"'{VARIABILITY}' varies in the equation of '{variable[0]}'"
        without = f"take '{VARIABILITY}' out of 'vary'"
        if len(variable) > _MOST_VARIABLE:
            raise ValueError(
                f"'{VARIABILITY}' varies in {len(variable)} equations ({', '.join(variable)}), which is computed for {_MOST_VARIABLE} at "
                f"most; keep it where the question is about it"
            )
        by_therapist = [outcome for outcome, equation in self.equations.items() if equation.vary.get(THERAPIST)]
        if by_therapist:
            raise ValueError(
                f"{place}, and effects vary by therapist in that of '{by_therapist[0]}'; nothing computes the two together. Remove "
                f"'{THERAPIST}' from 'vary', so that differences between therapists count as differences between patients, or {without}"
            )
        if self.autocorrelation:
            raise ValueError(
                f"{place}, and residuals of '{next(iter(self.autocorrelation))}' depend on the one before ('autocorrelation'); nothing "
                f"computes the two together. Remove 'autocorrelation' and let the outcome's own past predict it, or {without}"
            )
        if self.residual_correlations:
            raise ValueError(
                f"{place}, and 'residual_correlations' hold a correlation of residuals; nothing computes the two together. Remove "
                f"'residual_correlations', or {without}"
            )
        if self.missing == "fill":
            raise ValueError(
                f"{place}, and values are filled in for residuals that vary alike only. Write 'missing: drop', which leaves out rows that "
                f"need a missing value, or {without}"
            )
        if self.random_effects:
            raise ValueError(
                f"{place}, and effects of single patients are drawn for residuals that vary alike only. Remove 'random_effects', or "
                f"{without}"
            )
        return self
