"""Yes/no and ordered outcomes, and mediators: bias and coverage of effects on the propensity, its spread, and probabilities.

80 patients with 8 sessions; a cause x acts on m and m on y, patients differ in all three.

``outcome``   y is yes or no, yes at about half of the sessions
``rare``      the same, yes at a tenth of the sessions
``mediator``  m is yes or no, and y follows the propensity behind it
``ordered``   y has four answers in order
``past``      y is yes or no, depends on the propensity a session before, and so does m; first values are among the predictors

`depth: ml` as in a run; all worlds see studies of the same numbers. They are added to `results/probit/estimates.csv` one by one, and a
run that was stopped goes on:

    nice python -m validation.probit.simulate 60            # studies of each world
    nice python -m validation.probit.simulate 20 laplace    # another depth
"""

import sys
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.special import ndtr

from alliance.config import ModelSpec, Variable
from alliance.data.panel import make_panel
from alliance.models.container import marks_of
from alliance.models.path.fit import fit
from alliance.results.estimates import summarise_estimates
from validation.resumed import add_studies

HERE = Path(__file__).parent
KEPT = HERE.parents[1] / "results/probit/estimates.csv"  # of every study
PATIENTS, SESSIONS, WARM_UP = 80, 8, 30
A, B, DIRECT = 0.4, 0.5, 0.3  # x -> m, m -> y, x -> y
SPREAD = np.array([[0.64, -0.2], [-0.2, 0.64]])  # of the intercepts of m and y
OWN_M, OWN_Y, CROSS = 0.3, 0.3, -0.15  # where the past counts
LEVEL: Final = {"outcome": 0.0, "rare": -1.9, "mediator": 0.0, "past": 0.0, "ordered": 0.5}  # of y
ANSWERED: Final = {"outcome": "y", "rare": "y", "mediator": "m", "past": "y", "ordered": "y"}
THRESHOLDS: Final = {"ordered": (0.0, 0.8, 1.6)}  # a single one, zero, in the other worlds
STATIC: dict[str, Any] = {
    "m": {"on": ["x"], "vary": {"patient": ["intercept"]}},
    "y": {"on": ["m", "x"], "vary": {"patient": ["intercept"]}},
}
PAST: dict[str, Any] = {
    "m": {"on": ["x", "m_lag", "y_lag", "m_baseline", "y_baseline"], "vary": {"patient": ["intercept"]}},
    "y": {"on": ["m", "x", "y_lag", "m_baseline", "y_baseline"], "vary": {"patient": ["intercept"]}},
}
SAMPLING = {
    "chains": 4, "draws": 500, "tune": 500, "target_accept": 0.9, "r_hat": 1.01, "ess": 400, "divergences": 0,
}  # fmt: skip
PRIORS = {"slope_sd": 1.0, "intercept_sd": 1.0, "residual_sd": 1.0, "varying_sd": 1.0, "correlations": "uniform"}


def simulate(world: str, patients: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return one row per patient and session, with the propensity as `latent`."""
    u = rng.multivariate_normal([0, 0], SPREAD, patients)
    own_m, own_y, cross = (OWN_M, OWN_Y, CROSS) if world == "past" else (0.0, 0.0, 0.0)
    m, y, rows = np.zeros(patients), np.zeros(patients), []
    for session in range(1 - (WARM_UP if world == "past" else 0), SESSIONS + 1):
        x = rng.standard_normal(patients)
        m = A * x + own_m * m + cross * y + u[:, 0] + rng.standard_normal(patients)
        y = LEVEL[world] + B * m + DIRECT * x + own_y * y + u[:, 1] + rng.standard_normal(patients)
        if session >= 1:
            values = {"x": x, "m": m, "y": y, "u": u[:, 1]}
            rows.append(pd.DataFrame({"patient": np.arange(patients), "session": session} | values))
    table = pd.concat(rows).sort_values(["patient", "session"], ignore_index=True)
    table["patient"] = [f"P{number:06d}" for number in table["patient"]]
    answered = ANSWERED[world]
    answers = np.searchsorted(THRESHOLDS.get(world, (0.0,)), table[answered]).astype(float)
    return table.assign(latent=table[answered], **{answered: answers})


@cache
def truths(world: str) -> dict[tuple[str, str, str], float]:
    """Return the true values by path, effect and level; differences in probability from 20,000 patients, as the model defines them."""
    effects = {
        ("m -> y", "coefficient", "within"): B,
        ("x -> y", "direct", "within"): DIRECT,
        ("x -> m -> y", "indirect", "within"): A * B,
    }
    if world == "past":
        return effects | {
            ("y_lag -> y", "coefficient", "within"): OWN_Y,
            ("y_lag -> m", "coefficient", "within"): CROSS,
        }
    for number, outcome in enumerate("my"):
        effects[f"intercept -> {outcome}", "sd", "patient"] = float(np.sqrt(SPREAD[number, number]))
    highest = THRESHOLDS.get(world, (0.0,))[-1]
    for number, threshold in enumerate(THRESHOLDS.get(world, (0.0,))[1:], start=2):
        effects[f"threshold {number} -> y", "threshold", "session"] = threshold
    if world != "mediator":
        data = simulate(world, 20_000, np.random.default_rng(1))
        eta = LEVEL[world] - highest + B * data["m"] + DIRECT * data["x"]
        scale = np.sqrt(1 + SPREAD[1, 1])
        moved = A * B + DIRECT
        effects["x -> y", "probability", "within"] = float((ndtr((eta + moved) / scale) - ndtr(eta / scale)).mean())
    return effects


def declare(world: str, depth: str) -> tuple[ModelSpec, dict[str, Variable]]:
    """Return the declaration of the model and of the measures."""
    answered, key = ANSWERED[world], "ordered" if world in THRESHOLDS else "yes_no"
    variables = {
        "x": Variable(label="x", column="x", measured="before"),
        "m": Variable(label="m", column="m", measured="during", yes_no=answered == "m"),
        "y": Variable.model_validate({"label": "y", "column": "y", "measured": "after", key: answered == "y"}),
    }
    declared = {
        "label": "x to y",
        "family": "multilevel_path",
        "depth": depth,
        "equations": PAST if world == "past" else STATIC,
        "effects": {"from": "x", "to": "y"},
    }
    return ModelSpec.model_validate(declared), variables


def estimate(world: str, study: int, depth: str) -> Iterator[dict[str, Any]]:
    """Yield one row per estimand of a simulated study."""
    rng = np.random.default_rng([list(LEVEL).index(world), study])
    data = simulate(world, PATIENTS, rng).drop(columns=["u", "latent"]).assign(therapist="T")
    spec, variables = declare(world, depth)
    scores = data.assign(days=7.0 * data["session"], weeks=data["session"] - 1.0)
    patients = data[["patient", "therapist"]].drop_duplicates()
    panel = make_panel(scores, patients, pd.DataFrame({"therapist": ["T"]}), variables, 1, None)
    settings = {
        "seed": study,
        "lag": 1,
        "variables": {key: variable.model_dump(mode="json") for key, variable in variables.items()},
        "monte_carlo_draws": 2000,
        "sampling": SAMPLING,
        "priors": PRIORS,
    }
    result = fit(panel, "study", spec, settings)
    table = summarise_estimates(result.tree, marks_of(result.tree), 0.95).set_index(["path", "effect", "level"])
    for name in truths(world):
        (row,) = table.loc[[name]].to_dict("records")
        yield {"world": world, "study": study, "depth": depth, "estimand": " ".join(name)} | {
            key: row[key] for key in ("estimate", "low", "high", "sd", "flag")
        }


def summarise(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return bias and coverage of each cell with the counts they rest on."""
    named = {(world, " ".join(name)): value for world in LEVEL for name, value in truths(world).items()}
    truth = np.array([named[pair] for pair in zip(estimates["world"], estimates["estimand"], strict=True)])
    held = (estimates["low"] <= truth) & (truth <= estimates["high"])
    table = estimates.assign(
        truth=truth, error=estimates["estimate"] - truth, held=held, flagged=estimates["flag"].fillna("").ne("")
    )
    found = table.groupby(["depth", "world", "estimand"], sort=False).agg(
        studies=("held", "size"),
        held=("held", "sum"),
        flagged=("flagged", "sum"),
        truth=("truth", "first"),
        bias=("error", "mean"),
        bias_se=("error", "sem"),
        empirical_sd=("estimate", "std"),
        mean_sd=("sd", "mean"),
    )
    return found.reset_index().round(4)


def main(studies: int, depth: str) -> None:
    """Add what is missing, and write the summary."""
    wanted = ({"world": world, "study": study, "depth": depth} for study, world in product(range(studies), LEVEL))
    summarise(add_studies(KEPT, wanted, estimate)).to_csv(HERE / "coverage.csv", index=False)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "ml")
