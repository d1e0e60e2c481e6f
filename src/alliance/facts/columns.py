"""Names of columns that several parts of the project share."""

from typing import Final

# What an estimate, or a stage of the patient flow, rests on.
COUNT_COLUMNS: Final = ["n_patients", "n_sessions", "n_therapists"]
