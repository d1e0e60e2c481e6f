"""Sites of one study side by side: what each says alone, and what partial pooling makes of it."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.facts.quantity import nodes_of
from alliance.report.labels import capitalised_name, label_effect, label_path, label_value
from alliance.report.numbers import format_count, format_estimate, format_interval, format_percent
from alliance.report.tables.marks import mark_of
from alliance.report.tables.table import Table
from alliance.results.sites import KEY

TITLE = "Sites, each alone and pooled partially"
NEEDS = ("sites", "pooled")
_BY = ["model", *KEY]
_BLANK = {"alone": "", "weight": "", "patients": ""}


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return a row for each site and path, then the mean over sites, how far they differ, and where another site is expected."""
    sites, pooled = inputs["sites"], inputs["pooled"]
    rows = []
    for row in sorted(pooled.to_dict("records"), key=lambda row: len(nodes_of(row["path"]))):
        part = sites[(sites[_BY] == [row[name] for name in _BY]).all(axis=1)]
        name = f"{capitalised_name(label_path(row['path'], config))} ({label_effect(row['effect'])})"
        each = [*(_site(one, config) for one in part.to_dict("records")), *_together(row)]
        rows += [{"quantity": name} | one for one in each]
    names = {
        "quantity": "Quantity", "site": "Site", "alone": "Alone [interval]", "weight": "Weight",
        "partly": "Pooled partially [interval]", "patients": "Patients",
    }  # fmt: skip
    shown = pd.DataFrame(rows, columns=list(names)).rename(columns=names)
    notes = [
        "Alone: the model fitted to the patients of the site only, with a normal interval. Pooled partially: drawn towards the mean over "
        "sites, the more the less the site knows and the less sites differ (best linear unbiased prediction). Mean: restricted maximum "
        "likelihood with the interval of Hartung and Knapp; SD between sites with the interval from Q; another site: prediction interval. "
        "No interval of a site says how poorly the SD between sites is known.",
    ]
    flags = sorted({flag for text in sites["flag"] for flag in str(text).split("; ") if flag}) if len(sites) else []
    notes += [f"† Flagged in the fit of the site: {', '.join(flags)}."] if flags else []
    if pooled.empty:
        notes = ["No fitted model was fitted to sites alone."]
    return Table(sites, shown, "What sites say alone, and together", notes, "Quantity", own=("Site",))


def _site(row: Mapping[Any, Any], config: Config) -> dict[str, str]:
    return {
        "site": label_value(row["moderator"], row["value"], config),
        "alone": format_estimate(row["estimate"], row["low"], row["high"]) + mark_of(row["flag"]),
        "weight": format_percent(row["weight"]),
        "partly": format_estimate(row["shrunk"], row["shrunk_low"], row["shrunk_high"]),
        "patients": format_count(row["n_patients"]),
    }


def _together(row: Mapping[Any, Any]) -> list[dict[str, str]]:
    """Return the rows below the sites."""
    found = [
        {"site": "Mean over sites", "partly": format_estimate(row["estimate"], row["low"], row["high"])},
        {"site": "SD between sites", "partly": format_estimate(row["tau"], row["tau_low"], row["tau_high"])},
    ]
    if row["sites"] > 2:  # two leave no degree of freedom for a third
        found.append({"site": "Another site", "partly": format_interval(row["predicted_low"], row["predicted_high"])})
    return [_BLANK | one for one in found]
