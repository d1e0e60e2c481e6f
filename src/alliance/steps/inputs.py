"""Read the artefacts that figures, tables and the report are made from."""

from collections.abc import Iterable, Mapping

import pandas as pd
import pyarrow.parquet as pq

from alliance.config import Config
from alliance.config.rupture import RUPTURE_MARK
from alliance.facts.columns import ENDINGS
from alliance.runs.artefacts import read_artefact


def read_inputs(paths: Mapping[str, str], needs: Iterable[str], config: Config) -> dict[str, pd.DataFrame]:
    """Read artefacts by their names; of the panel what is shown to people.

    Parameters
    ----------
    paths
        Files by the names of artefacts.
    needs
        Names of those to be read.
    """
    return {
        name: _read_panel(paths[name], config) if name == "panel" else read_artefact(paths[name], name)
        for name in needs
    }


def _read_panel(path: str, config: Config) -> pd.DataFrame:
    """Read the panel without lags, means and deviations of ruptures, which only models look at: in a register they are most of it."""
    marks = [name for name, variable in config.variables.items() if variable.kind == RUPTURE_MARK]
    derived = {f"{name}{ending}" for name in marks for ending in ENDINGS}
    return pd.read_parquet(path, columns=[column for column in pq.read_schema(path).names if column not in derived])
