"""Types, ranges and meaning of every setting. Values and comments live in `config/config.yaml`."""

from math import inf
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, SerializeAsAny, model_validator

from alliance.config.censored import Censored
from alliance.config.cleaning import Cleaning
from alliance.config.declared import ModelSpec
from alliance.config.groups import NEEDS_LABELS, check_labels, groups_of, read_labels, with_reference
from alliance.config.latent import check_latent
from alliance.config.layout import DateFormat, Wide
from alliance.config.parts import check_parts
from alliance.config.patterns import fill, holes
from alliance.config.propensity import ORDERED, YES_NO, check_answered
from alliance.config.reliability import Declared, check_reliability
from alliance.config.role import check_role, known_role
from alliance.config.rupture import RUPTURE_MARK, State, check_mark
from alliance.config.section import Code, FilePath, Label, Name, RunName, RunNames, Section, Text
from alliance.config.sharing import Output, Privacy
from alliance.config.wording import Answers, check_answers
from alliance.config.words import Words
from alliance.facts.roles import Moment


class Run(Section):
    """Name, seed and comparison of this run."""

    name: RunName
    title: Label
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)]
    compare_to: RunNames = Field(default_factory=list)  # a name or a list of names; they are shown in this order


class Study(Section):
    """What the design licenses the report to say."""

    description: str
    design: Literal["randomised_arms", "single_group", "observational_groups"]
    randomised: list[Name] = Field(
        default_factory=list
    )  # assigned at random; their total effects may be called effects
    planned_sessions: Annotated[int, Field(ge=1, le=1000)] | None = (
        None  # null: the last session that half of the patients reached
    )
    limits: list[str] = Field(default_factory=list)  # sentences on what these data cannot answer, printed in the report
    truth: FilePath | None = None  # file with the known truth of a simulated study


Row = Annotated[int, Field(ge=1, le=1000)]


Key = Literal["patient", "therapist", "session", "date", "week", "episode"]
Wanted = Text | float | list[Text | float]


class Source(Section):
    """One table of the export. What is not given is found out, and what does not concern the format of the file is refused."""

    path: FilePath
    keys: dict[Key, Text | Annotated[list[Text], Field(min_length=2)]]
    where: dict[Text, Wanted] = Field(
        default_factory=dict
    )  # column -> value, or list of values, of the rows that are read
    sheet: Text | int | None = None  # name, or number counted from 1
    delimiter: str | None = None
    encoding: str | None = None
    header_row: Row | list[Row] | None = None  # row that names the columns; several rows are joined by _
    data_row: Row | None = None  # first row below the names that holds data
    decimal: Literal[".", ",", "any"] | None = None  # any: both are decimal marks
    # Mark between groups of three digits, none if there is none: says whether 1.250 is 1250 or 1.25.
    thousands: Literal[",", ".", " ", "'", "none"] | None = None
    # How dates are written, "%d.%m.%Y" for 24.12.2025; several ways as a list; excel for the day numbers of a spreadsheet (45285).
    date_format: DateFormat | Annotated[list[DateFormat], Field(min_length=1)] | None = None
    # Columns whose blank cells mean the same as the cell above (merged or grouped cells); [] if blank cells are blank on purpose.
    fill_down: list[Text] | None = None
    # How sessions are named, if not by numbers: a pattern, "S{session}", or each name with its number, {pre: 0, post: 12}.
    session_names: Text | dict[Text, int] | None = None
    number_sessions: Literal["by_date"] | None = None  # count each patient's dates instead of reading keys.session
    wide: Wide | None = None

    @property
    def header_rows(self) -> list[int]:
        """Rows that name the columns."""
        return self.header_row if isinstance(self.header_row, list) else [self.header_row or 1]

    @model_validator(mode="after")
    def _rows_and_marks_differ(self) -> Self:
        if self.decimal is not None and self.decimal == self.thousands:
            raise ValueError(
                f"'decimal' and 'thousands' cannot both be '{self.decimal}'; if 1{self.decimal}250 means 1250, "
                f"write decimal: '{'.' if self.decimal == ',' else ','}'"
            )
        if not self.header_rows or self.header_rows != sorted(set(self.header_rows)):
            raise ValueError(f"'header_row' must name rows from top to bottom, but is {self.header_row}")
        if isinstance(self.session_names, str) and holes(self.session_names, "session") != 1:
            raise ValueError(
                f"'session_names' must contain {{session}} once, or give each name its number, but is '{self.session_names}'"
            )
        if self.number_sessions == "by_date" and (not {"patient", "date"} <= set(self.keys) or self.wide is not None):
            raise ValueError("'number_sessions: by_date' needs 'keys.date', and rows that are sessions")
        if self.data_row is not None and self.data_row <= max(self.header_rows):
            raise ValueError(f"'data_row' must lie below 'header_row', but is {self.data_row}")
        return self

    @model_validator(mode="after")
    def _only_ids_have_several_columns(self) -> Self:
        for key, column in self.keys.items():
            if isinstance(column, list) and key not in ("patient", "therapist"):
                raise ValueError(
                    f"'keys.{key}' is one column; only ids of patients and therapists may be made of several"
                )
            if isinstance(column, list) and len(set(column)) < len(column):
                raise ValueError(f"'keys.{key}' names a column twice")
        return self


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
            if table == "sessions" and (source.wide is not None or source.number_sessions is not None):
                keys = {"patient"}
            if table != "sessions" and "episode" in source.keys:
                raise ValueError(
                    f"data.{table}.keys.episode: episodes are told apart in the sessions; name the column there"
                )
            missing = keys - set(source.keys)
            if missing:
                raise ValueError(f"data.{table}.keys must name the column of: {', '.join(sorted(missing))}")
        return self


Kind = Literal["scale", "number", "category", "composite", "rupture_mark"]


class Variable(Section):
    """One measure. `kind` says how its values come about.

    ``scale``: scored from items by an instrument file; ``number``: a ready-made column; ``category``: a column of labels;
    ``composite``: mean or sum of other variables of the same table; ``rupture_mark``: told from the course of a score.
    """

    label: Label
    role: Annotated[str, AfterValidator(known_role)] | None = None  # the part it plays in the study's questions
    table: Literal["sessions", "patients", "therapists"] = "sessions"
    kind: Kind = "number"
    measured: Moment | None = None  # between: since the session before
    rater: str | None = None
    unit: str = "points"
    higher_is: Literal["better", "worse"] | None = None
    column: Text | None = None
    range: tuple[float, float] | None = None
    answers: Answers | None = None  # of cells that hold labels instead of numbers; in place of those of the instrument
    # In place of those of its table, where one column is written otherwise than the others.
    decimal: Literal[".", ",", "any"] | None = None
    thousands: Literal[",", ".", " ", "'", "none"] | None = None
    missing_codes: list[Code] | None = None  # in place of cleaning.missing_codes; [] where every value is an answer
    censored: Censored = False  # see `censored_at`
    # Answers at sessions that stand for a propensity where they are an outcome: 0 and 1, or a few in order.
    yes_no: bool = False
    ordered: bool = False
    instrument: FilePath | None = None
    instrument_confirmed: bool = False  # the user vouches for a key that ships unverified
    # Pattern with {item} ("wai_{item}", or "WAI{item:02d}" with leading zeros), or one column for each item of the questionnaire.
    items: Text | list[Text] | None = None
    stored_reversed: bool = False  # the export already holds reversed items turned round
    metric: Literal["sum", "mean"] = "sum"
    parts: list[list[Name]] = Field(default_factory=list)  # subscales of a mediator, one list for each way to divide it
    levels: dict[Text, float] | None = None  # label in the data -> number in the models
    # All labels of groups without numbers, as a list, or each with the group it counts to.
    labels: Annotated[dict[Text, Text] | None, BeforeValidator(read_labels)] = None
    reference: Text | None = None  # the group that each other is compared with; the first one of labels if left out
    of: list[Name] = Field(default_factory=list)
    latent: bool = False  # a composite whose parts are indicators of what they have in common
    detector: Text | None = None  # how ruptures are told: see `alliance.facts.detectors`
    state: State | None = None  # a rupture has begun and the score has not returned, or it returned in this session
    # How reliable the score is: numbers by level, or computed from its items. Models then give estimates corrected for it beside those
    # as they are, see `alliance.models.quantities.unreliable`.
    reliability: Declared = None

    @model_validator(mode="before")
    @classmethod
    def _first_label_is_the_reference(cls, declared: Any) -> Any:
        return with_reference(declared)

    @model_validator(mode="after")
    def _kind_has_what_it_needs(self) -> Self:
        needs = {
            "scale": ("instrument", "items"),
            "number": ("column",),
            "category": ("column",),
            "composite": ("of",),
            "rupture_mark": ("of", "detector", "state"),
        }
        for key in needs[self.kind]:
            if not getattr(self, key):
                raise ValueError(f"a variable of kind '{self.kind}' needs '{key}'")
        if isinstance(self.items, str) and holes(self.items, "item") != 1:
            raise ValueError(f"'items' must contain {{item}} once, or be a list of columns, but is '{self.items}'")
        if isinstance(self.items, list) and len(set(self.items)) < len(self.items):
            raise ValueError("'items' names a column twice; each item has a column of its own")
        check_labels(self)
        if self.kind == "category" and (self.levels is None) == (self.reference is None):
            raise ValueError(NEEDS_LABELS)
        if self.levels is not None and len(set(self.levels.values())) < 2:
            raise ValueError(
                "'levels' must name at least two labels with different numbers, as in {control: 0, treatment: 1}"
            )
        if self.table == "sessions" and self.measured is None:
            raise ValueError(
                "a session-level variable must say when it is 'measured': before, during, after or (since the last) between sessions"
            )
        if self.range is not None and self.range[0] >= self.range[1]:
            raise ValueError(f"'range' must go from low to high, but is {list(self.range)}")
        if self.answers is not None:
            check_answers(self.answers, self.kind, self.range, self.is_made)
        if self.is_made and self.missing_codes is not None:
            raise ValueError(f"a {self.kind} has no cells of its own; give 'missing_codes' at its parts")
        if self.decimal is not None and self.decimal == self.thousands:
            raise ValueError(f"'decimal' and 'thousands' cannot both be '{self.decimal}'")
        if (self.decimal or self.thousands) and (self.kind == "category" or self.is_made):
            raise ValueError(f"'decimal' and 'thousands' are for numbers; remove them from a {self.kind}")
        self._check_censored()
        check_parts(self.parts, self.kind)
        check_role(self.role, self.table)
        check_latent(self)
        check_reliability(self.reliability, self.table, self.kind, len(self.of))
        check_answered(self)
        check_mark(self)
        return self

    @property
    def is_made(self) -> bool:
        """Whether it is made of other variables, so that no column of the export is its own."""
        return self.kind in ("composite", RUPTURE_MARK)

    def item_column(self, item: int) -> str:
        """Return the user's column of an item of a scale, counted from 1."""
        assert self.items is not None
        return self.items[item - 1] if isinstance(self.items, list) else fill(self.items, item=item)

    def _check_censored(self) -> None:
        if not self.censored:
            return
        if self.table != "sessions" or self.kind == "category":
            raise ValueError("'censored' is for scores measured at sessions; remove it")
        if isinstance(self.censored, tuple):
            low, high = self.censored_at
            if (low, high) == (-inf, inf) or low >= high:
                raise ValueError(
                    f"'censored' must go from low to high, null where there is no end, but is {list(self.censored)}"
                )
        elif self.range is None:
            raise ValueError(
                "'censored' needs to know the ends of the scale: give 'range', or the ends themselves as in 'censored: [0, null]'"
            )

    @property
    def declared_labels(self) -> list[str]:
        """Labels in the data that are named, in that order."""
        return [*(self.levels or self.labels or ([self.reference] if self.reference else []))]

    @property
    def other_groups(self) -> list[str]:
        """Groups that are compared with the reference."""
        return [group for group in groups_of(self.labels or {}) if group != self.reference]

    @property
    def answered(self) -> str:
        """How answers tell the propensity behind them, ``yes/no`` or ``ordered``; empty where values are scores."""
        return YES_NO if self.yes_no else ORDERED if self.ordered else ""

    @property
    def censored_at(self) -> tuple[float, float]:
        """Scores that stand for all values beyond them, the lower and the upper one; infinite where there is none.

        ``censored`` names them: ``floor``, ``ceiling``, true for both ends of `range`, or the two scores.
        """
        ends: tuple[float | None, float | None] = (None, None)
        if isinstance(self.censored, tuple):
            ends = self.censored
        elif self.censored and self.range is not None:
            low, high = self.range
            ends = (None if self.censored == "ceiling" else low, None if self.censored == "floor" else high)
        return -inf if ends[0] is None else ends[0], inf if ends[1] is None else ends[1]


class Panel(Section):
    """Lags and what counts as a gap."""

    lag: Annotated[int, Field(ge=1, le=10)]
    max_gap_days: Annotated[float, Field(gt=0)] | None


class Models(Section):
    """Which of the declared models are fitted, which of them answers which question, and their declarations."""

    fit: list[Name] = Field(min_length=1)
    # Question -> the model whose cause and outcome it is about, and which answers it whatever is found and flagged; null takes
    # back what a base file declares.
    answers: dict[Name, Name | None] = Field(default_factory=dict)
    specs: dict[Name, SerializeAsAny[ModelSpec]]


class Sampling(Section):
    """Posterior sampling of the Bayesian families."""

    chains: Annotated[int, Field(ge=2, le=16)]
    draws: Annotated[int, Field(ge=50, le=100_000)]
    tune: Annotated[int, Field(ge=50, le=100_000)]
    target_accept: Annotated[float, Field(gt=0.5, lt=1)]


_WIDEST = 1000  # standard deviations: nothing in psychotherapy, and far from the numbers at which computers end
Scale = Annotated[float, Field(gt=1 / _WIDEST, le=_WIDEST)]


def _uniform_or_lkj(value: object) -> object:
    if value == "uniform" or (isinstance(value, int | float) and 1 <= value <= _WIDEST):
        return value
    raise ValueError(f"expected uniform, or a number from 1 to {_WIDEST}, eta of LKJ(eta)")


class Priors(Section):
    """Priors on the standardised scale (outcome and predictors in units of their standard deviation)."""

    slope_sd: Scale
    intercept_sd: Scale
    residual_sd: Scale
    varying_sd: Scale
    correlations: Annotated[Literal["uniform"] | float, BeforeValidator(_uniform_or_lkj)]


class Inference(Section):
    """Intervals, Monte Carlo draws, and the thresholds of the diagnostics: none that no fit can reach, or that every fit does."""

    interval: Annotated[float, Field(gt=0.5, lt=1)]
    monte_carlo_draws: Annotated[int, Field(ge=1000, le=1_000_000)]
    rhat_max: Annotated[float, Field(gt=1, le=1.5)]
    ess_min: Annotated[int, Field(ge=10, le=100_000)]
    divergences_max: Annotated[int, Field(ge=0)]


class Config(Section):
    """The whole configuration of one run."""

    run: Run
    words: Words = Words()
    study: Study
    data: Data
    variables: dict[Name, Variable]
    questions: Literal["possible"] | list[Name] = "possible"  # their models are posed in `alliance.config.posing`
    cleaning: Cleaning
    panel: Panel
    models: Models
    sampling: Sampling
    priors: Priors
    inference: Inference
    privacy: Privacy
    output: Output
