"""Fits that fill in what is missing: effects of the own past, nothing missing, and what must not matter."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from alliance.config.schema import Inference
from alliance.facts.columns import DATA_SETS
from alliance.inference import laplace
from alliance.inference.depths import NUTS
from alliance.models.container import marks_of
from alliance.models.path.fit import fit
from alliance.results.diagnostics import diagnose
from tests.unit.models.filling.study import OWN_M, OWN_Y, VARIABLES, blank, make_spec, panel_of, simulate, skip


def settings(**changes: Any) -> dict[str, Any]:
    return {
        "seed": 1,
        "lag": 1,
        "max_gap_days": None,
        "monte_carlo_draws": 1000,
        "variables": {key: variable.model_dump(mode="json") for key, variable in VARIABLES.items()},
        "sampling": {"chains": 2, "draws": 200, "tune": 200, "target_accept": 0.8},
        "priors": {
            "slope_sd": 0.5,
            "intercept_sd": 1.0,
            "residual_sd": 1.0,
            "varying_sd": 0.5,
            "correlations": "uniform",
        },
    } | changes


def effects(panel: pd.DataFrame, **declared: Any) -> pd.DataFrame:
    """Return mean and standard deviation of the draws of each coefficient by its path."""
    paths = fit(panel, "study", make_spec(**declared), settings()).tree["paths"].to_dataset()
    draws = paths["draws"].to_numpy().reshape(-1, paths.sizes["quantity"])
    table = pd.DataFrame(
        {"effect": paths["effect"], "path": paths["path"], "mean": draws.mean(axis=0), "sd": draws.std(axis=0)}
    )
    return table[table["effect"] == "coefficient"].set_index("path")


@pytest.mark.parametrize("depth", ["ml", "laplace"])
def test_effects_of_the_own_past_are_found_where_sessions_are_skipped(depth: str) -> None:
    panel = panel_of(skip(simulate(300, 10, 1), 0.35, 2))
    filled, dropped = effects(panel, depth=depth), effects(panel, depth=depth, missing="drop")
    for path, truth in (("m_lag -> m", OWN_M), ("y_lag -> y", OWN_Y)):
        assert abs(filled.loc[path, "mean"] - truth) < 2 * filled.loc[path, "sd"]
        # Without filling, what comes after a gap is a second start: a quarter too large.
        assert dropped.loc[path, "mean"] > filled.loc[path, "mean"] + filled.loc[path, "sd"]


def test_nothing_is_drawn_where_nothing_is_missing() -> None:
    panel = panel_of(simulate(40, 5, 3))
    pd.testing.assert_frame_equal(effects(panel), effects(panel, missing="drop"), check_exact=True)


def test_the_same_seed_gives_the_same_numbers_in_any_order_of_rows() -> None:
    panel = panel_of(blank(skip(simulate(60, 6, 5), 0.2, 6), "x", 0.1, 7))
    shuffled = (
        panel.sample(frac=1, random_state=1)
        .sort_values(["session"], kind="stable")
        .sort_values("patient", kind="stable")
    )
    pd.testing.assert_frame_equal(effects(panel), effects(shuffled.reset_index(drop=True)), check_exact=True)


def test_other_ids_give_the_same_numbers() -> None:
    """Random numbers belong to what was observed of patients. Sums in another order round differently, and searches end elsewhere."""
    data = blank(skip(simulate(60, 6, 5), 0.2, 6), "x", 0.1, 7)
    numbers = data["patient"].str[1:].astype(int)
    other = data.assign(patient=[f"P{number:04d}" for number in (numbers * 37) % 61])
    sds = effects(panel_of(data))["sd"]
    differences = effects(panel_of(data))["mean"] - effects(panel_of(other))["mean"]
    assert (np.abs(differences) < 1e-3 * sds).all()


def test_sessions_are_counted_where_the_outcome_was_observed() -> None:
    data = skip(simulate(40, 6, 8), 0.3, 9)
    result = fit(panel_of(data), "study", make_spec(), settings())
    later = int((data["session"] > data.groupby("patient")["session"].transform("min")).sum())
    used = result.flow[result.flow["stage"] == "analysed"]
    assert set(used["n_sessions"]) == {later}
    shares = [mark for mark in marks_of(result.tree) if mark.caution == "filled_cells"]
    assert {mark.subject for mark in shares} == {"m", "y"}
    assert all(0 < mark.value < 0.5 and mark.passed for mark in shares)


def test_a_long_pause_is_a_new_start() -> None:
    """Nothing is filled across it: the row after it stays left out, as without filling."""
    data = simulate(40, 6, 10)
    late = data["session"] >= 4
    data.loc[late, "days"] += 60.0
    data = data[data["session"] != 4]
    result = fit(panel_of(data, 21), "study", make_spec(), settings(max_gap_days=21))
    assert set(result.flow.loc[result.flow["stage"] == "analysed", "n_sessions"]) == {40 * 3}
    assert not any(mark.caution == "filled_cells" for mark in marks_of(result.tree))


def test_rows_come_back_for_every_patient_whose_first_answers_are_blank() -> None:
    data = simulate(60, 6, 12)
    first = (data["session"] == 1) & (data["patient"].str[1:].astype(int) % 3 == 0)
    data.loc[first, "y"] = np.nan
    used = {}
    for missing in ("fill", "drop"):
        flow = fit(panel_of(data), "study", make_spec(missing=missing), settings()).flow
        used[missing] = int(flow.loc[flow["stage"] == "analysed", "n_patients"].min())
    assert used == {"fill": 60, "drop": 60 - int(first.sum())}


def test_chains_of_completed_data_sets_agree_and_are_told_apart_in_the_file(tmp_path: Path) -> None:
    panel = panel_of(blank(skip(simulate(60, 8, 1, slope_sd=0.2), 0.15, 6), "m", 0.12, 10))
    sampling = {"chains": 2, "draws": 1000, "tune": 500, "target_accept": 0.8}
    tree = fit(panel, "study", make_spec(depth="nuts", influence=False), settings(sampling=sampling)).tree
    tree.to_netcdf(tmp_path / "fit.nc", engine="h5netcdf")
    limits = Inference(interval=0.95, monte_carlo_draws=1000, rhat_max=1.01, ess_min=400, divergences_max=0)
    with xr.open_datatree(tmp_path / "fit.nc", engine="h5netcdf") as read:
        marks = [mark for mark in diagnose(read, limits) if mark.caution in ("rhat", "bulk_ess", "divergences")]
        assert read["sample_stats"].attrs[DATA_SETS] == 10
    assert len(marks) == 4 and all(mark.passed for mark in marks)
    assert {mark.subject for mark in marks if mark.caution == "rhat"} == {
        f"{subject}, worst of 10 completed data sets" for subject in ("parameters", "reported quantities")
    }


def test_all_data_sets_are_sampled_as_soon_as_the_approximation_fails_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The draws are those of NUTS from the start, and the diagnostics tell why they come from there."""
    tried: list[float] = []
    approximate = laplace.draw_laplace

    def fails_at_the_second(*given: Any, **chosen: Any) -> laplace.LaplaceDraws:
        found = approximate(*given, **chosen)
        tried.append(0.9 if len(tried) == 1 else 0.1)
        return replace(found, pareto_k=tried[-1])

    monkeypatch.setattr(laplace, "draw_laplace", fails_at_the_second)
    panel = panel_of(blank(simulate(40, 5, 3), "m", 0.1, 4))
    trees = {
        depth: fit(panel, "study", make_spec(depth=depth, influence=False, trends=False), settings()).tree
        for depth in ("laplace", "nuts")
    }
    assert tried == [0.1, 0.9]
    assert {tree.attrs["engine"] for tree in trees.values()} == {NUTS}
    xr.testing.assert_identical(trees["laplace"]["posterior"].to_dataset(), trees["nuts"]["posterior"].to_dataset())
    (told,) = [mark for mark in marks_of(trees["laplace"]) if mark.caution == "pareto_k"]
    assert (told.value, told.passed) == (0.9, True)
    assert "too far off" in str(told.detail)
