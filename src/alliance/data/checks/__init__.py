"""Everything that is looked at before a study is cleaned: all checks run, and all they find is listed.

A check is one function from the mapped export to findings. To add one: write it in a module here and name
it in `CHECKS`.
"""

from collections.abc import Callable

import pandas as pd

from alliance.data.checks.codes import check_code_suspected, check_codes_that_are_answers
from alliance.data.checks.columns import (
    check_column_missing,
    check_column_unmapped,
    check_constant_column,
    check_doubled_column,
    check_empty_column,
    check_many_missing,
    check_measure_level,
    check_read_as,
)
from alliance.data.checks.finding import Finding
from alliance.data.checks.grouped import check_grouped
from alliance.data.checks.groups import check_group_small
from alliance.data.checks.items import (
    check_against_scale,
    check_instrument_use,
    check_instrument_version,
    check_labels_against_key,
)
from alliance.data.checks.keys import (
    check_contradicting_rows,
    check_id_alike,
    check_id_missing,
    check_id_says_missing,
    check_id_shortened,
    check_id_spelling,
    check_repeated_rows,
)
from alliance.data.checks.links import (
    check_conditions_of_nobody,
    check_excluded_unknown,
    check_no_overlap,
    check_patient_unknown,
    check_therapist_change,
    check_therapist_places,
    check_therapist_unknown,
    check_without_sessions,
)
from alliance.data.checks.numbers import check_far_out, check_magnitude, check_number
from alliance.data.checks.pace import check_date_constant, check_date_swapped, check_session_steps
from alliance.data.checks.shares import check_largest_share, forget_trial
from alliance.data.checks.times import (
    check_date,
    check_date_implausible,
    check_date_order,
    check_long_pause,
    check_session_implausible,
    check_session_number,
)
from alliance.data.checks.values import check_label_spelling, check_label_unknown, check_out_of_range, check_yes_no
from alliance.data.checks.versions import check_two_versions
from alliance.data.export.tables import Export
from alliance.facts.artefacts import ARTEFACTS

CHECKS: dict[str, Callable[[Export], list[Finding]]] = {
    "read_as": check_read_as,
    "column_missing": check_column_missing,
    "column_unmapped": check_column_unmapped,
    "measure_level": check_measure_level,
    "grouped": check_grouped,
    "empty_column": check_empty_column,
    "constant_column": check_constant_column,
    "doubled_column": check_doubled_column,
    "many_missing": check_many_missing,
    "number": check_number,
    "magnitude": check_magnitude,
    "far_out": check_far_out,
    "out_of_range": check_out_of_range,
    "yes_no": check_yes_no,
    "code_is_answer": check_codes_that_are_answers,
    "code_suspected": check_code_suspected,
    "label_unknown": check_label_unknown,
    "label_spelling": check_label_spelling,
    "group_small": check_group_small,
    "id_missing": check_id_missing,
    "id_says_missing": check_id_says_missing,
    "id_spelling": check_id_spelling,
    "id_alike": check_id_alike,
    "id_shortened": check_id_shortened,
    "repeated_rows": check_repeated_rows,
    "contradicting_rows": check_contradicting_rows,
    "largest_share": check_largest_share,
    "session_number": check_session_number,
    "session_implausible": check_session_implausible,
    "date": check_date,
    "date_implausible": check_date_implausible,
    "date_order": check_date_order,
    "long_pause": check_long_pause,
    "session_steps": check_session_steps,
    "date_constant": check_date_constant,
    "date_swapped": check_date_swapped,
    "no_overlap": check_no_overlap,
    "patient_unknown": check_patient_unknown,
    "therapist_unknown": check_therapist_unknown,
    "therapist_change": check_therapist_change,
    "therapist_places": check_therapist_places,
    "without_sessions": check_without_sessions,
    "excluded_unknown": check_excluded_unknown,
    "conditions_of_nobody": check_conditions_of_nobody,
    "instrument_use": check_instrument_use,
    "instrument_version": check_instrument_version,
    "two_versions": check_two_versions,
    "labels_against_key": check_labels_against_key,
    "against_scale": check_against_scale,
}


def check_export(export: Export) -> list[Finding]:
    """Run every check and list everything found, errors first."""
    try:
        found = [finding for check in CHECKS.values() for finding in check(export)]
    finally:
        forget_trial()
    return sorted(found, key=lambda finding: finding.severity != "error")


def findings_table(findings: list[Finding]) -> pd.DataFrame:
    """Turn findings into the rows of the artefact `checks`."""
    table = pd.DataFrame([vars(finding) for finding in findings], columns=ARTEFACTS["checks"].header)
    return table.astype({"row": "Int64", "count": "int64"})


def describe_errors(findings: pd.DataFrame) -> str | None:
    """Write the error findings as one message, or return None if there is no error."""
    errors = findings[findings["severity"] == "error"]
    if errors.empty:
        return None
    head = (
        "1 error in the data stops the run:" if len(errors) == 1 else f"{len(errors)} errors in the data stop the run:"
    )
    lines = [f"{error.message} {error.remedy}" for error in errors.itertuples()]
    return "\n  - ".join([head, *lines])
