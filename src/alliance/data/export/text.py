"""Read delimited text: find out encoding and delimiter where the config is silent, and refuse what is unclear."""

import codecs
import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from alliance.config.schema import Source
from alliance.errors import DataError

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_DECIMAL_POINT = re.compile(r"[+-]?\d+\.\d+")
_LINES_LOOKED_AT = 200


@dataclass(frozen=True)
class TextTable:
    """Header and records of a text file, with what had to be found out."""

    header: list[str]
    records: list[list[str]]
    rows: list[int]  # row number of each record, the header being row 1
    decimal: str
    notes: list[str]


def read_text_table(path: Path, source: Source, table: str) -> TextTable:
    """Read a delimited text file as text.

    Raises
    ------
    DataError
        Empty file, wrong encoding or delimiter, or rows whose number of cells differs from the header's.
    """
    place = f"data.{table}"
    text, notes = _decode(path, source.encoding, place)
    if not text.strip():
        raise DataError(f"{path} is empty. Export the table again, or correct {place}.path.")
    delimiter = _delimiter(text, source, path, place)
    if source.delimiter is None and delimiter != ",":
        notes.append(f"The delimiter was found to be a {_DELIMITERS[delimiter]}.")
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise DataError(
            f"{path} is not a readable table: {error}. A quotation mark may be missing; export the table again."
        ) from None
    header, body = lines[0], lines[1:]
    filled = [(row, cells) for row, cells in enumerate(body, start=2) if any(cell.strip() for cell in cells)]
    ragged = [(row, len(cells)) for row, cells in filled if len(cells) != len(header)]
    if ragged:
        row, found = ragged[0]
        raise DataError(
            f"{len(ragged)} rows of {path} do not have the {len(header)} cells of the header "
            f"(first: row {row} with {found}). "
            f"Put cells that contain a {_DELIMITERS.get(delimiter, 'delimiter')} in quotation marks, or set "
            f"{place}.delimiter."
        )
    blank = len(body) - len(filled)
    if blank:
        notes.append(f"{blank} rows are entirely blank and were not read.")
    records = [cells for _, cells in filled]
    decimal = source.decimal or "."
    if source.decimal is None and delimiter != "," and _has_decimal_commas(records):
        decimal = ","
        notes.append("Numbers were found to have a decimal comma.")
    return TextTable(header, records, [row for row, _ in filled], decimal, notes)


def _decode(path: Path, encoding: str | None, place: str) -> tuple[str, list[str]]:
    content = path.read_bytes()
    marked = next((name for mark, name in _MARKS.items() if content.startswith(mark)), None)
    if encoding is not None:
        return _decode_as(content, encoding, marked, path, place), []
    if marked is not None:
        return _decode_as(content, marked, marked, path, place), []
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


def _decode_as(content: bytes, encoding: str, marked: str | None, path: Path, place: str) -> str:
    try:
        codecs.lookup(encoding)
    except LookupError:
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
    if known not in ("utf-8", "utf-8-sig") and not content.isascii() and _is_utf_8(content):
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


def _delimiter(text: str, source: Source, path: Path, place: str) -> str:
    """Return the declared delimiter, or the one that splits every line alike."""
    widths = {mark: _width(text, mark) for mark in _DELIMITERS}
    best = max(widths, key=lambda mark: widths[mark])
    if source.delimiter is not None:
        if len(source.delimiter) != 1:
            raise DataError(
                f"{place}.delimiter must be one character, but is {source.delimiter!r}. Correct it or remove it."
            )
        if _width(text, source.delimiter) < 2 and _needs_several_columns(source):
            hint = f"{best!r}" if widths[best] > 1 else "another one"
            raise DataError(
                f"With the delimiter {source.delimiter!r}, {path} has one column only. "
                f"Set {place}.delimiter to {hint}, or remove the setting to have it found out."
            )
        return source.delimiter
    if widths[best] < 2 and _needs_several_columns(source):
        raise DataError(
            f"{path} seems to have one column only: no comma, semicolon, tab or vertical bar splits its lines alike. "
            f"Set {place}.delimiter, or export the table as CSV again."
        )
    return best


def _needs_several_columns(source: Source) -> bool:
    return len(set(source.keys.values())) + (source.wide is not None) > 1


def _width(text: str, delimiter: str) -> int:
    """Columns of the header if most of the first lines have as many, otherwise 0."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        lines = [cells for cells, _ in zip(reader, range(_LINES_LOOKED_AT), strict=False) if cells]
    except csv.Error:
        return 0
    if not lines:
        return 0
    width, alike = Counter(len(cells) for cells in lines).most_common(1)[0]
    return width if width == len(lines[0]) and 2 * alike > len(lines) else 0


def _has_decimal_commas(records: list[list[str]]) -> bool:
    """Whether cells look like 3,5 and none like 3.5."""
    commas = any(_DECIMAL_COMMA.fullmatch(cell.strip()) for cells in records for cell in cells)
    return commas and not any(_DECIMAL_POINT.fullmatch(cell.strip()) for cells in records for cell in cells)
