"""Draws of the variances of a path model around an estimate, as wide as few units make them.

What is seen of the effects of n units has covariance A = H + N: their own, and the uncertainty N with which their rows tell them. As sums
of squares of few differences do, an estimate of A scatters as a Wishart matrix. So A* = n A^1/2 W^-1 A^1/2, W a Wishart matrix with
n + q - 1 degrees of freedom, which makes c'A*c = n c'Ac / chi^2_n in every direction c: a coefficient drawn with a variance from it has
Student's t distribution with n degrees of freedom, as it has in balanced data. H* = A* - N is what is left for the effects themselves, with
standard deviations of zero where nothing is left. Limits from such draws are generalised confidence limits (Weerahandi 1993, doi
10.1080/01621459.1993.10476355); where zero is the lower one, an F test does not tell the variance from zero.
"""

from collections.abc import Mapping

import numpy as np

from alliance.inference.montecarlo import draw_normal, symmetric_root
from alliance.models.covariances import by_factor
from alliance.models.path.layout import Natural
from alliance.models.path.precision import Precision

_LEAST_FREEDOM = 1.0
_INSIDE = 1e-9  # share of independence in drawn correlations, so that they have a Cholesky factor


def draw_variances(
    natural: Natural,
    levels: Mapping[str, Precision],
    position: np.ndarray,
    covariance: np.ndarray,
    size: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw the variances: positions (draw, parameter) whose coefficients are those of `position`.

    Parameters
    ----------
    natural, position
        The estimate, one draw, and the same in the coordinates of the likelihood.
    levels
        How well the effects of each level are known.
    covariance
        Sampling covariance of a position: (parameter, parameter). What does not vary between units, as residuals, is drawn with it, and
        what varies gets no less spread than it says.
    """
    layout, drawn = natural.layout, np.tile(position, (size, 1))
    rest = np.arange(layout.fixed.stop, layout.size)
    for level, precision in levels.items():
        rest = np.setdiff1d(rest, np.arange(layout.size)[layout.between(level)])
        row, column = np.tril_indices(layout.effects[level])
        further = further_spread(natural, level, precision, covariance)
        drawn[:, layout.between(level)] = _draw_factors(natural, level, precision, further, size, rng)[:, row, column]
    drawn[:, rest] = draw_normal(position[rest], covariance[np.ix_(rest, rest)], size, rng)
    return drawn


def further_spread(natural: Natural, level: str, precision: Precision, covariance: np.ndarray) -> np.ndarray:
    """Return a root of the covariance that estimated (co)variances of effects have beyond that of a Wishart matrix: (pair, pair).

    The information knows more than the counting of units: that a covariance of intercepts rises where a slope falls, or that a variance and
    the own past of an outcome can stand for each other. Where it says less, as at a boundary, there is nothing to add.
    """
    factor, spread, freedom = natural.factors[level][0], precision.spread, np.maximum(precision.freedom, _LEAST_FREEDOM)
    i, j = np.tril_indices(len(factor))
    places, turn = natural.layout.between(level), by_factor(factor)
    known = turn @ covariance[places, places] @ turn.T
    scale = (freedom[i] * freedom[j]) ** -0.25
    products = spread[i][:, i] * spread[j][:, j] + spread[i][:, j] * spread[j][:, i]
    root = np.linalg.cholesky(products * scale[:, None] * scale)
    values, vectors = np.linalg.eigh(np.linalg.solve(root, np.linalg.solve(root, known).T) - np.eye(len(root)))
    beyond: np.ndarray = root @ (vectors * np.sqrt(values.clip(0))) @ vectors.T
    return beyond


def _draw_factors(
    natural: Natural, level: str, precision: Precision, further: np.ndarray, size: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw lower triangular factors of the covariance of a level's effects: (draw, effect, effect)."""
    covariance, freedom = natural.covariances[level][0], np.maximum(precision.freedom, _LEAST_FREEDOM)
    q, most = len(covariance), float(freedom.max())
    seen = covariance + _positive(precision.spread - covariance)
    root = symmetric_root(seen)
    wishart = np.zeros((size, q, q))
    rows, columns = np.tril_indices(q, -1)
    wishart[:, rows, columns] = rng.standard_normal((size, len(rows)))
    wishart[:, range(q), range(q)] = np.sqrt(rng.chisquare(most + q - 1 - np.arange(q), (size, q)))
    inner = np.linalg.inv(wishart) @ root
    drawn = most * inner.transpose(0, 2, 1) @ inner
    drawn *= _fewer(drawn, seen, most, freedom)
    more = np.zeros_like(drawn)
    rows, columns = np.tril_indices(q)
    more[:, rows, columns] = more[:, columns, rows] = rng.standard_normal((size, len(rows))) @ further.T
    left = drawn + more - (seen - covariance)
    sd = np.sqrt(np.diagonal(left, axis1=1, axis2=2).clip(0))
    scale = sd[:, :, None] * sd[:, None, :]
    correlations = np.divide(left, scale, out=np.zeros_like(left), where=scale > 0)
    return sd[:, :, None] * np.linalg.cholesky(_nearest_correlations(correlations))


def _fewer(drawn: np.ndarray, seen: np.ndarray, most: float, freedom: np.ndarray) -> np.ndarray:
    """Return factors (draw, effect, effect) that give each variance its own degrees of freedom, by its rank."""
    from scipy import special

    ratio = most * np.diagonal(seen) / np.diagonal(drawn, axis1=1, axis2=2)  # chi-square
    own = np.where(freedom < most, special.chdtri(freedom, special.chdtrc(most, ratio)), ratio)
    factors = np.sqrt((ratio / most) / (own / freedom))
    return np.asarray(factors[:, :, None] * factors[:, None, :])


def _positive(matrix: np.ndarray) -> np.ndarray:
    """Return the nearest matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    result: np.ndarray = (vectors * values.clip(0)) @ vectors.T
    return result


def _nearest_correlations(matrices: np.ndarray) -> np.ndarray:
    """Return correlation matrices near symmetric ones, (draw, effect, effect), whose diagonals are replaced by one."""
    diagonal = np.arange(matrices.shape[-1])
    matrices = matrices.clip(-1, 1)
    matrices[:, diagonal, diagonal] = 1
    values, vectors = np.linalg.eigh(matrices)
    positive = (vectors * values.clip(_INSIDE)[:, None, :]) @ vectors.transpose(0, 2, 1)
    sd = np.sqrt(positive[:, diagonal, diagonal])
    result: np.ndarray = positive / (sd[:, :, None] * sd[:, None, :])
    return result
