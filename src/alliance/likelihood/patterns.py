"""Rows of several equations at one occasion, by which of the outcomes are there: what a residual covariance is made of.

Equations that pairs connect make a block; an equation without a pair is a block of its own. The occasions of a block are sorted by which of
its outcomes have a row: a pattern. All rows of a pattern have one precision matrix, the inverse of its part of the covariance.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class EquationRows:
    """Rows of one equation, in any order.

    Parameters
    ----------
    x
        Fixed predictors with the column of ones, shape (row, beta).
    y
        Outcome, shape (row,).
    patient
        Position of each row's patient, shape (row,).
    z
        Columns whose effect varies between patients or therapists, shape (row, column).
    occasion
        A whole number that rows of a patient in other equations share if they are of one session, and rows of an equation do
        not, shape (row,); needed by equations that are paired.
    """

    x: np.ndarray
    y: np.ndarray
    patient: np.ndarray
    z: np.ndarray
    occasion: np.ndarray | None = None


@dataclass(frozen=True)
class Pattern:
    """Occasions at which the same outcomes of a block have a row.

    Parameters
    ----------
    members
        Positions of the equations.
    rows
        Positions of the rows of each member, in the same order of occasions, by patient: (occasion,).
    patient
        Position of each occasion's patient, (occasion,).
    """

    members: tuple[int, ...]
    rows: tuple[np.ndarray, ...]
    patient: np.ndarray


def connect(count: int, pairs: Sequence[tuple[int, int]]) -> list[int]:
    """Return the block of each equation, as its first member."""
    block = list(range(count))
    for one, other in pairs:
        first, last = sorted((block[one], block[other]))
        block = [first if found == last else found for found in block]
    return block


def find_patterns(equations: Sequence[EquationRows], pairs: Sequence[tuple[int, int]]) -> tuple[Pattern, ...]:
    """Sort the rows of all equations by pattern.

    Raises
    ------
    ValueError
        An equation that is paired has no occasions, or two rows of one.
    """
    found: list[Pattern] = []
    blocks = connect(len(equations), pairs)
    for block in dict.fromkeys(blocks):
        members = [k for k, of in enumerate(blocks) if of == block]
        if len(members) == 1:
            order = np.argsort(equations[block].patient, kind="stable")
            found.append(Pattern((block,), (order,), equations[block].patient[order]))
            continue
        keys = _keys([equations[k] for k in members])
        occasions = np.unique(np.concatenate(keys))
        # Position of each occasion's row in each equation, -1 where it has none.
        place = np.full((len(occasions), len(members)), -1)
        for column, key in enumerate(keys):
            if len(np.unique(key)) < len(key):
                raise ValueError(f"equation {members[column]} has several rows of one occasion")
            place[np.searchsorted(occasions, key), column] = np.arange(len(key))
        present, kind = np.unique(place >= 0, axis=0, return_inverse=True)
        for number, there in enumerate(present):
            chosen = place[kind.reshape(-1) == number]
            rows = tuple(chosen[:, column] for column in np.flatnonzero(there))
            patient = equations[members[int(np.argmax(there))]].patient[rows[0]]
            found.append(Pattern(tuple(members[column] for column in np.flatnonzero(there)), rows, patient))
    return tuple(found)


def _keys(equations: Sequence[EquationRows]) -> list[np.ndarray]:
    """Return a number for each row of each equation, the same for rows of one occasion; those of a patient follow each other."""
    occasions = [rows.occasion for rows in equations if rows.occasion is not None]
    if len(occasions) < len(equations):
        raise ValueError("an equation that is paired needs the occasions of its rows")
    first = min(int(each.min(initial=0)) for each in occasions)
    span = 1 + max(int(each.max(initial=0)) for each in occasions) - first
    return [rows.patient * span + each - first for rows, each in zip(equations, occasions, strict=True)]
