"""The results of the workflow, read when they are asked for."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from alliance.config import Config, read_yaml, validate_config
from alliance.errors import suggest
from alliance.facts.artefacts import ARTEFACTS
from alliance.runs.artefacts import read_artefact
from alliance.runs.files import read_tree
from alliance.runs.guards import RunError
from alliance.runs.made import is_changed
from alliance.runs.plan import RUN_FILES
from alliance.runs.project import RESULTS, command_of_run, find_project
from alliance.study.fit import Fit
from alliance.study.show import Text, html_page


class Shown(Mapping[str, pd.DataFrame]):
    """The numbers behind a run's figures, or its tables: name -> what it shows."""

    def __init__(self, folder: Path, present: Callable[[str], Path]) -> None:
        self._folder = folder
        self._present = present

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in set(self):
            raise KeyError(f"There is no '{name}' in {self._folder}.{suggest(name, self)} It has: {', '.join(self)}.")
        return read_artefact(self._present(f"{self._folder.name}/{name}.csv"))

    def __iter__(self) -> Iterator[str]:
        return (path.stem for path in sorted(self._folder.glob("*.csv")))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"{self._folder.name}: {', '.join(self)}"


class Run:
    """The results of one run of the workflow: what lies in ``results/<name>/``, always as it is at this moment.

    Every table of the run is an attribute of its name in `alliance.facts.artefacts`: ``estimates``, ``diagnostics``, ``panel``,
    ``scores``, ``reliability``, ``flow``, ``checks`` and so on; ``dir(run)`` lists them.

    Parameters
    ----------
    name
        The ``run.name`` of its configuration.
    root
        The project's folder; found by itself from anywhere inside it.

    Raises
    ------
    RunError
        There are no such results yet; the message says which command makes them.

    Examples
    --------
    >>> from alliance import Run
    >>> run = Run("main")
    >>> run.estimates.query("effect == 'indirect'")
    >>> run.tables["sample"]                              # what a table of the report shows; `figures` likewise
    >>> run.fit("technique_jointly").draws                # the posterior, as an ArviZ DataTree
    """

    def __init__(self, name: str = "main", root: str | Path | None = None) -> None:
        self.name = name
        self.root = find_project(root)
        self.folder = self.root / RESULTS / name
        if not self._path(RUN_FILES["config"]).is_file():
            known = sorted(path.parent.name for path in (self.root / RESULTS).glob(f"*/{RUN_FILES['config']}"))
            shown = f" Runs with results: {', '.join(known)}." if known else ""
            raise RunError(
                f"Run '{name}' has no results yet: run `{command_of_run(name, self.root)}`.{suggest(name, known)}{shown}"
            )

    @property
    def config(self) -> Config:
        """The merged configuration the results belong to."""
        return validate_config(read_yaml(self._path(RUN_FILES["config"])))

    @property
    def provenance(self) -> dict[str, Any]:
        """What made the results: inputs with their hashes, versions, seeds, state of the code."""
        return read_yaml(self._present(RUN_FILES["provenance"]))

    @property
    def headline(self) -> Text:
        """The main results in a few lines."""
        return Text(self._present(RUN_FILES["headline"]).read_text(encoding="utf-8").strip())

    @property
    def report(self) -> Path:
        """The page to open in a browser."""
        return self._present(RUN_FILES["report"])

    @property
    def supplement(self) -> Path:
        """The page with everything that the report has no room for."""
        return self._present(RUN_FILES["supplement"])

    @property
    def tables(self) -> Shown:
        """The numbers behind each table of the report, by its name."""
        return Shown(self.folder / "tables", self._present)

    @property
    def figures(self) -> Shown:
        """The numbers behind each figure of the report, by its name."""
        return Shown(self.folder / "figures", self._present)

    def fit(self, model: str) -> Fit:
        """Return one of the run's fitted models, with all its draws.

        Raises
        ------
        RunError
            The run has no such model, or it could not be fitted.
        """
        config = self.config
        if model not in config.models.fit:
            fitted = config.models.fit
            raise RunError(
                f"Run '{self.name}' has no model '{model}'.{suggest(model, fitted)} It has: {', '.join(fitted)}."
            )
        folder = f"models/{model}"
        from alliance.models.container import reason_of_failure  # a look at tables need not wait for xarray

        tree = read_tree(self._present(f"{folder}/draws.nc"))
        if reason := reason_of_failure(tree):
            raise RunError(f"Model '{model}' of run '{self.name}' could not be fitted. {reason}")
        return Fit(
            model,
            config,
            tree,
            read_artefact(self._present(f"{folder}/flow.csv"), "flow"),
        )

    def _path(self, name: str) -> Path:
        return self.folder / name

    def _present(self, name: str) -> Path:
        path = self._path(name)
        if not path.is_file():
            raise RunError(
                f"{RESULTS / self.name / name} does not exist (any more, or not yet): run `{command_of_run(self.name, self.root)}`."
            )
        if is_changed(self.folder, name):
            raise RunError(
                f"{RESULTS / self.name / name} is not as the workflow wrote it (edited, cut short or replaced): run "
                f"`{command_of_run(self.name, self.root)}`, which makes it again."
            )
        return path

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in ARTEFACTS:
            raise AttributeError(f"A run has no '{name}'.{suggest(name, dir(self))} It has: {', '.join(dir(self))}.")
        return read_artefact(self._present(ARTEFACTS[name].path), name)

    def __dir__(self) -> list[str]:
        own = {name for name in (*vars(type(self)), *vars(self)) if not name.startswith("_")}
        return sorted({*own, *ARTEFACTS})

    def __repr__(self) -> str:
        return f"Run '{self.name}': {self.config.run.title}\nReport: {self._path(RUN_FILES['report'])}\n{self.headline}"

    def _repr_html_(self) -> str:
        lines = [f"Report: {self._path(RUN_FILES['report'])}", *self.headline.splitlines()]
        return html_page(self.config.run.title, [*lines, f"More: .{', .'.join(dir(self))}"])
