"""NUTS in PyMC: the posterior as one operation, drawn in Rust (nutpie) without a return to Python."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pymc as pm
import xarray as xr
from pytensor.compile.sharedvalue import shared

from alliance.inference.sampling import compile_model, draw_compiled
from alliance.likelihood.op import log_density_op, pack
from alliance.models.path.posterior import Posterior

STANDARD = "standard"
_DATA = ("integers", "numbers")
_COMPILED: dict[int, Any] = {}


def build_model(posterior: Posterior) -> pm.Model:
    """Build the PyMC model: a flat vector of standardised coordinates and one term, the log posterior density.

    All that describes the data are inputs, so that the code compiled for one model serves every other model of this family.
    """
    size = len(posterior.mode)
    with pm.Model(coords={"parameter": np.arange(size)}) as model:
        # Not pm.Data, which would store whole numbers, and with them the address, in 32 bits.
        data = [shared(array, name=name) for name, array in zip(_DATA, _pack(posterior), strict=True)]
        standard = pm.Flat(STANDARD, dims="parameter", initval=np.zeros(size))
        value, _ = log_density_op.make_node(*data, standard).outputs
        pm.Potential("log_posterior", value)
    return model


def sample_positions(
    posterior: Posterior, sampling: Mapping[str, float], seed: int, name: str
) -> tuple[np.ndarray, xr.Dataset]:
    """Draw positions in ``signed`` coordinates.

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
    groups = draw_compiled(_compile(posterior), [STANDARD], sampling, seed, name, adaptation="low_rank")
    standard = groups["posterior"][STANDARD].transpose("chain", "draw", ...).to_numpy()
    return posterior.mode + standard @ posterior.spread.T, groups["sample_stats"]


def _compile(posterior: Posterior) -> Any:
    """Return compiled code with the data of a posterior; one process compiles once for each number of parameters."""
    size = len(posterior.mode)
    if size not in _COMPILED:
        _COMPILED[size] = compile_model(build_model(posterior), [STANDARD])
    return _COMPILED[size].with_data(**dict(zip(_DATA, _pack(posterior), strict=True)))


def _pack(posterior: Posterior) -> tuple[np.ndarray, np.ndarray]:
    return pack(posterior.engine.statistics, posterior.prior, posterior.mode, posterior.spread)
