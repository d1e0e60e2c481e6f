"""The pipeline from the export to the panel in memory, for notebooks: same functions, same files, nothing written."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from alliance.config import Config
from alliance.config.instruments import read_instruments
from alliance.data.checks import check_export, describe_errors, findings_table
from alliance.data.cleaning.clean import clean_tables
from alliance.data.panel import make_panel
from alliance.data.scoring.measures import score_sessions
from alliance.errors import DataError
from alliance.runs.plan import data_files, instruments_of, merge_files, plain
from alliance.steps.prepare import read_export


@dataclass(frozen=True)
class PreparedStudy:
    """A study at every stage before the models; tables as described in `alliance.contracts` and ARCHITECTURE.md."""

    config: Config
    raw: dict[str, pd.DataFrame]  # the export as read, all text
    findings: pd.DataFrame
    cleaning: pd.DataFrame
    flow: pd.DataFrame
    sessions: pd.DataFrame
    patients: pd.DataFrame
    therapists: pd.DataFrame
    scores: pd.DataFrame
    reliability: pd.DataFrame
    panel: pd.DataFrame


def prepare_study(root: str | Path, *overlays: str | Path) -> PreparedStudy:
    """Read, check, clean and score a study and build its panel.

    Parameters
    ----------
    root
        The project's folder; paths in the configuration are relative to it.
    overlays
        Configuration files merged into ``config/config.yaml``, in this order, relative to the project's folder.

    Raises
    ------
    ConfigError
        A configuration file cannot be used.
    DataError
        The export cannot be read, or the checks found errors.
    """
    with _working_in(Path(root)):
        config = merge_files(Path("config/config.yaml"), [Path(path) for path in overlays], {})
        settings = plain(config)
        keys = [f"config/instruments/{name}.yaml" for name in instruments_of(config)]
        files = data_files(config)
        export = read_export(
            files["sessions"],
            files.get("patients"),
            files.get("therapists"),
            keys,
            settings["data"],
            settings["variables"],
            settings["cleaning"],
        )
        instruments = read_instruments(keys)
    findings = findings_table(check_export(export))
    problem = describe_errors(findings)
    if problem is not None:
        raise DataError(problem)
    clean = clean_tables(export.tables, export.cleaning)
    scores, reliability = score_sessions(clean.sessions, config.variables, instruments)
    lag, gap = config.panel.lag, config.panel.max_gap_days
    panel = make_panel(scores, clean.patients, clean.therapists, config.variables, lag, gap, instruments)
    return PreparedStudy(
        config=config,
        raw={name: typed.raw.frame for name, typed in export.tables.items()},
        findings=findings,
        cleaning=clean.report,
        flow=clean.flow,
        sessions=clean.sessions,
        patients=clean.patients,
        therapists=clean.therapists,
        scores=scores,
        reliability=reliability,
        panel=panel,
    )


@contextmanager
def _working_in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
