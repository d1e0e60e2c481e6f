"""Through the door of a user: settings and files in, a refusal, findings or a panel out; and what may come out of it."""

import re
import signal
import time
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pandas as pd

from alliance.config import Variable
from alliance.errors import AllianceError
from alliance.facts.families import FAMILIES
from alliance.models.diagram import every_path
from alliance.models.filling.grid import make_grid
from alliance.models.fitting import settings_for
from alliance.models.joint import prepare_task
from alliance.models.rows import select_rows
from alliance.study import Study
from tests.fuzz.study import ROOT

LONGEST = 30.0  # seconds
# What a sentence says that names a remedy, and one that names a place.
_REMEDY = re.compile(
    r"\b(correct|set|remove|add|write|use|save|give|put|name|choose|export|close|declare|delete|make|change|list|keep|leave|rename|"
    r"should be|must|expected|need|needs|check|raise|lower|switch|empty|let|run|are|fill|say|known)\b",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"[a-z_]+(\.[\w\" -]+)+|line \d+|row \d+|column|models?|'[^']+'|\.(csv|xlsx|sav|dta|parquet|yaml)|\(top level\)|rows?"
)
_INSIDE = re.compile(
    r"Traceback|object at 0x|<class|NoneType|pydantic|numpy|pandas|validation error|KeyError|TypeError"
)


class TooSlow(BaseException):
    """Something took longer than anybody waits. No `Exception`, so that nothing on the way can take it for an error of its own."""


@dataclass
class Seen:
    """What came out.

    Parameters
    ----------
    refused
        The message of the error a user sees, if there was one.
    findings
        What the checks found.
    panel
        The panel; None where errors stopped it.
    settings
        The settings as they were understood.
    crash
        Traceback of anything that no user should see.
    models
        Messages of models that cannot be posed.
    """

    refused: str | None = None
    findings: pd.DataFrame | None = None
    panel: pd.DataFrame | None = None
    settings: dict[str, Any] | None = None
    crash: str | None = None
    models: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def warned(self) -> set[tuple[str, str, int]]:
        """Rules, columns and counts of what was found."""
        if self.findings is None:
            return set()
        return {(row.rule, str(row.column), int(row.count)) for row in self.findings.itertuples()}

    @property
    def said(self) -> str:
        """Everything a user reads."""
        found = [] if self.findings is None else [*self.findings["message"], *self.findings["remedy"]]
        return "\n".join([self.refused or "", *self.models, *map(str, found)])


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def walk(file: Path, pose: bool = True) -> Seen:
    """Load settings, read, check, clean, score, build the panel and pose the models; nothing is fitted."""
    seen, begin = Seen(), time.monotonic()
    try:
        with _limited(LONGEST), warnings.catch_warnings():
            warnings.simplefilter("error")
            _walk(file, seen, pose)
    except AllianceError as error:
        seen.refused = str(error)
    except TooSlow:
        seen.crash = f"more than {LONGEST:g} seconds"
    except Exception:  # anything else that a user can cause is the defect that is looked for; an interrupt passes
        seen.crash = traceback.format_exc()
    seen.seconds = time.monotonic() - begin
    return seen


def _walk(file: Path, seen: Seen, pose: bool) -> None:
    study = Study(file, root=ROOT)
    seen.settings = study.config.model_dump(mode="json", by_alias=True)
    seen.findings = study.findings
    seen.panel = study.panel
    for name in study.config.models.fit if pose else ():
        spec = study.config.models.specs[name]
        try:
            _pose(seen.panel, name, spec, settings_for(spec, study.config))
        except AllianceError as error:
            seen.models.append(str(error))


def _pose(panel: pd.DataFrame, name: str, spec: Any, settings: dict[str, Any]) -> None:
    """Do what a fit does before it computes a likelihood."""
    variables = {key: Variable.model_validate(value) for key, value in settings["variables"].items()}
    if not FAMILIES[spec.family].joint:
        select_rows(panel, name, spec)
        if spec.equations:
            every_path(name, spec, variables)
        return
    fill = getattr(spec, "missing", "drop") == "fill"
    grid = make_grid(panel, spec, variables, settings["lag"], settings.get("max_gap_days")) if fill else None
    task = prepare_task(panel, name, spec, settings, grid)
    assert task.groups


def is_clear(message: str) -> bool:
    """Whether a message names a place and a remedy, and nothing from inside."""
    return bool(_REMEDY.search(message) and _PLACE.search(message)) and not _INSIDE.search(message)


def same_panel(left: pd.DataFrame, right: pd.DataFrame) -> bool:
    """Whether two panels hold the same rows and numbers."""
    if list(left.columns) != list(right.columns) or len(left) != len(right):
        return False
    numbers = left.select_dtypes("number").columns
    texts = [column for column in left.columns if column not in set(numbers)]
    if not left[texts].astype("str").equals(right[texts].astype("str")):
        return False
    return bool(np.allclose(left[numbers], right[numbers], rtol=0, atol=1e-9, equal_nan=True))
