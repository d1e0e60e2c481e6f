"""The report as text for a manuscript: Markdown that Quarto and Pandoc read, and its numbers under names that stay the same."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
import yaml

from alliance.config import Config
from alliance.facts.quantity import nodes_of, split_contrast
from alliance.facts.references import REFERENCES
from alliance.report.page.blocks import Block
from alliance.report.page.questions import Card
from alliance.report.prose.answers import corrected_of
from alliance.report.prose.front import Answered
from alliance.report.prose.passage import Passage, Point
from alliance.report.prose.wording import Row, flags_of
from alliance.report.tables.render import columns_of, rows_of
from alliance.report.words import Speech
from alliance.results.disclosure import publish_digits

if TYPE_CHECKING:  # the page is made from the same sections
    from alliance.report.page.build import Figure, Part, ReportTable, Section

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|$@~^])")
_FORMATS: Final = ("docx", "tex", "csv")  # of a table, as a manuscript needs them
_ENDS: Final = ("estimate", "low", "high")


def write_markdown(sections: Sequence["Section"], title: str) -> str:
    """Return the sections of the report as Markdown; what a reader has to open, and tables of several columns as files, are named only.

    Whatever data or configuration say is text: no sign of theirs is taken for markup.
    """
    lines = ["---", f'title: "{_quoted(title)}"', "bibliography: references.bib", 'nocite: "@*"', "---", ""]
    for section in sections:
        lines += [f"## {_plain(section.title)}", ""]
        if section.id == "references":
            lines += ["::: {#refs}", ":::", ""]
            continue
        for part in section.parts:
            lines += _write_part(part)
    text = "\n".join(lines)
    for name, reference in REFERENCES.items():
        text = text.replace(f"({reference.cited})", f"[@{name}]")
    return f"{text.rstrip()}\n"


def _write_part(part: "Part") -> Iterator[str]:
    if part.card:
        yield from _write_card(part.card)
    for passage in part.passages:
        yield from _write_passage(passage)
    for block in part.blocks:
        yield from _write_block(block)
    if part.figure:
        yield from _write_figure(part.figure)
    if part.table:
        yield from _write_table(part.table)


def _write_card(card: Card) -> Iterator[str]:
    verdict = f"**{_plain(card.verdict)}.** " if card.verdict else ""
    yield from (f"{verdict}{_plain(card.answer)}", "")
    for one in card.numbers:
        size = f" ({_plain(one.size)})" if one.size else ""
        corrected = f"; without the error of scores {_plain(one.corrected)}" if one.corrected else ""
        yield f"- {_plain(f'{one.of}: ' if one.of else '')}{_plain(one.value)}{corrected}{size}"
    if card.numbers:
        yield ""
    for lead, said in (
        ("Rests on", card.who),
        ("Warning", card.warning),
        ("Kind of claim", card.claim),
        ("What would change it", card.change),
    ):
        if said:
            yield from (f"*{lead}.* {_plain(said)}", "")


def _write_passage(passage: Passage) -> Iterator[str]:
    if passage.heading:
        yield from (f"### {_plain(passage.heading)}", "")
    if passage.kind != "list":
        yield from (" ".join(_plain(str(sentence)) for sentence in passage.sentences), "")
        return
    for sentence in passage.sentences:
        if isinstance(sentence, Point):
            stop = "" if sentence.lead.endswith("?") else "."
            yield f"- **{_plain(sentence.lead)}{stop}** {_plain(sentence.sentence)}"
        else:
            yield f"- {_plain(sentence)}"
    yield ""


def _write_block(block: Block) -> Iterator[str]:
    if block.table is None or block.folded:
        return
    columns = columns_of(block.table)
    yield f"| {' | '.join(_plain(str(column)) for column in columns)} |"
    yield f"|{'---|' * len(columns)}"
    for heading, cells in rows_of(block.table):
        shown = cells if heading is None else [f"*{_plain(heading)}*", *[""] * (len(columns) - 1)]
        yield f"| {' | '.join(shown if heading is not None else map(_plain, shown))} |"
    number = f"**Table {block.table.number}.** " if block.table.number else ""
    yield from ("", f": {number}{_plain(block.caption)}", "")
    yield from (" ".join(_plain(note) for note in block.table.notes), "")


def _write_figure(figure: "Figure") -> Iterator[str]:
    name = figure.output.name
    yield from (
        f"![{_plain(f'{figure.output.called}. {figure.output.title}. {figure.caption}')}](figures/{name}.svg)",
        "",
    )


def _write_table(table: "ReportTable") -> Iterator[str]:
    files = ", ".join(f"[{ending}](tables/{table.output.name}.{ending})" for ending in _FORMATS)
    yield from (f"**{_plain(table.output.called)}.** *{_plain(table.output.title)}* ({files})", "")


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text.replace("\n", " "))


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")


def write_numbers(
    answered: Sequence[Answered], inputs: Mapping[str, pd.DataFrame], config: Config, speech: Speech
) -> str:
    """Return what answers each question as YAML, for manuscripts that quote it.

    An estimate is called after its effect, its level and its path, and after its distance where two have all these in common, so that its
    name does not depend on what else a run holds. Numbers have the digits that tables have.
    """
    panel = inputs.get("panel")
    numbers = {
        "run": config.run.name,
        "sample": {} if panel is None else {f"n_{unit}s": int(panel[unit].nunique()) for unit in ("patient", "therapist")},
        "questions": {
            one.name: {
                "question": speech.say(one.title),
                "answer": speech.say(one.told.answer),
                "model": one.model,
                "estimates": _quote(one.told.rows, inputs),
            }
            for one in answered
        },
    }  # fmt: skip
    return yaml.safe_dump(numbers, sort_keys=False, allow_unicode=True, width=100)


def _quote(rows: Sequence[Row], inputs: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in rows:
        corrected = corrected_of(row, inputs)
        name = _name(row)
        if name in found:
            name = f"{name}_{_slug(str(row['horizon']))}"
        found[name] = {
            "model": row["model"],
            "path": row["path"],
            "horizon": row["horizon"],
            **_published(row, ""),
            **({} if corrected is None else {"without_error": _published(corrected, "_corrected")}),
            "interval": float(row["interval"]),
            "interval_kind": row["interval_kind"],
            **{f"n_{unit}s": int(row[f"n_{unit}s"]) for unit in ("patient", "session", "therapist")},
            "flags": flags_of(row),
        }
    return found


def _published(row: Row, ending: str) -> dict[str, float]:
    """Return an estimate with the ends of its interval, in the digits that tables have."""
    values = pd.DataFrame([{end: float(row[f"{end}{ending}"]) for end in _ENDS}])
    return {str(end): float(value) for end, value in publish_digits(values).iloc[0].items()}


def _name(row: Row) -> str:
    path = "_minus_".join("_to_".join(nodes_of(part)) for part in split_contrast(row["path"])) if row["path"] else ""
    return _slug("_".join(part for part in (row["effect"], row["level"], path or row["outcome"]) if part))


def _slug(text: str) -> str:
    return re.sub(r"\W+", "_", text.lower()).strip("_")
