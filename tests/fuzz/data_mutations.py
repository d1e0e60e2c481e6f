"""Ways in which an export goes wrong. Each is a function that spoils a study and says what may come out of it.

A function takes a `Case` and `Draw`, which makes its choices, and returns an `Expected`.
"""

# Tables of choices, wrapped by hand.
# fmt: off

import datetime
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pyreadstat

from tests.fuzz.study import (
    ITEMS,
    KINDS,
    NUMBERS,
    PATIENTS,
    SESSIONS,
    cell_text,
    clean_frame,
    csv_text,
    overlay,
    write_table,
)

T = TypeVar("T")


class Draw(Protocol):
    """Makes choices."""

    def one(self, options: Sequence[T]) -> T:
        """Return one of several."""

    def whole(self, low: int, high: int) -> int:
        """Return a whole number, both ends included."""


@dataclass
class Case:
    """A study that is being spoiled.

    Parameters
    ----------
    frame
        The sessions.
    kind
        Format of the file; ``ending`` is what its name says it is.
    settings
        The overlay.
    write
        How the file is written, if not as usual.
    bytes_
        What is done to its bytes afterwards.
    """

    frame: pd.DataFrame = field(default_factory=clean_frame)
    kind: str = "csv"
    ending: str = ""
    settings: dict[str, Any] = field(default_factory=overlay)
    write: Callable[[pd.DataFrame, Path], None] = write_table
    bytes_: list[Callable[[bytes], bytes]] = field(default_factory=list)

    def file(self, folder: Path) -> Path:
        """Write the file and return where it is."""
        made = folder / f"clinic.{self.kind}"
        self.write(self.frame, made)
        for change in self.bytes_:
            made.write_bytes(change(made.read_bytes()))
        return made if not self.ending else made.rename(made.with_suffix(f".{self.ending}"))

    def source(self, **settings: Any) -> None:
        """Declare how the file is read."""
        for table in ("sessions", "patients"):
            self.settings["data"][table].update(settings)


@dataclass(frozen=True)
class Expected:
    """What may come out.

    Parameters
    ----------
    like
        The table as which the file must be read; None if nobody knows.
    pass_
        The table is read, and no error stops it.
    told
        Something is said that was not said of the clean study: an error, or a warning.
    words
        One of these stands in what is said.
    """

    like: pd.DataFrame | None = None
    pass_: bool = False
    told: bool = False
    words: tuple[str, ...] = ()


Mutate = Callable[[Case, Draw], Expected]
HARMLESS = Expected(like=clean_frame(), pass_=True)
OPEN = Expected(like=clean_frame())  # anything is said, or it is harmless


def told(*words: str) -> Expected:
    """Something must be said."""
    return Expected(told=True, words=words)


def _row(draw: Draw) -> int:
    return draw.whole(0, PATIENTS * SESSIONS - 1)


def _kind(case: Case, draw: Draw, kinds: Sequence[str] = KINDS) -> str:
    case.kind = draw.one(kinds)
    return case.kind


def _put(frame: pd.DataFrame, column: str, row: int, cell: Any) -> pd.DataFrame:
    frame.at[row, column] = cell
    return frame


def _blanked(column: str, rows: Sequence[int]) -> pd.DataFrame:
    frame = clean_frame()
    for row in rows:
        frame.at[row, column] = None
    return frame


# Cells


def text_among_numbers(case: Case, draw: Draw) -> Expected:
    words = [
        "krank", "n/a", "-", "?", "3 bis 4", "3-4", ">5", "5*", "1/2", "vier", "3,5,1", "0x1F", "1e", "½", "٣", "３", "1_000", "--3",
        "=1+1", "#REF!", "'3", "3°", "+-3", "1e400", "½ Stunde", "3.4.2024", "Infinity", "-inf", "NaN?", "1 2", "€3", "50 %", "(3)", "3.",
        "\u22123", "O", "l", "1'000'000", "0b1", "True", "wahr", "J", "\U0001f600", "a" * 40000, "x\ny", 'sagt "nein"', "\\N", "NULL", ";",
    ]
    column = draw.one([*NUMBERS, "SITZ"])
    word, row = draw.one(words), _row(draw)
    _kind(case, draw, ("csv", "xlsx", "parquet"))
    if case.kind == "xlsx" and len(word) > 32000:
        word = word[:30000]
    case.frame = _put(case.frame, column, row, word)
    plain = {"3.": 3, "３": 3}.get(word)
    return Expected(like=None if plain is None else _put(clean_frame(), column, row, plain), told=plain is None,
        words=() if plain else (column,))


def truth_among_numbers(case: Case, draw: Draw) -> Expected:
    column = draw.one([*NUMBERS, "SITZ"])
    _kind(case, draw, ("csv", "xlsx"))
    case.frame = _put(case.frame, column, _row(draw), draw.one([True, False]))
    return told(column)


def extreme_number(case: Case, draw: Draw) -> Expected:
    column = draw.one([*NUMBERS, "SITZ", "DATUM"])
    number = draw.one([1e300, -1e300, 1.7e308, 2.0**64, 2**63, -(2**63) - 1, 10**40, 1e18, 9007199254740993, -1e12, 987654.0])
    _kind(case, draw, ("csv", "xlsx"))
    case.frame = _put(case.frame, column, _row(draw), number)
    return told(column)


def tiny_number(case: Case, draw: Draw) -> Expected:
    column = draw.one(["WAI", "TECH", "PHQ"])
    number = draw.one([1e-320, -1e-320, 5e-324, 1e-12])
    _kind(case, draw, ("csv", "parquet", "sav"))
    row = _row(draw)
    case.frame = _put(case.frame, column, row, number)
    return Expected(like=_put(clean_frame(), column, row, number))


def infinite(case: Case, draw: Draw) -> Expected:
    column = draw.one([*NUMBERS, "SITZ"])
    _kind(case, draw, ("csv", "parquet", "sav"))
    number = draw.one([float("inf"), float("-inf")])
    row = _row(draw)
    case.frame = _put(case.frame, column, row, number)
    # SPSS has no infinite numbers: what is written there is a number of its own, or missing.
    return told(column) if case.kind in ("csv", "parquet") else Expected(like=_blanked(column, [row]))


def not_a_number(case: Case, draw: Draw) -> Expected:
    column = draw.one(["WAI", "TECH", "PHQ"])
    _kind(case, draw, ("parquet", "sav", "dta"))
    row = _row(draw)
    case.frame = _put(case.frame, column, row, float("nan"))
    return Expected(like=_blanked(column, [row]), pass_=True)


def undeclared_code(case: Case, draw: Draw) -> Expected:
    column = draw.one(["WAI", "TECH", "PHQ", *ITEMS])
    _kind(case, draw)
    code = draw.one([-9, -77, -99, 88, 77, 999, 9999, -999])
    for _ in range(draw.whole(2, 12)):
        case.frame = _put(case.frame, column, _row(draw), code)
    return told(column)


def declared_code(case: Case, draw: Draw) -> Expected:
    column = draw.one(["WAI", "TECH", "PHQ", *ITEMS])
    code: Any = draw.one([99, 99.0, "k.A.", "K.A.", " k.a. ", "99", "99.0", " 99"])
    _kind(case, draw, ("csv", "xlsx", "parquet"))
    rows = [_row(draw) for _ in range(draw.whole(1, 6))]
    for row in rows:
        case.frame = _put(case.frame, column, row, code)
    return Expected(like=_blanked(column, rows), pass_=True)


def blank_cell(case: Case, draw: Draw) -> Expected:
    column = draw.one(["WAI", "TECH", "PHQ", *ITEMS, "NOTIZ", "FREI"])
    _kind(case, draw, ("csv", "xlsx", "parquet"))
    row = _row(draw)
    case.frame = _put(case.frame, column, row, draw.one([" ", "\t", "\u00a0", "\u200b", "\ufeff", "\u2003 ", "\r\n"]))
    return Expected(like=_blanked(column, [row]), pass_=True)


def null_text(case: Case, draw: Draw) -> Expected:
    """Words with which programs fill empty cells."""
    column = draw.one(["WAI", "TECH", "PHQ", *ITEMS])
    _kind(case, draw, ("csv", "xlsx"))
    word = draw.one(["#NULL!", "NA", "NaN", "NULL", "None", "#N/A", ".", "nan", "<NA>", "#DIV/0!"])
    for _ in range(draw.whole(1, 20)):
        case.frame = _put(case.frame, column, _row(draw), word)
    return told(column)


def number_as_text(case: Case, draw: Draw) -> Expected:
    """Numbers of one column as text, spelled in another way."""
    column = draw.one(["PHQ", *ITEMS, "SITZ"])
    spell = draw.one([str, lambda n: f" {n} ", lambda n: f"+{n}", lambda n: f"{n}.0", lambda n: f"0{n}", lambda n: f"{n}e0",
        lambda n: f"\u200b{n}"])
    _kind(case, draw, ("csv", "xlsx", "parquet"))
    case.frame[column] = [None if cell is None else spell(cell) for cell in case.frame[column]]
    return HARMLESS


def decimal_comma(case: Case, draw: Draw) -> Expected:
    delimiter = draw.one([";", "\t", "|", ","])
    case.write = lambda frame, path: path.write_text(csv_text(frame, delimiter, decimal=","), encoding="utf-8") and None
    return HARMLESS if delimiter != "," else OPEN


def thousands(case: Case, draw: Draw) -> Expected:
    column = draw.one(["TECH", "PHQ"])
    mark = draw.one([",", ".", " ", "'", "\u00a0", "\u2009", "\u2019"])
    rows = [_row(draw) for _ in range(draw.whole(1, 3))]
    for row in rows:
        case.frame = _put(case.frame, column, row, f"1{mark}{draw.whole(100, 999)}")
    _kind(case, draw, ("csv", "xlsx"))
    return told(column)


def control_characters(case: Case, draw: Draw) -> Expected:
    column = draw.one(["ARM", "PID", "THER", "NOTIZ", "WAI"])
    row, sign = _row(draw), draw.one(["\x07", "\u200d", "\u202e", "\ufeff", "\u00ad", "\x1b", "\u2060", "\x85"])
    cell = cell_text(case.frame.at[row, column])
    place = draw.whole(0, len(cell))
    case.frame = _put(case.frame, column, row, cell[:place] + sign + cell[place:])
    return HARMLESS if sign != "\x85" else OPEN


def other_composition(case: Case, draw: Draw) -> Expected:
    import unicodedata

    column = draw.one(["ARM", "PID", "NOTIZ"])
    _kind(case, draw)
    every = draw.one([1, 2, 3])
    case.frame[column] = [
        unicodedata.normalize("NFD", cell) if row % every == 0 else cell for row, cell in enumerate(case.frame[column])
    ]
    return HARMLESS


def label_respelled(case: Case, draw: Draw) -> Expected:
    row = _row(draw)
    label = case.frame.at[row, "ARM"]
    other = draw.one([f" {label} ", f"{label}\u00a0", label.upper(), label.title(), "kontrolle", f"{label}.", f"{label}2", "0", "99"])
    case.frame = _put(case.frame, "ARM", row, other)
    return HARMLESS if other.strip() == label else Expected(like=clean_frame(), told=other != "99")


def ids_respelled(case: Case, draw: Draw) -> Expected:
    column = draw.one(["PID", "THER"])
    _kind(case, draw, ("csv", "xlsx", "parquet"))
    row = _row(draw)
    name = case.frame.at[row, column]
    other = draw.one([f" {name}", name.lower(), f"{name}\u00a0", name.replace("-0", "-").replace("T", "T0"), name.casefold() + "\u200b"])
    case.frame = _put(case.frame, column, row, other)
    return HARMLESS


def id_blank(case: Case, draw: Draw) -> Expected:
    column = draw.one(["PID", "THER"])
    _kind(case, draw)
    rows = [_row(draw) for _ in range(draw.whole(1, 9))]
    for row in rows:
        case.frame = _put(case.frame, column, row, draw.one([None, "", "  "]))
    return told(column)


def id_another(case: Case, draw: Draw) -> Expected:
    """A patient's rows under the id of another one, as where two clinics count from one."""
    first, second = case.frame["PID"].iloc[0], case.frame["PID"].iloc[-1]
    _kind(case, draw)
    case.frame["PID"] = [second if name == first else name for name in case.frame["PID"]]
    return told()


def ids_all_numbers(case: Case, draw: Draw) -> Expected:
    """Ids as whole numbers, decimals or very long ones."""
    shift = draw.one([0, 10**9, 2**53, 10**17])
    _kind(case, draw, ("csv", "xlsx", "parquet") if shift < 2**53 else ("csv", "parquet"))
    case.frame["PID"] = [int(name.split("-")[1]) + shift for name in case.frame["PID"]]
    frame = clean_frame()
    frame["PID"] = [f"{number:020d}" for number in case.frame["PID"]]
    return Expected(like=frame, pass_=True)


def therapist_changes(case: Case, draw: Draw) -> Expected:
    _kind(case, draw)
    for _ in range(draw.whole(1, 40)):
        case.frame = _put(case.frame, "THER", _row(draw), draw.one(["T1", "T2", "T3", "T4", "T9"]))
    return OPEN


def arm_changes(case: Case, draw: Draw) -> Expected:
    _kind(case, draw)
    row = _row(draw)
    other = "neu" if case.frame.at[row, "ARM"] == "üblich" else "üblich"
    case.frame = _put(case.frame, "ARM", row, other)
    return told()


# Time


def date_impossible(case: Case, draw: Draw) -> Expected:
    dates = [
        "2024-02-31", "2024-13-01", "0000-00-00", "31.12.2024", "12/31/2024", "2024", "2024-1", "gestern", "45300", "20240108",
            "1899-12-30",
        "2224-01-15", "0001-01-01", "9999-12-31", "1900-01-01", "2024-01-08T25:00", "2024-W02-1", "08-01-2024", "99999-01-01", "1752-09-10",
    ]
    _kind(case, draw, ("csv", "xlsx", "parquet"))
    date = draw.one(dates)
    case.frame = _put(case.frame, "DATUM", _row(draw), date)
    return told("DATUM")


def dates_otherwise(case: Case, draw: Draw) -> Expected:
    """All dates in another way of writing."""
    way = draw.one(["%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d.%m.%y", "%d-%b-%Y", "%Y%m%d", "%s", "%d. %B %Y", "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M:%SZ"])
    declared = draw.one([True, False]) and "%s" not in way
    stamps = list(case.frame["DATUM"])
    case.frame["DATUM"] = [str(int(day.timestamp())) if way == "%s" else day.strftime(way) for day in stamps]
    if declared:
        case.source(date_format=way)
        return HARMLESS
    return OPEN if way.startswith("%Y-") else told("DATUM")


def dates_as_serial_numbers(case: Case, draw: Draw) -> Expected:
    _kind(case, draw, ("csv", "xlsx", "sav"))
    case.frame["DATUM"] = [(day - pd.Timestamp(1899, 12, 30)).days for day in case.frame["DATUM"]]
    return told("DATUM")


def dates_backwards(case: Case, draw: Draw) -> Expected:
    patient, first = draw.whole(0, PATIENTS - 1), draw.whole(0, SESSIONS - 2)
    row = patient * SESSIONS + first
    one, other = case.frame.at[row, "DATUM"], case.frame.at[row + 1, "DATUM"]
    _kind(case, draw)
    case.frame = _put(_put(case.frame, "DATUM", row, other), "DATUM", row + 1, one)
    return told("DATUM")


def date_far(case: Case, draw: Draw) -> Expected:
    _kind(case, draw)
    day = draw.one([pd.Timestamp(1902, 1, 1), pd.Timestamp(2202, 1, 1), pd.Timestamp(1970, 1, 1), pd.Timestamp(2099, 12, 31)])
    case.frame = _put(case.frame, "DATUM", _row(draw), day)
    return told("DATUM")


def date_blank(case: Case, draw: Draw) -> Expected:
    _kind(case, draw)
    rows = [_row(draw) for _ in range(draw.whole(1, 5))]
    for row in rows:
        case.frame = _put(case.frame, "DATUM", row, None)
    return Expected(like=_blanked("DATUM", rows), pass_=True)


def session_wrong(case: Case, draw: Draw) -> Expected:
    _kind(case, draw)
    row = _row(draw)
    case.frame = _put(case.frame, "SITZ", row, draw.one([9999, 99999, -1, 1.5, 0.5, None, 1e15, 2.0000001, 100]))
    return told("SITZ")


def session_named(case: Case, draw: Draw) -> Expected:
    name = draw.one(["S{}", "Sitzung {}", "t{:02d}", "{}.", "{}. Sitzung", "#{}", "{}a", "{}/6"])
    _kind(case, draw, ("csv", "xlsx"))
    case.frame["SITZ"] = [name.format(number) for number in case.frame["SITZ"]]
    return told("SITZ") if name != "{}." else HARMLESS


def sessions_twice(case: Case, draw: Draw) -> Expected:
    """Session numbers start again in the middle of a course."""
    many = draw.one([1, 3, PATIENTS])
    _kind(case, draw)
    for row in range(many * SESSIONS):
        if row % SESSIONS >= SESSIONS // 2:
            case.frame = _put(case.frame, "SITZ", row, case.frame.at[row, "SITZ"] - SESSIONS // 2)
    return told()


def sessions_reversed(case: Case, draw: Draw) -> Expected:
    _kind(case, draw)
    case.frame["SITZ"] = [SESSIONS + 1 - number for number in case.frame["SITZ"]]
    return told("DATUM", "SITZ")


# Rows


def blank_rows(case: Case, draw: Draw) -> Expected:
    _kind(case, draw, ("csv", "xlsx"))
    place, many = draw.whole(0, len(case.frame)), draw.one([1, 3, 300])
    blank = pd.DataFrame([[None] * case.frame.shape[1]] * many, columns=case.frame.columns, dtype=object)
    case.frame = pd.concat([case.frame.iloc[:place], blank, case.frame.iloc[place:]], ignore_index=True)
    return HARMLESS


def header_again(case: Case, draw: Draw) -> Expected:
    _kind(case, draw, ("csv", "xlsx"))
    place = draw.whole(0, len(case.frame))
    again = pd.DataFrame([list(case.frame.columns)], columns=case.frame.columns, dtype=object)
    case.frame = pd.concat([case.frame.iloc[:place], again, case.frame.iloc[place:]], ignore_index=True)
    return OPEN if place == 0 else told()


def rows_again(case: Case, draw: Draw) -> Expected:
    _kind(case, draw)
    many = draw.one([1, 2, 4, 30, len(case.frame)])
    case.frame = pd.concat([case.frame, case.frame.iloc[:many]], ignore_index=True)
    return HARMLESS if many < 5 else told()


def rows_contradict(case: Case, draw: Draw) -> Expected:
    _kind(case, draw)
    row = _row(draw)
    again = case.frame.iloc[[row]].copy()
    again["TECH"] = 5.9
    case.frame = pd.concat([case.frame, again], ignore_index=True)
    return told()


def rows_shuffled(case: Case, draw: Draw) -> Expected:
    _kind(case, draw)
    case.frame = case.frame.sample(frac=1, random_state=draw.whole(0, 99)).reset_index(drop=True)
    return HARMLESS


def rows_without_answers(case: Case, draw: Draw) -> Expected:
    """Rows that hold an id and a session number only."""
    _kind(case, draw)
    many = draw.one([1, 5, 60])
    empty = clean_frame().iloc[:many].copy()
    empty["SITZ"] = [number + SESSIONS for number in empty["SITZ"]]
    empty[[name for name in empty if name not in ("PID", "THER", "SITZ", "ARM")]] = None
    case.frame = pd.concat([case.frame, empty.astype(object)], ignore_index=True)
    return HARMLESS


def few_rows(case: Case, draw: Draw) -> Expected:
    _kind(case, draw)
    many = draw.one([0, 1, 2, SESSIONS, 2 * SESSIONS, 5 * SESSIONS])
    case.frame = case.frame.iloc[:many]
    return Expected(like=case.frame.copy() if many > 1 else None, told=many == 0)


def one_session_each(case: Case, draw: Draw) -> Expected:
    _kind(case, draw)
    case.frame = case.frame[case.frame["SITZ"] == 1].reset_index(drop=True)
    return Expected(like=case.frame.copy())


def total_row(case: Case, draw: Draw) -> Expected:
    """A row of means or sums below the table."""
    _kind(case, draw, ("csv", "xlsx"))
    word = draw.one(["Summe", "Mittelwert", "n", ""])
    last = dict.fromkeys(case.frame.columns, None) | {"PID": word or None, "WAI": 4.5, "PHQ": 9, "TECH": 3.0}
    case.frame = pd.concat([case.frame, pd.DataFrame([last]).astype(object)], ignore_index=True)
    return told()


# Columns


def column_constant(case: Case, draw: Draw) -> Expected:
    column = draw.one(["WAI", "PHQ", "TECH", "SITZ", "THER", "ARM", "PID", "GAD3"])
    _kind(case, draw)
    case.frame[column] = case.frame[column].iloc[0]
    return told() if column not in ("THER",) else Expected(like=case.frame.copy())


def column_blank(case: Case, draw: Draw) -> Expected:
    column = draw.one(["WAI", "PHQ", "TECH", "SITZ", "DATUM", "THER", "ARM", "PID", "GAD3"])
    _kind(case, draw, ("csv", "xlsx", "parquet", "sav"))
    case.frame[column] = None
    return told(column)


def columns_swapped(case: Case, draw: Draw) -> Expected:
    one, other = draw.one([("PID", "SITZ"), ("WAI", "PHQ"), ("THER", "SITZ"), ("DATUM", "WAI"), ("ARM", "THER"), ("PID", "ARM"), ("PHQ",
        "GAD1"), ("SITZ", "PHQ"), ("DATUM", "SITZ"), ("THER", "PID")])
    _kind(case, draw)
    case.frame = case.frame.rename(columns={one: other, other: one})
    # Therapists and patients have ids alike: who treats whom says which is which.
    return told()


def columns_moved(case: Case, draw: Draw) -> Expected:
    _kind(case, draw)
    case.frame = case.frame.sample(frac=1, axis=1, random_state=draw.whole(0, 99))
    return HARMLESS


def column_renamed(case: Case, draw: Draw) -> Expected:
    column = draw.one([*NUMBERS, "PID", "SITZ", "DATUM", "THER", "ARM"])
    other = draw.one([column.lower(), f"{column}_1", column[:-1], f"{column}.", f"alt {column}"])
    _kind(case, draw, ("csv", "xlsx", "parquet"))
    case.frame = case.frame.rename(columns={column: other})
    return told(column)


def column_name_decorated(case: Case, draw: Draw) -> Expected:
    column = draw.one([*NUMBERS, "PID", "SITZ", "DATUM", "THER", "ARM"])
    other = draw.one([f" {column}", f"{column} ", f"{column}\u00a0", f"\ufeff{column}", f"{column}\u200b", f"{column}\n"])
    _kind(case, draw, ("csv", "xlsx", "parquet"))
    case.frame = case.frame.rename(columns={column: other})
    return HARMLESS


def column_twice(case: Case, draw: Draw) -> Expected:
    column = draw.one(["WAI", "PID", "NOTIZ", "FREI"])
    case.kind = draw.one(["csv", "xlsx"])
    extra = case.frame[[column]].iloc[::-1].reset_index(drop=True)
    case.frame = pd.concat([case.frame, extra], axis=1)
    return HARMLESS if column in ("NOTIZ", "FREI") else told(column)


def columns_added(case: Case, draw: Draw) -> Expected:
    names = draw.one(
        [["", ""], ["Ä ö ü", "😀"], ["=CMD()", "a,b"], ["patient", "session"], ["x" * 300], ["wai", "Wai"], ["therapist", "days"], ["\t"],
            [f"v{n}" for n in range(1500)]]
    )
    case.kind = draw.one(["csv", "xlsx"])
    more = pd.DataFrame([[draw.one(["x", None, "1e999", "31.02.2024"])] * len(names)] * len(case.frame), dtype=object)
    more.columns = pd.Index(names)
    case.frame = pd.concat([case.frame, more], axis=1)
    return HARMLESS


def items_shifted(case: Case, draw: Draw) -> Expected:
    """Answers counted from one instead of zero."""
    _kind(case, draw)
    for name in ITEMS:
        case.frame[name] = [None if cell is None else cell + 1 for cell in case.frame[name]]
    return told()


def items_as_words(case: Case, draw: Draw) -> Expected:
    words = draw.one([["nie", "selten", "oft", "immer"], ["0 nie", "1", "2", "3 immer"], ["überhaupt nicht", "einzelne Tage",
        "mehr als die Hälfte", "fast jeden Tag"]])
    _kind(case, draw, ("csv", "xlsx", "sav"))
    for name in ITEMS[: draw.one([1, 7])]:
        case.frame[name] = [None if cell is None else words[cell] for cell in case.frame[name]]
    return told("GAD")


# Files


def encoded(case: Case, draw: Draw) -> Expected:
    encoding = draw.one(["cp1252", "latin-1", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
    case.write = lambda frame, path: path.write_bytes(csv_text(frame).encode(encoding)) and None
    return HARMLESS


def encoded_otherwise(case: Case, draw: Draw) -> Expected:
    encoding = draw.one(["mac_roman", "cp437", "cp850", "utf-7", "utf-32-le", "cp037", "gb18030"])
    case.write = lambda frame, path: path.write_bytes(csv_text(frame).encode(encoding)) and None
    return OPEN


def encoding_declared_wrong(case: Case, draw: Draw) -> Expected:
    case.source(encoding=draw.one(["utf-16", "cp1252", "ascii", "klingon", "base64", "rot13", "utf-7", "idna", "punycode", "zlib",
        "cp037", "", "mbcs", "undefined", "unicode_escape", "utf\x00"]))
    return OPEN


def encodings_mixed(case: Case, draw: Draw) -> Expected:
    cut = draw.whole(1, 80)

    def mix(content: bytes) -> bytes:
        lines = content.split(b"\n")
        return b"\n".join([*lines[:cut], *(line.decode("utf-8").encode("cp1252") for line in lines[cut:])])

    case.bytes_.append(mix)
    return told()


def bytes_wrong(case: Case, draw: Draw) -> Expected:
    place, byte = draw.whole(120, 7000), draw.one([b"\x00", b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\x1a", b"\x80"])
    case.bytes_.append(lambda content: content[:place] + byte + content[place:])
    return OPEN


def line_ends(case: Case, draw: Draw) -> Expected:
    end = draw.one(["\r\n", "\r", "\n\n", "\r\n\r\n", "\r\r\n"])
    case.write = lambda frame, path: path.write_bytes(csv_text(frame, end=end).encode("utf-8")) and None
    return HARMLESS if end in ("\r\n", "\n\n", "\r\n\r\n") else OPEN


def quotes(case: Case, draw: Draw) -> Expected:
    place = draw.whole(100, 7000)
    mark = draw.one(['"', "'", '""', '"\n', ',"'])
    case.bytes_.append(lambda content: content[:place] + mark.encode() + content[place:])
    return OPEN


def separator_line(case: Case, draw: Draw) -> Expected:
    mark = draw.one([";", ",", "\t", "|", ":", "x"])
    first = draw.one([True, True, False])
    case.write = lambda frame, path: path.write_text((f"sep={mark}\n" if first else "") + csv_text(frame, mark if mark != "x" else ",",
        decimal="," if mark == ";" else "."), encoding="utf-8") and None
    return HARMLESS if mark in ";,\t|" else OPEN


def cells_lacking(case: Case, draw: Draw) -> Expected:
    """Lines with fewer or more cells than the header."""
    row, change = draw.whole(1, 140), draw.one([",", "", ",,,", "cut"])

    def spoil(content: bytes) -> bytes:
        lines = content.split(b"\n")
        lines[row] = lines[row].rpartition(b",")[0] if change == "cut" else lines[row] + change.encode()
        return b"\n".join(lines)

    case.bytes_.append(spoil)
    return OPEN


def truncated(case: Case, draw: Draw) -> Expected:
    _kind(case, draw)
    share = draw.one([0.0, 0.001, 0.01, 0.3, 0.5, 0.9, 0.97, 0.999])
    if case.kind == "csv":
        return _truncated_text(case, share)
    case.bytes_.append(lambda content: content[: int(share * len(content))])
    return told("clinic")


def _truncated_text(case: Case, share: float) -> Expected:
    """What a file that ends early holds cannot be missed: the rows that are there, if the last one is whole."""
    text = csv_text(case.frame)
    kept = text[: int(share * len(text))]
    case.write = lambda frame, path: path.write_bytes(kept.encode("utf-8")) and None
    lines = kept.split("\n")
    whole = [line for line in lines[1:] if line.count(",") == text.split("\n")[0].count(",")]
    frame = clean_frame().iloc[: len(whole)]
    return Expected(like=frame if len(whole) and len(whole) == len([line for line in lines[1:] if line]) else None, told=not whole)


def bits_flipped(case: Case, draw: Draw) -> Expected:
    _kind(case, draw, ("xlsx", "sav", "parquet", "dta"))
    places = [draw.whole(0, 4000) for _ in range(draw.whole(1, 8))]

    def flip(content: bytes) -> bytes:
        changed = bytearray(content)
        for place in places:
            changed[place % len(changed)] ^= 0x55
        return bytes(changed)

    case.bytes_.append(flip)
    return Expected()  # a changed digit is a digit


def ending_wrong(case: Case, draw: Draw) -> Expected:
    kind = _kind(case, draw)
    case.ending = draw.one([other for other in (*KINDS, "txt", "tsv", "xls", "ods", "xlsm", "zsav", "por", "json", "CSV",
        "") if other != kind])
    return HARMLESS if case.ending in ("txt", "tsv", "CSV") and kind == "csv" else OPEN


def not_a_table(case: Case, draw: Draw) -> Expected:
    content = draw.one(
        [
            b"", b"\n\n\n", b"\xef\xbb\xbf", b"PID", b"PID\n1\n", b"<html><table><tr><td>PID</td></tr></table></html>",
            json.dumps([{"PID": 1}]).encode(), b"\x00" * 500, b",,,,\n,,,,\n", b"%PDF-1.7\n%\xe2\xe3", b"{\\rtf1\\ansi}",
                b"PK\x03\x04" + b"\x00" * 60,
            b"PID;THER,SITZ\tDATUM\n1;2,3\t4\n", b'"PID,THER', b"PID,THER,SITZ,DATUM,WAI\n" * 50, b"\r" * 100,
                "½".encode("latin-1") * 50,
            b"PAR1" + b"\x00" * 40 + b"PAR1", b"$FL2@(#) SPSS DATA FILE" + b"\x00" * 300, b"<stata_dta><header>" + b"\x00" * 100,
        ]
    )
    case.kind = draw.one(KINDS)
    case.write = lambda frame, path: path.write_bytes(content) and None
    return told("clinic")


def long_cell(case: Case, draw: Draw) -> Expected:
    case.frame = _put(case.frame, "NOTIZ", _row(draw), "lang " * draw.one([7000, 40000]))
    return HARMLESS


# Formats of their own


def _edited_sheet(change: Callable[[Any], None]) -> Callable[[pd.DataFrame, Path], None]:
    def write(frame: pd.DataFrame, path: Path) -> None:
        write_table(frame, path)
        book = openpyxl.load_workbook(path)
        change(book)
        book.save(path)

    return write


def sheet_merged(case: Case, draw: Draw) -> Expected:
    """The therapist, or the patient, in the first row of a block only."""
    case.kind = "xlsx"
    letter = draw.one(["A", "B"])

    def merge(book: Any) -> None:
        for first in range(2, len(case.frame) + 2, SESSIONS):
            book.active.merge_cells(f"{letter}{first}:{letter}{first + SESSIONS - 1}")

    case.write = _edited_sheet(merge)
    return told("PID" if letter == "A" else "THER")


def sheet_formulas(case: Case, draw: Draw) -> Expected:
    case.kind = "xlsx"
    column = draw.one(["WAI", "PHQ", "SITZ", "FREI", "NOTIZ"])
    row, formula = _row(draw), draw.one(["=1+2", "=SUM(A1:B2)", "=NOW()", "=Tabelle2!A1"])
    case.frame = _put(case.frame, column, row, formula)
    return HARMLESS if column in ("FREI", "NOTIZ") else told(column)


def sheet_titles(case: Case, draw: Draw) -> Expected:
    case.kind = "xlsx"
    many = draw.one([1, 2, 5])

    def title(book: Any) -> None:
        book.active.insert_rows(1, many)
        book.active["A1"] = "Auswertung der Klinik"

    case.write = _edited_sheet(title)
    if draw.one([True, False]):
        case.source(header_row=many + 1)
        return HARMLESS
    return told("row")


def sheet_others(case: Case, draw: Draw) -> Expected:
    case.kind = "xlsx"
    where = draw.one([0, 1])
    declared = draw.one([None, "Sheet", "sheet", "Fehlt", where + 1, 7, 1 - where + 1])

    def more(book: Any) -> None:
        extra = book.create_sheet("Hinweise", 1 - where)
        extra["A1"] = "Bitte lesen"

    case.write = _edited_sheet(more)
    if declared is not None:
        case.source(sheet=declared)
    return OPEN


def sheet_decorated(case: Case, draw: Draw) -> Expected:
    """Blank formatted cells, comments, filters, hidden rows and columns, frozen panes: nothing a reader minds."""
    case.kind = "xlsx"
    what = draw.one(["formats", "hidden", "filter", "comment", "validation", "table", "far"])

    def decorate(book: Any) -> None:
        from openpyxl.comments import Comment
        from openpyxl.styles import Font
        from openpyxl.worksheet.table import Table

        sheet = book.active
        if what == "formats":
            for row in range(150, 400):
                sheet.cell(row, 30).font = Font(bold=True)
        elif what == "hidden":
            sheet.column_dimensions["C"].hidden, sheet.row_dimensions[5].hidden = True, True
        elif what == "filter":
            sheet.auto_filter.ref, sheet.freeze_panes = "A1:D145", "B2"
        elif what == "comment":
            sheet["E5"].comment = Comment("hm", "jemand")
        elif what == "table":
            sheet.add_table(Table(displayName="Daten", ref="A1:Q145"))
        elif what == "far":
            sheet["ZZ900"] = " "

    case.write = _edited_sheet(decorate)
    return HARMLESS


def sheet_cells_of_another_type(case: Case, draw: Draw) -> Expected:
    case.kind = "xlsx"
    what = draw.one(["time", "duration", "date in WAI", "text date", "datetime"])
    row = _row(draw)
    day = case.frame.at[row, "DATUM"]
    if what == "time":
        case.frame = _put(case.frame, "WAI", row, datetime.time(3, 30))
    elif what == "duration":
        case.frame = _put(case.frame, "PHQ", row, datetime.timedelta(days=2))
    elif what == "date in WAI":
        case.frame = _put(case.frame, "WAI", row, datetime.datetime(2024, 5, 3))
    elif what == "text date":
        case.frame = _put(case.frame, "DATUM", row, day.strftime("%Y-%m-%d"))
        return HARMLESS
    else:
        case.frame = _put(case.frame, "DATUM", row, day + pd.Timedelta(hours=15))
        return HARMLESS
    return told("WAI" if what != "duration" else "PHQ")


def workbook_parts(case: Case, draw: Draw) -> Expected:
    """A workbook that lacks a part, or holds a broken one."""
    case.kind = "xlsx"
    part = draw.one(["xl/worksheets/sheet1.xml", "xl/workbook.xml", "[Content_Types].xml", "xl/styles.xml", "_rels/.rels",
        "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml"])
    broken = draw.one([None, b"", b"<worksheet>", b"\x00\xff", b"<a/>"])

    def write(frame: pd.DataFrame, path: Path) -> None:
        write_table(frame, path)
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in parts.items():
                if name != part:
                    archive.writestr(name, content)
                elif broken is not None:
                    archive.writestr(name, broken)

    case.write = write
    return OPEN


def sav_user_missing(case: Case, draw: Draw) -> Expected:
    case.kind = "sav"
    column = draw.one(["PHQ", "WAI", "TECH"])
    rows = [_row(draw) for _ in range(4)]
    for row in rows:
        case.frame = _put(case.frame, column, row, 7777)

    def write(frame: pd.DataFrame, path: Path) -> None:
        write_table(frame, path)
        table, _ = pyreadstat.read_sav(path)
        pyreadstat.write_sav(table, path, missing_ranges={column: [{"lo": 7000, "hi": 8000}]})

    case.write = write
    return Expected(like=_blanked(column, rows), pass_=True)


def sav_labels(case: Case, draw: Draw) -> Expected:
    case.kind = draw.one(["sav", "dta"])
    swapped = draw.one([True, False])
    case.frame["ARM"] = [1 if label == "neu" else 0 for label in case.frame["ARM"]]
    names = {0: "üblich", 1: "neu"} if not swapped else {0: "kontrolle", 1: "neu"}

    def write(frame: pd.DataFrame, path: Path) -> None:
        table = pd.DataFrame({name: pd.to_numeric(frame[name]) if name in (*NUMBERS, "SITZ",
            "ARM") else frame[name].map(cell_text) for name in frame if name != "DATUM"})
        table["DATUM"] = [day.date() for day in frame["DATUM"]]
        writer = pyreadstat.write_sav if case.kind == "sav" else pyreadstat.write_dta
        writer(table, path, variable_value_labels={"ARM": names, "PHQ": {0: "gar nicht"}})

    case.write = write
    return told("ARM") if swapped else HARMLESS


def statistics_dates(case: Case, draw: Draw) -> Expected:
    """Dates that do not exist: in a column nobody uses they cost nothing."""
    used = draw.one([True, False])
    number = draw.one([1e16, -1e16, 1e11, 1e300])
    case.kind = "sav"
    row = _row(draw)

    def write(frame: pd.DataFrame, path: Path) -> None:
        write_table(frame, path)
        table, _ = pyreadstat.read_sav(path, disable_datetime_conversion=True)
        table["ALT"] = 1.38e10
        table.loc[row, "DATUM" if used else "ALT"] = number
        pyreadstat.write_sav(table, path, variable_format={"DATUM": "DATE11", "ALT": "DATETIME20"})

    case.write = write
    return told("DATUM") if used else HARMLESS


def parquet_types(case: Case, draw: Draw) -> Expected:
    """The same cells in other types."""
    case.kind = "parquet"
    what = draw.one(["dictionary", "zone", "int8", "decimal", "large", "nested", "null", "binary", "float16", "uint64", "seconds", "bool"])

    def write(frame: pd.DataFrame, path: Path) -> None:
        write_table(frame, path)
        table = pa.parquet.read_table(path)

        def put(name: str, array: Any) -> Any:
            return table.set_column(table.column_names.index(name), name,
                array) if name in table.column_names else table.append_column(name, array)

        if what == "dictionary":
            table = put("ARM", table["ARM"].combine_chunks().dictionary_encode())
        elif what == "zone":
            days = [day.to_pydatetime().replace(hour=10, tzinfo=datetime.UTC) for day in frame["DATUM"]]
            table = put("DATUM", pa.array(days, type=pa.timestamp("us", "Europe/Berlin")))
        elif what == "int8":
            table = put("SITZ", pa.array(list(frame["SITZ"]), type=pa.int8()))
        elif what == "decimal":
            import decimal

            cells = [None if cell is None else decimal.Decimal(str(cell)) for cell in frame["WAI"]]
            table = put("WAI", pa.array(cells, type=pa.decimal128(10, 3)))
        elif what == "large":
            table = put("PID", pa.array(list(frame["PID"]), type=pa.large_string()))
        elif what == "nested":
            table = put("LISTE", pa.array([[1, 2]] * len(frame)))
            table = put("STRUKTUR", pa.array([{"a": 1}] * len(frame)))
        elif what == "null":
            table = put("LEER", pa.nulls(len(frame)))
        elif what == "binary":
            table = put("BYTES", pa.array([b"\xff\x00"] * len(frame)))
        elif what == "uint64":
            table = put("SITZ", pa.array(list(frame["SITZ"]), type=pa.uint64()))
        elif what == "seconds":
            table = put("DATUM", pa.array([day.to_pydatetime() for day in frame["DATUM"]], type=pa.timestamp("s")))
        elif what == "bool":
            table = put("JA", pa.array([True] * len(frame)))
        pa.parquet.write_table(table, path)

    case.write = write
    return HARMLESS


def parquet_used_types(case: Case, draw: Draw) -> Expected:
    """Used columns of types that are no cells."""
    case.kind = "parquet"
    column = draw.one(["WAI", "PID", "DATUM", "SITZ", "ARM"])
    array = draw.one([[[1, 2]], [{"a": 1}], [b"\xff\x00"], [True], [datetime.time(1, 2)], [datetime.timedelta(days=1)], [{"a": [None]}]])

    def write(frame: pd.DataFrame, path: Path) -> None:
        write_table(frame, path)
        table = pa.parquet.read_table(path)
        pa.parquet.write_table(table.set_column(table.column_names.index(column), column, pa.array(array * len(frame))), path)

    case.write = write
    return told()


DATA_MUTATIONS: tuple[Mutate, ...] = (
    text_among_numbers, truth_among_numbers, extreme_number, tiny_number, infinite, not_a_number, undeclared_code, declared_code,
        blank_cell,
    null_text, number_as_text, decimal_comma, thousands, control_characters, other_composition, label_respelled, ids_respelled, id_blank,
    id_another, ids_all_numbers, therapist_changes, arm_changes, date_impossible, dates_otherwise, dates_as_serial_numbers, dates_backwards,
    date_far, date_blank, session_wrong, session_named, sessions_twice, sessions_reversed, blank_rows, header_again, rows_again,
    rows_contradict, rows_shuffled, rows_without_answers, few_rows, one_session_each, total_row, column_constant, column_blank,
    columns_swapped, columns_moved, column_renamed, column_name_decorated, column_twice, columns_added, items_shifted, items_as_words,
    encoded, encoded_otherwise, encoding_declared_wrong, encodings_mixed, bytes_wrong, line_ends, quotes, separator_line, cells_lacking,
    truncated, bits_flipped, ending_wrong, not_a_table, long_cell, sheet_merged, sheet_formulas, sheet_titles, sheet_others,
    sheet_decorated, sheet_cells_of_another_type, workbook_parts, sav_user_missing, sav_labels, statistics_dates, parquet_types,
    parquet_used_types,
)
