"""The walk through config/README.md, from an SPSS file to the panel, as a new user would do it."""

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alliance import Study
from alliance.models.rows import select_rows
from alliance.runs import guards
from tests.config.clinic import EXPORT, OVERLAY, PATIENTS, PHQ, ROOT, WAI, clinic_frame, overlay_text, write_sav


def new_project(root: Path, overlay: str, frame: pd.DataFrame, **options: dict) -> Path:
    shutil.copytree(ROOT / "config", root / "config", ignore=shutil.ignore_patterns("local*"))
    (root / OVERLAY).write_text(overlay, encoding="utf-8")
    write_sav(frame, root / EXPORT, **options)
    return root


def touched(study: Study, rule: str) -> int:
    """Return how many cells a cleaning rule changed."""
    return int(study.cleaning.loc[study.cleaning["rule"] == rule, "cells"].sum())


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return clinic_frame()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, frame: pd.DataFrame) -> Path:
    return new_project(tmp_path_factory.mktemp("walk"), overlay_text(), frame)


@pytest.fixture(scope="module")
def study(root: Path) -> Study:
    return Study(OVERLAY, root=root)


def test_overlay_passes_what_is_refused_before_a_run(root: Path, study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    guards.check_names(study.config)
    guards.check_files(study.config, Path("config/instruments"))
    guards.check_overlay(study.config, Path("config/config.yaml"), [OVERLAY], is_overlay=True)
    assert study.config.run.name == "clinic"


def test_nothing_of_the_example_study_is_inherited_in_replaced_sections(study: Study) -> None:
    config = study.config
    assert set(config.variables) == {"alliance", "symptoms", "technique"}
    assert config.data.patients is None and config.data.therapists is None
    assert config.data.sessions.date_format is None
    assert config.study.truth is None and config.study.randomised == []
    assert set(config.models.specs) == set(config.models.fit)


def test_export_has_no_findings_and_no_row_is_lost(study: Study, frame: pd.DataFrame) -> None:
    assert study.findings.empty
    assert len(study.panel) == len(study.sessions) == len(frame)
    assert study.panel["patient"].nunique() == PATIENTS
    assert study.panel["therapist"].nunique() == frame["THERA"].nunique()


def test_ids_are_read_with_their_zeros_and_leave_no_trace(study: Study, frame: pd.DataFrame) -> None:
    ids = set(frame["KLIENT"])
    assert set(study.raw["sessions"]["KLIENT"]) == ids and "0017" in ids
    for table in (study.sessions, study.patients, study.scores, study.panel):
        assert table["patient"].str.fullmatch(r"P\d{3}").all()
        assert not ids & set(table.select_dtypes(["object", "string"]).stack().unique())


def test_scores_are_the_sums_of_the_answers_not_of_labels(study: Study, frame: pd.DataFrame) -> None:
    complete = frame[[*WAI, *PHQ]].notna().all(axis="columns")
    by_hand = sorted(
        zip(frame.loc[complete, WAI].sum(axis="columns"), frame.loc[complete, PHQ].sum(axis="columns"), strict=True)
    )
    answered = study.sessions.filter(regex="__").notna().all(axis="columns")
    scored = study.scores.loc[answered.to_numpy(), ["alliance", "symptoms"]]
    assert sorted(scored.itertuples(index=False, name=None)) == by_hand
    assert len(by_hand) > 300


def test_weeks_come_from_the_dates(study: Study, frame: pd.DataFrame) -> None:
    dates = pd.to_datetime(frame["DATUM"])
    longest = (dates - dates.groupby(frame["KLIENT"]).transform("min")).dt.days.max()
    assert study.panel["days"].max() == longest
    np.testing.assert_allclose(study.panel["weeks"], study.panel["days"] / 7)


def test_every_name_the_readme_explains_is_in_the_panel(study: Study) -> None:
    section = (ROOT / "config/README.md").read_text(encoding="utf-8").split("Endings of names:")[1].split("\n## ")[0]
    names = [
        name
        for row in re.findall(r"^\| (`.*?) \|", section, flags=re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    ]
    assert {"alliance_lag", "alliance_bond", "weeks"} <= set(names)
    assert set(names) <= set(study.panel.columns)


def test_every_path_model_of_the_overlay_has_rows(study: Study) -> None:
    paths = {name: spec for name, spec in study.config.models.specs.items() if spec.analysis == "path"}
    assert set(paths) == {"technique_jointly"}
    for name, spec in paths.items():
        rows, _ = select_rows(study.panel, name, spec)
        assert set(rows) == set(spec.equations)
        assert all(len(part) > 300 for part in rows.values())


@pytest.mark.parametrize("declared", [True, False], ids=["declared in SPSS", "left to the overlay"])
def test_code_for_a_missing_answer_is_never_scored(tmp_path: Path, frame: pd.DataFrame, declared: bool) -> None:
    spoiled = frame.copy()
    spoiled.loc[[3, 4], "WAI3"] = 99
    missing = {"missing": {"WAI3": [99.0]}} if declared else {}
    study = Study(OVERLAY, root=new_project(tmp_path, overlay_text(), spoiled, **missing))
    assert study.sessions["alliance__3"].max() <= 5
    assert touched(study, "missing_codes") == (0 if declared else 2)
    assert study.scores["alliance"].max() <= 60


def change(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the overlay"
    return text.replace(old, new)


def test_dates_as_text_need_only_their_format(tmp_path: Path, frame: pd.DataFrame, study: Study) -> None:
    spoiled = frame.assign(DATUM=pd.to_datetime(frame["DATUM"]).dt.strftime("%d.%m.%Y"))
    overlay = change(
        overlay_text(), "    keys: {patient: KLIENT", '    date_format: "%d.%m.%Y"\n    keys: {patient: KLIENT'
    )
    pd.testing.assert_frame_equal(Study(OVERLAY, root=new_project(tmp_path, overlay, spoiled)).panel, study.panel)


def test_ids_exported_as_numbers_give_the_same_panel(tmp_path: Path, frame: pd.DataFrame, study: Study) -> None:
    spoiled = frame.assign(KLIENT=frame["KLIENT"].astype("float64"))
    pd.testing.assert_frame_equal(
        Study(OVERLAY, root=new_project(tmp_path, overlay_text(), spoiled)).panel, study.panel
    )


@pytest.mark.parametrize("reference", ["weiblich", "'1'"], ids=["value label", "code in quotes"])
def test_patient_columns_of_the_same_file_are_described_as_the_readme_says(
    tmp_path: Path, frame: pd.DataFrame, reference: str
) -> None:
    spoiled = frame.assign(SEX=(frame["KLIENT"].astype("int64") % 2 + 1).astype("float64"))
    table = f"  patients:\n    path: {EXPORT}\n    keys: {{patient: KLIENT, therapist: THERA}}\n\nvariables:\n"
    gender = f"  gender: {{label: gender, table: patients, kind: category, column: SEX, reference: {reference}}}\n"
    overlay = change(overlay_text(), "\nvariables:\n", table + gender)
    options = {"labels": {"SEX": {1.0: "weiblich", 2.0: "divers"}}}
    study = Study(OVERLAY, root=new_project(tmp_path, overlay, spoiled, **options))
    assert len(study.patients) == PATIENTS
    dummy = [column for column in study.panel if str(column).startswith("gender_")]
    assert len(dummy) == 1
    assert (
        study.panel.groupby("patient")[dummy[0]].first().sum() == spoiled.groupby("KLIENT")["SEX"].first().eq(2).sum()
    )
