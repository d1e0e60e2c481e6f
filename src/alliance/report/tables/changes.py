"""Who changed, counted by arm: cases before and after, and reliable change from the first to the last session observed."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from alliance.config import Config
from alliance.data.scoring.change import DETERIORATED, IMPROVED, RECOVERED, UNCHANGED, Norm, norm_of
from alliance.facts.columns import PATIENT, records
from alliance.report.labels import capitalised_name, label_groups, order_groups
from alliance.report.meanings import ONCE, counts_changes, find_changed
from alliance.report.numbers import MISSING, format_count, format_percent
from alliance.report.tables.table import Table
from alliance.results.disclosure import suppress_counts

TITLE = "Who changed"
NEEDS = ("panel", "norms", "estimates")
_TOTAL: Final = "Total"
_DATA: Final = ["variable", "part", "group", "count", "suppressed"]
_BETTER: Final[dict[str, list[str]]] = {"Reliably better": [RECOVERED, IMPROVED]}
# From the finest account to the coarsest: the first in which no number is small stands in the table.
_ACCOUNTS: Final[tuple[dict[str, list[str]], ...]] = (
    {**_BETTER, "No reliable change": [UNCHANGED], "Deteriorated": [DETERIORATED], "Fewer than two scores": [ONCE]},
    {**_BETTER, "No reliable change, or worse": [UNCHANGED, DETERIORATED], "Fewer than two scores": [ONCE]},
    {**_BETTER, "No reliable change, worse, or fewer than two scores": [UNCHANGED, DETERIORATED, ONCE]},
)
_PARTS: Final = {"Of these recovered": [RECOVERED], "Of these improved, not recovered": [IMPROVED]}


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return counts of patients by what became of them; counts below `privacy.minimum_cell` cannot be read or computed."""
    shown: list[dict[str, Any]] = []
    data: list[dict[str, Any]] = []
    for row in records(inputs["norms"]):
        if counts_changes(row.model, config):
            table = find_changed(inputs["panel"], row.variable, norm_of(row._asdict()))
            _add(shown, data, table, norm_of(row._asdict()), row.variable, inputs["panel"], config)
    frame = pd.DataFrame(shown).fillna(MISSING)
    notes = [
        "Shares are of all patients of a column. Counts of "
        f"fewer than {config.privacy.minimum_cell} patients are left out, and so are those from which they could be computed."
    ]
    if frame.empty:
        frame, notes = pd.DataFrame({"": []}), ["No fitted model counts who changed."]
    return Table(
        pd.DataFrame(data, columns=_DATA), frame, "Who changed from the first to the last session observed", notes, None
    )


def _add(
    shown: list[dict[str, Any]],
    data: list[dict[str, Any]],
    table: pd.DataFrame,
    norm: Norm,
    variable: str,
    panel: pd.DataFrame,
    config: Config,
) -> None:
    """Add the rows of one outcome."""
    columns = _columns(table, panel, config)
    least = config.privacy.minimum_cell
    sizes = np.array([len(chosen) for chosen in columns.values()])
    _write(shown, data, columns, variable, ["Patients"], sizes[None], np.zeros((1, len(sizes)), dtype=bool), None)
    if norm.case_rule:
        for end in ("first", "last"):
            cases = norm.is_case(table[end].to_numpy(dtype=float))
            chosen = [cases[places] for places in columns.values()]
            counts = np.array([[int((own == wanted).sum()) for own in chosen] for wanted in (True, False)])
            name = f"Cases at the {end} session observed"
            _write(shown, data, columns, variable, [name], counts[:1], _suppress(counts, least)[:1], sizes)
    if not norm.change > 0:
        return
    accounts = [(levels, _count(table, columns, levels)) for levels in _ACCOUNTS]
    fine = ((levels, counts) for levels, counts in accounts if ((counts == 0) | (counts >= least)).all())
    levels, counts = next(fine, accounts[-1])
    hidden = _suppress(counts, least)
    _write(shown, data, columns, variable, list(levels), counts, hidden, sizes)
    if norm.case_rule and not hidden[0].any():
        counts = _count(table, columns, _PARTS)
        _write(shown, data, columns, variable, list(_PARTS), counts, _suppress(counts, least), sizes)


def _columns(table: pd.DataFrame, panel: pd.DataFrame, config: Config) -> dict[str, np.ndarray]:
    """Return heading -> positions of its patients; arms apart where everybody's is known and none is small."""
    everyone = {_TOTAL: np.arange(len(table))}
    first = panel.drop_duplicates(PATIENT).set_index(PATIENT).loc[table[PATIENT]].reset_index()
    groups = label_groups(first, config)
    if groups is None:
        return everyone
    arms = {capitalised_name(arm): np.flatnonzero(groups == arm) for arm in order_groups(groups, config)}
    least = config.privacy.minimum_cell
    apart = sum(map(len, arms.values())) == len(table) and all(len(chosen) >= least for chosen in arms.values())
    return arms | everyone if apart else everyone


def _count(table: pd.DataFrame, columns: Mapping[str, np.ndarray], levels: Mapping[str, list[str]]) -> np.ndarray:
    return np.array(
        [
            [int(table["category"].iloc[chosen].isin(names).sum()) for chosen in columns.values()]
            for names in levels.values()
        ]
    )


def _suppress(counts: np.ndarray, least: int) -> np.ndarray:
    return suppress_counts(counts, least, rows_add_up=counts.shape[1] > 1, columns_add_up=True)


def _write(
    shown: list[dict[str, Any]],
    data: list[dict[str, Any]],
    columns: Mapping[str, np.ndarray],
    variable: str,
    names: list[str],
    counts: np.ndarray,
    hidden: np.ndarray,
    sizes: np.ndarray | None,
) -> None:
    for name, row, secret in zip(names, counts.tolist(), hidden.tolist(), strict=True):
        cells = {}
        for place, heading in enumerate(columns):
            share = f" ({format_percent(row[place] / sizes[place])})" if sizes is not None and sizes[place] else ""
            cells[heading] = "suppressed" if secret[place] else format_count(row[place]) + share
            number = float("nan") if secret[place] else row[place]
            data.append(
                {"variable": variable, "part": name, "group": heading, "count": number, "suppressed": secret[place]}
            )
        shown.append({"": name, **cells})
