"""Score every variable of one table: scales, numbers, categories, composites."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import pandas as pd

from alliance.config import Variable
from alliance.config.instruments import TOTAL, Instrument
from alliance.config.rupture import RUPTURE_MARK
from alliance.data.scoring.scales import ScaleScores, score_variable
from alliance.errors import ConfigError, DataError, InstrumentError, suggest
from alliance.facts.groups import group_column, plain_group
from alliance.facts.quoting import may_be_quoted, quoted


@dataclass(frozen=True)
class ScoredTable:
    """Numeric columns of one table, and the scales behind them by variable."""

    scores: pd.DataFrame
    scales: dict[str, ScaleScores]


def score_column(variable: str, scale: str) -> str:
    """Name the column of a score: the variable itself for the total, ``variable_scale`` for the others."""
    return variable if scale == TOTAL else f"{variable}_{scale}"


def score_table(
    table: pd.DataFrame, variables: Mapping[str, Variable], level: str, instruments: Mapping[str, Instrument]
) -> ScoredTable:
    """Turn a cleaned table into numeric columns, in the order in which the variables are declared.

    Parameters
    ----------
    table
        Cleaned table with canonical column names.
    level
        ``sessions``, ``patients`` or ``therapists``: variables of other tables are passed over, and so are marks of ruptures.
    instruments
        Instruments by key, at least those the variables of kind ``scale`` name.

    Returns
    -------
    ScoredTable
        Float columns with the index of `table`. A composite is missing where any of its parts is.

    Raises
    ------
    ConfigError
        Two scores would have the same name, or composites cannot be built from their parts.
    DataError
        A column is missing or not numeric, or a category holds a label that is not declared.
    InstrumentError
        An instrument is not there, or may not score the variable.
    """
    wanted = {
        name: variable
        for name, variable in variables.items()
        if variable.table == level and variable.kind != RUPTURE_MARK
    }
    columns: dict[str, dict[str, pd.Series]] = {}
    scales: dict[str, ScaleScores] = {}
    for name, variable in wanted.items():
        if variable.kind == "scale":
            scales[name] = score_variable(table, name, variable, _instrument_of(name, variable, instruments))
            found = scales[name].scores
            columns[name] = {score_column(name, str(scale)): found[scale] for scale in found}
        elif variable.kind == "category":
            columns[name] = code_category(_column(table, name, variable), name, variable)
        elif variable.kind == "number":
            columns[name] = {name: _number(_column(table, name, variable), name, variable)}
    scored = {name: list(columns[name]) for name in scales}
    for name in _composites_in_order(wanted):
        parts = pd.DataFrame({part: _part(columns, scored, name, part) for part in wanted[name].of}, index=table.index)
        joined = parts.mean(axis=1, skipna=False) if wanted[name].metric == "mean" else parts.sum(axis=1, skipna=False)
        columns[name] = {name: joined.astype(float)}
    return ScoredTable(_side_by_side(columns, wanted, table.index), scales)


def code_category(column: pd.Series, name: str, variable: Variable) -> dict[str, pd.Series]:
    """Turn labels into numbers: one column by `levels`, or one 0/1 column for each group of `labels`, or label, but the `reference`.

    Raises
    ------
    DataError
        A label is not declared, the reference does not occur, or two labels would give the same column name.
    """
    labels = column.map(_label, na_action="ignore")
    present = sorted(labels.dropna().unique())
    place = f"{variable.table}, column '{variable.column}'"
    declared = variable.levels if variable.levels is not None else variable.labels
    if declared is not None:
        unknown = [label for label in present if label not in declared]
        if unknown:
            raise DataError(
                f"{place}: a label is not declared: {quoted(unknown[0])} ({int((labels == unknown[0]).sum()):,} rows)."
                f"{suggest(unknown[0], declared)} Add it under variables.{name}.{'levels' if variable.levels else 'labels'} or correct "
                "the export."
            )
    if variable.levels is not None:
        return {name: labels.map(variable.levels).astype(float)}
    if variable.labels is not None:
        return _groups(labels.map(variable.labels), name, variable.other_groups)
    if present and variable.reference not in present:
        alike = [label for label in present if may_be_quoted(label, [str(variable.reference)])]
        raise DataError(
            f"{place}: the reference '{variable.reference}' does not occur.{suggest(str(variable.reference), alike)} "
            f"Set variables.{name}.reference to one of the {len(present)} labels that do."
        )
    dummies: dict[str, pd.Series] = {}
    for label in (label for label in present if label != variable.reference):
        dummy = group_column(name, label)
        if dummy in dummies or not plain_group(label):
            raise DataError(
                f"{place}: a label ({quoted(label)}) gives the column name of another label, or an empty one. "
                f"Rename the label, or declare variables.{name}.levels."
            )
        dummies |= _groups(labels, name, [label])
    return dummies


def _groups(labels: pd.Series, name: str, groups: Collection[str]) -> dict[str, pd.Series]:
    return {group_column(name, one): (labels == one).astype(float).where(labels.notna()) for one in groups}


def _label(value: object) -> str:
    """Write a label as text; a number without a fraction has none, whatever type the file format gave it."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _instrument_of(name: str, variable: Variable, instruments: Mapping[str, Instrument]) -> Instrument:
    key = str(variable.instrument)
    if key not in instruments:
        raise InstrumentError(
            f"variables.{name}.instrument: there is no instrument '{key}'.{suggest(key, instruments)} "
            f"Each instrument is a file in config/instruments/."
        )
    return instruments[key]


def _column(table: pd.DataFrame, name: str, variable: Variable) -> pd.Series:
    if name not in table.columns:
        raise DataError(
            f"The cleaned table {variable.table} has no column '{name}'. Check variables.{name}.column "
            f"('{variable.column}') and variables.{name}.table."
        )
    return table[name]


def _number(column: pd.Series, name: str, variable: Variable) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce").astype(float)
    text = column[numbers.isna() & column.notna()]
    if len(text):
        raise DataError(
            f"{variable.table}, column '{variable.column}': {len(text):,} values are not numbers. "
            f"Correct them, or declare variables.{name} as kind: category."
        )
    return numbers


def _part(
    columns: Mapping[str, Mapping[str, pd.Series]], scales: Mapping[str, Collection[str]], name: str, part: str
) -> pd.Series:
    owner = next((known for known, scores in columns.items() if part in scores), None)
    if owner is None or (part != owner and part not in scales.get(owner, ())):
        known = [score for scores in scales.values() for score in scores]
        raise ConfigError(
            f"variables.{name}.of: '{part}' is not one number.{suggest(part, known)} Use a scale or a subscale of it, a number, or a "
            f"category with levels."
        )
    return columns[owner][part]


def _composites_in_order(variables: Mapping[str, Variable]) -> list[str]:
    """Order composites so that each follows the composites it is made of."""
    waiting = {name: variable.of for name, variable in variables.items() if variable.kind == "composite"}
    order: list[str] = []
    while waiting:
        ready = [name for name, parts in waiting.items() if not any(part in waiting for part in parts)]
        if not ready:
            raise ConfigError(
                f"variables: the composites {', '.join(sorted(waiting))} are made of each other. Correct their 'of'."
            )
        order += ready
        waiting = {name: parts for name, parts in waiting.items() if name not in ready}
    return order


def _side_by_side(
    columns: Mapping[str, Mapping[str, pd.Series]], variables: Mapping[str, Variable], index: pd.Index
) -> pd.DataFrame:
    joined: dict[str, pd.Series] = {}
    for name in variables:
        for column, values in columns[name].items():
            if column in joined:
                raise ConfigError(
                    f"variables.{name}: its score '{column}' has the name of another score. Rename one of the "
                    f"variables."
                )
            joined[column] = values
    return pd.DataFrame(joined, index=index)
