"""A study: its configuration, its data at every stage, and its models, fitted on the spot."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from alliance.config import Config, ModelSpec, Variable, merge_configs, read_yaml, validate_config
from alliance.config.compared import smallest_groups
from alliance.config.instruments import Instrument, read_instruments
from alliance.data.checks import check_export, describe_errors, findings_table
from alliance.data.cleaning.clean import CleanStudy, clean_tables
from alliance.data.export.tables import Export, read_tables
from alliance.data.panel import make_panel
from alliance.data.ruptures.marks import mark_ruptures
from alliance.data.scoring.meanings import describe_meanings
from alliance.data.scoring.measures import score_sessions
from alliance.errors import ConfigError, DataError, suggest
from alliance.facts.families import FAMILIES
from alliance.facts.quantity import join_nodes
from alliance.runs.guards import check_names
from alliance.runs.plan import bare_variables, data_files, instruments_of
from alliance.runs.project import Overlay, find_project, from_here, instruments_around, merge_overlays
from alliance.study.fit import Fit
from alliance.study.show import html_page, html_table, write_formula


class Study:
    """A study as its configuration describes it; nothing is read before it is asked for, and nothing is written.

    Tables are those the workflow makes, by the same functions, and each is made once. They may be changed without harm: every
    time one is asked for, a fresh one is given.

    Parameters
    ----------
    *overlays
        What differs from ``config/config.yaml``: files such as ``"config/local_clinic.yaml"``, or settings as a dictionary.
        Later ones win. Without any, it is the example study. Paths in a configuration are relative to the project's folder.
    replace
        Settings of ``config/config.yaml`` that are not inherited at all, such as ``["data", "variables"]`` (the same as
        ``replace`` in a file).
    root
        The project's folder; found by itself from anywhere inside it.

    Raises
    ------
    ConfigError
        A file cannot be read, or the settings cannot be used; all problems are listed.

    Examples
    --------
    >>> from alliance import Study
    >>> study = Study()
    >>> study.findings                                          # what the checks found
    >>> study.panel                                             # one row per patient and session
    >>> study.models                                            # what is declared
    >>> fit = study.fit("technique_jointly", depth="ml")        # no workflow, a few seconds
    >>> fit.estimates

    Another lag, and wider priors:

    >>> Study({"panel": {"lag": 2}, "priors": {"slope_sd": 2.5}})
    """

    def __init__(self, *overlays: Overlay, replace: Sequence[str] = (), root: str | Path | None = None) -> None:
        self.root = find_project(root)
        self._settings = merge_overlays(self.root, overlays, replace)
        self.config = self._validated(self._settings)

    @staticmethod
    def _validated(settings: dict[str, Any]) -> Config:
        config = validate_config(settings)
        check_names(config)
        return config

    @property
    def specs(self) -> dict[str, ModelSpec]:
        """The declared models by name."""
        return dict(self.config.models.specs)

    @property
    def models(self) -> pd.DataFrame:
        """The declared models: name, label, family, depth, effect, equations, and whether the workflow fits them."""
        rows = [
            {
                "name": name,
                "label": spec.label,
                "family": spec.family,
                "depth": getattr(spec, "depth", ""),
                "effect": "; ".join(join_nodes(effects.source, effects.target) for effects in spec.every_effects()),
                "equations": "; ".join(write_formula(outcome, spec) for outcome in spec.equations)
                or f"variance of {', '.join(spec.variables)}",
                "in_workflow": name in self.config.models.fit,
            }
            for name, spec in self.specs.items()
        ]
        return pd.DataFrame(rows)

    @property
    def raw(self) -> dict[str, pd.DataFrame]:
        """The tables of the export as they were read: rows are numbered as in the file, columns have the file's names."""
        return {name: _fresh(typed.raw.frame) for name, typed in self._export.tables.items()}

    @property
    def findings(self) -> pd.DataFrame:
        """What the checks found: severity, rule, table, row, column, value, count, message, remedy. Errors do not stop this."""
        return _fresh(self._findings)

    @property
    def codebook(self) -> pd.DataFrame:
        """What each variable was understood to be, before cleaning: label, role, kind, range, columns, values, missing, distribution."""
        return _fresh(self._codebook)

    @property
    def sessions(self) -> pd.DataFrame:
        """The cleaned sessions, with codes for the ids of patients and therapists."""
        return _fresh(self._clean.sessions)

    @property
    def patients(self) -> pd.DataFrame:
        """The cleaned table of patients."""
        return _fresh(self._clean.patients)

    @property
    def therapists(self) -> pd.DataFrame:
        """The cleaned table of therapists."""
        return _fresh(self._clean.therapists)

    @property
    def cleaning(self) -> pd.DataFrame:
        """What each cleaning rule touched."""
        return _fresh(self._clean.report)

    @property
    def flow(self) -> pd.DataFrame:
        """The patient flow from the export to the sessions that are analysed; a fit has its own."""
        return _fresh(self._clean.flow)

    @property
    def scores(self) -> pd.DataFrame:
        """Scores of the sessions: scales from items, categories as numbers."""
        return _fresh(self._scored[0])

    @property
    def reliability(self) -> pd.DataFrame:
        """How each score was measured, how it is distributed, and how reliable it is within and between patients."""
        return _fresh(self._scored[1])

    @property
    def panel(self) -> pd.DataFrame:
        """One row per patient and session: scores, earlier values, person means and deviations, baselines, constants.

        Raises
        ------
        DataError
            The export cannot be read, or the checks found errors; all are listed.
        """
        return _fresh(self._panel)

    @property
    def truth(self) -> pd.DataFrame:
        """The true values of a simulated study: outcome, path, effect, level, horizon, value.

        A row with a ``model`` is true of that model only, which holds more equal than others; ``error`` is the standard error of a value
        that is simulated itself.

        Raises
        ------
        ConfigError
            This study names no file with its truth.
        """
        if self.config.study.truth is None:
            raise ConfigError("study.truth: these data are not simulated, so nobody knows the true effects.")
        return pd.DataFrame(read_yaml(from_here(self.config.study.truth, self.root))["quantities"])

    def fit(self, model: str, *, panel: pd.DataFrame | None = None, **changes: Any) -> Fit:
        """Fit a declared model, here and now.

        The same functions, seeds and settings as in the workflow: without changes the estimates are those of the run.

        Parameters
        ----------
        model
            Name of a model under ``models.specs``, whether the workflow fits it or not; see `models`.
        panel
            Rows to fit it to in place of the study's panel: some of its rows, or data of your own with columns ``patient``,
            ``therapist``, ``session`` and the variables of the model.
        **changes
            Settings of the model's declaration that are different in this fit only, such as ``depth="ml"`` or
            ``influence=False``. They are merged as those of an overlay.

        Raises
        ------
        ConfigError
            There is no such model, or the changes cannot be used.
        DataError
            The data have errors.
        ModelError
            The data do not allow the model.

        Examples
        --------
        >>> study.fit("technique_jointly", depth="ml").summary()
        >>> study.fit("technique_jointly", depth="ml", panel=study.panel.query("session > 3"))
        """
        from alliance.models.fitting import (  # with xarray, which a look at the data does not need
            fit_declared,
            needs_items,
            settings_for,
            with_meanings,
            with_reliability,
        )

        if model not in self.config.models.specs:
            known = self.config.models.specs
            raise ConfigError(
                f"There is no model '{model}'.{suggest(model, known)} Declared models: {', '.join(known)}."
            )
        asked = {"models": {"fit": [model], "specs": {model: changes}}}
        config = self._validated(merge_configs(self._settings, asked))
        spec = config.models.specs[model]
        rows = self.panel if panel is None else panel
        settings = settings_for(spec, config)
        if needs_items(settings):
            settings = with_reliability(settings, self._scored[1])
        if FAMILIES[spec.family].meanings:
            settings = with_meanings(settings, describe_meanings(self._variables, self._instruments))
        result = fit_declared(rows, model, spec, settings)
        return Fit(model, config, result.tree, result.flow)

    @cached_property
    def _instruments(self) -> dict[str, Instrument]:
        known = instruments_around(self.root)
        return read_instruments(from_here(known[name], self.root) for name in instruments_of(self.config))

    @cached_property
    def _export(self) -> Export:
        files = {name: str(from_here(path, self.root)) for name, path in data_files(self.config).items()}
        bare = bare_variables(self.config.variables, scored=False)
        variables = {name: Variable.model_validate(item) for name, item in bare.items()}
        least = smallest_groups(self.config)
        return read_tables(files, self.config.data, variables, self.config.cleaning, self._instruments, least)

    @cached_property
    def _findings(self) -> pd.DataFrame:
        return findings_table(check_export(self._export))

    @cached_property
    def _codebook(self) -> pd.DataFrame:
        from alliance.report.codebook.describe import describe_codebook  # with models, which reading data does not need

        return describe_codebook(self._export, self.config)

    @cached_property
    def _clean(self) -> CleanStudy:
        problem = describe_errors(self._findings)
        if problem is not None:
            raise DataError(problem)
        return clean_tables(self._export.tables, self._export.cleaning)

    @cached_property
    def _variables(self) -> dict[str, Variable]:
        return {name: Variable.model_validate(item) for name, item in bare_variables(self.config.variables).items()}

    @cached_property
    def _scored(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        scores, reliability = score_sessions(self._clean.sessions, self._variables, self._instruments)
        seed = self.config.run.seed
        return mark_ruptures(scores, self._variables, self._instruments, reliability, seed)[0], reliability

    @cached_property
    def _panel(self) -> pd.DataFrame:
        asked = self.config.panel
        return make_panel(
            self._scored[0],
            self._clean.patients,
            self._clean.therapists,
            self._variables,
            asked.lag,
            asked.max_gap_days,
            self._instruments,
        )

    def __repr__(self) -> str:
        files = ", ".join(data_files(self.config).values())
        return (
            f"Study '{self.config.run.name}': {self.config.run.title}\nData: {files}\nModels: {', '.join(self.specs)}"
        )

    def _repr_html_(self) -> str:
        files = ", ".join(data_files(self.config).values())
        shown = self.models.drop(columns="label")
        return html_page(self.config.run.title, [self.config.study.description, f"Data: {files}"], html_table(shown))


def _fresh(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table that can be changed without changing this one; pandas copies no values before that."""
    return table.copy(deep=False)
