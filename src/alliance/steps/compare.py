"""Compare this run with another one."""

from pathlib import Path

import pandas as pd

from alliance.config import difference_of_configs, read_yaml
from alliance.facts.artefacts import ARTEFACTS
from alliance.results.comparison import compare_estimates
from alliance.runs.artefacts import read_artefact, write_artefact


def compare_runs(
    *, estimates: str, config: str, other_estimates: str, other_config: str, comparison: str, differences: str
) -> None:
    """Write the settings in which two runs differ, and their estimates side by side.

    Parameters
    ----------
    estimates, config
        Estimates and merged configuration of this run.
    other_estimates, other_config
        The same of the run it is compared with.
    """
    changed = difference_of_configs(read_yaml(Path(other_config)), read_yaml(Path(config)))
    write_artefact("differences", pd.DataFrame(changed, columns=ARTEFACTS["differences"].header), differences)
    base, this = (read_artefact(path, "estimates") for path in (other_estimates, estimates))
    write_artefact("comparison", compare_estimates(base, this), comparison)
