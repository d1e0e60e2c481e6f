"""Read delimited text: find out encoding and delimiter where the config is silent, and refuse what is unclear."""

import codecs
import csv
import io
import re
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from alliance.config.schema import Source
from alliance.data.export.cells import group_mark
from alliance.data.export.columns import text_cells, text_column
from alliance.data.export.grid import read_grid
from alliance.data.export.mapping import key_parts
from alliance.data.export.raw import decimal_mark
from alliance.errors import DataError
from alliance.facts.plain import plain_text
from alliance.facts.quoting import without_quotes

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_NO_DELIMITERS = '"\r\n\0'  # they quote cells and end lines
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32",  # before UTF-16, whose mark begins alike
    codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_DECIMAL_POINT = re.compile(r"[+-]?\d+\.\d+")
_SEPARATOR = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)  # Excel's own line; it is no row for Excel
_LINES_LOOKED_AT = 200


_PIECE = 2**20  # characters of a text that are gone through at a time


@dataclass(frozen=True)
class TextTable:
    """Columns of a text file, with what had to be found out."""

    frame: pd.DataFrame  # its index are the row numbers, the header being row 1
    decimal: str
    notes: list[str]


def read_text_table(path: Path, source: Source, table: str, used: Collection[str] | None) -> TextTable:
    """Read a delimited text file as text.

    Raises
    ------
    DataError
        Empty file, wrong encoding or delimiter, a first row that is no header, names of used columns that repeat, or rows whose
        number of cells differs from the header's.
    """
    place = f"data.{table}"
    text, notes = _decode(path, source.encoding, place)
    if not text or text.isspace():
        raise DataError(f"{path} is empty. Export the table again, or correct {place}.path.")
    if max(source.header_rows) > text.count("\n") + 1:
        raise DataError(f"{path} has {text.count('\n') + 1} lines only. Correct {place}.header_row.")
    # Cells of any length are allowed: the limit of the csv module is one for programs, not for notes.
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    text = text.rstrip("\x1a")  # old programs end a file with it
    if unwrapped := _unwrapped(text):
        text = unwrapped
        notes.append("Each line was in quotation marks as a whole, as if it were one cell; its cells were read.")
    separator = _SEPARATOR.match(text)
    text = text[separator.end() :] if separator else text
    delimiter = (
        separator.group(1) if separator and source.delimiter is None else _delimiter(text, source, path, place, used)
    )
    if source.delimiter is None and delimiter != ",":
        notes.append(f"The delimiter was found to be a {_DELIMITERS.get(delimiter, repr(delimiter))}.")
    rows = _rows(text, delimiter, path)
    try:
        grid = read_grid(rows, source, path, table, used, text_cells, _DELIMITERS.get(delimiter, "delimiter"))
    except DataError:
        deque(rows, maxlen=0)  # that a file cannot be read as a table is told before anything else
        raise
    frame = pd.DataFrame({name: text_column(cells) for name, cells in zip(grid.header, grid.columns, strict=True)})
    frame.index = pd.Index(grid.rows)
    decimal = decimal_mark(source)
    columns = [frame[name] for name in grid.header if used is None or name in used]
    if source.decimal is None and source.thousands != "." and delimiter != "," and _has_decimal_commas(columns):
        decimal = ","
        notes.append("Numbers were found to have a decimal comma.")
    return TextTable(frame, decimal, [*notes, *grid.notes])


def _rows(text: str, delimiter: str, path: Path) -> Iterator[list[str]]:
    try:
        yield from csv.reader(_lines(text), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise DataError(
            f"{path} is not a readable table: {without_quotes(str(error))}. A quotation mark may be missing; export the table again."
        ) from None


def _lines(text: str) -> Iterator[str]:
    """Go through the lines of a text, each with its end."""
    for piece in _pieces(text):
        yield from io.StringIO(piece, newline="")


def _pieces(text: str) -> Iterator[str]:
    """Cut a text at ends of lines: what goes through lines takes several times the memory of the text."""
    start = 0
    while start < len(text):
        end = text.find("\n", start + _PIECE) + 1 or len(text)
        yield text[start:end]
        start = end


def _unwrapped(text: str) -> str | None:
    """Return a text whose lines are each one quoted cell that holds a line of cells; None for other texts."""
    pieces, counts = [], [set[int]() for _ in _DELIMITERS]
    for piece in _pieces(text):
        cells = []
        for line in piece.splitlines():
            if len(line) < 2 or not (line.startswith('"') and line.endswith('"')):
                return None
            if '"' in line[1:-1].replace('""', ""):
                return None
            cells.append(line[1:-1].replace('""', '"'))
        for mark, found in zip(_DELIMITERS, counts, strict=True):
            found.update(cell.count(mark) for cell in cells)
        pieces.append("\n".join(cells))
    return "\n".join(pieces) + "\n" if any(len(found) == 1 and found != {0} for found in counts) else None


def _decode(path: Path, encoding: str | None, place: str) -> tuple[str, list[str]]:
    content = path.read_bytes()
    marked = next((name for mark, name in _MARKS.items() if content.startswith(mark)), None)
    if encoding is not None:
        return _decode_as(content, encoding, marked, path, place), []
    if marked is not None:
        return _decode_as(content, marked, marked, path, place), []
    unmarked = _utf_16_without_mark(content)
    if unmarked is not None:
        return _decode_as(content, unmarked, None, path, place), [
            f"The file was found to be {unmarked}, without a mark."
        ]
    if b"\x00" in content:
        raise DataError(
            f"{path} is not a text file (it holds zero bytes). "
            "Save it as CSV in UTF-8, or give it the ending of its true format."
        )
    try:
        return content.decode("utf-8"), []
    except UnicodeDecodeError:
        found = "cp1252"
        try:
            text = content.decode(found)
        except UnicodeDecodeError:
            found = "latin-1"
            text = content.decode(found)
    return text, [f"The file is not UTF-8; it was read as {found}. Check words with accents, or set {place}.encoding."]


def _utf_16_without_mark(content: bytes) -> str | None:
    """Return the encoding of a file in UTF-16 that does not say so: every other byte of most characters is zero."""
    even, odd = content[0:4000:2], content[1:4000:2]
    for zeros, others, name in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if len(zeros) >= 8 and 2 * zeros.count(0) > len(zeros) and others.count(0) == 0 and len(content) % 2 == 0:
            return name
    return None


def _decode_as(content: bytes, encoding: str, marked: str | None, path: Path, place: str) -> str:
    try:
        "".encode(encoding)  # codecs that turn no text into bytes are refused too
    except (LookupError, ValueError):
        raise DataError(
            f"{place}.encoding: '{encoding}' is not an encoding. Use utf-8, cp1252 or latin-1, or remove the setting."
        ) from None
    try:
        text = content.decode(encoding)
    except UnicodeError as error:
        where = f" (first at byte {error.start})" if isinstance(error, UnicodeDecodeError) else ""
        raise DataError(
            f"{path} is not encoded as {encoding}{where}. Correct {place}.encoding, or remove it to have it found out."
        ) from None
    if marked == "utf-8-sig" and text.startswith("\ufeff"):
        text = text.removeprefix("\ufeff")
    known = codecs.lookup(encoding).name
    if (
        known not in ("utf-8", "utf-8-sig")
        and not known.startswith("utf-16")
        and not content.isascii()
        and _is_utf_8(content)
    ):
        raise DataError(
            f"{path} is encoded as UTF-8, but {place}.encoding says {encoding}: words with accents would be garbled. "
            f"Set {place}.encoding: utf-8, or remove the setting."
        )
    return text


def _is_utf_8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(text: str, source: Source, path: Path, place: str, used: Collection[str] | None) -> str:
    """Return the declared delimiter, or the one that splits every line alike."""
    skipped = max(source.header_rows) - 1
    widths = {mark: _width(text, mark, skipped) for mark in _DELIMITERS}
    best = max(widths, key=lambda mark: widths[mark])
    if source.delimiter is not None:
        if len(source.delimiter) != 1 or source.delimiter in _NO_DELIMITERS:
            raise DataError(
                f"{place}.delimiter must be one character that separates cells, but is {source.delimiter!r}. "
                "Correct it or remove it."
            )
        if _width(text, source.delimiter, skipped) < 2 and _needs_several_columns(source):
            hint = f"{best!r}" if widths[best] > 1 else "another one"
            raise DataError(
                f"With the delimiter {source.delimiter!r}, {path} has one column only. "
                f"Set {place}.delimiter to {hint}, or remove the setting to have it found out."
            )
        return source.delimiter
    naming = [mark for mark in _DELIMITERS if used and set(used) <= _first_names(text, mark, skipped)]
    if len(naming) == 1 and len(used or ()) > 1:
        return naming[0]
    if widths[best] < 2 and _needs_several_columns(source):
        raise DataError(
            f"{path} seems to have one column only: no comma, semicolon, tab or vertical bar splits its lines alike. "
            f"Set {place}.delimiter, or export the table as CSV again."
        )
    return best


def _needs_several_columns(source: Source) -> bool:
    return len({part for parts in key_parts(source).values() for part in parts}) + (source.wide is not None) > 1


def _first_names(text: str, delimiter: str, skipped: int) -> set[str]:
    """Return the cells of the row that names the columns."""
    reader = csv.reader(_lines(text), delimiter=delimiter)
    try:
        lines = [cells for cells, _ in zip(reader, range(skipped + 1), strict=False)]
    except csv.Error:
        return set()
    return {plain_text(cell).strip() for cell in lines[-1]} if len(lines) > skipped else set()


def _width(text: str, delimiter: str, skipped: int) -> float:
    """Cells that most of the first lines have; half of that (but more than one) if the header has another number, 0 if lines differ."""
    reader = csv.reader(_lines(text), delimiter=delimiter)
    try:
        lines = [cells for cells, _ in zip(reader, range(skipped + _LINES_LOOKED_AT), strict=False)][skipped:]
    except csv.Error:
        return 0
    lines = [cells for cells in lines if cells]
    if not lines:
        return 0
    width, alike = Counter(len(cells) for cells in lines).most_common(1)[0]
    if 2 * alike <= len(lines) or width < 2:
        return 0
    # Titles above the header have fewer cells.
    return width if width == len(lines[0]) else max(width / 2, 2)


def _has_decimal_commas(columns: Iterable[pd.Series]) -> bool:
    """Whether cells look like 3,5 and none like 3.5; groups of three digits, as in 1,250, say nothing."""
    commas = False
    for column in columns:
        stripped = (cell.strip() for cell in column.dropna().unique())
        cells = [cell for cell in stripped if group_mark(cell) is None]
        if any(_DECIMAL_POINT.fullmatch(cell) for cell in cells):
            return False
        commas = commas or any(_DECIMAL_COMMA.fullmatch(cell) for cell in cells)
    return commas
