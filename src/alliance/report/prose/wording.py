"""Turn one row of the estimates into words: its size, its interval, its direction, and what it is a difference between.

Every result is worded as ``<a difference in the cause> <verb> <the outcome> <so much> lower (better) <when>``, followed
by the interval, the N and the flag, which never leave the number.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from alliance.config import Config, ModelSpec, Variable
from alliance.config.answers import holds_own_past
from alliance.config.timing import TIME_TERMS, parse_term
from alliance.facts.families import FAMILIES
from alliance.facts.quantity import NEXT_SESSION, SAME_SESSION, count_sessions, is_at_session, nodes_of
from alliance.report.accounts import account_of
from alliance.report.labels import is_constant, label_level, label_of, plain_label, unit_of, variable_of
from alliance.report.numbers import (
    common_decimals,
    format_count,
    format_number,
    format_percent,
    points_and_ends,
)
from alliance.report.propensity import is_propensity, name_in, unit_in
from alliance.report.prose.licence import Licence

Row = Mapping[str, Any]

_MOST_DECIMALS = 4
_WHOLE = ("effect", "total", "intention_to_treat")  # what has a probability beside it
_HORIZONS = {
    SAME_SESSION: "in the same session",
    NEXT_SESSION: "at the next session",
}


def mediators_of(row: Row) -> list[str]:
    """Return the nodes between the cause and the outcome."""
    return nodes_of(row["path"])[1:-1]


def join_words(words: list[str], last: str = "and") -> str:
    """Join words as a list is read: ``a, b and c``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def count_of(number: int, singular: str, plural: str | None = None) -> str:
    """Return a number with its noun in the right form, e.g. ``1 patient``, ``3,012 sessions``."""
    noun = singular if number == 1 else plural or f"{singular}s"
    return f"{format_count(number)} {noun}"


def count_range(ordered: Sequence[int], singular: str) -> str:
    """Return the first and last of ordered numbers with their noun: ``3,012 to 3,225 sessions``; one where they are equal."""
    low, high = ordered[0], ordered[-1]
    return count_of(low, singular) if low == high else f"{format_count(low)} to {count_of(high, singular)}"


def describe_size(row: Row) -> str:
    """Return who the estimate rests on: patients, sessions and, where known, therapists."""
    parts = [
        count_of(int(row["n_patients"]), "patient"),
        count_of(int(row["n_sessions"]), "session"),
    ]
    if int(row["n_therapists"]) > 0:
        parts.append(count_of(int(row["n_therapists"]), "therapist"))
    return ", ".join(parts)


def flags_of(row: Row) -> list[str]:
    """Return the marks of a row's flag, one by one."""
    flag = row["flag"]
    return [mark.strip() for mark in flag.split(";") if mark.strip()] if isinstance(flag, str) else []


def describe_flag(row: Row) -> str:
    """Return the flag in brackets with a leading blank, or nothing."""
    marks = flags_of(row)
    return f" [flagged: {'; '.join(marks)}]" if marks else ""


def tell_apart(*values: float) -> list[str]:
    """Write numbers with the same decimals, as many as it takes that different ones do not look alike (four at most)."""
    digits = common_decimals(values)
    while digits < _MOST_DECIMALS and len({format_number(value, digits) for value in values}) < len(set(values)):
        digits += 1
    return [format_number(value, digits) for value in values]


def name_interval(row: Row) -> str:
    """Return what the interval is called, e.g. ``95% credible interval``."""
    return f"{format_percent(row['interval'])} {row['interval_kind']} interval"


def describe_evidence(row: Row) -> str:
    """Return the interval and the N in parentheses."""
    low, high = (format_number(row[end], decimals_of(row)) for end in ("low", "high"))
    return f"({name_interval(row)} {low} to {high}; {describe_size(row)})"


def includes_zero(row: Row) -> bool:
    """Whether zero lies in the interval (its ends included)."""
    return bool(row["low"] <= 0 <= row["high"])


def describe_difference(value: float, row: Row, config: Config) -> str:
    """Return a difference in the outcome in its units, with its direction, e.g. ``0.21 points lower (better)``."""
    node = nodes_of(row["path"])[-1]
    variable = variable_of(node, config)
    size = format_number(abs(value), decimals_of(row))
    unit = "points" if variable is None else unit_of_difference(variable.unit)
    if is_propensity(node, row["model"], config):
        unit = unit_in(node, row["model"], config)
    if value == 0:
        return f"{size} {unit} different"
    return f"{size} {unit} {'higher' if value > 0 else 'lower'}{_judgement(value, variable)}"


def unit_of_difference(unit: str) -> str:
    """Return the unit of a difference between two values: what is measured in percent differs by percentage points."""
    return "percentage points" if unit in ("percent", "%") else unit


def describe_probability(row: Row, rows: Sequence[Row], config: Config) -> str:
    """Return the sentence that says what an effect on a propensity is as a difference in probability, with a leading blank, or nothing.

    Parameters
    ----------
    rows
        All estimates of the model.
    """
    same = ("path", "level", "horizon")
    for other in rows:
        if other["effect"] == "probability" and all(other[key] == row[key] for key in same) and row["effect"] in _WHOLE:
            node = nodes_of(row["path"])[-1]
            variable, label = variable_of(node, config), label_of(node, config)
            if variable is not None and variable.ordered:
                label = f"the highest answer given to {label}"
            size, low, high = points_and_ends(account_of(other))
            return (
                f" In probability of {label}, on average over the recorded sessions: {size} percentage points{describe_flag(other)} "
                f"({name_interval(other)} {low} to {high})."
            )
    return ""


def describe_range(row: Row, config: Config) -> str:
    """Return everything the interval holds, from its low to its high end, in words."""
    return f"{describe_difference(row['low'], row, config)} to {describe_difference(row['high'], row, config)}"


def describe_openness(row: Row, config: Config) -> str:
    """Return the sentence an interval around zero requires, or nothing: absence of evidence is not evidence of absence."""
    if not includes_zero(row):
        return ""
    return f" The data are compatible with no difference and with anything from {describe_range(row, config)}."


def describe_contrast(row: Row, config: Config) -> str:
    """Return the difference in the cause that the estimate is about, at the level it is about."""
    node, level = nodes_of(row["path"])[0], str(row["level"])
    label, propensity = name_in(node, row["model"], config), is_propensity(node, row["model"], config)
    categories = categories_of(node, config)
    if categories is not None and not propensity:
        return f"{label.replace(f': {categories[1]}', '')} “{categories[1]}” rather than “{categories[0]}”"
    variable = variable_of(node, config)
    if variable is None:
        return f"one more {_singular(unit_of(node, config))}"
    unit = "standard deviation" if propensity else _singular(unit_of_difference(variable.unit))
    if variable.table != "sessions":
        return f"a difference of one {unit} in {label} between {variable.table}"
    if is_between(row, config):
        return f"a difference of one {unit} in average {label} {label_level(level)}"
    if row["n_sessions"] == row["n_patients"]:
        return f"a difference of one {unit} in {label} between patients"
    if level == "within":
        return f"one {unit} more of {label} than usual for the same patient"
    return f"a difference of one {unit} in {label} between sessions, of the same patient or of others"


def describe_relation(row: Row, licence: Licence, config: Config, mark: str = "") -> str:
    """Return what an estimate says, without interval and N: ``one point more of x predicted y 0.21 points lower (better)``.

    Parameters
    ----------
    mark
        What stands behind the number.
    """
    outcome = name_in(nodes_of(row["path"])[-1], row["model"], config)
    verb = _verb(row, licence, config)
    if is_between(row, config):
        verb = f"{verb} average"
    when = describe_when(row, config) + (", given the past" if is_given_past(row, config) else "")
    difference = describe_difference(row["estimate"], row, config)
    return f"{describe_contrast(row, config)} {verb} {outcome} {difference}{mark}{when}"


def describe_result(row: Row, licence: Licence, config: Config) -> str:
    """Return the whole sentence about one estimate, and a second one if its interval holds zero."""
    relation = describe_relation(row, licence, config, describe_flag(row))
    return capitalise(f"{relation} {describe_evidence(row)}.") + describe_openness(row, config)


def is_between(row: Row, config: Config) -> bool:
    """Whether an estimate is about averages of patients or therapists, which have no order in time."""
    between = row["level"] in ("between_patient", "between_therapist")
    return between and not is_constant(nodes_of(row["path"])[0], config)


def is_given_past(row: Row, config: Config) -> bool:
    """Whether averages are compared with the outcome's value at the session before held equal, as separate equations do.

    Such a slope is what is added within one session; averages, to which all sessions add, differ by more.
    """
    outcome = nodes_of(row["path"])[-1]
    spec = config.models.specs[row["model"]]
    return (
        is_between(row, config)
        and not FAMILIES[spec.family].joint
        and outcome in spec.equations
        and holds_own_past(spec, outcome, config)
    )


def shape_over_time(spec: ModelSpec, cause: str) -> str:
    """Say how products let the effect of a cause change over time: as a curve, in a straight line, or not at all."""
    others = {factor for factors in spec.products.values() if cause in factors for factor in factors if factor != cause}
    if others & {*spec.bases}:
        return "curve"
    return "line" if others & {*TIME_TERMS} else "same"


def describe_when(row: Row, config: Config) -> str:
    """Return when the outcome is measured, seen from the cause, with a leading blank, or nothing."""
    horizon = "" if is_between(row, config) else str(row["horizon"])
    return f" {_HORIZONS.get(horizon, horizon)}" if horizon else ""


def name_end(row: Row, config: Config) -> str:
    """Say what the session is at which an effect of a constant cause is given; empty for other estimates."""
    if not is_at_session(row["horizon"]):
        return ""
    end = (
        "the planned end of treatment"
        if config.study.planned_sessions
        else "the last one that half of the patients reached"
    )
    return f"session {count_sessions(row['horizon'])} is {end}"


def categories_of(node: str, config: Config) -> tuple[str, str] | None:
    """Return the two labels a category's contrast is between (reference first), or None if it is not such a contrast."""
    term = parse_term(node, config.variables)
    if term is None or term.variable is None:
        return None
    variable = config.variables[term.variable]
    if variable.reference is not None and term.part is not None:
        return plain_label(variable.reference), plain_label(term.part)
    if variable.yes_no and variable.kind == "number":
        return "no", "yes"
    if variable.levels is None or len(variable.levels) != 2:
        return None
    low, high = sorted(variable.levels, key=lambda label: (variable.levels or {})[label])
    return (plain_label(low), plain_label(high)) if variable.levels[high] - variable.levels[low] == 1 else None


def capitalise(text: str) -> str:
    """Begin a sentence with a capital letter, whatever label it begins with, and leave the rest alone."""
    return text[:1].upper() + text[1:]


def _verb(row: Row, licence: Licence, config: Config) -> str:
    if licence.signed_off or is_between(row, config):
        return "went with"
    return "predicted" if licence.kind == "single_group" else "was followed by"


def decimals_of(row: Row) -> int:
    """Return the decimals that an estimate and its interval are written with."""
    return common_decimals([row["estimate"], row["low"], row["high"]], row["high"] - row["low"])


def _judgement(value: float, variable: Variable | None) -> str:
    if variable is None or variable.higher_is is None:
        return ""
    return " (better)" if (value > 0) == (variable.higher_is == "better") else " (worse)"


def _singular(unit: str) -> str:
    return unit[:-1] if unit.endswith("s") and not unit.endswith("ss") else unit
