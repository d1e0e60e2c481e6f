"""The settings in which this run differs from the one it is compared with."""

from collections.abc import Mapping

import pandas as pd

from alliance.config import Config
from alliance.report.tables.table import Table

TITLE = "Settings that differ"
NEEDS = ("differences",)


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return one row per setting with its value in both runs."""
    data = inputs["differences"]
    columns = {"setting": "Setting", "base": f"Run “{config.run.compare_to}”", "this": "This run"}
    shown = data[[*columns]].rename(columns=columns)
    notes = ["All other settings are the same in both runs."]
    return Table(data, shown, "Settings that differ", notes, code=tuple(columns.values()))
