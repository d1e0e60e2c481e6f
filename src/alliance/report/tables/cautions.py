"""What every diagnostic means: the declared cautions, and what this run found of each."""

from collections.abc import Mapping
from dataclasses import asdict

import pandas as pd

from alliance.config import Config
from alliance.facts.cautions import CAUTIONS
from alliance.report.labels import capitalised_name, describe_rule
from alliance.report.numbers import format_count
from alliance.report.tables.table import Table

TITLE = "What the diagnostics mean"
NEEDS = ("diagnostics",)


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return all cautions in the order of their declaration, whether or not a model of this run reports them."""
    found = inputs["diagnostics"]
    flagged = found.loc[~found["passed"], "caution"].value_counts()
    reported = found["caution"].value_counts()
    data = pd.DataFrame([asdict(caution) for caution in CAUTIONS.values()]).rename(columns={"name": "caution"})
    data["reported"] = data["caution"].map(reported).fillna(0).astype(int)
    data["flagged"] = data["caution"].map(flagged).fillna(0).astype(int)
    shown = pd.DataFrame(
        {
            "Diagnostic": [capitalised_name(caution.title) for caution in CAUTIONS.values()],
            "Meaning": [
                f"{caution.meaning} ({caution.source})" if caution.source else caution.meaning
                for caution in CAUTIONS.values()
            ],
            "Verdict": [capitalised_name(describe_rule(caution, config)) for caution in CAUTIONS.values()],
            "Concerns": [capitalised_name(caution.concerns) for caution in CAUTIONS.values()],
            "In this run": [_count(*counts) for counts in zip(data["reported"], data["flagged"], strict=True)],
        }
    )
    return Table(data, shown, TITLE, ["Diagnostics that no model of this run reports are listed too."])


def _count(reported: int, flagged: int) -> str:
    if not reported:
        return "not looked at"
    return (
        f"† {format_count(flagged)} of {format_count(reported)} flagged"
        if flagged
        else f"{format_count(reported)} passed"
    )
