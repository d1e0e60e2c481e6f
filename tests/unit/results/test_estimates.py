"""Draws become estimates; diagnostics follow the numbers they concern."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from alliance.config.schema import Inference
from alliance.facts.columns import DATA_SETS
from alliance.facts.marks import Mark
from alliance.models.container import Quantities, make_tree, marks_of, pack_draws, pack_rows, rows_of
from alliance.results.diagnostics import diagnose, tabulate_marks
from alliance.results.estimates import flag_of, main_rows, regions_of, summarise_estimates, thin_draws

LIMITS = Inference(interval=0.9, monte_carlo_draws=1000, rhat_max=1.01, ess_min=400, divergences_max=0)


def container(
    draws: np.ndarray,
    effects: list[str],
    marks: Sequence[Mark] = (),
    sampled: bool = False,
    **groups: xr.Dataset,
) -> xr.DataTree:
    quantities = pd.DataFrame(
        {
            "outcome": "y",
            "path": "x -> m -> y",
            "effect": effects,
            "level": "within",
            "horizon": "next session",
            "moderator": "",
            "value": np.nan,
            "n_patients": 50,
            "n_sessions": 400,
            "n_therapists": 5,
        }
    )
    if sampled:
        diverging = np.zeros(draws.shape[:2], dtype=bool)
        diverging[0, :3] = True
        groups["sample_stats"] = xr.Dataset({"diverging": (("chain", "draw"), diverging)})
    return make_tree(
        model="m",
        family="direct",
        engine="test",
        interval_kind="credible",
        paths=pack_draws(quantities, draws),
        marks=marks,
        groups=groups,
    )


def quantity(effect: str, path: str) -> dict[str, str]:
    return {"outcome": "y", "path": path, "effect": effect, "level": "within"}


def test_summary_is_mean_sd_and_equal_tailed_quantiles() -> None:
    draws = np.linspace(-0.25, 0.75, 1001).reshape(1, -1, 1)
    row = summarise_estimates(container(draws, ["indirect"]), [], 0.9).iloc[0]
    assert row["estimate"] == pytest.approx(0.25)
    assert (row["low"], row["high"]) == pytest.approx((-0.20, 0.70))
    assert row["sd"] == pytest.approx(np.std(draws, ddof=1))
    assert row["p_direction"] == pytest.approx(0.75, abs=0.001)  # 750 of 1001 draws lie above zero
    assert (row["n_patients"], row["interval"], row["flag"]) == (50, 0.9, "")


def test_a_variance_has_no_direction() -> None:
    draws = np.full((2, 10, 2), 0.5)
    table = summarise_estimates(container(draws, ["variance", "a"]), [], 0.9)
    assert np.isnan(table["p_direction"][0]) and table["p_direction"][1] == 1.0


def test_failed_mark_follows_every_effect_that_runs_through_its_equation() -> None:
    marks = [Mark("boundary_sd", "m", 0.0, outcomes=("m",)), Mark("convergence", "y", verdict=True)]
    assert flag_of(quantity("indirect", "x -> m -> y"), 0, marks) == "boundary variance"
    assert flag_of(quantity("c_prime", "x -> y"), 1, marks) == ""


def test_mark_limited_to_effects_leaves_the_others_alone() -> None:
    marks = [Mark("missing_covariance", "y", effects=("indirect",))]
    assert flag_of(quantity("indirect", "x -> m -> y"), 0, marks) == "covariance of a and b not estimated"
    assert flag_of(quantity("a", "x -> m"), 1, marks) == ""


def test_chains_that_disagree_and_divergences_are_found() -> None:
    rng = np.random.default_rng(7)
    draws = rng.normal(size=(4, 200, 1))
    draws[0] += 5
    marks = {mark.declared.title: mark for mark in diagnose(container(draws, ["a"], sampled=True), LIMITS)}
    assert not marks["R-hat"].passed and marks["R-hat"].value > 1.5
    assert not marks["divergences"].passed and marks["divergences"].value == 3


def test_too_few_effective_draws_flag_only_the_quantity_that_has_them() -> None:
    rng = np.random.default_rng(10)
    slow = np.cumsum(rng.normal(size=(4, 1000, 1)), axis=1)
    draws = np.concatenate([np.zeros((4, 1000, 1)), rng.normal(size=(4, 1000, 1)), slow], axis=2)
    tree = container(draws, ["cov_ab", "a", "b"], sampled=True)
    flags = list(summarise_estimates(tree, diagnose(tree, LIMITS), 0.9)["flag"])
    assert "bulk ESS" not in flags[1] and "bulk ESS" in flags[2]


def test_good_chains_pass_and_constant_quantities_are_left_out() -> None:
    rng = np.random.default_rng(8)
    draws = np.concatenate([rng.normal(size=(4, 1000, 1)), np.zeros((4, 1000, 1))], axis=2)
    marks = {mark.declared.title: mark for mark in diagnose(container(draws, ["a", "cov_ab"], sampled=True), LIMITS)}
    assert marks["R-hat"].passed and marks["bulk ESS"].passed and marks["tail ESS"].passed
    assert marks["bulk ESS"].value > 2000  # independent draws: about as many as there are


def test_marks_survive_the_file_and_become_rows(tmp_path: Path) -> None:
    tree = container(
        np.zeros((1, 5, 1)),
        ["a"],
        [Mark("separate_gradient", "m", 0.3, "not at the top", verdict=False, outcomes=("m",), effects=("a",))],
    )
    tree.to_netcdf(tmp_path / "fit.nc", engine="h5netcdf")
    with xr.open_datatree(tmp_path / "fit.nc", engine="h5netcdf") as read:
        assert marks_of(read) == marks_of(tree)
        table = tabulate_marks(read, marks_of(read))
    assert table.loc[0, "subject"] == "m" and not table.loc[0, "passed"]


def test_thinned_draws_keep_whole_chains_and_only_paths() -> None:
    tree = container(np.random.default_rng(9).normal(size=(4, 3000, 2)), ["indirect", "sd"])
    draws = thin_draws(tree)
    assert set(draws["effect"]) == {"indirect"}
    assert len(draws) == 4000 and draws["chain"].nunique() == 4


def test_draws_must_match_the_quantities() -> None:
    with pytest.raises(ValueError, match="expected"):
        container(np.zeros((1, 5, 2)), ["a"])


def test_share_of_a_total_is_its_median_and_has_no_direction() -> None:
    draws = np.array([0.3, 0.4, 0.5, 0.6, 90.0]).reshape(1, -1, 1)  # a denominator near zero
    row = summarise_estimates(container(draws, ["proportion"]), [], 0.9).iloc[0]
    assert row["estimate"] == 0.5
    assert np.isnan(row["p_direction"])


def test_total_carries_the_flag_of_every_equation_between_its_ends() -> None:
    marks = [Mark("boundary_sd", "m", 0.0, outcomes=("m",))]
    paths = ["x -> m -> y", "w -> k -> y"]
    for effect in ("total", "indirect_total", "proportion"):
        assert flag_of(quantity(effect, "x -> y"), 0, marks, paths) == "boundary variance"
        assert flag_of(quantity(effect, "w -> y"), 0, marks, paths) == ""
    assert flag_of(quantity("direct", "x -> y"), 0, marks, paths) == ""


def test_answer_is_the_indirect_path_or_the_single_slope() -> None:
    table = pd.DataFrame({"model": ["m", "m", "s", "s"], "effect": ["indirect", "effect", "effect", "coefficient"]})
    assert list(main_rows(table).index) == [0, 2]


def test_region_may_fall_apart() -> None:
    part = pd.DataFrame({"value": [1.0, 2.0, 3.0, 4.0], "excludes_zero": [True, False, True, True]})
    assert regions_of(part) == [(1.0, 1.0), (3.0, 4.0)]
    assert regions_of(part.assign(excludes_zero=False)) == []


def test_rows_without_draws_survive_the_file(tmp_path: Path) -> None:
    rows = [{"path": "x -> y", "rank": 1, "change": 0.5}, {"path": "", "rank": 2, "change": np.nan}]
    tree = container(np.zeros((1, 5, 1)), ["a"], influence=pack_rows(rows))
    tree.to_netcdf(tmp_path / "fit.nc", engine="h5netcdf")
    with xr.open_datatree(tmp_path / "fit.nc", engine="h5netcdf") as read:
        pd.testing.assert_frame_equal(rows_of(read["influence"]), pd.DataFrame(rows), check_dtype=False)


def test_quantity_counts_its_smallest_equation_and_has_no_namesake() -> None:
    counts = {
        "m": {"n_patients": 50, "n_sessions": 400, "n_therapists": 5},
        "y": {"n_patients": 40, "n_sessions": 500, "n_therapists": 5},
    }
    quantities = Quantities(counts)
    quantities.add("x -> m -> y", "indirect", "within", np.arange(6.0), ("m", "y"))
    with pytest.raises(ValueError, match=r"two quantities of the same name.*indirect"):
        quantities.add("x -> m -> y", "indirect", "within", np.zeros(6), ("m", "y"))
    quantities.add("", "variance", "patient", np.ones(6), ("m",))
    quantities.add("", "variance", "patient", np.ones(6), ("y",))
    table = quantities.table()
    assert list(table["outcome"]) == ["y", "m", "y"]
    assert (table["n_patients"][0], table["n_sessions"][0]) == (40, 400)
    assert quantities.array(chains=2)[:, :, 0].tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]


def alternating(draws: np.ndarray, sets: int) -> dict[str, Mark]:
    tree = container(draws[..., None], ["slope"], sampled=True)
    tree["sample_stats"].attrs[DATA_SETS] = sets
    return {mark.caution: mark for mark in diagnose(tree, LIMITS)}


def test_chains_are_compared_within_completed_data_sets() -> None:
    rng, sets = np.random.default_rng(3), 5
    between = 4 * rng.standard_normal(sets)  # far more than the spread of one posterior
    draws = between + rng.standard_normal((4, 200, sets))
    agreeing = alternating(draws.reshape(4, -1), sets)
    assert agreeing["rhat"].passed
    # Independent draws: their number up to what an estimate of it from 200 draws in each of four chains can be off.
    assert agreeing["bulk_ess"].value == pytest.approx(draws.size, rel=0.15)

    draws[0, :, 2] += 2  # one chain of one data set stays elsewhere
    astray = draws.reshape(4, -1)
    assert alternating(astray, 1)["rhat"].passed  # hidden by the spread between data sets
    found = alternating(astray, sets)["rhat"]
    assert not found.passed
    assert "completed data sets" in found.subject
