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

    nice python validation/measurement/simulate.py 40          # studies of each world
"""

import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from alliance.config import Variable  # noqa: E402
from alliance.data.panel import make_panel  # noqa: E402
from alliance.data.scoring.reliability import split_levels  # noqa: E402
from alliance.models.path.fit import fit  # noqa: E402
from tests.unit.models.filling import study  # noqa: E402
from tests.unit.models.path.test_filled import settings  # noqa: E402

KEPT = HERE.parents[1] / "results/measurement/estimates.csv"
PATIENTS, SESSIONS, LARGE = 150, 10, 4000
RELIABILITY = 0.7
SLOPE_SD = {"equal": 0.0, "slopes": 0.2, "construct": 0.0}
LOADINGS, INTERCEPTS, LASTING = (1.1, 1.0, 0.9), (0.3, 0.0, -0.3), 0.1
TRUTH = {"m_lag -> m": study.OWN_M, "y_lag -> m": study.CROSS, "m -> y": study.B, "y_lag -> y": study.OWN_Y}
PARTS = [f"i{number + 1}" for number in range(len(LOADINGS))]
VARIABLES = study.VARIABLES | {part: Variable(label=part, column=part, measured="during") for part in PARTS}
CONSTRUCT = Variable(label="construct", kind="composite", of=PARTS, metric="mean", latent=True, measured="during")
COLUMNS = ["world", "study", "scores", "path", "estimate", "sd", "low", "high"]


def spread_within(scores: pd.DataFrame, name: str) -> float:
    """Return the variance within patients."""
    return float(split_levels(scores[[name]].to_numpy(), pd.factorize(scores["patient"])[0]).within[0, 0])


def record(scores: pd.DataFrame, world: str, errors: dict[str, float], rng: np.random.Generator) -> pd.DataFrame:
    """Return what is recorded of true scores, with errors of these variances at each session."""
    size = len(scores)
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


def estimate(scores: pd.DataFrame, world: str) -> list[tuple[Any, ...]]:
    """Fit a study; return rows of scores, path, estimate, standard error and limits."""
    equations = {name: dict(equation) for name, equation in study.EQUATIONS.items()}
    if SLOPE_SD[world]:
        equations["y"]["vary"] = {"patient": ["intercept", "m"]}
    variables = VARIABLES | ({"m": CONSTRUCT} if world == "construct" else {})
    patients = scores[["patient", "therapist", "arm"]].drop_duplicates("patient")
    panel = make_panel(scores.drop(columns="arm"), patients, pd.DataFrame({"therapist": ["T01"]}), variables, 1, None)
    declared = {"within": [RELIABILITY, 0.0], "between": [1.0, 0.0], "note": ""}
    known = {} if world == "construct" else dict.fromkeys(("m", "y"), declared)
    given = settings(
        variables={key: variable.model_dump(mode="json") for key, variable in variables.items()},
        reliability=known,
        monte_carlo_draws=4000,
        sampling={"chains": 4, "draws": 1000, "tune": 500, "target_accept": 0.8},
        predictive_draws=2,
    )
    tree = fit(panel, "study", study.make_spec(equations, trends=False), given).tree
    rows = []
    for group, kind in (("paths", "recorded"), ("corrected", "corrected")):
        found = tree[group].to_dataset()
        draws = found["draws"].to_numpy().reshape(-1, found.sizes["quantity"])
        for place, (effect, path) in enumerate(zip(found["effect"].values, found["path"].values, strict=True)):
            if effect == "coefficient" and path in TRUTH:
                low, high = np.quantile(draws[:, place], [0.025, 0.975])
                rows.append((kind, path, float(found["point"][place]), draws[:, place].std(), low, high))
    return rows


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
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    kept = pd.read_csv(KEPT) if KEPT.exists() else pd.DataFrame(columns=COLUMNS)
    done = set(kept[["world", "study"]].itertuples(index=False, name=None))
    large = study.simulate(LARGE, SESSIONS, 999)
    errors = {name: (1 - RELIABILITY) / RELIABILITY * spread_within(large, name) for name in ("m", "y")}
    for number, world in product(range(studies), SLOPE_SD):
        if (world, number) not in done:
            scores = study.simulate(PATIENTS, SESSIONS, 100 + number, SLOPE_SD[world])
            rows = estimate(record(scores, world, errors, np.random.default_rng(5000 + number)), world)
            table = pd.DataFrame([(world, number, *row) for row in rows], columns=COLUMNS)
            table.to_csv(KEPT, mode="a", index=False, header=not KEPT.exists())
    summarise(pd.read_csv(KEPT)).to_csv(HERE / "recovery.csv", index=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
