"""The recovery from settings to files, at a size of two studies, and the steps of the calibration."""

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.certify.batches import Batch, count_studies, plan_batches
from alliance.certify.recovery import COLUMNS, WITHHELD, recover_studies
from alliance.certify.settings import Certification, jobs_of
from alliance.certify.summary import RIGHT, SUMMARY_COLUMNS, VERDICTS, WRONG
from alliance.errors import ConfigError
from alliance.facts.effects import EFFECTS
from alliance.steps.calibration import publish_validation, rank_parameters, summarise_calibration
from alliance.steps.recovery import find_batches, fit_batches, summarise
from tests.unit.certify.settings_for_tests import INFERENCE, PRIORS, SAMPLING, settings

USED = settings()
DESIGN, DYNAMIC = "patients_60_sessions_5", "dynamic_300_sessions_6"


def small(**changes: Any) -> Certification:
    """Return settings with two studies of two designs, that of 300 patients with 90: fits of the textbook grow with every patient."""
    methods = {name: {"studies": 2, "per_job": 1} for name in USED.methods}
    designs = {DYNAMIC: {"change": {"size": {"patients": 90, "therapists": 9}}}} | changes.pop("designs", {})
    used = settings(methods=methods, designs=designs, **changes)
    return used.model_copy(update={"designs": {name: used.designs[name] for name in (DESIGN, DYNAMIC)}})


def fit(used: Certification, method: str, folder: Path, cores: int = 1) -> dict[Batch, Path]:
    """Fit what is left of a method, and return everything that is finished."""
    used = used.model_copy(update={"methods": {method: used.methods[method]}})
    waiting, finished = find_batches(used, PRIORS, INFERENCE, folder)
    return finished | dict(fit_batches(waiting, used, PRIORS, INFERENCE, cores, math.inf))


@pytest.mark.slow
def test_studies_are_fitted_by_both_methods_and_summarised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    used = small()
    finished = fit(used, "ml", tmp_path / "studies") | fit(used, "textbook", tmp_path / "studies")
    tables = {batch: pd.read_parquet(path) for batch, path in finished.items()}
    assert all(list(table) == COLUMNS for table in tables.values())
    joint, textbook, dynamic = (
        pd.concat([table for batch, table in tables.items() if (batch.design, batch.method) == wanted])
        for wanted in ((DESIGN, "ml"), (DESIGN, "textbook"), (DYNAMIC, "ml"))
    )
    # Every true effect has its row within and between patients; few therapists do not tell how their averages differ, so slopes between
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
    # All but the covariance and the correlations of the slopes, which separate models cannot know.
    given = textbook[textbook["flag"] != WITHHELD]
    assert given["effect"].isin(EFFECTS).all() and set(given["effect"]) & {"cov_ab", "correlation"} == set()
    assert (given["level"] == "within").sum() == 2 * 7
    known = joint[joint["level"] != "between_therapist"]
    assert np.isfinite(known[["estimate", "sd", "low", "high"]]).all(axis=None)
    # Two studies with 60 patients: each effect lies within 5 standard errors of the truth.
    assert ((known["estimate"] - known["truth"]).abs() < 5 * known["sd"]).all()
    summarise(used, finished, tmp_path)
    table = pd.read_csv(tmp_path / "recovery.csv", keep_default_na=False)
    assert list(table) == SUMMARY_COLUMNS
    assert table["method"].drop_duplicates().tolist() == ["ml", "textbook"]
    assert set(table["verdict"]) <= set(VERDICTS) - {RIGHT, WRONG}, "two studies decide nothing"
    for name in ("recovery", "verdicts"):
        svg = (tmp_path / f"{name}.svg").read_text(encoding="utf-8")
        assert used.designs[DESIGN].label in svg and used.designs[DYNAMIC].label in svg
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    said = (tmp_path / "verdicts.md").read_text(encoding="utf-8")
    assert f"| {used.designs[DYNAMIC].label} | 2 | 0 |" in said
    assert re.search(rf"{DESIGN} +2 +2", capsys.readouterr().out), "how many studies each cell rests on"


def test_a_run_that_was_ended_goes_on_and_what_is_out_of_date_is_done_again(tmp_path: Path) -> None:
    used = small()
    finished = fit(used, "textbook", tmp_path)
    first = finished[Batch(DESIGN, "textbook", 0, 1)]
    before = pd.read_parquet(first)
    first.unlink()
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path).rglob("*.parquet")}
    assert len(kept) == 3
    again = fit(used, "textbook", tmp_path, cores=2)
    assert again.keys() == finished.keys()
    pd.testing.assert_frame_equal(pd.read_parquet(first), before)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    changed = small(designs={DESIGN: {"change": {"size": {"patients": 50, "therapists": 5, "sessions": 5}}}})
    waiting, finished = find_batches(changed, PRIORS, INFERENCE, tmp_path)
    assert not any(batch.design == DESIGN for batch in finished)
    assert {batch.method for batch in waiting if batch.design == DYNAMIC} == set(used.methods) - {"textbook", "nuts"}


def test_a_study_that_cannot_be_fitted_says_why_and_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ZeroDivisionError("no way\nto divide")

    monkeypatch.setattr("alliance.certify.recovery.fit_declared", refuse)
    table = recover_studies(USED, DESIGN, "ml", range(2), PRIORS, INFERENCE)
    assert set(table["flag"]) == {"not fitted: ZeroDivisionError: no way to divide"}
    assert set(table["study"]) == {0, 1} and table["estimate"].isna().all()


def test_whenever_a_run_ends_designs_have_as_many_studies_as_the_others() -> None:
    plan = plan_batches(USED)
    assert len(set(plan)) == len(plan)
    for end in range(0, len(plan), 7):
        counts = count_studies(plan[:end], list(USED.methods))
        for name, method in USED.methods.items():
            column = counts[name].reindex(method.designs or list(USED.designs)).fillna(0)
            assert column.max() - column.min() <= method.per_job
        slow = counts["laplace"].sum() > 0
        assert not slow or (counts["ml"] == USED.methods["ml"].studies).all(), "faster methods come first"


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
    assert all(method.studies >= 200 for method in USED.methods.values())
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
        ({"methods": {"nuts": {"designs": ["stationry"]}}}, "designs.stationry. Did you mean 'stationary'"),
        ({"dropouts": {"share": 0.1}}, "dropouts"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        settings(**changes)
