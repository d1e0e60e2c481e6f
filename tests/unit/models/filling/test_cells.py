"""Conditional draws of missing cells against a dense normal density built from the panel alone."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.config import Variable
from alliance.models.design.arrays import Design, make_design
from alliance.models.design.series import add_series
from alliance.models.filling.cells import Cells, draw_auxiliary, draw_given, find_cells, shift, start_values
from alliance.models.filling.grid import Grid, make_grid
from alliance.models.path.target import PathTarget, make_target, varying_terms
from alliance.models.rows import select_rows
from tests.unit.models.filling.study import INTERCEPTS, VARIABLES, blank, make_spec, panel_of, simulate, skip

SLOPES: dict[str, Any] = {
    "m": {"on": ["x", "m_lag", "y_lag", *INTERCEPTS, "arm"], "vary": {"patient": ["intercept", "x"]}},
    "y": {"on": ["m", "y_lag", *INTERCEPTS, "arm"], "vary": {"patient": ["intercept", "m"]}},
}


def prepared(
    sessions: pd.DataFrame, equations: dict[str, Any], lasting: dict[str, str] | None = None
) -> tuple[Grid, Design, PathTarget, Cells]:
    spec = make_spec(equations)
    grid = make_grid(panel_of(sessions), spec, VARIABLES, 1, None)
    assert grid is not None
    design = make_design("study", spec, select_rows(grid.panel, "study", spec)[0], VARIABLES)
    design = add_series("study", lasting or {}, design)
    target = make_target(design)
    terms = [varying_terms(design, outcome) for outcome in design.equations]
    return (
        grid,
        design,
        target,
        find_cells(grid, design, target.statistics.equations, terms, np.arange(target.statistics.n_patients)),
    )


def holey(patients: int = 30, sessions: int = 6) -> pd.DataFrame:
    """Return sessions with holes: skipped ones, blank answers, some of them at the first session."""
    data = skip(simulate(patients, sessions, 4), 0.25, 5)
    for column, share, seed in (("x", 0.2, 6), ("m", 0.1, 7), ("y", 0.1, 8)):
        data = blank(data, column, share, seed)
    return data


@pytest.mark.parametrize("declared", [{"yes_no": True}, {"censored": (0.0, None)}])
def test_patient_with_nothing_but_a_first_session_has_no_cells(declared: dict[str, Any]) -> None:
    data = simulate(20, 4, 4)
    alone = data["patient"] == "P0003"
    data["y"] = (data["y"] > 0).astype(float).where(~alone, 0.0)
    variables = VARIABLES | {"y": Variable(label="outcome", column="y", measured="after", **declared)}
    grid = make_grid(panel_of(data[~alone | (data["session"] == 1)]), make_spec(), variables, 1, None)
    assert grid is not None and "P0003" not in set(grid.cells["patient"])
    assert (grid.cells["session"] == 1).any()


def test_every_place_follows_its_cells() -> None:
    """Arrays after a change of the cells are those of a design made from a panel that holds the changed values."""
    grid, design, _, cells = prepared(holey(), SLOPES)
    change = np.random.default_rng(1).normal(size=len(cells.guess))
    moved = shift(cells, start_values(cells), change)
    panel = grid.panel.copy()
    key = ["patient", "session"]
    for name, rows in grid.cells.groupby("variable"):
        at = panel.reset_index().merge(rows.reset_index(names="cell"), on=key)
        panel.loc[at["index"], str(name)] = (cells.guess + change)[at["cell"]]
    lagged = panel[[*key, "m", "y"]].assign(session=panel["session"] + 1)
    merged = panel[key].merge(lagged, on=key, how="left")
    first = panel.groupby("patient")[["m", "y"]].transform("first")
    for name in ("m", "y"):
        panel[f"{name}_lag"] = panel[f"{name}_lag"].where(panel[f"{name}_lag"].isna(), merged[name])
        panel[f"{name}_baseline"] = first[name]
    for (outcome, equation), rows in zip(design.equations.items(), moved.equations, strict=True):
        used = panel.loc[equation.rows.index]
        x = (used[list(equation.terms)].to_numpy(dtype=float) - equation.x_mean) / equation.x_sd
        np.testing.assert_allclose(rows.x[:, 1:], x, atol=1e-12)
        name = "x" if outcome == "m" else "m"
        level = equation.levels[name]
        expected = level.constant + sum(slope * used[constant] for constant, slope in level.slopes.items())
        assert set(level.slopes) == {*INTERCEPTS, "arm"}
        deviation = (used[name] - expected) / equation.x_sd[equation.terms.index(name)]
        np.testing.assert_allclose(rows.z[:, 1], deviation, atol=1e-12)
        np.testing.assert_allclose(rows.y, (used[outcome].to_numpy() - equation.y_mean) / equation.y_sd, atol=1e-12)


@pytest.mark.parametrize(
    ("correlation", "lasting"),
    [(0.0, {}), (0.5, {}), (0.0, {"m": ("days", 0.4), "y": ("sessions", -0.6)})],
)
def test_draws_have_the_mean_and_covariance_of_the_dense_normal_density(
    correlation: float, lasting: dict[str, tuple[str, float]]
) -> None:
    """The log density of all residuals is a quadratic of the cells: its second differences are exact."""
    kinds = {outcome: kind for outcome, (kind, _) in lasting.items()}
    _, design, target, cells = prepared(holey(12, 5), SLOPES, kinds)
    phi = np.array([lasting[outcome][1] if outcome in lasting else 0.0 for outcome in design.equations])
    rng = np.random.default_rng(2)
    start = start_values(cells)
    beta = rng.normal(0, 0.3, target.layout.fixed.stop)
    effects = rng.normal(0, 0.3, (target.statistics.n_patients, 4))
    covariance = np.array([[0.5, correlation * 0.6], [correlation * 0.6, 0.7]])
    fixed = draw_auxiliary(cells, start, rng)
    where = [list(zip(e.rows["patient"], e.rows["session"], strict=True)) for e in design.equations.values()]

    def log_density(change: np.ndarray) -> float:
        moved, total, residuals = shift(cells, start, change), 0.0, []
        for number, rows in enumerate(moved.equations):
            b = beta[target.layout.of(list(design.equations)[number])]
            residuals.append(
                rows.y - rows.x @ b - (rows.z * effects[rows.patient, 2 * number : 2 * number + 2]).sum(axis=1)
            )
        for k in np.flatnonzero(phi):  # by patient; sessions lie a week apart
            for patient in {patient for patient, _ in where[k]}:
                own = [number for number, (other, _) in enumerate(where[k]) if other == patient]
                times = np.array([where[k][number][1] for number in own])
                among = covariance[k, k] * phi[k] ** np.abs(times[:, None] - times).astype(float)
                total -= residuals[k][own] @ np.linalg.solve(among, residuals[k][own]) / 2
        for key in {*where[0], *where[1]}:
            present = [k for k in (0, 1) if key in where[k] and phi[k] == 0]
            e = np.array([residuals[k][where[k].index(key)] for k in present])
            total -= e @ np.linalg.solve(covariance[np.ix_(present, present)], e) / 2
        for rows, drawn in zip(moved.beside, fixed, strict=True):
            own = drawn.differences[rows.patient] if rows.z.shape[1] else 0.0
            total -= float(((rows.y - rows.x @ drawn.beta - own) ** 2).sum()) / drawn.variance / 2
        return total

    size = len(cells.guess)
    eye, zero = np.eye(size), np.zeros(size)
    single = np.array([log_density(row) for row in eye])
    other = np.array([log_density(-row) for row in eye])
    centre = log_density(zero)
    gradient = (single - other) / 2
    hessian = np.diag(single + other - 2 * centre)
    for i in range(size):
        for j in range(i):
            hessian[i, j] = hessian[j, i] = log_density(eye[i] + eye[j]) - single[i] - single[j] + centre
    draws = np.array(
        [
            draw_given(cells, start, beta, effects, covariance, fixed, generator, phi)[0]
            for generator in [None, *(np.random.default_rng(seed) for seed in range(1500))]
        ]
    )
    np.testing.assert_allclose(draws[0], np.linalg.solve(-hessian, gradient), atol=1e-8)
    expected = np.linalg.inv(-hessian)
    # Standard errors of covariances of 1500 draws are up to 1 / sqrt(750) = .037 of the variances.
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    np.testing.assert_allclose(np.cov(draws[1:].T) / scale, expected / scale, atol=0.15)
