"""Small exports that are read and checked on the spot."""

from pathlib import Path
from typing import Any

from alliance.config.instruments import read_instruments
from alliance.config.schema import Cleaning, Data, Variable
from alliance.data.checks import check_export
from alliance.data.checks.finding import Finding
from alliance.data.export.tables import Export, read_tables
from tests.unit.data.checks.study import CLEANING, INSTRUMENTS

MOOD = {"mood": {"label": "mood", "column": "mood", "measured": "during"}}


def read(path: Path, variables: dict[str, Any] = MOOD, **settings: Any) -> tuple[Export, list[Finding]]:
    """Read and check a table of sessions with the columns id and no, and return what stops the run."""
    source = {"path": str(path), "keys": {"patient": "id", "session": "no"}, **settings}
    declared = {
        name: Variable.model_validate({"measured": "during", **variable}) for name, variable in variables.items()
    }
    data, rules = Data.model_validate({"sessions": source}), Cleaning.model_validate(CLEANING)
    export = read_tables({"sessions": str(path)}, data, declared, rules, read_instruments(INSTRUMENTS))
    return export, [finding for finding in check_export(export) if finding.severity == "error"]


def text(path: Path, content: str, encoding: str = "utf-8") -> Path:
    """Write a text file."""
    path.write_bytes(content.encode(encoding))
    return path
