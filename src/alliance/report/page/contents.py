"""What stands on which page of a run, in which order, and under which number."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, Final

import yaml

from alliance.config import Config
from alliance.config.answers import answers_beside
from alliance.config.posing import named_in
from alliance.questions import QUESTIONS

# Page -> its file in the folder of a run.
PAGES: Final = {"report": "report.html", "supplement": "supplement.html"}


@cache
def read_sections() -> tuple[Mapping[str, Any], ...]:
    """Return the sections declared in `sections.yaml`."""
    text = resources.files("alliance.report.page").joinpath("sections.yaml").read_text(encoding="utf-8")
    return parse_sections(text)


def parse_sections(text: str) -> tuple[Mapping[str, Any], ...]:
    """Return declared sections.

    Raises
    ------
    ValueError
        An entry names a page that does not exist.
    """
    sections: list[Mapping[str, Any]] = yaml.safe_load(text)
    for section in sections:
        if section["page"] not in PAGES:
            raise ValueError(f"sections.yaml, section '{section['id']}': there is no page '{section['page']}'")
    return tuple(sections)


def with_questions(
    sections: Sequence[Mapping[str, Any]], questions: Iterable[tuple[str, str]]
) -> list[Mapping[str, Any]]:
    """Return the sections of both pages with one for each question, first on the report; what they hold leaves the others.

    Where two questions name the same, it stands in the section of the first.

    Parameters
    ----------
    questions
        Name and title of each.
    """
    taken: set[tuple[str, str]] = set()
    own = [_declare(name, title, taken) for name, title in questions]
    rest = [
        {**section, "parts": [part for part in section["parts"] if not set(part.items()) & taken]}
        for section in sections
    ]
    return [*own, *rest]


def _declare(name: str, title: str, taken: set[tuple[str, str]]) -> Mapping[str, Any]:
    """Declare the section of a question as `sections.yaml` declares others, with what is folded apart."""
    question = QUESTIONS.get(name)
    shown: list[tuple[str, str]] = [("answer", name), ("estimates", name)]
    folded: list[tuple[str, str]] = []
    if question is not None:
        first, rest = question.figures[:1], question.figures[1:]
        shown += [("figure", name) for name in first]
        folded += [("sentences", name) for name in question.sentences]
        folded += [("figure", name) for name in rest] + [("table", name) for name in question.tables]

    def left(parts: list[tuple[str, str]]) -> Iterator[dict[str, str]]:
        for kind, what in parts:
            if (kind, what) not in taken:
                taken.add((kind, what))
                yield {kind: what}

    return {
        "id": f"question-{name.replace('_', '-')}",
        "title": title,
        "page": "report",
        "parts": list(left(shown)),
        "folded": list(left(folded)),
    }


def numbers_of(config: Config, figures: Sequence[str], tables: Sequence[str]) -> dict[tuple[str, str], str]:
    """Return the number of each figure and table of a run, counted on each page in the order of reading; the supplement's begin with S.

    They follow from the configuration alone, so that files, pages and sentences have the same. What a reader has to open is counted after
    what is shown, since it is not printed.

    Parameters
    ----------
    figures, tables
        Those that the run makes.
    """
    named_questions = named_in(config)
    sections = with_questions(read_sections(), [(name, "") for name in named_questions])
    named = {part for section in sections for entry in _entries(section) for part in entry.items()}
    made = [("figure", name) for name in figures] + [("table", name) for name in tables]
    rest = [part for part in made if part not in named]
    # Questions stand first, each with the table of what answers it, see `alliance.report.page.questions`.
    beside = answers_beside(config, len(named_questions)).values()
    answers = len(named_questions) + sum(min(len(candidates), most) for candidates, most in beside)
    numbers: dict[tuple[str, str], str] = {}
    for page in PAGES:
        on_page = [section for section in sections if section["page"] == page]
        entries = [entry for key in ("parts", "folded") for section in on_page for entry in section.get(key, ())]
        order = [part for entry in entries for part in (rest if "rest" in entry else entry.items())]
        for kind in ("figure", "table"):
            ordered = dict.fromkeys(part for part in order if part[0] == kind and part in made)
            first = 1 + answers * (page == "report" and kind == "table")
            numbers |= {part: f"{'S' * (page != 'report')}{place}" for place, part in enumerate(ordered, start=first)}
    return numbers


def _entries(section: Mapping[str, Any]) -> list[Mapping[str, str]]:
    return [*section["parts"], *section.get("folded", ())]
