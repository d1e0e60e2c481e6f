"""Scripts that no test runs, as simulations of hours, still find what they import of the package."""

import ast
from importlib import import_module
from pathlib import Path

import pytest

from tests.architecture.project import REPOSITORY

FOLDERS = ("validation", "benchmarks", "workflow/scripts")
SCRIPTS = sorted(path for folder in FOLDERS for path in (REPOSITORY / folder).rglob("*.py"))


def find_lost(path: Path) -> list[str]:
    """List what a script imports of the package that is not there."""
    lost = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "alliance":
            module = import_module(str(node.module))
            lost += [f"{node.module}.{name.name}" for name in node.names if not _is_there(module, name.name)]
    return lost


def _is_there(module: object, name: str) -> bool:
    if hasattr(module, name):
        return True
    try:
        import_module(f"{module.__name__}.{name}")  # type: ignore[attr-defined]
    except ModuleNotFoundError:
        return False
    return True


def test_scripts_are_found() -> None:
    assert len(SCRIPTS) > 30


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_a_script_finds_what_it_imports(path: Path) -> None:
    assert find_lost(path) == []


def test_a_name_that_is_gone_is_told(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("from alliance.errors import ModelError, never_there\nfrom alliance.models import joint\n")
    assert find_lost(script) == ["alliance.errors.never_there"]
