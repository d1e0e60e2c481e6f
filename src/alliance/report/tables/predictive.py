"""Predictive checks: does what a model generates look like the data, in what matters for mediation?"""

import math
from collections.abc import Mapping

import pandas as pd

from alliance.config import Config
from alliance.facts.columns import records
from alliance.report.labels import capitalised_name, label_model, label_path
from alliance.report.numbers import format_count, format_estimates, format_numbers, format_percent, format_probability
from alliance.report.tables.table import Table
from alliance.results.disclosure import step_for, to_step

TITLE = "Predictive checks"
NEEDS = ("predictive",)


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return observed statistics beside those of data generated from the prior and the posterior."""
    data = _published(inputs["predictive"])
    (observed,) = format_numbers(data["observed"].tolist())
    (generated,) = format_estimates([(row.median, row.low, row.high) for row in records(data)])
    shown = pd.DataFrame(
        {
            "Model": [label_model(model, config) for model in data["model"]],
            "Statistic": [capitalised_name(name) for name in data["statistic"].astype(str)],
            "Of": [label_path(name, config) for name in data["outcome"].astype(str)],
            "Drawn from": data["kind"].astype(str),
            "Observed": observed,
            "Generated": generated,
            "P": data["p_value"].map(format_probability),
        }
    )
    note = (
        f"Generated: median and central {format_percent(config.inference.interval)} interval of the statistic in data sets drawn from the "
        "model. P: share of them whose statistic is at least the observed one; values near 0 or 1 show what the model does not reproduce."
    )
    sampled = data["n_sampled"].dropna()
    if len(sampled):
        note += (
            f" Of large data sets random samples of {format_count(int(sampled.min()))} patients or more are looked at."
        )
    return Table(
        data,
        shown,
        "Predictive checks",
        [note] if len(data) else ["No fitted model was compared with data drawn from it."],
        "Model",
        bounded=("P",),
    )


def _published(table: pd.DataFrame) -> pd.DataFrame:
    """Return observed statistics with the digits that their error justifies: how much those of data drawn from the posterior differ."""
    keys = ["model", "statistic", "outcome"]
    drawn = table[table["kind"] == "posterior"].drop_duplicates(keys).set_index(keys)
    errors = ((drawn["high"] - drawn["low"]) / 4).to_dict()
    steps = [step_for(errors.get(key, math.nan)) for key in table[keys].itertuples(index=False, name=None)]
    return table.assign(observed=[to_step(value, step) for value, step in zip(table["observed"], steps, strict=True)])
