"""Maximum likelihood of all equations of a diagram at once, and what it says in raw units.

Standard errors come from the observed information, minus the second derivatives at the maximum, by the delta method for standard deviations
and correlations.
"""

import numpy as np
import pandas as pd

from alliance.inference.maximum import Maximum, find_maximum, standard_errors
from alliance.inference.search import invert
from alliance.models.covariances import split_covariance
from alliance.models.design.arrays import Design, Varying
from alliance.models.design.names import pairs
from alliance.models.path.target import PathTarget, make_target
from alliance.models.quantities.population import Population, make_population

type PathMaximum = Maximum[PathTarget]


def maximise(design: Design) -> PathMaximum:
    """Find the maximum of the joint likelihood.

    Raises
    ------
    ModelError
        Patients who changed connect more therapists than can be solved together.
    """
    return find_maximum(make_target(design))


def log_likelihood_of(maximum: PathMaximum) -> float:
    """Return the log-likelihood of the outcomes in raw units, constants included."""
    equations = maximum.target.design.equations.values()
    return maximum.top.value - sum(len(equation.y) * float(np.log(equation.y_sd)) for equation in equations)


def population_of(maximum: PathMaximum, positions: np.ndarray | None = None) -> Population:
    """Return the parameters in raw units at the maximum, or at other positions (draw, parameter)."""
    chosen = maximum.top.position[None] if positions is None else positions
    return make_population(maximum.target.design, maximum.target.named(chosen))


def table_of(maximum: PathMaximum, covariance: np.ndarray | None = None) -> pd.DataFrame:
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
    fixed = maximum.target.layout.fixed
    names, estimate = table_at(maximum)
    jacobian = maximum.jacobian(lambda positions: table_at(maximum, positions)[1])
    given = invert(maximum.top.curvature[fixed, fixed])
    is_fixed = np.abs(jacobian[:, fixed.stop :]).max(axis=1, initial=0.0) == 0
    return pd.DataFrame(
        {
            "parameter": names,
            "estimate": estimate[0],
            "se": standard_errors(jacobian, maximum.covariance if covariance is None else covariance),
            "se_given_variances": np.where(is_fixed, standard_errors(jacobian[:, fixed], given), np.nan),
        }
    )


def table_at(maximum: PathMaximum, positions: np.ndarray | None = None) -> tuple[list[str], np.ndarray]:
    """Return the names of all parameters and their values in raw units, (draw, parameter), at the maximum or at other positions."""
    return _raw_parameters(maximum.target.design, population_of(maximum, positions))


def name_sd(level: str, effect: Varying) -> str:
    """Name the standard deviation of an effect in `table_of`."""
    return f"sd {level} {effect.text}"


def name_correlation(level: str, one: Varying, other: Varying) -> str:
    """Name the correlation of two effects in `table_of`; the later one in the order of the level comes first."""
    return f"correlation {level} {one.text} with {other.text}"


def name_autocorrelation(outcome: str) -> str:
    """Name the autocorrelation of the residuals of an outcome in `table_of`."""
    return f"autocorrelation residual {outcome}"


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
    for level, effects in design.differing.items():
        sd, correlations = split_covariance(population.differing[level])
        for position, effect in enumerate(effects):
            names.append(name_sd(level, effect))
            values.append(sd[:, position])
        for i, j in pairs(len(effects)):
            names.append(name_correlation(level, effects[i], effects[j]))
            values.append(correlations[:, i, j])
    for outcome, residual in population.residuals.items():
        if design.equations[outcome].answered:
            continue
        names.append(f"sd residual {outcome}")
        values.append(residual)
    outcomes = list(population.residuals)
    for i, j in design.occasions.pairs:
        names.append(f"correlation residual {outcomes[i]} with {outcomes[j]}")
        values.append(population.together[i, j])
    for outcome, correlation in population.autocorrelations.items():
        names.append(name_autocorrelation(outcome))
        values.append(correlation)
    return names, np.column_stack(values)
