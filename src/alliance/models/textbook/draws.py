"""Draws from the estimated sampling distribution of fitted equations."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alliance.contracts import PATIENT, THERAPIST
from alliance.inference.montecarlo import draw_normal, generator_for
from alliance.models.textbook.guarded import Fitted

INTERVAL_KIND = "Monte Carlo confidence"


@dataclass(frozen=True)
class Drawn:
    """Draws of one equation: fixed effects (draw, column), residual standard deviation (draw,) and, for patients and
    therapists, covariances of the varying effects (draw, effect, effect); raw units."""

    fitted: Fitted
    beta: np.ndarray
    residual: np.ndarray
    covariances: dict[str, np.ndarray]


def draw_equations(fitted: Sequence[Fitted], seed: int, size: int, name: str) -> dict[str, Drawn]:
    """Draw the parameters of all equations of a model from their estimated sampling distributions.

    Fixed effects are multivariate normal with the estimated covariance. Variance parameters are normal on the scale of
    the Cholesky factors (standard deviations, not logarithms): a factor and its negative are the same covariance, so draws
    beyond zero are reflected and an estimate at zero keeps an honest upper limit instead of an infinite or an empty one.
    Equations are independent, because they are fitted separately.

    In 150 simulated studies (30 therapists x 10 patients x 12 sessions) 95 % intervals of the therapists' share of variance held
    the truth in 95 % (share .10) and 99 % (.03). A share of exactly zero lies at the end of its interval, never inside.
    """
    means = [part for equation in fitted for part in (equation.beta, equation.theta)]
    covs = [part for equation in fitted for part in (equation.cov, equation.theta_cov)]
    total = sum(len(mean) for mean in means)
    joint, used = np.zeros((total, total)), 0
    for cov in covs:
        end = used + len(cov)
        joint[used:end, used:end] = cov
        used = end
    values = draw_normal(np.concatenate(means), joint, size, generator_for(seed, name))
    drawn, used = {}, 0
    for equation in fitted:
        middle = used + len(equation.beta)
        end = middle + len(equation.theta)
        residual, covariances = _draw_components(equation, values[:, middle:end])
        drawn[equation.design.outcome] = Drawn(equation, values[:, used:middle], residual, covariances)
        used = end
    return drawn


def _draw_components(fitted: Fitted, theta: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Turn draws of `criterion.pack` (draw, parameter) into a standard deviation and covariances in raw units."""
    design = fitted.design
    scale = design.y_sd / design.z_rms
    covariances, used = {}, 1
    for level, columns in ((PATIENT, design.arrays.by_patient), (THERAPIST, design.arrays.by_therapist)):
        row, column = np.tril_indices(len(columns))
        factors = np.zeros((len(theta), len(scale), len(columns)))
        factors[:, np.array(columns, dtype=int)[row], column] = theta[:, used : used + len(row)]
        used += len(row)
        factors *= scale[:, None]
        covariances[level] = factors @ factors.transpose(0, 2, 1)
    return design.y_sd * np.exp(theta[:, 0]), covariances
