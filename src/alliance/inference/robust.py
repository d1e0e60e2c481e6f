"""Standard errors that do not rely on the assumed distribution: the cluster-robust (sandwich) covariance of the estimates.

Clusters c are independent of each other, whatever goes on inside them. With s_c the derivatives of their log-likelihoods at the maximum
(their scores, which sum to zero) and H the observed information,

    V = H^-1 (sum_c s_c s_c') H^-1 C / (C - 1)

(Huber 1967; White 1982, doi 10.2307/1912526; Liang & Zeger 1986, doi 10.1093/biomet/73.1.13). If the model holds, V estimates what H^-1
does; if residuals are heteroscedastic, correlated over time or not normal, V still is right for what the estimates tend to.
"""

import numpy as np

from alliance.errors import ModelError
from alliance.facts.marks import Mark
from alliance.inference.maximum import Maximum
from alliance.inference.target import Clusters, Target


def robust_covariance(maximum: Maximum[Target], level: str | None = None) -> np.ndarray:
    """Return the cluster-robust covariance of the free parameters.

    Where a variance is estimated as zero, or a correlation as one, the likelihood of every cluster is the same on both sides of that
    edge: no score, hence no spread, in its direction. A bootstrap tells more about such parameters.

    Parameters
    ----------
    level
        By default the smallest level whose units are independent. With fewer clusters than parameters the matrix is singular.

    Returns
    -------
    numpy.ndarray
        Shape (parameter, parameter).

    Raises
    ------
    ModelError
        Units of that level are not independent, or their clusters are unclear; there is one cluster.
    """
    target = maximum.target
    clusters = independent_clusters(target, level or target.independent, "standard_errors")
    scores = target.scores(maximum.top.position, clusters)
    meat = scores.T @ scores * (clusters.count / (clusters.count - 1))
    covariance: np.ndarray = maximum.covariance @ meat @ maximum.covariance
    return covariance


def independent_clusters(target: Target, level: str, setting: str) -> Clusters:
    """Find the units of a level, which must be independent of each other.

    Parameters
    ----------
    setting
        The setting that asks for them, for messages.

    Raises
    ------
    ModelError
        They are not independent, their clusters are unclear, or there are fewer than 2.
    """
    clusters = target.clusters(level)
    higher = target.independent
    if higher not in target.levels:
        target.clusters(higher)  # says why its units are no clusters
    if target.levels.index(level) < target.levels.index(higher):
        raise ModelError(
            f"{setting}: {level}s cannot be taken one by one in a model whose effects vary between {higher}s, since {level}s of one "
            f"{higher} are not independent. Take {higher}s."
        )
    if clusters.count < 2:
        raise ModelError(f"{setting}: at least 2 {level}s are needed, found {clusters.count}.")
    return clusters


def mark_clusters(clusters: Clusters) -> Mark:
    """Say whether there are enough clusters for what is estimated from differences between them."""
    return Mark("few_clusters", f"{clusters.level}s", clusters.count)
