"""The steps that check and clean: the example study, the real data sets, and what is written when."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from alliance.config import merge_with_base, read_yaml, validate_config
from alliance.facts.artefacts import ARTEFACTS
from alliance.steps.prepare import accept_data, check_data, clean_data

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared/data"
OUTPUTS = {
    "sessions": "sessions.parquet",
    "patients": "patients.parquet",
    "therapists": "therapists.parquet",
    "cleaning": "cleaning.csv",
    "flow_data": "flow.csv",
}


def settings_of(*files: str) -> dict[str, Any]:
    base, *overlays = [read_yaml(ROOT / "config" / file) for file in files]
    return validate_config(merge_with_base(base, overlays)).model_dump(mode="json", by_alias=True)


def prepare(settings: dict[str, Any], folder: Path, **extra: Any) -> dict[str, pd.DataFrame]:
    """Run the steps as the workflow does and read what they wrote."""
    tables = {name: str(ROOT / source["path"]) for name, source in settings["data"].items() if source}
    keys = sorted({str(v["instrument"]) for v in settings["variables"].values() if v["instrument"]})
    checks, typed = str(folder / "checks.csv"), str(folder / "typed.pickle")
    check_data(
        **tables,
        instruments=[str(ROOT / f"config/instruments/{key}.yaml") for key in keys],
        checks=checks,
        typed=typed,
        **{section: settings[section] for section in ("data", "variables", "cleaning")},
        smallest_groups={},
    )
    accept_data(checks=checks, accepted=str(folder / "accepted.txt"))
    clean_data(typed=typed, **{name: str(folder / file) for name, file in OUTPUTS.items()}, **extra)
    written = {path.stem: path for path in folder.iterdir() if path.suffix in (".csv", ".parquet")}
    return {
        name: pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path) for name, path in written.items()
    }


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    return prepare(settings_of("config.yaml"), tmp_path_factory.mktemp("example"))


def _truth() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "data/example/truth.yaml").read_text(encoding="utf-8"))["dirt"]


def _counts(tables: dict[str, pd.DataFrame], table: str) -> pd.DataFrame:
    report = tables["cleaning"]
    return report[report["table"] == table].set_index("rule")


def test_cleaning_finds_as_much_dirt_as_was_put_into_the_example(example: dict[str, pd.DataFrame]) -> None:
    dirt, counts = _truth()["sessions"], _counts(example, "sessions")
    assert counts.loc["missing_codes", "cells"] == dirt["missing_codes"]
    assert counts.loc["out_of_range", "cells"] == dirt["out_of_range"]
    assert counts.loc["duplicates_identical", "rows"] == dirt["identical_duplicates"]
    assert counts.loc["duplicates_conflicting", "rows"] == dirt["conflicting_duplicates"]
    assert counts.loc["orphans", "rows"] == dirt["orphan_rows"]
    misspelled = dirt["id_blanks"] + dirt["id_case"] + dirt["id_zeros"]
    assert counts.loc[["ids_patient", "ids_therapist"], "cells"].sum() == misspelled
    added = dirt["identical_duplicates"] + dirt["conflicting_duplicates"] + dirt["orphan_rows"]
    assert example["flow"]["n_sessions"].iloc[0] - added == len(example["sessions"])


def test_as_many_patients_of_the_example_change_their_therapist_as_truth_says(example: dict[str, pd.DataFrame]) -> None:
    raw = pd.read_csv(ROOT / "data/example/sessions.csv", dtype="str")
    ids = raw[["client_id", "therapist_id"]].apply(lambda column: column.str.strip().str[1:].astype(int))
    several = ids[ids["client_id"] > 0].groupby("client_id")["therapist_id"].nunique() > 1
    assert several.sum() == _truth()["sessions"]["therapist_changes"]
    assert "therapist_change" in set(example["checks"]["rule"])


def test_cleaning_finds_the_dirt_in_the_patients_table(example: dict[str, pd.DataFrame]) -> None:
    dirt, counts = _truth()["patients"], _counts(example, "patients")
    assert counts.loc["missing_codes", "cells"] == dirt["missing_codes"]
    assert counts.loc["out_of_range", "cells"] == dirt["out_of_range"]


def test_example_has_no_errors_and_known_columns(example: dict[str, pd.DataFrame]) -> None:
    assert set(example["checks"]["severity"]) == {"warning"}
    assert list(example["checks"].columns) == ARTEFACTS["checks"].header
    assert list(example["cleaning"].columns) == ARTEFACTS["cleaning"].header
    assert list(example["flow"].columns) == ARTEFACTS["flow"].header


def test_example_tables_have_codes_and_a_unique_key(example: dict[str, pd.DataFrame]) -> None:
    sessions, patients = example["sessions"], example["patients"]
    assert not sessions.duplicated(["patient", "session"]).any()
    assert sessions["patient"].str.fullmatch(r"P\d{3}").all()
    assert patients["therapist"].str.fullmatch(r"T\d{2}").all()
    assert sessions.groupby("patient")["therapist"].nunique().max() == 1
    assert sessions.equals(sessions.sort_values(["patient", "session"], ignore_index=True))
    assert (sessions.groupby("patient")["days"].min() == 0).all()
    assert example["flow"]["n_sessions"].iloc[-1] == len(sessions)
    assert not any(sessions[column].astype(str).str.contains(r"\bC\d{4}\b").any() for column in sessions)


def test_ids_are_written_only_where_a_place_for_them_is_named(tmp_path: Path) -> None:
    settings = settings_of("config.yaml")
    assert "ids" not in prepare(settings, tmp_path)
    written = prepare(settings, tmp_path, ids=str(tmp_path / "ids.csv"))["ids"]
    assert written["table"].value_counts().to_dict() == {"patients": 300, "therapists": 30}


def _needs(folder: str) -> None:
    if not (SHARED / folder).is_dir():
        pytest.skip(f"the real data set {folder} is not beside the project (../shared/data)")


def test_suddengains_data_are_read_from_their_wide_file(tmp_path: Path) -> None:
    _needs("suddengains_bdi_rq")
    tables = prepare(settings_of("config.yaml", "suddengains.yaml"), tmp_path)
    sessions = tables["sessions"]
    long = pd.read_csv(SHARED / "suddengains_bdi_rq/data.csv").dropna(subset=["bdi", "rq"], how="all")
    assert sessions["patient"].nunique() == 43
    assert set(sessions["session"]) == set(range(13))
    # The same values as in the long file of the same study, which this run does not read.
    assert len(sessions) == len(long)
    assert sessions[["depression", "rumination"]].sum().tolist() == long[["bdi", "rq"]].sum().tolist()
    assert sessions["days"].isna().all()
    assert set(tables["checks"]["rule"]) == {"read_as", "column_unmapped"}


def test_beat_the_blues_patients_are_taken_from_the_file_of_assessments(tmp_path: Path) -> None:
    _needs("btheb_rct")
    tables = prepare(settings_of("config.yaml", "beat_the_blues.yaml"), tmp_path)
    # Three patients have rows without any assessment: these are no sessions.
    assert tables["patients"]["treatment"].value_counts().to_dict() == {"BtheB": 52, "TAU": 45}
    assert tables["flow"]["n_patients"].tolist()[:1] == [100]
    assert len(tables["sessions"]) == tables["sessions"]["depression"].notna().sum() == 280
    assert (tables["checks"]["severity"] == "error").sum() == 0
