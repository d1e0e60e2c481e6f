"""NUTS in Rust (nutpie) on any posterior, in the coordinates of its mode; compiled posteriors without a return to Python.

Nutpie's Python part compiles PyMC models, and brings along ArviZ and Matplotlib: more time than sampling takes. Here its compiled part
is called in the way its Python part calls it.
"""

import logging
import sys
from collections.abc import Mapping
from functools import cache, partial
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
import pyarrow as pa
import xarray as xr

from alliance.facts.threads import threads_here
from alliance.inference.mode import Mode
from alliance.inference.sampling import STATISTICS, failure_of
from alliance.inference.target import Posterior

_LIBRARY: Final = "nutpie._lib"
_DIM, _STANDARD = "parameter", "standard"
_log = logging.getLogger(__name__)


@runtime_checkable
class Compiled(Posterior, Protocol):
    """A posterior whose density is a compiled function with a C interface."""

    @property
    def addresses(self) -> tuple[int, int] | None:
        """Where two functions lie, both of which return zero where all went well; None where the density has no such function.

        The density:  int64 (uint64 size, double *standard, double *gradient, double *value, void *packed)
        A copy:       int64 (uint64 size, uint64 size, double *standard, double *kept, void *packed)
        """

    def pack(self, centre: np.ndarray, spread: np.ndarray) -> np.ndarray:
        """Pack what the density needs besides the position into one block of memory; position = centre + spread @ standard."""


def sample_positions(
    mode: Mode[Posterior], sampling: Mapping[str, float], seed: int, name: str
) -> tuple[np.ndarray, xr.Dataset]:
    """Draw positions from a posterior.

    Parameters
    ----------
    sampling
        chains, draws, tune and target_accept.
    name
        Name of the model, for messages.

    Returns
    -------
    positions
        Shape (chain, draw, parameter).
    statistics
        The sampler's own, with dimensions chain and draw.

    Raises
    ------
    ModelError
        The sampler found no place to start, or did not finish.
    """
    size = len(mode.position)
    try:
        batches = zip(*_run(mode, sampling, seed), strict=True)
    except (RuntimeError, ValueError) as error:
        raise failure_of(name, error) from error
    chains, statistics = [], []
    for drawn, told in batches:
        kept = ~_numbers(told, "tuning")
        chains.append(_numbers(drawn, _STANDARD).reshape(-1, size)[kept])
        statistics.append([_numbers(told, statistic)[kept] for statistic in STATISTICS])
    arrays = {
        statistic: (("chain", "draw"), np.array(values))
        for statistic, values in zip(STATISTICS, zip(*statistics, strict=True), strict=True)
    }
    dataset = xr.Dataset(arrays)
    _log.info("%s: %d divergent of %d draws", name, int(dataset["diverging"].sum()), dataset["diverging"].size)
    return mode.position + np.array(chains) @ mode.spread.T, dataset


def _run(mode: Mode[Posterior], sampling: Mapping[str, float], seed: int) -> Any:
    library = _library()
    settings = library.PyNutsSettings.LowRank(seed)
    counts = {"num_chains": "chains", "num_draws": "draws", "num_tune": "tune"}
    settings.update({their: int(sampling[our]) for their, our in counts.items()})
    settings.update({"target_accept": float(sampling["target_accept"])})
    compiled = isinstance(mode.posterior, Compiled) and mode.posterior.addresses is not None
    start, model = (_compiled if compiled else _interpreted)(library, mode)
    silence = library.ProgressType.none(), None, 0
    sampler = start(settings, threads_here(), model, *silence, library.PyStorage.arrow())
    try:
        sampler.wait(None)
    except KeyboardInterrupt:
        sampler.abort()
        raise
    return sampler.take_results().get_arrow_trace()


def _compiled(library: Any, mode: Mode[Any]) -> tuple[Any, Any]:
    """Return what starts a sampler, and a model, of a compiled density."""
    size, packed = len(mode.position), mode.posterior.pack(mode.position, mode.spread)
    density, copy = mode.posterior.addresses
    functions = (
        library.LogpFunc(density, packed.ctypes.data, packed),
        library.ExpandFunc(size, size, copy, packed.ctypes.data, packed),
    )
    start = partial(_draw_start, size)
    model = library.PyMcModel(*functions, _variables(library, size), size, {_DIM: size}, {}, start, None)
    return library.PySampler.from_pymc, model


def _interpreted(library: Any, mode: Mode[Posterior]) -> tuple[Any, Any]:
    """Return what starts a sampler, and a model, of a density written in Python."""
    size = len(mode.position)

    def density(standard: np.ndarray) -> tuple[float, np.ndarray]:
        with np.errstate(all="ignore"):  # a first step may lead anywhere
            value, gradient = mode.posterior.value(mode.position + mode.spread @ standard)
        if not np.isfinite(value):
            return -np.inf, np.zeros(size)
        return value, mode.spread.T @ gradient

    def keep(standard: np.ndarray) -> dict[str, np.ndarray]:
        return {_STANDARD: standard}

    functions = lambda: density, lambda *_: keep
    names = {"dim_sizes": {_DIM: size}, "coords": {}, "init_point_func": partial(_draw_start, size)}
    return library.PySampler.from_pyfunc, library.PyModel(*functions, _variables(library, size), size, **names)


def _variables(library: Any, size: int) -> Any:
    return library.PyVariable.new_variables([_STANDARD], ["float64"], [(size,)], {_DIM: size}, {_STANDARD: (_DIM,)})


def _draw_start(size: int, seed: int) -> np.ndarray:
    """Draw where a chain starts: within one standard deviation of the mode, as PyMC would."""
    (own,) = np.random.SeedSequence(seed).spawn(1)
    return np.random.default_rng(own).uniform(-1, 1, size)


def _numbers(batch: Any, name: str) -> np.ndarray:
    """Return a column of a chain, one row per draw, flattened."""
    column = pa.array(batch.column(name))
    values: np.ndarray = (column.flatten() if pa.types.is_nested(column.type) else column).to_numpy(
        zero_copy_only=False
    )
    return values


@cache
def _library() -> Any:
    """Return nutpie's compiled part, without importing the Python part around it."""
    if _LIBRARY not in sys.modules:
        package = find_spec(_LIBRARY.partition(".")[0])
        found = PathFinder.find_spec(_LIBRARY, package.submodule_search_locations if package else None)
        if found is None or found.loader is None:
            raise ModuleNotFoundError(f"No module named '{_LIBRARY}'", name=_LIBRARY)
        module = sys.modules[_LIBRARY] = module_from_spec(found)
        found.loader.exec_module(module)
    return sys.modules[_LIBRARY]
