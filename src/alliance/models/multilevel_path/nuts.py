"""NUTS in PyMC: the posterior as one operation, drawn in Rust (nutpie) without a return to Python."""

import logging
import warnings
from collections.abc import Mapping

import numpy as np
import nutpie
import pymc as pm
import xarray as xr
from pytensor import shared
from pytensor.configdefaults import config

from alliance.errors import ModelError
from alliance.likelihood.op import log_density_op, pack
from alliance.models.multilevel_path.posterior import Posterior

THREADS = 2
_STANDARD = "standard"
_STATISTICS = ("diverging", "energy", "depth", "n_steps", "mean_tree_accept", "step_size")
_FLAGS = {"cxx": "", "numba__fastmath": False}
_log = logging.getLogger(__name__)


def build_model(posterior: Posterior) -> pm.Model:
    """Build the PyMC model: a flat vector of standardised coordinates and one term, the log posterior density.

    Every array is data of the model, so that the code compiled for it serves every other model of this family.
    """
    integers, numbers = pack(posterior.engine.statistics, posterior.prior, posterior.mode, posterior.spread)
    size = len(posterior.mode)
    with pm.Model(coords={"parameter": np.arange(size)}) as model:
        # Not pm.Data, which would store whole numbers, and with them the address, in 32 bits.
        data = [shared(integers, name="integers"), shared(numbers, name="numbers")]
        standard = pm.Flat(_STANDARD, dims="parameter", initval=np.zeros(size))
        pm.Potential("log_posterior", log_density_op(*data, standard)[0])
    return model
