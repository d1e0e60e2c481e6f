"""How ruptures are told: limits, whom they mark by chance, and what is marked."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.config.posing import speaker_of
from alliance.facts.columns import records
from alliance.facts.detectors import DETECTORS
from alliance.report.accounts import account_of
from alliance.report.labels import capitalised_name, label_of
from alliance.report.numbers import MISSING, format_interval, format_number, format_numbers, format_shares
from alliance.report.ruptures import NAME, label_detector, looks_ahead, marks_in, statistic_of
from alliance.report.tables.table import Table

TITLE = "How ruptures are told"
NEEDS = ("detectors", "estimates")
_AHEAD = "‡"


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return one row per detector: its limit, shares by chance, and what it marks with intervals."""
    told, estimates, marks = inputs["detectors"], inputs["estimates"], marks_in(config)
    model = speaker_of(NAME, config) if len(told) else ""
    rows, numbers = list(records(told)), []
    statistics: list[list[Mapping[str, Any] | None]] = []
    for row in rows:
        mark = marks[row.detector]["open"]
        statistics.append([statistic_of(estimates, model, mark, name) for name in _TOLD])
        ends = {"": "estimate", "_low": "low", "_high": "high"}
        found = zip(_TOLD, statistics[-1], strict=True)
        numbers.append(
            {key: getattr(row, key) for key in _KEPT}
            | {f"{name}{end}": one[key] if one else None for name, one in found for end, key in ends.items()}
        )
    data = pd.DataFrame(numbers, columns=None if numbers else [*_KEPT])
    shown = pd.DataFrame(_write(rows, statistics), columns=[*_COLUMNS])
    return Table(data, shown, "Ruptures, told in several ways", _notes(told, config))


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


def _write(rows: Sequence[Any], statistics: Sequence[Sequence[Mapping[str, Any] | None]]) -> list[list[str]]:
    """Return the cells, row by row; numbers of a column have the same decimals."""
    if not rows:
        return []
    shares, depths, repaired = ([one and account_of(one) for one in column] for column in zip(*statistics, strict=True))
    limits, usual = ([row.limit for row in rows], [row.usual_limit for row in rows])
    by_chance = (
        [(getattr(row, name),) for row in rows] for name in ("by_chance", "usual_by_chance", "repaired_by_chance")
    )
    marked, marked_usually, returned = (format_shares(column)[0] for column in by_chance)
    columns = [
        [
            capitalised_name(label_detector(row.detector)) + (f" {_AHEAD}" if looks_ahead(row.detector) else "")
            for row in rows
        ],
        *format_numbers(limits),
        marked,
        *format_numbers(usual),
        marked_usually,
        *format_shares(shares),
        [
            MISSING if one is None else f"{format_number(one[0], 1)} {format_interval(one[1], one[2], 1)}"
            for one in depths
        ],
        *format_shares(repaired),
        returned,
    ]
    return [list(cells) for cells in zip(*columns, strict=True)]


def _notes(told: pd.DataFrame, config: Config) -> list[str]:
    if told.empty:
        return ["No ruptures were asked for."]
    scores = ", ".join(label_of(score, config) for score in dict.fromkeys(told["score"]))
    used = [DETECTORS[name] for name in told["detector"] if name in DETECTORS]
    notes = [
        f"Score: {scores}. Marked by chance: share of patients without any rupture of whom at least one session is marked, in simulated "
        "series like those of the study (own levels, trends, variances, autoregression, gaps, steps and ends of the scale). Limits are set "
        "so that it is 5%; the one shown is that of patients with the median number of sessions. In units of: "
        + "; ".join(f"{detector.label}, {detector.meaning} ({detector.source})" for detector in used)
        + ".",
        "A rupture is repaired where the score returns within three sessions to half a standard deviation below the mean of up to three "
        "sessions before, or above. Repaired by chance: the same share of what is marked in series without ruptures, since low scores "
        "tend to rise by themselves.",
        f"{_AHEAD} Looks ahead: a session is judged by later ones too. {MISSING}: fewer than ten patients tell it, or all or none.",
    ]
    missing = {row.note: None for row in records(told) if row.note}
    return [*notes, *(f"{capitalised_name(note)}." for note in missing)]
