"""An effect card: what one run found, in a file that may leave the house.

It holds estimates with their standard errors, how many people they rest on, the measures and the design. It holds no ids, no dates, no
counts below `privacy.minimum_cell`, nothing about single patients; estimates have two digits of their standard error, so that the cards
of two runs which differ by one patient do not give that patient's score away.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, ValidationError, model_validator

from alliance.config.problems import explain
from alliance.config.schema import Kind
from alliance.config.section import Label, RunName, Section
from alliance.errors import ConfigError
from alliance.facts.quantity import nodes_of
from alliance.facts.roles import Moment

FORMAT: Final = 1
_MOST = 10_000
Count = Annotated[int, Field(ge=0)]
Above = Annotated[float, Field(gt=0)]
Word = Annotated[str, Field(max_length=200)]


class Measure(Section):
    """What one end of a path was measured with; effects in points compare where two sites say the same here."""

    label: Label
    part: Word | None = None  # a subscale
    kind: Kind
    instrument: Word | None = None
    metric: Literal["sum", "mean"] = "sum"
    range: tuple[float, float] | None = None
    levels: dict[Word, float] | None = None
    higher_is: Literal["better", "worse"] | None = None
    rater: Word | None = None
    measured: Moment | None = None


class Standardised(Section):
    """An effect in standard deviations, see `alliance.results.standardised`."""

    estimate: float
    sd: Above


class Fitted(Section):
    """The model behind an estimate: `adjusts_for` are the predictors of its outcome, `fingerprint` tells declarations apart."""

    family: Word
    engine: Word
    adjusts_for: Annotated[list[Word], Field(max_length=200)]
    fingerprint: Word


class Quantity(Section):
    """One estimate of the model that answers a question."""

    question: Word
    path: Word  # of parts that variables play, such as mediator -> outcome
    effect: Word
    level: Word
    horizon: Word
    estimate: float
    sd: Above
    interval_kind: Word
    standardised: Standardised | None = None
    correlation: bool = False  # whether the estimate is one, which is compared on Fisher's scale
    n_patients: Count
    n_sessions: Count
    n_therapists: Count | None = None  # None where there are fewer than may be told
    model: Fitted
    flags: Annotated[list[Word], Field(max_length=100)]

    @model_validator(mode="after")
    def _correlation_is_one(self) -> Self:
        if self.correlation and not -1 < self.estimate < 1:
            raise ValueError(f"a correlation lies between -1 and 1, but the estimate is {self.estimate:g}")
        return self


class Study(Section):
    """The design: what was assigned at random, and how sessions follow one another."""

    design: Literal["single_group", "randomised_arms", "observational_groups"]
    randomised: list[Word]
    lag: Annotated[int, Field(ge=1)]
    max_gap_days: float | None


class Card(Section):
    """What one run found."""

    format: Literal[1]
    site: RunName
    software: dict[Word, Word]
    settings: Word  # fingerprint of all settings that can change an estimate
    study: Study
    measures: dict[Word, Measure]
    quantities: Annotated[list[Quantity], Field(max_length=_MOST)]

    @model_validator(mode="after")
    def _every_quantity_once(self) -> Self:
        keys = [key_of(quantity) for quantity in self.quantities]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise ValueError(f"'{' / '.join(twice)}' stands there twice")
        return self

    @model_validator(mode="after")
    def _every_measure_is_told(self) -> Self:
        nodes = [node for quantity in self.quantities for node in nodes_of(quantity.path)]
        unknown = next((node for node in nodes if node not in self.measures), None)
        if unknown is not None:
            raise ValueError(f"'measures' does not say what '{unknown}' was measured with")
        return self


def key_of(quantity: Quantity) -> tuple[str, str, str, str, str]:
    """Return what estimates of different sites must have in common to be the same quantity."""
    return quantity.question, quantity.path, quantity.effect, quantity.level, quantity.horizon


def parse_card(content: Mapping[str, Any], where: str) -> Card:
    """Return a card that was read.

    Parameters
    ----------
    where
        The file, for messages.

    Raises
    ------
    ConfigError
        It is no card, or one of another format; the message lists every place.
    """
    if content.get("format") != FORMAT:
        found = f"format {content['format']}" if "format" in content else "no 'format'"
        raise ConfigError(
            f"{where} is no effect card of format {FORMAT} (found: {found}). Name the file card.yaml in the folder of a run, made by this "
            "version of the project; other versions may need a run there first."
        )
    try:
        return Card.model_validate(content)
    except ValidationError as error:
        problems = explain(error, content, Card, "a card that a run has just made shows an example")
        listed = "\n".join(f"  - {problem}" for problem in problems)
        raise ConfigError(
            f"{where} is not as a run wrote it:\n{listed}\nAsk the site for its card once more, and do not edit it."
        ) from None
