"""How much the steps to and from the mediator differ between therapists: the answer, and what stands behind it.

An interval of the standard deviation between therapists that begins at zero leaves open whether they differ at all; a test, with few
therapists, would say no more.
"""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final

from alliance.config import Config
from alliance.config.posing import asked_in, cast_in, speaker_of
from alliance.facts.columns import PATIENT, THERAPIST
from alliance.facts.effects import SLOPE_SHARE
from alliance.facts.quantity import join_nodes
from alliance.questions.cast import Player
from alliance.report.labels import label_of
from alliance.report.numbers import (
    common_decimals,
    format_estimate,
    format_number,
    format_probability,
    format_share,
    share_and_ends,
)
from alliance.report.prose.passage import Inputs, Passage, caution, rows_of, table_of, text
from alliance.report.prose.told import Number, Told, number_of
from alliance.report.prose.wording import Row, count_of, describe_flag, name_interval

_NAME: Final = "responsiveness"
_MANY: Final = 100  # therapists, of whom the standard deviation is known to some 7 %: 1 / sqrt(2 (n - 1))
_ALIKE: Final = "is the same for all by the best estimate,"
_MIDDLE: Final = NormalDist().inv_cdf(
    5 / 6
)  # standard deviations within which the middle two thirds of a normal distribution lie


@dataclass(frozen=True)
class _Step:
    """One arrow: its average, and how far therapists are from it.

    Parameters
    ----------
    between, among
        Standard deviation between therapists, and between patients of one therapist.
    share
        Of the variance, between therapists.
    test
        Row of the artefact `slopes`; None where there is none.
    """

    cause: str
    outcome: str
    average: Row
    between: Row
    among: Row
    share: Row
    test: Row | None

    @property
    def told(self) -> bool:
        """Whether the interval tells therapists apart."""
        return bool(self.between["low"] > 0)

    def name(self, config: Config) -> str:
        return f"the step from {label_of(self.cause, config)} to {label_of(self.outcome, config)}"

    def middle(self, end: str) -> str:
        """Say between which values the middle two thirds of therapists lie, at the estimate of how far they differ or at an end of it."""
        low, high = float(self.average["low"]), float(self.average["high"])
        digits = common_decimals([low, high], high - low)  # as the average beside it
        centre, reach = float(self.average["estimate"]), _MIDDLE * float(self.between[end])
        first, last = (format_number(value, digits) for value in (centre - reach, centre + reach))
        return f"between {first} and {last}"


def tell_responsiveness(inputs: Inputs, config: Config) -> Told | None:
    """Say of each step whether therapists differ in it, and between which values most of them lie."""
    few = _too_few(inputs, config)
    if few:
        return Told(few, ())
    steps = _steps(inputs, config)
    if not steps:
        return None
    therapists = max(int(step.between["n_therapists"]) for step in steps)
    return Told(
        answer=" ".join(_tell(step, config) for step in steps),
        rows=tuple(row for step in steps for row in (step.average, step.between, step.share)),
        numbers=tuple(number for step in steps for number in _numbers(step, config)),
        claim=(
            "A description of these therapists with these patients: who came to whom was not assigned at random, so therapists may differ "
            "in a step because their patients do."
        ),
        change=(
            f"More therapists: {count_of(therapists, 'therapist')} tell little about how far therapists differ."
            if therapists < _MANY
            else "More patients of each therapist would tell more closely where single therapists stand."
        ),
    )


def describe_responsiveness(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe the differences between therapists in each step, the test of them, and what the figure shows."""
    steps = _steps(inputs, config) if _NAME in asked_in(config) else []
    if not steps:
        return []
    therapists, patients = (max(int(step.between[f"n_{unit}s"]) for step in steps) for unit in (THERAPIST, PATIENT))
    each = format_number(patients / therapists, 0)
    return [
        text(*(_describe(step, config) for step in steps)),
        text(
            "Slopes of single therapists are drawn towards the average, more so the less their own sessions tell, so those in the figure "
            "lie closer together than therapists do. They are shown in order, without ids, and averaged over neighbours.",
        ),
        caution(
            f"{count_of(therapists, 'therapist')} with about {each} patients each find large differences between therapists only: an "
            "interval that holds zero does not say that they are alike.",
            "The test takes plain maximum likelihood and is on the safe side where some therapists have few patients.",
        ),
    ]


def _tell(step: _Step, config: Config) -> str:
    name = step.name(config)
    average = format_estimate(*(step.average[end] for end in ("estimate", "low", "high")))
    if step.told:
        return (
            f"Therapists differ in {name}: it is {average} on average, and among the middle two thirds of therapists it lies "
            f"{step.middle('estimate')}."
        )
    best = f"lies {step.middle('estimate')} by the best estimate" if step.between["estimate"] > 0 else _ALIKE
    return (
        f"Whether therapists differ in {name} stays open: it is {average} on average, and among the middle two thirds of therapists it "
        f"{best} and {step.middle('high')} if they differ as much as the interval allows."
    )


def _numbers(step: _Step, config: Config) -> tuple[Number, Number]:
    name = f"{label_of(step.cause, config)} → {label_of(step.outcome, config)}"
    return (
        number_of(step.between, config, f"{name}, SD between therapists"),
        Number(
            f"{name}, share of the differences that lies between therapists",
            format_share(step.share["estimate"], step.share["low"], step.share["high"]),
        ),
    )


def _describe(step: _Step, config: Config) -> str:
    between, among = (_write(row) for row in (step.between, step.among))
    share, low, high = share_and_ends(step.share["estimate"], step.share["low"], step.share["high"])
    said = (
        f"In {step.name(config)}, slopes have a standard deviation of {between} between therapists and of {among} between patients of one "
        f"therapist ({name_interval(step.between)}s); {share} of the variance lies between therapists, "
        f"{low} to {high} by its interval."
    )
    if step.test is None:
        return said
    more = int(step.test["effects"])
    fall, chance = format_number(step.test["fall"], 1), format_probability(step.test["p_value"])
    return (
        f"{said} Without any differences between therapists in it, twice the log-likelihood falls by {fall}; if there were none, so large "
        f"a fall would have a probability of {chance} (equal shares of chi-square with {more - 1} and {more} degrees of freedom)."
    )


def _write(row: Row) -> str:
    return f"{format_estimate(row['estimate'], row['low'], row['high'])}{describe_flag(row)}"


def _steps(inputs: Inputs, config: Config) -> list[_Step]:
    """Return the steps whose slopes vary between therapists, in the order in which they follow one another."""
    cast, model = cast_in(config), speaker_of(_NAME, config)
    rows = rows_of(table_of(inputs, "estimates"), model=model)
    tests = rows_of(table_of(inputs, "slopes"), model=model)
    mediator, outcome = cast.one("mediator"), cast.one("outcome")
    found = (
        _step(rows, tests, *pair)
        for pair in [*((one, mediator) for one in cast.all("technique")[:1]), (mediator, outcome)]
    )
    return [step for step in found if step is not None]


def _step(rows: list[dict[str, Any]], tests: list[dict[str, Any]], cause: Player, outcome: Player) -> _Step | None:
    arrow, slope = join_nodes(cause.name, outcome.name), join_nodes(cause.before(outcome), outcome.name)

    def find(path: str, effects: tuple[str, ...], level: str) -> Row | None:
        return next((r for r in rows if r["path"] == path and r["effect"] in effects and r["level"] == level), None)

    average = find(arrow, ("a", "b", "effect"), "within")
    between, among = (find(slope, ("sd",), unit) for unit in (THERAPIST, PATIENT))
    share = find(slope, (SLOPE_SHARE,), THERAPIST)
    if average is None or between is None or among is None or share is None:
        return None
    test = next((row for row in tests if row["path"] == slope), None)
    return _Step(cause.name, outcome.name, average, between, among, share, test)


def _too_few(inputs: Inputs, config: Config) -> str:
    """Say that there are fewer therapists than the model asks for; empty where there are enough, or it failed for another reason."""
    model, panel = speaker_of(_NAME, config), table_of(inputs, "panel")
    least = getattr(config.models.specs.get(model), "fewest_therapists", 0)
    if THERAPIST not in panel or not rows_of(table_of(inputs, "diagnostics"), caution="not_fitted", model=model):
        return ""
    there = int(panel[THERAPIST].nunique())
    if there >= least:
        return ""
    return (
        f"Not answered: {count_of(there, 'therapist')} say next to nothing about how far therapists differ, and at least {least} are asked "
        f"for (models.specs.{model}.fewest_therapists)."
    )
