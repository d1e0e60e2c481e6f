"""Residuals that last: coverage of their autocorrelation, and what becomes of a predictor where they are taken for independent.

60 patients with 8 sessions, five to nine days apart; levels of patients differ as much as residuals do.

``phi ...``          residuals of y that last by the count of sessions or of days, from not at all to .6; 15 % of the sessions are skipped
``slow``             phi = .5, and a predictor x of the same session that lasts too (.8), has nothing to do with y, and no effect
``follows``          the same, but x follows what y was a session before (by .5), as where somebody responds to it; it has no effect
``follows skipped``  the same, and 15 % of the sessions are skipped
``acts``             as ``follows``, with an effect of -.2

Restricted maximum likelihood, as in `depth: ml`; all methods see the same studies. They are added to
`results/autocorrelation/estimates.csv` one by one, and a run that was stopped goes on:

    nice python -m validation.autocorrelation.simulate 100         # studies of each world
"""

import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alliance.config import ModelSpec, Variable
from alliance.facts.cautions import CAUTIONS
from alliance.inference.depths import Request, draw_ml
from alliance.models.design.arrays import make_design
from alliance.models.design.series import add_series
from alliance.models.path.lasting import chance_of_lasting, maximise_independent
from alliance.models.path.maximum import maximise, population_of
from alliance.models.path.posterior import PathPosterior
from alliance.models.rows import select_rows
from validation.resumed import add_studies

HERE = Path(__file__).parent
KEPT = HERE.parents[1] / "results/autocorrelation/estimates.csv"  # of every study
PATIENTS, SESSIONS, DRAWS = 60, 8, 2000
PHI, PAST_X = 0.5, 0.8
# Time, phi, x by y before, y by x, share of sessions skipped.
WORLDS: dict[str, tuple[str, float, float, float, float]] = {
    **{
        f"phi {phi:g} by {time}": (time, phi, 0.0, 0.0, 0.15)
        for time in ("sessions", "days")
        for phi in (0.0, 0.1, 0.3, 0.6)
    },
    "slow": ("sessions", PHI, 0.0, 0.0, 0.0),
    "follows": ("sessions", PHI, 0.5, 0.0, 0.0),
    "follows skipped": ("sessions", PHI, 0.5, 0.0, 0.15),
    "acts": ("sessions", PHI, 0.5, -0.2, 0.0),
}
VARIABLES = {
    "x": Variable(label="x", column="x", measured="before"),
    "y": Variable(label="y", column="y", measured="after"),
}
SPEC = ModelSpec.model_validate(
    {
        "label": "lasting",
        "family": "multilevel_path",
        "equations": {"y": {"on": ["x", "session"], "vary": {"patient": ["intercept"]}}},
        "effects": {"from": "x", "to": "y"},
    }
)
FLAT = {"slope_sd": 1.0, "intercept_sd": 1.0, "residual_sd": 1.0, "varying_sd": 1.0, "correlations": "uniform"}


def simulate(world: str, study: int) -> pd.DataFrame:
    """Return one row per patient and session that was held."""
    time, phi, follows, acts, skipped = WORLDS[world]
    rng = np.random.default_rng([list(WORLDS).index(world), study])
    days = np.cumsum(rng.integers(5, 10, (PATIENTS, SESSIONS)), axis=1)
    level, e, x = rng.standard_normal((3, PATIENTS))
    y, rows = level + acts * x + e, []
    for session in range(SESSIONS):
        if session:
            apart = 1.0 if time == "sessions" else (days[:, session] - days[:, session - 1]) / 7
            x = PAST_X * x + follows * y + np.sqrt(1 - PAST_X**2) * rng.standard_normal(PATIENTS)
            r = phi**apart
            e = r * e + np.sqrt(1 - r**2) * rng.standard_normal(PATIENTS)
            y = level + acts * x + e
        codes = {"patient": [f"P{i:03d}" for i in range(PATIENTS)], "therapist": "T", "session": session + 1}
        rows.append(pd.DataFrame({**codes, "days": days[:, session], "x": x, "y": y}))
    panel = pd.concat(rows)
    held = panel[rng.random(len(panel)) >= skipped]
    return held.sort_values(["patient", "session"], ignore_index=True)


def fit(world: str, study: int) -> Iterator[dict[str, Any]]:
    """Yield one row per method and estimand of a simulated study."""
    time = WORLDS[world][0]
    rows, _ = select_rows(simulate(world, study), "lasting", SPEC)
    plain = make_design("lasting", SPEC, rows, VARIABLES)
    methods = {"lasting": add_series("lasting", {"y": time}, plain)}
    if not world.startswith("phi"):
        methods["independent"] = plain
    for method, design in methods.items():
        maximum = maximise(design)
        found = draw_ml(Request("lasting", study, DRAWS, {}), maximum, PathPosterior(maximum.target, FLAT))
        one, many = population_of(maximum, found.point), population_of(maximum, found.positions)
        estimands = {"effect of x": (one.slopes["y"][0, 0], many.slopes["y"][:, 0])}
        if method == "lasting":
            estimands["phi"] = (one.autocorrelations["y"][0], many.autocorrelations["y"])
        for name, (estimate, draws) in estimands.items():
            low, high = np.quantile(draws, [0.025, 0.975])
            row = {"world": world, "study": study, "method": method, "estimand": name, "estimate": estimate}
            chance = chance_of_lasting([maximum], [maximise_independent(maximum, ["y"])]) if name == "phi" else np.nan
            yield row | {"low": low, "high": high, "sd": draws.std(ddof=1), "chance": chance}


def summarise(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return bias and coverage of each cell with the counts they rest on."""
    of_phi = estimates["estimand"] == "phi"
    truth = np.array([WORLDS[w][1 if phi else 3] for w, phi in zip(estimates["world"], of_phi, strict=True)])
    by_days = np.array([WORLDS[world][0] == "days" for world in estimates["world"]])
    held = (estimates["low"] <= truth) & (truth <= estimates["high"])
    flagged = of_phi & by_days & (estimates["chance"] > CAUTIONS["no_autocorrelation"].threshold)
    table = estimates.assign(
        truth=truth,
        error=estimates["estimate"] - truth,
        held=held,
        flagged=flagged,
        held_unflagged=held & ~flagged,
        excludes_zero=(estimates["low"] > 0) | (estimates["high"] < 0),
    )
    found = table.groupby(["world", "estimand", "method"], sort=False).agg(
        studies=("held", "size"),
        held=("held", "sum"),
        flagged=("flagged", "sum"),
        held_unflagged=("held_unflagged", "sum"),
        excludes_zero=("excludes_zero", "sum"),
        truth=("truth", "first"),
        bias=("error", "mean"),
        bias_se=("error", "sem"),
        empirical_sd=("estimate", "std"),
        mean_sd=("sd", "mean"),
    )
    return found.reset_index().round(4)


def main(studies: int) -> None:
    """Add what is missing, and write the summary."""
    wanted = ({"world": world, "study": study} for study, world in product(range(studies), WORLDS))
    summarise(add_studies(KEPT, wanted, fit)).to_csv(HERE / "coverage.csv", index=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
