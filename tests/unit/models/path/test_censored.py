"""Scores at an end of their scale: against an independent likelihood of a censored outcome, and what the report gets to know."""

from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import log_ndtr, logsumexp

from alliance.config import Variable
from alliance.models.container import marks_of
from alliance.models.filling.grid import make_grid
from alliance.models.joint import prepare_task
from alliance.models.path.filled import complete, standardise_observed
from alliance.models.path.fit import fit
from alliance.models.path.maximum import population_of
from tests.unit.models.filling.study import OWN_Y, VARIABLES, B, make_spec, panel_of, simulate
from tests.unit.models.path.test_filled import settings

STATIC: dict[str, Any] = {"y": {"on": ["m"], "vary": {"patient": ["intercept"]}}}


def declared(low: float | None, high: float | None = None) -> dict[str, Variable]:
    ends = VARIABLES["y"].model_dump(mode="json") | {"censored": [low, high]}
    return VARIABLES | {"y": Variable.model_validate(ends)}


def as_settings(variables: dict[str, Variable]) -> dict[str, Any]:
    return settings(variables={key: variable.model_dump(mode="json") for key, variable in variables.items()})


def two_level(low: float, high: float) -> pd.DataFrame:
    """Return y = .3 - .5 m + u + e, cut off at both ends."""
    rng = np.random.default_rng(3)
    rows = simulate(150, 6, 1)
    u = np.repeat(0.8 * rng.standard_normal(150), 6)
    y = 0.3 - 0.5 * rows["m"] + u + 0.9 * rng.standard_normal(len(rows))
    return rows.assign(y=np.clip(y, low, high))


def tobit(data: pd.DataFrame, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Maximise the likelihood integrated over u by Gauss-Hermite: intercept, slope, sd of u and of e, and their standard errors."""
    y, m = (data[name].to_numpy().reshape(150, 6, 1) for name in ("y", "m"))
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)

    def loss(theta: np.ndarray) -> float:
        sd = np.exp(theta[3])
        mean = theta[0] + theta[1] * m + np.exp(theta[2]) * nodes
        inside = -0.5 * ((y - mean) / sd) ** 2 - theta[3] - 0.5 * np.log(2 * np.pi)
        each = np.where(
            y <= low, log_ndtr((low - mean) / sd), np.where(y >= high, log_ndtr((mean - high) / sd), inside)
        )
        return -float(logsumexp(each.sum(axis=1) + np.log(weights / weights.sum()), axis=1).sum())

    found = minimize(loss, np.zeros(4), method="BFGS")
    return found.x, np.sqrt(np.diag(found.hess_inv))


def test_the_estimate_is_that_of_the_integrated_likelihood_of_a_censored_outcome() -> None:
    low, high = -0.6, 1.8
    data = two_level(low, high)
    assert 0.2 < (data["y"] == low).mean() < 0.35 and (data["y"] == high).mean() > 0.1
    variables, spec = declared(low, high), make_spec(STATIC)
    grid = make_grid(panel_of(data), spec, variables, 1, None)
    assert grid is not None
    task = prepare_task(panel_of(data), "study", spec, as_settings(variables), grid)
    completion = complete(standardise_observed(task.design, grid), grid, 1, np.random.default_rng(3))
    found = population_of(completion.sets[0].maximum, completion.point[None])
    slope = float(found.slopes["y"][0, 0])
    sd = np.sqrt(found.covariances["patient"][0, 0, 0])
    theirs, errors = tobit(data, low, high)
    ours = np.array([found.intercepts["y"][0], slope, np.log(sd), np.log(found.residuals["y"][0])])
    # Averages over 30 rounds with 40 % of the scores censored: their chance is left.
    assert (np.abs(ours - theirs) < 0.35 * errors).all()


def test_effects_are_found_beyond_the_floor_and_the_report_is_told_how_many_scores_lie_there() -> None:
    data = simulate(200, 8, 4)
    low = float(data["y"].quantile(0.25))
    panel = panel_of(data.assign(y=data["y"].clip(lower=low)))
    results = {
        name: fit(panel, "study", make_spec(), as_settings(variables))
        for name, variables in (("censored", declared(low)), ("as it is", declared(None, 1e6)))
    }
    estimates = {}
    for name, result in results.items():
        paths = result.tree["paths"].to_dataset()
        draws = paths["draws"].to_numpy().reshape(-1, paths.sizes["quantity"])
        table = pd.DataFrame({"mean": draws.mean(axis=0), "sd": draws.std(axis=0)}, index=paths["path"].to_numpy())
        estimates[name] = table[(paths["effect"].isin(["coefficient", "b"]) & (paths["level"] == "within")).to_numpy()]
    truth = pd.Series({"m -> y": B, "y_lag -> y": OWN_Y})
    off = {
        name: (table.loc[truth.index, "mean"] - truth) / table.loc[truth.index, "sd"]
        for name, table in estimates.items()
    }
    assert (off["censored"].abs() < 2).all()
    assert off["as it is"]["m -> y"] > 2  # slopes come out too small
    marks = {name: marks_of(result.tree) for name, result in results.items()}
    (censored,) = [mark for mark in marks["censored"] if mark.caution == "censored_cells"]
    assert censored.subject == "y" and 0.15 < censored.value < 0.35 and censored.passed
    at_an_end = {
        name: {m.subject for m in found if m.caution == "scores_at_an_end" and not m.passed}
        for name, found in marks.items()
    }
    assert at_an_end == {"censored": set(), "as it is": {"y"}}
    flow = results["censored"].flow
    used = flow[flow["stage"] == "analysed"].set_index("outcome")["n_sessions"]
    assert set(flow.loc[flow["stage"] == "censored", "outcome"]) == {"y"}
    assert dict(used) == {"m": 200 * 7, "y": 200 * 7}
