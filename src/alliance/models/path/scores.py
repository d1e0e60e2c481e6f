"""What single patients and therapists contribute to the gradient of the log-likelihood."""

from itertools import pairwise

import numpy as np

from alliance.facts.columns import PATIENT, THERAPIST
from alliance.inference.target import Clusters
from alliance.likelihood.coupled import evaluate_crossed
from alliance.likelihood.kernel import evaluate, first_of_factor
from alliance.likelihood.lanes import LANES
from alliance.likelihood.layout import N_WEIGHTS, Statistics
from alliance.likelihood.patterns import Pattern
from alliance.likelihood.residuals import precision_of, turn_precision
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
    beta, free = np.ascontiguousarray(natural.beta[0]), layout.together.stop
    precision = precision_of(statistics, natural.residual[0], natural.together[0])
    first = first_of_factor(statistics.layout)
    several = statistics.crossed
    sums = np.empty(
        (len(statistics.owner) + (0 if several is None else len(several.products)), first + q * q + 1, LANES)
    )
    of_p = np.empty((statistics.n_therapists, e * e + 1))
    factors = (natural.factors[level][0] for level in layout.effects)
    if several is None:
        evaluate(*statistics.arrays[:-1], beta, precision, *factors, sums, of_p)
    else:
        evaluate_crossed(*statistics.arrays, beta, precision, *factors, sums, of_p)
    slots = sums.transpose(0, 2, 1).reshape(-1, sums.shape[1])
    each = slots[: statistics.n_patients]
    if several is not None:  # they count nothing in their place among the others
        each = each.copy()
        each[several.patients] = slots[statistics.owner.size :][: len(several.patients)]
    turn = _turn_by_precision(statistics, layout, natural, precision)
    whole = each[:, : len(beta) + len(turn)] + _pooled_scores(statistics, beta, precision)
    of_patients = np.zeros((statistics.n_patients, layout.size))
    of_patients[:, :free] = np.column_stack([whole[:, : len(beta)], whole[:, len(beta) :] @ turn])
    rows, columns = np.tril_indices(q)
    of_patients[:, layout.between(PATIENT)] = each[:, first + rows * q + columns]
    of_therapists = np.zeros((statistics.n_therapists, layout.size))
    rows, columns = np.tril_indices(e)
    of_therapists[:, layout.between(THERAPIST)] = of_p[:, rows * e + columns]
    return of_patients, of_therapists


def _turn_by_precision(statistics: Statistics, layout: Layout, natural: Natural, precision: np.ndarray) -> np.ndarray:
    """Return the derivatives of the precision by the coordinates of the residuals, (precision, coordinate)."""
    coordinates = np.concatenate([np.log(natural.residual[0]), natural.together[0]])
    count = int(statistics.layout[N_WEIGHTS]) if statistics.patterns else len(precision)
    turn = np.empty((count, len(coordinates)))
    for row, unit in zip(turn, np.eye(count), strict=True):
        row[:] = 0.0
        turn_precision(statistics.layout, coordinates, precision, unit, row)
    return turn


def _pooled_scores(statistics: Statistics, beta: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """Return each patient's share of what the likelihood pools over patients, by coefficients and precisions.

    With residuals e = y - Xb:  t X'e  and  n / (2 t) - e'e / 2; in a pattern of paired equations  X_k'e_l Omega_kl  and
    (n Sigma_kl - e_k'e_l), half of it for k = l.
    """
    starts = np.cumsum([0, *(rows.x.shape[1] for rows in statistics.equations)])
    slices = [slice(*ends) for ends in pairwise(starts)]
    left = [rows.y - rows.x @ beta[places] for rows, places in zip(statistics.equations, slices, strict=True)]
    count, parts = statistics.n_patients, list[np.ndarray]()
    result = np.zeros((count, len(beta)))

    def sum_up(values: np.ndarray, patient: np.ndarray) -> np.ndarray:
        return np.column_stack([np.bincount(patient, column, count) for column in values.T])

    for pattern in statistics.every_pattern:
        first = len(parts)
        for variance, (one, other, a, b) in zip(
            _covariances_of(statistics, precision, pattern, first), pattern.products, strict=True
        ):
            weight, share = len(parts), 0.5 if a is b else 1.0
            parts.append(sum_up((share * (variance - left[one][a] * left[other][b]))[:, None], pattern.patient))
            for k, m, of_k, of_m in [(one, other, a, b)] if a is b else [(one, other, a, b), (other, one, b, a)]:
                x = statistics.equations[k].x[of_k]
                result[:, slices[k]] += sum_up(precision[weight] * x * left[m][of_m][:, None], pattern.patient)
    result = np.column_stack([result, *parts])
    # Weights (of patients and of their therapists) count here as in the likelihood.
    each = (
        statistics.weights.reshape(-1)[: statistics.n_patients] * statistics.therapist_weights[statistics.therapist_of]
    )
    return np.asarray(result * each[:, None])


def _covariances_of(statistics: Statistics, precision: np.ndarray, pattern: Pattern, first: int) -> list[float]:
    """Return the derivatives of log|Omega| of a pattern by the numbers of its precision: covariances of residuals.

    Of rows with a gap before them it is the logarithm of the first number alone.
    """
    if pattern.gap:
        return [1 / float(precision[first]), 0.0, 0.0]
    members = np.array(pattern.members)
    if not statistics.patterns:
        return [1 / float(precision[first])]
    count = len(statistics.equations)
    covariance = precision[-count * count :].reshape(count, count)[np.ix_(members, members)]
    return [float(covariance[i, j]) for i in range(len(members)) for j in range(i + 1)]
