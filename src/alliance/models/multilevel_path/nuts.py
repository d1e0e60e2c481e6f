"""NUTS in PyMC: the posterior as one operation, drawn in Rust (nutpie) without a return to Python."""

import logging
import warnings
from collections.abc import Mapping

import numpy as np
import nutpie
import pymc as pm
import xarray as xr
from pytensor.configdefaults import config

from alliance.errors import ModelError
from alliance.likelihood.op import log_density_op
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
    arrays = {
        "layout": posterior.engine.statistics.layout,
        "owner": posterior.engine.statistics.owner,
        "products": posterior.engine.statistics.products,
        "pooled": posterior.engine.statistics.pooled,
        "weights": posterior.engine.statistics.weights,
        "therapist_weights": posterior.engine.statistics.therapist_weights,
        "prior": posterior.prior,
        "mode": posterior.mode,
        "spread": posterior.spread,
    }
    with pm.Model(coords={"parameter": np.arange(len(posterior.mode))}) as model:
        data = [pm.Data(name, value) for name, value in arrays.items()]
        standard = pm.Flat(_STANDARD, dims="parameter", initval=np.zeros(len(posterior.mode)))
        pm.Potential("log_posterior", log_density_op(*data, standard)[0])
    return model
