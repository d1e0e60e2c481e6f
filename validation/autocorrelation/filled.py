"""Residuals that last where sessions are skipped: filled in jointly, or left out.

The world ``acts`` of `simulate.py`: what y leaves lasts (phi = .5), x lasts too (.8), follows what y was a session before (.5) and acts
on y (-.2). Here x has an equation, with its own past and that of y, so that the model knows what it follows. 30 % of the sessions after the
first one are skipped at random.

``complete``  every session is held
``filled``    30 % are skipped; what is missing is an unknown of the model
``dropped``   the same studies; rows that need something missing are left out

    nice python -m validation.autocorrelation.filled 40         # studies; goes on where it was stopped
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alliance.config import ModelSpec
from alliance.data.panel import make_panel
from alliance.models.container import marks_of
from alliance.models.path.fit import fit
from alliance.results.estimates import summarise_estimates
from validation.autocorrelation.simulate import PAST_X, PHI, VARIABLES, WORLDS, simulate
from validation.resumed import add_studies

HERE = Path(__file__).parent
KEPT = HERE.parents[1] / "results/autocorrelation/filled.csv"  # of every study
WORLD, SKIPPED = "acts", 0.3
FIRST = ["x_baseline", "y_baseline"]
DECLARED: dict[str, Any] = {
    "label": "lasting",
    "family": "multilevel_path",
    "depth": "ml",
    "equations": {
        "x": {"on": ["x_lag", "y_lag", *FIRST], "vary": {"patient": ["intercept"]}},
        "y": {"on": ["x", *FIRST], "vary": {"patient": ["intercept"]}},
    },
    "effects": {"from": "x", "to": "y"},
    "autocorrelation": {"y": "sessions"},
    "trends": False,
}
METHODS = {"complete": (False, "fill"), "filled": (True, "fill"), "dropped": (True, "drop")}
_, _, FOLLOWS, ACTS, _ = WORLDS[WORLD]
TRUTH = {"x -> y": ACTS, "x_lag -> x": PAST_X, "y_lag -> x": FOLLOWS, "residual -> y": PHI}


def estimate(study: int) -> Iterator[dict[str, Any]]:
    """Yield one row per method and estimand of a simulated study."""
    sessions = simulate(WORLD, study).assign(therapist="T", weeks=lambda rows: rows["days"] / 7)
    drawn = np.random.default_rng([99, study]).random(len(sessions)) < SKIPPED
    held = sessions[~(drawn & (sessions["session"] > 1))].reset_index(drop=True)
    settings = {
        "seed": study,
        "lag": 1,
        "monte_carlo_draws": 2000,
        "sampling": {"chains": 2, "draws": 1000, "tune": 500},
    }
    settings |= {"variables": {key: each.model_dump(mode="json") for key, each in VARIABLES.items()}}
    settings |= {"priors": dict.fromkeys(("slope_sd", "intercept_sd", "residual_sd", "varying_sd"), 1.0)}
    settings["priors"] |= {"correlations": "uniform"}
    for method, (skipped, missing) in METHODS.items():
        rows = held if skipped else sessions
        tables = rows[["patient", "therapist"]].drop_duplicates("patient"), pd.DataFrame({"therapist": ["T"]})
        panel = make_panel(rows, *tables, VARIABLES, 1, None)
        spec = ModelSpec.model_validate(DECLARED | {"missing": missing})
        result = fit(panel, "lasting", spec, settings | {"planned_sessions": 8})
        table = summarise_estimates(result.tree, marks_of(result.tree), 0.95)
        table = table[table["effect"].isin(["coefficient", "autocorrelation"])].set_index("path")
        for path, truth in TRUTH.items():
            row = table.loc[path]
            yield {"study": study, "method": method, "path": path, "truth": truth} | row[
                ["estimate", "low", "high"]
            ].to_dict()


def summarise(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return bias and coverage of each cell with the counts they rest on."""
    held = (estimates["low"] <= estimates["truth"]) & (estimates["truth"] <= estimates["high"])
    table = estimates.assign(error=estimates["estimate"] - estimates["truth"], held=held)
    found = table.groupby(["path", "method"], sort=False).agg(
        studies=("held", "size"),
        held=("held", "sum"),
        truth=("truth", "first"),
        bias=("error", "mean"),
        bias_se=("error", "sem"),
        empirical_sd=("estimate", "std"),
    )
    return found.reset_index().round(4)


def main(studies: int) -> None:
    """Add what is missing, and write the summary."""
    estimates = add_studies(KEPT, ({"study": study} for study in range(studies)), estimate)
    summarise(estimates).to_csv(HERE / "filled.csv", index=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
