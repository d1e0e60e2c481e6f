"""Yes/no and ordered outcomes against the adaptive quadrature of lme4 and ordinal, on recorded values, and one that shares no code."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp, ndtr

from alliance.config import Variable
from alliance.data.panel import make_panel
from alliance.models.filling.grid import make_grid
from alliance.models.joint import prepare_task
from alliance.models.path.filled import Completion, complete, standardise_observed
from alliance.models.path.maximum import population_of
from tests.unit.models.filling.study import VARIABLES, make_spec
from tests.unit.models.path.test_filled import settings

HERE = Path(__file__).parent / "probit"
DATA = {"yes_no": pd.read_csv(HERE / "answers.csv"), "ordered": pd.read_csv(HERE / "ordered.csv")}
RECORDED = {
    "yes_no": pd.read_csv(HERE / "glmer.csv", skipinitialspace=True).set_index("parameter"),
    "ordered": pd.read_csv(HERE / "clmm.csv", skipinitialspace=True).set_index("parameter"),
}


def log_likelihood(key: str, *, sd: float, intercept: float, m: float, arm: float, **thresholds: float) -> float:
    """Integrate over the intercepts of patients by Gauss-Hermite quadrature: sum_i log E prod_t [Phi(t_y+1 - eta) - Phi(t_y - eta)]."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(61)
    data, ends = DATA[key], np.array([-np.inf, 0.0, *thresholds.values(), np.inf])
    eta = (intercept + m * data["m"] + arm * data["arm"]).to_numpy()[:, None] + sd * nodes
    below, above = (ends[data["y"] + step][:, None] - eta for step in (0, 1))
    # Far out one of the two has no digits left.
    chances = np.maximum(ndtr(above) - ndtr(below), ndtr(-below) - ndtr(-above))
    each = pd.DataFrame(np.log(chances)).groupby(data["patient"]).sum()
    return float(logsumexp(each.to_numpy() + np.log(weights / weights.sum()), axis=1).sum())


def completed(key: str, answers: pd.Series, sets: int) -> Completion:
    """Fill in the propensities behind answers that are declared with this key."""
    declared = {key: True, "label": "y", "column": "y", "measured": "after"}
    variables = VARIABLES | {"y": Variable.model_validate(declared)}
    rows = DATA[key].assign(
        patient=[f"P{number:03d}" for number in DATA[key]["patient"]], therapist="T01", x=0.0, y=answers
    )
    rows = rows.assign(days=7.0 * rows["session"], weeks=rows["session"] - 1.0)
    patients = rows[["patient", "therapist", "arm"]].drop_duplicates("patient")
    panel = make_panel(rows.drop(columns="arm"), patients, pd.DataFrame({"therapist": ["T01"]}), variables, 1, None)
    spec = make_spec({"y": {"on": ["m", "arm"], "vary": {"patient": ["intercept"]}}})
    written = settings(variables={name: variable.model_dump(mode="json") for name, variable in variables.items()})
    grid = make_grid(panel, spec, variables, 1, None)
    assert grid is not None
    design = standardise_observed(prepare_task(panel, "study", spec, written, grid).design, grid)
    return complete(design, grid, sets, np.random.default_rng(1))


def values_of(completion: Completion) -> dict[str, float]:
    found = population_of(completion.sets[0].maximum, completion.point[None])
    assert found.residuals["y"] == 1.0
    return {
        "sd": float(np.sqrt(found.covariances["patient"][0, 0, 0])),
        "intercept": float(found.intercepts["y"][0]),
        "m": float(found.slopes["y"][0, 0]),
        "arm": float(found.slopes["y"][0, 1]),
    }


@pytest.mark.parametrize("key", ["yes_no", "ordered"])
def test_recorded_log_likelihood_is_the_integral_and_its_maximum(key: str) -> None:
    top = {str(name): float(value) for name, value in RECORDED[key]["estimate"].items()}
    # 15 adaptive points against 61 fixed ones.
    assert log_likelihood(key, **top) == pytest.approx(RECORDED[key]["loglik"].iloc[0], abs=1e-4)
    for name, error in RECORDED[key]["se"].items():
        for step in (-0.1, 0.1):
            assert log_likelihood(key, **top | {str(name): top[str(name)] + step * error}) < log_likelihood(key, **top)


def test_stochastic_em_finds_the_maximum_of_lme4() -> None:
    ours = values_of(completed("yes_no", DATA["yes_no"]["y"], 1))
    # Averages over 200 rounds; over seeds they lie .1 to .3 standard errors from the maximum, those of the standard deviation furthest.
    off = (pd.Series(ours) - RECORDED["yes_no"]["estimate"]) / RECORDED["yes_no"]["se"]
    assert (off[["intercept", "m", "arm"]].abs() < 0.3).all()
    assert abs(off["sd"]) < 0.5


def test_stochastic_em_finds_the_maximum_of_ordinal_with_its_thresholds() -> None:
    completion = completed("ordered", DATA["ordered"]["y"], 1)
    (thresholds,) = completion.thresholds(1, None, around=True)["y_thresholds"]
    ours = values_of(completion) | {"t2": float(thresholds[0]), "t3": float(thresholds[1])}
    off = (pd.Series(ours) - RECORDED["ordered"]["estimate"]) / RECORDED["ordered"]["se"]
    # Averages over 200 rounds; over four seeds none lay more than .1 standard errors from the maximum.
    assert (off.abs() < 0.3).all()
