"""Maximum likelihood of all equations of a diagram at once.

The log-likelihood is `alliance.likelihood`'s, in ``factor`` coordinates: the boundary, where a variance is zero or a correlation
one, is an ordinary point there. Standard errors come from the observed information, minus the second derivatives at the maximum,
by the delta method for standard deviations and correlations.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from alliance.models.joint.design import Design
from alliance.models.joint.names import pairs
from alliance.models.joint.population import Population, make_population
from alliance.models.montecarlo import draw_normal
from alliance.models.multilevel_path.engine import Engine, make_engine, named_draws, natural_of
from alliance.models.search import Top, climb, invert, limited_inverse

_START_SD = 0.3  # standard deviations of varying effects, in standard units
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
    """

    engine: Engine
    top: Top

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
            (`alliance.models.search.limited_inverse`).
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
        """Return estimates, standard errors and variance components as text, see `alliance.models.multilevel_path.summary`."""
        from alliance.models.multilevel_path.summary import summarise  # it reads maxima, so it cannot be imported first

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
    first = starting_position(engine) if start is None else start
    return Maximum(engine, climb(engine.log_density, first, _guess_spread(engine, first)))


def starting_position(engine: Engine) -> np.ndarray:
    """Return least-squares coefficients, and moderate differences between units: (parameter,)."""
    betas, residuals = [], []
    for rows in engine.statistics.equations:
        beta = np.linalg.lstsq(rows.x, rows.y, rcond=None)[0]
        betas.append(beta)
        residuals.append(np.log(max(0.8 * float(np.std(rows.y - rows.x @ beta)), 1e-3)))
    factors = []
    for q in engine.n_effects:
        row, column = np.tril_indices(q)
        factors.append(np.where(row == column, _START_SD, 0.0))
    return np.concatenate([*betas, np.array(residuals), *factors])


def _guess_spread(engine: Engine, start: np.ndarray) -> np.ndarray:
    """Return a first guess of the inverse curvature: least squares for the fixed effects, counts for the rest."""
    spread = np.zeros((len(start), len(start)))
    used, fixed = 0, engine.n_beta
    for position, rows in enumerate(engine.statistics.equations):
        size = rows.x.shape[1]
        variance = np.exp(2 * start[fixed + position])
        inverse = np.linalg.pinv(rows.x.T @ rows.x, hermitian=True)
        spread[used : used + size, used : used + size] = variance * inverse
        spread[fixed + position, fixed + position] = 0.5 / max(len(rows.y), 1)
        used += size
    rest = fixed + len(engine.statistics.equations)
    q = engine.n_effects[0]
    of_patients = q * (q + 1) // 2
    diagonal = np.full(len(start) - rest, 0.5 / max(len(engine.therapists), 1))
    diagonal[:of_patients] = 0.5 / max(len(engine.patients), 1)
    spread[rest:, rest:] = np.diag(diagonal)
    return spread


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
