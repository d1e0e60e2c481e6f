"""Compiled code on disk: a file is whole, or it is as if it were not there.

Numba keeps an index and the code in separate files and believes both. Two processes that compile at once can then give one name to
different code, and a file cut short by a full disk or a copy ends every later run. Here each function has one file with a checksum, which
appears under its name in one step. What is damaged, foreign or unreadable is compiled anew and replaced; what cannot be written is
compiled again next time. The compiler behind PyMC keeps its code in the same way, since it asks Numba to.
"""

import hashlib
import os
import pickle
import stat
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import llvmlite
import numba
from numba.core import caching
from numba.core.serialize import dumps

_VERSIONS = f"{numba.__version__}-{llvmlite.__version__}"
_CHECKSUM = hashlib.sha256().digest_size
_PYMC_FOLDER = ".pytensor"


class KeptCode:
    """All compiled variants of one function, in one file. Takes the place of `numba.core.caching.IndexDataCacheFile`.

    Parameters
    ----------
    cache_path
        Folder.
    filename_base
        Name of the file, without its ending.
    source_stamp
        Changes with the source of the function.
    """

    def __init__(self, cache_path: str, filename_base: str, source_stamp: Any) -> None:
        self._path = Path(cache_path) / f"{filename_base}-{_VERSIONS}.kept"
        self._stamp = source_stamp

    def flush(self) -> None:
        """Forget everything that was kept."""
        self._write({})

    def save(self, key: Any, data: Any) -> None:
        """Keep one variant."""
        self._write({**self._read(), key: dumps(data)})

    def load(self, key: Any) -> Any:
        """Return one variant, or None where it has to be compiled."""
        with suppress(Exception):  # pickles of foreign code fail in any way there is
            return pickle.loads(self._read()[key])
        return None

    def _read(self) -> dict[Any, bytes]:
        with suppress(Exception):
            content = self._path.read_bytes()
            if hashlib.sha256(content[_CHECKSUM:]).digest() == content[:_CHECKSUM]:
                stamp, variants = pickle.loads(content[_CHECKSUM:])
                return dict(variants) if stamp == self._stamp else {}
        return {}

    def _write(self, variants: dict[Any, bytes]) -> None:
        content = dumps((self._stamp, variants))
        unfinished = self._path.with_suffix(f".{uuid.uuid4().hex}")
        with suppress(OSError):
            try:
                unfinished.write_bytes(hashlib.sha256(content).digest() + content)
                unfinished.replace(self._path)
            finally:
                unfinished.unlink(missing_ok=True)


def keep_whole_files() -> None:
    """Let everything that Numba keeps in this process be kept as `KeptCode`. Called before PyMC is imported."""
    caching.IndexDataCacheFile = KeptCode  # type: ignore[misc, assignment]
    flags, usual = os.environ.get("PYTENSOR_FLAGS", ""), _home() / _PYMC_FOLDER
    # `Path.exists` fails in a home that may not be looked into.
    if "base_compiledir" not in flags and not _is_writable(usual if os.path.exists(usual) else usual.parent):
        private = f"base_compiledir={_private_folder() / _PYMC_FOLDER}"
        os.environ["PYTENSOR_FLAGS"] = f"{flags},{private}" if flags else private


def find_folder(wanted: Path, name: str) -> Path:
    """Return a folder of a name in which files can be written: in the wanted place, with this user's files, or among temporary ones."""
    for place in (wanted, _home() / ".cache" / "alliance"):
        if _is_writable(place / name):
            return place / name
    private = _private_folder() / name
    private.mkdir(exist_ok=True)
    return private


def _is_writable(folder: Path) -> bool:
    """Try it, since permissions say nothing of full or read-only disks."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:  # a user without a name, as in some containers
        return Path(os.devnull)


def _private_folder() -> Path:
    """Return a folder of this user alone: kept code is run as it is, and anybody may write where temporary files lie."""
    folder = Path(tempfile.gettempdir()) / f"alliance-{os.getuid()}"
    with suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077:
            return folder
    return Path(tempfile.mkdtemp(prefix="alliance-"))
