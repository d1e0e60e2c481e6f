"""How deep a likelihood is explored: from its maximum to draws of the free parameters.

``ml``       draws from the estimated sampling distribution: of the maximum of the restricted likelihood, where there is one; of the plain
             maximum, normal or by a cluster bootstrap, where robust errors or a bootstrap are asked for
``laplace``  normal approximation of the posterior at its mode, or of many units' likelihood, corrected by importance sampling; NUTS where
             that fails
``nuts``     draws from the posterior

A further depth is one function ``draw_<name>`` here, and one entry in `alliance.facts.depths`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import xarray as xr

from alliance.errors import ModelError
from alliance.facts.columns import DATA_SETS
from alliance.facts.depths import DEPTHS
from alliance.facts.marks import Mark
from alliance.inference import laplace
from alliance.inference.bootstrap import draw_bootstrap
from alliance.inference.maximum import Maximum
from alliance.inference.mode import Mode, find_mode
from alliance.inference.montecarlo import generator_for
from alliance.inference.restricted import Arrival, Restricted
from alliance.inference.robust import mark_clusters, robust_covariance
from alliance.inference.target import Posterior, Target

MAXIMUM_LIKELIHOOD = "maximum likelihood"
RESTRICTED = "restricted maximum likelihood"
LAPLACE = "Laplace with importance sampling"
NUTS = "NUTS (nutpie)"
CREDIBLE = "credible"
_TUNED_TOGETHER = 2  # the curvature at the mode does most of the tuning; with a quarter one chain of forty did not mix


@dataclass(frozen=True)
class Request:
    """What is asked of a depth.

    Parameters
    ----------
    name
        The model, for messages and random numbers.
    draws
        Number of draws from a sampling distribution.
    sampling
        chains, draws, tune and target_accept of the sampler.
    robust
        Whether standard errors of a maximum are cluster-robust.
    bootstrap
        Level whose units are drawn again, and number of samples; None for a normal sampling distribution.
    prior_draws
        Number of draws from the priors.
    data_set
        Number of a completed data set; 0 where nothing was filled in.
    data_sets
        How many there are.
    near
        What the search for the maximum of the restricted likelihood found in another one.
    """

    name: str
    seed: int
    draws: int
    sampling: Mapping[str, float]
    robust: bool = False
    bootstrap: tuple[str, int] | None = None
    prior_draws: int = 0
    data_set: int = 0
    data_sets: int = 1
    near: Arrival | None = None

    def generator(self, *purpose: str) -> np.random.Generator:
        """Return a random generator that depends on the run's seed, the model, a purpose and the completed data set."""
        return generator_for(self.seed, self.name, *purpose, *([f"data set {self.data_set}"] if self.data_set else []))

    def part(self, data_set: int, count: int, fewest: int) -> "Request":
        """Return the request for one of several completed data sets: a share of the draws, at least as many as asked for."""
        sampling = dict(self.sampling)
        sampling["draws"] = max(-(-int(sampling["draws"]) // count), fewest)
        sampling["tune"] = max(int(sampling["tune"]) // _TUNED_TOGETHER, 1)
        bootstrap = None if self.bootstrap is None else (self.bootstrap[0], -(-self.bootstrap[1] // count))
        draws = max(-(-self.draws // count), fewest)
        return replace(self, data_set=data_set, data_sets=count, draws=draws, sampling=sampling, bootstrap=bootstrap)


@dataclass(frozen=True)
class Found:
    """Draws of the free parameters and where they come from.

    Parameters
    ----------
    positions
        All chains one after the other, (draw, parameter).
    posterior
        Whether they are draws from the posterior, in its coordinates, or from a sampling distribution, in those of the likelihood.
    point
        The estimate, (1, parameter); None where the mean of the draws is the estimate.
    prior
        Draws from the priors, (draw, parameter); None for a sampling distribution.
    covariance
        Sampling covariance that the draws have, (parameter, parameter); None where they do not come from a normal distribution.
    statistics
        The sampler's own, with dimensions chain and draw.
    restricted
        What the search for the maximum of the restricted likelihood found, if there was one.
    """

    engine: str
    interval_kind: str
    positions: np.ndarray
    posterior: bool
    chains: int = 1
    point: np.ndarray | None = None
    prior: np.ndarray | None = None
    covariance: np.ndarray | None = None
    marks: list[Mark] = field(default_factory=list)
    statistics: xr.Dataset | None = None
    restricted: Arrival | None = None


def explore(depth: str, request: Request, maximum: Maximum[Target], posterior: Posterior) -> Found:
    """Go from a maximum to draws of the parameters.

    Parameters
    ----------
    depth
        One of `alliance.facts.depths`.

    Raises
    ------
    ModelError
        See the function of the depth.
    """
    draw: Callable[[Request, Maximum[Target], Posterior], Found] = globals()[f"draw_{DEPTHS[depth].name}"]
    return draw(request, maximum, posterior)


def pool(found: Sequence[Found]) -> Found:
    """Pool what was found from several completed data sets, each counting the same (Rubin 1987).

    Draws of all data sets alternate, so every part of a chain holds some of each, and every m-th draw belongs to the same one: the
    attribute ``data_sets`` of the sampler's statistics is m. A covariance is the mean of those within data sets plus (1 + 1/m) times that
    of the means of their draws.
    """
    first, count = found[0], len(found)
    positions = np.stack([each.positions for each in found], axis=1)
    covariance = first.covariance
    if covariance is not None:
        centres = positions.mean(axis=0)
        within = np.mean([each.covariance for each in found if each.covariance is not None], axis=0)
        covariance = within + (1 + 1 / count) * np.cov(centres.T)
    statistics = first.statistics
    if statistics is not None:
        arrays = {
            str(name): np.stack([each.statistics[name].to_numpy() for each in found if each.statistics is not None], -1)
            for name in statistics
        }
        statistics = xr.Dataset(
            {name: (("chain", "draw"), array.reshape(len(array), -1)) for name, array in arrays.items()},
            attrs={DATA_SETS: count},
        )
    worst = [max(marks, key=lambda mark: mark.value) for marks in zip(*(each.marks for each in found), strict=True)]
    flat = positions.reshape(-1, positions.shape[-1])
    return replace(first, positions=flat, covariance=covariance, marks=worst, statistics=statistics)


def draw_ml(request: Request, maximum: Maximum[Target], posterior: Posterior) -> Found:
    """Draw from the estimated sampling distribution of the restricted maximum, or of the plain one, normal or by a cluster bootstrap.

    Raises
    ------
    ModelError
        There are too few units to be drawn again, or units that are not independent.
    """
    rng, point = request.generator("sampling distribution"), maximum.top.position[None]
    if request.bootstrap is not None:
        sample = draw_bootstrap(maximum, *request.bootstrap, rng)
        return Found(
            MAXIMUM_LIKELIHOOD, "bootstrap confidence", sample.positions, False, point=point, marks=sample.marks
        )
    covariance, marks = None, []
    quadratic = maximum.target.quadratic
    if quadratic is not None and not request.robust:
        restricted = Restricted(maximum, quadratic, request.near)
        positions, point = restricted.draw(request.draws, rng, request.data_sets), restricted.position[None]
        kind, marks = "Monte Carlo confidence", [restricted.mark]
        return Found(RESTRICTED, kind, positions, False, point=point, marks=marks, restricted=restricted.arrival)
    if request.robust:
        covariance = robust_covariance(maximum)
        marks.append(mark_clusters(maximum.target.clusters(maximum.target.independent)))
    positions = maximum.draw(request.draws, rng, covariance)
    reported = maximum.covariance if covariance is None else covariance
    return Found(
        MAXIMUM_LIKELIHOOD, "Monte Carlo confidence", positions, False, point=point, covariance=reported, marks=marks
    )


def draw_laplace(request: Request, maximum: Maximum[Target], posterior: Posterior) -> Found:
    """Draw from the posterior by importance sampling; by NUTS where the approximation is too far off.

    Raises
    ------
    ModelError
        The posterior cannot be computed around its mode, or the sampler failed.
    """
    mode, sampling = find_mode(posterior, maximum), request.sampling
    try:
        size, light = int(sampling["chains"] * sampling["draws"]), request.data_set > 0
        units = maximum.target.clusters(maximum.target.levels[0]).count
        found = laplace.draw_laplace(mode, size, request.generator("posterior"), light=light, units=units)
    except FloatingPointError as error:
        raise ModelError(
            f"models.specs.{request.name}: {error}. Look for outliers in data/panel.parquet, or narrow the priors."
        ) from error
    if found.mark.passed:
        prior = _draw_prior(request, posterior)
        return Found(LAPLACE, CREDIBLE, found.positions, True, prior=prior, marks=[found.mark])
    said = "it was too far off, so the posterior was sampled with NUTS instead"
    return replace(_sample(request, mode), marks=[replace(found.mark, detail=said, verdict=True)])


def draw_nuts(request: Request, maximum: Maximum[Target], posterior: Posterior) -> Found:
    """Draw from the posterior with NUTS.

    Raises
    ------
    ModelError
        The sampler failed.
    """
    return _sample(request, find_mode(posterior, maximum))


def _sample(request: Request, mode: Mode[Posterior]) -> Found:
    # Imported here, since the sampler takes seconds and the other depths do without; as a statement, which fingerprints of the code follow.
    from alliance.inference import nuts

    seed = int(request.generator("posterior").integers(2**31 - 1))
    positions, statistics = nuts.sample_positions(mode, request.sampling, seed, request.name)
    chains, size, _ = positions.shape
    flat, prior = positions.reshape(chains * size, -1), _draw_prior(request, mode.posterior)
    return Found(NUTS, CREDIBLE, flat, True, chains, prior=prior, statistics=statistics)


def _draw_prior(request: Request, posterior: Posterior) -> np.ndarray:
    return posterior.draw_prior(request.prior_draws, request.generator("prior"))
