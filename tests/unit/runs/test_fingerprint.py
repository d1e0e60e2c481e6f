"""Fingerprints change with what a step computes, and with nothing else."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from alliance.runs import fingerprint as module

SOURCE = '''"""What it is for."""
import math
import alliance.low


def area(radius: float) -> float:
    """Return the area."""
    return math.pi * radius**2


class Circle:
    """A class: Python remembers the line it begins in."""

    radius: float = 1.0
'''


REMEMBER = """
import sys
from pathlib import Path
from alliance.runs import fingerprint as module
module.ROOT = Path(sys.argv[1])
module.remember(Path(sys.argv[2]))
print(module.fingerprint(["alliance.high"]))
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of three modules in place of this one."""
    (tmp_path / "__init__.py").write_text("", encoding="utf-8")
    (tmp_path / "high.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "low.py").write_text(
        "def deep():\n    from alliance import lowest\n    return lowest.X\n", encoding="utf-8"
    )
    (tmp_path / "lowest.py").write_text(
        "import numpy\nX = {1, 2, 3}\nNEEDS: tuple[str, ...] = ('panel',)\n", encoding="utf-8"
    )
    (tmp_path / "other.py").write_text("Y = 2\n", encoding="utf-8")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    _forget()
    yield tmp_path
    _forget()


def _forget() -> None:
    for function in (module.imported_modules, module.imports_of, module._source, module._modules):
        function.cache_clear()


def changed_by(package: Path, file: str, text: str) -> bool:
    before = module.fingerprint(["alliance.high"])
    (package / file).write_text(text, encoding="utf-8")
    _forget()
    return module.fingerprint(["alliance.high"]) != before


def test_imports_are_followed_also_where_they_are_lazy(package: Path) -> None:
    assert module.imported_modules("alliance.high") == {"alliance", "alliance.high", "alliance.low", "alliance.lowest"}


@pytest.mark.parametrize(
    "text",
    [
        SOURCE.replace("What it is for.", "Another description,\nlonger."),
        SOURCE.replace("Return the area.", "Area of a circle."),
        SOURCE.replace('    """Return the area."""\n', ""),
        SOURCE.replace("import math\n", "# The constant pi.\n\n\nimport math  # standard library\n"),
        SOURCE.replace("math.pi * radius**2", "(math.pi *\n        radius ** 2)"),
    ],
    ids=["module docstring", "function docstring", "no docstring", "comments", "layout"],
)
def test_words_and_layout_do_not_count(package: Path, text: str) -> None:
    assert text != SOURCE
    assert not changed_by(package, "high.py", text)


@pytest.mark.parametrize(
    "text",
    [
        SOURCE.replace("radius**2", "radius**3"),
        SOURCE.replace("math.pi", "math.e"),
        SOURCE.replace("radius: float)", "radius: float = 1.0)"),
        SOURCE + "\n\ndef more() -> int:\n    return 1\n",
    ],
    ids=["number", "name", "default", "function"],
)
def test_code_counts(package: Path, text: str) -> None:
    assert changed_by(package, "high.py", text)


def test_code_of_what_is_imported_lazily_counts(package: Path) -> None:
    assert changed_by(package, "lowest.py", "import numpy\nX = {1, 2, 4}\n")


def test_code_that_is_not_imported_does_not_count(package: Path) -> None:
    assert not changed_by(package, "other.py", "Y = 3\n")


def test_template_beside_the_code_counts(package: Path) -> None:
    assert changed_by(package, "style.css", "p { color: black }")


def test_version_of_an_imported_package_counts(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = module.fingerprint(["alliance.high"])
    monkeypatch.setattr(module, "version_of", lambda package: "99.0")
    assert module.fingerprint(["alliance.high"]) != before
    assert module.fingerprint(["alliance.other"]) == module.fingerprint(["alliance.other"])


def test_relative_imports_are_followed(package: Path) -> None:
    (package / "room").mkdir()
    (package / "room/__init__.py").write_text("from . import inner\n", encoding="utf-8")
    (package / "room/inner.py").write_text("from ..other import Y\nfrom .. import low\n", encoding="utf-8")
    _forget()
    assert {"alliance.room.inner", "alliance.other", "alliance.low"} <= module.imported_modules("alliance.room")


def test_what_is_remembered_of_sources_changes_no_fingerprint(
    package: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    memory = tmp_path_factory.mktemp("memory") / "sources.json"
    words = [sys.executable, "-c", REMEMBER, str(package), str(memory)]
    first, second = (subprocess.run(words, capture_output=True, text=True, check=True).stdout for _ in range(2))
    assert first == second
    assert json.loads(memory.read_text(encoding="utf-8"))
    memory.write_text('{"half', encoding="utf-8")
    (package / "lowest.py").write_text("X = 5\n", encoding="utf-8")
    third = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert third != first
    assert json.loads(memory.read_text(encoding="utf-8"))


def test_constant_is_read_without_importing(package: Path) -> None:
    assert module.read_constant("alliance.lowest", "NEEDS") == ("panel",)
    with pytest.raises(AttributeError, match="has no constant MISSING"):
        module.read_constant("alliance.lowest", "MISSING")


def test_unknown_module_is_an_error(package: Path) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"alliance\.nowhere"):
        module.imported_modules("alliance.nowhere")


def test_sampler_that_is_imported_late_is_part_of_the_fit() -> None:
    found = set(module.imported_modules("alliance.models.path.fit"))
    assert {"alliance.inference.nuts", "alliance.inference.sampling", "alliance.likelihood.sampled"} <= found
