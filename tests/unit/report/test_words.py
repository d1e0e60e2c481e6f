"""A study calls its units as it likes, and everything people read follows: nothing else in it changes."""

import html
import io
import re
from typing import Any

import pandas as pd
import pytest

from alliance.config import Config, validate_config
from alliance.config.words import Words
from alliance.errors import ConfigError
from alliance.report.figures import FIGURES, load_figure, theme
from alliance.report.page.blocks import Output
from alliance.report.page.build import Figure, ReportTable, build_pages
from alliance.report.page.codebook import build_codebook_page
from alliance.report.prose import describe_headline, say_sentences
from alliance.report.tables import TABLES, load_table
from alliance.report.tables.latex import render_latex
from alliance.report.tables.render import render_html
from alliance.report.tables.table import said_table
from alliance.report.words import Speech
from tests.artefacts import builders

WORDS = {"patient": "student", "therapist": ["child", "children"], "session": "week"}
BUILT_IN = re.compile(r"(?<![\w./])(patient|therapist|session)(?!\w*[./_])", re.IGNORECASE)
SHIELD = "\u2060"


def speech(**words: Any) -> Speech:
    return Speech(builders.arms_config(words=words or WORDS))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A patient's mean, patients' means", "A student's mean, students' means"),
        ("Therapists: each therapist with all patients", "Children: each child with all students"),
        ("the therapists' own, a therapist’s", "the children's own, a child's"),
        ("one session per patient; Session (numbers)", "one week per student; Week (numbers)"),
        ("within patients, between-patient, SESSION_NO", "within students, between-student, SESSION_NO"),
        ("data/panel.parquet, data/patients.parquet, sessions.csv", "data/panel.parquet, data/patients.parquet, sessions.csv"),
        ("Set data.sessions.keys: {patient: ID, session: NO}.", "Set data.sessions.keys: {patient: ID, session: NO}."),
        ("Remove 'patient' from vary.patient", "Remove 'patient' from vary.patient"),
        ("12 rows of x.csv (first: row 3, column session) hold", "12 rows of x.csv (first: row 3, column session) hold"),
    ],
)  # fmt: skip
def test_words_follow_with_plural_genitive_and_nothing_else(text: str, said: str) -> None:
    assert speech().say(text) == said


def test_article_follows_the_word() -> None:
    words = speech(patient="inpatient", therapist="university clinic", session="hour")
    assert words.say("A patient and a therapist in a session; an estimate") == (
        "An inpatient and a university clinic in a hour; an estimate".replace("a hour", "an hour")
    )


def test_words_may_change_places() -> None:
    words = speech(patient="therapist", therapist="supervisor")
    assert words.say("patients of a therapist") == "therapists of a supervisor"


def test_own_words_change_nothing() -> None:
    ours = Speech(builders.arms_config())
    assert ours.say("a patient's sessions") == "a patient's sessions"
    assert ours.config is builders.arms_config() or ours.config == builders.arms_config()


def test_labels_of_categories_stay_as_the_data_have_them() -> None:
    settings = builders.arms_config(words=WORDS).model_dump(mode="json", by_alias=True)
    settings["variables"]["arm"]["levels"] = {"therapist-led": 0, "by_patient": 1}
    ours = Speech(validate_config(settings))

    assert ours.say("“therapist-led”, by patient, by\npatient") == "“therapist-led”, by patient, by\npatient"
    assert ours.say("therapist-ledger, by patients") == "child-ledger, by students"


def test_name_of_the_other_run_stays() -> None:
    settings = builders.arms_config(words=WORDS).model_dump(mode="json", by_alias=True)
    settings["run"] |= {"name": "other", "compare_to": "all-patients"}
    ours = Speech(validate_config(settings))

    assert (
        ours.say(f"No setting differs from run “{ours.config.run.compare_to[0]}”.")
        == "No setting differs from run “all-patients”."
    )


def test_citations_and_names_of_questionnaires_stay() -> None:
    config = builders.arms_config(words=WORDS)
    inputs = builders.artefacts(config)
    title = "Duncan (2003). The Session Rating Scale."
    meanings = inputs["meanings"].assign(instrument="Patient Scale", citation=title)
    reliability = inputs["reliability"].assign(instrument="Patient Scale")
    codebook = inputs["codebook"].assign(kind="scale: Patient Scale, 4 items")
    given = {"measurement": {"meanings": meanings, "reliability": reliability}, "codebook": {"codebook": codebook}}
    for name, tables in given.items():
        ours = Speech(config)
        table = said_table(load_table(name).make(inputs | tables, ours.config), ours)
        written = render_html(table, name)
        assert "Patient Scale" in written and "Student Scale" not in written and SHIELD not in written
        assert name == "codebook" or title in written


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ({"patient": "week", "session": "week"}, "a word of its own"),
        ({"patient": ""}, "is not a word"),
        ({"patient": "x2"}, "is not a word"),
        ({"patient": ["a", "b", "c"]}, r"\[child, children\]"),
        ({"client": "student"}, "unknown"),
    ],
)
def test_words_that_are_none_are_refused(words: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        builders.arms_config(words=words)


def test_regular_plurals_are_made() -> None:
    words = Words.model_validate({"patient": "dyad", "therapist": "agency", "session": "class"})
    assert (words.patient[1], words.therapist[1], words.session[1]) == ("dyads", "agencies", "classes")
    assert Words.model_validate(words.model_dump(mode="json")) == words


def _neutral(config: Config) -> Config:
    """Return the configuration with labels that hold none of the words, but for one."""

    def without(text: str) -> str:
        return BUILT_IN.sub("unit", text)

    variables = {
        name: variable.model_copy(update={"label": without(variable.label)})
        for name, variable in config.variables.items()
    }
    variables["alliance_therapist"] = variables["alliance_therapist"].model_copy(
        update={"label": "what the therapist said"}
    )
    specs = {name: spec.model_copy(update={"label": without(spec.label)}) for name, spec in config.models.specs.items()}
    return config.model_copy(
        update={
            "variables": variables,
            "models": config.models.model_copy(update={"specs": specs}),
            "study": config.study.model_copy(update={"description": "Simulated."}),
        }
    )


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """All that people read of a study whose units are called otherwise, by where it stands."""
    config = _neutral(builders.arms_config(words=WORDS))
    ours, inputs = Speech(config), builders.artefacts(config) | builders.compared(config)
    found: dict[str, str] = {}
    tables, figures = [], []
    for name in TABLES:
        module = load_table(name)
        if set(module.NEEDS) <= set(inputs):
            table = said_table(module.make({need: inputs[need] for need in module.NEEDS}, ours.config), ours)
            found[f"table {name}"] = _visible(render_html(table, name))
            found[f"latex {name}"] = re.sub(r"\\[a-z]+(\{[a-z ]*\})?", " ", render_latex(table, name)).split(
                "label", 1
            )[-1]
            output = Output("Table", name, table.caption, "snakemake", f"alliance.{name}", ())
            tables.append(ReportTable(output, render_html(table, name), len(table.data), f"tables/{name}.csv"))
    for name in FIGURES:
        module = load_figure(name)
        drawing = module.draw({need: inputs[need] for need in module.NEEDS}, ours.config)
        with theme.applied():
            theme.say_figure(drawing.figure, ours)
            file = io.BytesIO()
            drawing.figure.savefig(file, format="svg")
        found[f"figure {name}"] = _visible(file.getvalue().decode())
        about = [ours.say(text) for text in (module.TITLE, f"{module.CAPTION} {drawing.notes}", drawing.alt)]
        output = Output("Figure", name, about[0], "snakemake", f"alliance.{name}", ())
        values = theme.bare_values(drawing.values, ours)
        figures.append(Figure(output, about[1], about[2], file.getvalue(), b"", values, f"figures/{name}.csv"))
    pages = build_pages(config=config, inputs=inputs, figures=figures, tables=tables, provenance={}, command="make")
    found |= {name: _visible(pages[name]) for name in ("report", "supplement", "text")}
    found["headline"] = "\n".join(map(str, say_sentences(describe_headline(inputs, ours.config), ours)))
    found["codebook"] = _visible(build_codebook_page(inputs["codebook"], _findings(), config))
    return found


def _findings() -> pd.DataFrame:
    findings = builders.checks()
    findings.loc[0, "message"] = "3 rows of sessions.csv belong to a patient with more than one therapist."
    return findings


def _visible(page: str) -> str:
    """Return what a reader sees or hears of a page, apart from code."""
    page = re.sub(r"<(style|code|pre|metadata|defs)\b.*?</\1>", " ", page, flags=re.DOTALL)
    heard = re.findall(r'(?:alt|aria-label)="([^"]*)"', page)
    return html.unescape("\n".join([re.sub(r"<[^>]+>", "\n", page), *heard]))


def test_built_in_words_are_gone_from_all_that_is_read(texts: dict[str, str]) -> None:
    left = {
        where: [line for line in text.splitlines() if BUILT_IN.search(re.sub("[Ww]hat the therapist said", "", line))]
        for where, text in texts.items()
    }
    assert {where: lines for where, lines in left.items() if lines} == {}
    both = texts["report"] + texts["supplement"]
    assert all(word in both for word in ("students", "Students", "children", "Weeks", "the same student"))


def test_what_the_researchers_wrote_stays(texts: dict[str, str]) -> None:
    for where in ("report", "supplement", "table measurement", "figure missingness", "codebook"):
        assert re.search("[Ww]hat the therapist said", texts[where]), where
    assert not [where for where, text in texts.items() if SHIELD in text]
