"""Compiling with Numba, and keeping the compiled code on disk under the fingerprint of all that went into it.

Numba throws kept code away when the file of a function changes, but not when a function it calls changes in another file. Code of an older
likelihood must never compute the numbers of a newer one, so the kept code lies in a folder named after the sources of this package.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from numba import cfunc, config, njit


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function without fast mathematics, so that the same input gives the same bits; it releases Python's lock."""
    with _kept_by_fingerprint():
        found: Callable[..., Any] = njit(cache=True, nogil=True, error_model="numpy")(function)
    return found


def compiled_for_c(signature: Any, function: Callable[..., Any]) -> Any:
    """Compile a function with a C interface, which has an ``address``."""
    with _kept_by_fingerprint():
        return cfunc(signature, cache=True, error_model="numpy")(function)


@contextmanager
def _kept_by_fingerprint() -> Iterator[None]:
    before = config.CACHE_DIR
    config.CACHE_DIR = str(_folder())
    try:
        yield
    finally:
        config.CACHE_DIR = before


@cache
def fingerprint() -> str:
    """Return a number, in hexadecimal digits, that changes with any source of the likelihood."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


@cache
def _folder() -> Path:
    here = Path(__file__).parent
    beside = Path(config.CACHE_DIR) if config.CACHE_DIR else here / "__pycache__"
    if not os.access(beside if beside.exists() else beside.parent, os.W_OK):
        beside = Path.home() / ".cache" / "alliance"
    return beside / f"likelihood-{fingerprint()}"
