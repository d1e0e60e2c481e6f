"""Figures and tables: read what they need, draw or make one, write all its formats."""

import json
from typing import Any

from alliance.config import validate_config
from alliance.report.figures import load_figure
from alliance.report.tables import load_table
from alliance.runs.artefacts import read_artefact
from alliance.runs.files import replacing, write_bytes, write_csv, write_text


def draw_figure(
    *, svg: str, png: str, values: str, text: str, name: str, settings: dict[str, Any], **artefacts: str
) -> None:
    """Draw one figure and write it as SVG and PNG, with the values it shows (CSV) and its words (JSON).

    Parameters
    ----------
    text
        File for title, caption and description (``title``, ``caption``, ``alt``).
    settings
        The whole merged configuration.
    artefacts
        Files by their names in `alliance.facts.artefacts`; those in ``NEEDS`` of the figure's module.
    """
    from alliance.report.figures.theme import applied

    module, config = load_figure(name), validate_config(settings)
    drawing = module.draw({need: read_artefact(artefacts[need], need) for need in module.NEEDS}, config)
    with applied():
        # Without dates and versions of programs, so that the same figure is the same file.
        with replacing(svg) as path:
            drawing.figure.savefig(
                path, format="svg", dpi=config.output.figure_dpi, metadata={"Date": None, "Creator": None}
            )
        with replacing(png) as path:
            drawing.figure.savefig(path, format="png", dpi=config.output.figure_dpi, metadata={"Software": None})
    write_csv(drawing.values, values)
    caption = f"{module.CAPTION} {drawing.notes}".strip()
    write_text(_as_json({"title": module.TITLE, "caption": caption, "alt": drawing.alt}), text)


def write_table(
    *, csv: str, html: str, docx: str, tex: str, text: str, name: str, settings: dict[str, Any], **artefacts: str
) -> None:
    """Make one table and write its numbers (CSV), its formatted cells (HTML, Word, LaTeX) and its words (JSON).

    Parameters
    ----------
    text
        File for caption and notes (``caption``, ``notes``).
    settings
        The whole merged configuration.
    artefacts
        Files by their names in `alliance.facts.artefacts`; those in ``NEEDS`` of the table's module.
    """
    from alliance.report.tables.render import render_html, render_latex
    from alliance.report.tables.word import render_docx

    module, config = load_table(name), validate_config(settings)
    table = module.make({need: read_artefact(artefacts[need], need) for need in module.NEEDS}, config)
    write_csv(table.data, csv)
    write_text(render_html(table, name), html)
    write_text(render_latex(table, name), tex)
    write_bytes(render_docx(table), docx)
    write_text(_as_json({"caption": table.caption, "notes": table.notes}), text)


def _as_json(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
