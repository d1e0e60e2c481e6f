"""Variance components and the share of each level."""

from collections.abc import Mapping

import pandas as pd

from alliance.config import Config
from alliance.facts.analyses import VARIANCE
from alliance.facts.effects import EFFECTS
from alliance.report.accounts import account_of
from alliance.report.labels import capitalised_name, label_level, label_model, label_of
from alliance.report.numbers import MISSING, format_estimates, format_numbers, format_shares
from alliance.report.tables.marks import mark_of, notes_of
from alliance.report.tables.table import Table

TITLE = "Variance components"
NEEDS = ("estimates",)
_KEYS = ["model", "outcome", "level"]


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return one row per measure and level: standard deviation, variance and share of the variance."""
    estimates = inputs["estimates"]
    # The spread that path models leave is no decomposition: it is what their predictors do not explain.
    decomposed = [name for name in config.models.fit if config.models.specs[name].analysis == VARIANCE]
    data = estimates[
        estimates["model"].isin(decomposed)
        & estimates["effect"].isin(EFFECTS.names(lambda effect: not effect.signed))
        & estimates["level"].isin(["session", "patient", "therapist"])
    ]
    by_effect = {effect: rows.drop_duplicates(_KEYS).set_index(_KEYS) for effect, rows in data.groupby("effect")}
    several = data["model"].nunique() > 1
    rows, cells = [], []
    for key in data[_KEYS].drop_duplicates().itertuples(index=False, name=None):
        model, outcome, level = key
        found = {effect: table.loc[key] for effect, table in by_effect.items() if key in table.index}
        flag = next((row["flag"] for row in found.values() if row["flag"]), "")
        rows.append(
            [
                capitalised_name(label_of(outcome, config)) + (f" ({label_model(model, config)})" if several else ""),
                capitalised_name(label_level(level)) + mark_of(flag),
            ]
        )
        cells.append(found)
    shown = pd.DataFrame(rows, columns=["Measure", "Level"])
    (shown["SD"],) = format_numbers([found["sd"]["estimate"] if "sd" in found else None for found in cells])
    (written,) = format_estimates([account_of(found["variance"]) if "variance" in found else None for found in cells])
    shown["Variance"] = [text or MISSING for text in written]
    (shown["Share"],) = format_shares([account_of(found["icc"]) if "icc" in found else None for found in cells])
    if "sd" not in by_effect:
        shown = shown.drop(columns="SD")
    notes = [
        "Variance between sessions of the same patient includes measurement error. Shares between patients and between "
        "therapists are intraclass correlations.",
        *notes_of(data),
    ]
    return Table(
        data.reset_index(drop=True), shown, "Variance between sessions, patients and therapists", notes, "Measure"
    )
