"""How well differences between therapists in slopes are found: bias and coverage, and how often the test finds some where there are none.

The world of `validation.few_therapists` with 30 therapists of 8 patients, in two versions: slopes a and b differ between therapists
(standard deviation .15, beside .25 between patients of one therapist), or not at all. Standard deviations and shares are those of the
restricted likelihood, as models of `depth: ml` report them; the test is `alliance.models.path.slopes`. Studies are added to
`estimates.csv` one by one, and a run that was stopped goes on:

    nice python -m validation.responsiveness.simulate 40           # studies of each version
"""

import sys
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from alliance.facts.columns import THERAPIST
from alliance.facts.effects import SLOPE_SHARE
from alliance.inference.depths import Request, draw_ml
from alliance.models.container import Quantities
from alliance.models.design.arrays import make_design
from alliance.models.path.maximum import maximise, population_of
from alliance.models.path.posterior import PathPosterior
from alliance.models.path.slopes import compare_slopes
from alliance.models.quantities.components import add_components, add_shares
from alliance.models.quantities.compute import variances_of_slopes
from alliance.models.quantities.population import Population
from alliance.models.rows import count_rows, select_rows
from validation.few_therapists.simulate import BY_PATIENT, BY_THERAPIST, FLAT, SPEC, VARIABLES, simulate
from validation.resumed import add_studies

HERE = Path(__file__).parent
COUNT, DRAWS, LEVEL = 30, 4000, 0.05
SLOPES = {"x -> m": 1, "m -> y": 3}  # places among what differs between units
WORLDS = {"differ": BY_THERAPIST, "alike": BY_THERAPIST * np.array([1, 0, 1, 0])}


def truth_of(world: str, path: str, effect: str) -> float:
    """Return the standard deviation of a slope between therapists, or its share of the variance."""
    between, among = WORLDS[world][SLOPES[path]], BY_PATIENT[SLOPES[path]]
    return float(between if effect == "sd" else between**2 / (between**2 + among**2))


def quantities_of(population: Population, counts: dict[str, dict[str, int]]) -> dict[tuple[str, str], np.ndarray]:
    """Return (path, effect) -> draws, of therapists."""
    quantities = Quantities(counts)
    effects = [(effect.term, effect.outcome) for effect in population.varying[THERAPIST]]
    add_components(quantities, THERAPIST, effects, population.covariances[THERAPIST])
    add_shares(quantities, variances_of_slopes(population))
    rows = zip(quantities.rows, quantities.draws, strict=True)
    return {
        (row["path"], row["effect"]): draws
        for row, draws in rows
        if row["path"] in SLOPES and row["effect"] in ("sd", SLOPE_SHARE)
    }


def fit(world: str, study: int) -> list[dict[str, object]]:
    """Return one row per slope and quantity of a simulated study, with the p-value of the slope."""
    rows, _ = select_rows(simulate(COUNT, study, WORLDS[world]), "responsiveness", SPEC)
    design = make_design("responsiveness", SPEC, rows, VARIABLES)
    maximum = maximise(design)
    found = draw_ml(Request("responsiveness", study, DRAWS, {}), maximum, PathPosterior(maximum.target, FLAT))
    counts = {outcome: count_rows(equation.rows) for outcome, equation in design.equations.items()}
    estimate, draws = (
        quantities_of(population_of(maximum, positions), counts) for positions in (found.point, found.positions)
    )
    tests = {row["path"]: row["p_value"] for row in compare_slopes(maximum)}
    table = []
    for (path, effect), values in draws.items():
        low, high = np.quantile(values, [0.025, 0.975])
        about = {"world": world, "study": study, "path": path, "effect": effect, "p_value": tests.get(path, np.nan)}
        table.append(about | {"estimate": float(estimate[path, effect][0]), "low": low, "high": high})
    return table


def summarise(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return bias, coverage and how often the test is below 5 % of each cell, with the counts they rest on."""
    about = zip(estimates["world"], estimates["path"], estimates["effect"], strict=True)
    truth = np.array([truth_of(*one) for one in about])
    held = (estimates["low"] <= truth) & (truth <= estimates["high"])
    table = estimates.assign(
        truth=truth, held=held, error=estimates["estimate"] - truth, width=estimates["high"] - estimates["low"],
        above_zero=estimates["low"] > 0, found=estimates["p_value"] < LEVEL,
    )  # fmt: skip
    grouped = table.groupby(["world", "path", "effect"], sort=False)
    found = grouped.agg(
        studies=("held", "size"), truth=("truth", "first"), bias=("error", "mean"), held=("held", "sum"), width=("width", "median"),
        above_zero=("above_zero", "sum"), found=("found", "sum"),
    )  # fmt: skip
    found["coverage"] = found["held"] / found["studies"]
    return found.reset_index().round(4)


def main(studies: int) -> None:
    """Add what is missing, and write the summary."""
    wanted = ({"world": world, "study": study} for study, world in product(range(studies), WORLDS))
    summarise(add_studies(HERE / "estimates.csv", wanted, fit)).to_csv(HERE / "coverage.csv", index=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
