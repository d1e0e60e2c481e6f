"""Write the report, its supplement, both for a manuscript, and the headline."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from alliance.config import validate_config
from alliance.facts.artefacts import ARTEFACTS
from alliance.report.figures import FIGURES
from alliance.report.page.blocks import Output
from alliance.report.page.build import Figure, ReportTable, build_pages
from alliance.report.page.questions import tabulate_answers
from alliance.report.prose import describe_headline, say_sentences
from alliance.report.prose.manuscript import Manuscript
from alliance.report.tables import TABLES
from alliance.report.tables.latex import render_latex
from alliance.report.tables.word import render_docx
from alliance.report.words import Speech
from alliance.runs.artefacts import read_artefact
from alliance.runs.files import write_bytes, write_text
from alliance.runs.plan import figures_of, needs_of, tables_of
from alliance.runs.project import command_for
from alliance.steps.inputs import read_inputs


def write_report(
    *,
    figures: Sequence[str],
    tables: Sequence[str],
    provenance: str | None = None,
    settings: Mapping[str, Any],
    report: str,
    supplement: str,
    text: str,
    numbers: str,
    references: str,
    answers_word: str,
    answers_latex: str,
    headline: str,
    **artefacts: str,
) -> None:
    """Build the report of a run and its supplement from its artefacts, figures and tables.

    Parameters
    ----------
    figures, tables
        Files below ``figures/`` and ``tables/``, every format of each.
    provenance
        What made the results, see `alliance.steps.record`.
    settings
        The whole merged configuration.
    report, supplement, text, numbers, references, answers_word, answers_latex, headline
        To be written: the two pages (HTML), the report as text (Markdown), its numbers (YAML), what the methods cite (BibTeX), the tables
        of all answers (Word, LaTeX), and the headline (plain text).
    artefacts
        Files by their names in `alliance.facts.artefacts`; those that the report is made from.
    """
    config = validate_config(settings)
    inputs = read_inputs(artefacts, artefacts, config)
    recorded: dict[str, Any] = yaml.safe_load(Path(provenance).read_text(encoding="utf-8")) if provenance else {}
    versions = list(recorded.get("software", {}).items())
    inputs["software"] = pd.DataFrame(versions, columns=["name", "version"], dtype=object)
    origin = [str(item) for item in recorded.get("configuration", [])]
    pages = build_pages(
        config=config,
        inputs=inputs,
        figures=[_read_figure(path, origin) for path in _named(figures, figures_of(config))],
        tables=[_read_table(path, origin) for path in _named(tables, tables_of(config))],
        provenance=recorded,
        command=command_for(None, origin),
    )
    write_text(pages["report"], report)
    write_text(pages["supplement"], supplement)
    write_text(pages["text"], text)
    write_text(pages["numbers"], numbers)
    write_text(Manuscript(inputs, config).bibtex, references)
    answers = tabulate_answers(inputs, config)
    write_bytes(render_docx(*answers), answers_word)
    write_text("\n".join(render_latex(table, f"answer-{table.number}") for table in answers), answers_latex)
    speech = Speech(config)
    lines = say_sentences(describe_headline(inputs, speech.config), speech)
    write_text("".join(f"{line}\n" for line in lines), headline)


def _named(paths: Sequence[str], names: Sequence[str]) -> list[Path]:
    """Return one path without ending per figure or table, in the order of the configuration."""
    stems = {Path(path).stem: Path(path).with_suffix("") for path in paths}
    return [stems[name] for name in names if name in stems]


def _read_figure(path: Path, origin: Sequence[str]) -> Figure:
    about = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    png = path.with_suffix(".png")
    return Figure(
        output=_output("Figure", "figures", path, about["title"], ".svg", origin, about["number"]),
        caption=about["caption"],
        alt=about["alt"],
        svg=path.with_suffix(".svg").read_bytes(),
        png=png.read_bytes() if png.is_file() else b"",
        values=read_artefact(path.with_suffix(".csv")),
        values_file=path.with_suffix(".csv").as_posix(),
    )


def _read_table(path: Path, origin: Sequence[str]) -> ReportTable:
    about = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return ReportTable(
        output=_output("Table", "tables", path, about["caption"], ".html", origin, about["number"]),
        html=path.with_suffix(".html").read_text(encoding="utf-8"),
        n_rows=len(read_artefact(path.with_suffix(".csv"))),
        data_file=path.with_suffix(".csv").as_posix(),
    )


def _output(kind: str, folder: str, path: Path, title: str, ending: str, origin: Sequence[str], number: str) -> Output:
    modules = FIGURES if folder == "figures" else TABLES
    needs = tuple(ARTEFACTS[name].path for name in needs_of(folder, path.name))
    command = command_for(path.with_suffix(ending).as_posix(), origin)
    return Output(kind, path.name, title, command, modules[path.name], needs, number)
