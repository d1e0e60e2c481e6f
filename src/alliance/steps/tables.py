"""Tables: read what one needs, make it, write it in all its formats."""

from dataclasses import replace
from typing import Any

from alliance.config import validate_config
from alliance.report.tables import load_table
from alliance.report.tables.latex import render_latex
from alliance.report.tables.render import render_html
from alliance.report.tables.table import said_table
from alliance.report.tables.word import render_docx
from alliance.report.words import Speech
from alliance.results.disclosure import publish_digits
from alliance.runs.files import write_bytes, write_csv, write_json, write_text
from alliance.steps.inputs import read_inputs


def write_table(
    *,
    csv: str,
    html: str,
    docx: str,
    tex: str,
    text: str,
    name: str,
    number: str = "",
    settings: dict[str, Any],
    **artefacts: str,
) -> None:
    """Make one table and write its numbers (CSV), its formatted cells (HTML, Word, LaTeX) and its words (JSON).

    Parameters
    ----------
    text
        File for caption and notes (``caption``, ``notes``), and the number.
    number
        Of the table in the report (``3``) or its supplement (``S3``); empty where there is none.
    settings
        The whole merged configuration.
    artefacts
        Files by their names in `alliance.facts.artefacts`; those in ``NEEDS`` of the table's module.
    """
    module, speech = load_table(name), Speech(validate_config(settings))
    made = module.make(read_inputs(artefacts, module.NEEDS, speech.config), speech.config)
    table = replace(said_table(made, speech), number=number)
    write_csv(publish_digits(table.data), csv)
    write_text(render_html(table, name), html)
    write_text(render_latex(table, name), tex)
    write_bytes(render_docx(table), docx)
    write_json({"number": number, "caption": table.caption, "notes": table.notes}, text)
