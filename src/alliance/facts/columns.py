"""Names of columns that several parts of the project share, and rows by these names."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:  # every snakemake call reads the names in here; it need not wait for pandas
    import pandas as pd

# Keys of the clean tables. Codes such as P001 and T01 stand in for the ids of the export.
PATIENT: Final = "patient"
THERAPIST: Final = "therapist"
SESSION: Final = "session"
DAYS: Final = "days"
WEEKS: Final = "weeks"
ITEM: Final = "{variable}__{item}"  # column of one item of a scale

# Suffixes of the panel's columns; `alliance_lag` is `panel.lag` sessions earlier.
LAG, WITHIN, BETWEEN, BASELINE = "_lag", "_within", "_between", "_baseline"
BETWEEN_THERAPIST = "_between_therapist"
ENDINGS: Final = (LAG, WITHIN, BETWEEN, BETWEEN_THERAPIST, BASELINE)

# What may vary between patients besides intercepts and effects: how far an outcome lies from what its equation expects.
VARIABILITY: Final = "variability"

# Rows of a model that no session stands behind: the outcome was not observed there, and is an unknown of the model.
FILLED: Final = "filled"

# Attribute of a sampler's statistics: number of completed data sets, between which its draws alternate.
DATA_SETS: Final = "data_sets"

# What an estimate, or a stage of the patient flow, rests on.
COUNT_COLUMNS: Final = ["n_patients", "n_sessions", "n_therapists"]
FLAG_SEPARATOR: Final = "; "  # between the flags of one estimate


def records(table: "pd.DataFrame") -> Iterator[Any]:
    """Yield rows as named tuples; type checkers take their values as they come, since a table can hold anything."""
    yield from table.itertuples(index=False)
