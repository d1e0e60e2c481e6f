"""Smooths of time: named columns that stand for the course of an outcome over sessions, fixed by the rows of an equation.

Nothing is evaluated from text; a kind is one of the functions below.
"""

import numpy as np

from alliance.config.declared import Basis
from alliance.errors import ModelError


def basis_columns(place: str, name: str, basis: Basis, time: np.ndarray) -> dict[str, np.ndarray]:
    """Return the columns of a smooth of time.

    Parameters
    ----------
    place
        Where the basis is declared, for messages.
    name
        Name of the basis; columns are called ``<name>_1``, ``<name>_2``, ...
    time
        Session number or weeks of each row, shape (row,).

    Returns
    -------
    dict
        Column name -> values (row,). By kind:

        ``polynomial``: orthogonal polynomials of degree 1 to df, each with standard deviation 1.
        ``natural_spline``: cubic between df + 1 knots at equal steps through the observed times, linear beyond the outer ones. Column j is
        1 at knot j + 1 and 0 at all other knots, so its coefficient is the difference between that time and the first.
        ``log``: log(1 + t).
        ``each``: one column per session number; the first is the reference, and ``<name>_7`` is session 7.

    Raises
    ------
    ModelError
        Too few different times, or a time at which the logarithm does not exist.
    """
    distinct, position_of, counts = np.unique(time, return_inverse=True, return_counts=True)
    if basis.kind == "log":
        if distinct[0] <= -1:
            raise ModelError(
                f"{place}.bases.{name}: log(1 + {basis.of}) does not exist at {basis.of} {distinct[0]:g}. Use a spline."
            )
        return {f"{name}_1": np.log1p(time)}
    if basis.kind == "each":
        return {f"{name}_{session:g}": (time == session).astype(float) for session in distinct[1:]}
    df = basis.df or 1
    if len(distinct) <= df:
        raise ModelError(
            f"{place}.bases.{name}.df: {df} columns need at least {df + 1} different values of {basis.of}, but there are "
            f"{len(distinct)}. Lower df."
        )
    polynomial = basis.kind == "polynomial"
    columns = _polynomial(distinct, counts, df) if polynomial else _natural_spline(distinct, df)
    return {f"{name}_{position + 1}": column[position_of] for position, column in enumerate(columns.T)}


def _polynomial(distinct: np.ndarray, counts: np.ndarray, degree: int) -> np.ndarray:
    """Orthogonalise the powers of time one after the other, as R's ``poly`` does; rows with the same time count once, with a weight."""
    centred = distinct - np.average(distinct, weights=counts)
    weights = np.sqrt(counts)[:, None]
    q, r = np.linalg.qr(weights * np.vander(centred / np.abs(centred).max(), degree + 1, increasing=True))
    return np.asarray((q * np.sign(np.diag(r)) / weights)[:, 1:] * np.sqrt(counts.sum() - 1))


def _natural_spline(distinct: np.ndarray, df: int) -> np.ndarray:
    from scipy.interpolate import CubicSpline  # few models have smooths

    knots = np.quantile(distinct, np.linspace(0, 1, df + 1))
    return np.asarray(CubicSpline(knots, np.eye(df + 1), bc_type="natural")(distinct))[:, 1:]
