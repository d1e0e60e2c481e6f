"""What the fits say about themselves, as rows of one table and as marks that follow the estimates."""

import arviz as az
import pandas as pd
import xarray as xr

from alliance.config.schema import Inference
from alliance.contracts import DIAGNOSTIC_COLUMNS
from alliance.models.container import Mark, record_of


def diagnose(tree: xr.DataTree, inference: Inference) -> list[Mark]:
    """Return everything that is known about the quality of one fit.

    Marks recorded by the family come first; for sampled posteriors R-hat, effective sample sizes (Vehtari et al. 2021)
    and divergent transitions are added, of the reported quantities as well as of the parameters.
    """
    marks = record_of(tree).marks
    if "sample_stats" not in tree.children:
        return marks
    return [*marks, *_check_chains(tree, inference), _check_divergences(tree, inference)]


def _check_chains(tree: xr.DataTree, inference: Inference) -> list[Mark]:
    values = tree["paths"]["value"].drop_vars([name for name in tree["paths"].coords if name not in ("chain", "draw", "quantity")])
    # A quantity without spread (a covariance of fixed effects, say) has no R-hat.
    moving = values.std(("chain", "draw")) > 0
    drawn = {"reported quantities": values.isel(quantity=moving.to_numpy()).rename("value").to_dataset()}
    if "posterior" in tree.children:
        drawn["parameters"] = tree["posterior"].to_dataset()
    marks = []
    for subject, draws in drawn.items():
        rhat = _extreme(az.rhat(draws), "max")
        bulk = _extreme(az.ess(draws, method="bulk"), "min")
        tail = _extreme(az.ess(draws, method="tail"), "min")
        marks += [
            Mark(
                "R-hat",
                subject,
                rhat <= inference.rhat_max,
                "Chains that explored the same region agree: R-hat is near 1. Above the threshold, sample longer.",
                rhat,
                inference.rhat_max,
            ),
            Mark(
                "bulk ESS",
                subject,
                bulk >= inference.ess_min,
                "Effective number of independent draws for the centre of the posterior, smallest of all.",
                bulk,
                inference.ess_min,
            ),
            Mark(
                "tail ESS",
                subject,
                tail >= inference.ess_min,
                "Effective number of independent draws for the ends of the intervals, smallest of all.",
                tail,
                inference.ess_min,
            ),
        ]
    return marks


def _extreme(dataset: xr.Dataset, kind: str) -> float:
    """Return the largest or smallest value of a dataset of diagnostics, NaN (constant parameters) left out."""
    table = dataset.to_dataset() if isinstance(dataset, xr.DataTree) else dataset
    ends = [getattr(table[name], kind)(skipna=True).item() for name in table.data_vars]
    return float(max(ends) if kind == "max" else min(ends))


def _check_divergences(tree: xr.DataTree, inference: Inference) -> Mark:
    found = int(tree["sample_stats"]["diverging"].sum())
    return Mark(
        "divergences",
        "sampler",
        found <= inference.divergences_max,
        "Steps at which the sampler lost its way; many of them mean that part of the posterior was not explored.",
        found,
        inference.divergences_max,
    )


def tabulate_marks(tree: xr.DataTree, marks: list[Mark]) -> pd.DataFrame:
    """Return the marks of one model as a table with the columns `contracts.DIAGNOSTIC_COLUMNS`."""
    rows = [
        {
            "model": tree.attrs["model"],
            "family": tree.attrs["family"],
            "engine": tree.attrs["engine"],
            "diagnostic": mark.diagnostic,
            "subject": mark.subject,
            "value": mark.value,
            "threshold": mark.threshold,
            "passed": mark.passed,
            "meaning": mark.meaning,
        }
        for mark in marks
    ]
    return pd.DataFrame(rows, columns=DIAGNOSTIC_COLUMNS)
