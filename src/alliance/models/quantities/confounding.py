"""What effects would be if something else moved mediator and outcome: a residual correlation rho, on draws, without another fit.

Where every predictor of the mediator is in the equation of the outcome, and what varies in the one varies in the other, a model with a
residual correlation rho of m and y is the model without one, with other parameters. With e_y = lambda e_m + an independent rest,

    lambda = rho / sqrt(1 - rho^2)  s_y* / s_m        s_y* the residual of the fit at rho = 0
    b = b* - lambda        indirect = indirect* - a lambda        c' = c'* + a lambda        cov(a, b) and total as they are

(Imai, Keele & Yamamoto 2010, doi 10.1214/10-STS321, with slopes that vary; the likelihood is the same for every rho, so the data say
nothing of it). Slopes may vary, since the shift is the same for every patient. The indirect effect vanishes at the tipping point

    rho_0 = k / sqrt(1 + k^2)        k = indirect* s_m / (a s_y*)

The same holds between patients and between therapists, where latent means take the place of values, what regressions among them leave that
of residuals, and cov(a, b) that of nothing: the means of the outcome are regressed on those of cause and mediator.
"""

from dataclasses import dataclass, replace

import numpy as np

from alliance.models.design.arrays import Varying
from alliance.models.quantities.latent import LatentMeans
from alliance.models.quantities.pairs import Pair
from alliance.models.quantities.population import Population


@dataclass(frozen=True)
class Mediation:
    """Draws of what one mediator makes of a cause at one level, each (draw,).

    Parameters
    ----------
    a, b, direct
        Steps of the path through the mediator, and past it.
    covariance
        Of the slopes a and b over units; zero between units.
    left_mediator, left_outcome
        Standard deviation of what the two equations leave.
    """

    a: np.ndarray
    b: np.ndarray
    direct: np.ndarray
    covariance: np.ndarray
    left_mediator: np.ndarray
    left_outcome: np.ndarray

    @property
    def indirect(self) -> np.ndarray:
        """Expectation of the product of the steps."""
        return np.asarray(self.a * self.b + self.covariance)

    @property
    def total(self) -> np.ndarray:
        """Direct and indirect together."""
        return np.asarray(self.direct + self.indirect)

    def confounded(self, rho: float | np.ndarray) -> "Mediation":
        """Return the same with a residual correlation, from what a fit without one says.

        Parameters
        ----------
        rho
            Between -1 and 1, one or (draw,).
        """
        remaining = np.sqrt(1 - np.square(rho))
        shift = rho / remaining * self.left_outcome / self.left_mediator
        return replace(
            self, b=self.b - shift, direct=self.direct + self.a * shift, left_outcome=self.left_outcome / remaining
        )

    @property
    def tipping_point(self) -> np.ndarray:
        """Residual correlation at which the indirect effect is zero, (draw,); nothing tips it where a is zero."""
        with np.errstate(divide="ignore", invalid="ignore"):
            k = self.indirect * self.left_mediator / (self.a * self.left_outcome)
        return np.asarray(
            np.where(np.isfinite(k), k / np.sqrt(1 + np.square(np.where(np.isfinite(k), k, 0.0))), np.nan)
        )


def mediation_within(population: Population, pair: Pair, mediator: str) -> Mediation:
    """Gather what one mediator makes of a cause within patients.

    Parameters
    ----------
    pair
        With the direct path and the one through the mediator.
    """
    source, target = pair.source, pair.target
    steps = {(edge.source, edge.outcome): edge for path in pair.paths for edge in path.edges}
    a, b = (Varying(edge[1], steps[edge].term) for edge in ((source, mediator), (mediator, target)))
    return Mediation(
        pair.slope[source, mediator],
        pair.slope[mediator, target],
        pair.slope[source, target],
        population.covariance(a, b),
        population.residuals[mediator],
        population.residuals[target],
    )


def mediation_between(means: LatentMeans, source: str, mediator: str, target: str) -> Mediation:
    """Gather what one mediator makes of a cause between the units of a level, by regressions among latent means."""
    (a,), ((direct, b)) = (means.regress(mediator, [source])[0].T, means.regress(target, [source, mediator])[0].T)
    places = [means.outcomes.index(name) for name in (source, mediator, target)]
    x, m, y = (means.covariance[:, place, :][:, places].T for place in places)
    return Mediation(
        a,
        b,
        direct,
        np.zeros_like(a),
        np.sqrt((m[1] - a * m[0]).clip(0.0)),
        np.sqrt((y[2] - direct * x[2] - b * m[2]).clip(0.0)),
    )
