"""The codebook says what was understood, with numbers of the export itself and nothing of single people."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest
import yaml

from alliance import Study
from alliance.report.tables import load_table

PATIENTS, SESSIONS = 24, 6
OVERLAY = """\
run: {name: codebook}
data:
  sessions: {path: data/raw/sessions.csv, keys: {patient: ID, session: SITZ}}
  patients: {path: data/raw/patients.csv, keys: {patient: ID}}
variables:
  alliance: {label: working alliance, column: BOND, measured: after, range: [1, 7], rater: patient}
  symptoms: {kind: scale, instrument: phq_9, items: "PHQ{item}", measured: before}
  both: {kind: composite, of: [alliance, warmth], measured: after}
  warmth: {column: WARM, measured: during, reliability: {within: 0.7, between: 0.9}}
  setting: {kind: category, column: SET, reference: room, measured: during}
  arm: {kind: category, table: patients, column: ARM, levels: {a: 0, b: 1, c: 2}}
  age: {table: patients, column: AGE, unit: years}
cleaning: {missing_codes: [99]}
"""


def write_project(root: Path, overlay: str = OVERLAY, **changes: Any) -> Path:
    """Write a project with an export and an overlay for it, and return the overlay's path."""
    rng = np.random.default_rng(3)
    sessions = pd.DataFrame({"ID": [f"secret{patient}" for patient in range(PATIENTS) for _ in range(SESSIONS)]})
    sessions["SITZ"] = np.tile(np.arange(1, SESSIONS + 1), PATIENTS)
    sessions["BOND"] = rng.integers(1, 8, len(sessions))
    sessions.loc[[1, 5], "BOND"] = 99
    for item in range(1, 10):
        sessions[f"PHQ{item}"] = rng.integers(0, 4, len(sessions))
    sessions["WARM"] = rng.normal(3, 1, len(sessions)).round(2)
    sessions["SET"] = np.where(sessions["ID"].isin(["secret1", "secret2"]), "Anna's kitchen", "room")
    sessions.loc[sessions["SITZ"] == 2, "SET"] = "video"
    patients = pd.DataFrame({"ID": sessions["ID"].unique(), "AGE": rng.integers(20, 60, PATIENTS).astype(float)})
    patients["ARM"] = ["a"] * 11 + ["b"] * 10 + ["c"] * 3
    patients.loc[[2, 3], "AGE"] = None
    (root / "data/raw").mkdir(parents=True)
    for name, table in {"sessions": sessions, "patients": patients, **changes}.items():
        table.to_csv(root / f"data/raw/{name}.csv", index=False)
    here = Path(__file__).parents[4]
    (root / "config").mkdir()
    (root / "config/instruments").symlink_to(here / "config/instruments")
    (root / "config/config.yaml").symlink_to(here / "config/config.yaml")
    (root / "config/mine.yaml").write_text(overlay, encoding="utf-8")
    return root / "config/mine.yaml"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("codebook")
    write_project(root)
    return root


@pytest.fixture(scope="module")
def codebook(root: Path) -> pd.DataFrame:
    return Study("config/mine.yaml", root=root).codebook.set_index("variable")


def test_numbers_are_those_of_the_cells_without_codes_for_missing(root: Path, codebook: pd.DataFrame) -> None:
    raw = pd.read_csv(root / "data/raw/sessions.csv")
    bond = raw["BOND"][raw["BOND"] != 99]
    row = codebook.loc["alliance"]
    assert (row["n"], row["missing"]) == (len(bond), 2)
    assert row["missing_share"] == pytest.approx(2 / len(raw), abs=1e-4)
    # Means are rounded to steps of at most five eighths of a standard error, of 24 patients.
    assert row["mean"] == pytest.approx(bond.mean(), abs=0.625 / 2 * bond.std() / np.sqrt(PATIENTS))
    assert row["sd"] == pytest.approx(bond.std(), abs=0.625 / 2 * bond.std() / np.sqrt(PATIENTS))
    total = raw[[f"PHQ{item}" for item in range(1, 10)]].sum(axis=1)
    assert codebook.loc["symptoms", "mean"] == pytest.approx(total.mean(), abs=0.25)
    both = pd.concat([bond, raw["WARM"]], axis=1, join="inner").sum(axis=1)
    assert codebook.loc["both", "mean"] == pytest.approx(both.mean(), abs=0.15)
    assert codebook.loc["both", "missing"] == 2


def test_each_variable_has_role_range_and_columns(codebook: pd.DataFrame) -> None:
    declared = yaml.safe_load(OVERLAY)["variables"]
    by_table = {
        table: [name for name in declared if declared[name].get("table", "sessions") == table]
        for table in ("sessions", "patients")
    }
    # What the question of ruptures makes of the alliance stands after what was declared.
    marks = codebook["kind"].str.startswith("rupture ")
    of_sessions, of_patients = (["patient", "session", *by_table["sessions"]], ["patient", *by_table["patients"]])
    assert list(codebook.index[~marks]) == of_sessions + of_patients
    assert set(codebook.loc[marks, "columns"]) == {"alliance"}
    assert marks.iloc[len(of_sessions) : len(of_sessions) + marks.sum()].all()
    row = codebook.loc["symptoms"]
    assert (row["role"], row["measured"], row["kind"]) == ("outcome", "before", "scale: PHQ-9, 9 items")
    assert (row["low"], row["high"], row["columns"]) == (0, 27, "PHQ1, ..., PHQ9 (9 columns)")
    assert codebook.loc["alliance", ["label", "low", "high", "rater"]].tolist() == ["working alliance", 1, 7, "patient"]
    assert codebook.loc["warmth", "kind"] == "number, reliability 0.7 within patients and 0.9 between"
    assert codebook.loc["age", ["role", "unit", "table"]].tolist() == ["in no model", "years", "patients"]


def test_ids_and_labels_of_few_people_are_in_no_cell(codebook: pd.DataFrame) -> None:
    text = codebook.to_csv()
    assert "secret" not in text
    assert "Anna" not in text
    # Two labels are hidden, since one would follow from the others.
    assert codebook.loc["setting", "shares"] == "video 17%, room, 1 other label: not shown"
    assert codebook.loc["arm", "shares"] == "a 46%, b, c: not shown"


def test_counts_of_few_patients_are_left_out_on_both_sides(codebook: pd.DataFrame) -> None:
    assert codebook.loc["age", ["n", "missing", "missing_share"]].isna().all()
    assert "fewer than 5 people" in codebook.loc["age", "note"]


def test_report_tells_nothing_of_patients_before_cleaning(root: Path, codebook: pd.DataFrame) -> None:
    config = Study("config/mine.yaml", root=root).config
    whole = codebook.reset_index()
    published = load_table("codebook").make({"codebook": whole}, config)
    of_people = published.data[published.data["table"] == "patients"]
    assert (
        of_people[["n", "missing", "missing_share", "mean", "sd"]].isna().all(axis=None)
        and not of_people["shares"].any()
    )
    of_sessions = whole["table"] == "sessions"
    pd.testing.assert_frame_equal(published.data[of_sessions], whole[of_sessions])
    assert "sample" in published.notes[-1]


def test_column_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    write_project(tmp_path, OVERLAY.replace("column: WARM", "column: WORM").replace("PHQ{item}", "phq_{item}"))
    notes = Study("config/mine.yaml", root=tmp_path).codebook.set_index("variable")["note"]
    assert notes["warmth"] == "not in the file"
    assert notes["symptoms"] == "9 of its 9 items are not in the file"
    assert notes["both"] == "one of its parts is not there"


def test_what_a_file_calls_a_score_is_shown_and_the_wording_of_its_items_is_not(tmp_path: Path) -> None:
    write_project(tmp_path, OVERLAY.replace("sessions.csv", "sessions.sav"))
    table = pd.read_csv(tmp_path / "data/raw/sessions.csv")
    titles = {"BOND": "bond, mean of four", "PHQ1": "Wording of the first item"}
    pyreadstat.write_sav(table, tmp_path / "data/raw/sessions.sav", column_labels=titles)
    told = Study(tmp_path / "config/mine.yaml", root=tmp_path).codebook.set_index("variable")["in_file"]
    assert "called 'bond, mean of four'" in told["alliance"]
    assert not told.str.contains("Wording").any()
