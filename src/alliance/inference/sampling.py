"""Posterior draws of a PyMC model with NUTS in Rust (nutpie), the same on every run of one seed."""

import logging
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import xarray as xr

from alliance.errors import ModelError
from alliance.facts.threads import threads_here
from alliance.kept import keep_whole_files

if TYPE_CHECKING:
    import pymc as pm

keep_whole_files()  # before the first import of PyMC, which functions here leave to their callers or do themselves

STATISTICS: Final = ("diverging", "energy", "depth", "n_steps", "mean_tree_accept", "step_size")
# PyTensor compiles with Numba here. Unless told that there is no C compiler, helper functions would ask for one and for a BLAS library.
# Fast mathematics rounds differently in code that was just compiled and in code read from the cache: the same seed would give
# other draws on the second run.
_FLAGS = {"cxx": "", "numba__fastmath": False}
_log = logging.getLogger(__name__)


def sample_posterior(
    model: "pm.Model", kept: list[str], sampling: Mapping[str, float], seed: int, name: str
) -> dict[str, xr.Dataset]:
    """Draw from the posterior.

    Parameters
    ----------
    kept
        Variables to keep. Random effects of single patients are drawn, but not kept.
    sampling
        chains, draws, tune and target_accept.
    name
        Name of the model, for messages.

    Returns
    -------
    dict
        ``posterior`` and ``sample_stats``, each with dimensions chain and draw.

    Raises
    ------
    ModelError
        The sampler found no place to start, or did not finish.
    """
    import nutpie
    from pytensor.configdefaults import config

    with config.change_flags(**_FLAGS), warnings.catch_warnings():
        # With many varying effects one sum is computed in two loops instead of one: nothing is lost.
        warnings.filterwarnings("ignore", message="Loop fusion failed", category=UserWarning)
        compiled = nutpie.compile_pymc_model(model, var_names=kept)
    counts = {name: int(sampling[name]) for name in ("chains", "draws", "tune")}
    quiet = {"save_warmup": False, "progress_bar": False}
    target = float(sampling["target_accept"])
    try:
        trace = nutpie.sample(compiled, **counts, **quiet, target_accept=target, cores=threads_here(), seed=seed)
    except (RuntimeError, ValueError) as error:
        raise failure_of(name, error) from error
    statistics = trace["sample_stats"].to_dataset()[list(STATISTICS)]
    _log.info("%s: %d divergent of %d draws", name, int(statistics["diverging"].sum()), statistics["diverging"].size)
    return {"posterior": _bare(trace["posterior"].to_dataset()[kept]), "sample_stats": _bare(statistics)}


def failure_of(name: str, error: Exception) -> ModelError:
    """Say what a user can do about a sampler that failed."""
    reason = " ".join(str(error).partition("Stack backtrace")[0].split())
    return ModelError(
        f"models.specs.{name}: the sampler could not explore the posterior ({reason}). Look for outliers in data/panel.parquet, "
        f"leave out effects that vary between patients with few sessions, or narrow the priors."
    )


def draw_prior(model: "pm.Model", population: list[str], draws: int, seed: int) -> dict[str, np.ndarray]:
    """Draw population parameters from their priors: name -> array (draw, ...)."""
    import pymc as pm
    from pytensor.configdefaults import config

    with config.change_flags(**_FLAGS):
        values = pm.draw([model[name] for name in population], draws=draws, random_seed=seed, mode="FAST_COMPILE")
    return dict(zip(population, values, strict=True))


def _bare(dataset: xr.Dataset) -> xr.Dataset:
    """Drop what differs between two runs of one seed (time stamps) and coordinates that no variable uses."""
    used = {dim for variable in dataset.data_vars.values() for dim in variable.dims}
    plain = dataset.drop_vars([name for name in dataset.coords if name not in used])
    plain.attrs = {}
    return plain
