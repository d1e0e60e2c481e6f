"""Which rows of a table are read: those whose columns hold the values that are named under `where`."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from alliance.config.schema import Source
from alliance.data.export.cells import as_number, as_text
from alliance.data.export.mapping import key_parts
from alliance.data.export.raw import RawTable
from alliance.errors import DataError, suggest
from alliance.facts.columns import PATIENT, THERAPIST
from alliance.facts.plain import folded_text


def chosen_rows(raw: RawTable, source: Source) -> RawTable:
    """Keep the rows that hold one of the wanted values in each column of `source.where`, and note how many are left out.

    Texts are compared without outer blanks, numbers by value; coded values of SPSS and Stata files may be named by code or label.

    Raises
    ------
    DataError
        A column is not there, or no row has what is wanted.
    """
    before, frame = len(raw.frame), raw.frame
    for column, wanted in source.where.items():
        place = f"data.{raw.name}.where.{column}"
        if column not in frame:
            raise DataError(
                f"{raw.path} has no column '{column}'.{suggest(column, frame.columns)} Correct data.{raw.name}.where."
            )
        values = wanted if isinstance(wanted, list) else [wanted]
        hit = _holds(raw, column, values)
        missed = [value for value in values if not _holds(raw, column, [value]).any()]
        if missed:
            known = frame[column].nunique()
            what = (
                f"entry {values.index(missed[0]) + 1} of {place}" if _names_people(source, column) else repr(missed[0])
            )
            raise DataError(
                f"No row of {Path(raw.path).name} holds {what} in column '{column}' (it has {known} different "
                f"value{'s' * (known != 1)}).{_spelled(raw, column, missed[0])} Correct {place}."
            )
        frame = frame[hit.to_numpy()]
        raw = replace(raw, frame=frame)
    if not source.where:
        return raw
    if frame.empty:
        raise DataError(f"No row of {Path(raw.path).name} has all that data.{raw.name}.where asks for. Correct it.")
    note = (
        f"{before - len(frame):,} of {before:,} rows are left out by data.{raw.name}.where ({', '.join(source.where)})."
    )
    return replace(raw, notes=(*raw.notes, note))


def _spelled(raw: RawTable, column: str, wanted: str | float) -> str:
    """Name the value that differs from the wanted one by case and blanks only: it is known already but for these."""
    texts = [*as_text(raw.frame[column]).dropna().unique(), *raw.labels.get(column, {}).values()]
    alike = sorted({text.strip() for text in texts if folded_text(text) == folded_text(str(wanted))})
    return f" Did you mean {alike[0]!r}?" if alike else ""


def _names_people(source: Source, column: str) -> bool:
    parts = key_parts(source)
    return any(column in parts.get(key, ()) for key in (PATIENT, THERAPIST))


def _holds(raw: RawTable, column: str, values: list[str | float]) -> pd.Series:
    cells = raw.frame[column]
    text = as_text(cells).str.strip()
    labels = {as_text(pd.Series([code]))[0]: label.strip() for code, label in raw.labels.get(column, {}).items()}
    number, _ = as_number(cells, raw.decimal)
    numbers = [float(value) for value in values if not isinstance(value, str)]
    texts = [value.strip() for value in values if isinstance(value, str)]
    return text.isin(texts) | text.map(labels).isin(texts) | number.isin(numbers)
