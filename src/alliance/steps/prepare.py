"""Check and clean the export: raw tables in, clean tables out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter

from alliance.config.instruments import read_instruments
from alliance.config.schema import Cleaning, Data, Name, Privacy, Variable
from alliance.data.checks import check_export, describe_errors, findings_table
from alliance.data.checks.export import Export
from alliance.data.cleaning.clean import clean_tables
from alliance.data.export.mapping import distinct_rows, measures_of, type_table
from alliance.data.export.read import read_table
from alliance.errors import DataError
from alliance.runs.files import write_csv, write_parquet, write_text

Settings = Mapping[str, Any]


def check_data(
    *,
    sessions: str,
    patients: str | None = None,
    therapists: str | None = None,
    instruments: list[str],
    checks: str,
    data: Settings,
    variables: Settings,
    cleaning: Settings,
) -> None:
    """Run every check on the export and write what they found.

    Parameters
    ----------
    sessions, patients, therapists
        Files of the export.
    instruments
        Files of the instruments in use.
    checks
        Where the findings go.
    data, variables, cleaning
        Sections of the configuration.

    Raises
    ------
    DataError
        A file cannot be read at all. Errors inside a readable table are findings: `accept_data` stops on them.
    """
    export = read_export(sessions, patients, therapists, instruments, data, variables, cleaning)
    write_csv(findings_table(check_export(export)), checks)


def accept_data(*, checks: str, accepted: str) -> None:
    """Write that the checks found no error, in a rule of its own: Snakemake removes a rule's earlier results before it runs.

    So data with errors leave all earlier results as they were, and the findings in place of the earlier ones.

    Raises
    ------
    DataError
        The checks found errors; all are listed.
    """
    write_text(f"No errors, {_stop_on_errors(checks)} warnings: see {Path(checks).name}.\n", accepted)


def clean_data(
    *,
    sessions: str,
    patients: str | None = None,
    therapists: str | None = None,
    instruments: list[str],
    checks: str,
    sessions_clean: str,
    patients_clean: str,
    therapists_clean: str,
    cleaning_report: str,
    flow_data: str,
    ids: str | None = None,
    data: Settings,
    variables: Settings,
    cleaning: Settings,
    privacy: Settings,
) -> None:
    """Apply the declared cleaning rules and write the clean tables, what each rule touched, and the patient flow.

    Parameters
    ----------
    checks
        Findings of `check_data`.
    sessions_clean, patients_clean, therapists_clean, cleaning_report, flow_data
        Where the results go.
    ids
        Where the ids behind the codes go; written only if the config allows original ids.

    Raises
    ------
    DataError
        The checks found errors; all are listed.
    """
    _stop_on_errors(checks)
    export = read_export(sessions, patients, therapists, instruments, data, variables, cleaning)
    study = clean_tables(export.tables, export.cleaning)
    write_parquet(study.sessions, sessions_clean)
    write_parquet(study.patients, patients_clean)
    write_parquet(study.therapists, therapists_clean)
    write_csv(study.report, cleaning_report)
    write_csv(study.flow, flow_data)
    if ids is not None and Privacy.model_validate(privacy).original_ids:
        write_csv(study.ids, ids)


def _stop_on_errors(checks: str) -> int:
    """Return how many warnings there are, or raise a `DataError` that lists every error."""
    findings = pd.read_csv(checks, dtype={"value": "str"})
    problem = describe_errors(findings)
    if problem is not None:
        raise DataError(problem)
    return len(findings)


def read_export(
    sessions: str,
    patients: str | None,
    therapists: str | None,
    instruments: list[str],
    data: Settings,
    variables: Settings,
    cleaning: Settings,
) -> Export:
    """Read the files, and map and type their tables."""
    declared = Data.model_validate(data)
    measured = TypeAdapter(dict[Name, Variable]).validate_python(variables)
    rules = Cleaning.model_validate(cleaning)
    keys = read_instruments(instruments)
    tables = {}
    for name, path in (("sessions", sessions), ("patients", patients), ("therapists", therapists)):
        source = getattr(declared, name)
        if source is None or path is None:
            continue
        table = type_table(read_table(path, source, name), source, measures_of(name, measured, keys), rules)
        # A table of patients or therapists inside the file of sessions repeats its rows at every session.
        repeats = name != "sessions" and Path(path) == Path(sessions) and declared.sessions.wide is None
        tables[name] = distinct_rows(table) if repeats else table
    return Export(tables, declared, measured, rules, keys)
