"""Tables as Word documents in the manner of APA: rules above and below, none between columns, notes underneath."""

import io
import zipfile
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from alliance.report.tables.printed import BLANK_DIGIT, BLANK_FLAG, BLANK_MINUS, BLANK_POINT, NO_BREAK, for_print
from alliance.report.tables.render import columns_of, numeric_columns, rows_of
from alliance.report.tables.table import Table
from alliance.report.tables.widths import Layout, plan_layout

_FONT = "Times New Roman"
_SIZE = 10  # points, where there is nothing to fit
_MARGIN = 2.5  # cm
_PADDING = 0.38  # cm beside the text of a cell, what Word leaves by default
_BLANKS = str.maketrans(
    {BLANK_MINUS: BLANK_DIGIT, BLANK_FLAG: BLANK_DIGIT, BLANK_POINT: NO_BREAK}
)  # no line ends at these, and a no-break space is as wide as a point
_NO_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest a zip file can hold; the day of writing would change the file


def render_docx(*tables: Table) -> bytes:
    """Return tables as one Word file, each on a page of its own kind, the same bytes for the same tables."""
    printed = [for_print(table) for table in tables]
    layouts = [plan_layout(table, _PADDING) for table in printed]
    document = Document()
    document.core_properties.author = ""
    document.core_properties.comments = ""
    document.core_properties.title = _printable(printed[0].caption if len(printed) == 1 else "")
    style: Any = document.styles["Normal"]
    # What fits in larger type fits in the smallest one, too.
    style.font.name, style.font.size = _FONT, Pt(min((layout.size for layout in layouts), default=_SIZE))
    style.paragraph_format.space_after = Pt(2)
    for place, (table, layout) in enumerate(zip(printed, layouts, strict=True)):
        turned = place > 0 and layout.landscape != layouts[place - 1].landscape
        if turned:
            document.add_section(WD_SECTION.NEW_PAGE)
        elif place:
            document.add_paragraph()
        _set_page(document.sections[-1], layout)
        _write_table(document, table, layout)
    return _without_dates(document)


def _write_table(document: Any, table: Table, layout: Layout) -> None:
    columns, rows = columns_of(table), rows_of(table)
    numeric = [column in numeric_columns(table) for column in columns]
    if table.number:
        numbered = document.add_paragraph()
        numbered.paragraph_format.keep_with_next = True
        numbered.add_run(f"Table {table.number}").bold = True
    caption = document.add_paragraph()
    caption.paragraph_format.keep_with_next = True
    caption.add_run(_printable(table.caption)).italic = True
    grid = document.add_table(rows=1 + len(rows), cols=len(columns))
    grid.autofit = False
    widths = [Cm(share * layout.line_cm) for share in layout.shares]
    for column, width in zip(grid.columns, widths, strict=True):
        column.width = width
    _write_row(grid.rows[0], list(columns), widths, numeric, bold=True)
    _set_borders(grid.rows[0], top=True, bottom=True)
    _mark_row(grid.rows[0], "tblHeader")
    for row, (heading, cells) in zip(list(grid.rows)[1:], rows, strict=True):
        if heading is not None:
            merged = row.cells[0].merge(row.cells[-1])
            merged.paragraphs[0].add_run(_printable(heading)).italic = True
            merged.paragraphs[0].paragraph_format.keep_with_next = True
        else:
            _write_row(
                row,
                [cell.translate(_BLANKS) for cell in cells],
                widths,
                numeric,
            )
        _mark_row(row, "cantSplit")
    _set_borders(grid.rows[-1], bottom=True, top=not rows)
    for position, note in enumerate(table.notes):
        paragraph = document.add_paragraph()
        if position == 0:
            paragraph.add_run("Note. ").italic = True
        paragraph.add_run(_printable(note))


def _set_page(section: Any, layout: Layout) -> None:
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.orientation = WD_ORIENT.LANDSCAPE if layout.landscape else WD_ORIENT.PORTRAIT
    if layout.landscape:
        section.page_width, section.page_height = section.page_height, section.page_width
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(_MARGIN)


def _write_row(row: Any, texts: list[str], widths: list[Any], numeric: list[bool], *, bold: bool = False) -> None:
    for cell, text, width, right in zip(row.cells, texts, widths, numeric, strict=True):
        cell.width = width
        paragraph = cell.paragraphs[0]
        paragraph.add_run(_printable(text)).bold = bold or None
        if right:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _printable(text: str) -> str:
    """Leave out control characters, which XML cannot hold."""
    return "".join(
        character for character in str(text) if character.isprintable() or character in f"\n\t{NO_BREAK}{BLANK_DIGIT}"
    )


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


def _mark_row(row: Any, name: str) -> None:
    """Let the row be repeated on every page (``tblHeader``) or stay on one (``cantSplit``)."""
    mark = OxmlElement(f"w:{name}")
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
