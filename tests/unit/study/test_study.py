"""The door: a study is what the workflow makes of it, and what goes wrong says what to do."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import alliance
from alliance import Study
from alliance.errors import ConfigError, DataError
from alliance.models.fitting import settings_for
from alliance.runs.artefacts import read_artefact
from alliance.runs.files import write_parquet
from alliance.runs.plan import bare_spec
from alliance.steps.fit import fit_model
from tests.workflow.project import AS_RECORDED, Project, copy_project

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the project with the first patients of the example study."""
    return copy_project(tmp_path_factory.mktemp("door") / "project")


@pytest.fixture(scope="module")
def study(project: Project) -> Study:
    return Study(root=project.root)


def test_package_is_imported_without_anything_heavy() -> None:
    code = "import sys, alliance; print(*({'pandas', 'pydantic', 'yaml'} & set(sys.modules)))"
    assert {"Run", "Study"} <= set(dir(alliance))
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == []


def test_study_waits_for_no_library_of_the_fits() -> None:
    code = "import sys; from alliance import Study; Study(); print(*({'xarray', 'arviz', 'pymc', 'numba'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == []


def test_study_without_overlay_is_the_example_study(study: Study) -> None:
    assert study.config.run.name == "main"
    assert list(study.models["name"]) == list(study.specs)
    models = study.models.set_index("name")
    assert "(1 + technique | patient)" in models.loc["technique_jointly", "equations"]
    assert models.loc[["technique_jointly", "technique_by_arm", "variance"], "depth"].tolist() == ["nuts", "ml", ""]


def test_settings_are_merged_as_overlays_are(project: Project) -> None:
    settings = {"panel": {"lag": 2}, "priors": {"slope_sd": 2.5}}
    project.write("config/lagged.yaml", "panel: {lag: 3}\n")
    assert Study(settings, root=project.root).config.panel.lag == 2
    assert Study("config/lagged.yaml", root=project.root).config.panel.lag == 3
    assert Study("config/lagged.yaml", settings, root=project.root).config.panel.lag == 2


def test_replaced_settings_are_not_inherited(project: Project) -> None:
    spec = {"label": "Variance", "family": "textbook", "analysis": "variance", "variables": ["symptoms"]}
    study = Study({"models": {"fit": ["only"], "specs": {"only": spec}}}, replace=["models"], root=project.root)
    assert list(study.specs) == ["only"]


def test_working_directory_is_free_and_stays(
    project: Project, study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    elsewhere = Study(root=project.root).panel
    assert Path.cwd() == tmp_path
    monkeypatch.chdir(project.root / "config")
    pd.testing.assert_frame_equal(Study().panel, elsewhere)
    pd.testing.assert_frame_equal(study.panel, elsewhere)


def test_tables_are_made_once_and_may_be_changed(study: Study) -> None:
    panel = study.panel
    panel["alliance"] = 0.0
    panel["mine"] = 1
    assert "mine" not in study.panel and study.panel["alliance"].max() > 12
    assert study._panel is study._panel


def test_errors_in_the_data_are_refused_with_the_message_of_the_pipeline(project: Project) -> None:
    sessions = (project.root / "data/example/sessions.csv").read_text(encoding="utf-8")
    project.write("data/broken.csv", sessions.replace("wai_3,", "wei_3,", 1))
    study = Study({"data": {"sessions": {"path": "data/broken.csv"}}}, root=project.root)
    assert "error" in set(study.findings["severity"])
    with pytest.raises(
        DataError, match=r"^1 error in the data stops the run:\n  - broken\.csv has no column 'wai_3'\. Did you mean"
    ):
        _ = study.panel


def test_unknown_names_are_refused_with_a_suggestion(study: Study) -> None:
    with pytest.raises(ConfigError, match=r"no model 'technique_jointy'\. Did you mean 'technique_jointly'"):
        study.fit("technique_jointy")
    with pytest.raises(ConfigError, match=r"models\.specs\.technique_jointly\.dept.*Did you mean 'depth'"):
        study.fit("technique_jointly", dept="ml")
    with pytest.raises(ConfigError, match=r"models\.specs\.technique_jointly\.depth"):
        study.fit("technique_jointly", depth="lm")
    with pytest.raises(ConfigError, match=r"is not a setting of the base configuration\. Did you mean 'models'"):
        Study(replace=["model"], root=study.root)
    with pytest.raises(ConfigError, match=r"config/clinic\.yaml does not exist"):
        Study("config/clinic.yaml", root=study.root)
    with pytest.raises(ConfigError, match=r"no config/config\.yaml in .*root="):
        Study(root=study.root / "data")


def test_model_that_the_workflow_does_not_fit_is_checked_before_it_is_fitted(study: Study) -> None:
    late = {"symptoms": {"on": ["alliance", "alliance_lag"]}}
    with pytest.raises(ConfigError, match="'alliance' is not measured before 'symptoms'"):
        study.fit("alliance_predicts_symptoms", equations=late)


def test_truth_of_real_data_is_unknown(study: Study) -> None:
    assert {"path", "effect", "level", "value"} <= set(study.truth.columns)
    with pytest.raises(ConfigError, match=r"study\.truth: these data are not simulated"):
        _ = Study({"study": {"truth": None}}, root=study.root).truth


def test_fit_is_that_of_the_workflow(project: Project, tmp_path: Path) -> None:
    study = Study(AS_RECORDED, root=project.root)
    name, config = "technique_by_arm", study.config
    assert config.models.specs[name].depth == "ml"
    write_parquet(study.panel, tmp_path / "panel.parquet")
    fit_model(
        panel=str(tmp_path / "panel.parquet"),
        draws=str(tmp_path / "draws.nc"),
        flow=str(tmp_path / "flow.csv"),
        model=name,
        spec=bare_spec(config.models.specs[name]),
        settings=settings_for(config.models.specs[name], config),
    )
    fit = study.fit(name)
    pd.testing.assert_frame_equal(read_artefact(tmp_path / "flow.csv"), fit.flow, check_dtype=False)
    from alliance.results.fits import tabulate_fit
    from alliance.runs.files import read_tree

    for table, rows in tabulate_fit(read_tree(tmp_path / "draws.nc"), config.inference).items():
        if table != "draws":
            pd.testing.assert_frame_equal(rows, getattr(fit, table), check_exact=True)


def test_fit_to_other_rows_uses_those(study: Study) -> None:
    late = study.panel.query("session > 3")
    fit = study.fit("alliance_predicts_symptoms", panel=late, label="Later sessions")
    assert fit.estimates["n_sessions"].max() <= len(late)
    assert fit.summary().startswith("Later sessions (alliance_predicts_symptoms)")
    with pytest.raises(AttributeError, match=r"A fit has no 'estimate'\. Did you mean 'estimates'"):
        _ = fit.estimate


def test_study_and_fit_show_themselves_safely(project: Project) -> None:
    study = Study({"run": {"title": "Does <b> matter?"}}, root=project.root)
    assert "&lt;b&gt;" in study._repr_html_() and "technique_jointly" in study._repr_html_()
    assert "data/example/sessions.csv" in repr(study)
