"""Estimates as they are, and corrected for the error of unreliable scores, side by side."""

from collections.abc import Mapping

import pandas as pd

from alliance.config import Config
from alliance.facts.effects import of_kind
from alliance.report.accounts import account_of, write_accounts
from alliance.report.errors import corrected_scores, say_assumptions
from alliance.report.labels import capitalised_name
from alliance.report.tables.marks import (
    count_units,
    last_of_curves,
    mark_of,
    name_rows,
    notes_of,
    without_twins,
)
from alliance.report.tables.table import Table

TITLE = "Corrected for unreliable scores"
NEEDS = ("corrected", "diagnostics", "estimates")
_SAME = ["model", "path", "outcome", "effect", "level", "horizon"]


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return the effects of models that can be corrected for the error of their scores, as they are and corrected, with own pasts."""
    every = inputs["corrected"]
    within = every["level"] == "within"  # of coefficients: the others are intercepts and covariates
    data = without_twins(last_of_curves(every[within | every["effect"].isin(of_kind("step", "path"))]))
    data = data.reset_index(drop=True)
    flags = inputs["estimates"].drop_duplicates(_SAME).set_index(_SAME)["flag"]
    recorded = [flags.get(key, "") for key in data[_SAME].itertuples(index=False, name=None)]
    recorded_as, corrected_as = write_accounts(
        data["effect"].tolist(),
        *([account_of(row, side) for row in data.to_dict("records")] for side in ("", "_corrected")),
    )
    shown = pd.DataFrame(
        {
            **name_rows(data, config),
            "When": [capitalised_name(horizon) for horizon in data["horizon"]],
            "As it is [interval]": [text + mark_of(flag) for text, flag in zip(recorded_as, recorded, strict=True)],
            "Corrected [interval]": [
                text + mark_of(flag) for text, flag in zip(corrected_as, data["flag"], strict=True)
            ],
            "Patients, sessions": count_units(data),
        }
    )
    names = corrected_scores(inputs["diagnostics"])
    notes = [
        "Corrected: from the same draws of the model, with the error that the reliability implies taken off. Where a value with error "
        "lasts, as in an own past, and where a score is a construct told by several indicators, from a second fit of the model by maximum "
        f"likelihood, in which all true values are unknowns. This assumes {say_assumptions(names, config)}. In the "
        "outcome's units per unit of the first variable.",
        *notes_of(pd.concat([data, data.assign(flag=recorded)])),
    ]
    if data.empty:
        notes = ["No fitted model is corrected: no score has a declared reliability, or the correction does not hold."]
    return Table(data, shown, "Estimates as they are and corrected for unreliable scores", notes, "Model")
