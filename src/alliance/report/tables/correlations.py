"""How the measures go together, within patients and between them."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from alliance.config import Config
from alliance.config.rupture import RUPTURE_MARK
from alliance.facts.columns import PATIENT, records
from alliance.models.descriptive.pairs import Correlated, correlate_pairs
from alliance.report.labels import capitalised_name, label_level, label_of, variable_of
from alliance.report.numbers import ITSELF, MISSING, format_correlation, format_count, format_number, format_percent
from alliance.report.tables.table import Table
from alliance.results.disclosure import in_multiples_of_all

TITLE = "Correlations within and between patients"
NEEDS = ("panel",)
_DATA = ("variable", "other", "level", "estimate", "low", "high", "n_patients", "n_sessions")


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return the correlations of all measures of sessions that the fitted models use, within patients below the diagonal."""
    panel = inputs["panel"]
    names = _measures(config, panel)
    found = correlate_pairs(panel, names, config.inference.interval)
    least, everyone = config.privacy.minimum_cell, panel[PATIENT].nunique()
    known = [
        replace(pair, n_patients=int(in_multiples_of_all(pair.n_patients, everyone, least)))
        for pair in found
        if pair.n_patients >= least
    ]
    data = pd.DataFrame([(pair.one, pair.other, pair.level, *_numbers(pair)) for pair in known], columns=list(_DATA))
    cells = {(row.variable, row.other, row.level): format_correlation(row.estimate) for row in records(data)}
    numbered = [str(place) for place in range(1, len(names) + 1)]
    shown = pd.DataFrame(
        [
            [
                f"{number}. {capitalised_name(label_of(name, config))}",
                *(_cell(name, other, names, cells) for other in names),
            ]
            for number, name in zip(numbered, names, strict=True)
        ],
        columns=["Measure", *numbered],
    )
    if len(names) < 2:
        return Table(data, shown.iloc[:0], TITLE, ["The fitted models use fewer than two measures of sessions."])
    notes = [_describe(known, config)]
    if (shown == MISSING).to_numpy().any():
        few = f", or fewer than {least} patients" if len(found) > len(known) else ""
        notes.append(f"{MISSING}: lasting levels do not differ enough to tell{few}.")
    return Table(data, shown, TITLE, notes, bounded=tuple(numbered))


def _measures(config: Config, panel: pd.DataFrame) -> list[str]:
    """Name the measures of sessions that fitted models use, in the order in which they are declared."""
    terms = [term for model in config.models.fit for term in config.models.specs[model].named_columns()]
    used = [variable for term in terms if (variable := variable_of(term, config)) is not None]
    return [
        name
        for name, variable in config.variables.items()
        if variable.table == "sessions"
        and variable.kind not in ("category", RUPTURE_MARK)
        and any(one is variable for one in used)
        and name in panel.columns
    ]


def _numbers(pair: Correlated) -> tuple[float, float, float, int, int]:
    return pair.estimate, pair.low, pair.high, pair.n_patients, pair.n_sessions


def _cell(name: str, other: str, names: list[str], cells: Mapping[tuple[str, str, str], str]) -> str:
    row, column = names.index(name), names.index(other)
    if row == column:
        return ITSELF
    one, two = (other, name) if row > column else (name, other)
    return cells.get((one, two, "session" if row > column else "patient"), MISSING)


def _describe(found: list[Correlated], config: Config) -> str:
    widths = {
        level: [pair.high - pair.low for pair in found if pair.level == level] for level in ("session", "patient")
    }
    known = {level: sorted(width for width in all_ if width == width) for level, all_ in widths.items()}
    share = format_percent(config.inference.interval)
    half = " and ".join(
        f"{format_number(kept[len(kept) // 2] / 2, 2)} {label_level('within' if level == 'session' else 'between_patient')}"
        for level, kept in known.items()
        if kept
    )
    return (
        "Below the diagonal: within patients, of deviations from patients' own means. Above it: between patients, of their lasting levels, "
        "from which what passes from session to session is taken off (analysis of variance); trends that all share are part of both. "
        "Pair by pair, in the sessions at which both were observed: "
        f"{_range([pair.n_patients for pair in found])} patients, {_range([pair.n_sessions for pair in found])} sessions. "
        + (f"Half a {share} interval is {half} in the middle pair. " if half else "")
        + (
            f"Numbers of patients are multiples of {least}, or all where fewer than {least} lack a measure. "
            if (least := config.privacy.minimum_cell) > 1
            else ""
        )
        + "Intervals, from leaving out one therapist (one patient where there are none) at a time, are in the file of the numbers."
    )


def _range(counts: list[int]) -> str:
    low, high = min(counts, default=0), max(counts, default=0)
    return format_count(low) if low == high else f"{format_count(low)} to {format_count(high)}"
