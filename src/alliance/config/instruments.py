"""Questionnaires as declared facts: item numbers, ranges, keys, cut-offs. Never an item's wording.

One file per instrument in `config/instruments/`. Each fact states where it comes from and how sure it is; a fact that
nobody has verified does not score data until the config vouches for it.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, ValidationError, model_validator

from alliance.config.load import read_yaml
from alliance.config.problems import explain
from alliance.config.schema import Variable
from alliance.config.section import Name, Section
from alliance.config.wording import Answers, check_wording
from alliance.errors import ConfigError, InstrumentError, suggest
from alliance.facts.columns import ENDINGS

TOTAL = "total"
Form = Literal["patient", "therapist", "observer", "parent"]
Part = Literal["structure", "range", "reversed", "subscales"]
SCORING_PARTS: tuple[Part, ...] = ("structure", "range", "reversed")  # without them nothing can be scored
_FORM_OF_RATER = {
    "client": "patient",
    "child": "patient",
    "adolescent": "patient",
    "self": "patient",
    "rater": "observer",
}
_RESERVED = {TOTAL, *(suffix.removeprefix("_") for suffix in ENDINGS)}


class Fact(Section):
    """Where something comes from and how sure it is.

    ``high``: two independent sources or the owner; ``medium``: one source plus knowledge; ``low``: knowledge only.
    """

    source: str
    confidence: Literal["high", "medium", "low"]
    verified: bool

    @model_validator(mode="after")
    def _low_confidence_is_not_verified(self) -> Self:
        if self.confidence == "low" and self.verified:
            raise ValueError("a fact of low confidence cannot be 'verified: true'")
        return self


class Cutoff(Fact):
    """A threshold of one scale: scores that satisfy `rule` and `value` mean what `meaning` says."""

    scale: str = TOTAL
    rule: Literal["at_least", "above", "at_most", "below"]
    value: float
    metric: Literal["sum", "mean", "ten_times_mean"] = "sum"
    meaning: str
    caseness: bool = False  # whether it tells cases from others; at most one of a scale does


class ReliableChange(Fact):
    """The change of one scale that exceeds measurement error at a stated confidence level."""

    scale: str = TOTAL
    value: Annotated[float, Field(gt=0)]
    level: Annotated[float, Field(gt=0.5, lt=1)]
    metric: Literal["sum", "mean", "ten_times_mean"] = "sum"


class MissingItems(Section):
    """What happens when some items of a scale have no answer.

    ``prorate``: the scale is scored from the answered items while no more than the allowed number is missing.
    ``subscale_mean``: within the same limits a missing item gets the rounded mean of the answered items of its
    subscale, and the total is the sum of all items thus completed.
    The allowed number is the entry of the scale in `at_most`, otherwise `share` of its items, rounded down.
    """

    rule: Literal["prorate", "subscale_mean"]
    share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    at_most: dict[Name, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    source: str


class Instrument(Section):
    """One questionnaire.

    The total is made of all items; `subscales` of some of them; `alternatives` join subscales into another reading
    (agreement = goal + task).
    """

    key: Name
    name: str
    citation: str
    higher_is: Literal["better", "worse"]
    forms: dict[Form, Fact] = Field(min_length=1)
    items: Annotated[int, Field(ge=1)]
    range: tuple[float, float]
    answers: Answers | None = None  # as exports of labels word them, if the owner allows that they are written down
    reversed: list[int]
    subscales: dict[Name, list[int]] = Field(default_factory=dict)
    alternatives: dict[Name, list[Name]] = Field(default_factory=dict)
    missing: MissingItems
    cutoffs: list[Cutoff] = Field(default_factory=list)
    reliable_change: list[ReliableChange] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)
    facts: dict[Part, Fact]

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Self:
        if self.range[0] >= self.range[1]:
            raise ValueError(f"'range' must go from low to high, but is {list(self.range)}")
        if self.answers is not None:
            check_wording(self.answers, self.range)
        _check_item_numbers("reversed", self.reversed, self.items)
        for scale, items in self.subscales.items():
            _check_item_numbers(f"subscales.{scale}", items, self.items)
            if not items:
                raise ValueError(f"subscales.{scale} has no items")
        for scale in [*self.subscales, *self.alternatives]:
            if scale in _RESERVED:
                raise ValueError(f"a scale cannot be called '{scale}': that name has a meaning of its own in the panel")
        for scale, parts in self.alternatives.items():
            if scale in self.subscales:
                raise ValueError(f"alternatives.{scale}: there is a subscale of the same name")
            for part in parts:
                if part not in self.subscales:
                    raise ValueError(
                        f"alternatives.{scale}: '{part}' is not a subscale.{suggest(part, self.subscales)}"
                    )
        scales = self.scales()
        cut, changed = [fact.scale for fact in self.cutoffs], [fact.scale for fact in self.reliable_change]
        for scale in [*self.missing.at_most, *cut, *changed]:
            if scale not in scales:
                raise ValueError(f"'{scale}' is not a scale of this instrument.{suggest(scale, scales)}")
        told = [fact.scale for fact in self.cutoffs if fact.caseness]
        twice = sorted({scale for scale in told if told.count(scale) > 1})
        if twice:
            raise ValueError(
                f"'{twice[0]}' has two cut-offs with 'caseness: true'; only one can tell cases from others"
            )
        if self.missing.rule == "subscale_mean":
            mapped = sorted(item for items in self.subscales.values() for item in items)
            if mapped != list(range(1, self.items + 1)):
                raise ValueError("missing rule 'subscale_mean' needs every item in exactly one subscale")
        needed = SCORING_PARTS if not self.subscales else (*SCORING_PARTS, "subscales")
        absent = [part for part in needed if part not in self.facts]
        if absent:
            raise ValueError(f"'facts' must say where these come from: {', '.join(absent)}")
        return self

    def item_range(self, item: int) -> tuple[float, float]:
        """Return the lowest and highest answer of one item.

        Raises
        ------
        InstrumentError
            The instrument has no item of that number.
        """
        if not 1 <= item <= self.items:
            raise InstrumentError(f"{self.name} has items 1 to {self.items}, but item {item} was asked for.")
        return self.range

    def score_range(self, metric: str, scale: str = TOTAL) -> tuple[float, float]:
        """Return the lowest and the highest score that the items of a scale allow, as their sum or their mean."""
        ends = [self.item_range(item) for item in self.scales()[scale]]
        low, high = (sum(end) / (1 if metric == "sum" else len(ends)) for end in zip(*ends, strict=True))
        return low, high

    def scales(self) -> dict[str, list[int]]:
        """Return the item numbers of every score: total, subscales, alternative readings."""
        joined = {
            name: sorted(item for part in parts for item in self.subscales[part])
            for name, parts in self.alternatives.items()
        }
        return {TOTAL: list(range(1, self.items + 1)), **self.subscales, **joined}

    def allowed_missing(self, scale: str) -> int:
        """Return how many items of a scale may be missing before it is not scored."""
        if scale in self.missing.at_most:
            return self.missing.at_most[scale]
        # The tiny amount keeps 0.2 * 5 from being floored to 0 by rounding error.
        return int(self.missing.share * len(self.scales()[scale]) + 1e-9)

    def subscales_verified(self) -> bool:
        """Whether somebody has verified which items belong to which subscale."""
        return not self.subscales or self.facts["subscales"].verified


def _check_item_numbers(place: str, numbers: list[int], items: int) -> None:
    outside = [number for number in numbers if not 1 <= number <= items]
    if outside:
        raise ValueError(f"{place} names item {outside[0]}, but the instrument has items 1 to {items}")
    if len(set(numbers)) != len(numbers):
        raise ValueError(f"{place} names an item twice: {numbers}")


class UseProblem(NamedTuple):
    """Why an instrument may not score a variable, and what to do about it; two sentences."""

    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.what} {self.remedy}"


def problems_of_use(name: str, variable: Variable, instrument: Instrument) -> list[UseProblem]:
    """List why an instrument may not score a variable: unverified facts, a form without a key, a contradiction.

    ``instrument_confirmed: true`` of the variable lifts what is unverified, never a contradiction.
    """
    place = f"variables.{name}"
    problems = []
    if variable.higher_is is not None and variable.higher_is != instrument.higher_is:
        what = (
            f"{place}.higher_is: '{variable.higher_is}' contradicts {instrument.name}, where higher is "
            f"{instrument.higher_is} once its reversed items are turned round."
        )
        problems.append(UseProblem(what, "Correct or remove it."))
    if variable.instrument_confirmed:
        return problems
    remedy = f"Check it against your own copy of the instrument, then set {place}.instrument_confirmed: true."
    for part in SCORING_PARTS:
        if not instrument.facts[part].verified:
            source = instrument.facts[part].source
            what = f"{place}.instrument: '{part}' of {instrument.name} is not verified ({source})."
            problems.append(UseProblem(what, remedy))
    rater = _FORM_OF_RATER.get(variable.rater or "", variable.rater)
    if rater is not None:
        form = next((fact for known, fact in instrument.forms.items() if known == rater), None)
        if form is None or not form.verified:
            reason = form.source if form else f"the file knows: {', '.join(instrument.forms)}"
            what = f"{place}.rater: the key of {instrument.name} is not verified for the form of the {variable.rater} ({reason})."
            problems.append(UseProblem(what, remedy))
    return problems


def read_instrument(path: str | Path) -> Instrument:
    """Read and validate one instrument file.

    Raises
    ------
    InstrumentError
        The file is missing, is not YAML, has an unknown or missing key, or its parts contradict each other.
    """
    path = Path(path)
    try:
        content = read_yaml(path)
    except ConfigError as error:
        raise InstrumentError(f"An instrument cannot be read. {error}") from None
    try:
        instrument = Instrument.model_validate(content)
    except ValidationError as error:
        problems = explain(error, content, Instrument, "the files in config/instruments/ are examples")
        raise InstrumentError("\n  - ".join([f"The instrument file {path} cannot be used:", *problems])) from None
    if instrument.key != path.stem:
        raise InstrumentError(
            f"The instrument file {path} has the key '{instrument.key}'. Name the file {instrument.key}.yaml, or write "
            f"'key: {path.stem}'."
        )
    return instrument


def read_instruments(paths: Iterable[str | Path]) -> dict[str, Instrument]:
    """Read several instrument files; the result is keyed by the instruments' keys.

    Raises
    ------
    InstrumentError
        A file cannot be used, or two files declare the same key.
    """
    instruments: dict[str, Instrument] = {}
    for path in paths:
        instrument = read_instrument(path)
        if instrument.key in instruments:
            raise InstrumentError(f"Two instrument files have the key '{instrument.key}' (one is {path}). Rename one.")
        instruments[instrument.key] = instrument
    return instruments
