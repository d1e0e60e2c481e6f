"""Read the artefacts of a run back, with text as text and numbers as numbers."""

from pathlib import Path

import pandas as pd

# Columns that hold words, even where all of them are empty; all other columns keep what they look like.
_TEXT_COLUMNS = {
    "model", "family", "engine", "outcome", "path", "effect", "level", "horizon", "interval_kind", "flag",
    "caution", "diagnostic", "subject", "detail", "meaning", "stage", "reason", "severity", "rule", "table", "column", "message", "remedy",
    "setting", "block", "parameter", "distribution", "standardised", "unit", "kind", "statistic", "variable", "scale",
    "instrument", "base", "this", "component", "quantity", "moderator",
}  # fmt: skip
_SIDES = ("_base", "_this")  # of comparisons


def read_artefact(path: str | Path) -> pd.DataFrame:
    """Read one table of a run, CSV or Parquet; empty cells of text columns become empty text.

    Words such as ``NA`` or ``None`` stay words: they can be labels of a study.
    """
    if Path(path).suffix == ".parquet":
        return pd.read_parquet(path)
    header = pd.read_csv(path, nrows=0).columns
    texts = [name for name in header if _without_side(name) in _TEXT_COLUMNS]
    table = pd.read_csv(path, dtype=dict.fromkeys(texts, str), keep_default_na=False, na_values=[""], encoding="utf-8")
    return table.fillna(dict.fromkeys(texts, "")) if texts else table


def _without_side(name: str) -> str:
    for side in _SIDES:
        name = name.removesuffix(side)
    return name
