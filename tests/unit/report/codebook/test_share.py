"""Data for others: nobody can be told by what others may know of them, and every column is described as Psych-DS asks."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.config import Config
from alliance.config.instruments import read_instruments
from alliance.errors import DataError
from alliance.report.codebook.protect import check_combinations, count_rare, identifying_in, protect_tables
from alliance.report.codebook.psychds import declare_columns
from alliance.runs.artefacts import write_artefact
from alliance.runs.plan import SHARED, expected_files, plain, shown_settings
from alliance.steps.share import share_data
from tests.artefacts import builders
from tests.artefacts.runs import ROOT

MINIMUM = 5
INSTRUMENTS = [str(ROOT / f"config/instruments/{name}.yaml") for name in ("wai_sr", "phq_9")]


def config_with(**privacy: Any) -> Config:
    config = builders.arms_config()
    settings = plain(config)
    settings["privacy"] |= {"share_data": True, "identifying": ["age", "gender", "clinic"], **privacy}
    return Config.model_validate(settings)


def clean_tables(patients: int = 120, therapists: int = 12) -> dict[str, pd.DataFrame]:
    """Return tables as the cleaning leaves them, with a patient, a therapist and courses that stand out."""
    random = np.random.default_rng(3)
    codes = [f"P{number:03d}" for number in range(1, patients + 1)]
    of = [f"T{number % therapists + 1:02d}" for number in range(patients - 2)] + ["T99", "T99"]
    own = pd.DataFrame(
        {
            "patient": codes, "therapist": of, "arm": random.choice(["standard", "alliance_focused"], patients),
            "clinic": random.choice(["north", "south"], patients),
            "age": random.integers(20, 60, patients).astype(float),
            "gender": ["non_binary", *random.choice(["woman", "man"], patients - 1)],
            "expectations": random.normal(5, 1, patients).round(1),
        }
    )  # fmt: skip
    own.loc[0, "age"] = 97.0
    rows = [(code, number, 7.0 * (number - 1) + 0.3) for code in codes for number in range(1, 5)]
    rows += [("P001", number, 7.0 * number) for number in range(5, 40)]  # one who stayed far longer than all others
    sessions = pd.DataFrame(rows, columns=["patient", "session", "days"])
    sessions["weeks"] = sessions["days"] / 7
    sessions["therapist"] = sessions["patient"].map(dict(zip(codes, of, strict=True)))
    sessions["alliance__1"] = random.integers(1, 6, len(sessions)).astype(float)
    sessions["delivery"] = ["text", *random.choice(["video", "in_person"], len(sessions) - 1)]
    led = pd.DataFrame({"therapist": sorted(set(of)), "experience": np.arange(float(len(set(of))))})
    return {"sessions": sessions, "patients": own, "therapists": led}


def test_every_combination_of_what_others_know_is_shared_by_enough_people() -> None:
    tables = clean_tables()
    known = ["age", "gender", "clinic"]
    assert count_rare(tables["patients"], known, MINIMUM) > 100
    shared = protect_tables(tables, config_with())
    sizes = shared.tables["patients"].groupby(known, dropna=False).size()
    assert sizes.min() >= MINIMUM
    assert shared.tables["patients"][known].notna().mean().min() > 0.5, "what enough people share stays"
    assert not shared.tables["patients"]["age"].astype(str).str.contains("97").any()
    assert "non_binary" not in set(shared.tables["patients"]["gender"])
    pd.testing.assert_series_equal(
        shared.tables["patients"]["expectations"].sort_values(ignore_index=True),
        tables["patients"]["expectations"].sort_values(ignore_index=True),
    )


def test_all_columns_of_people_identify_unless_some_are_named_and_random_groups_never_do() -> None:
    tables = clean_tables()
    found = identifying_in(tables, config_with(identifying=None))
    assert found == {
        "sessions": [],
        "patients": ["clinic", "age", "gender", "expectations"],
        "therapists": ["experience"],
    }
    shared = protect_tables(tables, config_with(identifying=None))
    for name, columns in found.items():
        assert count_rare(shared.tables[name], columns, MINIMUM) == 0
    with pytest.raises(
        DataError, match=r"privacy\.identifying: alliance: not in the tables .* There are: arm, clinic, age"
    ):
        identifying_in(tables, config_with(identifying=["alliance"]))


def test_rare_combinations_are_refused_with_what_to_do() -> None:
    with pytest.raises(
        DataError, match=r"3 people could be told by age, clinic, which fewer than 5 share .*share_data to false"
    ):
        check_combinations(pd.DataFrame({"age": [1] * 6 + [2] * 3, "clinic": "north"}), ["age", "clinic"], MINIMUM)


def test_data_of_few_patients_are_not_shared() -> None:
    with pytest.raises(DataError, match=r"there are 4 patients, fewer than privacy\.minimum_cell \(5\)"):
        protect_tables(clean_tables(4), config_with())


def test_few_therapists_have_nothing_that_others_could_know() -> None:
    shared = protect_tables(clean_tables(60, 3), config_with(identifying=["experience"]))
    assert shared.tables["therapists"]["experience"].isna().all()


def test_dates_are_whole_weeks_and_long_courses_end_where_few_are_left() -> None:
    tables = clean_tables()
    sessions = protect_tables(tables, config_with()).tables["sessions"]
    assert list(sessions.columns[:3]) == ["patient", "session", "week"]
    assert not {"days", "weeks"} & set(sessions.columns)
    assert sessions["session"].max() == 4
    assert sorted(sessions["week"].dropna().unique()) == [0, 1, 2, 3]
    assert "text" not in set(sessions["delivery"])


def test_codes_say_nothing_of_the_order_of_the_clean_data_and_therapists_with_few_patients_are_blank() -> None:
    tables = clean_tables()
    shared = protect_tables(tables, config_with()).tables
    answers = shared["sessions"].groupby("patient")["alliance__1"].first().to_numpy()
    before = tables["sessions"].groupby("patient")["alliance__1"].first().to_numpy()
    assert not np.array_equal(answers, before)
    assert set(shared["patients"]["patient"]) == set(shared["sessions"]["patient"])
    assert (shared["patients"].groupby("therapist").size() >= MINIMUM).all()
    assert shared["patients"]["therapist"].isna().sum() == 2
    assert set(shared["therapists"]["therapist"]) == set(shared["patients"]["therapist"].dropna())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set as the step writes it."""
    root = tmp_path_factory.mktemp("share")
    places = {name: root / f"{name}.parquet" for name in ("sessions", "patients", "therapists")}
    for name, table in clean_tables().items():
        write_artefact(name, table, places[name])
    settings = plain(config_with())
    settings["output"]["licence"] = "CC-BY-4.0"
    share_data(
        **{name: str(path) for name, path in places.items()},
        instruments=INSTRUMENTS,
        **{name: str(root / path) for name, path in SHARED.items()},
        settings=settings,
    )
    return root / "shared"


def test_folder_keeps_the_rules_of_psych_ds(folder: Path) -> None:
    described = json.loads((folder / "dataset_description.json").read_text(encoding="utf-8"))
    assert described["@type"] == "Dataset" and described["@context"].rstrip("/") == "http://schema.org"
    assert all(described[name] for name in ("name", "description", "variableMeasured", "license", "schemaVersion"))
    files = sorted(path for path in (folder / "data").rglob("*") if path.is_file())
    assert len(files) == 3
    headers = set()
    for path in files:
        assert re.fullmatch(r"([a-z]+-[a-zA-Z0-9]+_)+data\.csv", path.name)
        header, *rows = path.read_bytes().decode("utf-8").splitlines()
        assert rows and all(row.count(",") == header.count(",") for row in rows if '"' not in row)
        assert len(set(header.split(","))) == header.count(",") + 1
        headers |= set(header.split(","))
    assert headers == {one["name"] for one in described["variableMeasured"]}
    assert all(one["@type"] == "PropertyValue" and one["description"] for one in described["variableMeasured"])


def test_columns_are_described_with_unit_ends_levels_and_what_blank_means(folder: Path) -> None:
    described = json.loads((folder / "dataset_description.json").read_text(encoding="utf-8"))
    columns = {one["name"]: one for one in described["variableMeasured"]}
    assert columns["alliance__1"]["description"].startswith("Item 1 of WAI-SR (working alliance), rated by patient")
    assert (columns["alliance__1"]["minValue"], columns["alliance__1"]["maxValue"]) == (1, 5)
    assert columns["week"]["unitText"] == "weeks"
    assert columns["gender"]["valuePattern"] == "man|woman"
    assert columns["age"]["unitText"] == "years" and columns["age"]["valuePattern"].startswith("below ")
    assert all("empty cell" in one["description"] for one in columns.values())
    codebook = pd.read_csv(folder / "documentation/codebook.csv").set_index("column")
    assert set(codebook.index) == set(columns)
    assert codebook.loc["expectations", ["low", "high"]].tolist() == [0, 10]


def test_readme_says_what_was_changed_without_small_counts(folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    for said in (
        "whole weeks",
        "drawn at random",
        "Therapists with fewer than 5 patients are blank",
        "Numbers became ranges (age)",
    ):
        assert said in text
    assert "labels of gender that fewer than 5 have are blank" in text
    assert "CC-BY-4.0" in text
    assert not re.search(r"\b[1-4] (people|values|patients)\b", text)


def test_data_set_is_expected_only_where_it_is_allowed_and_changes_nothing_that_is_shown() -> None:
    without = builders.arms_config()
    assert not without.privacy.share_data
    assert set(expected_files(config_with())) - set(expected_files(without)) == set(SHARED.values())
    assert shown_settings(config_with()) == shown_settings(without)


def test_every_column_of_every_table_is_declared_once() -> None:
    config = config_with()
    shared = protect_tables(clean_tables(), config)
    named = [column.name for column in declare_columns(shared, config, read_instruments(INSTRUMENTS))]
    assert len(named) == len(set(named))
    assert set(named) == {column for table in shared.tables.values() for column in table.columns}
