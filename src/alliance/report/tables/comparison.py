"""The estimates of this run beside those of the runs it is compared with."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.report.accounts import account_of, in_read_unit, write_accounts
from alliance.report.labels import capitalised_name, label_model
from alliance.report.naming import name_estimate, name_run
from alliance.report.numbers import (
    Account,
    column_decimals,
    common_decimals,
    format_number,
    format_shares,
)
from alliance.report.tables.marks import describe_counts, mark_of
from alliance.report.tables.table import FLAG, Table
from alliance.report.words import shield
from alliance.results.comparison import answering_blocks

TITLE = "Comparison of runs"
NEEDS = ("comparison",)
_SIDES = ("base", "this")
_NOTE = (
    "Estimate [interval] (patients / sessions / therapists). Overlap: share of the shorter interval that lies in the other one. "
    "Difference: of shares in percentage points. "
    "Not the same: in what the two are estimates of different things; in other units no difference has a meaning."
)


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return the estimates of both runs with their intervals and counts, and what changed; of several runs, those that answer."""
    data = inputs["comparison"]
    runs = list(dict.fromkeys(data["run"]))
    if len(runs) > 1:
        return _side_by_side(data, config)
    headings = (capitalised_name(name_run("".join(runs))), "This run")
    listed = [{str(name): value for name, value in row.items()} for row in data.to_dict("records")]
    effects = [row["effect"] for row in listed]
    written = write_accounts(effects, *([_account(row, side) for row in listed] for side in _SIDES))
    moved = _moved(listed)
    shown = pd.DataFrame(
        [
            {
                "Model": label_model(row["model"], config),
                "Estimate of": name_estimate(row | {"horizon": _horizon(row)}, config),
                **{
                    heading: _side(row, side, texts[place])
                    for heading, side, texts in zip(headings, _SIDES, written, strict=True)
                },
                **moved[place],
            }
            for place, row in enumerate(listed)
        ],
        columns=["Model", "Estimate of", *headings, "Difference", "Overlap", "Change", "Not the same"],
    )
    return Table(data, shown, "Estimates of both runs side by side", [_NOTE, *_note_flags(data)], "Model")


def _side_by_side(comparison: pd.DataFrame, config: Config) -> Table:
    """Return a block for each estimate that answers a question: a row for this run, and one for each other run in the declared order."""
    blocks = answering_blocks(comparison, config)
    told = [row for block in blocks for row in block]
    sides = [side for block in blocks for side in [(block[0], "this"), *((row, "base") for row in block)]]
    (written,) = write_accounts([row["effect"] for row, _ in sides], [_account(row, side) for row, side in sides])
    moved, cells = iter(_moved(told)), []
    for (row, side), text in zip(sides, written, strict=True):
        name = name_estimate(row | {"horizon": row["horizon_this"]}, config)
        about = {"Answer": f"{label_model(row['model'], config)}. {name}"}
        run = {"Run": "This run" if side == "this" else shield(row["run"]), "Estimate": _side(row, side, text)}
        cells.append({**about, **run, **(next(moved) if side == "base" else {})})
    columns = ["Answer", "Run", "Estimate", "Difference", "Overlap", "Change", "Not the same"]
    data = pd.DataFrame(told, columns=comparison.columns)
    notes = [
        f"{_NOTE} Difference: this run minus the other one. Runs stand in the order in which the configuration names them. Estimates that "
        "answer no question are compared in comparison/estimates.csv in the folder of this run.",
        *_note_flags(data),
    ]
    shown = pd.DataFrame(cells, columns=columns).fillna("")
    return Table(data, shown, "Answers of all runs side by side", notes, "Answer", own=("Run",))


def _moved(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return what happened from the other run to this one, all with the same decimals."""
    differences = [in_read_unit(row["effect"], row["difference"]) for row in rows]
    digits = column_decimals(
        common_decimals([difference], in_read_unit(row["effect"], row["high_base"] - row["low_base"]))
        for row, difference in zip(rows, differences, strict=True)
        if pd.notna(difference) and difference
    )
    (overlaps,) = format_shares([(row["overlap"],) for row in rows])
    return [
        {
            "Difference": format_number(difference, digits if difference else None),
            "Overlap": overlap,
            "Change": row["change"],
            "Not the same": row["differs"],
        }
        for row, difference, overlap in zip(rows, differences, overlaps, strict=True)
    ]


def _account(row: Mapping[str, Any], side: str) -> Account | None:
    return None if pd.isna(row[f"estimate_{side}"]) else account_of(row, f"_{side}")


def _note_flags(data: pd.DataFrame) -> list[str]:
    flagged = any((data[f"flag_{side}"] != "").any() for side in _SIDES)
    return [f"{FLAG} Flagged by the diagnostics of its run, see there."] if flagged else []


def _horizon(row: Mapping[str, Any]) -> str:
    return " / ".join(dict.fromkeys(row[f"horizon_{side}"] for side in _SIDES if row[f"horizon_{side}"]))


def _side(row: Mapping[str, Any], side: str, written: str) -> str:
    if not written:
        return "not estimated"
    counts = describe_counts(*(row[f"n_{unit}_{side}"] for unit in ("patients", "sessions", "therapists")))
    return f"{written}{mark_of(row[f'flag_{side}'])} ({counts})"
