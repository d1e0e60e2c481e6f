"""Sentences on what differs between this run and those it is compared with."""

from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.facts.effects import EFFECTS
from alliance.report.accounts import in_read_unit, sign_of
from alliance.report.labels import label_effect, label_level_of, label_model, label_path
from alliance.report.naming import name_run
from alliance.report.numbers import common_decimals, format_count, format_number
from alliance.report.prose.passage import Inputs, Passage, Point, caution, rows_of, table_of, text
from alliance.report.prose.wording import capitalise, count_of, describe_flag, describe_size, name_interval
from alliance.results.comparison import OTHER_UNITS

_ITS_OWN = "apart from those of the run itself (name, title, seed, comparison)"


def describe_comparison(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe what differs between this run and those it is compared with: settings first, then estimates."""
    if "comparison" not in inputs:
        return []
    table = table_of(inputs, "comparison")
    runs = list(dict.fromkeys(table["run"]))
    settings = {run: _settings_of(inputs, run) for run in runs}
    rows = {run: rows_of(table, run=run) for run in runs}
    if len(runs) == 1:
        (run,) = runs
        passages = [text(_settings(settings[run], run, _ITS_OWN), *_moves(rows[run], run, config))]
        passages += [*_list_sameness(rows[run]), *_list_changes(rows[run])]
    else:
        points = [
            Point(
                capitalise(name_run(run)),
                " ".join([_settings(settings[run]), *_moves(rows[run], run, config), _not_same(rows[run])]).strip(),
            )
            for run in runs
        ]
        passages = [
            text(
                f"This run stands beside {format_count(len(runs))} others, each compared with this one, in the order in which the "
                f"configuration names them. Settings that differ are counted {_ITS_OWN}."
            ),
            Passage(tuple(points), heading="Run by run", kind="list"),
        ]
    passages.append(
        caution(
            "Where runs use the same or overlapping data, overlap of two intervals is a description and not a test of their "
            "difference. With another lag or other predictors, the two numbers answer different questions."
        )
    )
    return passages


def _settings_of(inputs: Inputs, run: str) -> list[dict[str, Any]]:
    return [
        row for row in rows_of(table_of(inputs, "differences"), run=run) if not str(row["setting"]).startswith("run.")
    ]


def _settings(differing: list[dict[str, Any]], run: str = "", own: str = "") -> str:
    """Count the settings that differ."""
    verb = "differs" if len(differing) == 1 else "differ"
    counted = f"{capitalise(count_of(len(differing), 'setting'))} {verb}" if differing else "No setting differs"
    return f"{counted}{f' from {name_run(run)}' if run else ''}{f', {own}' if own else ''}."


def _moves(rows: list[dict[str, Any]], run: str, config: Config) -> list[str]:
    """Say how many estimates can be compared, and which moves farthest."""
    both = [row for row in rows if pd.notna(row["difference"])]
    others = sum(row["change"] == OTHER_UNITS for row in rows)
    apart = (
        f"; {format_count(others)} {'is' if others == 1 else 'are'} in other units and not subtracted" if others else ""
    )
    sentences = [f"{capitalise(count_of(len(both), 'estimate'))} can be compared{apart}."]
    effects = [row for row in both if EFFECTS[row["effect"]].kind != "component"] or both
    moved = sorted(effects, key=lambda row: -abs(row["shift"]) if pd.notna(row["shift"]) else 0.0)
    if moved and pd.notna(moved[0]["shift"]) and moved[0]["difference"] != 0:
        top = moved[0]
        sentences.append(
            f"The largest move is {format_number(abs(top['shift']))} standard deviations of the estimate in {name_run(run)} "
            f"({label_model(top['model'], config)}: {label_effect(top['effect'])}, {label_path(top['path'], config)}, "
            f"{label_level_of(top, config)}): from {_side(top, 'base')} to {_side(top, 'this')}."
        )
    return sentences


def _counts(rows: list[dict[str, Any]], column: str) -> list[tuple[str, int]]:
    values = pd.Series([row[column] for row in rows if row[column]], dtype=object).value_counts(sort=False)
    return [(str(what), int(number)) for what, number in values.items()]


def _not_same(rows: list[dict[str, Any]]) -> str:
    """Say in one sentence in what estimates of two runs are not of the same."""
    told = [f"{what} ({count_of(number, 'estimate')})" for what, number in _counts(rows, "differs")]
    return f"Not estimates of the same in: {'; '.join(told)}." if told else ""


def _list_sameness(rows: list[dict[str, Any]]) -> list[Passage]:
    """Say which estimates of the two runs are not of the same, and in what."""
    listed = [f"{capitalise(count_of(number, 'estimate'))}: {what}." for what, number in _counts(rows, "differs")]
    heading = "In what they are not estimates of the same"
    return [Passage(tuple(listed), heading=heading, kind="list")] if listed else []


def _list_changes(rows: list[dict[str, Any]]) -> list[Passage]:
    listed = [f"{capitalise(change)}: {format_count(number)}." for change, number in _counts(rows, "change")]
    return [Passage(tuple(listed), heading="What happened to the estimates", kind="list")] if listed else []


def _side(row: dict[str, Any], side: str) -> str:
    part = {
        name: row[f"{name}_{side}"]
        for name in (
            "estimate",
            "low",
            "high",
            "interval",
            "interval_kind",
            "n_patients",
            "n_sessions",
            "n_therapists",
            "flag",
        )
    }
    values = [in_read_unit(row["effect"], part[name]) for name in ("estimate", "low", "high")]
    digits = common_decimals(values, values[2] - values[1])
    estimate, low, high = (f"{format_number(value, digits)}{sign_of(row['effect'])}" for value in values)
    return f"{estimate}{describe_flag(part)} ({name_interval(part)} {low} to {high}; {describe_size(part)})"
