"""Compiling with Numba, and keeping the compiled code on disk under the fingerprint of all that went into it.

Numba throws kept code away when the file of a function changes, but not when a function it calls changes in another file. Code of an older
likelihood must never compute the numbers of a newer one, so the kept code lies in a folder named after the sources of this package.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from numba import config, njit
from numba.core import caching
from numba.core.ccallback import CFunc
from numba.core.sigutils import normalize_signature

from alliance.kept import find_folder

_BESIDE = Path(__file__).parent / "__pycache__"


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function without fast mathematics, so that the same input gives the same bits; it releases Python's lock.

    Python and other compiled functions can call it; a third way in, for C, would have to be compiled too.
    """
    found = njit(nogil=True, error_model="numpy", no_cfunc_wrapper=True)(function)  # type: ignore[call-overload]  # Numba's types leave the last one out
    found._cache = _Cache(function)
    result: Callable[..., Any] = found
    return result


def compiled_for_c(signature: Any, function: Callable[..., Any]) -> Any:
    """Compile a function with a C interface, which has an ``address``."""
    found = CFunc(function, normalize_signature(signature), {}, {"error_model": "numpy"})
    found._cache = _Cache(function)
    found.compile()
    return found


@cache
def fingerprint() -> str:
    """Return a number, in hexadecimal digits, that changes with any source of the likelihood."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


@cache
def _folder() -> str:
    beside = Path(config.CACHE_DIR) if config.CACHE_DIR else _BESIDE
    return str(find_folder(beside, f"likelihood-{fingerprint()}"))


class _Place(caching._CacheLocator):
    """Where the code of all functions lies; the folder was tried when it was found."""

    def __init__(self, source: str) -> None:
        self._py_file = source  # Numba names it in warnings

    @classmethod
    def from_function(cls, function: Callable[..., Any], source: str) -> "_Place":
        return cls(source)

    def ensure_cache_path(self) -> None:
        pass

    def get_cache_path(self) -> str:
        return _folder()

    def get_source_stamp(self) -> str:
        return fingerprint()

    def get_disambiguator(self) -> str:
        return "kept"


class _Implementation(caching.CompileResultCacheImpl):
    def __init__(self, function: Callable[..., Any]) -> None:
        self._locator_classes = [_Place]  # type: ignore[list-item]
        super().__init__(function)


class _Cache(caching.FunctionCache):
    _impl_class = _Implementation
