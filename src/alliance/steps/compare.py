"""Compare this run with another one, and with the truth of a simulated study."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from alliance.config import difference_of_configs, read_yaml, validate_config
from alliance.facts.artefacts import ARTEFACTS
from alliance.results.comparison import compare_estimates, compare_with_truth
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
    settings = read_yaml(Path(other_config)), read_yaml(Path(config))
    changed = difference_of_configs(*settings)
    write_artefact("differences", pd.DataFrame(changed, columns=ARTEFACTS["differences"].header), differences)
    base, this = (read_artefact(path, "estimates") for path in (other_estimates, estimates))
    write_artefact("comparison", compare_estimates(base, this, settings), comparison)


def compare_truth(*, estimates: str, corrected: str, known: str, truth: str, settings: Mapping[str, Any]) -> None:
    """Write the estimates of a simulated study beside their known values.

    Parameters
    ----------
    corrected
        The same estimates corrected for unreliable scores.
    known
        File with the known values, see ``study.truth``.
    settings
        The whole merged configuration.
    """
    values = pd.DataFrame(read_yaml(Path(known))["quantities"])
    as_it_is, without_error = read_artefact(estimates, "estimates"), read_artefact(corrected, "corrected")
    found = compare_with_truth(as_it_is, without_error, values, validate_config(settings))
    write_artefact("truth", found, truth)
