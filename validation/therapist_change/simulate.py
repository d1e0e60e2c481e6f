"""Recovery where a fifth of the patients change therapist: sessions kept with the therapist who held them, or all given to the first one.

x acts on y within patients, with intercepts and slopes that differ between patients and between therapists, and a covariate w of
therapists. 24 therapists with 5 patients each at the start, 8 sessions; a fifth of the patients go on with another therapist from a random
session on. Beside them the same studies in which nobody does (nested). Studies are added to `estimates.csv` one by one, and a run that was
stopped goes on; then lme4 fits the same sessions, by maximum and by restricted maximum likelihood (`lmer.csv`):

    nice python -m validation.therapist_change.simulate 100        # studies
    nice Rscript validation/therapist_change/lmer.R
"""

import sys
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
PANELS = HERE.parents[1] / "results/therapist_change/panels.csv"  # of every study
THERAPISTS, PATIENTS, SESSIONS, CHANGING, DRAWS = 24, 5, 8, 0.2, 2000
TRUTH = {
    "x": 0.3, "w": 0.4, "sd therapist intercept": 0.5, "sd therapist x": 0.2, "sd patient intercept": 0.6, "sd patient x": 0.25,
}  # fmt: skip
VARIABLES = {
    "x": Variable(label="x", column="x", measured="before"),
    "y": Variable(label="y", column="y", measured="after"),
    "w": Variable(label="w", column="w", table="therapists"),
}
SPEC = ModelSpec.model_validate(
    {
        "label": "change of therapist",
        "family": "multilevel_path",
        "equations": {
            "y": {"on": ["x", "w"], "vary": {"patient": ["intercept", "x"], "therapist": ["intercept", "x"]}}
        },
        "effects": {"from": "x", "to": "y"},
    }
)
FLAT = {"slope_sd": 1.0, "intercept_sd": 1.0, "residual_sd": 1.0, "varying_sd": 1.0, "correlations": "uniform"}


def simulate(seed: int, changing: float = CHANGING) -> pd.DataFrame:
    """Return one row per patient and session; a share of the patients changes therapist."""
    rng = np.random.default_rng(seed)
    count = THERAPISTS * PATIENTS
    covariate = rng.standard_normal(THERAPISTS)
    of_therapists = rng.standard_normal((THERAPISTS, 2)) * [TRUTH["sd therapist intercept"], TRUTH["sd therapist x"]]
    of_patients = rng.standard_normal((count, 2)) * [TRUTH["sd patient intercept"], TRUTH["sd patient x"]]
    patient = np.repeat(np.arange(count), SESSIONS)
    session = np.tile(np.arange(SESSIONS), count)
    therapist = patient // PATIENTS
    for one in rng.choice(count, int(changing * count), replace=False):
        later = (patient == one) & (session >= rng.integers(1, SESSIONS))
        therapist[later] = (one // PATIENTS + rng.integers(1, THERAPISTS)) % THERAPISTS
    u, w = of_patients[patient] + of_therapists[therapist], covariate[therapist]
    x, e = rng.standard_normal((2, len(patient)))
    deviation = x - pd.Series(x).groupby(patient).transform("mean").to_numpy()
    y = u[:, 0] + TRUTH["x"] * x + u[:, 1] * deviation + TRUTH["w"] * w + e
    codes = {"patient": [f"P{i:03d}" for i in patient], "therapist": [f"T{i:02d}" for i in therapist]}
    return pd.DataFrame({**codes, "session": session, "x": x, "y": y, "w": w})


def give_to_first(sessions: pd.DataFrame) -> pd.DataFrame:
    """Give all sessions of a patient, and what is known of the therapist, to the first therapist."""
    first = sessions.groupby("patient")[["therapist", "w"]].transform("first")
    return sessions.assign(therapist=first["therapist"], w=first["w"])


def estimands(population: Population) -> dict[str, np.ndarray]:
    """Return what is compared with `TRUTH`: name -> (draw,)."""
    values = {"x": population.slopes["y"][:, 0], "w": population.slopes["y"][:, 1]}
    for level, effects in population.varying.items():
        sds = split_covariance(population.covariances[level])[0]
        for place, effect in enumerate(effects):
            values[f"sd {level} {effect.term}"] = sds[:, place]
    return values


def fit(study: int) -> list[dict[str, object]]:
    """Return one row per method and estimand of a simulated study."""
    kept, table = simulate(study), []
    for method, sessions in (("keep", kept), ("first", give_to_first(kept)), ("nested", simulate(study, 0.0))):
        rows, _ = select_rows(sessions, "change", SPEC)
        maximum = maximise(make_design("change", SPEC, rows, VARIABLES))
        found = draw_ml(Request("change", study, DRAWS, {}), maximum, PathPosterior(maximum.target, FLAT))
        estimate, draws = (estimands(population_of(maximum, at)) for at in (found.point, found.positions))
        for name, values in draws.items():
            low, high = np.quantile(values, [0.025, 0.975])
            row = {"study": study, "method": method, "estimand": name, "estimate": float(estimate[name][0])}
            table.append(row | {"low": low, "high": high, "error": values.std(ddof=1)})
    return table


def summarise(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return bias, its Monte Carlo error and coverage of each cell with the counts they rest on."""
    truth = estimates["estimand"].map(TRUTH)
    held = (estimates["low"] <= truth) & (truth <= estimates["high"])
    table = estimates.assign(
        truth=truth, held=held, off=estimates["estimate"] - truth, width=estimates["high"] - estimates["low"]
    )
    # As in a report: "boundary variance" where zero is compatible with the data, see `alliance.models.path.profile`.
    near = table["estimate"] <= np.where(table["low"] > 0, 2.0, 4.0) * table["error"]
    table["flagged"] = near & table["estimand"].str.startswith("sd ")
    grouped = table.groupby(["estimand", "method"], sort=False)
    found = grouped.agg(
        studies=("held", "size"), held=("held", "sum"), truth=("truth", "first"), bias=("off", "mean"),
        bias_error=("off", "sem"), width=("width", "median"), flagged=("flagged", "sum"),
    )  # fmt: skip
    found["bias_percent"] = 100 * found["bias"] / found["truth"].abs()
    found["coverage"] = found["held"] / found["studies"]
    return found.reset_index().round(4)


def main(studies: int) -> None:
    """Add what is missing, and write the summary and the sessions for lme4."""
    changing = {"keep": CHANGING, "nested": 0.0}
    panels = [simulate(s, share).assign(study=s, method=m) for s in range(studies) for m, share in changing.items()]
    PANELS.parent.mkdir(parents=True, exist_ok=True)
    pd.concat(panels).to_csv(PANELS, index=False)
    estimates = add_studies(PANELS.with_name("estimates.csv"), ({"study": study} for study in range(studies)), fit)
    summarise(estimates).to_csv(HERE / "coverage.csv", index=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
