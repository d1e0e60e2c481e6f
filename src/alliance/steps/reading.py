"""Read an export as a rule of the workflow names it: its files, and sections of the configuration."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from alliance.config.cleaning import Cleaning
from alliance.config.instruments import read_instruments
from alliance.config.schema import Data, Variable
from alliance.config.section import Name
from alliance.data.export.tables import NO_GROUPS, Export, read_tables
from alliance.runs.sealed import unseal_ids

_VARIABLES = TypeAdapter(dict[Name, Variable])


def read_export(
    files: Mapping[str, str | None],
    instruments: Sequence[str],
    data: Mapping[str, Any],
    variables: Mapping[str, Any],
    cleaning: Mapping[str, Any],
    smallest_groups: Mapping[str, int] = NO_GROUPS,
) -> Export:
    """Read and type the tables of an export.

    Parameters
    ----------
    files
        Files by the names of their tables; None where the study has no such table.
    instruments
        Files of the instruments in use.
    data, variables, cleaning
        Sections of the configuration; in the last one, ids that are left out are sealed.
    smallest_groups
        See `read_tables`.

    Raises
    ------
    DataError
        A file cannot be read at all.
    """
    return read_tables(
        {name: path for name, path in files.items() if path is not None},
        Data.model_validate(data),
        _VARIABLES.validate_python(variables),
        Cleaning.model_validate(unseal_ids(cleaning)),
        read_instruments(instruments),
        smallest_groups,
    )
