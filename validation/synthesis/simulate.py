"""Do intervals of a synthesis hold what they claim, with few sites and many?

Sites of 30 to 600 patients (log-uniform) have effects that differ with a standard deviation tau around a mean of -0.15, in standard
deviations within patients; a site of n patients knows its effect with a standard error of 0.6 / sqrt(n), as the default models do. Batches
of 500 syntheses are added one by one:

    nice python -m validation.synthesis.simulate 20         # batches of each world
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from alliance.inference.random_effects import pool
from validation.resumed import add_studies

HERE = Path(__file__).parent
KEPT = HERE.parents[1] / "results/synthesis/batches.csv"
SITES, SPREADS = (2, 3, 5, 10, 20), (0.0, 0.05, 0.1)
MEAN, SIZE = -0.15, 500
_NORMAL = float(stats.norm.ppf(0.975))


def fit(sites: int, tau: float, batch: int) -> Iterator[dict[str, Any]]:
    """Count, over one batch of syntheses, how often each interval holds what it is about, and how wide it is."""
    rng = np.random.default_rng([sites, round(1000 * tau), batch])
    counts: dict[str, list[tuple[bool, float, float]]] = {}
    for _ in range(SIZE):
        errors = 0.6 / np.sqrt(np.exp(rng.uniform(np.log(30), np.log(600), size=sites)))
        found = pool(rng.normal(rng.normal(MEAN, tau, size=sites), errors), errors)
        plain = found.error * np.sqrt(found.scale / max(1.0, found.scale)) * stats.t.ppf(0.975, sites - 1)
        wald = found.error / np.sqrt(max(1.0, found.scale)) * _NORMAL
        another, off = rng.normal(MEAN, tau), found.estimate - MEAN
        intervals = {
            "mean, as given": (MEAN, found.low, found.high, off),
            "mean, Hartung-Knapp": (MEAN, found.estimate - plain, found.estimate + plain, off),
            "mean, normal": (MEAN, found.estimate - wald, found.estimate + wald, off),
            "mean, one effect": (MEAN, found.common_low, found.common_high, found.common - MEAN),
            "another site": (another, found.predicted_low, found.predicted_high, found.estimate - another),
            "tau": (tau, found.tau_low, found.tau_high, found.tau - tau),
        }
        for name, (truth, low, high, error) in intervals.items():
            counts.setdefault(name, []).append((low <= truth <= high, high - low, error))
    for name, rows in counts.items():
        held, widths, errors_of = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
        if np.isnan(widths).all():
            continue
        yield {
            "sites": sites, "tau": tau, "batch": batch, "interval": name, "n": SIZE, "held": int(held.sum()),
            "width": float(np.median(widths)), "bias": float(errors_of.mean()), "spread": float(errors_of.var(ddof=1)),
        }  # fmt: skip


def summarise(batches: pd.DataFrame) -> pd.DataFrame:
    """Add batches up: coverage and bias with their Monte Carlo errors."""
    groups = batches.groupby(["interval", "sites", "tau"], sort=False)
    table = groups.agg(
        n=("n", "sum"), held=("held", "sum"), width=("width", "mean"), bias=("bias", "mean"), spread=("spread", "mean")
    )
    table["coverage"] = table["held"] / table["n"]
    table["coverage_se"] = np.sqrt(table["coverage"] * (1 - table["coverage"]) / table["n"])
    table["bias_se"] = np.sqrt(table.pop("spread") / table["n"])
    order = ["n", "held", "coverage", "coverage_se", "bias", "bias_se", "width"]
    return table.reset_index()[["interval", "sites", "tau", *order]].round(4)


if __name__ == "__main__":
    worlds = [(sites, tau) for sites in SITES for tau in SPREADS]
    wanted = [
        {"sites": sites, "tau": tau, "batch": batch} for batch in range(int(sys.argv[1])) for sites, tau in worlds
    ]
    summarise(add_studies(KEPT, wanted, fit)).to_csv(HERE / "coverage.csv", index=False)
