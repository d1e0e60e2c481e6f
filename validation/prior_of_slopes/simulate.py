"""What the prior of slopes does in small and in larger studies with lagged outcomes, in worlds written down here.

Symptoms, technique and alliance in each session; the alliance then acts on the symptoms before the next one. Levels differ between
patients, series are complete and long under way at the first session. As in real therapies the alliance differs more between patients than
within them, so b is about -.5 in the standard deviations that priors are about:

``short``  60 patients with 5 sessions
``long``   200 patients with 10 sessions
``none``   60 patients with 5 sessions, and no effect of technique or alliance at all

Posteriors by Laplace and importance sampling, whatever the Pareto k, which is counted; another prior of the standard deviations, Gamma(2)
times the half-normal one, is the same draws weighted. All priors see the same studies. They are added to
`results/prior_of_slopes/estimates.csv` one by one, and a run that was stopped goes on:

    nice python -m validation.prior_of_slopes.simulate 40          # studies of each world
"""

import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alliance.config import ModelSpec, Variable
from alliance.config.initial import with_initial_values
from alliance.data.panel import make_panel
from alliance.inference.laplace import draw_laplace
from alliance.inference.mode import find_mode
from alliance.inference.restricted import Restricted
from alliance.models.design.arrays import Design, make_design
from alliance.models.path.maximum import maximise
from alliance.models.path.posterior import PathPosterior
from alliance.models.quantities.population import Population, make_population
from alliance.models.rows import select_rows
from validation.resumed import add_studies

HERE = Path(__file__).parent
KEPT = HERE.parents[1] / "results/prior_of_slopes/estimates.csv"  # of every study
WORLDS = {
    "short": (60, 5, 1.0),
    "long": (200, 10, 1.0),
    "none": (60, 5, 0.0),
}  # patients, sessions, share of a, b and c'
DRAWS, UNSEEN = 4000, 40
PRIORS: dict[str, dict[str, Any]] = {
    **{f"slopes {sd:g}": {"slope_sd": sd} for sd in (0.3, 0.5, 1.0, 2.5)},
    "slopes 1, LKJ(2)": {"slope_sd": 1.0, "correlations": 2.0},
    "slopes 1, sds 1": {"slope_sd": 1.0, "varying_sd": 1.0},
    "slopes 1, sds gamma": {"slope_sd": 1.0},
    "slopes 0.3, sds gamma": {"slope_sd": 0.3},
}
COMMON = {"intercept_sd": 1.0, "residual_sd": 1.0, "varying_sd": 0.5, "correlations": "uniform"}
A, B, C = 1.0, -0.4, -0.2
PAST_M, PAST_Y, FEEDBACK = 0.35, 0.3, -0.05
SDS = np.array([0.6, 2.1, 1.4])  # between patients, of the intercepts of technique, alliance and symptoms
CORRELATIONS = np.array([[1.0, 0.2, -0.1], [0.2, 1.0, 0.3], [-0.1, 0.3, 1.0]])
VARIABLES = {
    name: Variable(label=name, column=name, measured=when)
    for name, when in (("technique", "during"), ("alliance", "after"), ("symptoms", "before"))
}
SPEC = with_initial_values(
    ModelSpec.model_validate(
        {
            "label": "lagged",
            "family": "multilevel_path",
            "equations": {
                "technique": {"on": [], "vary": {"patient": ["intercept"]}},
                "alliance": {"on": ["technique", "symptoms", "alliance_lag"], "vary": {"patient": ["intercept"]}},
                "symptoms": {"on": ["alliance_lag", "technique_lag", "symptoms_lag"], "vary": {"patient": ["intercept"]}},
            },
            "effects": {"from": "technique", "to": "symptoms"},
        }
    )
)  # fmt: skip


def truth_of(world: str) -> dict[str, float]:
    """Return what is estimated."""
    share = WORLDS[world][2]
    slopes = {"a": share * A, "b": share * B, "c_prime": share * C, "indirect": share * A * share * B}
    return slopes | {"past_alliance": PAST_M, "past_symptoms": PAST_Y}


def simulate(world: str, seed: int) -> pd.DataFrame:
    """Return the panel of a study."""
    patients, sessions, share = WORLDS[world]
    rng = np.random.default_rng([19, list(WORLDS).index(world), seed])
    u = rng.multivariate_normal(np.zeros(3), CORRELATIONS * np.outer(SDS, SDS), patients)
    x, m, y = np.zeros((3, patients))
    kept = []
    for _ in range(UNSEEN + sessions):
        e_x, e_m, e_y = rng.standard_normal((3, patients))
        y = u[:, 2] + share * (B * m + C * x) + PAST_Y * y + 2.0 * e_y
        x = u[:, 0] + 0.9 * e_x
        m = u[:, 1] + share * A * x + FEEDBACK * y + PAST_M * m + 2.0 * e_m
        kept.append(np.column_stack([x, m, y]))
    values = np.stack(kept[UNSEEN:], axis=1).reshape(-1, 3)
    session = np.tile(np.arange(1, sessions + 1), patients)
    scores = pd.DataFrame(values, columns=list(VARIABLES)).assign(
        patient=np.repeat([f"P{number:03d}" for number in range(patients)], sessions),
        therapist="T01",
        session=session,
        days=7.0 * session,
        weeks=session - 1.0,
    )
    units = scores[["patient"]].drop_duplicates().assign(therapist="T01")
    return make_panel(scores, units, pd.DataFrame({"therapist": ["T01"]}), VARIABLES, 1, None)


def estimands(design: Design, population: Population) -> dict[str, np.ndarray]:
    """Return what is compared with the truth: name -> (draw,)."""

    def slope(outcome: str, term: str) -> np.ndarray:
        return np.asarray(population.slopes[outcome][:, list(design.equations[outcome].terms).index(term)])

    a, b = slope("alliance", "technique"), slope("symptoms", "alliance_lag")
    return {
        "a": a,
        "b": b,
        "c_prime": slope("symptoms", "technique_lag"),
        "indirect": a * b,
        "past_alliance": slope("alliance", "alliance_lag"),
        "past_symptoms": slope("symptoms", "symptoms_lag"),
    }


def weights_of(name: str, posterior: PathPosterior, positions: np.ndarray) -> np.ndarray:
    """Return the weights of draws under half-normal standard deviations: equal, or those of Gamma(2) times the half-normal prior."""
    layout, logs = posterior.target.layout, np.zeros(len(positions))
    if name.endswith("gamma"):
        for level, q in layout.effects.items():
            first = layout.between(level).start
            logs += np.log(np.abs(positions[:, first : first + q])).sum(axis=1)
    weights = np.exp(logs - logs.max())
    return np.asarray(weights / weights.sum())


def quantiles(values: np.ndarray, weights: np.ndarray, levels: list[float]) -> np.ndarray:
    """Return weighted quantiles."""
    order = np.argsort(values)
    below = np.cumsum(weights[order])
    return np.asarray(values[order][np.searchsorted(below, np.array(levels) * below[-1])])


def fit(world: str, study: int) -> list[dict[str, Any]]:
    """Return one row per method and estimand of a simulated study."""
    rows, _ = select_rows(simulate(world, study), "lagged", SPEC)
    design = make_design("lagged", SPEC, rows, VARIABLES)
    maximum = maximise(design)
    restricted = Restricted(maximum, maximum.target.quadratic)
    point = estimands(design, make_population(design, maximum.target.named(restricted.position[None])))
    draws = restricted.draw(DRAWS, np.random.default_rng(study))
    values = estimands(design, make_population(design, maximum.target.named(draws)))
    equal = np.full(DRAWS, 1 / DRAWS)
    found = [("restricted", 0.0, {name: float(each[0]) for name, each in point.items()}, values, equal)]
    for name, changed in PRIORS.items():
        posterior = PathPosterior(maximum.target, COMMON | changed)
        laplace = draw_laplace(find_mode(posterior, maximum), DRAWS, np.random.default_rng(study))
        values = estimands(design, make_population(design, posterior.named(laplace.positions)))
        weights = weights_of(name, posterior, laplace.positions)
        found.append(
            (name, laplace.pareto_k, {key: float(weights @ each) for key, each in values.items()}, values, weights)
        )
    table = []
    for method, pareto_k, centre, values, weights in found:
        for name, each in values.items():
            low, high = quantiles(each, weights, [0.025, 0.975])
            row = {"world": world, "study": study, "method": method, "estimand": name, "estimate": centre[name]}
            table.append(row | {"low": low, "high": high, "pareto_k": pareto_k})
    return table


def summarise(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return bias and coverage by world, method and estimand with the counts they rest on."""
    worlds = {world: truth_of(world) for world in WORLDS}
    truth = np.array([worlds[w][e] for w, e in zip(estimates["world"], estimates["estimand"], strict=True)])
    table = estimates.assign(
        truth=truth,
        held=(estimates["low"] <= truth) & (truth <= estimates["high"]),
        width=estimates["high"] - estimates["low"],
        error=estimates["estimate"] - truth,
        failed=estimates["pareto_k"] > 0.7,
    )
    found = table.groupby(["world", "estimand", "method"], sort=False).agg(
        studies=("held", "size"),
        held=("held", "sum"),
        k_failed=("failed", "sum"),
        truth=("truth", "first"),
        bias=("error", "mean"),
        bias_se=("error", "sem"),
        rmse=("error", lambda errors: float(np.sqrt((errors**2).mean()))),
        width=("width", "mean"),
    )
    found["bias_percent"] = 100 * found["bias"] / found["truth"].abs().replace(0, np.nan)
    return found.reset_index().round(4)


def main(studies: int) -> None:
    """Add what is missing, and write the summary."""
    wanted = ({"world": world, "study": study} for study, world in product(range(studies), WORLDS))
    summarise(add_studies(KEPT, wanted, fit)).to_csv(HERE / "coverage.csv", index=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
