"""Random draws that are the same on every run: seeds from names, normal draws with exact moments, and what draws enclose."""

import hashlib

import numpy as np


def generator_for(seed: int, *names: str) -> np.random.Generator:
    """Return a random generator that depends on the run's seed and on names, never on the order of execution."""
    digest = hashlib.sha256("\x1f".join(names).encode("utf-8")).digest()
    words = np.frombuffer(digest, dtype="<u4").astype(int).tolist()
    return np.random.default_rng(np.random.SeedSequence([seed, *words]))


def draw_normal(mean: np.ndarray, cov: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw from a multivariate normal distribution so that the draws have exactly the given mean and covariance.

    Standard normal draws are centred and multiplied by the inverse Cholesky factor of their own covariance before they
    are given the wanted one. The mean of a linear function of the draws is then free of Monte Carlo error, and so is the
    mean of the product of two of them. The root of the covariance is the symmetric one: others rest on the signs of eigenvectors, which
    rounding decides.

    Parameters
    ----------
    mean
        Means, shape (k,).
    cov
        Covariance, shape (k, k), positive semi-definite.
    size
        Number of draws, more than k.

    Returns
    -------
    numpy.ndarray
        Draws, shape (size, k).
    """
    plain = rng.standard_normal((size, len(mean)))
    plain -= plain.mean(axis=0)
    own = np.linalg.cholesky(plain.T @ plain / (size - 1))
    exact = np.linalg.solve(own, plain.T).T
    return np.asarray(mean + exact @ symmetric_root((cov + cov.T) / 2))


def symmetric_root(covariance: np.ndarray) -> np.ndarray:
    """Return R with R R = covariance, (..., k, k); unlike eigenvectors it is unique, and it moves little when the covariance does."""
    values, vectors = np.linalg.eigh(covariance)
    root: np.ndarray = (vectors * np.sqrt(np.clip(values, 0.0, None))[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    return root


def given_others(factor: np.ndarray, drawn: np.ndarray, integrated: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the means of effects given those that are not integrated out, and a factor of what is left of their covariance.

    With G = LL' in parts (1, integrated; 2, not):  E u_1 = G_12 G_22^-1 u_2,  V u_1 = G_11 - G_12 G_22^-1 G_21.

    Parameters
    ----------
    factor
        L, (effect, effect).
    drawn
        Effects, (patient, effect).

    Returns
    -------
    given, root
        Shapes (patient, effect) and (effect, integrated effect).
    """
    covariance, others = factor @ factor.T, ~integrated
    weights = covariance[np.ix_(integrated, others)] @ np.linalg.pinv(covariance[np.ix_(others, others)])
    given, root = drawn.copy(), np.zeros((len(factor), int(integrated.sum())))
    given[:, integrated] = drawn[:, others] @ weights.T
    root[integrated] = symmetric_root(
        covariance[np.ix_(integrated, integrated)] - weights @ covariance[np.ix_(others, integrated)]
    )
    return given, root


def central_limits(draws: np.ndarray) -> np.ndarray:
    """Return the ends of the central 95 % of draws, for diagnostics: (end,)."""
    limits: np.ndarray = np.quantile(draws, [0.025, 0.975])
    return limits
