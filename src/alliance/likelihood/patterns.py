"""Rows whose residuals are correlated, sorted by pattern: outcomes of one occasion, and rows of a patient one after the other.

Equations that pairs connect make a block; an equation without a pair is a block of its own. The occasions of a block are sorted by which of
its outcomes have a row: a pattern. All rows of a pattern have one precision matrix, the inverse of its part of the covariance.

In an equation whose residuals depend on the one before, the first rows of patients are a pattern, and the later ones are sorted by how long
ago the row before was: by the gap.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Series:
    """When the rows of an equation were observed whose residuals depend on the one before.

    Parameters
    ----------
    time
        Whole numbers; rows of a patient have different ones, shape (row,).
    unit
        Time between two residuals that are correlated by the autocorrelation.
    signed
        Whether it may be negative, which makes sense where time is counted, not where it passes.
    """

    time: np.ndarray
    unit: int = 1
    signed: bool = True


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
    series
        Times of the rows, where residuals depend on the one before; None where they do not.
    therapist
        Position of each row's therapist, shape (row,); None where no effect of the equation varies between therapists, or where every
        patient has one.
    unit_residual
        Whether the residual standard deviation is one and no parameter, as in the equation of a propensity to yes.
    unit
        Position of each row's patient and therapist together among all such, where patients have several, see
        `alliance.likelihood.crossed.number_units`; None: the patient alone.
    """

    x: np.ndarray
    y: np.ndarray
    patient: np.ndarray
    z: np.ndarray
    occasion: np.ndarray | None = None
    series: Series | None = None
    therapist: np.ndarray | None = None
    unit_residual: bool = False
    unit: np.ndarray | None = None

    @property
    def of_effects(self) -> np.ndarray:
        """Position of the effects of each row, (row,): those of its patient, or of patient and therapist together."""
        return self.patient if self.unit is None else self.unit


@dataclass(frozen=True)
class Pattern:
    """Occasions at which the same outcomes of a block have a row, or rows of one equation with the same gap before them.

    Parameters
    ----------
    members
        Positions of the equations.
    rows
        Positions of the rows of each member, in the same order of occasions, by patient: (occasion,).
    patient
        Position of each occasion's patient, (occasion,).
    gap, earlier
        Time since the row before, and its position: (occasion,). Zero and none where residuals do not depend on it.
    """

    members: tuple[int, ...]
    rows: tuple[np.ndarray, ...]
    patient: np.ndarray
    gap: int = 0
    earlier: np.ndarray | None = None

    @property
    def products(self) -> list[tuple[int, int, np.ndarray, np.ndarray]]:
        """What each number of the precision multiplies: two equations, the later one first, and their rows.

        The precision is a lower triangle, row by row: of the members, or of a row and the one before it.
        """
        if self.earlier is not None:
            (k,), (later,) = self.members, self.rows
            return [(k, k, later, later), (k, k, later, self.earlier), (k, k, self.earlier, self.earlier)]
        both = list(zip(self.members, self.rows, strict=True))
        return [(one, other, a, b) for i, (one, a) in enumerate(both) for other, b in both[: i + 1]]

    @property
    def terms(self) -> list[tuple[int, int, int, list[tuple[np.ndarray, np.ndarray]]]]:
        """What the cross-products are made of: two equations, the place of their number of the precision, and rows of both.

        All pairs of members are there, each in both orders. A row and the one before it are of one equation, so both orders make one
        symmetric product.
        """
        if self.earlier is not None:
            twice = [[(a, b)] if a is b else [(a, b), (b, a)] for _, _, a, b in self.products]
            return [(self.members[0], self.members[0], place, rows) for place, rows in enumerate(twice)]
        both = list(enumerate(zip(self.members, self.rows, strict=True)))
        return [
            (one, other, max(i, j) * (max(i, j) + 1) // 2 + min(i, j), [(a, b)])
            for i, (one, a) in both
            for j, (other, b) in both
        ]


def connect(count: int, pairs: Sequence[tuple[int, int]]) -> list[int]:
    """Return the block of each equation, as its first member."""
    block = list(range(count))
    for one, other in pairs:
        first, last = sorted((block[one], block[other]))
        block = [first if found == last else found for found in block]
    return block


def rows_before(rows: EquationRows) -> tuple[np.ndarray, np.ndarray]:
    """Return the position of the row before each one, -1 at the first of a patient, and the time since, zero there: (row,)."""
    assert rows.series is not None
    order = np.lexsort((rows.series.time, rows.patient))
    same = np.diff(rows.patient[order], prepend=-1) == 0
    earlier, gap = np.full(len(order), -1), np.zeros(len(order), dtype=np.int64)
    earlier[order[same]] = order[np.flatnonzero(same) - 1]
    gap[order[same]] = np.diff(rows.series.time[order], prepend=0)[same]
    return earlier, gap


def find_patterns(equations: Sequence[EquationRows], pairs: Sequence[tuple[int, int]]) -> tuple[Pattern, ...]:
    """Sort the rows of all equations by pattern.

    Raises
    ------
    ValueError
        An equation that is paired has no occasions, or two rows of one; or its residuals depend on the one before as well.
    """
    found: list[Pattern] = []
    blocks = connect(len(equations), pairs)
    for block in dict.fromkeys(blocks):
        members = [k for k, of in enumerate(blocks) if of == block]
        if any(equations[k].series is not None for k in members):
            found += _sort_by_gap(equations, members)
            continue
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


def _sort_by_gap(equations: Sequence[EquationRows], members: Sequence[int]) -> list[Pattern]:
    """Sort the rows of an equation by the time since the row before: the first ones of patients, then those of each gap."""
    if len(members) > 1:
        raise ValueError(f"equation {members[0]} is paired and has residuals that depend on the one before")
    (k,) = members
    rows = equations[k]
    assert rows.series is not None
    order = np.lexsort((rows.series.time, rows.patient))
    earlier, gap = rows_before(rows)
    first = order[gap[order] == 0]
    found = [Pattern((k,), (first,), rows.patient[first])]
    for width in np.unique(gap[gap > 0]):
        later = order[gap[order] == width]
        found.append(Pattern((k,), (later,), rows.patient[later], int(width), earlier[later]))
    return found


def _keys(equations: Sequence[EquationRows]) -> list[np.ndarray]:
    """Return a number for each row of each equation, the same for rows of one occasion; those of a patient follow each other."""
    occasions = [rows.occasion for rows in equations if rows.occasion is not None]
    if len(occasions) < len(equations):
        raise ValueError("an equation that is paired needs the occasions of its rows")
    first = min(int(each.min(initial=0)) for each in occasions)
    span = 1 + max(int(each.max(initial=0)) for each in occasions) - first
    return [rows.patient * span + each - first for rows, each in zip(equations, occasions, strict=True)]
