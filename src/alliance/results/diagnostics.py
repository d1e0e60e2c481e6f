"""What the fits say about themselves, as rows of one table and as marks that follow the estimates."""

import math
from typing import Any

import arviz as az
import pandas as pd
import xarray as xr

from alliance.config.schema import Inference
from alliance.facts.artefacts import ARTEFACTS
from alliance.facts.columns import DATA_SETS
from alliance.facts.marks import Mark
from alliance.models.container import marks_of


def diagnose(tree: xr.DataTree, inference: Inference) -> list[Mark]:
    """Return everything that is known about the quality of one fit.

    Marks recorded by the family come first. For sampled posteriors R-hat of everything that was sampled, the effective
    sample sizes of the reported quantities (Vehtari et al. 2021, Bayesian Analysis 16, 667-718) and divergent transitions
    are added. Chains that disagree anywhere make every estimate of the model doubtful; too few effective draws concern
    the quantities that have them.

    Where missing cells were filled in, each completed data set has a posterior of its own: chains are compared within each,
    since the spread between data sets would hide that they disagree, and effective draws are counted within each and added.
    """
    marks = marks_of(tree)
    if "sample_stats" not in tree.children:
        return marks
    reported = _moving_draws(tree)
    return [
        *marks,
        *_check_chains(tree, reported, inference),
        *_check_sizes(tree, reported, inference),
        _check_divergences(tree, inference),
    ]


def _moving_draws(tree: xr.DataTree) -> xr.Dataset:
    """Return the draws of the reported quantities; one without spread (a covariance of fixed effects) says nothing."""
    values = tree["paths"]["draws"].reset_coords(drop=True)
    moving = (values.std(("chain", "draw")) > 0).to_numpy()
    return values.isel(quantity=moving).rename("value").to_dataset()


def _check_chains(tree: xr.DataTree, reported: xr.Dataset, inference: Inference) -> list[Mark]:
    drawn, count = {"reported quantities": reported}, _count_sets(tree)
    if "posterior" in tree.children:
        drawn["parameters"] = tree["posterior"].to_dataset()
    # R-hat squared less one falls with the number of draws, of which each of m data sets has an m-th part.
    limit = math.sqrt(1 + count * (inference.rhat_max**2 - 1))
    marks = []
    for subject, draws in drawn.items():
        values = az.rhat(_by_set(draws, count))
        # R-hat of a constant, such as the diagonal of a correlation matrix, is missing.
        worst = max(float(values[name].max(skipna=True)) for name in values.data_vars)
        where = f"{subject}, worst of {count} completed data sets" if count > 1 else subject
        marks.append(Mark("rhat", where, worst, limit=limit))
    return marks


def _count_sets(tree: xr.DataTree) -> int:
    return int(tree["sample_stats"].attrs.get(DATA_SETS, 1))


def _by_set(draws: xr.Dataset, count: int) -> xr.Dataset:
    """Give draws, which alternate between completed data sets, a dimension for these."""
    return draws.coarsen(draw=count).construct(draw=("draw", "data_set"))


def _check_sizes(tree: xr.DataTree, reported: xr.Dataset, inference: Inference) -> list[Mark]:
    by_set, marks = _by_set(reported, _count_sets(tree)), []
    for method in ("bulk", "tail"):
        sizes = az.ess(by_set, method=method)["value"].sum("data_set")
        few = sizes < inference.ess_min
        marks.append(
            Mark(
                f"{method}_ess",
                "reported quantities",
                float(sizes.min()),
                limit=inference.ess_min,
                positions=tuple(int(position) for position in reported["quantity"][few.to_numpy()]),
            )
        )
    return marks


def _check_divergences(tree: xr.DataTree, inference: Inference) -> Mark:
    found = int(tree["sample_stats"]["diverging"].sum())
    return Mark("divergences", "sampler", found, limit=inference.divergences_max)


def tabulate_marks(tree: xr.DataTree, marks: list[Mark]) -> pd.DataFrame:
    """Return the marks of one model as a table with the columns of the artefact `diagnostics`."""
    rows = [{**{name: tree.attrs[name] for name in ("model", "family", "engine")}, **row_of(mark)} for mark in marks]
    return pd.DataFrame(rows, columns=ARTEFACTS["diagnostics"].header)


def row_of(mark: Mark) -> dict[str, Any]:
    """Return one mark as it stands in the table, apart from the model it is about."""
    return {
        "caution": mark.caution,
        "diagnostic": mark.declared.title,
        "subject": mark.subject,
        "value": mark.value,
        "threshold": mark.threshold,
        "passed": mark.passed,
        "detail": mark.detail,
        "meaning": mark.declared.meaning,
    }
