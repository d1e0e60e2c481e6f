"""Check and clean the export: raw tables in, clean tables out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alliance.data.checks import check_export, describe_errors, findings_table
from alliance.data.cleaning.clean import clean_tables
from alliance.errors import DataError
from alliance.runs.artefacts import read_artefact, write_artefact
from alliance.runs.files import write_csv, write_text
from alliance.runs.sealed import read_locked, write_locked
from alliance.steps.reading import read_export

Settings = Mapping[str, Any]


def check_data(
    *,
    sessions: str,
    patients: str | None = None,
    therapists: str | None = None,
    instruments: list[str],
    checks: str,
    typed: str,
    data: Settings,
    variables: Settings,
    cleaning: Settings,
    smallest_groups: Mapping[str, int],
) -> None:
    """Read the export, once; write what the checks found, and the typed tables for cleaning.

    Parameters
    ----------
    sessions, patients, therapists
        Files of the export.
    instruments
        Files of the instruments in use.
    checks
        Where the findings go.
    typed
        Where the typed tables go. They hold the ids of the export, so this is no place among the results.
    data, variables, cleaning
        Sections of the configuration.
    smallest_groups
        How many patients each group has to have that models compare.

    Raises
    ------
    DataError
        A file cannot be read at all. Errors inside a readable table are findings: `accept_data` stops on them.
    """
    files = {"sessions": sessions, "patients": patients, "therapists": therapists}
    export = read_export(files, instruments, data, variables, cleaning, smallest_groups)
    write_artefact("checks", findings_table(check_export(export)), checks)
    write_locked(export, typed)


def accept_data(*, checks: str, accepted: str) -> None:
    """Write that the checks found no error, in a rule of its own: Snakemake removes a rule's earlier results before it runs.

    So data with errors leave all earlier results as they were, and the findings in place of the earlier ones.

    Raises
    ------
    DataError
        The checks found errors; all are listed.
    """
    findings = read_artefact(checks, "checks")
    problem = describe_errors(findings)
    if problem is not None:
        raise DataError(problem)
    write_text(f"No errors, {len(findings)} warnings: see {Path(checks).name}.\n", accepted)


def clean_data(*, typed: str, flow_data: str, ids: str | None = None, **artefacts: str) -> None:
    """Apply the declared cleaning rules and write the clean tables, what each rule touched, and the patient flow.

    Parameters
    ----------
    typed
        The typed tables of an export that `accept_data` accepted.
    flow_data
        Where the patient flow so far goes.
    ids
        Where the ids behind the codes go; named only if the config allows original ids.
    artefacts
        Files to be written, by their names in `alliance.facts.artefacts`.
    """
    export = read_locked(typed)
    study = clean_tables(export.tables, export.cleaning)
    tables = {
        "sessions": study.sessions,
        "patients": study.patients,
        "therapists": study.therapists,
        "cleaning": study.report,
    }
    for name, path in artefacts.items():
        write_artefact(name, tables[name], path)
    write_artefact("flow", study.flow, flow_data)
    if ids is not None:
        write_csv(study.ids, ids)
