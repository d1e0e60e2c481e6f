"""Write and read the artefacts of a run as they are declared: these columns, text as text and numbers as numbers."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pandas as pd

from alliance.facts.artefacts import ARTEFACTS, COUNT, NUMBER, TEXT, TRUTH, Kind
from alliance.runs.files import write_csv, write_parquet, write_parquet_pieces

_TYPES: dict[Kind, type] = {TEXT: str, NUMBER: float, COUNT: float, TRUTH: bool}


def write_artefact(name: str, table: pd.DataFrame, path: str | Path) -> None:
    """Write one artefact, CSV or Parquet by the ending of its file.

    Raises
    ------
    ValueError
        Its columns are not those that are declared.
    """
    _check_columns(name, table)
    (write_parquet if Path(path).suffix == ".parquet" else write_csv)(table, path)


def write_pieces(name: str, pieces: Iterable[pd.DataFrame], path: str | Path) -> None:
    """Write one artefact as Parquet, piece by piece: the whole of it need not be in memory at once.

    Raises
    ------
    ValueError
        Its columns are not those that are declared.
    """
    write_parquet_pieces((_check_columns(name, piece) for piece in pieces), path)


def _check_columns(name: str, table: pd.DataFrame) -> pd.DataFrame:
    declared = ARTEFACTS[name].header
    if declared and list(table.columns) != declared:
        raise ValueError(f"'{name}' has the columns {list(table.columns)}, declared are {declared}")
    return table


def read_artefact(path: str | Path, name: str | None = None) -> pd.DataFrame:
    """Read one table of a run, CSV or Parquet; empty cells of text columns become empty text.

    Words such as ``NA`` or ``None`` stay words: they can be labels of a study.

    Parameters
    ----------
    name
        The artefact it is; without it, as for the values of a figure, columns are what columns of their names are in all artefacts, and
        the others what they look like.
    """
    if Path(path).suffix == ".parquet":
        return pd.read_parquet(path)
    kinds = _kinds_by_name() if name is None else ARTEFACTS[name].columns
    header = pd.read_csv(path, nrows=0).columns
    types = {column: _TYPES[kinds[column]] for column in header if column in kinds}
    table = pd.read_csv(path, dtype=types, keep_default_na=False, na_values=[""], encoding="utf-8")
    texts = [column for column, kind in types.items() if kind is str]
    table = table.fillna(dict.fromkeys(texts, ""))
    whole = [column for column in types if kinds[column] == COUNT and table[column].notna().all()]
    return table.astype(dict.fromkeys(whole, "int64"))


@cache
def _kinds_by_name() -> dict[str, Kind]:
    """Return the columns that are text wherever they are declared."""
    kinds: dict[str, set[Kind]] = {}
    for artefact in ARTEFACTS.values():
        for column, kind in artefact.columns.items():
            kinds.setdefault(column, set()).add(kind)
    return {column: TEXT for column, found in kinds.items() if found == {TEXT}}
