"""Tables: each module makes one, from artefacts, as numbers and as formatted cells; `render` writes the formats.

A table module has `TITLE`, `NEEDS` (names in `contracts.ARTEFACTS`) and `make(inputs, config) -> Table`.
To add a table: one module, one line in `TABLES`.
"""

import importlib
from types import ModuleType

from alliance.errors import ConfigError, suggest

TABLES = {
    "sample": "alliance.tables.sample",
    "measurement": "alliance.tables.measurement",
    "flow": "alliance.tables.flow",
    "variance": "alliance.tables.variance",
    "effects": "alliance.tables.effects",
    "coefficients": "alliance.tables.coefficients",
    "moderation": "alliance.tables.moderation",
    "agreement": "alliance.tables.agreement",
    "sensitivity": "alliance.tables.sensitivity",
    "influence": "alliance.tables.influence",
    "diagnostics": "alliance.tables.diagnostics",
    "predictive": "alliance.tables.predictive",
    "priors": "alliance.tables.priors",
    "cleaning": "alliance.tables.cleaning",
    "checks": "alliance.tables.checks",
}


def load_table(name: str) -> ModuleType:
    """Import the module of one table.

    Raises
    ------
    ConfigError
        No table has this name.
    """
    if name not in TABLES:
        raise ConfigError(
            f"output.tables: there is no table '{name}'.{suggest(name, TABLES)} Known: {', '.join(TABLES)}."
        )
    return importlib.import_module(TABLES[name])
