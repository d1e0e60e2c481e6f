"""What the fits say about themselves, as rows of one table and as marks that follow the estimates."""

import arviz as az
import pandas as pd
import xarray as xr

from alliance.config.schema import Inference
from alliance.contracts import DIAGNOSTIC_COLUMNS
from alliance.models.container import Mark, record_of


def diagnose(tree: xr.DataTree, inference: Inference) -> list[Mark]:
    """Return everything that is known about the quality of one fit.

    Marks recorded by the family come first. For sampled posteriors R-hat of everything that was sampled, the effective
    sample sizes of the reported quantities (Vehtari et al. 2021, Bayesian Analysis 16, 667-718) and divergent transitions
    are added. Chains that disagree anywhere make every estimate of the model doubtful; too few effective draws concern
    the quantities that have them.
    """
    marks = record_of(tree).marks
    if "sample_stats" not in tree.children:
        return marks
    reported = _moving_draws(tree)
    return [
        *marks,
        *_check_chains(tree, reported, inference),
        *_check_sizes(reported, inference),
        _check_divergences(tree, inference),
    ]


def _moving_draws(tree: xr.DataTree) -> xr.Dataset:
    """Return the draws of the reported quantities; one without spread (a covariance of fixed effects) says nothing."""
    values = tree["paths"]["draws"].reset_coords(drop=True)
    moving = (values.std(("chain", "draw")) > 0).to_numpy()
    return values.isel(quantity=moving).rename("value").to_dataset()


def _check_chains(tree: xr.DataTree, reported: xr.Dataset, inference: Inference) -> list[Mark]:
    drawn = {"reported quantities": reported}
    if "posterior" in tree.children:
        drawn["parameters"] = tree["posterior"].to_dataset()
    marks = []
    for subject, draws in drawn.items():
        values = az.rhat(draws)
        # R-hat of a constant, such as the diagonal of a correlation matrix, is missing.
        worst = max(float(values[name].max(skipna=True)) for name in values.data_vars)
        marks.append(
            Mark(
                "R-hat",
                subject,
                worst <= inference.rhat_max,
                "Chains that explored the same region agree: R-hat is near 1. Above the threshold, sample longer.",
                worst,
                inference.rhat_max,
            )
        )
    return marks


def _check_sizes(reported: xr.Dataset, inference: Inference) -> list[Mark]:
    meanings = {
        "bulk": "Effective number of independent draws for the centre of the posterior, smallest of all quantities.",
        "tail": "Effective number of independent draws for the ends of the intervals, smallest of all quantities.",
    }
    marks = []
    for method, meaning in meanings.items():
        sizes = az.ess(reported, method=method)["value"]
        few = sizes < inference.ess_min
        marks.append(
            Mark(
                f"{method} ESS",
                "reported quantities",
                not bool(few.any()),
                meaning,
                float(sizes.min()),
                inference.ess_min,
                positions=tuple(int(position) for position in reported["quantity"][few.to_numpy()]),
            )
        )
    return marks


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
