"""What skipped sessions do to inertia where rows with something missing are left out, in patients who vary alike.

100 patients with 10 sessions:  y = level + .3 (y before - level) - .2 x + e,  levels and e with a standard deviation of one, series long
under way at the first session. Each study is fitted by restricted maximum likelihood with every session, and again with a share of the
later ones skipped, so that their rows and the ones after them are left out (`missing: drop`). A minute for 20 studies:

    nice python -m validation.variability.gaps 20
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from alliance.config import ModelSpec
from alliance.inference.restricted import Restricted
from alliance.models.checking.past import count_restarts
from alliance.models.design.arrays import make_design
from alliance.models.path.maximum import maximise, population_of
from alliance.models.rows import select_rows
from validation.variability.simulate import VARIABLES

HERE = Path(__file__).parent
PATIENTS, SESSIONS, WARM_UP = 100, 10, 20
SHARES = (0.03, 0.06, 0.12, 0.2)
SPEC = ModelSpec.model_validate(
    {
        "label": "x to y",
        "family": "multilevel_path",
        "missing": "drop",
        "equations": {"y": {"on": ["x", "y_lag", "y_baseline"], "vary": {"patient": ["intercept"]}}},
        "effects": {"from": "x", "to": "y"},
    }
)


def simulate(study: int, share: float) -> tuple[pd.DataFrame, np.ndarray]:
    """Return one row per patient and session after the first, and which of them are left out where a share was skipped."""
    rng, rows = np.random.default_rng(study), []
    level = y = rng.standard_normal(PATIENTS)
    for session in range(-WARM_UP, SESSIONS + 1):
        x, before = rng.standard_normal(PATIENTS), y
        y = level + 0.3 * (y - level) - 0.2 * x + rng.standard_normal(PATIENTS)
        codes = {"patient": [f"P{i:03d}" for i in range(PATIENTS)], "therapist": "T", "session": session}
        rows.append(pd.DataFrame({**codes, "x": x, "y": y, "y_lag": before}))
    panel = pd.concat(rows[WARM_UP + 1 :])
    panel["y_baseline"] = panel["patient"].map(panel[panel["session"] == 1].set_index("patient")["y"])
    panel = panel[panel["session"] > 1].sort_values(["patient", "session"], ignore_index=True)
    skipped = pd.Series(rng.random(len(panel)) < share)
    return panel, (skipped | skipped.groupby(panel["patient"]).shift(fill_value=False)).to_numpy()


def estimate(panel: pd.DataFrame, kept: pd.DataFrame) -> tuple[float, float]:
    """Return inertia, and the share of rows that follow a gap."""
    rows, _ = select_rows(kept, "gaps", SPEC)
    design = make_design("gaps", SPEC, rows, VARIABLES)
    maximum = maximise(design)
    equation = design.equations["y"]
    slopes = population_of(maximum, Restricted(maximum, maximum.target.compared).position[None]).slopes["y"][0]
    return float(slopes[equation.terms.index("y_lag")]), count_restarts(equation, panel, 1) / len(equation.rows)


def main(studies: int) -> None:
    """Write the summary."""
    found = []
    for study in range(studies):
        for share in SHARES:
            panel, left_out = simulate(study, share)
            (whole, _), (gaps, restarted) = (estimate(panel, each) for each in (panel, panel[~left_out]))
            found.append(
                {"skipped": share, "restarted": restarted, "whole": whole, "gaps": gaps, "change": gaps - whole}
            )
    means = (
        pd.DataFrame(found)
        .groupby("skipped")
        .agg(
            studies=("whole", "size"),
            restarted=("restarted", "mean"),
            whole=("whole", "mean"),
            gaps=("gaps", "mean"),
            change=("change", "mean"),
            change_se=("change", "sem"),
        )
    )
    means.round(4).reset_index().to_csv(HERE / "gaps.csv", index=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
