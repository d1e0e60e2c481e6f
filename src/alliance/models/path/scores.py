"""What single patients and therapists contribute to the gradient of the log-likelihood."""

import numpy as np

from alliance.facts.columns import PATIENT, THERAPIST
from alliance.inference.target import Clusters
from alliance.likelihood.kernel import evaluate
from alliance.likelihood.lanes import LANES
from alliance.likelihood.layout import Statistics
from alliance.models.path.layout import Layout, Natural


def cluster_scores(statistics: Statistics, layout: Layout, natural: Natural, clusters: Clusters) -> np.ndarray:
    """Return what each cluster contributes to the gradient in ``factor`` coordinates: (cluster, parameter).

    For patients of a model whose effects vary between therapists this is the derivative of the expected log-likelihood given the
    therapist's effects (Fisher's identity), which tells their influence roughly; only the sum over a therapist is a score.

    Parameters
    ----------
    natural
        One draw.
    """
    of_patients, of_therapists = _split_scores(statistics, layout, natural)
    scores = np.zeros((clusters.count, layout.size))
    np.add.at(scores, clusters.of_unit, of_patients)
    if clusters.level == THERAPIST and layout.effects[THERAPIST]:
        # The therapist without data, whom the likelihood adds for patients without one, has no derivatives.
        whole = min(clusters.count, len(of_therapists))
        scores[:whole] += of_therapists[:whole]
    return scores


def _split_scores(statistics: Statistics, layout: Layout, natural: Natural) -> tuple[np.ndarray, np.ndarray]:
    """Return what patients (patient, parameter), and therapists in addition (therapist, parameter), contribute to the gradient."""
    q, e = layout.effects.values()
    residuals = layout.residuals
    beta, precision = np.ascontiguousarray(natural.beta[0]), natural.residual[0] ** -2
    sums = np.empty((len(statistics.owner), residuals.stop + q * q + 1, LANES))
    of_p = np.empty((statistics.n_therapists, e * e + 1))
    factors = (natural.factors[level][0] for level in layout.effects)
    evaluate(*statistics.arrays, beta, precision, *factors, sums, of_p)
    each = sums.transpose(0, 2, 1).reshape(-1, sums.shape[1])[: statistics.n_patients]
    pooled = _pooled_scores(statistics, layout, beta, precision)
    of_patients = np.zeros((statistics.n_patients, layout.size))
    of_patients[:, : residuals.stop] = each[:, : residuals.stop] + pooled
    of_patients[:, residuals] *= -2 * precision  # by the logarithm of the standard deviation
    rows, columns = np.tril_indices(q)
    of_patients[:, layout.between(PATIENT)] = each[:, residuals.stop + rows * q + columns]
    of_therapists = np.zeros((statistics.n_therapists, layout.size))
    rows, columns = np.tril_indices(e)
    of_therapists[:, layout.between(THERAPIST)] = of_p[:, rows * e + columns]
    return of_patients, of_therapists


def _pooled_scores(statistics: Statistics, layout: Layout, beta: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """Return each patient's share of what the likelihood pools over patients, by coefficients and precisions.

    With residuals e = y - Xb:  t X'e  and  n / (2 t) - e'e / 2.
    """
    result = np.zeros((statistics.n_patients, layout.residuals.stop))
    for k, (outcome, rows) in enumerate(zip(layout.coefficients, statistics.equations, strict=True)):
        places = layout.of(outcome)
        residual = rows.y - rows.x @ beta[places]
        parts = np.column_stack([precision[k] * rows.x * residual[:, None], 0.5 / precision[k] - 0.5 * residual**2])
        for part, place in zip(parts.T, [*range(places.start, places.stop), layout.residuals.start + k], strict=True):
            result[:, place] = np.bincount(rows.patient, part, statistics.n_patients)
    # Weights (of patients and of their therapists) count here as in the likelihood.
    each = (
        statistics.weights.reshape(-1)[: statistics.n_patients] * statistics.therapist_weights[statistics.therapist_of]
    )
    return np.asarray(result * each[:, None])
