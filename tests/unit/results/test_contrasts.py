"""Differences between effects of separate models: how estimates go together, and what their difference spreads by."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from alliance.config import Variable
from alliance.inference.bootstrap import draw_bootstrap
from alliance.models.container import marks_of, quantities_of
from alliance.models.path.fit import fit
from alliance.models.path.maximum import maximise, population_of
from alliance.results.contrasts import contrast_fits, correlate, draw_difference
from alliance.results.estimates import summarise_estimates
from tests.unit.models.joint_study import VARIABLES, make_settings, make_spec, simulate
from tests.unit.models.path.path_study import design_by, panel_with_therapists

WITH_K = VARIABLES | {"k": Variable(label="other mediator", column="k", measured="during")}


def with_other(panel: pd.DataFrame, seed: int = 9, b: float = -0.2) -> pd.DataFrame:
    """Add another mediator that goes along with the first one, and reaches the outcome."""
    k = 0.8 * panel["x"] + 0.5 * panel["m"] + np.random.default_rng(seed).normal(size=len(panel))
    return panel.assign(k=k, y=panel["y"] + b * k)


def through(mediator: str, *others: str) -> dict[str, Any]:
    varying = {"patient": ["intercept"]}
    return {
        mediator: {"on": ["x"], "vary": varying},
        "y": {"on": [mediator, "x", *others], "vary": varying},
    }


def run(panel: pd.DataFrame, name: str, equations: dict[str, Any], **changes: Any) -> tuple[xr.DataTree, pd.DataFrame]:
    declared = {"family": "multilevel_path", "depth": "ml", "missing": "drop", "trends": False, "contrasts": "ways"}
    spec = make_spec(equations=equations, **(declared | changes))
    known = {key: variable.model_dump(mode="json") for key, variable in WITH_K.items()}
    tree = fit(panel, name, spec, make_settings() | {"variables": known, "monte_carlo_draws": 4000}).tree
    return tree, summarise_estimates(tree, marks_of(tree), 0.95)


def contrast(*fits: tuple[xr.DataTree, pd.DataFrame]) -> pd.DataFrame:
    return contrast_fits([tree for tree, _ in fits], [table for _, table in fits], 0.95)


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    return with_other(simulate(100, 5, seed=4, slope_sd=0.0))


@pytest.fixture(scope="module")
def both(panel: pd.DataFrame) -> tuple[tuple[xr.DataTree, pd.DataFrame], tuple[xr.DataTree, pd.DataFrame]]:
    return run(panel, "by_m", through("m")), run(panel, "by_k", through("k"))


def test_estimates_of_two_models_go_together_as_in_a_bootstrap_of_both(panel: pd.DataFrame, both: Any) -> None:
    row = contrast(*both).query("level == 'within'").iloc[0]
    samples = []
    for mediator in ("m", "k"):
        maximum = maximise(design_by(through("m"), panel.assign(m=panel[mediator])))
        # The same generator draws the same patients for both models.
        drawn = draw_bootstrap(maximum, "patient", 300, np.random.default_rng(1)).positions
        slopes = population_of(maximum, drawn).slopes
        samples.append(slopes["m"][:, 0] * slopes["y"][:, 0])
    together = np.corrcoef(*samples)[0, 1]
    # The correlation of 300 samples has an error of (1 - r^2) / sqrt(300) < .06.
    assert row["correlation"] == pytest.approx(together, abs=0.18)
    assert together > 0.2  # taken for independent they would differ
    # Two standard deviations of 300 samples, 8 %, and what the model's own spread differs from that of samples.
    assert row["sd"] == pytest.approx(np.std(samples[0] - samples[1], ddof=1), rel=0.2)
    assert row["path"] == "x -> m -> y minus x -> k -> y"
    first, second = (table.query("effect == 'indirect' and level == 'within'").iloc[0] for _, table in both)
    assert row["estimate"] == pytest.approx(first["estimate"] - second["estimate"])


def test_regressions_go_together_as_their_stacked_equations_say(panel: pd.DataFrame) -> None:
    # Without varying effects an estimate moves by (X'X)^-1 X_c'e_c with patient c.
    equations = ({"y": {"on": ["m"], "vary": {}}}, {"y": {"on": ["m", "x"], "vary": {}}})
    effects = {"effects": {"from": "m", "to": "y"}}
    fits = [run(panel, f"with_{len(one['y']['on'])}", one, **effects) for one in equations]
    row = contrast(*fits).iloc[0]
    patients = pd.factorize(panel["patient"])[0]
    moves = []
    for one in equations:
        x = np.column_stack([np.ones(len(panel)), panel[one["y"]["on"]]])
        slopes = np.linalg.lstsq(x, panel["y"].to_numpy())[0]
        each = x * (panel["y"].to_numpy() - x @ slopes)[:, None] @ np.linalg.inv(x.T @ x)
        moves.append(np.bincount(patients, each[:, 1]))
    expected = moves[0] @ moves[1] / np.sqrt((moves[0] @ moves[0]) * (moves[1] @ moves[1]))
    # Derivatives by differences of 1e-5.
    assert row["correlation"] == pytest.approx(expected, abs=1e-5)
    assert (row["path"], row["model"], row["model_other"]) == ("m -> y", "with_1", "with_2")


def test_an_estimate_differs_from_itself_by_nothing(both: Any) -> None:
    tree, table = both[0]
    row = contrast((tree, table), (tree, table)).iloc[0]
    assert row["correlation"] == pytest.approx(1)
    assert (row["estimate"], row["low"], row["high"]) == (0, pytest.approx(0, abs=1e-9), pytest.approx(0, abs=1e-9))


def test_the_effect_that_both_models_have_is_compared_and_not_everything_with_everything(panel: pd.DataFrame) -> None:
    alone = run(panel, "alone", through("m"))
    more = {"further_effects": [{"from": "k", "to": "y"}]}
    together = run(
        panel, "together", through("m", "k") | {"k": {"on": ["x"], "vary": {"patient": ["intercept"]}}}, **more
    )
    found = contrast(alone, together)
    assert set(found["path"]) == {"x -> m -> y"}


def test_therapists_are_the_units_where_they_differ_and_few_of_them_are_flagged() -> None:
    panel = with_other(panel_with_therapists(40, 5, therapists=8))
    varying = {"patient": ["intercept"], "therapist": ["intercept"]}
    fits = [
        run(panel, name, {name: {"on": ["x"], "vary": varying}, "y": {"on": [name, "x"], "vary": varying}})
        for name in ("m", "k")
    ]
    group = fits[0][0].children["contributions"]
    assert group.attrs["level"] == "therapist"
    assert set(group["code"].to_numpy()) == set(panel["therapist"])
    assert "few clusters" in contrast(*fits).iloc[0]["flag"]


def test_models_of_different_units_or_words_are_not_compared(panel: pd.DataFrame, both: Any) -> None:
    other = run(panel, "other", through("k"), contrasts="elsewhere")
    assert contrast(both[0], other).empty
    silent = run(panel, "silent", through("k"), contrasts=None)
    assert "contributions" not in silent[0].children
    assert contrast(both[0], silent).empty


def test_contributions_add_up_to_nothing_and_to_the_sandwich(both: Any) -> None:
    tree, table = both[0]
    group = tree.children["contributions"]
    moves, place = group["moves"].to_numpy(), int(group["position"].to_numpy()[0])
    assert quantities_of(tree["paths"]).iloc[place]["effect"] == "indirect"
    spread = np.sqrt((moves**2).sum(axis=0))
    assert np.abs(moves.sum(axis=0)).max() < 1e-3 * spread.max()  # derivatives at a maximum
    # The model holds, so its own standard error and the sandwich tell the same within the error of 100 patients.
    assert spread[0] == pytest.approx(table.iloc[place]["sd"], rel=0.25)


def test_difference_of_normal_estimates_spreads_as_their_covariance_says_and_keeps_their_shapes() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.normal(1, 2, 20_000), rng.normal(0, 1, 10_000)
    for correlation in (-0.5, 0.0, 0.9):
        drawn = draw_difference(one, other, correlation, np.random.default_rng(2))
        assert drawn.std() == pytest.approx(np.sqrt(4 + 1 - 4 * correlation), rel=0.03)
        assert drawn.mean() == pytest.approx(1, abs=0.06)
    skewed = rng.gamma(1, 1, 20_000)
    alone = draw_difference(skewed, np.zeros(10), 0.5, np.random.default_rng(3))
    # Two errors of quantiles of 20,000 draws.
    assert np.quantile(alone, [0.025, 0.975]) == pytest.approx(np.quantile(skewed, [0.025, 0.975]), abs=0.15)


def test_unit_that_one_model_does_not_use_moves_nothing_there() -> None:
    one = pd.Series({"A": 1.0, "B": -1.0, "C": 2.0})
    assert correlate(one, pd.Series({"C": 4.0, "D": 3.0})) == pytest.approx(2 * 4 / np.sqrt(6 * 25))
    assert correlate(one, 0 * one) == 0


def test_interval_of_a_difference_holds_the_truth_with_as_few_units_as_carry_no_flag() -> None:
    # Two estimates correlated by .5, their correlation taken from 20 units; .95 would need more units, and .91 is three errors below .935.
    rng, held, samples = np.random.default_rng(5), 0, 1000
    spread = np.linalg.cholesky([[1.0, 0.5], [0.5, 1.0]])
    units = [f"U{number}" for number in range(20)]
    for _ in range(samples):
        moves = rng.standard_normal((20, 2)) @ spread.T
        moves -= moves.mean(axis=0)
        found = correlate(*(pd.Series(column, index=units) for column in moves.T))
        one, other = spread @ rng.standard_normal(2)
        held += abs(one - other) < 1.96 * np.sqrt(2 - 2 * found)
    assert 0.91 < held / samples < 0.97
