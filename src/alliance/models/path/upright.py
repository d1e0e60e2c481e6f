"""Positions that can be averaged: factors of covariances have arbitrary signs, and logits of nothing no end."""

from dataclasses import replace
from typing import Final

import numpy as np

from alliance.inference.maximum import Maximum
from alliance.models.path.layout import Layout
from alliance.models.path.maximum import PathMaximum
from alliance.models.path.passing import ZERO, find_curves
from alliance.models.path.target import PathTarget

_HARDLY: Final = -8.0  # a logit: a correlation of .0003; further out logits differ by accident


def average_positions(target: PathTarget, positions: np.ndarray) -> np.ndarray:
    """Return the position of averaged coefficients, log residuals and covariances: factors have arbitrary signs, and logits no end."""
    point = positions.mean(axis=0)
    natural = target.natural(positions)
    for curve in find_curves(target):
        phi = (1 / (1 + np.exp(-positions[:, curve.coordinate].clip(ZERO, -ZERO)))).mean()
        point[curve.coordinate] = np.log(phi) - np.log1p(-phi)
    for level, factor in natural.factors.items():
        q = factor.shape[1]
        if q:
            stacked = factor.transpose(0, 2, 1).reshape(-1, q) / np.sqrt(len(factor))
            root = np.linalg.qr(stacked, mode="r").T
            root = root * np.where(np.diagonal(root) < 0, -1.0, 1.0)
            point[target.layout.between(level)] = root[np.tril_indices(q)]
    return np.asarray(point)


def upright(target: PathTarget, positions: np.ndarray) -> np.ndarray:
    """Return positions, (draw, parameter), whose factors have a positive diagonal, and whose logits are of no less than hardly anything."""
    result = np.asarray(positions * _signs(target.layout, positions))
    for curve in find_curves(target):
        result[:, curve.coordinate] = result[:, curve.coordinate].clip(_HARDLY)
    return result


def _signs(layout: Layout, positions: np.ndarray) -> np.ndarray:
    """Return what makes the diagonals of factors positive: 1 or -1, (draw, parameter)."""
    signs = np.ones_like(positions)
    for level, q in layout.effects.items():
        rows, columns = np.tril_indices(q)
        places = np.arange(layout.size)[layout.between(level)]
        signs[:, places] = np.where(positions[:, places[rows == columns]] < 0, -1.0, 1.0)[:, columns]
    return signs


def stand_up(maximum: PathMaximum) -> PathMaximum:
    """Return the image of a maximum with positive diagonals: which one a search finds is an accident."""
    top = maximum.top
    (signs,) = _signs(maximum.target.layout, top.position[None])
    turned = replace(top, position=top.position * signs, curvature=top.curvature * np.outer(signs, signs))
    return Maximum(maximum.target, turned)
