"""Tables as Word documents in the manner of APA: rules above and below, none between columns, notes underneath."""

import io
import zipfile
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt

from alliance.report.tables.render import columns_of, numeric_columns, rows_of
from alliance.report.tables.table import Table

_FONT = "Times New Roman"
_MANY_COLUMNS = 6  # more of them are set across a page in landscape
_NO_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest a zip file can hold; the day of writing would change the file


def render_docx(table: Table) -> bytes:
    """Return the table as a Word file, the same bytes for the same table."""
    columns, rows, numeric = columns_of(table), rows_of(table), numeric_columns(table)
    document = Document()
    document.core_properties.author = ""
    document.core_properties.comments = ""
    document.core_properties.title = _printable(table.caption)
    style: Any = document.styles["Normal"]
    style.font.name, style.font.size = _FONT, Pt(9 if len(columns) > _MANY_COLUMNS else 10)
    style.paragraph_format.space_after = Pt(2)
    if len(columns) > _MANY_COLUMNS:
        section = document.sections[0]
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = section.page_height, section.page_width
    caption = document.add_paragraph()
    caption.paragraph_format.keep_with_next = True
    caption.add_run(_printable(table.caption)).italic = True
    grid = document.add_table(rows=1 + len(rows), cols=len(columns))
    grid.autofit = True
    _write_row(grid.rows[0], list(columns), [column in numeric for column in columns], bold=True)
    _set_borders(grid.rows[0], top=True, bottom=True)
    _repeat_on_pages(grid.rows[0])
    for row, (heading, cells) in zip(list(grid.rows)[1:], rows, strict=True):
        if heading is not None:
            merged = row.cells[0].merge(row.cells[-1])
            merged.paragraphs[0].add_run(_printable(heading)).italic = True
        else:
            _write_row(row, cells, [column in numeric for column in columns])
    _set_borders(grid.rows[-1], bottom=True, top=not rows)
    for position, note in enumerate(table.notes):
        paragraph = document.add_paragraph()
        if position == 0:
            paragraph.add_run("Note. ").italic = True
        paragraph.add_run(_printable(note))
    return _without_dates(document)


def _write_row(row: Any, texts: list[str], numeric: list[bool], *, bold: bool = False) -> None:
    for cell, text, right in zip(row.cells, texts, numeric, strict=True):
        paragraph = cell.paragraphs[0]
        paragraph.add_run(_printable(text)).bold = bold or None
        if right:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _printable(text: str) -> str:
    """Leave out control characters, which XML cannot hold."""
    return "".join(character for character in str(text) if character.isprintable() or character in "\n\t")


def _set_borders(row: Any, *, top: bool = False, bottom: bool = False) -> None:
    for cell in row.cells:
        borders = OxmlElement("w:tcBorders")
        for edge, drawn in (("top", top), ("bottom", bottom)):
            if drawn:
                line = OxmlElement(f"w:{edge}")
                for name, value in (("val", "single"), ("sz", "6"), ("space", "0"), ("color", "000000")):
                    line.set(qn(f"w:{name}"), value)
                borders.append(line)
        cell._tc.get_or_add_tcPr().append(borders)


def _repeat_on_pages(row: Any) -> None:
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)


def _without_dates(document: Any) -> bytes:
    written, dated = io.BytesIO(), io.BytesIO()
    document.save(dated)
    with zipfile.ZipFile(dated) as source, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            info = zipfile.ZipInfo(entry.filename, _NO_DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, source.read(entry))
    return written.getvalue()
