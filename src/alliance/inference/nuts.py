"""NUTS in Rust (nutpie) on any posterior, in the coordinates of its mode; compiled posteriors without a return to Python."""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pymc as pm
import xarray as xr
from nutpie.compiled_pyfunc import from_pyfunc
from pytensor.compile.sharedvalue import shared

from alliance.inference.mode import Mode
from alliance.inference.sampling import compile_model, draw_compiled
from alliance.inference.target import Posterior

STANDARD = "standard"
_DATA = ("integers", "numbers")
_COMPILED: dict[int, Any] = {}


@runtime_checkable
class Compiled(Posterior, Protocol):
    """A posterior whose density is compiled code."""

    @property
    def operation(self) -> Any:
        """The density as an operation of PyTensor; inputs are what `pack` returns, and a standardised position."""

    def pack(self, centre: np.ndarray, spread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pack what the density needs besides the position into whole and real numbers, position = centre + spread @ standard."""


def build_model(mode: Mode[Compiled]) -> pm.Model:
    """Build the PyMC model: a flat vector of standardised coordinates and one term, the log posterior density.

    All that describes the data are inputs, so that the code compiled for one model serves every other model of this family.
    """
    posterior, size = mode.posterior, len(mode.position)
    with pm.Model(coords={"parameter": np.arange(size)}) as model:
        # Not pm.Data, which would store whole numbers, and with them the address, in 32 bits.
        data = [shared(array, name=name) for name, array in _data(mode).items()]
        standard = pm.Flat(STANDARD, dims="parameter", initval=np.zeros(size))
        value, _ = posterior.operation.make_node(*data, standard).outputs
        pm.Potential("log_posterior", value)
    return model


def sample_positions(
    mode: Mode[Posterior], sampling: Mapping[str, float], seed: int, name: str
) -> tuple[np.ndarray, xr.Dataset]:
    """Draw positions from a posterior.

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
    compiled = _compile(mode) if isinstance(mode.posterior, Compiled) else _wrap(mode)
    groups = draw_compiled(compiled, [STANDARD], sampling, seed, name, adaptation="low_rank")
    standard = groups["posterior"][STANDARD].transpose("chain", "draw", ...).to_numpy()
    return mode.position + standard @ mode.spread.T, groups["sample_stats"]


def _compile(mode: Mode[Any]) -> Any:
    """Return compiled code with the data of a posterior; one process compiles once for each number of parameters."""
    size = len(mode.position)
    if size not in _COMPILED:
        _COMPILED[size] = compile_model(build_model(mode), [STANDARD])
    return _COMPILED[size].with_data(**_data(mode))


def _data(mode: Mode[Compiled]) -> dict[str, np.ndarray]:
    return dict(zip(_DATA, mode.posterior.pack(mode.position, mode.spread), strict=True))


def _wrap(mode: Mode[Posterior]) -> Any:
    """Return a density written in Python as a model of the sampler."""
    size = len(mode.position)

    def density(standard: np.ndarray) -> tuple[float, np.ndarray]:
        with np.errstate(all="ignore"):  # a first step may lead anywhere
            value, gradient = mode.posterior.value(mode.position + mode.spread @ standard)
        if not np.isfinite(value):
            return -np.inf, np.zeros(size)
        return value, mode.spread.T @ gradient

    def expand(standard: np.ndarray) -> dict[str, np.ndarray]:
        return {STANDARD: standard}

    return from_pyfunc(
        size,
        lambda: density,
        lambda *_: expand,
        [np.dtype(float)],
        [(size,)],
        [STANDARD],
        make_initial_point_fn=lambda _: np.zeros(size),
    )
