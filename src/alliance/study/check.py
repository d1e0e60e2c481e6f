"""Only the checks of a study: in seconds, without a model, and without touching results."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from alliance.config import Config
from alliance.runs.guards import check_files, check_origin, check_overlay
from alliance.runs.plan import origin_of
from alliance.runs.project import RESULTS, base_of, bring_example, find_project, instrument_folders
from alliance.steps.codebook import keep_codebook
from alliance.study.study import Study


class Checked(NamedTuple):
    """What the checks found, and what each variable was understood to be: the artefacts `checks` and `codebook`; under which settings."""

    findings: pd.DataFrame
    codebook: pd.DataFrame
    config: Config

    @property
    def stops(self) -> bool:
        """Whether a run would stop."""
        return bool((self.findings["severity"] == "error").any())


def check(overlays: Sequence[str | Path] = (), root: str | Path | None = None, *, keep: bool = True) -> Checked:
    """Check a study as a run would before its first model.

    Parameters
    ----------
    overlays
        Configuration files; none for the main analysis.
    root
        The project's folder; found by itself from anywhere inside it.
    keep
        Whether the codebook is written into the results of the run; nothing else there is touched.

    Raises
    ------
    ConfigError
        Settings cannot be used; all problems are listed.
    DataError
        A file cannot be read at all. What is wrong inside a readable one is among the findings.
    RunError
        The run's folder belongs to another configuration.

    Examples
    --------
    >>> findings, codebook, config = check(["config/local_clinic.yaml"])
    """
    folder = find_project(root)
    # As the workflow does: paths of a configuration are relative to the project's folder.
    paths = [Path(path).resolve() if Path(path).is_file() else Path(path) for path in overlays]
    with contextlib.chdir(folder):
        study = Study(*paths, root=folder)
        bring_example(folder, study.config)
        base = base_of(folder)
        origin = origin_of(base, paths, {}, folder)
        check_overlay(study.config, base, origin, is_overlay=bool(paths))
        check_origin(RESULTS / study.config.run.name, origin)
        check_files(study.config, *instrument_folders(folder))
        checked = Checked(study.findings, study.codebook, study.config)
        if keep:
            keep_codebook(checked.codebook, checked.findings, study.config, RESULTS, origin)
    return checked
