"""The interval of a run reaches every number with limits, in every table, and is no matter of the fit."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from alliance.config.schema import Inference
from alliance.models.path.fit import fit
from alliance.results.fits import tabulate_fit
from tests.unit.models.joint_study import make_settings, make_spec, simulate

EQUATIONS = {
    "m": {"on": ["x", "arm", "x_by_arm"], "vary": {"patient": ["intercept", "x"]}},
    "y": {"on": ["m", "x"], "vary": {"patient": ["intercept", "m"]}},
}
INTERVALS = (0.6, 0.95, 0.999)
WITH_LIMITS = {"estimates", "moderation", "shrinkage", "predictive", "priors"}


@pytest.fixture(scope="module")
def tree() -> xr.DataTree:
    """Fit one model that fills every table; the fit is not told which interval will be reported."""
    spec = make_spec(
        family="multilevel_path", depth="laplace", equations=EQUATIONS, products={"x_by_arm": ["x", "arm"]}, random_effects=True,
        influence=True,
    )  # fmt: skip
    return fit(simulate(30, 6, seed=3), "study", spec, make_settings()).tree


def tables(tree: xr.DataTree, interval: float) -> dict[str, pd.DataFrame]:
    limits = {"monte_carlo_draws": 1000, "rhat_max": 1.01, "ess_min": 400, "divergences_max": 0}
    return tabulate_fit(tree, Inference.model_validate({"interval": interval, **limits}))


def quantiles(tree: xr.DataTree, group: str, interval: float) -> np.ndarray:
    """Sort the draws of each quantity and read off both ends between the neighbouring ones."""
    values = tree[group]["draws"].to_numpy()
    draws = np.sort(values.reshape(-1, values.shape[-1]), axis=0)
    places = (len(draws) - 1) * np.array([(1 - interval) / 2, (1 + interval) / 2])
    below = np.floor(places).astype(int)
    left = (places - below)[:, None]
    return draws[below] * (1 - left) + draws[np.minimum(below + 1, len(draws) - 1)] * left


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize(
    ("table", "group"),
    [("estimates", "paths"), ("moderation", "moderation"), ("shrinkage", "shrinkage"), ("predictive", "predictive")],
)
def test_limits_are_those_of_the_draws_at_the_interval_of_the_run(
    tree: xr.DataTree, table: str, group: str, interval: float
) -> None:
    found = tables(tree, interval)[table]
    assert len(found) > 0
    np.testing.assert_allclose(found[["low", "high"]].to_numpy().T, quantiles(tree, group, interval), rtol=1e-9)


@pytest.mark.parametrize("interval", INTERVALS)
def test_limits_of_priors_hold_the_probability_of_the_interval(tree: xr.DataTree, interval: float) -> None:
    found = tables(tree, interval)["priors"].set_index("parameter")
    slope = found.loc["m -> y"]
    sd = float(slope["distribution"].removeprefix("Normal(0, ").removesuffix(")"))
    # The distribution is written with three digits.
    assert slope["raw_high"] == pytest.approx(sd * stats.norm.ppf((1 + interval) / 2), rel=5e-3)
    assert slope["raw_low"] == pytest.approx(-slope["raw_high"])
    correlation = found[found["unit"] == "correlation"].iloc[0]
    assert stats.beta(3.0, 3.0, -1.0, 2.0).interval(interval) == pytest.approx(
        (correlation["raw_low"], correlation["raw_high"])
    )


def test_zero_is_excluded_by_the_interval_of_the_run(tree: xr.DataTree) -> None:
    grids = {interval: tables(tree, interval)["moderation"] for interval in INTERVALS}
    for grid in grids.values():
        assert (grid["excludes_zero"] == ((grid["low"] > 0) | (grid["high"] < 0))).all()
    assert grids[0.6]["excludes_zero"].sum() > grids[0.999]["excludes_zero"].sum()


def test_nothing_but_limits_and_what_is_read_from_them_depends_on_the_interval(tree: xr.DataTree) -> None:
    wide, narrow = tables(tree, 0.999), tables(tree, 0.6)
    moved = {
        name: {column for column in table if not table[column].equals(narrow[name][column])}
        for name, table in wide.items()
    }
    expected: dict[str, Any] = {name: {"low", "high"} for name in WITH_LIMITS}
    expected |= {
        "estimates": {"low", "high", "interval"},
        "moderation": {"low", "high", "excludes_zero"},
        "priors": {"raw_low", "raw_high"},
    }
    assert {name: columns for name, columns in moved.items() if columns} == expected
