"""Each equation of a textbook analysis, compared with the maximum of the joint families' likelihood.

The likelihood of `alliance.likelihood` is another evaluation of the same equation, so two engines have to agree. Restricted and full
maximum likelihood differ a little in small studies; what is looked for is an optimiser that stopped at a wrong place.
"""

import numpy as np

from alliance.facts.marks import Mark
from alliance.inference.search import climb
from alliance.likelihood.density import NO_PRIOR, log_density
from alliance.likelihood.layout import EquationRows, Statistics, make_statistics
from alliance.models.textbook.criterion import Arrays


def mark_joint_likelihood(outcome: str, arrays: Arrays, beta: np.ndarray, cov: np.ndarray, theta: np.ndarray) -> Mark:
    """Compare fixed effects with those at the maximum of the likelihood.

    Parameters
    ----------
    beta, cov
        Fixed effects (predictor,) and their covariance, in standard units.
    theta
        Variance parameters of `criterion.pack`; they are the likelihood's ``factor`` coordinates.
    """
    statistics = _statistics_of(arrays)

    def density(position: np.ndarray) -> tuple[float, np.ndarray]:
        gradient = np.empty(len(position))
        return float(log_density(*statistics.arrays, NO_PRIOR, position, gradient)), gradient

    start = np.concatenate([beta, theta])
    spread = np.diag(np.concatenate([np.diag(cov), np.full(len(theta), 0.5 / len(arrays.first_rows))]))
    top = climb(density, start, spread)
    distance = float(np.max(np.abs(top.position[: len(beta)] - beta) / np.sqrt(np.diag(cov))))
    return Mark("joint_likelihood", f"equation of {outcome}", distance, outcomes=(outcome,))


def _statistics_of(arrays: Arrays) -> Statistics:
    owner = arrays.therapist[arrays.first_rows] if arrays.by_therapist else None
    return make_statistics(
        [EquationRows(arrays.x, arrays.y, arrays.patient, arrays.z)],
        [(0, column) for column in arrays.by_patient],
        [(0, column) for column in arrays.by_therapist],
        owner,
        len(arrays.first_rows),
    )
