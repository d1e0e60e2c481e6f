"""Patients who differ in variability: what the likelihood reads of the data, and its log density (Numba).

Equations: `alliance.likelihood.scales`. Coordinates are those of `alliance.likelihood.density`: fixed effects, logarithms of the residual
standard deviations of a patient of middling variability, and the covariance of what differs between patients, variability first.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from alliance.likelihood.compiling import compiled
from alliance.likelihood.coordinates import fill_factor, fill_signed, pack_factor, turn_signed
from alliance.likelihood.density import add_prior
from alliance.likelihood.inertia import BETA, loadings
from alliance.likelihood.layout import N_BETA, N_EQUATIONS, N_PATIENT, Statistics
from alliance.likelihood.scaled import FIRST_BETA
from alliance.likelihood.scales import evaluate_patients

NODES: Final = (1, 15, 11)  # of each dimension, by how many numbers of a patient are integrated


class Past(NamedTuple):
    """An own past that differs between patients, and the intercept that depends on it.

    Parameters
    ----------
    equation, column, intercept
        The equation, and the columns of its z that belong to the past and to the intercept.
    predictor
        The column of x that the average past multiplies.
    unit
        What its slope is multiplied by to be in raw units.
    """

    equation: int
    column: int
    intercept: int
    predictor: int
    unit: float


@dataclass(frozen=True)
class Variability:
    """What the likelihood reads.

    Parameters
    ----------
    layout
        Of the equations, see `alliance.likelihood.layout`; effects of patients include their variability.
    heads
        Of each equation: first beta, betas, first product, columns of z, and position of its outcome among those whose variability differs
        or -1: (equation, 5).
    places
        Of each column of z, equations one after the other, its position among the effects: (column,).
    products
        [Z X y]'[Z X y] of the equations of each patient, one after the other: (patient, product).
    counts
        Number of rows, (patient, equation).
    weights
        How often each patient counts, (patient,).
    nodes
        Places and logarithms of weights for an integral over standard deviations from the mode, (node, dimension + 1).
    pasts, units
        Of each own past that is integrated too, in the order of the effects, which it stands first among: its equation, the position of
        the intercept that depends on it among the other effects, and its beta: (past, 3). And what its slope is multiplied by to be in raw
        units, (past,).
    """

    layout: np.ndarray
    heads: np.ndarray
    places: np.ndarray
    products: np.ndarray
    counts: np.ndarray
    weights: np.ndarray
    nodes: np.ndarray
    pasts: np.ndarray
    units: np.ndarray

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """The arrays of the kernel, in its order."""
        return self.heads, self.places, self.products, self.counts, self.nodes, self.pasts, self.units

    @property
    def outcomes(self) -> int:
        """Number of outcomes whose variability differs."""
        return int(self.nodes.shape[1]) - 1 - len(self.pasts)

    def rests(self, beta: np.ndarray) -> bool:
        """Whether series come to rest: what an average own past of one and more comes from has no levels."""
        return bool((self.units * beta[self.pasts[:, BETA]] < 1.0).all())

    def loadings(self, beta: np.ndarray, pasts: np.ndarray) -> np.ndarray:
        """Return the loadings of intercepts at own pasts of patients, (patient, past), see `alliance.likelihood.inertia`."""
        return loadings(self.units * beta[self.pasts[:, BETA]], self.units * pasts)

    def weigh(self, weights: np.ndarray) -> "Variability":
        """Count patients more or less often than once."""
        return replace(self, weights=np.asarray(weights, dtype=float))


def make_variability(
    statistics: Statistics,
    by_patient: Sequence[tuple[int, int]],
    scaled: Sequence[int],
    pasts: Sequence[Past] = (),
    nodes: int | None = None,
) -> Variability:
    """Compute the cross-products of all patients.

    Parameters
    ----------
    statistics
        Of the same model without differences in variability.
    by_patient
        The effects that vary, in the order of their covariance matrix: (equation, column of its z).
    scaled
        Positions of the equations whose residual variance differs between patients.
    pasts
        Own pasts that are integrated too; they are the first of `by_patient`, in this order.
    nodes
        Number of nodes of each dimension.
    """
    assert [(past.equation, past.column) for past in pasts] == list(by_patient[: len(pasts)])
    heads, parts, places, first_beta, first = [], [], [], 0, 0
    n_patients, layout = statistics.n_patients, statistics.layout.copy()
    layout[N_PATIENT] += len(scaled)
    for k, rows in enumerate(statistics.equations):
        both = np.column_stack([rows.z, rows.x, rows.y])
        size = both.shape[1]
        products = np.zeros((n_patients, size, size))
        np.add.at(products, rows.patient, both[:, :, None] * both[:, None, :])
        heads.append((first_beta, rows.x.shape[1], first, rows.z.shape[1], scaled.index(k) if k in scaled else -1))
        parts.append(products.reshape(n_patients, -1))
        places += [by_patient.index((k, column)) for column in range(rows.z.shape[1])]
        first_beta, first = first_beta + rows.x.shape[1], first + size * size
    counts = np.column_stack([np.bincount(rows.patient, minlength=n_patients) for rows in statistics.equations]).astype(
        float
    )
    dimensions = len(scaled) + len(pasts)
    chosen = [
        (
            past.equation,
            by_patient.index((past.equation, past.intercept)) - len(pasts),
            heads[past.equation][FIRST_BETA] + past.predictor,
        )
        for past in pasts
    ]
    return Variability(
        layout,
        np.array(heads, dtype=np.int64),
        np.array(places, dtype=np.int64),
        np.ascontiguousarray(np.concatenate(parts, axis=1)),
        counts,
        np.ones(n_patients),
        _product_rule(NODES[dimensions] if nodes is None else nodes, dimensions),
        np.array(chosen, dtype=np.int64).reshape(-1, 3),
        np.array([past.unit for past in pasts], dtype=float),
    )


def _product_rule(count: int, dimensions: int) -> np.ndarray:
    """Return nodes sqrt(2) x and log w + x'x + log(2) / 2 in each dimension, of the Gauss-Hermite rule with nodes x and weights w."""
    x, w = np.polynomial.hermite.hermgauss(count)
    places = np.stack(np.meshgrid(*[x] * dimensions, indexing="ij"), axis=-1).reshape(-1, dimensions)
    logs = np.stack(np.meshgrid(*[np.log(w)] * dimensions, indexing="ij"), axis=-1).reshape(-1, dimensions)
    weights = logs.sum(axis=1) + (places**2).sum(axis=1) + dimensions * math.log(2) / 2
    return np.ascontiguousarray(np.column_stack([math.sqrt(2) * places, weights]))


def log_density(variability: Variability, prior: np.ndarray, position: np.ndarray, gradient: np.ndarray) -> float:
    """Return the log density at a position and write its gradient, see `alliance.likelihood.density.log_density`.

    Parameters
    ----------
    prior
        Settings of the priors; empty: log-likelihood, in ``factor`` coordinates.
    gradient
        Result, (parameter,); empty where it is not wanted.
    """
    return _density(variability, prior, len(prior) > 0, position, gradient)


def log_values(variability: Variability, prior: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Return the log density at each position, (draw, parameter), in ``signed`` coordinates; without priors the log-likelihood."""
    nothing = np.empty(0)
    return np.array([_density(variability, prior, True, one, nothing) for one in np.ascontiguousarray(positions)])


def _density(
    variability: Variability, prior: np.ndarray, signed: bool, position: np.ndarray, gradient: np.ndarray
) -> float:
    """Join the compiled parts, each of which is compiled once: as one compiled function they would be compiled again inside it."""
    size, free = _sizes(variability)
    wanted, factor, change = len(gradient) > 0, np.zeros((size, size)), np.zeros(len(position))
    if not variability.rests(position[: variability.layout[N_BETA]]):
        gradient[:] = 0.0
        return -math.inf
    (fill_signed if signed else fill_factor)(position[free:], factor)
    each, _ = _evaluate(variability, position, factor, free + size * size + 1 if wanted else 1, 0)
    total = _weighted_sum(each, variability.weights)
    value = float(total[-1])
    if wanted:
        change[:free] = total[:free]
        if signed:
            turn_signed(total[free:], size, position[free:], change[free:])
        else:
            pack_factor(total[free:], size, change[free:])
    if len(prior) > 0:
        value += add_prior(variability.layout, prior, position, change)
    found = math.isfinite(value)
    if wanted:
        gradient[:] = change if found else 0.0
    return value if found else -math.inf


@compiled
def _weighted_sum(each, weights):
    """Return the sum over patients, (number,), always in the same order; those who do not count need no value."""
    total = np.zeros(each.shape[1])
    for i in range(len(each)):
        if weights[i] != 0.0:
            for number in range(len(total)):
                total[number] += weights[i] * each[i, number]
    return total


def patient_scores(variability: Variability, position: np.ndarray) -> np.ndarray:
    """Return what each patient contributes to the gradient in ``factor`` coordinates, (patient, parameter)."""
    size, free = _sizes(variability)
    each, _ = _evaluate(variability, position, _factor_at(variability, position), free + size * size + 1, 0)
    row, column = np.tril_indices(size)
    scores = np.column_stack([each[:, :free], each[:, free + row * size + column]])
    return np.asarray(scores * variability.weights[:, None])


def conditional_means(variability: Variability, position: np.ndarray) -> np.ndarray:
    """Return the means of what patients differ in, given their rows, at a position in ``factor`` coordinates: (patient, scale + effect)."""
    return _evaluate(variability, position, _factor_at(variability, position), 1, _sizes(variability)[0])[1]


def _sizes(variability: Variability) -> tuple[int, int]:
    """Return in how much patients differ, and the number of parameters before its covariance."""
    layout = variability.layout
    return int(layout[N_PATIENT]), int(layout[N_BETA] + layout[N_EQUATIONS])


def _factor_at(variability: Variability, position: np.ndarray) -> np.ndarray:
    """Return the factor of the covariance at a position in ``factor`` coordinates."""
    size, free = _sizes(variability)
    factor = np.zeros((size, size))
    fill_factor(position[free:], factor)
    return factor


def _evaluate(
    variability: Variability, position: np.ndarray, factor: np.ndarray, numbers: int, means: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the first `numbers` of each patient and the conditional means, see `alliance.likelihood.scales.evaluate_patients`."""
    n_beta, free = int(variability.layout[N_BETA]), _sizes(variability)[1]
    count = len(variability.products)
    results = np.empty((count, numbers)), np.empty((count, means))
    evaluate_patients(*variability.arrays, position[:n_beta], position[n_beta:free], factor, *results)
    return results
