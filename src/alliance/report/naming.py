"""What a row of the estimates is about, in one line, for tables and figures."""

from collections.abc import Mapping
from typing import Any

from alliance.config import Config
from alliance.report.labels import capitalised_name, label_effect, label_level_of, label_quantity
from alliance.report.words import shield


def name_run(run: str) -> str:
    """Return a run's name as it is read; words of the study that stand in it are part of the name."""
    return f"run “{shield(run)}”"


def name_estimate(row: Mapping[Any, Any], config: Config) -> str:
    """Say what a row of the estimates is about: effect, path, level and horizon."""
    level = label_level_of(row, config)
    where = ", ".join(filter(None, [level, row["horizon"]]))
    about = label_quantity({str(key): value for key, value in row.items()}, config)
    return f"{capitalised_name(label_effect(row['effect']))}: {about} ({where})"
