"""First guesses of scores, of propensities behind answers, and of the thresholds between these.

Yes (1) says that the propensity y* lies above zero, no (0) that it lies below. An ordered answer says between which thresholds it lies; the
first of these is zero, so that yes and no are the case of two. What lies behind an answer is drawn along with all that is unknown; the
search starts at its expectation where nothing but the shares of the answers is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from alliance.facts.columns import PATIENT
from alliance.likelihood.thresholds import Thresholds

_LEAST_SHARE = 0.001  # where nobody, or everybody, said yes


def guess_score(panel: pd.DataFrame, name: str) -> np.ndarray:
    """Guess values: as recorded, the patient's mean, or that of all patients."""
    values = panel[name].astype(float)
    means = np.asarray(values.groupby(panel[PATIENT]).transform("mean").fillna(values.mean()))
    return np.where(values.notna(), values, means)


@dataclass(frozen=True)
class Answers:
    """Answers behind which propensities lie.

    Parameters
    ----------
    given
        Outcome -> its answers, from the lowest.
    ordered
        Outcomes whose answers were found in the data; those of the others are no and yes.
    rows, cells
        Outcome -> place of the answer among them at each row of the panel, (row,), and of each cell, (cell,); -1 where there is none.
    """

    given: dict[str, tuple[float, ...]]
    ordered: tuple[str, ...]
    rows: dict[str, np.ndarray]
    cells: dict[str, np.ndarray]

    def guess(self, outcome: str) -> np.ndarray:
        """Return E[y* | y] for y* ~ N(c, 1) cut off at the thresholds t: c + (phi(t_y - c) - phi(t_y+1 - c)) / share of y, (row,).

        Without an answer the expectation is c.
        """
        shares = self._shares(outcome)
        ends, centre = _ends(shares)
        density = np.exp(-((ends - centre) ** 2) / 2) / np.sqrt(2 * np.pi)
        means = np.append(centre - np.diff(density) / shares, centre)
        return np.asarray(means[self.rows[outcome]])

    @cached_property
    def thresholds(self) -> Thresholds:
        """The thresholds that the shares of answers tell, if the propensity is N(c, 1)."""
        widths, within, beyond = [np.empty(0)], [], []
        for outcome, places in self.cells.items():
            widths.append(np.diff(_ends(self._shares(outcome))[0][1:-1]))
            between = range(1, len(self.given[outcome]) - 1)
            within += [places == place for place in between]
            beyond += [places > place for place in between]
        none = np.empty((len(next(iter(self.cells.values()), ())), 0), dtype=bool)
        return Thresholds(np.concatenate(widths), np.column_stack([none, *within]), np.column_stack([none, *beyond]))

    def _shares(self, outcome: str) -> np.ndarray:
        places = self.cells[outcome]
        counts = np.bincount(places[places >= 0], minlength=len(self.given[outcome]))
        shares = (counts / max(int(counts.sum()), 1)).clip(_LEAST_SHARE, 1 - _LEAST_SHARE)
        return np.asarray(shares / shares.sum())


def gather_answers(
    panel: pd.DataFrame, given: Mapping[str, tuple[float, ...] | None], number: Mapping[str, np.ndarray], count: int
) -> Answers:
    """Look up which answer each row and each cell has.

    Parameters
    ----------
    given
        Outcome -> its answers, None where they are those that cells have.
    number
        Variable -> number of the cell of each row, -1 where there is none: (row,).
    count
        How many cells there are.
    """
    known, rows, cells = {}, {}, {}
    for outcome, answers in given.items():
        values = panel[outcome].to_numpy(dtype=float)
        told = (number[outcome] >= 0) & ~np.isnan(values)
        known[outcome] = tuple(np.unique(values[told]).tolist()) if answers is None else answers
        rows[outcome] = np.where(
            np.isnan(values), -1, np.searchsorted(known[outcome], values).clip(0, len(known[outcome]) - 1)
        )
        cells[outcome] = np.full(count, -1)
        cells[outcome][number[outcome][number[outcome] >= 0]] = rows[outcome][number[outcome] >= 0]
    return Answers(known, tuple(outcome for outcome, answers in given.items() if answers is None), rows, cells)


def _ends(shares: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the ends of all answers, of which the second is zero, and c; without two answers there is no threshold, and c is zero."""
    from scipy.special import ndtri  # brings all of its linear algebra along

    ends = ndtri(np.append(0.0, np.cumsum(shares).clip(max=1.0)))
    ends[-1] = np.inf
    first = float(ends[1]) if len(shares) > 1 else 0.0
    return ends - first, -first
