"""How the indicators of constructs drift from each other over the course of treatment."""

from collections.abc import Mapping

import pandas as pd

from alliance.config import Config
from alliance.facts.cautions import CAUTIONS
from alliance.facts.columns import records
from alliance.models.checking.drifting import DRIFTING
from alliance.models.checking.invariance import INTERCEPT
from alliance.report.labels import capitalised_name, label_of
from alliance.report.numbers import format_count, format_number, format_numbers, format_percent, format_probability
from alliance.report.tables.table import Table

TITLE = "Indicators over the course"
NEEDS = ("invariance",)


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return the drifts of intercepts and loadings of every construct; all models see the same ones."""
    data = inputs["invariance"].drop_duplicates(["variable", "indicator", "part"]).reset_index(drop=True)
    (loadings,) = format_numbers(data["loading"].tolist())
    intercepts = data["part"] == INTERCEPT
    (sizes,) = format_numbers(data["size"].where(intercepts).tolist())
    shown = pd.DataFrame(
        {
            "Construct": [capitalised_name(label_of(name, config)) for name in data["variable"]],
            "Indicator": [capitalised_name(label_of(name, config)) for name in data["indicator"]],
            "What drifts": [capitalised_name(part) for part in data["part"]],
            "Loading": loadings,
            "Change over the course": [_written(row.part, row.change, row.sd) for row in records(data)],
            "In standard deviations": [text if own else "" for text, own in zip(sizes, intercepts, strict=True)],
            "Largest possible": [
                format_number(row.largest) if row.part == INTERCEPT else format_percent(row.largest)
                for row in records(data)
            ],
            "p": data["p_adjusted"].map(format_probability),
            "Verdict": data["verdict"],
            "Patients": data["n_patients"].map(format_count),
            "Sessions": data["n_sessions"].map(format_count),
        }
    )
    limit = CAUTIONS[DRIFTING].threshold
    note = (
        "Change over the course: how much the intercept (in points) or the loading (in percent) of an indicator changes in a "
        "straight line from the first to the last session of the median patient, compared with all indicators together, with its "
        "standard error; intercepts at an average value of the construct. In standard deviations: of the construct within "
        "patients, as the indicator shows them. Largest possible: in either direction, within the 95% interval. p: of no change, "
        "adjusted for all tests of the construct (Holm). "
        f"Verdict: drifts, where p is below .05 and the change at least {format_number(limit)} standard deviations or "
        f"{format_percent(limit)} of the loading; "
        "hardly any, where the largest possible change is smaller than that; not told, where the data leave both open. What all "
        "indicators have in common is a change of the construct, and cannot be told from one of its measurement."
    )
    notes = [note] if len(data) else ["No fitted model has a construct with several indicators that could be tested."]
    return Table(
        data,
        shown,
        "Drifts of indicators from each other over the course of treatment",
        notes,
        "Construct",
        bounded=("p",),
    )


def _written(part: str, change: float, error: float) -> str:
    write = format_number if part == INTERCEPT else format_percent
    return f"{write(change)} ({write(error)})"
