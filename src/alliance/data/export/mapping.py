"""The export as the config maps it: keys and measured columns under canonical names, as numbers, dates and labels."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Literal

import numpy as np
import pandas as pd

from alliance.config.cleaning import Cleaning
from alliance.config.instruments import Instrument
from alliance.config.schema import Source, Variable
from alliance.config.wording import check_wording, numbered
from alliance.data.export.cells import ONE_GROUP, as_date, as_number, as_text, comparable_ids, is_code
from alliance.data.export.distinct import on_distinct
from alliance.data.export.raw import RawTable
from alliance.errors import ConfigError, suggest
from alliance.facts.columns import PATIENT, SESSION, THERAPIST
from alliance.facts.plain import folded_text

DATE, WEEK, EPISODE = "date", "week", "episode"


@dataclass(frozen=True)
class Measure:
    """One measured column: what it is called in the export and in the clean tables, and which values are possible."""

    variable: str
    column: str
    name: str
    kind: Literal["number", "category"]
    low: float = float("-inf")
    high: float = float("inf")
    item: int | None = None
    labels: tuple[str, ...] = ()  # labels the config names
    closed: bool = False  # whether these are all labels there are
    answers: Mapping[str, float] = field(default_factory=dict)  # label, as `folded_text` writes it -> number
    codes: tuple[float | str, ...] | None = None  # what stands for a missing answer, if the variable says so itself
    decimal: str | None = None  # marks of its numbers, if the variable says so itself
    thousands: str | None = None

    def outside(self, values: pd.Series) -> pd.Series:
        """Return where values lie outside what the measure can take."""
        return (values < self.low) | (values > self.high)


@dataclass(frozen=True)
class Typed:
    """One table of the export, mapped and typed; rows are those of the raw table, in its order.

    Parameters
    ----------
    keys
        Comparable ids, and session (float), date, week (float), as far as the table has these columns.
    values
        One column per measure under its canonical name, missing codes blanked.
    codes
        Where a missing code was blanked; same shape as `values`.
    bad
        User's column -> where a cell is neither blank nor of the declared type.
    absent
        User's columns that the config names but the table lacks.
    excluded
        Rows of patients who are left out on purpose (`cleaning.exclude`): nothing in them is an error.
    """

    raw: RawTable
    source: Source
    measures: tuple[Measure, ...]
    keys: pd.DataFrame
    values: pd.DataFrame
    codes: pd.DataFrame
    bad: dict[str, pd.Series]
    absent: tuple[str, ...]
    excluded: pd.Series

    @property
    def name(self) -> str:
        """Name of the table."""
        return self.raw.name

    @property
    def rows(self) -> np.ndarray:
        """Row numbers in the user's file, shape (n_rows,)."""
        return self.raw.frame.index.to_numpy()

    def key_column(self, key: str) -> str:
        """Return the user's column of a key."""
        return key_columns(self.source)[key]

    def column(self, name: str) -> pd.Series:
        """Return a column of the user's table by position instead of row number."""
        return self.raw.frame[name].reset_index(drop=True)


def measures_of(table: str, variables: Mapping[str, Variable], instruments: Mapping[str, Instrument]) -> list[Measure]:
    """List the measured columns that the config declares for one table.

    Raises
    ------
    ConfigError
        A variable names an instrument that is not among those given.
    """
    found: list[Measure] = []
    for name, variable in variables.items():
        if variable.table != table or variable.is_made:
            continue
        if variable.kind == "scale":
            found += _items_of(name, variable, instruments)
            continue
        assert variable.column is not None
        if variable.kind == "category":
            closed = variable.levels is not None or variable.labels is not None
            labels = tuple(variable.declared_labels)
            found.append(Measure(name, variable.column, name, "category", labels=labels, closed=closed))
        else:
            low, high = variable.range or (float("-inf"), float("inf"))
            answers = numbered(variable.answers, low)
            found.append(Measure(name, variable.column, name, "number", low, high, answers=answers))
    return [_as_declared(measure, variables[measure.variable]) for measure in found]


def _as_declared(measure: Measure, variable: Variable) -> Measure:
    codes = None if variable.missing_codes is None else tuple(variable.missing_codes)
    return replace(measure, codes=codes, decimal=variable.decimal, thousands=variable.thousands)


def numbers_of(column: pd.Series, measure: Measure, raw: RawTable, source: Source) -> tuple[pd.Series, pd.Series]:
    """Return the numbers of a measured column, and where a cell is none (`as_number`), by its own marks or those of its table.

    Where nobody said what 4.333 means, all numbers of the column are written like that (means of items), and the range allows one of the
    two readings only (1 to 5), that is the one.
    """
    thousands, decimal = measure.thousands or source.thousands, measure.decimal or raw.decimal
    if measure.decimal is None and measure.thousands in (".", ","):
        decimal = "," if measure.thousands == "." else "."
    numbers, wrong = as_number(column, decimal, None if thousands == decimal else thousands)
    if thousands is None and wrong.any() and np.isfinite(measure.high - measure.low):
        unsaid = measure.decimal is None and source.decimal is None
        decimals, none = as_number(column, "any" if unsaid else decimal, "none")
        settled = column.notna() & ~none
        unclear, grouped = decimals[settled], as_text(column[settled]).str.strip().str.fullmatch(ONE_GROUP.pattern)
        if grouped.all() and measure.outside(1000 * unclear).all() and not measure.outside(unclear).any():
            return decimals, none
    return numbers, wrong


def _items_of(name: str, variable: Variable, instruments: Mapping[str, Instrument]) -> list[Measure]:
    assert variable.instrument is not None
    assert variable.items is not None
    if variable.instrument not in instruments:
        raise ConfigError(
            f"variables.{name}.instrument: there is no instrument '{variable.instrument}'."
            f"{suggest(variable.instrument, instruments)} Add its file to config/instruments/ or correct the name."
        )
    instrument = instruments[variable.instrument]
    if isinstance(variable.items, list) and len(variable.items) != instrument.items:
        raise ConfigError(
            f"variables.{name}.items: {len(variable.items)} columns are listed, but {instrument.name} has {instrument.items} items. "
            "List one column for each item, in the order of the questionnaire."
        )
    if variable.answers is not None:
        try:
            check_wording(variable.answers, instrument.range)
        except ValueError as problem:
            raise ConfigError(
                f"variables.{name}: {problem}. Correct the list, or name the version used under variables.{name}.instrument."
            ) from None
    answers = variable.answers if variable.answers is not None else instrument.answers
    return [
        Measure(
            name, variable.item_column(item), f"{name}__{item}", "number",
            *instrument.item_range(item), item=item, answers=numbered(answers, instrument.range[0]),
        )
        for item in range(1, instrument.items + 1)
    ]  # fmt: skip


def key_parts(source: Source) -> dict[str, tuple[str, ...]]:
    """Return key -> user's columns; a reshaped table has a session column even if nobody named it, and sessions may be counted by date."""
    parts = {str(key): (one,) if isinstance(one, str) else tuple(one) for key, one in source.keys.items()}
    if source.wide is not None:
        parts.setdefault(SESSION, (SESSION,))
    if source.number_sessions == "by_date":
        parts[SESSION] = parts[DATE]
    return parts


def key_columns(source: Source) -> dict[str, str]:
    """Return key -> user's column; an id made of several columns has a column of its own (`with_joined_ids`)."""
    return {key: " + ".join(parts) for key, parts in key_parts(source).items()}


def with_joined_ids(raw: RawTable, source: Source) -> RawTable:
    """Add a column for each id that is made of several: their texts with a bar between them; blank where one of them is blank."""
    frame = raw.frame
    for name, parts in zip(key_columns(source).values(), key_parts(source).values(), strict=True):
        if len(parts) > 1 and set(parts) <= set(frame):
            # A bar inside a text is doubled, so that different ids never become one.
            texts = [as_text(frame[part]).str.strip().str.replace("|", "||", regex=False) for part in parts]
            texts = [text.where(text != "") for text in texts]
            frame = frame.assign(**{name: reduce(lambda left, right: left + " | " + right, texts)})
    return replace(raw, frame=frame)


def mapped_columns(source: Source, measures: list[Measure]) -> list[str]:
    """List the user's columns that the config names for one table, without repetition."""
    keys = [column for parts in key_parts(source).values() for column in parts]
    return list(dict.fromkeys([*keys, *(measure.column for measure in measures)]))


def type_table(raw: RawTable, source: Source, measures: list[Measure], cleaning: Cleaning) -> Typed:
    """Map and type one table of the export.

    Columns that are not there are listed under `absent`, cells of the wrong type under `bad`; neither stops here, so
    that the checks can list everything at once.
    """
    raw = with_joined_ids(raw, source)
    frame = raw.frame.reset_index(drop=True)
    present = [measure for measure in measures if measure.column in frame]
    absent = tuple(column for column in mapped_columns(source, measures) if column not in frame)
    keys, bad = _typed_keys(raw, frame, source, cleaning)
    values, codes = {}, {}
    for measure in present:
        column = frame[measure.column]
        meant = cleaning.missing_codes if measure.codes is None else list(measure.codes)
        if measure.kind == "category":
            value, wrong = _labels(column, raw.labels.get(measure.column, {}), measure), None
            number, _ = numbers_of(column, measure, raw, source)
            # A label that is declared is one, unless the variable itself says that it means "missing".
            coded = is_code(column, number, meant) & (~value.isin(measure.labels) | (measure.codes is not None))
        else:
            value, wrong = _answers_of(column, measure, raw, source)
            coded = is_code(column, value, meant)
            bad[measure.column] = wrong & ~coded
        values[measure.name] = value.mask(coded)
        codes[measure.name] = coded
    left_out = comparable_ids(pd.Series(cleaning.exclude.patients, dtype="str"), cleaning.ids)
    nobody = pd.Series(False, index=frame.index)
    return Typed(
        raw, source, tuple(present), keys, pd.DataFrame(values, index=frame.index),
        pd.DataFrame(codes, index=frame.index), bad, absent,
        keys[PATIENT].isin(left_out) if PATIENT in keys else nobody,
    )  # fmt: skip


def _typed_keys(
    raw: RawTable, frame: pd.DataFrame, source: Source, cleaning: Cleaning
) -> tuple[pd.DataFrame, dict[str, pd.Series]]:
    keys: dict[str, pd.Series] = {}
    bad: dict[str, pd.Series] = {}
    # Patients first: a session number is judged among those of its patient.
    for key, column in sorted(key_columns(source).items(), key=lambda item: item[0] != PATIENT):
        if column not in frame or (key == SESSION and source.number_sessions == "by_date"):
            continue
        coded = _coded_key(frame, key, key_parts(source)[key], keys.get(PATIENT), raw.decimal, cleaning.missing_codes)
        if key in (PATIENT, THERAPIST):
            keys[key] = comparable_ids(frame[column], cleaning.ids).mask(coded)
        elif key == EPISODE:
            text = as_text(frame[column]).str.strip()
            keys[key] = text.where((text != "") & ~coded)
        else:
            date = key == DATE
            read = (
                as_date(frame[column], source.date_format)
                if date
                else as_number(frame[column], raw.decimal, source.thousands)
            )
            keys[key], bad[column] = read[0].mask(coded), read[1] & ~coded
    if source.number_sessions == "by_date" and {PATIENT, DATE} <= set(keys):
        keys[SESSION] = keys[DATE].groupby(keys[PATIENT]).rank("dense")
    return pd.DataFrame(keys, index=frame.index), bad


def _coded_key(
    frame: pd.DataFrame,
    key: str,
    parts: tuple[str, ...],
    patients: pd.Series | None,
    decimal: str,
    codes: list[float | str],
) -> pd.Series:
    """Return where a key holds a code for "missing", as measured columns do.

    A number to which others count up is no code: session 99 of a patient who has a session 98, patient 99 beside 98 or 100.
    """
    coded = pd.Series(False, index=frame.index)
    for part in parts:
        number, _ = as_number(frame[part], decimal)
        found = is_code(frame[part], number, codes)
        coded |= found & ~_is_reached(number, number[found & (number >= 0)], patients, key)
    return coded


def _is_reached(number: pd.Series, candidates: pd.Series, patients: pd.Series | None, key: str) -> pd.Series:
    """Return which of some candidates are numbers to which others count up."""
    if key != SESSION:
        reached = (candidates - 1).isin(number) | (candidates + 1).isin(number)
    else:
        whose = pd.Series("", index=number.index) if patients is None else patients
        near = number[number.isin(candidates - 1)]
        counted = pd.MultiIndex.from_arrays([whose[near.index], near])
        before = pd.MultiIndex.from_arrays([whose[candidates.index], candidates - 1])
        reached = pd.Series(before.isin(counted), index=candidates.index)
    return reached.reindex(number.index, fill_value=False)


@on_distinct
def _answers_of(column: pd.Series, measure: Measure, raw: RawTable, source: Source) -> tuple[pd.Series, pd.Series]:
    answered = _with_numbers(_with_answers(column, raw.labels.get(measure.column, {}), measure), measure)
    return numbers_of(answered, measure, raw, source)


def _with_answers(column: pd.Series, value_labels: Mapping[object, str], measure: Measure) -> pd.Series:
    """Put the labels that a file gives to codes in their place where all of them are among the declared answers: these say the order."""
    names = {as_text(pd.Series([code]))[0]: label for code, label in value_labels.items()}
    if not measure.answers or not {folded_text(label) for label in names.values()} <= set(measure.answers):
        return column
    labels = as_text(column).str.strip().map(names)
    return column.astype(object).where(labels.isna(), labels)


def _with_numbers(column: pd.Series, measure: Measure) -> pd.Series:
    """Put the numbers of a list of answers in place of its labels; other cells stay as they are."""
    if not measure.answers:
        return column
    folded = as_text(column).map(folded_text, na_action="ignore")
    labelled = folded.isin(measure.answers)
    return column.astype(object).where(~labelled, folded.map(measure.answers)) if labelled.any() else column


@on_distinct
def _labels(column: pd.Series, value_labels: Mapping[object, str], measure: Measure) -> pd.Series:
    """Return the labels of a category without outer blanks; coded values get the label that their file gives them."""
    text = as_text(column).str.strip()
    truths = {label.casefold(): label for label in measure.labels}
    if set(truths) == {"true", "false"}:
        # Each program writes truth values in its own way.
        text = text.map(lambda label: truths.get(label.casefold(), label), na_action="ignore").astype("str")
    if value_labels:
        names = {as_text(pd.Series([code]))[0]: label.strip() for code, label in value_labels.items()}
        # A config that names the codes themselves (levels: {"1": 0, "2": 1}) means the codes.
        if not set(measure.labels) <= set(names) or set(measure.labels) & set(names.values()):
            text = text.map(lambda code: names.get(code, code), na_action="ignore").astype("str")
    return text.where(text != "")


def distinct_rows(table: Typed) -> Typed:
    """Keep the first of the rows that are the same in every mapped column (tables read from the file of sessions)."""
    kept = ~pd.concat([table.keys, table.values], axis="columns").duplicated()
    for wrong in table.bad.values():
        kept |= wrong
    positions = np.flatnonzero(kept)
    return replace(
        table,
        raw=replace(table.raw, frame=table.raw.frame.iloc[positions], notes=()),
        keys=table.keys.iloc[positions].reset_index(drop=True),
        values=table.values.iloc[positions].reset_index(drop=True),
        codes=table.codes.iloc[positions].reset_index(drop=True),
        bad={column: wrong.iloc[positions].reset_index(drop=True) for column, wrong in table.bad.items()},
        excluded=table.excluded.iloc[positions].reset_index(drop=True),
    )
