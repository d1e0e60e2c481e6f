"""Write the clean tables as a data set for others, where the configuration allows it."""

from collections.abc import Mapping
from typing import Any

from alliance.config import validate_config
from alliance.config.instruments import read_instruments
from alliance.report.codebook.protect import protect_tables
from alliance.report.codebook.psychds import declare_columns, describe_dataset, tabulate_columns, write_readme
from alliance.runs.artefacts import read_artefact
from alliance.runs.files import write_csv, write_json, write_text


def share_data(
    *,
    sessions: str,
    patients: str,
    therapists: str,
    instruments: list[str],
    description: str,
    readme: str,
    codebook: str,
    sessions_data: str,
    patients_data: str,
    therapists_data: str,
    settings: Mapping[str, Any],
) -> None:
    """Write the clean tables as others may have them, with what each column holds and what was changed.

    Parameters
    ----------
    sessions, patients, therapists
        The clean tables.
    instruments
        Files of the instruments in use.
    description, readme, codebook
        What the data set is, for programs and for people.
    sessions_data, patients_data, therapists_data
        Its tables.
    settings
        The whole merged configuration.

    Raises
    ------
    DataError
        People could be told by what is in the tables.
    """
    config = validate_config(settings)
    clean = {"sessions": sessions, "patients": patients, "therapists": therapists}
    shared = protect_tables({name: read_artefact(path) for name, path in clean.items()}, config)
    columns = declare_columns(shared, config, read_instruments(instruments))
    places = {"sessions": sessions_data, "patients": patients_data, "therapists": therapists_data}
    for name, table in shared.tables.items():
        write_csv(table, places[name])
    write_json(describe_dataset(columns, config), description)
    write_csv(tabulate_columns(columns, config), codebook)
    write_text(write_readme(shared, config), readme)
