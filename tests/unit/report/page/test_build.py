"""The page: declared sections, escaping, what is left out, and what every figure and table says about itself."""

import re
from html.parser import HTMLParser
from itertools import pairwise

import pandas as pd
import pytest

from alliance.config import Config
from alliance.questions import QUESTIONS
from alliance.report.figures import FIGURES
from alliance.report.page.blocks import BLOCKS, Output
from alliance.report.page.build import Figure, ReportTable, build_pages, check_sections
from alliance.report.page.contents import PAGES, parse_sections, read_sections
from alliance.report.prose import SENTENCES
from alliance.report.tables import TABLES
from alliance.results.comparison import compare_runs
from tests.artefacts import builders
from tests.unit.report.prose.rows import with_models

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="480pt" height="300pt"></svg>'
CONFIG = builders.arms_config()
ARTEFACTS = builders.artefacts(CONFIG)
NASTY = "<script>alert('x')</script> & \"quotes\""


def output(kind: str, name: str, title: str = "") -> Output:
    return Output(
        kind,
        name,
        title or name,
        f"snakemake --cores 2 results/main/{name}",
        f"alliance.{name}",
        ("data/panel.parquet",),
    )


def figure(name: str, **changes) -> Figure:
    parts = {
        "caption": "A caption.",
        "alt": "What it shows.",
        "svg": SVG,
        "png": b"",
        "values": pd.DataFrame({"value": [1.5]}),
    }
    return Figure(**{"output": output("Figure", name), "values_file": f"figures/{name}.csv"} | parts | changes)


def table(name: str, n_rows: int = 1) -> ReportTable:
    return ReportTable(
        output("Table", name),
        f"<table id='table-{name}'><caption>{name}</caption></table>",
        n_rows,
        f"tables/{name}.csv",
    )


def page(*args, **kwargs) -> str:
    """Return both pages, one after the other."""
    return "\n".join(pages(*args, **kwargs).values())


def pages(
    config: Config | None = None, figures=(), tables=(), provenance=None, **inputs: pd.DataFrame
) -> dict[str, str]:
    config = config or CONFIG
    made = build_pages(
        config=config,
        inputs=(ARTEFACTS if config.study.design == "randomised_arms" else builders.artefacts(config)) | inputs,
        figures=list(figures),
        tables=list(tables),
        provenance=provenance or {},
        command="snakemake --cores 2",
    )
    return {name: made[name] for name in PAGES}


class Outline(HTMLParser):
    """Headings, ids, links and tags of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.levels: list[int] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.addresses: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.add(tag)
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if "id" in found:
            self.ids.append(found["id"] or "")
        if tag == "a":
            self.links.append(found["href"] or "")
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "action", "data")]


def test_every_declared_section_names_what_exists_and_every_sentence_has_its_place() -> None:
    sections = read_sections()
    named = {(kind, name) for section in sections for part in section["parts"] for kind, name in part.items()}

    of_questions = {name for question in QUESTIONS.values() for name in question.sentences}
    assert {name for kind, name in named if kind == "sentences"} | of_questions == set(SENTENCES)
    assert {name for kind, name in named if kind == "block"} == set(BLOCKS)
    assert len({section["id"] for section in sections}) == len(sections)


@pytest.mark.parametrize("part", ["sentences: describe_nothing", "block: nothing", "picture: flow", "rest: some"])
def test_section_that_names_something_unknown_is_refused(part: str) -> None:
    with pytest.raises(ValueError, match="section 'one': there is no"):
        check_sections(parse_sections(f"- id: one\n  title: One\n  page: report\n  parts:\n    - {part}\n"))


def test_section_on_an_unknown_page_is_refused() -> None:
    with pytest.raises(ValueError, match="section 'one': there is no page 'appendix'"):
        parse_sections("- id: one\n  title: One\n  page: appendix\n  parts: []\n")


def test_sections_stand_on_their_page_in_the_declared_order() -> None:
    made = pages()
    for name, text in made.items():
        declared = [section["id"] for section in read_sections() if section["page"] == name]
        positions = [text.find(f'<section id="{section}"') for section in declared]
        shown = [position for position in positions if position >= 0]

        assert len(shown) >= 4
        assert shown == sorted(shown)
        others = {section["id"] for section in read_sections()} - set(declared)
        assert not any(f'<section id="{other}"' in text for other in others)


def test_headings_descend_by_one_level_and_links_arrive_on_either_page() -> None:
    made = pages(figures=[figure("forest")], tables=[table("effects"), table("cautions")])
    outlines = {PAGES[name]: Outline(text) for name, text in made.items()}

    assert "#table-cautions" in outlines["supplement.html"].links
    for file, outline in outlines.items():
        assert outline.levels[0] == 1
        assert outline.levels.count(1) == 1
        assert all(later - earlier <= 1 for earlier, later in pairwise(outline.levels))
        assert len(set(outline.ids)) == len(outline.ids)
        targets = [link.partition("#") for link in outline.links]
        assert all(place == "" or place in outlines[there or file].ids for there, _, place in targets)
        assert {there for there, _, _ in targets} == {"", *outlines} - {file}  # each page leads to the other


def test_pages_load_nothing_from_outside_themselves_and_hold_no_script() -> None:
    for text in pages(figures=[figure("forest")]).values():
        outline = Outline(text)

        assert not any(link.endswith("#table-cautions") for link in outline.links)  # the run has no such table
        assert all(address.startswith(("#", "data:", *PAGES.values())) for address in outline.addresses)
        assert "script" not in outline.tags


def test_every_figure_and_table_stands_on_exactly_one_page() -> None:
    figures, tables = [*FIGURES, "brand_new"], [*TABLES, "brand_new"]
    made = pages(figures=[figure(name) for name in figures], tables=[table(name) for name in tables])
    both = "".join(made.values())

    assert all(both.count(f'id="figure-{name}"') == 1 for name in figures)
    assert all(both.count(f"id='table-{name}'") == 1 for name in tables)


def test_figure_says_how_it_is_made_again() -> None:
    text = page(figures=[figure("forest")])

    assert "<code>snakemake --cores 2 results/main/forest</code>" in text
    assert "<code>alliance.forest</code>" in text
    assert "<code>figures/forest.csv</code>" in text


def test_figures_and_tables_that_were_not_made_leave_no_trace() -> None:
    text = page(figures=[figure("forest")])

    assert 'id="figure-forest"' in text
    assert 'id="figure-flow"' not in text


def test_figure_without_content_and_table_without_rows_are_left_out() -> None:
    empty = figure("forest", values=pd.DataFrame({"not_available": ["No model has a path."]}))
    text = page(figures=[empty], tables=[table("priors", n_rows=0)])

    assert 'id="figure-forest"' not in text
    assert "<caption>priors</caption>" not in text


def test_figure_that_no_section_names_is_shown_all_the_same() -> None:
    text = page(figures=[figure("brand_new")], tables=[table("brand_new")])

    assert "Further results" in text
    assert 'id="figure-brand_new"' in text


def test_very_large_drawing_is_shown_as_png() -> None:
    large = figure("forest", svg=SVG + b" " * 500_000, png=b"\x89PNG")

    assert "data:image/png;base64,iVBORw==" in page(figures=[large])
    assert "data:image/png" not in page(figures=[figure("forest", png=b"\x89PNG")])


def test_values_of_a_figure_are_listed_unless_they_are_too_many_to_read() -> None:
    values = pd.DataFrame({"level": ["within"], "estimate": [-0.5]})
    many = pd.DataFrame({"estimate": range(1000)})

    assert "Values shown in Figure: forest" in page(figures=[figure("forest", values=values)])
    assert "Values shown in Figure: forest" not in page(figures=[figure("forest", values=many)])


def test_everything_from_data_and_configuration_is_escaped() -> None:
    config = builders.arms_config()
    settings = config.model_dump(mode="json", by_alias=True)
    settings["variables"]["alliance"]["label"] = NASTY
    settings["models"]["specs"]["technique_by_steps"] |= {"label": NASTY, "time_order_signed_off": NASTY}
    settings["study"] |= {"description": NASTY, "limits": [NASTY]}
    settings["run"] |= {"title": NASTY, "compare_to": "other"}
    config = Config.model_validate(settings)
    estimates = builders.estimates(config).assign(flag=NASTY)
    differences = pd.DataFrame([(NASTY, NASTY, NASTY, NASTY)], columns=["run", "setting", "base", "this"])
    text = page(
        config,
        figures=[
            figure(
                "forest",
                caption=NASTY,
                alt=NASTY,
                values=pd.DataFrame({NASTY: [NASTY]}),
                output=output("Figure", "forest", NASTY),
            )
        ],
        provenance={
            "inputs": [{"file": NASTY, "bytes": 1, "sha256": NASTY}],
            "software": {NASTY: NASTY},
            "code": {NASTY: NASTY},
        },
        estimates=estimates,
        comparison=compare_runs({"other": (estimates, {})}, estimates, {}),
        differences=differences,
    )

    assert "<script" not in text
    assert "alert(" in text  # it is there, as text
    assert "script" not in Outline(text).tags


def test_comparison_shows_the_settings_before_the_estimates() -> None:
    config = builders.arms_config(run={"name": "other", "title": "Other", "seed": 2, "compare_to": "main"})
    text = page(config, tables=[table("comparison"), table("settings")], **builders.compared(config))

    order = [text.index(words) for words in ("<caption>settings", "<caption>comparison", 'id="question"')]
    assert order == sorted(order)
    assert "Compared with other runs" not in page()


def test_provenance_prints_hashes_versions_and_the_whole_configuration() -> None:
    text = page(
        provenance={
            "configuration": ["config/config.yaml"],
            "inputs": [{"file": "data/sessions.csv", "bytes": 12345, "sha256": "ab" * 32}],
            "code": {"commit": "c0ffee", "fingerprints": {"fit_model": "f00d"}},
            "software": {"python": "3.13.1", "pymc": "6.0.0"},
        }
    )

    assert all(found in text for found in ("ab" * 32, "12,345", "c0ffee", "f00d", "6.0.0", "20261123"))
    assert "monte_carlo_draws: 20000" in text


@pytest.mark.parametrize("mediated", [False, True])
def test_single_group_report_claims_no_cause_and_no_mediation(mediated: bool) -> None:
    config = builders.single_config()
    if mediated:
        vary = {"patient": ["intercept"]}
        variables = config.model_dump(mode="json")["variables"] | {
            "sleep": {"label": "sleep", "column": "sleep", "measured": "before", "higher_is": "better"}
        }
        config = builders.single_config(variables=variables)
        config = with_models(
            config,
            forward={
                "equations": {
                    "rumination": {"on": ["sleep_lag", "session"], "vary": vary},
                    "symptoms": {"on": ["rumination_lag", "sleep_lag", "session"], "vary": vary},
                },
                "effects": {"from": "sleep", "to": "symptoms"},
            },
        )
    estimates = builders.estimates(config)
    differences = pd.DataFrame([("other", "panel.lag", "1", "2")], columns=["run", "setting", "base", "this"])
    text = page(config, comparison=compare_runs({"other": (estimates, {})}, estimates, {}), differences=differences)
    text = re.sub(r'<section id="references".*?</section>', "", text, flags=re.DOTALL)  # titles of others
    prose = re.sub(r"<[^>]+>", " ", text.split("<main", 1)[1].split("<pre")[0])

    assert ("Indirect prediction" in prose) is mediated
    assert not re.findall(r"mediat\w*|\bcaus(?:es?|ed|al|ally)\b|\beffects?\b", prose, re.IGNORECASE)
