"""How ruptures are told: limits, whom they mark by chance, and what is marked."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.config.posing import speaker_of
from alliance.facts.columns import records
from alliance.facts.detectors import DETECTORS
from alliance.report.labels import capitalised_name, label_of
from alliance.report.numbers import format_interval, format_number, format_percent
from alliance.report.ruptures import NAME, label_detector, looks_ahead, marks_in, statistic_of
from alliance.report.tables.table import Table

TITLE = "How ruptures are told"
NEEDS = ("detectors", "estimates")
_NOTHING = "–"
_AHEAD = "‡"


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return one row per detector: its limit, shares by chance, and what it marks with intervals."""
    told, estimates, marks = inputs["detectors"], inputs["estimates"], marks_in(config)
    model = speaker_of(NAME, config) if len(told) else ""
    cells, numbers = [], []
    for row in records(told):
        mark, ahead = marks[row.detector]["open"], f" {_AHEAD}" if looks_ahead(row.detector) else ""
        share, depth, repaired = (statistic_of(estimates, model, mark, name) for name in _TOLD)
        cells.append(
            [
                capitalised_name(label_detector(row.detector)) + ahead,
                format_number(row.limit, 2) if pd.notna(row.limit) else _NOTHING,
                _share(row.by_chance),
                format_number(row.usual_limit) if pd.notna(row.usual_limit) else _NOTHING,
                _share(row.usual_by_chance),
                _percent(share),
                _number(depth),
                _percent(repaired),
                _share(row.repaired_by_chance),
            ]
        )
        ends = {"": "estimate", "_low": "low", "_high": "high"}
        found = zip(_TOLD, (share, depth, repaired), strict=True)
        numbers.append(
            {key: getattr(row, key) for key in _KEPT}
            | {f"{name}{end}": one[key] if one else None for name, one in found for end, key in ends.items()}
        )
    data = pd.DataFrame(numbers, columns=None if numbers else [*_KEPT])
    return Table(data, pd.DataFrame(cells, columns=[*_COLUMNS]), "Ruptures, told in several ways", _notes(told, config))


_TOLD = ("ruptured", "depth", "repaired")  # effects
_KEPT = ("score", "detector", "limit", "by_chance", "usual_limit", "usual_by_chance", "repaired_by_chance")
_COLUMNS = (
    "Ruptures told by",
    "Limit",
    "Marked by chance",
    "Limit in use",
    "It marks by chance",
    "Patients with a rupture",
    "Depth (points)",
    "Repaired",
    "Repaired by chance",
)


def _share(value: float) -> str:
    return format_percent(value) if pd.notna(value) else _NOTHING


def _percent(row: Mapping[str, Any] | None) -> str:
    return (
        _NOTHING
        if row is None
        else f"{format_percent(row['estimate'])} [{format_percent(row['low'])}, {format_percent(row['high'])}]"
    )


def _number(row: Mapping[str, Any] | None) -> str:
    return (
        _NOTHING
        if row is None
        else f"{format_number(row['estimate'], 1)} {format_interval(row['low'], row['high'], 1)}"
    )


def _notes(told: pd.DataFrame, config: Config) -> list[str]:
    if told.empty:
        return ["No ruptures were asked for."]
    scores = ", ".join(label_of(score, config) for score in dict.fromkeys(told["score"]))
    used = [DETECTORS[name] for name in told["detector"] if name in DETECTORS]
    notes = [
        f"Score: {scores}. Marked by chance: share of patients without any rupture of whom at least one session is marked, in simulated "
        "series like those of the study (own levels, trends, variances, autoregression, gaps, steps and ends of the scale). Limits are set "
        "so that it is 5 %; the one shown is that of patients with the median number of sessions. In units of: "
        + "; ".join(f"{detector.label}, {detector.meaning} ({detector.source})" for detector in used)
        + ".",
        "A rupture is repaired where the score returns within three sessions to half a standard deviation below the mean of up to three "
        "sessions before, or above. Repaired by chance: the same share of what is marked in series without ruptures, since low scores "
        "tend to rise by themselves.",
        f"{_AHEAD} Looks ahead: a session is judged by later ones too. {_NOTHING}: fewer than ten patients tell it, or all or none.",
    ]
    missing = {row.note: None for row in records(told) if row.note}
    return [*notes, *(f"{capitalised_name(note)}." for note in missing)]
