"""Figures: each module draws one, from artefacts, and hands back the values it shows and a description in words.

A figure module has `TITLE`, `CAPTION`, `NEEDS` (names in `alliance.facts.artefacts`) and `draw(inputs, config) -> Drawing`.
To add a figure: one module, one line in `FIGURES`.
"""

import importlib
from types import ModuleType

from alliance.errors import ConfigError, suggest

FIGURES = {
    "flow": "alliance.report.figures.flow",
    "missingness": "alliance.report.figures.missingness",
    "trajectories": "alliance.report.figures.trajectories",
    "development": "alliance.report.figures.development",
    "changes": "alliance.report.figures.changes",
    "within_between": "alliance.report.figures.within_between",
    "variance": "alliance.report.figures.variance",
    "path_diagram": "alliance.report.figures.path_diagram",
    "forest": "alliance.report.figures.forest",
    "indirect_posterior": "alliance.report.figures.indirect_posterior",
    "both_directions": "alliance.report.figures.both_directions",
    "moderation": "alliance.report.figures.moderation",
    "accumulated": "alliance.report.figures.accumulated",
    "influence": "alliance.report.figures.influence",
    "watch": "alliance.report.figures.watch",
    "ruptures": "alliance.report.figures.ruptures",
    "shrinkage": "alliance.report.figures.shrinkage",
    "responsiveness": "alliance.report.figures.responsiveness",
    "sites": "alliance.report.figures.sites",
    "compared": "alliance.report.figures.compared",
    "raters": "alliance.report.figures.raters",
    "congruence": "alliance.report.figures.congruence",
}

# Drawn wherever a run is compared with another one, whether the config lists them or not.
OF_COMPARISONS = ("compared",)


def load_figure(name: str) -> ModuleType:
    """Import the module of one figure (drawing libraries are imported only then).

    Raises
    ------
    ConfigError
        No figure has this name.
    """
    if name not in FIGURES:
        raise ConfigError(
            f"output.figures: there is no figure '{name}'.{suggest(name, FIGURES)} Known: {', '.join(FIGURES)}."
        )
    return importlib.import_module(FIGURES[name])
