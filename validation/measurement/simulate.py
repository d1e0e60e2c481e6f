"""Own past, cross-lag and mediation among true values, where scores tell changes within patients with a reliability of .7.

Patients have a series x -> m -> y: m and y depend on their own past, y on m of the same session, m on y of the session before, and lasting
differences of both are correlated. 150 patients, 10 sessions, stationary from the first. Three worlds:

``equal``      m and y are recorded with an error of their own at each session, 30 % of the variance within patients
``slopes``     the same, and the effect of m on y differs between patients with a standard deviation of .2
``construct``  m is told by three indicators with loadings 1.1, 1 and .9, errors at sessions that leave their mean a reliability of .7
               within patients, and errors that last in a patient; y is recorded without error

Each study is fitted by maximum likelihood as recorded (``construct``: the mean of the indicators), and with true values as unknowns. The
error variance of a score is what a declared reliability of .7 implies. Estimates and limits of 95 % intervals, as the container of the fit
has them, are added to `results/measurement/estimates.csv` study by study, and a run that was stopped goes on. `recovery.csv` is of what is
there:

    nice python -m validation.measurement.simulate 40          # studies of each world
"""

import sys
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alliance.config import Variable
from alliance.data.panel import make_panel
from alliance.data.scoring.reliability import split_levels
from alliance.models.path.fit import fit
from tests.unit.models.filling import study as series
from tests.unit.models.path.test_filled import settings
from validation.resumed import add_studies

HERE = Path(__file__).parent
KEPT = HERE.parents[1] / "results/measurement/estimates.csv"
PATIENTS, SESSIONS, LARGE = 150, 10, 4000
RELIABILITY = 0.7
SLOPE_SD = {"equal": 0.0, "slopes": 0.2, "construct": 0.0}
LOADINGS, INTERCEPTS, LASTING = (1.1, 1.0, 0.9), (0.3, 0.0, -0.3), 0.1
TRUTH = {"m_lag -> m": series.OWN_M, "y_lag -> m": series.CROSS, "m -> y": series.B, "y_lag -> y": series.OWN_Y}
PARTS = [f"i{number + 1}" for number in range(len(LOADINGS))]
VARIABLES = series.VARIABLES | {part: Variable(label=part, column=part, measured="during") for part in PARTS}
CONSTRUCT = Variable(label="construct", kind="composite", of=PARTS, metric="mean", latent=True, measured="during")


def spread_within(scores: pd.DataFrame, name: str) -> float:
    """Return the variance within patients."""
    return float(split_levels(scores[[name]].to_numpy(), pd.factorize(scores["patient"])[0]).within[0, 0])


@cache
def error_variances() -> dict[str, float]:
    """Return the variances of errors at each session that leave scores the reliability they are declared to have."""
    large = series.simulate(LARGE, SESSIONS, 999)
    return {name: (1 - RELIABILITY) / RELIABILITY * spread_within(large, name) for name in ("m", "y")}


def record(scores: pd.DataFrame, world: str, rng: np.random.Generator) -> pd.DataFrame:
    """Return what is recorded of true scores, with errors at each session."""
    size, errors = len(scores), error_variances()
    if world != "construct":
        noise = {name: np.sqrt(errors[name]) * rng.standard_normal(size) for name in ("m", "y")}
        return scores.assign(**{name: scores[name] + noise[name] for name in noise})
    codes, known = pd.factorize(scores["patient"])
    told = {}
    for part, loading, intercept in zip(PARTS, LOADINGS, INTERCEPTS, strict=True):
        lasting = np.sqrt(LASTING) * rng.standard_normal(len(known))[codes]
        error = np.sqrt(len(PARTS) * errors["m"]) * rng.standard_normal(size)
        told[part] = intercept + loading * scores["m"] + lasting + error
    return scores.assign(**told, m=np.mean(list(told.values()), axis=0))


def estimate(world: str, study: int) -> Iterator[dict[str, Any]]:
    """Yield one row per path of a simulated study, as recorded and corrected."""
    true = series.simulate(PATIENTS, SESSIONS, 100 + study, SLOPE_SD[world])
    scores = record(true, world, np.random.default_rng(5000 + study))
    equations = {name: dict(equation) for name, equation in series.EQUATIONS.items()}
    if SLOPE_SD[world]:
        equations["y"]["vary"] = {"patient": ["intercept", "m"]}
    variables = VARIABLES | ({"m": CONSTRUCT} if world == "construct" else {})
    patients = scores[["patient", "therapist", "arm"]].drop_duplicates("patient")
    panel = make_panel(scores.drop(columns="arm"), patients, pd.DataFrame({"therapist": ["T01"]}), variables, 1, None)
    declared = {"within": [RELIABILITY, 0.0], "between": [1.0, 0.0], "note": ""}
    known = {} if world == "construct" else dict.fromkeys(("m", "y"), declared)
    given = settings(
        seed=study + 1,  # or studies share what their random numbers do to estimates and standard errors
        variables={key: variable.model_dump(mode="json") for key, variable in variables.items()},
        reliability=known,
        monte_carlo_draws=4000,
        sampling={"chains": 4, "draws": 1000, "tune": 500, "target_accept": 0.8},
        predictive_draws=2,
    )
    tree = fit(panel, "study", series.make_spec(equations, trends=False), given).tree
    for group, kind in (("paths", "recorded"), ("corrected", "corrected")):
        found = tree[group].to_dataset()
        draws = found["draws"].to_numpy().reshape(-1, found.sizes["quantity"])
        for place, (effect, path) in enumerate(zip(found["effect"].values, found["path"].values, strict=True)):
            if effect == "coefficient" and path in TRUTH:
                low, high = np.quantile(draws[:, place], [0.025, 0.975])
                row = {
                    "world": world,
                    "study": study,
                    "scores": kind,
                    "path": path,
                    "estimate": float(found["point"][place]),
                }
                yield row | {"sd": draws[:, place].std(), "low": low, "high": high}


def summarise(table: pd.DataFrame) -> pd.DataFrame:
    """Return bias and coverage by world, scores and path."""
    table = table.assign(truth=table["path"].map(TRUTH))
    table["covered"] = (table["low"] <= table["truth"]) & (table["truth"] <= table["high"])
    found = table.groupby(["world", "scores", "path"], sort=False).agg(
        studies=("study", "size"),
        truth=("truth", "first"),
        mean=("estimate", "mean"),
        empirical_sd=("estimate", "std"),
        mean_sd=("sd", "mean"),
        coverage=("covered", "mean"),
    )
    found["bias_percent"] = 100 * (found["mean"] / found["truth"] - 1)
    found["bias_percent_se"] = 100 * found["empirical_sd"] / np.sqrt(found["studies"]) / found["truth"].abs()
    return found.round(3).reset_index()


def main(studies: int) -> None:
    """Fit studies that are not there yet, and write what was found."""
    wanted = ({"world": world, "study": study} for study, world in product(range(studies), SLOPE_SD))
    summarise(add_studies(KEPT, wanted, estimate)).to_csv(HERE / "recovery.csv", index=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
