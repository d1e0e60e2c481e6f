"""Tables: each module makes one, from artefacts, as numbers and as formatted cells; `render` writes the formats.

A table module has `TITLE`, `NEEDS` (names in `alliance.facts.artefacts`) and `make(inputs, config) -> Table`.
To add a table: one module, one line in `TABLES`.
"""

import importlib
from types import ModuleType

from alliance.errors import ConfigError, suggest

TABLES = {
    "sample": "alliance.report.tables.sample",
    "codebook": "alliance.report.tables.codebook",
    "measurement": "alliance.report.tables.measurement",
    "correlations": "alliance.report.tables.correlations",
    "flow": "alliance.report.tables.flow",
    "models": "alliance.report.tables.models",
    "variance": "alliance.report.tables.variance",
    "shapes": "alliance.report.tables.shapes",
    "changes": "alliance.report.tables.changes",
    "effects": "alliance.report.tables.effects",
    "coefficients": "alliance.report.tables.coefficients",
    "components": "alliance.report.tables.components",
    "statistics": "alliance.report.tables.statistics",
    "responsiveness": "alliance.report.tables.responsiveness",
    "sites": "alliance.report.tables.sites",
    "surface": "alliance.report.tables.surface",
    "moderation": "alliance.report.tables.moderation",
    "agreement": "alliance.report.tables.agreement",
    "sensitivity": "alliance.report.tables.sensitivity",
    "trends": "alliance.report.tables.trends",
    "autocorrelation": "alliance.report.tables.autocorrelation",
    "corrected": "alliance.report.tables.corrected",
    "invariance": "alliance.report.tables.invariance",
    "ruptures": "alliance.report.tables.ruptures",
    "after_ruptures": "alliance.report.tables.after_ruptures",
    "influence": "alliance.report.tables.influence",
    "diagnostics": "alliance.report.tables.diagnostics",
    "cautions": "alliance.report.tables.cautions",
    "predictive": "alliance.report.tables.predictive",
    "priors": "alliance.report.tables.priors",
    "cleaning": "alliance.report.tables.cleaning",
    "checks": "alliance.report.tables.checks",
    "settings": "alliance.report.tables.settings",
    "comparison": "alliance.report.tables.comparison",
    "truth": "alliance.report.tables.truth",
}

# Made for every report that has what they are made from, whether the config lists them or not.
ALWAYS = ("codebook", "models", "settings", "comparison", "truth")


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
