"""The three depths of inference: from a maximum to draws of the parameters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import xarray as xr

from alliance.errors import ModelError
from alliance.facts.marks import Mark
from alliance.models.joint.result import PREDICTIVE_DRAWS, Drawn, Task, Values
from alliance.models.path.bootstrap import draw_bootstrap
from alliance.models.path.clusters import find_clusters, highest_level, mark_clusters
from alliance.models.path.engine import Engine, draw_prior, named_draws, natural_of
from alliance.models.path.laplace import draw_laplace
from alliance.models.path.maximum import Maximum
from alliance.models.path.posterior import Posterior, find_posterior
from alliance.models.path.profile import profile_variances
from alliance.models.path.robust import robust_covariance

MAXIMUM_LIKELIHOOD = "maximum likelihood"
LAPLACE = "Laplace with importance sampling"
NUTS = "NUTS (nutpie)"


@dataclass(frozen=True)
class Found:
    """Draws of the free parameters and where they come from.

    Parameters
    ----------
    positions
        All chains one after the other, (draw, parameter).
    signed
        Whether they are posterior draws, in ``signed`` coordinates, or draws from a sampling distribution, in ``factor`` coordinates.
    point
        The estimate, (1, parameter); None where the mean of the draws is the estimate.
    prior
        Draws from the priors, (draw, parameter).
    """

    engine: str
    interval_kind: str
    positions: np.ndarray
    signed: bool
    chains: int = 1
    point: np.ndarray | None = None
    prior: np.ndarray | None = None
    marks: list[Mark] = field(default_factory=list)
    groups: Mapping[str, xr.Dataset] = field(default_factory=dict)

    def drawn(self, engine: Engine) -> Drawn:
        """Return the draws by the names of the parameters."""
        values, point, prior = (
            None if chosen is None else values_of(engine, chosen, signed=self.signed)
            for chosen in (self.positions, self.point, self.prior)
        )
        assert values is not None
        return Drawn(values, self.chains, point, prior)


def values_of(engine: Engine, positions: np.ndarray, *, signed: bool) -> Values:
    """Return draws of the free parameters by the names of `alliance.models.joint.names`."""
    return named_draws(engine, natural_of(engine, positions, signed=signed))


def draw_maximum(task: Task, maximum: Maximum) -> Found:
    """Draw from the estimated sampling distribution, normal or by a cluster bootstrap.

    Raises
    ------
    ModelError
        There are too few units to be drawn again, or units that are not independent.
    """
    marks = profile_variances(maximum)[1]
    rng, point = task.generator("sampling distribution"), maximum.top.position[None]
    if task.spec.bootstrap is not None:
        sample = draw_bootstrap(maximum, task.spec.bootstrap.level, task.spec.bootstrap.samples, rng)
        return Found(
            MAXIMUM_LIKELIHOOD,
            "bootstrap confidence",
            sample.positions,
            signed=False,
            point=point,
            marks=[*marks, *sample.marks],
        )
    covariance = None
    if task.spec.standard_errors == "robust":
        covariance = robust_covariance(maximum)
        marks.append(mark_clusters(find_clusters(maximum.engine, highest_level(maximum.engine))))
    positions = maximum.draw(task.settings["monte_carlo_draws"], rng, covariance)
    return Found(MAXIMUM_LIKELIHOOD, "Monte Carlo confidence", positions, signed=False, point=point, marks=marks)


def draw_approximation(task: Task, maximum: Maximum) -> Found:
    """Draw from the posterior by importance sampling; by NUTS where the approximation is too far off.

    Raises
    ------
    ModelError
        The posterior cannot be computed around its mode, or the sampler failed.
    """
    posterior = find_posterior(maximum, task.settings["priors"])
    sampling = task.settings["sampling"]
    try:
        found = draw_laplace(posterior, int(sampling["chains"] * sampling["draws"]), task.generator("posterior"))
    except FloatingPointError as error:
        raise ModelError(
            f"models.specs.{task.name}: {error}. Look for outliers in data/panel.parquet, or narrow the priors."
        ) from error
    if found.mark.passed:
        prior = _draw_prior(task, posterior)
        return Found(LAPLACE, "credible", found.positions, signed=True, prior=prior, marks=[found.mark])
    said = "the posterior was sampled with NUTS instead"
    sampled = _sample(task, posterior)
    return replace(sampled, marks=[replace(found.mark, verdict=True, detail=said)])


def draw_posterior(task: Task, maximum: Maximum) -> Found:
    """Draw from the posterior with NUTS.

    Raises
    ------
    ModelError
        The sampler failed.
    """
    return _sample(task, find_posterior(maximum, task.settings["priors"]))


DEPTHS: dict[str, Callable[[Task, Maximum], Found]] = {
    "ml": draw_maximum,
    "laplace": draw_approximation,
    "nuts": draw_posterior,
}


def _sample(task: Task, posterior: Posterior) -> Found:
    # Imported here, since PyMC takes seconds and the other depths do without; as a statement, which fingerprints of the code follow.
    from alliance.models.path import nuts

    positions, statistics = nuts.sample_positions(
        posterior, task.settings["sampling"], task.whole_number("posterior"), task.name
    )
    chains, size, _ = positions.shape
    flat = positions.reshape(chains * size, -1)
    groups = {
        "posterior": _grouped(values_of(posterior.engine, flat, signed=True), chains),
        "sample_stats": statistics,
    }
    return Found(NUTS, "credible", flat, True, chains, prior=_draw_prior(task, posterior), groups=groups)


def _draw_prior(task: Task, posterior: Posterior) -> np.ndarray:
    return draw_prior(posterior.engine, task.settings["priors"], PREDICTIVE_DRAWS, task.generator("prior"))


def _grouped(values: Values, chains: int) -> xr.Dataset:
    """Return draws as a dataset with dimensions chain and draw."""
    arrays = {}
    for name, flat in values.items():
        shaped = flat.reshape(chains, -1, *flat.shape[1:])
        arrays[name] = (("chain", "draw", *(f"{name}_{axis}" for axis in range(shaped.ndim - 2))), shaped)
    return xr.Dataset(arrays)
