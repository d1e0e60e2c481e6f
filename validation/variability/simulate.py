"""Patients who differ in variability: bias and coverage, and what becomes of inertia where it is ignored.

100 patients with 25 sessions and a predictor x without lasting differences, effect -.2:  y = level + inertia (y before - level) - .2 x + e,
e with variance exp(v). Levels have a standard deviation of 1, inertia of .15 around .3, log variances v of .6 (``tied``: .8) around 0.

``levels``     no inertia; levels and the effect of x (standard deviation .15) differ too, correlations with v .4 and -.3
``dynamic``    levels, inertia and v differ; correlations of v with levels .3, with inertia .3
``tied``       the same, where v and inertia go together by .6 and levels with neither

``varied`` is the model that knows of v (plain maximum likelihood, as in `depth: ml`), ``alike`` the one that does not (restricted); both
see the same studies. Limits of standard deviations and correlations are those of profiles. Rows are added to
`results/variability/estimates.csv` one by one, and a run that was stopped goes on:

    nice python -m validation.variability.simulate 60         # studies of each world
"""

import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alliance.config import ModelSpec, Variable
from alliance.facts.columns import PATIENT, VARIABILITY
from alliance.inference.depths import Request, draw_ml
from alliance.models.design.arrays import make_design
from alliance.models.path.maximum import PathMaximum, maximise, population_of
from alliance.models.path.posterior import PathPosterior
from alliance.models.path.profile import profile_components
from alliance.models.rows import select_rows
from validation.resumed import add_studies

HERE = Path(__file__).parent
KEPT = HERE.parents[1] / "results/variability/estimates.csv"  # of every study
PATIENTS, SESSIONS, DRAWS = 100, 25, 2000
EFFECT, INERTIA, SD_SLOPE = -0.2, 0.3, 0.15
# standard deviation of v, its correlation with levels and with slopes, of levels with slopes, what the slope is of
WORLDS: dict[str, tuple[float, float, float, float, str]] = {
    "levels": (0.6, 0.4, -0.3, 0.2, "x"),
    "dynamic": (0.6, 0.3, 0.3, 0.2, "y_lag"),
    "tied": (0.8, 0.0, 0.6, 0.0, "y_lag"),
}
VARIABLES = {
    "x": Variable(label="x", column="x", measured="before"),
    "y": Variable(label="y", column="y", measured="after"),
}
FLAT = {"slope_sd": 1.0, "intercept_sd": 1.0, "residual_sd": 1.0, "varying_sd": 1.0, "correlations": "uniform"}


def declare(world: str, *, varied: bool) -> ModelSpec:
    """Return the model of a world, with and without differences in variability."""
    slope = WORLDS[world][-1]
    on = ["x", *(["y_lag", "y_baseline"] if slope == "y_lag" else [])]
    vary = {"patient": ["intercept", slope, *([VARIABILITY] if varied else [])]}
    equations = {"y": {"on": on, "vary": vary}}
    declared = {"label": world, "family": "multilevel_path", "equations": equations, "missing": "drop"}
    return ModelSpec.model_validate(declared | {"effects": {"from": "x", "to": "y"}})


def simulate(world: str, study: int) -> pd.DataFrame:
    """Return one row per patient and session."""
    sd, with_level, with_slope, level_slope, kind = WORLDS[world]
    rng = np.random.default_rng([list(WORLDS).index(world), study])
    correlations = np.array([[1, level_slope, with_level], [level_slope, 1, with_slope], [with_level, with_slope, 1]])
    drawn = rng.multivariate_normal(np.zeros(3), correlations, PATIENTS) * [1.0, SD_SLOPE, sd]
    level, slope, v = drawn.T
    inertia = INERTIA + slope if kind == "y_lag" else np.zeros(PATIENTS)
    by_x = EFFECT + (slope if kind == "x" else 0.0)
    y, rows = level, []
    for session in range(-30, SESSIONS + 1):  # what was long before the first session is forgotten
        x, e = rng.standard_normal((2, PATIENTS))
        before, y = y, level + inertia * (y - level) + by_x * x + np.exp(v / 2) * e
        codes = {"patient": [f"P{i:03d}" for i in range(PATIENTS)], "therapist": "T", "session": session}
        rows.append(pd.DataFrame({**codes, "x": x, "y": y, "y_lag": before}))
    panel = pd.concat([rows_of for rows_of in rows if rows_of["session"].iloc[0] >= 1])
    first = panel[panel["session"] == 1].set_index("patient")["y"]
    panel["y_baseline"] = panel["patient"].map(first)
    return panel[panel["session"] > 1].sort_values(["patient", "session"], ignore_index=True)


def truths(world: str) -> dict[str, float]:
    """Return the estimands of a world; what is left of levels given the first value has no simple truth."""
    sd, with_level, with_slope, level_slope, kind = WORLDS[world]
    found = {"effect of x": EFFECT, "log variance": 0.0, "sd of slopes": SD_SLOPE, "sd of log variance": sd}
    found["slope with log variance"] = with_slope
    if kind == "y_lag":
        return found | {"inertia": INERTIA}
    return found | {"level with log variance": with_level, "sd of levels": 1.0, "level with slope": level_slope}


def estimate(world: str, maximum: PathMaximum, study: int) -> dict[str, tuple[float, float, float]]:
    """Return estimate and limits of everything the model knows."""
    kind = WORLDS[world][-1]
    found = draw_ml(Request("variability", study, DRAWS, {}), maximum, PathPosterior(maximum.target, FLAT))
    one, many = population_of(maximum, found.point), population_of(maximum, found.positions)
    terms = maximum.target.design.equations["y"].terms
    chosen = {"effect of x": "x"} | ({"inertia": "y_lag"} if kind == "y_lag" else {})
    values = {name: [p.slopes["y"][:, terms.index(term)] for p in (one, many)] for name, term in chosen.items()}
    values["log variance"] = [2 * np.log(p.residuals["y"]) for p in (one, many)]
    results = {}
    for name, (point, draws) in values.items():
        results[name] = (float(point[0]), *np.quantile(draws, [0.025, 0.975]))
    names = {VARIABILITY: "log variance", "intercept": "level", kind: "slope"}
    plural = {"log variance": "log variance", "level": "levels", "slope": "slopes"}
    order = ["level", "slope", "log variance"]
    for component in profile_components(maximum) if found.covariance is not None else []:
        about = sorted((names[effect.term] for effect in component.effects), key=order.index)
        name = f"sd of {plural[about[0]]}" if len(about) == 1 else " with ".join(about)
        point = float(component.raw(np.array(component.profile.estimate)))
        results[name] = (point, *component.quantiles(np.array([0.025, 0.975])))
    if found.covariance is None:
        sds = np.sqrt([np.diagonal(p.covariances[PATIENT], axis1=1, axis2=2)[:, 1] for p in (one,)])
        low, high = np.quantile(np.sqrt(many.covariances[PATIENT][:, 1, 1]), [0.025, 0.975])
        results["sd of slopes"] = (float(sds[0][0]), low, high)
    return results


def fit(world: str, study: int) -> Iterator[dict[str, Any]]:
    """Yield one row per method and estimand of a simulated study."""
    panel = simulate(world, study)
    for method in ("varied", "alike"):
        spec = declare(world, varied=method == "varied")
        rows, _ = select_rows(panel, "variability", spec)
        maximum = maximise(make_design("variability", spec, rows, VARIABLES))
        found = estimate(world, maximum, study)
        for name, truth in truths(world).items():
            # The mean of variances that differ is no estimate of the middling one.
            if name in found and not (method == "alike" and name == "log variance"):
                point, low, high = found[name]
                row = {"world": world, "study": study, "method": method, "estimand": name, "truth": truth}
                yield row | {"estimate": point, "low": low, "high": high, "converged": maximum.converged}


def summarise(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return bias and coverage of each cell with the counts they rest on."""
    held = (estimates["low"] <= estimates["truth"]) & (estimates["truth"] <= estimates["high"])
    table = estimates.assign(error=estimates["estimate"] - estimates["truth"], held=held)
    found = table.groupby(["world", "estimand", "method"], sort=False).agg(
        studies=("held", "size"),
        converged=("converged", "sum"),
        held=("held", "sum"),
        truth=("truth", "first"),
        bias=("error", "mean"),
        bias_se=("error", "sem"),
        empirical_sd=("estimate", "std"),
    )
    return found.reset_index().round(4)


def main(studies: int) -> None:
    """Add what is missing, and write the summary."""
    wanted = ({"world": world, "study": study} for study, world in product(range(studies), WORLDS))
    summarise(add_studies(KEPT, wanted, fit)).to_csv(HERE / "coverage.csv", index=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
