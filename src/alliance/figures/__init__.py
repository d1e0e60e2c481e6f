"""Figures: each module draws one, from artefacts, and hands back the values it shows and a description in words.

A figure module has `TITLE`, `CAPTION`, `NEEDS` (names in `contracts.ARTEFACTS`) and `draw(inputs, config) -> Drawing`.
To add a figure: one module, one line in `FIGURES`.
"""

import importlib
from types import ModuleType

from alliance.errors import ConfigError, suggest

FIGURES = {
    "flow": "alliance.figures.flow",
    "missingness": "alliance.figures.missingness",
    "trajectories": "alliance.figures.trajectories",
    "within_between": "alliance.figures.within_between",
    "variance": "alliance.figures.variance",
    "path_diagram": "alliance.figures.path_diagram",
    "forest": "alliance.figures.forest",
    "indirect_posterior": "alliance.figures.indirect_posterior",
    "both_directions": "alliance.figures.both_directions",
    "moderation": "alliance.figures.moderation",
    "accumulated": "alliance.figures.accumulated",
    "influence": "alliance.figures.influence",
    "shrinkage": "alliance.figures.shrinkage",
}


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
