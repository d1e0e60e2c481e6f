"""The finished page in a browser: it works offline, on a phone, by keyboard, for a screen reader and on paper."""

import base64
import json
import re
import shutil
from collections.abc import Iterator
from html import unescape
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from alliance.config import Config
from alliance.runs.files import write_csv
from alliance.runs.plan import needs_of, tables_of
from alliance.steps.compare import compare_runs
from alliance.steps.figures import draw_figure
from alliance.steps.report import write_report
from alliance.steps.tables import write_table
from tests.artefacts import builders

pytestmark = pytest.mark.slow
CHROMIUM, CHROMEDRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDTHS = (360, 1280)
A4 = {"printBackground": True, "paperWidth": 8.27, "paperHeight": 11.69}  # inches


def write_artefacts(config: Config, folder: Path) -> dict[str, str]:
    """Write the artefacts of a study as the workflow would, and return their paths by name."""
    paths = {}
    for name, table in builders.artefacts(config).items():
        path = folder / f"{name}.{'parquet' if name in ('panel', 'scores', 'draws') else 'csv'}"
        table.to_parquet(path) if path.suffix == ".parquet" else write_csv(table, path)
        paths[name] = str(path)
    return paths


def make_report(config: Config, folder: Path, base: Path | None = None) -> Path:
    """Draw every figure, make every table and write the report of one study below `folder`."""
    folder.mkdir()
    settings = config.model_dump(mode="json", by_alias=True)
    paths = write_artefacts(config, folder)
    (folder / "config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    figures, tables = [], []
    for name in config.output.figures:
        stem = folder / "figures" / name
        files = {"svg": f"{stem}.svg", "png": f"{stem}.png", "values": f"{stem}.csv", "text": f"{stem}.json"}
        draw_figure(**files, name=name, settings=settings, **{need: paths[need] for need in needs_of("figures", name)})
        figures += files.values()
    if base is not None:
        compared = {"comparison": str(folder / "estimates_compared.csv"), "differences": str(folder / "settings.csv")}
        this = {"estimates": paths["estimates"], "config": str(folder / "config.yaml")}
        other = {"other_estimates": [str(base / "estimates.csv")], "other_configs": [str(base / "config.yaml")]}
        compare_runs(**this, **other, runs=[base.name], **compared)
        paths |= compared
    asked = [name for name in tables_of(config) if paths.keys() >= set(needs_of("tables", name))]
    for name in asked:
        files = {key: str(folder / "tables" / f"{name}.{key}") for key in ("csv", "html", "docx", "tex")}
        files["text"] = str(folder / "tables" / f"{name}.json")
        write_table(**files, name=name, settings=settings, **{need: paths[need] for need in needs_of("tables", name)})
        tables += files.values()
    provenance = folder / "provenance.yaml"
    provenance.write_text(
        yaml.safe_dump({"configuration": ["config/config.yaml"], "software": {"python": "3.13"}}), encoding="utf-8"
    )
    page = folder / "report.html"
    write_report(
        figures=figures,
        tables=tables,
        provenance=str(provenance),
        settings=settings,
        report=str(page),
        supplement=str(supplement_of(page)),
        text=str(folder / "report.md"),
        numbers=str(folder / "numbers.yaml"),
        references=str(folder / "references.bib"),
        headline=str(folder / "headline.txt"),
        answers_word=str(folder / "answers.docx"),
        answers_latex=str(folder / "answers.tex"),
        **paths,
    )
    return page


def supplement_of(page: Path) -> Path:
    return page.with_name("supplement.html")


@pytest.fixture(scope="module")
def arms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_report(builders.arms_config(), tmp_path_factory.mktemp("report") / "arms")


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_report(builders.single_config(), tmp_path_factory.mktemp("report") / "single")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    if not (shutil.which(CHROMIUM) and shutil.which(CHROMEDRIVER)):
        pytest.skip(
            f"no browser: {CHROMIUM} and {CHROMEDRIVER} are needed (Debian: apt-get install chromium chromium-driver)"
        )
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in [*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(CHROMEDRIVER))
    driver.set_script_timeout(180)  # seconds: the accessibility rules look at every cell of a long report
    yield driver
    driver.quit()


def open_page(browser: webdriver.Chrome, page: Path, width: int = 1280) -> None:
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get(page.as_uri())


def requested(browser: webdriver.Chrome) -> list[str]:
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [item["params"]["request"]["url"] for item in messages if item["method"] == "Network.requestWillBeSent"]


def test_pages_open_from_a_file_without_errors_and_ask_for_nothing_else(browser: webdriver.Chrome, arms: Path) -> None:
    for page in (arms, supplement_of(arms)):
        browser.get_log("browser"), browser.get_log("performance")
        open_page(browser, page)

        assert "Does the working alliance carry" in browser.title
        assert [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []
        addresses = requested(browser)
        assert page.as_uri() in addresses
        assert [address for address in addresses if not address.startswith(("data:", page.as_uri()))] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_page_never_scrolls_sideways(browser: webdriver.Chrome, arms: Path, single: Path, width: int) -> None:
    for page in (arms, single, supplement_of(arms), supplement_of(single)):
        open_page(browser, page, width)

        assert browser.execute_script("return document.documentElement.scrollWidth") <= width


def test_every_picture_is_shown_and_described(browser: webdriver.Chrome, arms: Path) -> None:
    pictures = []
    for page in (arms, supplement_of(arms)):
        open_page(browser, page)
        script = "return [...document.images].map(i => [i.alt, i.complete && i.naturalWidth > 0])"
        pictures += browser.execute_script(script)

    assert len(pictures) == len(builders.arms_config().output.figures)
    assert all(len(alt) > 30 and shown for alt, shown in pictures)


def test_headings_do_not_skip_a_level(browser: webdriver.Chrome, arms: Path) -> None:
    for page in (arms, supplement_of(arms)):
        open_page(browser, page)
        levels = browser.execute_script("return [...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])")

        assert levels.count(1) == 1
        assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_links_of_the_navigation_arrive_at_their_sections_and_lead_to_the_other_page(
    browser: webdriver.Chrome, arms: Path
) -> None:
    for page, other in ((arms, supplement_of(arms)), (supplement_of(arms), arms)):
        open_page(browser, page)
        script = "return [...document.querySelectorAll('nav ol a')].map(a => !!document.querySelector(a.getAttribute('href')))"
        arrives = browser.execute_script(script)

        assert len(arrives) >= 4
        assert all(arrives)
        browser.execute_script("document.querySelector('nav p a').click()")
        assert browser.current_url == other.as_uri()


def test_keyboard_reaches_the_skip_link_first_then_the_sections_in_order(browser: webdriver.Chrome, arms: Path) -> None:
    open_page(browser, arms)
    reached = []
    for _ in range(4):
        ActionChains(browser).send_keys(Keys.TAB).perform()
        reached.append(browser.execute_script("return document.activeElement.getAttribute('href')"))

    expected = browser.execute_script(
        "return [...document.querySelectorAll('nav ol a')].map(a => a.getAttribute('href'))"
    )
    assert reached == ["#content", *expected[:3]]


def test_skip_link_is_visible_when_focused_and_leads_to_the_content(browser: webdriver.Chrome, arms: Path) -> None:
    open_page(browser, arms)
    ActionChains(browser).send_keys(Keys.TAB).perform()
    left = browser.execute_script("return document.activeElement.getBoundingClientRect().left")
    ActionChains(browser).send_keys(Keys.ENTER).perform()

    assert left >= 0
    assert browser.execute_script("return document.activeElement.id") == "content"


@pytest.mark.parametrize("name", ["report.html", "supplement.html"])
@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1280)])
def test_accessibility_rules_find_nothing_serious(
    browser: webdriver.Chrome, arms: Path, scheme: str, width: int, name: str
) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    open_page(browser, arms.with_name(name), width)
    browser.execute_script(resources.files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found: dict[str, Any] = browser.execute_async_script("const done = arguments[0]; axe.run(document).then(done)")

    assert len(found["passes"]) > 20  # the rules did run
    assert [(rule["id"], rule["impact"], rule["nodes"][0]["html"][:200]) for rule in found["violations"]] == []


@pytest.mark.parametrize(("name", "least", "most"), [("report.html", 4, 12), ("supplement.html", 8, 60)])
def test_pages_print_to_pdf_without_navigation_and_the_report_is_short(
    browser: webdriver.Chrome, arms: Path, name: str, least: int, most: int
) -> None:
    open_page(browser, arms.with_name(name))
    document = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", A4)["data"])
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    hidden = browser.execute_script("return getComputedStyle(document.querySelector('nav')).display")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})

    assert document.startswith(b"%PDF")
    assert least <= len(re.findall(rb"/Type\s*/Page\b", document)) <= most
    assert hidden == "none"


def test_section_of_a_question_fits_a_screen_and_a_printed_page(browser: webdriver.Chrome, arms: Path) -> None:
    open_page(browser, arms)
    script = "return [...document.querySelectorAll('section.question')].map(s => s.getBoundingClientRect().height)"
    heights = browser.execute_script(script)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    kept = browser.execute_script("return getComputedStyle(document.querySelector('section.question')).breakInside")
    opened = browser.execute_script(
        "return [...document.querySelectorAll('section.question details')].map(d => getComputedStyle(d).display)"
    )
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})

    assert len(heights) >= 4
    assert max(heights) <= 900  # a screen of 800 pixels, and a little where three levels of three measures are drawn
    assert kept == "avoid"
    assert set(opened) == {"none"}


def test_pages_are_light_enough_to_be_sent_by_mail(arms: Path) -> None:
    assert arms.stat().st_size + supplement_of(arms).stat().st_size < 3_000_000


def test_headline_is_plain_text_of_a_few_lines(arms: Path) -> None:
    lines = arms.with_name("headline.txt").read_text(encoding="utf-8").splitlines()

    assert 2 <= len(lines) <= 5  # three questions, what corrections assume, and flags
    assert not any("<" in line for line in lines)


def test_report_of_a_single_group_with_its_figures_and_tables_claims_no_mediation(single: Path) -> None:
    pages = [page.read_text(encoding="utf-8") for page in (single, supplement_of(single))]
    shown = " ".join(page.split("<main", 1)[1].split("<pre")[0].split('<section id="references"')[0] for page in pages)
    described = " ".join(re.findall(r'alt="([^"]*)"', shown))
    words = unescape(re.sub(r"<[^>]+>", " ", shown) + described)

    assert not re.findall(
        r"mediat\w*|\bcaus(?:es|ed|al|ally)\b|\beffects? of|(?:direct|total|treatment) effect", words, re.IGNORECASE
    )


def test_report_of_an_overlay_opens_with_the_difference_of_the_settings(arms: Path, tmp_path: Path) -> None:
    run = {"name": "other", "title": "Another lag", "seed": 2, "compare_to": "main"}
    output = {"figures": ["forest"], "tables": [], "figure_dpi": 100}
    config = builders.arms_config(run=run, output=output, panel={"lag": 2, "max_gap_days": 42})
    text = make_report(config, tmp_path / "other", arms.parent).read_text(encoding="utf-8")

    assert "<code>panel.lag</code>" in text
    assert (
        text.index("<caption>Settings that differ")
        < text.index("<caption>Estimates of both runs")
        < text.index('id="patients"')
    )
