"""A run as archives read it: every job with its times, what it read and wrote, nothing that names a person or a place of a machine."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from alliance.facts.formats import FORMATS, format_of
from alliance.facts.licences import LICENCES
from alliance.runs.crate.readme import readme_of
from alliance.runs.files import CRATE, MANIFEST, ORIGIN, README, SNAKEFILE
from alliance.runs.history import HISTORY, read_history, record_job, shorten_history
from alliance.runs.jobs import Ended
from alliance.runs.made import record_made
from alliance.runs.plan import expected_files, in_results, workflow_files
from alliance.runs.reuse import leave_receipt
from alliance.steps.record import write_manifest
from tests.artefacts import builders

CLINIC = {"name": "A clinic", "address": "https://clinic.example.org"}
EXPORT = "Anna Meierhofer P0042.csv"  # an id in the name of a file, in a folder that says whose machine it is
FILES = [
    "data/checks.csv",
    "data/sessions.parquet",
    "figures/flow.svg",
    "figures/flow.csv",
    "report.html",
    *workflow_files(),
    README,
]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with five jobs, as they leave it before the manifest is written."""
    export = tmp_path / "home/anna" / EXPORT
    typed, instrument = tmp_path / ".snakemake/typed/main.pickle", tmp_path / "config/instruments/phq_9.yaml"
    folder = tmp_path / "results/main"
    for path in (export, typed, instrument, folder / ORIGIN, *(folder / name for name in FILES)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"rule {path.stem}:\n", encoding="utf-8")
    began = "2020-01-01T00:00:00.000+00:00"
    read = {"sessions": [export], "instruments": [instrument]}
    record_job("check_data", began, read, {"checks": [folder / FILES[0]], "typed": [typed]})
    sessions = {"sessions": [folder / FILES[1]]}
    record_job("clean_data", "2020-01-01T00:00:01.000+00:00", {"typed": [typed]}, sessions, Ended(0, 12.3456, 789.4))
    drawn = {"svg": [folder / FILES[2]], "values": [folder / FILES[3]]}
    record_job("draw_figure", "2020-01-01T00:00:02.000+00:00", {"sessions": [folder / FILES[1]]}, drawn)
    record_job(
        "write_report",
        "2020-01-01T00:00:03.000+00:00",
        {"figures": [folder / FILES[2]]},
        {"report": [folder / FILES[4]]},
    )
    record_job("record_provenance", began, {"sessions": [export]}, {"copies": [folder / name for name in FILES[5:]]})
    record_made([folder / name for name in FILES])
    return folder


def describe(
    folder: Path, licence: str | None = None, publisher: dict[str, str] | None = None
) -> dict[str, dict[str, Any]]:
    """Write manifest and description, and return the entities by their names."""
    instrument = folder.parents[1] / "config/instruments/phq_9.yaml"
    write_manifest(
        files=[str(folder / name) for name in FILES],
        manifest=str(folder / MANIFEST),
        crate=str(folder / CRATE),
        folder=str(folder),
        stray=[],
        run={"name": "main", "title": "A study", "seed": 7, "compare_to": None},
        description="What was studied.",
        licence=licence,
        publisher=publisher,
        known={hashlib.sha256(instrument.read_bytes()).hexdigest(): "questionnaire phq_9"},
    )
    graph = json.loads((folder / CRATE).read_text(encoding="utf-8"))["@graph"]
    assert len({entity["@id"] for entity in graph}) == len(graph)
    return {entity["@id"]: entity for entity in graph}


def listed(value: Any) -> list[str]:
    """Return the entities that a property refers to."""
    return [item["@id"] for item in (value if isinstance(value, list) else [value] if value else [])]


def test_history_keeps_what_each_job_took(run: Path) -> None:
    took = {done.rule: (done.cpu_seconds, done.peak_mb) for done in read_history(run)}
    assert took["clean_data"] == (12.35, 789)
    assert took["check_data"] == (0, 0)  # nobody measured it


def test_every_job_is_an_action_with_times_tool_files_and_a_step_that_asked_for_it(run: Path) -> None:
    entities = describe(run)
    actions = [one for one in entities.values() if one["@type"] == "CreateAction" and one["@id"] != "#run"]
    assert [one["instrument"]["@id"] for one in actions] == [
        "#check_data", "#record_provenance", "#clean_data", "#draw_figure", "#write_report", "#write_manifest",
    ]  # fmt: skip
    drawn = next(one for one in actions if one["instrument"]["@id"] == "#draw_figure")
    assert drawn["startTime"] == "2020-01-01T00:00:02.000+00:00" < drawn["endTime"]
    assert (listed(drawn["object"]), listed(drawn["result"])) == ([FILES[1]], FILES[2:4])
    controls = {
        one["object"]["@id"]: one["instrument"]["@id"] for one in entities.values() if one["@type"] == "ControlAction"
    }
    assert controls == {one["@id"]: f"#step/{one['instrument']['@id'][1:]}" for one in actions}
    assert len(listed(entities["#organisation"]["object"])) == len(actions)
    assert set(listed(entities["./"]["mentions"])) == {"#run", *(one["@id"] for one in actions)}
    assert entities["#draw_figure"]["description"].startswith("Draw one figure")


def test_whatever_is_referred_to_is_described_and_every_parameter_has_an_example(run: Path) -> None:
    entities = describe(run)
    outside = ("http://schema.org/", "https://bioschemas.org/", "https://w3id.org/ro/crate/")
    named = {
        place
        for entity in entities.values()
        for value in entity.values()
        if isinstance(value, dict) or (isinstance(value, list) and isinstance(value[0], dict))
        for place in listed(value)
    }
    assert {place for place in named - entities.keys() if not place.startswith(outside)} == set()
    for parameter in (one for one in entities.values() if one["@type"] == "FormalParameter"):
        for place in listed(parameter["workExample"]):
            assert parameter["@id"] in listed(entities[place]["exampleOfWork"])


def test_files_of_the_run_are_parts_with_kind_size_and_hash(run: Path) -> None:
    entities = describe(run)
    manifest = pd.read_csv(run / MANIFEST).set_index("file")
    assert set(listed(entities["./"]["hasPart"])) == {*FILES, ORIGIN, MANIFEST}
    assert set(manifest.index) == {*FILES, ORIGIN, CRATE}
    for name in FILES:
        assert entities[name]["sha256"] == manifest.loc[name, "sha256"]
        assert entities[name]["contentSize"] == str(manifest.loc[name, "bytes"])
        assert entities[name]["encodingFormat"] == format_of(name)
    assert entities[SNAKEFILE]["@type"] == ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"]


def test_what_was_given_is_told_by_part_and_hash_never_by_name_or_place(run: Path) -> None:
    entities = describe(run)
    export = run.parents[1] / "home/anna" / EXPORT
    place = f"#given/sessions/{hashlib.sha256(export.read_bytes()).hexdigest()}"
    assert entities[place]["name"] == "sessions"
    assert entities[place]["encodingFormat"] == "text/csv"
    assert place in listed(entities["#run"]["object"])
    assert "questionnaire phq_9" in {one.get("name") for one in entities.values()}
    for text in ((run / name).read_text(encoding="utf-8") for name in (CRATE, HISTORY, MANIFEST)):
        for secret in ("Meierhofer", "P0042", "anna", str(run.parents[1]), Path.home().as_posix(), 'pickle"]'):
            assert secret not in text


def test_what_no_later_job_reads_is_what_the_run_gives(run: Path) -> None:
    results = listed(describe(run)["#run"]["result"])
    assert {FILES[0], FILES[3], "report.html", MANIFEST} <= set(results)
    assert FILES[1] not in results and FILES[2] not in results


def test_only_the_last_job_of_a_file_counts(run: Path) -> None:
    record_job("write_report", "2020-02-01T00:00:00.000+00:00", {}, {"report": [run / "report.html"]})
    assert [done.began[:7] for done in read_history(run) if done.rule == "write_report"] == ["2020-02"]
    before = read_history(run)
    shorten_history(run)
    assert read_history(run) == before
    assert len((run / HISTORY).read_text(encoding="utf-8").splitlines()) == len(before) == 5


def test_line_that_was_cut_short_makes_its_files_those_of_no_job(run: Path) -> None:
    lines = (run / HISTORY).read_text(encoding="utf-8").splitlines(keepends=True)
    (run / HISTORY).write_text("".join(lines[:3]) + lines[3][:40] + "\n" + lines[4], encoding="utf-8")
    assert "The job that made 1 of the files is not on record." in describe(run)["./"]["description"]


def test_what_was_copied_from_a_compared_run_names_it(run: Path) -> None:
    leave_receipt("key", [run / FILES[1]], "main")
    entities = describe(run)
    said = {one["@id"]: one["description"] for one in entities.values() if one["@type"] == "CreateAction"}
    assert [place for place, text in said.items() if "Taken from run 'main'" in text] == ["#job/3/clean_data"]


def test_licence_of_the_results_is_told_or_that_there_is_none(run: Path) -> None:
    entities = describe(run)
    assert entities["./"]["license"]["@id"] == "#licence"
    assert "Ask those who ran" in entities["#licence"]["description"]
    entities = describe(run, "CC-BY-4.0")
    assert entities["./"]["license"]["@id"] == LICENCES["CC-BY-4.0"].address
    assert entities[LICENCES["CC-BY-4.0"].address]["identifier"] == "CC-BY-4.0"


def test_readme_is_about_the_run_as_a_whole(run: Path) -> None:
    entity = describe(run)[README]
    assert (entity["about"], entity["encodingFormat"]) == ({"@id": "./"}, "text/markdown")


def test_readme_says_what_to_read_and_what_may_be_done_with_it() -> None:
    settings = in_results(builders.arms_config())
    settings["output"] |= {"licence": "CC-BY-4.0", "publisher": CLINIC}
    text = readme_of(settings)
    assert text.startswith(f"# {settings['run']['title']}\n\n{settings['study']['description']}\n")
    assert "Published by A clinic, https://clinic.example.org." in text
    assert LICENCES["CC-BY-4.0"].address in text
    settings["output"] |= {"licence": None, "publisher": None}
    assert "Published" not in readme_of(settings)


def test_institution_behind_a_run_is_told_where_it_is_declared_and_nothing_is_made_up(run: Path) -> None:
    entities = describe(run)
    assert "publisher" not in entities["./"]
    assert "url" not in entities[entities["./"]["author"]["@id"]]
    entities = describe(run, publisher=CLINIC)
    place = {"@id": CLINIC["address"]}
    assert (entities["./"]["publisher"], entities["./"]["author"], entities["#run"]["agent"]) == (place, place, place)
    told = {"@id": CLINIC["address"], "@type": "Organization", "name": "A clinic", "url": CLINIC["address"]}
    assert entities[CLINIC["address"]] == told


def test_software_has_versions_and_the_workflow_its_authors(run: Path) -> None:
    entities = describe(run)
    assert entities["#package/numpy"]["softwareVersion"] == __import__("numpy").__version__
    assert "#package/pymc" in listed(entities["#package/alliance"]["softwareRequirements"])
    assert entities[listed(entities[SNAKEFILE]["author"])[0]]["name"] == "The alliance developers"


def test_every_file_that_a_run_writes_has_a_declared_kind() -> None:
    names = expected_files(builders.arms_config())
    assert [name for name in names if Path(name).suffix not in FORMATS] == []
