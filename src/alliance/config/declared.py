"""How a model is declared: a path diagram or another analysis of named variables, and what its family lets it say."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Annotated, Any, Literal, Self, cast

from pydantic import ConfigDict, Field, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from alliance.config.section import Label, Name, Reason, Section
from alliance.errors import suggest
from alliance.facts.analyses import ANALYSES, DESCRIPTIVE, PATH
from alliance.facts.columns import PATIENT, VARIABILITY
from alliance.facts.families import FAMILIES


class Equation(Section):
    """One endogenous variable: fixed predictors, and those whose effect varies between patients or therapists.

    ``variability`` among what varies by patient: how far the outcome lies from what the equation expects differs between patients.
    """

    on: list[Name]
    vary: dict[Literal["patient", "therapist"], list[Name]] = Field(default={"patient": ["intercept"]})

    @model_validator(mode="after")
    def _varying_effects_are_predictors(self) -> Self:
        for level, names in self.vary.items():
            if VARIABILITY in names and level != PATIENT:
                raise ValueError(
                    f"'{VARIABILITY}' can differ between patients only; take it out of 'vary.{level}', or write it under 'vary.{PATIENT}'"
                )
            for name in names:
                if name not in ("intercept", VARIABILITY, *self.on):
                    raise ValueError(
                        f"'{name}' varies by {level} but is not among the predictors in 'on'; add it there, or take it out of 'vary'"
                    )
            if names and "intercept" not in names:
                raise ValueError(
                    f"effects that vary by {level} need the intercept to vary by {level} too; add 'intercept'"
                )
            if names.count(VARIABILITY) > 1:
                raise ValueError(f"'{VARIABILITY}' is named twice in 'vary.{level}'; remove one")
        if len(set(self.on)) != len(self.on):
            raise ValueError(f"a predictor is named twice in 'on': {', '.join(self.on)}; remove one")
        return self

    @property
    def differs_in_variability(self) -> bool:
        """Whether the residual variance differs between patients."""
        return VARIABILITY in self.vary.get(PATIENT, [])


class Effects(Section):
    """Which effect of the diagram is reported; every path between the two is derived."""

    model_config = ConfigDict(populate_by_name=True)
    source: Name = Field(alias="from")
    target: Name = Field(alias="to")


class Basis(Section):
    """A smooth of time: the columns that stand for it in an equation, made from the rows of that equation."""

    of: Literal["session", "weeks"]
    kind: Literal["polynomial", "natural_spline", "log", "each"]
    df: Annotated[int, Field(ge=1, le=10)] | None = None  # number of columns of a polynomial (its degree) or spline

    @model_validator(mode="after")
    def _columns_are_counted_where_they_can_be(self) -> Self:
        smallest = {"polynomial": 1, "natural_spline": 2}.get(self.kind)
        if smallest is None and self.df is not None:
            raise ValueError(f"'df' belongs to polynomial and natural_spline; '{self.kind}' has its own. Remove it")
        if smallest is not None and (self.df is None or self.df < smallest):
            raise ValueError(f"a basis of kind '{self.kind}' needs 'df', a number of columns from {smallest} to 10")
        if self.kind == "each" and self.of != "session":
            raise ValueError("'each' gives one effect per session number, so it must be 'of: session'")
        return self


_OF_JOINT_MODELS = ("products", "bases", "further_effects")


def spec_class(family: str) -> type["ModelSpec"]:
    """Return the model of settings that reads the declarations of a family."""
    package = FAMILIES[family].package
    found: type[ModelSpec] = import_module(f"{package}.settings").Spec if FAMILIES[family].has_settings else ModelSpec
    return found


def _refuse(family: str, key: str, others: Iterable[str]) -> str:
    return f"family '{family}' has no '{key}'; remove it, or use family {' or '.join(others)}"


def _unknown_family(family: str) -> ValidationError:
    said = f"there is no family '{family}'.{suggest(family, FAMILIES)} Known families: {', '.join(FAMILIES)}"
    problem = PydanticCustomError("unknown_family", "{said}", {"said": said})
    return ValidationError.from_exception_data("ModelSpec", [{"type": problem, "loc": ("family",), "input": family}])


class ModelSpec(Section):
    """A model: a path diagram, or another analysis (`alliance.facts.analyses`) of named variables.

    Settings of a family's own are fields of a subclass (`spec_class`); declarations are validated as a `ModelSpec` and come out as one
    of their family.
    """

    label: Label
    family: Name
    analysis: Name = PATH
    variables: list[Name] = Field(default_factory=list)
    equations: dict[Name, Equation] = Field(default_factory=dict)
    effects: Effects | None = None
    further_effects: list[Effects] = Field(default_factory=list)  # more causes and outcomes of the same equations
    # Name of a product -> its two factors, and of a basis -> a smooth of time; the name is then a term.
    products: dict[Name, list[Name]] = Field(default_factory=dict)
    bases: dict[Name, Basis] = Field(default_factory=dict)
    direction: Literal["forward", "reverse"] = "forward"
    time_order_signed_off: Reason | None = None  # reason why a path against the order of measurement is accepted
    discrete_signed_off: Reason | None = (
        None  # reason why a yes/no outcome or a count is taken for one with normal residuals
    )

    initial_values_signed_off: Reason | None = (
        None  # reason why lagged outcomes bring no initial values into the equations
    )

    @model_validator(mode="wrap")
    @classmethod
    def _is_read_by_its_family(cls, declared: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Hand a declaration to the settings model of its family; a setting of other families may stand there if it says nothing."""
        if cls is not ModelSpec or not isinstance(declared, Mapping) or not isinstance(declared.get("family"), str):
            return handler(declared)
        family = declared["family"]
        if family not in FAMILIES:
            raise _unknown_family(family)
        kind, kept = spec_class(family), dict(declared)
        others = {name: spec_class(name).model_fields for name in FAMILIES}
        for key in [key for key in declared if key not in kind.model_fields]:
            owners = {
                name: fields[key].get_default(call_default_factory=True, validated_data={})
                for name, fields in others.items()
                if key in fields
            }
            if any(declared[key] != nothing for nothing in owners.values()):
                raise ValueError(_refuse(family, key, owners))
            if owners:
                del kept[key]
        return handler(kept) if kind is cls else cast("Self", kind.model_validate(kept))

    @model_validator(mode="after")
    def _analysis_has_what_it_needs(self) -> Self:
        if self.analysis not in ANALYSES:
            known = ", ".join(ANALYSES)
            raise ValueError(
                f"there is no analysis '{self.analysis}'.{suggest(self.analysis, ANALYSES)} Known: {known}"
            )
        able = ANALYSES[self.analysis].families or tuple(name for name in FAMILIES if name != DESCRIPTIVE)
        if self.family not in able:
            raise ValueError(
                f"family '{self.family}' has no analysis '{self.analysis}'; use family {' or '.join(able)}"
            )
        if self.analysis == PATH and (not self.equations or self.effects is None):
            raise ValueError("a path model needs 'equations' and 'effects'")
        if self.analysis != PATH and not self.variables:
            raise ValueError(f"'variables' must name the measures whose {ANALYSES[self.analysis].label} are asked for")
        for key in ("variables",) if self.analysis == PATH else ("equations", "effects"):
            if getattr(self, key):
                raise ValueError(f"'{key}' says nothing where 'analysis' is {self.analysis}; remove it")
        if len(set(self.variables)) < len(self.variables):
            raise ValueError(f"'variables' names one twice: {', '.join(self.variables)}; remove one")
        return self

    @model_validator(mode="after")
    def _variability_is_told_apart(self) -> Self:
        if self.variable_outcomes and not FAMILIES[self.family].variability:
            able = " or ".join(name for name, family in FAMILIES.items() if family.variability)
            raise ValueError(
                f"'{VARIABILITY}' varies in the equation of '{self.variable_outcomes[0]}', which family '{self.family}' cannot do; take it "
                f"out of 'vary.{PATIENT}', or use family {able}"
            )
        return self

    @model_validator(mode="after")
    def _separate_equations_are_no_joint_model(self) -> Self:
        for key in () if FAMILIES[self.family].joint else _OF_JOINT_MODELS:
            if getattr(self, key):
                raise ValueError(_refuse(self.family, key, (name for name in FAMILIES if FAMILIES[name].joint)))
        return self

    @model_validator(mode="after")
    def _derived_terms_are_plain(self) -> Self:
        for name, factors in self.products.items():
            if len(factors) != 2:
                raise ValueError(f"product '{name}' must have exactly two factors, but has {len(factors)}")
            if factors[0] == factors[1]:
                raise ValueError(
                    f"product '{name}' is '{factors[0]}' times itself; a product needs two different terms"
                )
            nested = [factor for factor in factors if factor in self.products]
            if nested:
                raise ValueError(
                    f"product '{name}' has the factor '{nested[0]}', which is itself a product; name its factors"
                )
            times = {column for factor in factors for column in self.columns_behind(factor)}
            if len(times) == 1:
                raise ValueError(f"product '{name}' is {times.pop()} times itself; give a basis more columns instead")
        both = sorted(set(self.products) & set(self.bases))
        if both:
            raise ValueError(f"'{both[0]}' is the name of a product and of a basis; give one of them another name")
        return self

    @property
    def variable_outcomes(self) -> list[str]:
        """The outcomes whose residual variance differs between patients."""
        return [outcome for outcome, equation in self.equations.items() if equation.differs_in_variability]

    def columns_behind(self, term: str) -> list[str]:
        """Return the columns of the panel a term is made of: those of a product's factors, the time of a smooth, itself otherwise."""
        if term in self.products:
            return [column for factor in self.products[term] for column in self.columns_behind(factor)]
        return [self.bases[term].of] if term in self.bases else [term]

    def named_columns(self) -> list[str]:
        """Return every column of the panel the model names, each once."""
        terms = [
            column for equation in self.equations.values() for on in equation.on for column in self.columns_behind(on)
        ]
        return list(dict.fromkeys([*self.variables, *self.equations, *terms]))

    def every_effects(self) -> list[Effects]:
        """Return the pairs of cause and outcome whose paths are derived, the main one first."""
        return [*([self.effects] if self.effects is not None else []), *self.further_effects]
