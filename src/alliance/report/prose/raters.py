"""Whether two raters see the same, come closer, and whose view goes along with what follows: the answer, and what stands beside it."""

from typing import Final

from alliance.config import Config
from alliance.config.posing import cast_in, speaker_of
from alliance.facts.effects import SURFACE
from alliance.facts.quantity import count_sessions, is_at_session, join_names, join_nodes
from alliance.questions import QUESTIONS
from alliance.report.labels import label_of, variable_of
from alliance.report.numbers import format_estimate, format_number
from alliance.report.prose.passage import Inputs, Passage, licence_for, rows_of, table_of, text
from alliance.report.prose.told import Number, Told
from alliance.report.prose.wording import (
    Row,
    capitalise,
    describe_evidence,
    describe_flag,
    describe_result,
    includes_zero,
    join_words,
)

_NAME: Final = "raters"
_LARGE: Final = 0.5  # a large correlation (Cohen 1988)


class _Two:
    """The two ratings and the outcome, and what was estimated of them."""

    def __init__(self, inputs: Inputs, config: Config) -> None:
        cast = cast_in(config)
        self.config = config
        self.first, self.second, self.outcome = (cast.one(role).name for role in ("mediator", "rater", "outcome"))
        self.one, self.other, self.what = (label_of(name, config) for name in (self.first, self.second, self.outcome))
        self._rows = rows_of(table_of(inputs, "estimates"))
        self.agreement = [row for row in self._rows if row["model"] == speaker_of(_NAME, config)]
        self._partners = list(QUESTIONS[_NAME].pose(cast).specs)[2]
        self.pair = join_names(self.first, self.second)

    def of(self, effect: str, level: str, horizon: str = "") -> Row | None:
        """Return a number of the agreement."""
        return next(
            (
                row
                for row in self.agreement
                if (row["effect"], row["level"], row["horizon"]) == (effect, level, horizon)
            ),
            None,
        )

    def course(self, effect: str) -> list[Row]:
        """Return a number at the first and at the last session."""
        found = [row for row in self.agreement if row["effect"] == effect and is_at_session(row["horizon"])]
        return sorted(found, key=lambda row: count_sessions(row["horizon"]))

    def tracking(self) -> list[Row]:
        """Return how closely one rating follows the other, within patients and between them."""
        path = join_nodes(self.first, self.second)
        return [row for row in self._rows if row["path"] == path and row["effect"] == "effect"]

    def predictors(self) -> list[Row]:
        """Return what each rating says about the outcome, the other held equal."""
        paths = [join_nodes(name, self.outcome) for name in (self.first, self.second)]
        asked = (self._partners, "direct", "within")
        rows = [row for row in self._rows if (row["model"], row["effect"], row["level"]) == asked]
        return [row for path in paths for row in rows if row["path"] == path]

    def surface(self) -> dict[str, Row]:
        """Return the parameters of the response surface."""
        path = join_nodes(self.pair, self.outcome)
        return {row["effect"]: row for row in self._rows if row["path"] == path and row["effect"] in SURFACE}


def tell_raters(inputs: Inputs, config: Config) -> Told | None:
    """Say whether two ratings go together, which is higher, and whose goes along with what follows."""
    two = _Two(inputs, config)
    within, between = two.of("correlation", "session"), two.of("correlation", "patient")
    if within is None:
        return None
    told = [row for row in (within, between) if row is not None]
    course, predictors = two.course("discrepancy"), two.predictors()
    change = two.of("discrepancy_change", "overall")
    rows = [*told, *course, *([change] if change else []), *two.tracking(), *predictors]
    numbers = [Number(f"correlation {where}", _bare(row)) for row, where in zip(told, _PLACES, strict=False)]
    numbers += [
        Number(f"{two.other} minus {two.one}, {row['horizon']}", f"{_bare(row)}% of the range") for row in course
    ]
    return Told(
        answer=" ".join(part for part in (_agree(told), _differ(two, course), _whose(two, predictors)) if part),
        rows=tuple(rows),
        numbers=tuple(numbers),
        claim="How two ratings go together and what follows them; neither is taken for the truth, or for a cause of the other.",
        change="Error of either rating takes from what they have in common, so more reliable ratings would agree more.",
    )


_PLACES: Final = ("within patients", "between patients")


def _bare(row: Row) -> str:
    return format_estimate(row["estimate"], row["low"], row["high"])


def _agree(rows: list[Row]) -> str:
    """Say whether ratings go together within patients and between them, from the intervals alone."""
    shown = join_words(
        [f"{format_number(row['estimate'], 2)} {where}" for row, where in zip(rows, _PLACES, strict=False)]
    )
    against = [where for row, where in zip(rows, _PLACES, strict=False) if row["high"] < 0]
    if against:
        return f"No: their ratings are correlated {shown}, so {join_words(against)} they move in opposite directions."
    if all(row["low"] >= _LARGE for row in rows):
        return f"Yes, for the most part: their ratings are correlated {shown}."
    if all(row["low"] > 0 for row in rows):
        return f"In part: their ratings are correlated {shown}."
    if any(row["low"] > 0 for row in rows):
        clear = join_words([where for row, where in zip(rows, _PLACES, strict=False) if row["low"] > 0])
        return f"In part, {clear} only as far as the intervals tell: their ratings are correlated {shown}."
    return f"Open: their ratings are correlated {shown}, and the intervals hold zero."


def _differ(two: _Two, course: list[Row]) -> str:
    """Say which rating is higher on the range of its scale at the first and at the last session."""
    if not course:
        return ""
    told = []
    for row in course:
        side = "higher" if row["estimate"] > 0 else "lower"
        clear = "" if not includes_zero(row) else " (its interval holds zero)"
        told.append(f"{format_number(abs(row['estimate']), 1)}% of the range {side}{clear} {row['horizon']}")
    return f"{capitalise(two.other)} is {' and '.join(told)}."


def _whose(two: _Two, rows: list[Row]) -> str:
    """Say whose rating goes along with the outcome at the next session, the other held equal."""
    if len(rows) < len(_PLACES):
        return ""
    clear = [label for row, label in zip(rows, (two.one, two.other), strict=True) if not includes_zero(row)]
    when = f"{two.what} at the next session"
    if len(clear) == len(rows):
        return f"Both go along with {when}, each with the other held equal."
    if not clear:
        return f"Whether either goes along with {when}, the other held equal, stays open."
    other = two.other if clear == [two.one] else two.one
    return f"With both held against each other, {clear[0]} goes along with {when}; for {other} that stays open."


def describe_raters(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe convergence, tracking, and what agreement and disagreement go along with."""
    if cast_in(config).lacks(QUESTIONS[_NAME].needs):
        return []
    two = _Two(inputs, config)
    if not two.agreement:
        return []
    return [
        text(*_convergence(two)),
        text(*_follow(two, inputs)),
        text(*_congruence(two)),
    ]


def _convergence(two: _Two) -> list[str]:
    said = [
        "Formats of answers differ between raters, so both ratings are given in percent of the range of their own scale; "
        f"{two.other} minus {two.one} is the discrepancy."
    ]
    changes = (
        ("discrepancy_change", "The discrepancy changes by {} percent of the range per session", ("rises", "falls")),
        ("distance_change", "The distance, in whichever direction, changes by {} percent per session", ("grows", "shrinks")),
        ("correlation_change", "The correlation across patients changes by {} from the first to the last session", ("rises", "falls")),
    )  # fmt: skip
    for effect, words, (up, down) in changes:
        row = two.of(effect, "overall")
        if row is not None:
            verdict = (
                f"whether it {up} or {down} stays open"
                if includes_zero(row)
                else f"it {up if row['estimate'] > 0 else down}"
            )
            changed = words.format(format_number(row["estimate"], 2))
            said.append(f"{changed}{describe_flag(row)} {describe_evidence(row)}: {verdict}.")
    return said


def _follow(two: _Two, inputs: Inputs) -> list[str]:
    """Say how closely one rating follows the other, and what each says about the outcome."""
    said = []
    for row in two.tracking():
        if row["level"] == "between_therapist":
            continue
        where = (
            "than usual for the same patient" if row["level"] == "within" else "on average over a patient's sessions"
        )
        side = "higher" if row["estimate"] > 0 else "lower"
        points = f"{format_number(abs(row['estimate']), 2)} points of its own scale {side}"
        said.append(
            f"With one point more of {two.one} {where}, {two.other} is {points}{describe_flag(row)} {describe_evidence(row)}."
        )
        same = {name: str(row[name]) for name in ("model", "path", "effect", "level")}
        said += [
            f"Without the error of scores: {format_estimate(*(one[f'{name}_corrected'] for name in ('estimate', 'low', 'high')))}"
            f"{describe_flag(one)}."
            for one in rows_of(table_of(inputs, "corrected"), **same)
        ]
    for row in two.predictors():
        licence = licence_for(row["model"], [dict(row)], two.config)
        said.append(describe_result(row, licence, two.config))
    return said


def _congruence(two: _Two) -> list[str]:
    """Say what each parameter of the surface means, as far as its interval tells."""
    found = two.surface()
    if not found:
        return []
    a1, a2, a3, a4, a5 = (found[f"surface_a{number}"] for number in range(1, 6))
    said = [
        "Over both ratings together, in tenths of the range around the middle of all ratings: "
        + _slope(a1, two, "both seeing more of it"),
        capitalise(_bend(a2, two, "agreement that lies further from the middle, on either side,")),
        capitalise(_slope(a3, two, f"{two.one} that is higher and {two.other} as much lower")),
        capitalise(_bend(a4, two, "wider disagreement, whoever's rating is higher,")),
    ]
    if not includes_zero(a4):
        clear = [name for name, row in (("a3", a3), ("a5", a5)) if not includes_zero(row)]
        said.append(
            "That speaks for congruence itself only where the slope along disagreement (a3) and the tilt of the ridge (a5) are zero"
            + (
                f", which {join_words(clear)} {'is' if len(clear) == 1 else 'are'} not."
                if clear
                else ", which their intervals allow and do not show."
            )
        )
    return said


def _slope(row: Row, two: _Two, what: str) -> str:
    if includes_zero(row):
        return f"whether {what} goes along with other {two.what} at the next session stays open {_numbered(row)}."
    return f"{what} goes along with {_side(row, two)} at the next session {_numbered(row)}."


def _bend(row: Row, two: _Two, what: str) -> str:
    if includes_zero(row):
        return f"whether {what} goes along with other {two.what} than a straight line would have it stays open {_numbered(row)}."
    return f"{what} goes along with {_side(row, two)} than a straight line would have it {_numbered(row)}."


def _side(row: Row, two: _Two) -> str:
    """Return the outcome with the direction and what it is worth: ``lower (better) symptoms``."""
    return f"{'higher' if row['estimate'] > 0 else 'lower'}{_worth(row, two)} {two.what}"


def _worth(row: Row, two: _Two) -> str:
    variable = variable_of(two.outcome, two.config)
    if variable is None or variable.higher_is is None:
        return ""
    return " (better)" if (row["estimate"] > 0) == (variable.higher_is == "better") else " (worse)"


def _numbered(row: Row) -> str:
    return (
        f"({row['effect'].removeprefix('surface_')} = {format_number(row['estimate'], 2)}{describe_flag(row)}; "
        f"{describe_evidence(row).removeprefix('(')}"
    )
