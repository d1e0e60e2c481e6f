"""What the prior of the correlations does to cov(a, b) and the indirect effect in a small study, in a world written down here.

x -> m -> y, 60 patients of 8 therapists with 10 sessions. Five effects vary between patients, of which the slopes a and b go together, and
both intercepts vary between therapists. Posteriors by Laplace and importance sampling, whatever the Pareto k, which is counted. Studies are
added to `estimates.csv` one by one, and a run that was stopped goes on:

    nice python -m validation.prior_of_correlations.simulate 40          # studies
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alliance.config import ModelSpec, Variable
from alliance.inference.laplace import draw_laplace
from alliance.inference.mode import find_mode
from alliance.inference.restricted import Restricted
from alliance.models.design.arrays import make_design
from alliance.models.path.maximum import maximise
from alliance.models.path.posterior import PathPosterior
from alliance.models.quantities.population import Population, make_population
from alliance.models.rows import select_rows
from validation.resumed import add_studies

HERE = Path(__file__).parent
PATIENTS, SESSIONS, THERAPISTS, DRAWS = 60, 10, 8, 4000
PRIORS: dict[str, float | str] = {"uniform": "uniform", "LKJ(2)": 2.0}
A, B, C = 0.3, -0.25, 0.1
SDS = np.array([0.6, 0.25, 0.6, 0.25, 0.15])  # intercept and a of m, intercept, b and c' of y
COV = -0.6 * 0.25 * 0.25
TRUTH = {"a": A, "b": B, "cov_ab": COV, "indirect": A * B + COV}
VARIABLES = {
    "x": Variable(label="x", column="x", measured="before"),
    "m": Variable(label="m", column="m", measured="during"),
    "y": Variable(label="y", column="y", measured="after"),
}
SPEC = ModelSpec.model_validate(
    {
        "label": "five varying effects",
        "family": "multilevel_path",
        "equations": {
            "m": {"on": ["x"], "vary": {"patient": ["intercept", "x"], "therapist": ["intercept"]}},
            "y": {"on": ["m", "x"], "vary": {"patient": ["intercept", "m", "x"], "therapist": ["intercept"]}},
        },
        "effects": {"from": "x", "to": "y"},
    }
)


def simulate(seed: int) -> pd.DataFrame:
    """Return one row per patient and session."""
    rng = np.random.default_rng([60, seed])
    correlations = np.eye(5)
    correlations[0, 2] = correlations[2, 0] = -0.4
    correlations[1, 3] = correlations[3, 1] = -0.6
    u = rng.multivariate_normal(np.zeros(5), correlations * np.outer(SDS, SDS), PATIENTS)
    w = 0.3 * rng.standard_normal((THERAPISTS, 2))
    patient = np.repeat(np.arange(PATIENTS), SESSIONS)
    therapist = patient % THERAPISTS
    x, e_m, e_y = rng.standard_normal((3, len(patient)))
    m = u[patient, 0] + w[therapist, 0] + (A + u[patient, 1]) * x + e_m
    y = u[patient, 2] + w[therapist, 1] + (B + u[patient, 3]) * m + (C + u[patient, 4]) * x + e_y
    codes = {"patient": [f"P{i:03d}" for i in patient], "therapist": [f"T{i}" for i in therapist]}
    return pd.DataFrame({**codes, "session": np.tile(np.arange(SESSIONS), PATIENTS), "x": x, "m": m, "y": y})


def estimands(population: Population) -> dict[str, np.ndarray]:
    """Return what is compared with `TRUTH`: name -> (draw,)."""
    places = {effect.text: place for place, effect in enumerate(population.varying["patient"])}
    cov = population.covariances["patient"][:, places["m: x"], places["y: m"]]
    a, b = population.slopes["m"][:, 0], population.slopes["y"][:, 0]
    return {"a": a, "b": b, "cov_ab": cov, "indirect": a * b + cov}


def fit(study: int) -> list[dict[str, Any]]:
    """Return one row per method and estimand of a simulated study."""
    rows, _ = select_rows(simulate(study), "small", SPEC)
    design = make_design("small", SPEC, rows, VARIABLES)
    maximum = maximise(design)
    restricted = Restricted(maximum, maximum.target.quadratic)
    point = estimands(make_population(design, maximum.target.named(restricted.position[None])))
    draws = restricted.draw(DRAWS, np.random.default_rng(study))
    found = [("restricted", 0.0, point, estimands(make_population(design, maximum.target.named(draws))))]
    for name, prior in PRIORS.items():
        settings = {"slope_sd": 1.0, "intercept_sd": 1.0, "residual_sd": 1.0, "varying_sd": 0.5, "correlations": prior}
        posterior = PathPosterior(maximum.target, settings)
        laplace = draw_laplace(find_mode(posterior, maximum), DRAWS, np.random.default_rng(study))
        values = estimands(make_population(design, posterior.named(laplace.positions)))
        found.append((name, laplace.pareto_k, {key: each.mean(keepdims=True) for key, each in values.items()}, values))
    table = []
    for method, pareto_k, centre, values in found:
        for name, each in values.items():
            low, high = np.quantile(each, [0.025, 0.975])
            row = {"study": study, "method": method, "estimand": name, "estimate": float(centre[name][0])}
            table.append(row | {"low": low, "high": high, "pareto_k": pareto_k})
    return table


def summarise(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return bias and coverage by method and estimand with the counts they rest on."""
    truth = estimates["estimand"].map(TRUTH)
    held = (estimates["low"] <= truth) & (truth <= estimates["high"])
    table = estimates.assign(
        truth=truth, held=held, error=estimates["estimate"] - truth, failed=estimates["pareto_k"] > 0.7
    )
    found = table.groupby(["estimand", "method"], sort=False).agg(
        studies=("held", "size"),
        held=("held", "sum"),
        k_failed=("failed", "sum"),
        truth=("truth", "first"),
        bias=("error", "mean"),
    )
    found["bias_percent"] = 100 * found["bias"] / found["truth"].abs()
    found["coverage"] = found["held"] / found["studies"]
    return found.reset_index().round(4)


def main(studies: int) -> None:
    """Add what is missing, and write the summary."""
    estimates = add_studies(HERE / "estimates.csv", ({"study": study} for study in range(studies)), fit)
    summarise(estimates).to_csv(HERE / "coverage.csv", index=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
