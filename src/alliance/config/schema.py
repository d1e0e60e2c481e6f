"""Types, ranges and meaning of every setting. Values and comments live in `config/config.yaml`."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from alliance.facts.depths import DEPTHS, known_depth


def _plain_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ValueError(f"'{name}' is not a usable name: use small letters, digits and _, beginning with a letter")
    return name


Name = Annotated[str, AfterValidator(_plain_name)]
RunName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=60)]


class Section(BaseModel):
    """A part of the configuration: unknown keys are refused, values cannot be changed afterwards."""

    # Validators are built when they are first used: most jobs need few of them.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Run(Section):
    """Name, seed and comparison of this run."""

    name: RunName
    title: str
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)]
    compare_to: RunName | None = None


class Study(Section):
    """What the design licenses the report to say."""

    description: str
    design: Literal["randomised_arms", "single_group", "observational_groups"]
    randomised: list[Name] = []  # variables assigned at random; their total effects may be called effects
    limits: list[str] = []  # sentences on what these data cannot answer, printed in the report
    truth: str | None = None  # file with the known truth of a simulated study


class Wide(Section):
    """How a file with one row per patient is turned into one row per session."""

    columns: dict[str, str]  # new column -> pattern with {session}, e.g. bdi: "bdi_s{session}"
    sessions: list[int] = Field(min_length=1)

    @model_validator(mode="after")
    def _patterns_name_the_session(self) -> Self:
        for column, pattern in self.columns.items():
            if pattern.count("{session}") != 1:
                raise ValueError(f"the pattern of '{column}' must contain {{session}} once, but is '{pattern}'")
        return self


class Source(Section):
    """One table of the export."""

    path: str
    keys: dict[Literal["patient", "therapist", "session", "date", "week"], str]
    sheet: str | int | None = None
    delimiter: str | None = None
    encoding: str | None = None
    decimal: Literal[".", ","] | None = None  # found out if not given, like delimiter and encoding
    date_format: str | None = None
    wide: Wide | None = None


class Data(Section):
    """The three tables of the export; patients and therapists may be missing."""

    sessions: Source
    patients: Source | None = None
    therapists: Source | None = None

    @model_validator(mode="after")
    def _keys_are_complete(self) -> Self:
        needed = {"sessions": {"patient", "session"}, "patients": {"patient"}, "therapists": {"therapist"}}
        for table, keys in needed.items():
            source: Source | None = getattr(self, table)
            if source is None:
                continue
            if table == "sessions" and source.wide is not None:
                keys = {"patient"}
            missing = keys - set(source.keys)
            if missing:
                raise ValueError(f"data.{table}.keys must name the column of: {', '.join(sorted(missing))}")
        return self


class Variable(Section):
    """One measure. `kind` says how its values come about.

    ``scale``: scored from items by an instrument file; ``number``: a ready-made column; ``category``: a column of labels;
    ``composite``: mean or sum of other variables of the same table.
    """

    label: str
    table: Literal["sessions", "patients", "therapists"] = "sessions"
    kind: Literal["scale", "number", "category", "composite"] = "number"
    measured: Literal["before", "during", "after"] | None = None
    rater: str | None = None
    unit: str = "points"
    higher_is: Literal["better", "worse"] | None = None
    column: str | None = None
    range: tuple[float, float] | None = None
    instrument: str | None = None
    instrument_confirmed: bool = False  # the user vouches for a key that ships unverified
    items: str | None = None  # pattern with {item}, e.g. "wai_{item}"
    stored_reversed: bool = False  # the export already holds reversed items turned round
    metric: Literal["sum", "mean"] = "sum"
    levels: dict[str, float] | None = None  # label in the data -> number in the models
    reference: str | None = None
    of: list[Name] = []

    @model_validator(mode="after")
    def _kind_has_what_it_needs(self) -> Self:
        needs = {
            "scale": ("instrument", "items"),
            "number": ("column",),
            "category": ("column",),
            "composite": ("of",),
        }
        for key in needs[self.kind]:
            if not getattr(self, key):
                raise ValueError(f"a variable of kind '{self.kind}' needs '{key}'")
        if self.items is not None and self.items.count("{item}") != 1:
            raise ValueError(f"'items' must contain {{item}} once, but is '{self.items}'")
        if self.kind == "category" and (self.levels is None) == (self.reference is None):
            raise ValueError("a category needs either 'levels' (label: number) or a 'reference' label, not both")
        if self.table == "sessions" and self.measured is None:
            raise ValueError(
                "a session-level variable must say when it is 'measured': before, during or after the session"
            )
        if self.range is not None and self.range[0] >= self.range[1]:
            raise ValueError(f"'range' must go from low to high, but is {list(self.range)}")
        return self


class Ids(Section):
    """How ids are made comparable between tables."""

    strip: bool
    fold_case: bool
    strip_leading_zeros: bool


class Duplicates(Section):
    """Rows with the same patient and session."""

    identical: Literal["drop", "stop"]
    conflicting: Literal["keep_most_complete", "drop_all", "stop"]


class Exclude(Section):
    """Patients and sessions a team leaves out on purpose (ids as in the export)."""

    patients: list[str] = []


class Cleaning(Section):
    """Declared rules; each reports how many rows or cells it touched."""

    ids: Ids
    missing_codes: list[float | str]
    duplicates: Duplicates
    out_of_range: Literal["set_missing", "stop"]
    orphans: Literal["drop", "stop"]
    therapist_change: Literal["first", "most_sessions", "stop"]
    minimum_sessions: Annotated[int, Field(ge=1)]
    exclude: Exclude = Exclude()


class Panel(Section):
    """Lags and what counts as a gap."""

    lag: Annotated[int, Field(ge=1, le=10)]
    max_gap_days: Annotated[float, Field(gt=0)] | None


class Equation(Section):
    """One endogenous variable: fixed predictors, and those whose effect varies between patients or therapists."""

    on: list[Name]
    vary: dict[Literal["patient", "therapist"], list[Name]] = {"patient": ["intercept"]}

    @model_validator(mode="after")
    def _varying_effects_are_predictors(self) -> Self:
        for level, names in self.vary.items():
            for name in names:
                if name != "intercept" and name not in self.on:
                    raise ValueError(f"'{name}' varies by {level} but is not among the predictors in 'on'")
            if names and "intercept" not in names:
                raise ValueError(f"effects that vary by {level} need the intercept to vary by {level} too")
        if len(set(self.on)) != len(self.on):
            raise ValueError(f"a predictor is named twice in 'on': {', '.join(self.on)}")
        return self


class Effects(Section):
    """Which effect of the diagram is reported; every path between the two is derived."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, populate_by_name=True)
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


class Bootstrap(Section):
    """Intervals from studies drawn with replacement, whole patients or whole therapists at a time."""

    level: Literal["patient", "therapist"] = "patient"
    samples: Annotated[int, Field(ge=100, le=100_000)] = 1000


# What only joint models, and what only the joint likelihood, can do; the defaults say nothing.
_OF_JOINT_MODELS = ("products", "bases", "further_effects")
_OF_JOINT_LIKELIHOOD = ("depth", "standard_errors", "bootstrap", "influence", "random_effects")


class ModelSpec(Section):
    """A model: a path diagram, or a variance decomposition of named variables."""

    label: str
    family: Name
    analysis: Literal["path", "variance"] = "path"
    variables: list[Name] = []
    equations: dict[Name, Equation] = {}
    effects: Effects | None = None
    further_effects: list[Effects] = []  # more causes and outcomes of the same equations
    products: dict[Name, list[Name]] = {}  # name -> two terms whose product it is; the name is then a term itself
    bases: dict[Name, Basis] = {}  # name -> smooth of time; the name is then a term
    direction: Literal["forward", "reverse"] = "forward"
    time_order_signed_off: str | None = None  # reason why a path against the order of measurement is accepted
    depth: Annotated[str, AfterValidator(known_depth)] = "nuts"  # how far the joint likelihood is explored
    standard_errors: Literal["information", "robust"] = "information"
    bootstrap: Bootstrap | None = None
    influence: bool = False  # leave out each patient and each therapist in turn
    random_effects: bool = False  # effects of single patients, without ids

    @model_validator(mode="after")
    def _analysis_has_what_it_needs(self) -> Self:
        if self.analysis == "path" and (not self.equations or self.effects is None):
            raise ValueError("a path model needs 'equations' and 'effects'")
        if self.analysis == "variance" and not self.variables:
            raise ValueError("a variance decomposition needs 'variables'")
        return self

    @model_validator(mode="after")
    def _family_can_do_what_is_asked(self) -> Self:
        refused = {"textbook": (*_OF_JOINT_MODELS, *_OF_JOINT_LIKELIHOOD), "direct": _OF_JOINT_LIKELIHOOD}
        for key in refused.get(self.family, ()):
            if getattr(self, key) != type(self).model_fields[key].default:
                raise ValueError(f"family '{self.family}' has no '{key}'; remove it, or use family multilevel_path")
        if DEPTHS[self.depth].posterior:
            for key in ("bootstrap", "standard_errors"):
                if getattr(self, key) != type(self).model_fields[key].default:
                    raise ValueError(f"'{key}' is for maximum likelihood; set 'depth: ml' or remove '{key}'")
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
            for factor in factors:
                if factor in self.products or factor in self.bases:
                    raise ValueError(
                        f"product '{name}' has the factor '{factor}', which is itself a product or a basis"
                    )
        both = sorted(set(self.products) & set(self.bases))
        if both:
            raise ValueError(f"'{both[0]}' is the name of a product and of a basis; give one of them another name")
        return self

    def columns_behind(self, term: str) -> list[str]:
        """Return the columns of the panel a term is made of: factors of a product, the time of a smooth, itself otherwise."""
        if term in self.products:
            return list(self.products[term])
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


class Models(Section):
    """Which of the declared models are fitted, and their declarations."""

    fit: list[Name] = Field(min_length=1)
    specs: dict[Name, ModelSpec]


class Sampling(Section):
    """Posterior sampling of the Bayesian families."""

    chains: Annotated[int, Field(ge=2, le=16)]
    draws: Annotated[int, Field(ge=50)]
    tune: Annotated[int, Field(ge=50)]
    target_accept: Annotated[float, Field(gt=0.5, lt=1)]


class Priors(Section):
    """Priors on the standardised scale (outcome and predictors in units of their standard deviation)."""

    slope_sd: Annotated[float, Field(gt=0)]
    intercept_sd: Annotated[float, Field(gt=0)]
    residual_sd: Annotated[float, Field(gt=0)]
    varying_sd: Annotated[float, Field(gt=0)]
    correlation_lkj: Annotated[float, Field(ge=1)]


class Inference(Section):
    """Intervals, Monte Carlo draws, and the thresholds of the diagnostics."""

    interval: Annotated[float, Field(gt=0.5, lt=1)]
    monte_carlo_draws: Annotated[int, Field(ge=1000)]
    rhat_max: Annotated[float, Field(gt=1)]
    ess_min: Annotated[int, Field(ge=10)]
    divergences_max: Annotated[int, Field(ge=0)]


class Privacy(Section):
    """What may appear in the results."""

    original_ids: bool
    minimum_cell: Annotated[int, Field(ge=1)]


class Output(Section):
    """Which figures and tables are made, in which formats."""

    figures: list[Name]
    tables: list[Name]
    figure_dpi: Annotated[int, Field(ge=72, le=1200)]


class Config(Section):
    """The whole configuration of one run."""

    run: Run
    study: Study
    data: Data
    variables: dict[Name, Variable]
    cleaning: Cleaning
    panel: Panel
    models: Models
    sampling: Sampling
    priors: Priors
    inference: Inference
    privacy: Privacy
    output: Output
