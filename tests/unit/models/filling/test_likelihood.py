"""The estimate with missing cells against full-information maximum likelihood, written independently as one dense normal density."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.models.design.series import add_series
from alliance.models.filling.grid import make_grid
from alliance.models.joint import prepare_task
from alliance.models.path.filled import Completion, complete, standardise_observed
from alliance.models.path.maximum import population_of
from alliance.models.quantities.population import Population
from tests.unit.models.filling.study import EQUATIONS, INTERCEPTS, VARIABLES, blank, make_spec, panel_of, simulate, skip

SETTINGS: dict[str, Any] = {
    "seed": 1,
    "lag": 1,
    "variables": {key: variable.model_dump(mode="json") for key, variable in VARIABLES.items()},
}

LASTING: dict[str, Any] = {"m": EQUATIONS["m"], "y": EQUATIONS["y"] | {"on": ["m", *INTERCEPTS, "arm"]}}


def completed(panel: pd.DataFrame, equations: dict[str, Any], autocorrelation: dict[str, str]) -> Completion:
    spec = make_spec(equations, autocorrelation=autocorrelation)
    grid = make_grid(panel, spec, VARIABLES, 1, None)
    assert grid is not None
    task = prepare_task(panel, "study", spec, SETTINGS, grid)
    design = add_series("study", autocorrelation, standardise_observed(task.design, grid))
    return complete(design, grid, 1, np.random.default_rng(3))


def by_session(data: pd.DataFrame) -> list[np.ndarray]:
    """Return m, y and arm of each patient from the first to the last session, missing where a session was skipped."""
    return [
        own.set_index("session")[["m", "y", "arm"]]
        .reindex(range(own["session"].min(), own["session"].max() + 1))
        .to_numpy()
        for _, own in data.groupby("patient")
    ]


def dense_log_likelihood(patients: list[np.ndarray], parameters: dict[str, float]) -> float:
    """Return the log density of the observed m and y after the first session, given that and the arm.

    The series of a patient follow m_t = c_m + a m_(t-1) + k y_(t-1) + u_m + e and y_t = c_y + b m_t + d y_(t-1) + u_y + e, which makes
    all values linear in the random numbers (u, e): mean and covariance are built up session by session. The e of y are an AR(1) process.
    """
    p, total = {"yy": 0.0, "phi": 0.0} | parameters, 0.0
    root = np.linalg.cholesky(
        np.array([[p["um"] ** 2, p["r"] * p["um"] * p["uy"]], [p["r"] * p["um"] * p["uy"], p["uy"] ** 2]])
    )
    for series in patients:
        start = dict(zip(("m", "y", "arm"), series[0], strict=True))
        sessions = len(series) - 1
        size = 2 + 2 * sessions
        fixed = {
            k: p[f"{k}1"] + p[f"{k}m0"] * start["m"] + p[f"{k}y0"] * start["y"] + p[f"{k}arm"] * start["arm"]
            for k in "my"
        }
        m_mean, y_mean, m_of, y_of = start["m"], start["y"], np.zeros(size), np.zeros(size)
        means, loadings, values, e_of = [], [], [], np.zeros(size)
        for step in range(sessions):
            new_of = p["mm"] * m_of + p["my"] * y_of
            new_of[:2] += root[0]
            new_of[2 + 2 * step] += p["sm"]
            new_mean = fixed["m"] + p["mm"] * m_mean + p["my"] * y_mean
            y_of = p["ym"] * new_of + p["yy"] * y_of
            y_of[:2] += root[1]
            e_of = p["phi"] * e_of
            e_of[3 + 2 * step] += p["sy"] * (np.sqrt(1 - p["phi"] ** 2) if step else 1.0)
            y_mean = fixed["y"] + p["ym"] * new_mean + p["yy"] * y_mean
            m_of, m_mean = new_of, new_mean
            y_of = y_of + e_of
            for value, mean, loading in zip(series[step + 1], (m_mean, y_mean), (m_of, y_of), strict=False):
                if not np.isnan(value):
                    means.append(mean)
                    loadings.append(loading)
                    values.append(value)
        if values:
            covariance = np.array(loadings) @ np.array(loadings).T
            left = np.array(values) - np.array(means)
            total -= (np.linalg.slogdet(covariance)[1] + left @ np.linalg.solve(covariance, left)) / 2
    return total


def as_parameters(population: Population, terms: dict[str, Any]) -> dict[str, float]:
    found: dict[str, float] = {}
    names = {
        "m": {"m_lag": "mm", "y_lag": "my", "m_baseline": "mm0", "y_baseline": "my0", "arm": "marm"},
        "y": {"m": "ym", "y_lag": "yy", "m_baseline": "ym0", "y_baseline": "yy0", "arm": "yarm"},
    }
    for outcome in ("m", "y"):
        found[f"{outcome}1"] = float(population.intercepts[outcome][0])
        found[f"s{outcome}"] = float(population.residuals[outcome][0])
        for term, slope in zip(terms[outcome]["on"], population.slopes[outcome][0], strict=True):
            found[names[outcome][term]] = float(slope)
    covariance = population.covariances["patient"][0]
    order = [effect.outcome for effect in population.varying["patient"]]
    m, y = order.index("m"), order.index("y")
    found |= {"um": float(np.sqrt(covariance[m, m])), "uy": float(np.sqrt(covariance[y, y]))}
    for values in population.autocorrelations.values():
        found["phi"] = float(values[0])
    return found | {"r": float(covariance[m, y] / found["um"] / found["uy"])}


@pytest.mark.parametrize(
    ("equations", "autocorrelation", "patients"), [(EQUATIONS, {}, 300), (LASTING, {"y": "sessions"}, 120)]
)
def test_the_estimate_is_that_of_full_information_maximum_likelihood(
    equations: dict[str, Any], autocorrelation: dict[str, str], patients: int
) -> None:
    """A Newton step from the estimate to the maximum of the dense density is small in standard errors: the rounds' chance is left."""
    data = blank(skip(simulate(patients, 8, 11), 0.3, 12), "y", 0.1, 13)
    at_first = data[data["session"] == 1].dropna()
    data = data[data["patient"].isin(at_first["patient"])]
    completion = completed(panel_of(data), equations, autocorrelation)
    at = as_parameters(population_of(completion.sets[0].maximum, completion.point[None]), equations)
    names, series = list(at), by_session(data)
    theta = np.array([at[name] for name in names])

    def value(moved: np.ndarray) -> float:
        return dense_log_likelihood(series, dict(zip(names, moved, strict=True)))

    step = 1e-3 * np.eye(len(theta))
    centre = value(theta)
    up, down = (np.array([value(theta + sign * row) for row in step]) for sign in (1, -1))
    gradient = (up - down) / 2e-3
    information = -np.diag(up + down - 2 * centre) / 1e-6
    for i in range(len(theta)):
        for j in range(i):
            both = value(theta + step[i] + step[j]) - up[i] - up[j] + centre
            information[i, j] = information[j, i] = -both / 1e-6
    covariance = np.linalg.inv(information)
    off = covariance @ gradient / np.sqrt(np.diag(covariance))
    # A third of the information is missing, and 30 rounds are averaged: their mean is off by about .1 standard errors, up to .2 seen.
    assert np.abs(off).max() < 0.4
    assert np.sqrt(np.mean(off**2)) < 0.2
