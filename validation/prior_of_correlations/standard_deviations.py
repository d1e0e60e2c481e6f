"""Whether another prior of the standard deviations would leave more of cov(a, b), in the studies of `simulate.py`.

The posterior under uniform correlations, or LKJ(2), and half-normal standard deviations is drawn once; under another prior of these it is
the same draws, weighted by the ratio of the priors (the smallest effective number is kept in the table):

flat                 no prior at all: the far end of half-t and half-normal priors that grow wider (Huang & Wand 2013)
gamma2               Gamma(2, rate towards 0): proportional to the standard deviation (Chung et al. 2013, doi 10.1007/s11336-013-9328-2)
gamma2 half-normal   the same times the half-normal prior

Studies are added to `weighted.csv` one by one, and a run that was stopped goes on:

    nice python -m validation.prior_of_correlations.standard_deviations 40          # studies
"""

import sys
from typing import Any

import numpy as np
import pandas as pd

from alliance.inference.laplace import draw_laplace
from alliance.inference.mode import find_mode
from alliance.models.design.arrays import make_design
from alliance.models.path.maximum import maximise
from alliance.models.path.posterior import PathPosterior
from alliance.models.quantities.population import make_population
from alliance.models.rows import select_rows
from validation.prior_of_correlations.simulate import HERE, PRIORS, SDS, SPEC, TRUTH, VARIABLES, estimands, simulate
from validation.resumed import add_studies

DRAWS, VARYING_SD = 20_000, 0.5
SLOPES = {"m: x": SDS[1], "y: m": SDS[3], "y: x": SDS[4]}  # true standard deviations


def log_ratios(posterior: PathPosterior, positions: np.ndarray) -> dict[str, np.ndarray]:
    """Return the log of each prior of the standard deviations over the half-normal one: name -> (draw,)."""
    layout, count = posterior.target.layout, len(positions)
    gamma, flat = np.zeros(count), np.zeros(count)
    for level, q in layout.effects.items():
        first = layout.between(level).start
        sds = np.abs(positions[:, first : first + q])
        gamma += np.log(sds).sum(axis=1)
        flat += (sds**2).sum(axis=1) / (2 * VARYING_SD**2)
    return {"half-normal": np.zeros(count), "flat": flat, "gamma2": gamma + flat, "gamma2 half-normal": gamma}


def quantiles(values: np.ndarray, weights: np.ndarray, levels: list[float]) -> np.ndarray:
    """Return weighted quantiles."""
    order = np.argsort(values)
    below = np.cumsum(weights[order])
    found: np.ndarray = values[order][np.searchsorted(below, np.array(levels) * below[-1])]
    return found


def fit(study: int) -> list[dict[str, Any]]:
    """Return one row per prior and estimand of a simulated study."""
    rows, _ = select_rows(simulate(study), "small", SPEC)
    design = make_design("small", SPEC, rows, VARIABLES)
    maximum = maximise(design)
    table = []
    for correlations, prior in PRIORS.items():
        settings = {"slope_sd": 1.0, "intercept_sd": 1.0, "residual_sd": 1.0, "varying_sd": VARYING_SD}
        posterior = PathPosterior(maximum.target, settings | {"correlations": prior})
        laplace = draw_laplace(find_mode(posterior, maximum), DRAWS, np.random.default_rng(study))
        population = make_population(design, posterior.named(laplace.positions))
        values = estimands(population)
        for place, effect in enumerate(population.varying["patient"]):
            if effect.text in SLOPES:
                values[f"sd of {effect.text}"] = np.sqrt(population.covariances["patient"][:, place, place])
        for name, ratios in log_ratios(posterior, laplace.positions).items():
            weights = np.exp(ratios - ratios.max())
            weights /= weights.sum()
            for estimand, each in values.items():
                low, median, high = quantiles(each, weights, [0.025, 0.5, 0.975])
                row = {
                    "study": study,
                    "correlations": correlations,
                    "sds": name,
                    "estimand": estimand,
                    "mean": weights @ each,
                }
                table.append(row | {"median": median, "low": low, "high": high, "effective": 1 / (weights**2).sum()})
    return table


def summarise(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return bias and coverage by prior and estimand with the counts they rest on."""
    truth = estimates["estimand"].map(TRUTH | {f"sd of {name}": sd for name, sd in SLOPES.items()})
    held = (estimates["low"] <= truth) & (truth <= estimates["high"])
    off = {f"{name}_off_percent": 100 * (estimates[name] - truth) / truth.abs() for name in ("mean", "median")}
    found = estimates.assign(held=held, **off).groupby(["estimand", "correlations", "sds"], sort=False)
    table = found.agg(
        studies=("held", "size"),
        held=("held", "sum"),
        mean_off_percent=("mean_off_percent", "mean"),
        mean_off_se=("mean_off_percent", "sem"),
        median_off_percent=("median_off_percent", "mean"),
        least_effective=("effective", "min"),
    )
    return table.reset_index().round(1)


def main(studies: int) -> None:
    """Add what is missing, and write the summary."""
    estimates = add_studies(HERE / "weighted.csv", ({"study": study} for study in range(studies)), fit)
    summarise(estimates).to_csv(HERE / "standard_deviations.csv", index=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
