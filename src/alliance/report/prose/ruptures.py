"""Where the alliance ruptures and what follows, as the answer to that question."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.config.posing import cast_in, speaker_of
from alliance.facts.columns import records
from alliance.facts.detectors import OBSERVER
from alliance.facts.quantity import join_names
from alliance.report.labels import label_of
from alliance.report.numbers import decimals_of_share, format_number, format_percent, format_share
from alliance.report.prose.passage import Inputs, table_of
from alliance.report.prose.told import Number, Told, number_of
from alliance.report.prose.wording import Row, capitalise, includes_zero, join_words
from alliance.report.ruptures import NAME, following, label_detector, looks_ahead, marks_in, statistic_of


def tell_ruptures(inputs: Inputs, config: Config) -> Told | None:
    """Say whether more patients are marked than by chance, whether observers and scores agree, and what follows.

    What follows is told for observers where there are any, and otherwise for the detector that looks at earlier sessions only and marks
    sessions by all of them.
    """
    detectors, estimates, marks = table_of(inputs, "detectors"), table_of(inputs, "estimates"), marks_in(config)
    cast, model = cast_in(config), speaker_of(NAME, config)
    outcome, mediator = (label_of(cast.one(role).name, config) for role in ("outcome", "mediator"))
    shares = {
        name: row
        for name, states in marks.items()
        if (row := statistic_of(estimates, model, states["open"], "ruptured"))
    }
    if not shares or detectors.empty:
        return None
    asked = OBSERVER if OBSERVER in marks else "prediction"
    after = following(estimates, marks[asked]["open"], cast.one("outcome").name, config) if asked in marks else None
    kappas = _kappas(estimates, model, marks)
    answer = [_marked(shares, detectors, mediator)]
    if OBSERVER in shares:
        answer.append(_seen(shares[OBSERVER], kappas))
    if after is not None:
        answer.append(_after(after, asked, outcome, mediator))
    numbers = [_number(name, row) for name, row in shares.items()]
    if after is not None:
        numbers.append(number_of(after, config, f"{outcome} after an open rupture ({label_detector(asked)})"))
    return Told(
        answer=" ".join(answer),
        rows=(*shares.values(), *kappas, *([after] if after else [])),
        numbers=tuple(numbers[:1] + numbers[-2:] if len(numbers) > 3 else numbers),
        claim="A description of these patients, and what ruptures tell of the next session; nothing is said to bring about anything.",
        change=_change(detectors),
    )


def _marked(shares: Mapping[str, Row], detectors: pd.DataFrame, mediator: str) -> str:
    chance = {row.detector: row.by_chance for row in records(detectors) if pd.notna(row.by_chance)}
    told = {name: row for name, row in shares.items() if name in chance}
    if not told:
        return f"The course of {mediator} tells ruptures of too few patients to be counted."
    more = [label_detector(name) for name, row in told.items() if row["low"] > chance[name]]
    # With the decimals of their intervals: these may lie above chance by less than one percent.
    ends = [pick(told.values(), key=lambda row: row["estimate"]) for pick in (min, max)]
    decimals = max(decimals_of_share(row["low"], row["high"]) or 0 for row in told.values()) or None
    low, high = (format_percent(row["estimate"], decimals) for row in ends)
    marked = low if low == high else f"{low} to {high}"
    by_chance = format_percent(max(chance[name] for name in told), decimals)
    begin = f"By the course of {mediator} alone {marked} of patients are marked, and {by_chance} would be without any rupture"
    if not more:
        return f"Not shown to be more than chance: {begin[0].lower()}{begin[1:]}; no interval lies above that."
    return f"{begin}; the interval lies above that for {join_words(more)}."


def _seen(row: Row, kappas: Sequence[Row]) -> str:
    said = f"Observers saw a rupture in {format_percent(row['estimate'])} of patients"
    if not kappas:
        return f"{said}."
    low, high = (format_number(pick(kappa["estimate"] for kappa in kappas), 2) for pick in (min, max))
    return f"{said}; with the sessions that they saw, those marked by the score agree by a kappa of {low} to {high}, where 0 is chance."


def _after(row: Row, asked: str, outcome: str, mediator: str) -> str:
    after, than = (
        f"a session with an open rupture ({label_detector(asked)}) is followed by",
        f"{outcome} at the next session than another with the same {mediator}",
    )
    if includes_zero(row):
        return f"Whether {after} higher or lower {than} stays open."
    return f"{capitalise(after)} {'higher' if row['estimate'] > 0 else 'lower'} {than}."


def _kappas(estimates: pd.DataFrame, model: str, marks: dict[str, dict[str, str]]) -> list[dict[str, Any]]:
    """Return agreement with observers, where there are any."""
    if OBSERVER not in marks:
        return []
    seen = marks[OBSERVER]["open"]
    pairs = [
        join_names(*pair)
        for name, states in marks.items()
        if name != OBSERVER
        for pair in ((states["open"], seen), (seen, states["open"]))
    ]
    return [row for pair in pairs if (row := statistic_of(estimates, model, pair, "kappa"))]


def _number(name: str, row: Row) -> Number:
    ahead = ", looks ahead" if looks_ahead(name) else ""
    return Number(
        f"patients with a rupture ({label_detector(name)}{ahead})",
        format_share(row["estimate"], row["low"], row["high"]),
    )


def _change(detectors: pd.DataFrame) -> str:
    limit = detectors.loc[detectors["detector"] == "sd_drop", "limit"]
    known = len(limit) and pd.notna(limit.iloc[0])
    least = f" below {format_number(limit.iloc[0], 1)} standard deviations within patients" if known else ""
    return (
        f"Scores vary by themselves, so drops{least} cannot be told from chance one by one; more sessions, or a more reliable score, could "
        "tell smaller ones."
    )
