"""Fingerprints of the code behind a step: what a change must alter before results are computed again.

A fingerprint covers the modules a step can import (followed statically, lazily imported ones included), without
docstrings, comments and layout; the templates and other files that lie beside them; and the versions of the packages these
modules import.
"""

import ast
import atexit
import hashlib
import json
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from importlib import metadata
from importlib.util import resolve_name
from pathlib import Path
from types import CodeType

import alliance
from alliance.runs.files import write_text

PACKAGE = "alliance"
ROOT = Path(alliance.__file__).parent

# Import name -> name of the distribution, where the two differ.
_DISTRIBUTIONS = {"yaml": "pyyaml", "docx": "python-docx"}


def module_path(module: str) -> Path:
    """Return the source file of a module of this package, without importing it.

    Raises
    ------
    ModuleNotFoundError
        There is no such module.
    """
    if module not in _modules():
        raise ModuleNotFoundError(f"No module named '{module}' below {ROOT}.")
    return _modules()[module]


@cache
def _modules() -> dict[str, Path]:
    """Return the source files of this package by their dotted names; a package stands for its `__init__.py`."""
    found = {}
    for path in ROOT.rglob("*.py"):
        parts = [PACKAGE, *path.relative_to(ROOT).with_suffix("").parts]
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def read_constant(module: str, name: str) -> object:
    """Return a literal constant of a module (e.g. ``NEEDS`` of a figure) without importing the module.

    Raises
    ------
    AttributeError
        The module assigns no literal value to that name.
    """
    for node in ast.parse(module_path(module).read_bytes()).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                return ast.literal_eval(node.value)
    raise AttributeError(
        f"{module} has no constant {name}. It must be a plain literal, such as {name} = ('estimates',)."
    )


@cache
def imported_modules(module: str) -> frozenset[str]:
    """Return every module of this package that importing `module`, or calling what is in it, can import."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting += imports_of(current)[0]
    return frozenset(found)


def code_of(*modules: str, scripts: Iterable[Path] = ()) -> dict[str, object]:
    """Return what a rule's results depend on, and what a process that makes them has to import: modules and their fingerprint."""
    return {"modules": list(modules), "fingerprint": fingerprint(modules, scripts)}


def fingerprint(modules: Iterable[str], scripts: Iterable[Path] = ()) -> str:
    """Return the fingerprint of some modules, everything they import, and further scripts.

    Editing a docstring or a comment does not change it; editing code does, and so does another version of a package
    that one of these modules imports.
    """
    closure = sorted(set().union(*(imported_modules(module) for module in modules)))
    packages = sorted(set().union(*(imports_of(module)[1] for module in closure)))
    parts = [f"{module}:{_source(module_path(module))[0]}" for module in closure]
    parts += [f"{path.name}:{_hash(path.read_bytes())}" for module in closure for path in _templates(module)]
    parts += [f"{script.name}:{_source(script)[0]}" for script in scripts]
    parts += [f"{package}=={version_of(package)}" for package in packages]
    return _hash("\n".join(parts).encode())[:16]


@cache
def version_of(package: str) -> str:
    """Return the installed version of an imported package, or an empty text if it is not installed."""
    try:
        return metadata.version(_DISTRIBUTIONS.get(package, package))
    except metadata.PackageNotFoundError:
        return ""


def remember(path: Path) -> None:
    """Keep in a file what was found out about each source, by its content: to parse and compile all of them takes a second."""
    with suppress(FileNotFoundError, ValueError):
        _KNOWN.update(json.loads(path.read_text(encoding="utf-8")))
    atexit.register(_keep, path)


def _keep(path: Path) -> None:
    if not _SEEN.keys() <= _KNOWN.keys():
        with suppress(OSError):  # on a full disk it is computed anew the next time
            write_text(json.dumps(_SEEN), path)


# What else the following depends on: how Python compiles, and what is done here.
_METHOD = sys.version.encode() + Path(__file__).read_bytes()
# Hash of a source -> hash of what Python runs, and the dotted names it imports, as they are written.
_KNOWN: dict[str, tuple[str, list[str]]] = {}
_SEEN: dict[str, tuple[str, list[str]]] = {}


@cache
def _source(path: Path) -> tuple[str, list[str]]:
    """Return the hash of what Python runs of a source, and what it imports."""
    content = path.read_bytes()
    key = _hash(_METHOD + content)
    _SEEN[key] = _KNOWN[key] if key in _KNOWN else _compiled(content)
    return _SEEN[key]


def _compiled(content: bytes) -> tuple[str, list[str]]:
    """Compile a source as if it stood in one line: compiled classes remember the line they begin in."""
    tree = ast.parse(content)
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt | ast.expr):
            node.lineno = node.end_lineno = 1
            node.col_offset = node.end_col_offset = 0
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            names += [base, *(f"{base}{'.' * bool(node.module)}{alias.name}" for alias in node.names)]
    # Level 2 of optimisation leaves out docstrings.
    code = compile(tree, "", "exec", dont_inherit=True, optimize=2)
    return _hash(repr(_instructions(code)).encode()), names


def _instructions(code: CodeType) -> tuple[object, ...]:
    """Return a code object without line numbers and file name, functions inside it included."""
    constants = [_instructions(item) if isinstance(item, CodeType) else _stable(item) for item in code.co_consts]
    signature = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags, code.co_qualname)
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return (code.co_code, constants, signature, names, code.co_exceptiontable)


def _stable(constant: object) -> object:
    """Return a constant in a form whose text does not vary between processes, as that of sets does."""
    return sorted(map(repr, constant)) if isinstance(constant, frozenset) else constant


def _templates(module: str) -> list[Path]:
    """Return the files beside the modules of a package that are not Python: templates, styles, lists of sections."""
    path = module_path(module)
    if path.name != "__init__.py":
        return []
    return sorted(beside for beside in path.parent.iterdir() if beside.is_file() and beside.suffix != ".py")


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@cache
def imports_of(module: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return what a module imports: modules of this package, and top-level names of installed packages."""
    own: set[str] = set()
    foreign: set[str] = set()
    path = module_path(module)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for written in _source(path)[1]:
        name = resolve_name(written, package)
        if name.split(".")[0] == PACKAGE:
            own |= _with_parents(name)
        elif name.split(".")[0] not in sys.stdlib_module_names:
            foreign.add(name.split(".")[0])
    return frozenset(own), frozenset(foreign)


def _with_parents(name: str) -> set[str]:
    """Return the modules that importing a dotted name runs; a name that is a function or class is left out."""
    parts = name.split(".")
    return {parent for length in range(len(parts)) if (parent := ".".join(parts[: length + 1])) in _modules()}
