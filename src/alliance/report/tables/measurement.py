"""How each score was measured, how it is distributed and how reliable it is at which level."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from alliance.config import Config
from alliance.report.labels import capitalised_name, label_of, variable_of
from alliance.report.meanings import describe_case, describe_change
from alliance.report.numbers import MISSING, format_count, format_number, format_numbers, format_percent
from alliance.report.tables.table import Table
from alliance.results.disclosure import step_for, to_step

TITLE = "Measurement"
NEEDS = ("reliability", "meanings")
_TOTAL = "total"
_RELIABILITY = ("α", "ω within", "ω between")
_QUOTED = ("instrument", "citation", "case_source", "change_source")  # what the authors of questionnaires wrote


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return one row per score: instrument, when and by whom it was rated, descriptives and reliability."""
    table = _published(inputs["reliability"])
    means, sds = format_numbers(table["mean"].tolist(), table["sd"].tolist())
    written = [f"{mean} ({sd})" for mean, sd in zip(means, sds, strict=True)]
    rows = [_row(row, text, config) for row, text in zip(table.to_dict("records"), written, strict=True)]
    columns = [
        "Score",
        "Instrument",
        "Rated",
        "Items",
        "Sessions",
        "Missing",
        "Mean (SD)",
        *_RELIABILITY,
    ]
    shown = pd.DataFrame(rows, columns=columns)
    notes = [
        "Rated: before, during or after the session, and by whom. "
        "Means and standard deviations are over all sessions. α: Cronbach's alpha over all sessions, which mixes levels; "
        "ω within: reliability of changes of one patient; ω between: reliability of differences between patients' means. "
        "Ready-made scores have no items, so their reliability cannot be computed."
    ]
    prorated = pd.to_numeric(table["prorated"]).sum()
    if prorated > 0:
        notes.append(
            f"{format_count(prorated)} scores were prorated from the answered items, as the instruments' rules allow."
        )
    if "note" in table.columns:
        remarks = [
            (_name(row, config), str(row["note"]))
            for row in table.to_dict("records")
            if row["note"] and not pd.isna(row["note"])
        ]
        notes += [f"{name}: {remark}." for name, remark in remarks]
    notes += _describe_meanings(inputs["meanings"], config)
    meanings = inputs["meanings"]
    quoted = {str(cell) for name in _QUOTED for cell in meanings[name].dropna() if cell}
    return Table(
        table,
        shown,
        "Measures, their distribution and reliability",
        notes,
        quoted=tuple(sorted(quoted)),
        bounded=_RELIABILITY,
    )


def _published(table: pd.DataFrame) -> pd.DataFrame:
    """Return means and standard deviations with the digits that the number of patients justifies."""
    steps = [step_for(sd / np.sqrt(max(1, n))) for sd, n in zip(table["sd"], table["n_patients"], strict=True)]
    rounded = {
        name: [to_step(float(value), step) for value, step in zip(table[name], steps, strict=True)]
        for name in ("mean", "sd")
    }
    return table.assign(**rounded)


def _name(row: Mapping[Any, Any], config: Config) -> str:
    variable, scale = str(row["variable"]), str(row["scale"])
    return capitalised_name(label_of(variable if scale in (_TOTAL, "") else f"{variable}_{scale}", config))


def _describe_meanings(table: pd.DataFrame, config: Config) -> list[str]:
    """Say what counts as a case and as a reliable change, and name the source of each questionnaire."""
    notes = []
    for row in table.to_dict("records"):
        parts = []
        if row["case_rule"]:
            parts.append(f"a case is {describe_case(row, config)} ({row['case_source']})")
        if not pd.isna(row["change_value"]):
            level = format_percent(row["change_level"])
            parts.append(
                f"a change of {describe_change(row, config)} or more is reliable at {level} ({row['change_source']})"
            )
        if parts:
            notes.append(f"{_name(row, config)}: {'; '.join(parts)}.")
    sources = dict.fromkeys((str(row["instrument"]), str(row["citation"])) for row in table.to_dict("records"))
    return notes + [f"{instrument}: {citation}" for instrument, citation in sources]


def _row(row: Mapping[Any, Any], written: str, config: Config) -> list[str]:
    variable = variable_of(str(row["variable"]), config)
    rated = (variable.measured, variable.rater) if variable is not None else ()
    number = {
        name: float(row[name])
        for name in ("n_items", "n_sessions", "missing", "alpha", "omega_within", "omega_between")
    }
    return [
        _name(row, config),
        str(row["instrument"]) or MISSING,
        ", ".join(part for part in rated if part) or MISSING,
        format_count(number["n_items"]),
        format_count(number["n_sessions"]),
        format_count(number["missing"]),
        written,
        *(format_number(number[name], 2) for name in ("alpha", "omega_within", "omega_between")),
    ]
