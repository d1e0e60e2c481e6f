"""What the parts of the pipeline hand to each other: names of columns, tables and artefacts.

Nothing here computes. A column or an artefact that two modules share is named here once.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:  # every snakemake call reads the names in here; it need not wait for pandas
    import pandas as pd

# Keys of the clean tables. Codes such as P001 and T01 stand in for the ids of the export.
PATIENT: Final = "patient"
THERAPIST: Final = "therapist"
SESSION: Final = "session"
DAYS: Final = "days"
WEEKS: Final = "weeks"
ITEM = "{variable}__{item}"  # column of one item of a scale

# Suffixes of the panel's columns; `alliance_lag` is `panel.lag` sessions earlier.
LAG, WITHIN, BETWEEN, BASELINE = "_lag", "_within", "_between", "_baseline"
BETWEEN_THERAPIST = "_between_therapist"

Severity = Literal["error", "warning"]
Level = Literal["within", "between_patient", "between_therapist", "overall"]

ESTIMATE_COLUMNS = [
    "model", "family", "engine", "outcome", "path", "effect", "level", "horizon", "moderator", "value",
    "estimate", "sd", "low", "high", "interval", "interval_kind", "p_direction",
    "n_patients", "n_sessions", "n_therapists", "flag",
]  # fmt: skip

COUNT_COLUMNS = ["n_patients", "n_sessions", "n_therapists"]

DIAGNOSTIC_COLUMNS = [
    "model", "family", "engine", "caution", "diagnostic", "subject", "value", "threshold", "passed", "detail", "meaning",
]  # fmt: skip

FLOW_COLUMNS = [
    "order", "stage", "model", "outcome", "reason",
    "n_patients", "n_sessions", "n_therapists", "removed_patients", "removed_sessions",
]  # fmt: skip

FINDING_COLUMNS = ["severity", "rule", "table", "row", "column", "value", "count", "message", "remedy"]

CLEANING_COLUMNS = ["rule", "table", "setting", "rows", "cells", "meaning"]

PRIOR_COLUMNS = [
    "model",
    "block",
    "parameter",
    "distribution",
    "standardised",
    "raw_low",
    "raw_high",
    "unit",
    "meaning",
]

PREDICTIVE_COLUMNS = ["model", "kind", "statistic", "outcome", "observed", "low", "median", "high", "p_value"]

# How much single patients or therapists move an effect; the most influential first, without ids. `change` is in standard errors.
INFLUENCE_COLUMNS = ["model", "path", "effect", "level", "unit", "rank", "estimate", "without", "change"]

# How much an effect moves when a block of priors, or the likelihood, counts a little more or less.
SENSITIVITY_COLUMNS = ["model", "path", "effect", "level", "block", "component", "value", "threshold", "meaning"]

# Effects of single units, from the smallest to the largest, without ids; `alone` is what a unit's own data say.
SHRINKAGE_COLUMNS = ["model", "unit", "quantity", "path", "order", "estimate", "low", "high", "alone"]

# Effects at values of a moderator.
MODERATION_COLUMNS = [
    "model", "path", "effect", "level", "moderator", "value", "estimate", "low", "high", "excludes_zero",
]  # fmt: skip

RELIABILITY_COLUMNS = [
    "variable", "scale", "instrument", "n_items", "n_patients", "n_sessions",
    "mean", "sd", "alpha", "omega_within", "omega_between", "prorated", "missing", "note",
]  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One thing a check found.

    Parameters
    ----------
    severity
        ``error`` stops the run before any fit; ``warning`` follows the data into the report.
    rule
        Name of the check, e.g. ``out_of_range``.
    table
        ``sessions``, ``patients`` or ``therapists``.
    message
        What was found and where, in one sentence.
    remedy
        What to do about it, in one sentence.
    row
        First row concerned, counted as in the user's file (the header is row 1); None if it is about the table.
    column
        The user's own column name; None if it is about the table.
    value
        The value found, as text. Never an id: those are shown by row number only.
    count
        How many rows or cells are concerned.
    """

    severity: Severity
    rule: str
    table: str
    message: str
    remedy: str
    row: int | None = None
    column: str | None = None
    value: str | None = None
    count: int = 1


@dataclass(frozen=True)
class RawTable:
    """One table of the export as it was read: nothing is mapped, converted or cleaned.

    Parameters
    ----------
    name
        ``sessions``, ``patients`` or ``therapists``.
    path
        The file, for messages.
    frame
        One column per column of the file: text, numbers or dates; blank cells are missing. The index holds the row
        numbers of the user's file (spreadsheets and text files: the header is row 1; files without a header row, such
        as SPSS: the first case is 1). Row numbers repeat after a wide file was reshaped.
    labels
        Value labels of SPSS and Stata files: column -> value -> label.
    patterns
        For reshaped files: column -> the user's pattern with ``{session}``.
    decimal
        The decimal mark of numbers that are text.
    notes
        What the reader had to find out by itself, one sentence each.
    """

    name: str
    path: str
    frame: "pd.DataFrame"
    labels: dict[str, dict[object, str]] = field(default_factory=dict)
    patterns: dict[str, str] = field(default_factory=dict)
    decimal: str = "."
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drawing:
    """A figure, the values it shows, its description for people who cannot see it, and notes below its caption."""

    figure: object
    values: "pd.DataFrame"
    alt: str
    notes: str = ""


@dataclass(frozen=True)
class Table:
    """A table for people: formatted cells, a caption and notes; `data` keeps the numbers.

    `group` names a column of `shown` whose values become headings of the rows below them.
    """

    data: "pd.DataFrame"
    shown: "pd.DataFrame"
    caption: str
    notes: list[str] = field(default_factory=list)
    group: str | None = None


# Artefacts of a run: name -> path below results/<run>/. Figures, tables and report sections ask for them by name
# (`NEEDS = ("panel", "estimates")`), and the workflow turns the names into rule inputs.
ARTEFACTS: dict[str, str] = {
    "checks": "data/checks.csv",
    "cleaning": "data/cleaning.csv",
    "sessions": "data/sessions.parquet",
    "patients": "data/patients.parquet",
    "therapists": "data/therapists.parquet",
    "scores": "data/scores.parquet",
    "reliability": "data/reliability.csv",
    "panel": "data/panel.parquet",
    "flow": "estimates/flow.csv",
    "estimates": "estimates/estimates.csv",
    "diagnostics": "estimates/diagnostics.csv",
    "priors": "estimates/priors.csv",
    "predictive": "estimates/predictive.csv",
    "influence": "estimates/influence.csv",
    "sensitivity": "estimates/sensitivity.csv",
    "shrinkage": "estimates/shrinkage.csv",
    "moderation": "estimates/moderation.csv",
    "draws": "estimates/draws.parquet",
}
