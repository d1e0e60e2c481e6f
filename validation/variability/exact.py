"""Levels, inertia and variability of patients by a likelihood written apart, on the studies of `simulate`.

Given inertia phi_i and log variance v_i of a patient, rows are normal and the level is integrated in closed form; the two themselves are
summed over a grid (trapezoidal rule). Nothing of the package's likelihood is used. The first value is a predictor of the level, as in the
package's models ("given the first value"), or comes from the stationary distribution of the patient's own series ("stationary start").
Beside them the package's maximum, and the same with a patient's intercept taken apart from inertia. Studies are added one by one:

    nice python -m validation.variability.exact 40         # studies of each world
"""

import math
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pandas as pd
from scipy.optimize import minimize

from alliance.facts.columns import PATIENT
from alliance.models.design.arrays import Design, make_design
from alliance.models.path.maximum import maximise, population_of
from alliance.models.rows import select_rows
from validation.resumed import add_studies
from validation.variability.simulate import VARIABLES, declare, simulate, truths

HERE = Path(__file__).parent
KEPT = HERE.parents[1] / "results/variability/exact.csv"  # of every study
WORLDS = ("dynamic", "tied")
STARTS = {"given the first value": False, "stationary start": True}
LINES = np.arange(-5.0, 5.01, 0.3), np.arange(-4.8, 4.81, 0.4)  # of the sources of v and of phi, in standard deviations
START = np.array([-0.2, 0.3, 0.0, 0.0, 0.6, 0.02, 0.14, 0.1, 0.1, 0.7, 0.5])
ESTIMANDS = ("inertia", "sd of slopes", "sd of log variance", "slope with log variance")


@numba.njit(fastmath=True)
def log_likelihood(products, first, counts, at, stationary, line_v, line_phi):
    """Return the log-likelihood up to a constant.

    Parameters
    ----------
    products
        Cross-products of (1, earlier y, x, y) of each patient.
    at
        Slope of x, inertia, log variance, level, the factor of the covariance of (v, phi, level) row by row, slope of the level on the
        first value.
    """
    total, found = 0.0, np.empty((len(line_v), len(line_phi)))
    for i in range(len(first)):
        p, n, highest = products[i], counts[i], -np.inf
        for j in range(len(line_v)):
            tau = math.exp(-(at[2] + at[4] * line_v[j]))
            for k in range(len(line_phi)):
                phi = at[1] + at[5] * line_v[j] + at[6] * line_phi[k]
                level = at[3] + at[7] * line_v[j] + at[8] * line_phi[k] + (0.0 if stationary else at[10] * first[i])
                by_x, own = at[0], 1.0 - phi
                left = p[0, 3] - phi * p[0, 1] - by_x * p[0, 2]
                square = p[3, 3] + phi * phi * p[1, 1] + by_x * by_x * p[2, 2]
                square += 2.0 * (phi * by_x * p[1, 2] - phi * p[1, 3] - by_x * p[2, 3])
                square += own * level * (n * own * level - 2.0 * left)
                precision, pull = tau * n * own * own, tau * own * (left - n * own * level)
                value = 0.5 * n * math.log(tau) - 0.5 * tau * square - 0.5 * (line_v[j] ** 2 + line_phi[k] ** 2)
                if stationary:
                    if abs(phi) >= 1.0:
                        found[j, k] = -np.inf
                        continue
                    start, off = (1.0 - phi * phi) / (by_x * by_x + 1.0 / tau), first[i] - level
                    value += 0.5 * math.log(start) - 0.5 * start * off * off
                    precision, pull = precision + start, pull + start * off
                spread = 1.0 + at[9] ** 2 * precision
                found[j, k] = value - 0.5 * math.log(spread) + 0.5 * at[9] ** 2 * pull * pull / spread
                highest = max(highest, found[j, k])
        total += highest + math.log(np.exp(found - highest).sum())
    return total


def fit_on_grid(panel: pd.DataFrame, *, stationary: bool) -> tuple[dict[str, float], bool]:
    """Return the estimates at the maximum, and whether the search arrived."""
    grouped = [rows for _, rows in panel.groupby("patient")]
    tables = [np.column_stack([np.ones(len(rows)), rows[["y_lag", "x", "y"]]]) for rows in grouped]
    products = np.array([table.T @ table for table in tables])
    first = np.array([rows["y_baseline"].iloc[0] for rows in grouped])
    counts = np.array([float(len(rows)) for rows in grouped])
    start = START[:10] if stationary else START

    def minus(at: np.ndarray) -> float:
        return -log_likelihood(products, first, counts, at, stationary, *LINES) / len(first)

    def slope(at: np.ndarray) -> np.ndarray:
        steps = 1e-5 * np.eye(len(at))
        return np.array([(minus(at + step) - minus(at - step)) / 2e-5 for step in steps])

    found = minimize(minus, start, jac=slope, method="BFGS", options={"gtol": 1e-5})
    v, past = abs(found.x[4]), np.hypot(found.x[5], found.x[6])
    values = (found.x[1], past, v, np.sign(found.x[4]) * found.x[5] / past)
    return dict(zip(ESTIMANDS, values, strict=True)), bool(np.abs(found.jac).max() < 1e-3)


def fit_package(design: Design) -> tuple[dict[str, float], bool]:
    """Return the same of the package."""
    maximum = maximise(design)
    population = population_of(maximum)
    places = [[effect.term for effect in design.differing[PATIENT]].index(term) for term in ("y_lag", "variability")]
    covariance = population.joint[PATIENT][0][np.ix_(places, places)]
    past, v = np.sqrt(np.diagonal(covariance))
    inertia = population.slopes["y"][0, design.equations["y"].terms.index("y_lag")]
    return dict(zip(ESTIMANDS, (inertia, past, v, covariance[0, 1] / past / v), strict=True)), maximum.converged


def fit(world: str, study: int) -> Iterator[dict[str, Any]]:
    """Yield one row per likelihood and estimand of a simulated study."""
    panel, spec = simulate(world, study), declare(world, varied=True)
    design = make_design("variability", spec, select_rows(panel, "variability", spec)[0], VARIABLES)
    found = {f"grid, {name}": fit_on_grid(panel, stationary=stationary) for name, stationary in STARTS.items()}
    found |= {"package": fit_package(design), "package, intercept apart": fit_package(replace(design, pasts=()))}
    for likelihood, (values, converged) in found.items():
        for name in ESTIMANDS:
            row = {"world": world, "study": study, "likelihood": likelihood, "estimand": name}
            yield row | {"truth": truths(world)[name], "estimate": values[name], "converged": converged}


def summarise(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return the bias of each cell, and how far each likelihood lies from the grid's on the same studies, with their errors."""
    table = estimates.assign(off=estimates["estimate"] - estimates["truth"])
    grid = table[table["likelihood"] == f"grid, {next(iter(STARTS))}"].set_index(["world", "study", "estimand"])[
        "estimate"
    ]
    table["beside"] = table["estimate"] - grid.reindex(table.set_index(["world", "study", "estimand"]).index).to_numpy()
    found = table.groupby(["world", "estimand", "likelihood"], sort=False).agg(
        studies=("off", "size"),
        converged=("converged", "sum"),
        truth=("truth", "first"),
        bias=("off", "mean"),
        bias_se=("off", "sem"),
        pairs=("beside", "count"),
        beside_grid=("beside", "mean"),
        beside_grid_se=("beside", "sem"),
    )
    return found.reset_index().round(4)


def main(studies: int) -> None:
    """Add what is missing, and write the summary."""
    wanted = ({"world": world, "study": study} for study, world in product(range(studies), WORLDS))
    summarise(add_studies(KEPT, wanted, fit)).to_csv(HERE / "exact.csv", index=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
