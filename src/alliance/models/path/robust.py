"""Standard errors that do not rely on the assumed distribution: the cluster-robust (sandwich) covariance of the estimates.

Clusters c are independent of each other, whatever goes on inside them. With s_c the derivatives of their log-likelihoods at the maximum
(their scores, which sum to zero) and H the observed information,

    V = H^-1 (sum_c s_c s_c') H^-1 C / (C - 1)

(Huber 1967; White 1982, doi 10.2307/1912526; Liang & Zeger 1986, doi 10.1093/biomet/73.1.13). If the model holds, V estimates what H^-1
does; if residuals are heteroscedastic, correlated over time or not normal, V still is right for what the estimates tend to.
"""

import numpy as np

from alliance.contracts import PATIENT, THERAPIST
from alliance.errors import ModelError
from alliance.likelihood.kernel import evaluate
from alliance.likelihood.layout import LANES
from alliance.models.path.clusters import Clusters, find_clusters, highest_level
from alliance.models.path.engine import Engine
from alliance.models.path.maximum import Maximum


def robust_covariance(maximum: Maximum, level: str | None = None) -> np.ndarray:
    """Return the cluster-robust covariance of the free parameters, in ``factor`` coordinates.

    Where a variance is estimated as zero, or a correlation as one, the likelihood of every cluster is the same on both sides of that
    edge: no score, hence no spread, in its direction. A bootstrap tells more about such parameters.

    Parameters
    ----------
    level
        ``patient`` or ``therapist``; by default the highest level at which effects vary. With fewer clusters than parameters the matrix is
        singular, see `alliance.models.path.clusters.mark_clusters`.

    Returns
    -------
    numpy.ndarray
        Shape (parameter, parameter), in standard units; for `Maximum.table`.

    Raises
    ------
    ModelError
        Patients are not independent because effects vary between therapists, a patient has no therapist or several, or there is one
        cluster.
    """
    engine = maximum.engine
    clusters = find_clusters(engine, level or highest_level(engine))
    if clusters.level == PATIENT and engine.therapists:
        raise ModelError(
            "standard_errors: robust cannot take patients as clusters in a model whose effects vary between therapists: patients of one "
            "therapist are not independent. Take therapists."
        )
    scores = cluster_scores(engine, maximum.top.position, clusters)
    count = len(scores)
    if count < 2:
        raise ModelError(f"standard_errors: robust needs at least 2 {clusters.level}s, found {count}.")
    meat = scores.T @ scores * (count / (count - 1))
    covariance: np.ndarray = maximum.covariance @ meat @ maximum.covariance
    return covariance


def cluster_scores(engine: Engine, position: np.ndarray, clusters: Clusters) -> np.ndarray:
    """Return what each cluster contributes to the gradient in ``factor`` coordinates: (cluster, parameter).

    For patients of a model whose effects vary between therapists this is the derivative of the expected log-likelihood given the
    therapist's effects (Fisher's identity), which tells their influence roughly; only the sum over a therapist is a score.
    """
    of_patients, of_therapists = _split_scores(engine, position)
    scores = np.zeros((clusters.count, of_patients.shape[1]))
    np.add.at(scores, clusters.of_patient, of_patients)
    if clusters.level == THERAPIST:
        # The therapist without data, whom the likelihood adds for patients without one, has no derivatives.
        whole = len(engine.therapists)
        scores[:whole] += of_therapists[:whole]
    return scores


def _split_scores(engine: Engine, position: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what patients, and therapists in addition, contribute to the gradient in ``factor`` coordinates.

    Returns
    -------
    of_patients
        Shape (patient, parameter).
    of_therapists
        Shape (therapist, parameter).
    """
    statistics, fixed = engine.statistics, engine.n_beta
    q, e = engine.n_effects
    rows, columns = np.tril_indices(q)
    n_equations = len(statistics.equations)
    free = fixed + n_equations
    by_patient, by_therapist = np.zeros((q, q)), np.zeros((e, e))
    by_patient[rows, columns] = position[free : free + len(rows)]
    by_therapist[np.tril_indices(e)] = position[free + len(rows) :]
    beta, precision = np.ascontiguousarray(position[:fixed]), np.exp(-2 * position[fixed:free])
    sums = np.empty((len(statistics.owner), free + q * q + 1, LANES))
    of_p = np.empty((statistics.n_therapists, e * e + 1))
    evaluate(*statistics.arrays, beta, precision, by_patient, by_therapist, sums, of_p)
    each = sums.transpose(0, 2, 1).reshape(-1, sums.shape[1])[: statistics.n_patients]
    of_patients = np.zeros((statistics.n_patients, len(position)))
    of_patients[:, :free] = each[:, :free] + _pooled_scores(engine, beta, precision)
    of_patients[:, fixed:free] *= -2 * precision  # by the logarithm of the standard deviation
    of_patients[:, free : free + len(rows)] = each[:, free + rows * q + columns]
    of_therapists = np.zeros((statistics.n_therapists, len(position)))
    rows, columns = np.tril_indices(e)
    if e:
        of_therapists[:, -len(rows) :] = of_p[:, rows * e + columns]
    return of_patients, of_therapists


def _pooled_scores(engine: Engine, beta: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """Return each patient's share of what the likelihood pools over patients, by beta and precision.

    With residuals e = y - Xb:  t X'e  and  n / (2 t) - e'e / 2.
    """
    statistics = engine.statistics
    result = np.zeros((statistics.n_patients, len(beta) + len(precision)))
    used = 0
    for k, rows in enumerate(statistics.equations):
        size = rows.x.shape[1]
        residual = rows.y - rows.x @ beta[used : used + size]
        parts = np.column_stack([precision[k] * rows.x * residual[:, None], 0.5 / precision[k] - 0.5 * residual**2])
        for part, place in zip(parts.T, [*range(used, used + size), len(beta) + k], strict=True):
            result[:, place] = np.bincount(rows.patient, part, statistics.n_patients)
        used += size
    # Weights (of patients and of their therapists) count here as in the likelihood.
    each = (
        statistics.weights.reshape(-1)[: statistics.n_patients] * statistics.therapist_weights[statistics.therapist_of]
    )
    return np.asarray(result * each[:, None])
