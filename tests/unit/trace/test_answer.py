"""From a number back to the export: everything named is there, and nothing is found that is not."""

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from alliance.errors import ConfigError
from alliance.facts.artefacts import made_by
from alliance.report.numbers import format_estimate
from alliance.runs.files import write_csv, write_text
from alliance.runs.provenance import describe_files
from alliance.trace.answer import trace
from alliance.trace.find import find_rows
from alliance.trace.query import read_query
from tests.architecture.project import modules
from tests.artefacts import builders
from tests.artefacts.runs import ROOT, write_run

CONFIG = builders.arms_config()
ESTIMATES = builders.estimates(CONFIG).reset_index(drop=True)
_HEADER = 2


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("trace")
    folder = write_run(root)
    shutil.copytree(ROOT / "data/example", root / "data/example")
    inputs = [
        item | {"file": item["file"].removeprefix(f"{ROOT}/")}
        for item in describe_files(sorted((ROOT / "data/example").glob("*.csv")))
    ]
    write_text(yaml.safe_dump({"configuration": ["config/config.yaml"], "inputs": inputs}), folder / "provenance.yaml")
    table = pd.DataFrame({"what": ["age"], "value": [987.25]})
    write_csv(table, folder / "tables/sample.csv")
    return root


def row_of(**wanted: str) -> int:
    """Return the number of a row as a spreadsheet counts."""
    chosen = ESTIMATES
    for name, value in wanted.items():
        chosen = chosen[chosen[name] == value]
    return int(chosen.index[0]) + _HEADER


INDIRECT = row_of(model="technique_jointly", effect="indirect", level="within")


def titles(text: str) -> list[str]:
    return re.findall(r"^\d  (.*?)  ", text, flags=re.MULTILINE)


def test_estimate_is_followed_to_the_export_in_five_steps(root: Path) -> None:
    text = trace(f"row {INDIRECT}", root=root)
    assert titles(text) == ["Number", "Model", "Rows", "Variables", "Export"]
    assert max(map(len, text.splitlines())) <= 100
    for part in (
        f"results/main/estimates/estimates.csv, row {INDIRECT}",
        "alliance-helping technique → working alliance → symptoms",
        "This row rests on technique in the equation of alliance and alliance_lag in the",
        "models.specs.technique_jointly",
        "WAI-SR, sum of 12 items from 1 to 5",
        "wai_1 to wai_12",
        "tech_collaborative",
        "the file is the same as in the run",
    ):
        assert part in " ".join(text.split()) or part in text


def test_every_step_names_modules_that_exist_and_a_command(root: Path) -> None:
    text = trace(f"row {INDIRECT}", root=root)
    named = [name for line in re.findall(r"^ +module  (.*)$", text, flags=re.MULTILINE) for name in line.split(", ")]
    assert len(named) >= 5 and set(named) <= set(modules())
    commands = re.findall(r"^ +again   (.*)$", text, flags=re.MULTILINE)
    assert len(commands) == 5
    assert all(command.startswith("snakemake --cores 2 results/main/") for command in commands)


def test_sums_of_the_rows_are_right(root: Path) -> None:
    flow = builders.artefacts(CONFIG)["flow"]
    part = flow[(flow["model"] == "technique_jointly") & (flow["outcome"] == "symptoms")]
    text = trace(f"row {INDIRECT}", root=root).split("Equation of symptoms\n")[1]
    removed = [int(number.replace(",", "")) for number in re.findall(r"^ +− ([\d,]+)  ", text, flags=re.MULTILINE)]
    left = int(re.findall(r"^ += ([\d,]+) sessions", text, flags=re.MULTILINE)[0].replace(",", ""))
    assert part["n_sessions"].iloc[0] - sum(removed) == left == part["n_sessions"].iloc[-1]


def test_every_estimate_is_found_by_what_is_printed() -> None:
    for place, row in enumerate(ESTIMATES.to_dict("records")):
        printed = read_query(f"{row['estimate']:.3f} [{row['low']:.3f}, {row['high']:.3f}]")
        assert place + _HEADER in [hit.row for hit in find_rows(printed, {"estimates": ESTIMATES})]


def test_several_rows_are_listed_with_how_to_go_on(root: Path) -> None:
    value = ESTIMATES.iloc[INDIRECT - _HEADER]["estimate"]
    text = trace(f"{abs(value):.1f}", root=root)
    addresses = re.findall(r"^ +(\d+)  row (\d+)", text, flags=re.MULTILINE)
    # A number in the middle between two printed ones may have been rounded to either.
    printed = (ESTIMATES["estimate"].abs() - round(abs(value), 1)).abs() <= 0.05 + 1e-9
    assert {int(row) for _, row in addresses} == {int(place) + _HEADER for place in ESTIMATES.index[printed]}
    assert [int(number) for number, _ in addresses] == list(range(1, len(addresses) + 1))
    assert f"alliance trace --run main row {addresses[0][1]}" in text and "add --all" in text
    everything = trace(f"{abs(value):.1f}", root=root, everywhere=True)
    assert len(everything) > len(text) and "shrinkage row" in everything


def test_words_find_their_row(root: Path) -> None:
    assert f"row {INDIRECT}\n" in trace("technique_jointly indirect within", root=root)
    assert f"row {INDIRECT}\n" in trace(
        "technique_jointly, technique → alliance → symptoms, indirect, within", root=root
    )
    with pytest.raises(ConfigError, match=r"'technique_joint'\. Did you mean 'technique_jointly'"):
        trace("technique_joint indirect", root=root)


def test_numbers_of_other_tables_start_where_they_stand(root: Path) -> None:
    assert titles(trace("moderation row 3", root=root)) == ["Number", "Model", "Rows", "Variables", "Export"]
    assert titles(trace("reliability row 2", root=root)) == ["Number", "Variables", "Export"]
    sample = trace("987.25", root=root)
    assert titles(sample) == ["Number", "Made from", "Export"]
    assert "alliance.report.tables.sample" in sample and "results/main/data/patients.parquet" in sample


def test_corrected_number_is_found_as_it_is_printed(root: Path) -> None:
    row = builders.corrected(CONFIG, ESTIMATES).query("model == 'technique_jointly' and effect == 'indirect'").iloc[0]
    printed = format_estimate(row["estimate_corrected"], row["low_corrected"], row["high_corrected"])
    text = trace(printed, root=root)
    assert titles(text) == ["Number", "Model", "Rows", "Variables", "Export"]
    assert f"corrected for unreliable scores: {printed}" in text and "estimates/corrected.csv" in text


def test_number_that_nothing_has_is_answered_with_the_nearest(root: Path) -> None:
    text = trace("555.55", root=root)
    assert text.startswith("Nothing in run 'main' is printed as '555.55'. Searched: estimates, flow")
    assert "The nearest estimates:" in " ".join(text.split())
    assert f"row {ESTIMATES['estimate'].abs().idxmax() + _HEADER}" in text


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("row 1", r"estimates has rows 2 to \d+"),
        ("surface row 2", "surface has no rows in this run but its header, so none is row 2"),
        ("estimate row 2", "no table 'estimate'. Did you mean 'estimates'"),
    ],
)
def test_rows_that_do_not_exist_are_refused(root: Path, question: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        trace(question, root=root)


def test_file_that_changed_after_the_run_is_named(root: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(root, copy)
    with open(copy / "data/example/sessions.csv", "a", encoding="utf-8") as stream:
        stream.write("\n")
    assert "FILE HAS CHANGED SINCE THE RUN" in " ".join(trace(f"row {INDIRECT}", root=copy).split())


def test_no_id_of_a_patient_is_shown(root: Path) -> None:
    ids = pd.read_csv(ROOT / "data/example/patients.csv", dtype=str)["client_id"]
    tables = builders.artefacts(CONFIG)
    filled = [name for name in made_by("collect_estimates") if name != "draws" and not tables[name].empty]
    assert {"estimates", "corrected", "diagnostics"} <= set(filled)
    everything = "".join(trace(f"{name} row 2", root=root) for name in filled)
    assert not set(re.findall(r"\w+", everything)) & set(ids)


def test_difference_of_shares_is_found_as_the_report_prints_it_and_as_its_file_holds_it() -> None:
    """A table says 6.3 [0.4, 12.8] percentage points; the file of the estimates holds parts of one."""
    row = ESTIMATES.iloc[[0]].assign(effect="probability_better", estimate=0.0631, low=0.0042, high=0.1279)
    other = ESTIMATES.iloc[[0]].assign(effect="effect", estimate=0.0631, low=0.0042, high=0.1279)
    table = pd.concat([row, other], ignore_index=True)
    for text, rows in (("6.3 [0.4, 12.8]", [2]), ("6.3", [2]), ("0.063", [2, 3]), ("6.3%", [2, 3])):
        assert sorted(hit.row for hit in find_rows(read_query(text), {"estimates": table})) == rows, text


@pytest.mark.parametrize("width", [40, 72, 110])
def test_lines_of_a_trace_fit_the_window_but_for_what_has_to_stay_whole(root: Path, width: int) -> None:
    for question in (f"row {INDIRECT}", "987.25", "technique_jointly within"):
        for line in trace(question, root=root, width=width).splitlines():
            assert len(line) <= width or max(map(len, line.split())) > width - 25, line
