"""Coverage with few therapists, by restricted and by plain maximum likelihood, in a world written down here.

x -> m -> y with a covariate w of therapists, intercepts and slopes that differ between patients and between therapists, and slopes a
and b that go together. 8 patients per therapist, 10 sessions. Studies are added to `estimates.csv` one by one, and a run that was stopped
goes on:

    nice python -m validation.few_therapists.simulate 100          # studies per number of therapists
"""

import sys
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from alliance.config import ModelSpec, Variable
from alliance.inference.depths import Request, draw_ml
from alliance.models.covariances import split_covariance
from alliance.models.design.arrays import make_design
from alliance.models.path.maximum import maximise, population_of
from alliance.models.path.posterior import PathPosterior
from alliance.models.quantities.population import Population
from alliance.models.rows import select_rows
from validation.resumed import add_studies

HERE = Path(__file__).parent
THERAPISTS = (5, 8, 12, 25)
PATIENTS, SESSIONS, DRAWS = 8, 10, 4000
A, B, C, W_M, W_Y = 0.3, -0.25, 0.1, 0.3, -0.2
BY_PATIENT, BY_THERAPIST = np.array([0.6, 0.25, 0.6, 0.25]), np.array([0.3, 0.15, 0.3, 0.15])  # m, a, y, b
CORRELATIONS = np.eye(4)
CORRELATIONS[1, 3] = CORRELATIONS[3, 1] = -0.5
CORRELATIONS[0, 2] = CORRELATIONS[2, 0] = -0.4
COV_P, COV_T = -0.5 * 0.25**2, -0.5 * 0.15**2
TRUTH = {
    "a": A, "b": B, "c_prime": C, "w on m": W_M, "w on y": W_Y, "cov_ab": COV_P + COV_T, "indirect": A * B + COV_P + COV_T,
    "sd therapist m": 0.3, "sd therapist a": 0.15, "sd therapist y": 0.3, "sd therapist b": 0.15,
    "sd patient m": 0.6, "sd patient a": 0.25, "sd patient y": 0.6, "sd patient b": 0.25,
}  # fmt: skip
VARIABLES = {
    "x": Variable(label="x", column="x", measured="before"),
    "m": Variable(label="m", column="m", measured="during"),
    "y": Variable(label="y", column="y", measured="after"),
    "w": Variable(label="w", column="w", table="therapists"),
}
SPEC = ModelSpec.model_validate(
    {
        "label": "few therapists",
        "family": "multilevel_path",
        "equations": {
            "m": {"on": ["x", "w"], "vary": {"patient": ["intercept", "x"], "therapist": ["intercept", "x"]}},
            "y": {"on": ["m", "x", "w"], "vary": {"patient": ["intercept", "m"], "therapist": ["intercept", "m"]}},
        },
        "effects": {"from": "x", "to": "y"},
    }
)
FLAT = {"slope_sd": 1.0, "intercept_sd": 1.0, "residual_sd": 1.0, "varying_sd": 1.0, "correlations": "uniform"}


def simulate(therapists: int, seed: int, by_therapist: np.ndarray = BY_THERAPIST) -> pd.DataFrame:
    """Return one row per patient and session."""
    rng = np.random.default_rng([therapists, seed])
    covariate = rng.standard_normal(therapists)
    of_patients, of_therapists = (
        rng.multivariate_normal(np.zeros(4), CORRELATIONS * np.outer(sd, sd), count)
        for sd, count in ((BY_PATIENT, therapists * PATIENTS), (by_therapist, therapists))
    )
    patient = np.repeat(np.arange(therapists * PATIENTS), SESSIONS)
    therapist = patient // PATIENTS
    u, w = of_patients[patient] + of_therapists[therapist], covariate[therapist]
    x, e_m, e_y = rng.standard_normal((3, len(patient)))
    m = u[:, 0] + (A + u[:, 1]) * x + W_M * w + e_m
    y = u[:, 2] + (B + u[:, 3]) * m + C * x + W_Y * w + e_y
    codes = {"patient": [f"P{i:04d}" for i in patient], "therapist": [f"T{i:02d}" for i in therapist]}
    return pd.DataFrame(
        {**codes, "session": np.tile(np.arange(SESSIONS), therapists * PATIENTS), "x": x, "m": m, "y": y, "w": w}
    )


def estimands(population: Population) -> dict[str, np.ndarray]:
    """Return what is compared with `TRUTH`: name -> (draw,)."""
    slopes = population.slopes
    a, b = slopes["m"][:, 0], slopes["y"][:, 0]
    values = {"a": a, "b": b, "c_prime": slopes["y"][:, 1], "w on m": slopes["m"][:, 1], "w on y": slopes["y"][:, 2]}
    values["cov_ab"] = np.zeros(len(a))
    for level, effects in population.varying.items():
        places = {effect.text: place for place, effect in enumerate(effects)}
        covariance = population.covariances[level]
        values["cov_ab"] = values["cov_ab"] + covariance[:, places["m: x"], places["y: m"]]
        sds = split_covariance(covariance)[0]
        for name, text in (("m", "m: intercept"), ("a", "m: x"), ("y", "y: intercept"), ("b", "y: m")):
            values[f"sd {level} {name}"] = sds[:, places[text]]
    return values | {"indirect": a * b + values["cov_ab"]}


def fit(therapists: int, study: int) -> list[dict[str, object]]:
    """Return one row per method and estimand of a simulated study."""
    rows, _ = select_rows(simulate(therapists, study), "few", SPEC)
    maximum = maximise(make_design("few", SPEC, rows, VARIABLES))
    found = draw_ml(Request("few", study, DRAWS, {}), maximum, PathPosterior(maximum.target, FLAT))
    plain = maximum.draw(DRAWS, np.random.default_rng(study))
    methods = {"restricted": (found.point, found.positions), "maximum": (maximum.top.position[None], plain)}
    table = []
    for method, (point, positions) in methods.items():
        estimate, draws = estimands(population_of(maximum, point)), estimands(population_of(maximum, positions))
        for name, values in draws.items():
            low, high = np.quantile(values, [0.025, 0.975])
            row = {"therapists": therapists, "study": study, "method": method, "estimand": name}
            table.append(row | {"estimate": float(estimate[name][0]), "low": low, "high": high})
    return table


def summarise(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return bias and coverage of each cell with the counts they rest on."""
    truth = estimates["estimand"].map(TRUTH)
    held = (estimates["low"] <= truth) & (truth <= estimates["high"])
    table = estimates.assign(
        truth=truth, held=held, error=estimates["estimate"] - truth, width=estimates["high"] - estimates["low"]
    )
    grouped = table.groupby(["estimand", "therapists", "method"], sort=False)
    found = grouped.agg(
        studies=("held", "size"),
        held=("held", "sum"),
        truth=("truth", "first"),
        bias=("error", "mean"),
        width=("width", "median"),
    )
    found["bias_percent"] = 100 * found["bias"] / found["truth"].abs()
    found["coverage"] = found["held"] / found["studies"]
    return found.reset_index().round(4)


def main(studies: int) -> None:
    """Add what is missing, and write the summary."""
    wanted = ({"therapists": therapists, "study": study} for study, therapists in product(range(studies), THERAPISTS))
    summarise(add_studies(HERE / "estimates.csv", wanted, fit)).to_csv(HERE / "coverage.csv", index=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
