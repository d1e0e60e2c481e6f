"""The steps of the recovery from settings to files, at a size of two studies."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.certify.recovery import COLUMNS
from alliance.certify.settings import jobs_of
from alliance.certify.summary import SUMMARY_COLUMNS
from alliance.errors import ConfigError
from alliance.facts.effects import EFFECTS
from alliance.steps.recover import (
    publish_validation,
    rank_parameters,
    recover_effects,
    summarise_calibration,
    summarise_recovery,
)
from tests.unit.certify.settings_for_tests import INFERENCE, PRIORS, SAMPLING, settings

USED = settings()
DESIGN, DYNAMIC = "patients_60_sessions_5", "dynamic_300_sessions_6"


def recover(folder: Path, method: str, design: str = DESIGN) -> str:
    path = str(folder / design / f"{method}.parquet")
    recover_effects(
        studies=path,
        settings=USED.model_dump(exclude={"calibration"}),
        design=design,
        method=method,
        numbers=(0, 2),
        priors=PRIORS.model_dump(),
        inference=INFERENCE.model_dump(),
    )
    return path


@pytest.mark.slow
def test_studies_are_fitted_by_both_methods_and_summarised(tmp_path: Path) -> None:
    paths = [recover(tmp_path, method) for method in ("ml", "textbook")] + [recover(tmp_path, "ml", DYNAMIC)]
    joint, textbook, dynamic = map(pd.read_parquet, paths)
    assert list(joint) == COLUMNS
    # Every true effect is reported within and between patients; few therapists do not tell how their averages differ, so slopes between
    # them may be withheld.
    assert (joint["level"] == "within").sum() == 2 * 8 and (joint["level"] == "between_patient").sum() == 2 * 6
    assert (dynamic["level"] == "within").sum() == 2 * 11 and (dynamic["level"] == "between_patient").sum() == 2 * 6
    spreads = {
        "patient": 5 + 4,
        "therapist": 3 + 2,
        "session": 3,
    }  # standard deviations, and correlations that are not zero
    for level, count in spreads.items():
        assert (joint["level"] == level).sum() == 2 * count
    assert set(joint["level"]) | set(dynamic["level"]) <= {"within", "between_patient", "between_therapist", *spreads}
    # All but the covariance and the correlations of the slopes, which separate models cannot know.
    assert textbook["effect"].isin(EFFECTS).all() and set(textbook["effect"]) & {"cov_ab", "correlation"} == set()
    assert (textbook["level"] == "within").sum() == 2 * 7
    assert np.isfinite(joint[["estimate", "sd", "low", "high"]]).all(axis=None)
    # Two studies with 60 patients: each effect lies within 5 standard errors of the truth.
    assert ((joint["estimate"] - joint["truth"]).abs() < 5 * joint["sd"]).all()
    files = {name: str(tmp_path / f"recovery.{name}") for name in ("table", "svg", "png")}
    labels = {name: design.label for name, design in USED.designs.items()}
    methods = {name: method.label for name, method in USED.methods.items()}
    summarise_recovery(studies=paths, designs=labels, methods=methods, dpi=72, **files)
    table = pd.read_csv(files["table"])
    assert list(table) == SUMMARY_COLUMNS
    assert (table.loc[table["level"] != "between_therapist", "n_studies"] == 2).all()
    svg = Path(files["svg"]).read_text(encoding="utf-8")
    assert labels[DESIGN] in svg and labels[DYNAMIC] in svg
    assert labels["patients_300_sessions_16"] not in svg  # no panel for a design without studies
    assert Path(files["png"]).read_bytes().startswith(b"\x89PNG")


def test_the_same_study_comes_back_whichever_job_it_is_in(tmp_path: Path) -> None:
    whole = pd.read_parquet(recover(tmp_path, "ml"))
    part = str(tmp_path / "part.parquet")
    recover_effects(
        studies=part,
        settings=USED.model_dump(exclude={"calibration"}),
        design=DESIGN,
        method="ml",
        numbers=(1, 2),
        priors=PRIORS.model_dump(),
        inference=INFERENCE.model_dump(),
    )
    pd.testing.assert_frame_equal(pd.read_parquet(part), whole[whole["study"] == 1].reset_index(drop=True))


@pytest.mark.slow
def test_ranks_are_drawn_tested_and_published(tmp_path: Path) -> None:
    sizes: dict[str, Any] = {"patients": 20, "sessions": 4, "therapists": 4, "draws": 19}
    calibration = USED.calibration.model_copy(update=sizes).model_dump()
    ranks = str(tmp_path / "ranks.parquet")
    rank_parameters(
        ranks=ranks,
        calibration=calibration,
        engine="laplace",
        numbers=(0, 2),
        seed=1,
        priors=PRIORS.model_dump(),
        sampling=SAMPLING.model_dump(),
        inference=INFERENCE.model_dump(),
    )
    names = ("table", "counts", "ecdf_svg", "ecdf_png", "histogram_svg", "histogram_png")
    files = {name: str(tmp_path / f"made.{name}") for name in names}
    files |= {name: f"{path}.{name[-3:]}" for name, path in files.items() if name[-4] == "_"}
    summarise_calibration(ranks=[ranks], level=0.95, seed=1, engines={"laplace": "Laplace"}, dpi=72, **files)
    table, counts = pd.read_csv(files["table"]), pd.read_csv(files["counts"])
    assert len(table) == 23 and (table["n_data_sets"] == 2).all()
    assert (counts.groupby("quantity")["count"].sum() == 2).all()
    assert counts.groupby("quantity")["expected"].sum().to_numpy() == pytest.approx(2)
    assert "Laplace" in Path(files["ecdf_svg"]).read_text(encoding="utf-8")
    kept = {"table": str(tmp_path / "kept/calibration.csv"), "svg": str(tmp_path / "kept/ranks.svg")}
    publish_validation(made=[files["table"], files["histogram_svg"]], **kept)
    assert Path(kept["table"]).read_bytes() == Path(files["table"]).read_bytes()
    assert Path(kept["svg"]).read_bytes() == Path(files["histogram_svg"]).read_bytes()


def test_jobs_cover_every_study_once() -> None:
    assert jobs_of(5, 2) == [(0, 2), (2, 4), (4, 5)]
    assert [number for first, end in jobs_of(400, 100) for number in range(first, end)] == list(range(400))


def test_at_least_two_hundred_studies_per_design_and_posterior_are_asked_for() -> None:
    assert USED.methods["ml"].studies >= 200
    assert USED.methods["laplace"].studies * len(USED.designs) >= 200
    assert all(engine.data_sets >= 200 for engine in USED.calibration.engines.values())
    worlds = [USED.world_of(name) for name, design in USED.designs.items() if design.world == "static"]
    assert {(w.size.patients, w.size.sessions) for w in worlds} == {(60, 5), (60, 16), (300, 5), (300, 16)}
    assert all(w.missing.dropout is not None and w.missing.dropout.share == 0.3 for w in worlds)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"methods": {"ml": {"diagram": "joined"}}}, r"methods\.ml\.diagram: there is no diagrams\.static\.joined"),
        (
            {"designs": {DESIGN: {"world": "static_world"}}},
            rf"designs\.{DESIGN}\.world: there is no worlds\.static_world",
        ),
        ({"designs": {DESIGN: {"change": {"arm": True}}}}, "arm"),
        ({"dropouts": {"share": 0.1}}, "dropouts"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        settings(**changes)
