"""The settings in which this run differs from those it is compared with."""

from collections.abc import Mapping

import pandas as pd

from alliance.config import Config
from alliance.report.labels import capitalised_name
from alliance.report.naming import name_run
from alliance.report.tables.table import Table
from alliance.report.words import shield

TITLE = "Settings that differ"
NEEDS = ("differences",)


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return one row per setting with its value in both runs, and in the order of the runs where there are several others."""
    data = inputs["differences"]
    named = [shield(run) for run in data["run"]]
    runs = list(dict.fromkeys([*map(shield, config.run.compare_to), *named]))
    other = capitalised_name(name_run(runs[0])) if len(runs) == 1 else "Other run"
    columns = {"setting": "Setting", "base": other, "this": "This run"}
    shown = data[[*columns]].rename(columns=columns)
    if len(runs) == 1:
        notes = ["All other settings are the same in both runs."]
        return Table(data, shown, "Settings that differ", notes, code=tuple(columns.values()))
    shown.insert(0, "Compared with", named)
    same = [f"“{run}”" for run in runs if run not in named]
    notes = ["All other settings are the same as in this run."]
    notes += [f"No setting differs from: {', '.join(same)}."] if same else []
    return Table(data, shown, "Settings that differ", notes, "Compared with", code=tuple(columns.values()))
