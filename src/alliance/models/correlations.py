"""Priors of the correlations of effects that vary: each correlation uniform, or LKJ(eta).

``uniform``  correlations of an inverse Wishart matrix with q + 1 degrees of freedom: every single one is uniform on -1 .. 1, however many
             effects q there are (Barnard, McCulloch & Meng 2000, Statistica Sinica 10, 1281)
a number     eta of LKJ(eta), under which a single correlation is 2 Beta(eta - 1 + q / 2, eta - 1 + q / 2) - 1: the more effects vary, the
             closer to zero (Lewandowski, Kurowicka & Joe 2009, doi 10.1016/j.jmva.2009.04.008)

The same densities with their derivatives are in `alliance.likelihood.density`.
"""

import numpy as np

type Correlations = str | float


def is_uniform(prior: Correlations) -> bool:
    """Return whether every correlation is uniform; otherwise the prior is eta of LKJ(eta)."""
    return isinstance(prior, str)


def shape_of(prior: Correlations, q: int) -> float:
    """Return the shape of the Beta distribution, stretched to -1 .. 1, of a single correlation of q effects."""
    return 1.0 if isinstance(prior, str) else prior - 1 + q / 2


def word_of(prior: Correlations) -> str:
    """Return the prior as tables write it."""
    return "Uniform(-1, 1)" if isinstance(prior, str) else f"LKJ({prior:g})"


def log_density(matrices: np.ndarray, prior: Correlations) -> np.ndarray:
    """Return the log prior density of correlation matrices (draw, effect, effect), up to a constant: (draw,)."""
    determinant: np.ndarray = np.linalg.slogdet(matrices)[1]
    if not isinstance(prior, str):
        return (prior - 1) * determinant
    q = matrices.shape[-1]
    inverse = np.diagonal(np.linalg.inv(matrices), axis1=-2, axis2=-1)
    total: np.ndarray = -(q + 1) * determinant - (q + 1) / 2 * np.log(inverse).sum(axis=-1)
    return total


def draw_partial(prior: Correlations, q: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw canonical partial correlations z_ij of q effects, each given the effects before j: (draw, pair), row by row."""
    if not isinstance(prior, str):
        shapes = [prior + (q - 2 - column) / 2 for column in np.tril_indices(q, -1)[1]]
        return np.column_stack([np.empty((size, 0)), *(2 * rng.beta(shape, shape, (size, 1)) - 1 for shape in shapes)])
    # An inverse Wishart matrix, from its normal square root.
    normal = rng.standard_normal((size, q + 1, q))
    return partial_of(np.linalg.cholesky(np.linalg.inv(normal.transpose(0, 2, 1) @ normal)))


def partial_of(factors: np.ndarray) -> np.ndarray:
    """Return the canonical partial correlations of covariances with these Cholesky factors, (draw, effect, effect): (draw, pair)."""
    rows, columns = np.tril_indices(factors.shape[-1], -1)
    squares = factors**2
    left = np.cumsum(squares[:, :, ::-1], axis=2)[:, :, ::-1]  # of each row's square, from a column on
    partial: np.ndarray = factors[:, rows, columns] / np.sqrt(left[:, rows, columns])
    return partial
