"""Maximum likelihood of all equations of a diagram at once.

The log-likelihood is `alliance.likelihood`'s, in ``factor`` coordinates: the boundary, where a variance is zero or a correlation
one, is an ordinary point there. Standard errors come from the observed information, minus the second derivatives at the maximum,
by the delta method for standard deviations and correlations.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from alliance.inference.montecarlo import draw_normal
from alliance.inference.search import Top, climb, invert, limited_inverse
from alliance.models.joint.design import Design
from alliance.models.joint.names import pairs
from alliance.models.joint.population import Population, make_population
from alliance.models.path.engine import Engine, make_engine, named_draws, natural_of

_START_SD = 0.3  # standard deviations of varying effects, in standard units
_OTHER_SD = 0.8  # the same, for the second start
_SAME = 1e-3  # difference of log-likelihoods of one and the same maximum
_START_RESIDUAL = 0.8  # of the residual standard deviation without varying effects
_DIFFERENCE = 1e-5


@dataclass(frozen=True)
class Maximum:
    """The maximum of the likelihood.

    Parameters
    ----------
    engine
        Design and cross-products.
    top
        Position in ``factor`` coordinates, log-likelihood in standard units, and the observed information.
    rival
        Another maximum, lower than this one, that was found from another start.
    """

    engine: Engine
    top: Top
    rival: Top | None = None

    @property
    def rival_distance(self) -> float:
        """How far the fixed effects of the other maximum lie from these, in standard errors; 0 if there is none."""
        if self.rival is None:
            return 0.0
        fixed = self.engine.n_beta
        sd = np.sqrt(np.diagonal(self.covariance)[:fixed].clip(1e-300))
        return float(np.max(np.abs(self.rival.position - self.top.position)[:fixed] / sd))

    @property
    def converged(self) -> bool:
        """Whether the search ended at a maximum."""
        return self.top.converged

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood of the outcomes in raw units, constants included."""
        equations = self.engine.design.equations.values()
        return self.top.value - sum(len(equation.y) * float(np.log(equation.y_sd)) for equation in equations)

    @cached_property
    def covariance(self) -> np.ndarray:
        """Estimated sampling covariance of the free parameters, inverse observed information: (parameter, parameter)."""
        return invert(self.top.curvature)

    def draw(self, size: int, rng: np.random.Generator, covariance: np.ndarray | None = None) -> np.ndarray:
        """Draw positions from the estimated sampling distribution: (draw, parameter).

        Normal in ``factor`` coordinates: a factor and its negative are the same covariance, so draws beyond zero are reflected, and a
        variance estimated as zero keeps an honest upper limit.

        Parameters
        ----------
        covariance
            Sampling covariance; by default the inverse observed information, shortened where the likelihood falls faster
            (`alliance.inference.search.limited_inverse`).
        """
        spread = limited_inverse(self.engine.log_density, self.top) if covariance is None else covariance
        return draw_normal(self.top.position, spread, size, rng)

    def population(self, positions: np.ndarray | None = None) -> Population:
        """Return the parameters in raw units at the maximum, or at other positions (draw, parameter)."""
        chosen = self.top.position[None] if positions is None else positions
        return make_population(
            self.engine.design, named_draws(self.engine, natural_of(self.engine, chosen, signed=False))
        )

    def summary(self) -> str:
        """Return estimates, standard errors and variance components as text, see `alliance.models.path.summary`."""
        from alliance.models.path.summary import summarise  # it reads maxima, so it cannot be imported first

        return summarise(self)

    def table(self, covariance: np.ndarray | None = None) -> pd.DataFrame:
        """Return estimates and standard errors in raw units.

        Parameters
        ----------
        covariance
            Sampling covariance of the free parameters; the inverse observed information by default.

        Returns
        -------
        pandas.DataFrame
            Columns parameter, estimate, se, se_given_variances. The last takes the variance parameters as known, (X'V^-1 X)^-1, which is
            what lme4 and nlme print for fixed effects; missing for variance parameters.
        """
        position = self.top.position
        names, estimate = _raw_parameters(self.engine.design, self.population())
        jacobian = np.empty((len(names), len(position)))
        for i in range(len(position)):
            step = np.zeros_like(position)
            step[i] = _DIFFERENCE
            both = self.population(np.array([position + step, position - step]))
            values = _raw_parameters(self.engine.design, both)[1]
            jacobian[:, i] = (values[0] - values[1]) / (2 * _DIFFERENCE)
        spread = self.covariance if covariance is None else covariance
        se = np.sqrt(np.clip(np.einsum("ij,jk,ik->i", jacobian, spread, jacobian), 0, None))
        fixed = self.engine.n_beta
        given = invert(self.top.curvature[:fixed, :fixed])
        of_fixed = np.sqrt(np.einsum("ij,jk,ik->i", jacobian[:, :fixed], given, jacobian[:, :fixed]))
        is_fixed = np.abs(jacobian[:, fixed:]).max(axis=1, initial=0.0) == 0
        return pd.DataFrame(
            {
                "parameter": names,
                "estimate": estimate[0],
                "se": se,
                "se_given_variances": np.where(is_fixed, of_fixed, np.nan),
            }
        )


def maximise(design: Design, start: np.ndarray | None = None) -> Maximum:
    """Find the maximum of the joint likelihood.

    Parameters
    ----------
    start
        Position in ``factor`` coordinates to start from.

    Raises
    ------
    ModelError
        A patient has several therapists in a model whose effects vary between therapists.
    """
    return maximise_engine(make_engine(design), start)


def maximise_engine(engine: Engine, start: np.ndarray | None = None) -> Maximum:
    """Find the maximum for cross-products that are at hand (as in a bootstrap, where only weights differ)."""
    first, spread = starting_position(engine)
    tops = [climb(engine.log_density, first if start is None else start, spread)]
    if start is None and (past := _effects_of_the_past(engine)):
        # What lasts may be a lasting difference between patients or an effect of the past: the likelihood can have a maximum for each.
        first[past] = 0.0
        used = engine.n_beta + len(engine.design.equations)
        first[used:] = np.where(first[used:] > 0, _OTHER_SD, 0.0)
        tops.append(climb(engine.log_density, first, spread))
    best, *others = sorted(tops, key=lambda top: -top.value)
    rival = next((other for other in others if other.converged and best.value - other.value > _SAME), None)
    return Maximum(engine, best, rival)


def _effects_of_the_past(engine: Engine) -> list[int]:
    """Return the places of fixed effects of earlier values of outcomes."""
    places, used = [], 0
    for equation in engine.design.equations.values():
        for position, origin in enumerate(equation.origins.values(), start=used + 1):
            if origin.lagged and origin.base in engine.design.equations:
                places.append(position)
        used += 1 + len(equation.terms)
    return places


def starting_position(engine: Engine) -> tuple[np.ndarray, np.ndarray]:
    """Return where the search starts, (parameter,), and a first guess of the inverse curvature there, (parameter, parameter).

    Least squares for the fixed effects, counts of units for the rest.
    """
    fixed, equations = engine.n_beta, engine.statistics.cross_products
    position, spread = np.zeros(engine.size), np.zeros((engine.size, engine.size))
    used = 0
    for number, (products, count) in enumerate(equations):
        size = len(products) - 1
        inverse = np.linalg.pinv(products[:-1, :-1], hermitian=True)
        beta = inverse @ products[:-1, -1]
        left = max(float(products[-1, -1] - beta @ products[:-1, -1]) / max(count, 1), 1e-6)
        position[used : used + size] = beta
        position[fixed + number] = np.log(_START_RESIDUAL * np.sqrt(left))
        spread[used : used + size, used : used + size] = left * inverse
        spread[fixed + number, fixed + number] = 0.5 / max(count, 1)
        used += size
    used = fixed + len(equations)
    for q, units in zip(engine.n_effects, (engine.patients, engine.therapists), strict=True):
        row, column = np.tril_indices(q)
        end = used + len(row)
        position[used:end] = np.where(row == column, _START_SD, 0.0)
        spread[range(used, end), range(used, end)] = 0.5 / max(len(units), 1)
        used = end
    return position, spread


def _raw_parameters(design: Design, population: Population) -> tuple[list[str], np.ndarray]:
    """Return names and values (draw, parameter) of all parameters in raw units."""
    names: list[str] = []
    values: list[np.ndarray] = []
    for outcome, slopes in population.slopes.items():
        names.append(f"{outcome}: intercept")
        values.append(population.intercepts[outcome])
        for position, term in enumerate(design.equations[outcome].terms):
            names.append(f"{outcome}: {term}")
            values.append(slopes[:, position])
    for level, effects in population.varying.items():
        covariance = population.covariances[level]
        sd = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
        for position, effect in enumerate(effects):
            names.append(f"sd {level} {effect.text}")
            values.append(sd[:, position])
        for i, j in pairs(len(effects)):
            names.append(f"correlation {level} {effects[i].text} with {effects[j].text}")
            scale = sd[:, i] * sd[:, j]
            values.append(np.divide(covariance[:, i, j], scale, out=np.zeros_like(scale), where=scale > 0))
    for outcome, residual in population.residuals.items():
        names.append(f"sd residual {outcome}")
        values.append(residual)
    return names, np.column_stack(values)
