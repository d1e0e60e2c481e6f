"""Compare this run with others, and with the truth of a simulated study."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from alliance.config import difference_of_configs, read_yaml, validate_config
from alliance.facts.artefacts import ARTEFACTS
from alliance.results.comparison import compare_runs as comparison_of
from alliance.results.comparison import compare_with_truth
from alliance.runs.artefacts import read_artefact, write_artefact


def compare_runs(
    *,
    estimates: str,
    config: str,
    other_estimates: Sequence[str],
    other_configs: Sequence[str],
    runs: Sequence[str],
    comparison: str,
    differences: str,
) -> None:
    """Write the settings in which this run differs from each of some others, and their estimates side by side.

    Parameters
    ----------
    estimates, config
        Estimates and merged configuration of this run.
    other_estimates, other_configs
        The same of the runs it is compared with.
    runs
        Their names, in the same order.
    """
    mine = read_yaml(Path(config))
    settings = [read_yaml(Path(path)) for path in other_configs]
    changed = [
        {"run": run, **row}
        for run, theirs in zip(runs, settings, strict=True)
        for row in difference_of_configs(theirs, mine)
    ]
    write_artefact("differences", pd.DataFrame(changed, columns=ARTEFACTS["differences"].header), differences)
    tables = [read_artefact(path, "estimates") for path in other_estimates]
    others = dict(zip(runs, zip(tables, settings, strict=True), strict=True))
    write_artefact("comparison", comparison_of(others, read_artefact(estimates, "estimates"), mine), comparison)


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
