"""How a process develops, as the answer to that question."""

from typing import Any, Final

import pandas as pd

from alliance.config import Config
from alliance.config.posing import cast_in, speaker_of
from alliance.facts.literature import PUBLISHED, is_alliance
from alliance.facts.quantity import count_sessions, nodes_of
from alliance.report.labels import SHAPES, label_of, unit_of, variable_of
from alliance.report.numbers import (
    format_estimate,
    format_interval,
    format_number,
    format_percent,
    format_share,
    format_value,
)
from alliance.report.prose.passage import Inputs, Passage, rows_of, table_of
from alliance.report.prose.told import Number, Told
from alliance.report.prose.wording import Row, capitalise, describe_flag, describe_size, includes_zero, name_interval

_NAME: Final = "development"
_MIDDLE: Final = 1.2816  # standard deviations between which 80 % of a normal distribution lie
_KNOWN: Final = 0.1  # of the upper end of its interval, which a standard deviation that is told from zero lies above
_WELL: Final = 0.9  # support from which a shape is said to fit better


def tell_development(inputs: Inputs, config: Config) -> Told | None:
    """Say whether the average rises or falls, as far as its interval tells, which shape fits, and how patients differ."""
    model = speaker_of(_NAME, config)
    rows = rows_of(table_of(inputs, "estimates"), model=model)
    change = _find(rows, "average_change")
    if change is None:
        return None
    averages = [row for row in rows if row["effect"] == "average"]
    told = [_find(rows, effect) for effect in ("bend", "trend", "trend_sd", "share_risen", "share_fallen", "r_start")]
    shown = [averages[0], change, *(row for row in told if row is not None)]
    return Told(
        answer=f"{_say_change(averages[0], change, inputs, config)} {_say_shape(rows, model, inputs)}",
        rows=tuple(shown),
        numbers=(
            Number(
                f"change of the average from session {count_sessions(averages[0]['horizon'])} to {count_sessions(change['horizon'])}",
                f"{_estimate(change)} {unit_of(change['outcome'], config)}",
            ),
            *_say_start(rows, config),
        ),
        claim="A description of how scores went over the sessions; it does not say what brought the course about.",
        change="Patients who left are taken to have gone on as their own sessions and the other patients lead one to expect; if not, "
        "later averages are off.",
    )


def describe_development(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe rapport from the outset, patients' own courses, falls and returns, and what the start tells of the end."""
    model = speaker_of(_NAME, config) if _is_asked(config) else ""
    rows = rows_of(table_of(inputs, "estimates"), model=model)
    if _find(rows, "average_change") is None:
        return []
    sentences = [_start(rows, inputs, config), _spread(rows, config), _directions(rows, model, inputs, config)]
    sentences += [_turns(rows), _end(rows, config)]
    return [Passage(tuple(sentence for sentence in sentences if sentence))]


def _is_asked(config: Config) -> bool:
    return not cast_in(config).lacks(("mediator",)) and speaker_of(_NAME, config) in config.models.specs


def _find(rows: list[dict[str, Any]], effect: str) -> dict[str, Any] | None:
    return next((row for row in rows if row["effect"] == effect), None)


def _estimate(row: Row) -> str:
    return format_estimate(row["estimate"], row["low"], row["high"])


def _who(row: Row) -> str:
    return f"({name_interval(row)} in brackets; {describe_size(row)})"


def _share(row: Row) -> str:
    return format_share(row["estimate"], row["low"], row["high"]) + describe_flag(row)


def _say_change(first: Row, change: Row, inputs: Inputs, config: Config) -> str:
    label, unit = label_of(change["outcome"], config), unit_of(change["outcome"], config)
    last = f"session {count_sessions(change['horizon'])}"
    begin = f"session {count_sessions(first['horizon'])}"
    where = f"from {format_number(first['estimate'], 1)} {unit} at {begin}{_place(first, inputs)}"
    if includes_zero(change):
        return (
            f"Whether {label} rises or falls on average up to {last} stays open: {where}, the average changes by {_estimate(change)} "
            f"{unit}{describe_flag(change)}."
        )
    # The verb says the direction, so the size has no sign: nothing falls by less than nothing.
    verb, size = "rises", _estimate(change)
    if change["estimate"] < 0:
        verb, size = "falls", format_estimate(-change["estimate"], -change["high"], -change["low"])
    return f"{capitalise(label)} {verb} on average: {where} by {size} {unit} up to {last}{describe_flag(change)}."


def _place(row: Row, inputs: Inputs) -> str:
    """Say where a level lies in the range of its scale."""
    codebook = table_of(inputs, "codebook")
    found = codebook[codebook["variable"] == row["outcome"]] if len(codebook) else codebook
    if found.empty or pd.isna(found["low"].iloc[0]) or pd.isna(found["high"].iloc[0]):
        return ""
    low, high = float(found["low"].iloc[0]), float(found["high"].iloc[0])
    share = format_percent((row["estimate"] - low) / (high - low))
    return f" ({share} of the way from {format_value(low)} to {format_value(high)})"


def _say_shape(rows: list[dict[str, Any]], model: str, inputs: Inputs) -> str:
    """Say which shape fits best, and how far others are behind; and whether the average bends."""
    shapes = rows_of(table_of(inputs, "shapes"), model=model)
    if not shapes:
        return ""
    best, other = max(shapes, key=lambda row: row["support"]), min(shapes, key=lambda row: row["bic"])
    verdict = "fits better than the others" if best["support"] >= _WELL else "fits best by AIC, others not far behind"
    words = f"Of the shapes compared, a {SHAPES[best['shape']]} {verdict} (support {format_percent(best['support'])})"
    if other["shape"] != best["shape"]:
        words += f", and by BIC, which counts parameters for more, a {SHAPES[other['shape']]}"
    bend = _find(rows, "bend")
    if bend is None or includes_zero(bend):
        return f"{words}; whether the average bends stays open."
    side = "above" if bend["estimate"] > 0 else "below"
    return f"{words}; halfway the average lies {side} the straight line between its ends."


def _say_start(rows: list[dict[str, Any]], config: Config) -> list[Number]:
    """Put the correlation of the early level with the end beside the published one."""
    row = _find(rows, "r_start")
    if row is None:
        return []
    process, outcome = nodes_of(row["path"])
    of = f"early {label_of(process, config)} with the last {label_of(outcome, config)}, r"
    return [Number(of, _estimate(row), _beside(process, outcome, config))]


def _beside(process: str, outcome: str, config: Config) -> str:
    """Return the published correlation, with the sign that it would have here."""
    variable, other = config.variables[process], variable_of(outcome, config)
    if not is_alliance(process, variable.label, variable.instrument) or other is None:
        return ""
    size = PUBLISHED["alliance_outcome"]
    known = size.value is not None and size.low is not None and size.high is not None
    if not known or {variable.higher_is, other.higher_is} - {"better", "worse"}:
        return ""
    assert size.value is not None and size.low is not None and size.high is not None
    sign = 1 if variable.higher_is == other.higher_is else -1
    low, high = sorted((sign * size.low, sign * size.high))
    return f"published: {format_number(sign * size.value, 3)} {format_interval(low, high, 3)}, {size.source}"


def _start(rows: list[dict[str, Any]], inputs: Inputs, config: Config) -> str:
    level, slope = _find(rows, "start_level"), _find(rows, "start_slope")
    if level is None or slope is None:
        return ""
    unit = unit_of(level["outcome"], config)
    moves = "which way it moves there stays open" if includes_zero(slope) else "it moves from the outset"
    return (
        f"Over the first sessions {label_of(level['outcome'], config)} averages {_estimate(level)} {unit} {_who(level)}; "
        f"{moves} "
        f"({_estimate(slope)} {unit} per session)."
    )


def _spread(rows: list[dict[str, Any]], config: Config) -> str:
    trend, spread = _find(rows, "trend"), _find(rows, "trend_sd")
    if trend is None or spread is None:
        return ""
    low, high = (trend["estimate"] + sign * _MIDDLE * spread["estimate"] for sign in (-1, 1))
    known = spread["estimate"] > _KNOWN * spread["high"]
    middle = (
        f"the middle 80% of patients lie between {format_number(low)} and {format_number(high)}"
        if known
        else "these data hardly tell it"
    )
    unit = unit_of(trend["outcome"], config)
    return (
        f"In straight lines the average changes by {_estimate(trend)} {unit} per session {_who(trend)}. Patients differ in it with a "
        f"standard deviation of {_estimate(spread)}{describe_flag(spread)}: {middle}."
    )


def _directions(rows: list[dict[str, Any]], model: str, inputs: Inputs, config: Config) -> str:
    risen, fallen = _find(rows, "share_risen"), _find(rows, "share_fallen")
    norm = next((row for row in rows_of(table_of(inputs, "norms"), model=model)), None)
    told = [(row, verb) for row, verb in ((risen, "rose"), (fallen, "fell")) if row is not None]
    if norm is None or not told:
        return ""
    parts = [f"{_share(row)} {verb} reliably" for row, verb in told]
    unit = unit_of(norm["variable"], config)
    return (
        f"From the first to the last session observed, {' and '.join(parts)} (by {format_value(norm['change_value'])} {unit} or more at "
        f"the {format_percent(norm['change_level'])} level; {norm['change_source']}) {_who(told[0][0])}."
    )


def _turns(rows: list[dict[str, Any]]) -> str:
    turned, chance = _find(rows, "share_turned"), _find(rows, "share_turned_by_chance")
    if turned is None or chance is None:
        return ""
    beyond = turned["low"] > chance["estimate"]
    verdict = "more often than" if beyond else "no more often than can be told from"
    return (
        f"A fall and return, a V, is seen in {_share(turned)} of the patients with five sessions or more {_who(turned)}, {verdict} what "
        f"chance alone gives where everybody changes in a straight line ({format_percent(chance['estimate'])})."
    )


def _end(rows: list[dict[str, Any]], config: Config) -> str:
    plain, held, slope = (_find(rows, effect) for effect in ("r_start", "r_start_held", "r_slope_held"))
    if plain is None or held is None:
        return ""
    process, outcome = (label_of(node, config) for node in nodes_of(plain["path"]))
    of_slope = (
        "" if slope is None else f"; its slope, early level held equal too, {_estimate(slope)}{describe_flag(slope)}"
    )
    return (
        f"Early {process} correlates with the last {outcome} observed after it by {_estimate(plain)} {_who(plain)}"
        f"{describe_flag(plain)}; with the first {outcome} held equal by {_estimate(held)}{describe_flag(held)}{of_slope}. Scores hold "
        "error, "
        "which draws these numbers towards zero, and what makes patients begin well may also make them end well."
    )
