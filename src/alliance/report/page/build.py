"""Assemble the report and its supplement: self-contained pages from sentences, figures, tables and what made them.

A page holds no script and loads nothing from outside itself; its content security policy forbids both. The two link to each other by name,
since they lie side by side.
"""

import base64
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from alliance.config import Config
from alliance.data.panel import sessions_held
from alliance.facts.licences import say_licence
from alliance.report.labels import (
    capitalised_name,
    label_effect,
    label_level,
    label_model,
    label_names,
    label_path,
    label_reason,
)
from alliance.report.numbers import format_count, format_number, format_percent
from alliance.report.page.blocks import BLOCKS, Block, Material, Output, tabulate
from alliance.report.page.contents import PAGES, read_sections, with_questions
from alliance.report.page.fill import fill_template
from alliance.report.page.questions import Card, tabulate_estimates
from alliance.report.page.text import write_markdown, write_numbers
from alliance.report.page.topics import MANY, fold_if_long, group_cards, make_cards
from alliance.report.prose import SENTENCES, Inputs, Passage, say_sentences
from alliance.report.prose.asked import describe_asked
from alliance.report.prose.front import Answered, answer_questions
from alliance.report.prose.headline import describe_notes
from alliance.report.tables.render import render_html
from alliance.report.words import Speech

# Columns of plotted values that hold names of the project, and their words for people.
_LABELS: dict[str, Callable[[str, Config], str]] = {
    "model": label_model,
    "path": label_path,
    "level": lambda level, _: label_level(level),
    "effect": lambda effect, _: label_effect(effect),
    "reason": label_reason,
    **dict.fromkeys(("outcome", "variable", "x", "y"), label_names),
}
_PART_KINDS = ("sentences", "figure", "table", "block", "rest", "answer", "estimates")
_LARGEST_SVG = 400_000  # bytes; a larger drawing is shown as PNG, so that the page stays light
_PIXELS_PER_POINT, _SCREEN_SCALE = 4 / 3, 1.4
_MOST_VALUES = 60  # rows; longer tables of plotted values are left to the file beside the figure


@dataclass(frozen=True)
class Figure:
    """A figure of the run with what is known about it.

    Parameters
    ----------
    svg, png
        Content of the files; `png` may be empty.
    values
        What the figure shows.
    values_file
        Where the values lie, for the reader.
    """

    output: Output
    caption: str
    alt: str
    svg: bytes
    png: bytes
    values: pd.DataFrame
    values_file: str


@dataclass(frozen=True)
class ReportTable:
    """A table of the run as an HTML fragment, escaped by its writer; without rows it is left out."""

    output: Output
    html: str
    n_rows: int
    data_file: str


@dataclass(frozen=True)
class Part:
    """One part of a section, ready for the template; exactly one of the fields is set."""

    passages: list[Passage] = field(default_factory=list)
    figure: Figure | None = None
    table: ReportTable | None = None
    blocks: list[Block] = field(default_factory=list)
    card: Card | None = None


@dataclass(frozen=True)
class Section:
    """A section of one of the pages; what is folded has to be opened."""

    id: str
    title: str
    parts: list[Part]
    page: str
    folded: list[Part] = field(default_factory=list)

    @property
    def brief(self) -> bool:
        """Whether the estimates that answer are too many to be shown, and the numbers of the answer stand for them."""
        return any(block.folded for part in self.parts for block in part.blocks)

    @property
    def card(self) -> Card | None:
        """The answer, in the section of a question."""
        return next((part.card for part in self.parts if part.card is not None), None)


@dataclass(frozen=True)
class Content:
    """What sections are filled with: figures, tables and answers by name, and what blocks are made from."""

    material: Material
    figures: Mapping[str, Figure]
    tables: Mapping[str, ReportTable]
    answered: Mapping[str, Answered]
    cards: Mapping[str, Card]
    speech: Speech


def check_sections(sections: Sequence[Mapping[str, Any]]) -> None:
    """Refuse what no section can hold.

    Raises
    ------
    ValueError
        An entry names a kind of part, sentences or a block that does not exist.
    """
    known: dict[str, set[str]] = {"sentences": set(SENTENCES), "block": set(BLOCKS), "rest": {"all"}}
    for section in sections:
        for part in (*section["parts"], *section.get("folded", ())):
            ((kind, name),) = part.items()
            if kind not in _PART_KINDS or (kind in known and name not in known[kind]):
                raise ValueError(f"sections.yaml, section '{section['id']}': there is no {kind} '{name}'")


def build_pages(
    *,
    config: Config,
    inputs: Inputs,
    figures: Sequence[Figure],
    tables: Sequence[ReportTable],
    provenance: Mapping[str, Any],
    command: str,
) -> dict[str, str]:
    """Return the pages (HTML) by their names in `PAGES`, and the report as ``text`` (Markdown) with its ``numbers`` (YAML).

    Every figure and table stands on one of the pages.

    Parameters
    ----------
    inputs
        Artefacts of the run by name (`alliance.facts.artefacts`), and where the run has them ``comparison``, ``differences``
        and ``truth`` (see `alliance.results.comparison`), and ``software`` with the columns ``name`` and ``version``.
    provenance
        What made the results; empty if it was not recorded.
    command
        The command that makes the whole run.
    """
    empty = [figure.output for figure in figures if not _shows_something(figure)]
    empty += [table.output for table in tables if not table.n_rows]
    figures = [figure for figure in figures if _shows_something(figure)]
    tables = [table for table in tables if table.n_rows]
    outputs = [figure.output for figure in figures] + [table.output for table in tables]
    speech = Speech(config)
    material = Material(speech.config, inputs, provenance, outputs, command)
    answered = answer_questions(inputs, speech.config)
    cards = make_cards(answered, speech)
    content = Content(
        material,
        {item.output.name: item for item in figures},
        {item.output.name: item for item in tables},
        {one.name: one for one in answered},
        {card.name: card for card in cards},
        speech,
    )
    sections = [_said(section, speech) for section in _fill_sections(content)]
    shared = {
        "config": config,
        "topics": group_cards(cards, speech.config, speech),
        "many": len(cards) > MANY,
        "notes": say_sentences(describe_notes(answered, inputs, speech.config), speech),
        "open": _said_passages(describe_asked(inputs, speech.config), speech),
        "facts": [(speech.say(name), value) for name, value in _state_facts(config, inputs)],
        "sections": sections,
        "files": PAGES,
        "empty": empty,
        "licence": say_licence(config.output.licence),
    }
    return {page: _fill_page(page, shared, speech) for page in PAGES} | {
        "text": write_markdown([section for section in sections if section.page == "report"], config.run.title),
        "numbers": write_numbers(answered, inputs, config, speech),
    }


def _fill_page(page: str, shared: Mapping[str, Any], speech: Speech) -> str:
    """Return one page with its sections, and where each table stands as seen from there."""
    places = {
        part.table.output.name: (
            ("" if section.page == page else PAGES[section.page]) + f"#table-{part.table.output.name}",
            part.table.output.called,
        )
        for section in shared["sections"]
        for part in (*section.parts, *section.folded)
        if part.table is not None
    }
    return fill_template(
        "template.html.j2",
        {**shared, "page": page, "sections": [s for s in shared["sections"] if s.page == page], "places": places},
        {
            "picture": embed_picture,
            "size": size_picture,
            "trusted": Markup,
            "html": render_block,
            "values": lambda figure: tabulate_values(figure, speech),
        },
    )


def _shows_something(figure: Figure) -> bool:
    """Whether a figure has content: one that only says why there is none is left out, since the sentences say so too."""
    return "not_available" not in figure.values.columns


def embed_picture(figure: Figure) -> str:
    """Return the figure as a data address: the drawing itself, or the PNG where the drawing is very large."""
    if figure.png and len(figure.svg) > _LARGEST_SVG:
        return f"data:image/png;base64,{base64.b64encode(figure.png).decode('ascii')}"
    return f"data:image/svg+xml;base64,{base64.b64encode(figure.svg).decode('ascii')}"


def size_picture(figure: Figure) -> tuple[int, int]:
    """Return the width of a figure on paper and the larger one on a screen, in CSS pixels.

    Figures are drawn for a journal column, where eight points are well read; on a screen they are not.

    Raises
    ------
    ValueError
        The drawing does not state its width in points.
    """
    found = re.search(rb'<svg[^>]*?\swidth="([\d.]+)pt"', figure.svg)
    if found is None:
        raise ValueError(f"the drawing of '{figure.output.name}' does not state its width in points")
    paper = float(found.group(1)) * _PIXELS_PER_POINT
    return round(paper), round(paper * _SCREEN_SCALE)


def render_block(block: Block) -> str:
    """Return the table of a block as an HTML fragment; its name, or else its caption, makes its id.

    Raises
    ------
    ValueError
        The block holds text, no table.
    """
    if block.table is None:
        raise ValueError(f"the block '{block.caption}' has no table")
    return render_html(block.table, re.sub(r"[^a-z0-9]+", "-", (block.name or block.caption).lower()).strip("-"))


def tabulate_values(figure: Figure, speech: Speech) -> Block | None:
    """Return the values a figure shows, for those who cannot see it, or None if they are too many to be read."""
    values = figure.values.copy()
    for column, label in _LABELS.items():
        if column in values.columns and not pd.api.types.is_numeric_dtype(values[column]):  # x of a density is a number
            values[column] = ["" if pd.isna(cell) else label(str(cell), speech.config) for cell in values[column]]
    values = values.rename(columns={"effect": "quantity"})
    if values.empty or len(values) > _MOST_VALUES:
        return None
    numeric = tuple(
        i
        for i, dtype in enumerate(values.dtypes)
        if pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype)
    )
    rows = [
        tuple(_cell(value, position in numeric) for position, value in enumerate(row))
        for row in values.itertuples(index=False, name=None)
    ]
    columns = tuple(speech.say(capitalised_name(str(column))) for column in values.columns)
    rows = [tuple(speech.say_all(row)) for row in rows]
    return tabulate(f"Values shown in {figure.output.called}: {figure.output.title}", columns, rows, folded=True)


def _cell(value: Any, numeric: bool) -> str:
    if pd.isna(value):
        return ""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if not numeric:
        return str(value)
    return format_count(value) if float(value).is_integer() else format_number(value)


def _said(section: Section, speech: Speech) -> Section:
    """Say what a section tells in the words of the study; figures and tables have been said when they were made."""
    parts, folded = (
        [
            replace(
                part,
                passages=_said_passages(part.passages, speech),
                blocks=[replace(block, text=speech.bare(block.text)) for block in part.blocks],
            )
            for part in held
        ]
        for held in (section.parts, section.folded)
    )
    return replace(section, title=speech.say(section.title), parts=parts, folded=folded)


def _said_passages(passages: Sequence[Passage], speech: Speech) -> list[Passage]:
    return [
        replace(
            passage,
            sentences=tuple(say_sentences(passage.sentences, speech)),
            heading=speech.say(passage.heading),
        )
        for passage in passages
    ]


def _fill_sections(content: Content) -> list[Section]:
    every = with_questions(read_sections(), [(name, one.title) for name, one in content.answered.items()])
    check_sections(every)
    entries = [(section, [*section["parts"], *section.get("folded", ())]) for section in every]
    named = {(kind, name) for _, parts in entries for part in parts for kind, name in part.items()}
    sections = []
    for declared in every:
        parts, folded = (
            [
                part
                for entry in declared.get(key, ())
                for kind, name in entry.items()
                for part in _fill(kind, name, content, named)
            ]
            for key in ("parts", "folded")
        )
        if parts:
            sections.append(Section(declared["id"], declared["title"], parts, declared["page"], folded))
    return sections


def _fill(kind: str, name: str, content: Content, named: Collection[tuple[str, str]]) -> list[Part]:
    """Return what an entry of a section holds; nothing where the run does not have it."""
    material = content.material
    match kind:
        case "figure":
            return [Part(figure=content.figures[name])] if name in content.figures else []
        case "table":
            return [Part(table=content.tables[name])] if name in content.tables else []
        case "sentences":
            passages = SENTENCES[name](material.inputs, material.config)
            return [Part(passages=passages)] if passages else []
        case "block":
            blocks = BLOCKS[name](material)
            return [Part(blocks=blocks)] if blocks else []
        case "answer":
            return [Part(card=content.cards[name])]
        case "estimates":
            number = str([*content.answered].index(name) + 1)
            block = tabulate_estimates(content.answered[name], material.inputs, material.config, content.speech, number)
            return [Part(blocks=[fold_if_long(block, content.answered[name])])] if block else []
        case _:
            rest = [Part(figure=item) for one, item in content.figures.items() if ("figure", one) not in named]
            return rest + [Part(table=item) for one, item in content.tables.items() if ("table", one) not in named]


def _state_facts(config: Config, inputs: Inputs) -> list[tuple[str, str]]:
    """Return what the head of the page says about the run."""
    designs = {
        "randomised_arms": "arms assigned at random",
        "single_group": "one group, nothing assigned at random",
        "observational_groups": "groups not assigned at random",
    }
    facts = [("Run", config.run.name), ("Design", designs[config.study.design])]
    if "panel" in inputs:
        panel = inputs["panel"]
        facts += [
            ("Patients", format_count(panel["patient"].nunique())),
            ("Sessions", format_count(int(sessions_held(panel, config.variables).sum()))),
        ]
        if panel["therapist"].notna().any():
            facts.append(("Therapists", format_count(panel["therapist"].nunique())))
    return [*facts, ("Intervals", format_percent(config.inference.interval))]
