"""How measures go together within patients, and how their lasting levels do between them.

With rows t of patients i, deviations from patients' means give the matrix of mean products within, patients' means that between:

    W = sum_it (y_it - m_i)(y_it - m_i)' / (N - n)        B = sum_i k_i (m_i - m)(m_i - m)' / (n - 1)

Of lasting levels, (B - W) / k0 with k0 = (N - sum k_i^2 / N) / (n - 1): the mean of a few sessions holds what passes, too, and B alone
would take that for lasting (one-way multivariate analysis of variance; Searle, Casella and McCulloch 1992, chapter 3). Correlations follow
from both matrices. That between patients is missing where one of the variances is not above zero.
"""

from itertools import combinations
from typing import Final

import numpy as np
from scipy import stats

from alliance.errors import ModelError
from alliance.facts.columns import PATIENT
from alliance.facts.quantity import join_names
from alliance.models.descriptive.findings import Findings, Key, Task
from alliance.models.rows import count_rows

_FEWEST = 2
_SELDOM: Final = 0.01  # samples that show no lasting differences


def compute(task: Task) -> Findings:
    """Correlate measures pairwise, in the rows in which all of them are observed.

    Raises
    ------
    ModelError
        There are fewer than two measures, or no patient has two sessions with all of them.
    """
    names = list(task.spec.variables)
    complete = task.panel[names].notna().all(axis=1).to_numpy()
    values = task.panel.loc[complete, names].to_numpy(dtype=float)
    patients = np.unique(task.panel.loc[complete, PATIENT].to_numpy(), return_inverse=True)[1]
    if len(names) < _FEWEST or not len(values) or np.bincount(patients).max() < _FEWEST:
        raise ModelError(
            f"models.specs.{task.name}.variables: correlations need two measures, and patients with two or more sessions at which all were "
            f"observed; named are {', '.join(names)}. Name others, or take the model out."
        )
    pairs = list(combinations(range(len(names)), 2))
    keys = [
        Key(join_names(names[one], names[other]), "correlation", level, (names[one], names[other]))
        for level in ("session", "patient")
        for one, other in pairs
    ]
    counts = count_rows(task.panel[complete])
    moments, first = Moments(values, patients), np.flatnonzero(complete)[np.unique(patients, return_index=True)[1]]

    def statistic(weights: np.ndarray) -> np.ndarray:
        within, between = moments.of(weights[first])
        return np.array([correlation(matrix, *pair) for matrix in (within, between) for pair in pairs])

    return Findings(keys, statistic, dict.fromkeys(names, counts))


class Moments:
    """Sums of each patient, from which the mean products of any sample of patients follow.

    Parameters
    ----------
    values
        Shape (row, measure).
    patients
        Patient of each row, counted from 0, (row,).
    """

    def __init__(self, values: np.ndarray, patients: np.ndarray) -> None:
        self.size = np.bincount(patients).astype(float)
        sums = np.array([np.bincount(patients, column) for column in values.T]).T
        self.means = sums / self.size[:, None]
        deviations = values - self.means[patients]
        each = deviations[:, :, None] * deviations[:, None, :]
        self.products = np.zeros((len(self.size), *each.shape[1:]))
        np.add.at(self.products, patients, each)

    def of(self, drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the covariances within patients and of patients' lasting levels, (measure, measure) each.

        Parameters
        ----------
        drawn
            How often each patient was drawn, (patient,).
        """
        within, among, usual = self._mean_squares(drawn)
        return within, (among - within) / usual

    def tells_levels(self, drawn: np.ndarray) -> bool:
        """Whether samples of as many patients hardly ever show no lasting differences: in less than a hundredth for each measure.

        With F the ratio of the mean squares between and within patients, a sample shows none where its own ratio, F times a variable with
        Fisher's distribution, is below one.
        """
        within, among, _ = self._mean_squares(drawn)
        units = float(drawn.sum())
        least = 1 / stats.f.ppf(_SELDOM, units - 1, float(drawn @ self.size) - units)
        return bool((np.diagonal(among) >= least * np.diagonal(within)).all())

    def _mean_squares(self, drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
        """Return the mean products within and between patients, and how often a patient was usually seen (k0)."""
        size, means = self.size, self.means
        rows, units = float(drawn @ size), float(drawn.sum())
        if rows <= units or units <= 1:
            nothing = np.full(self.products.shape[1:], np.nan)
            return nothing, nothing, float("nan")
        within = np.einsum("p,pij->ij", drawn, self.products) / (rows - units)
        carried = (drawn * size)[:, None]
        centre = (carried * means).sum(axis=0) / rows
        among = (means - centre).T @ (carried * (means - centre)) / (units - 1)
        return within, among, (rows - float((drawn * size**2).sum()) / rows) / (units - 1)


def correlation(matrix: np.ndarray, one: int, other: int) -> float:
    """Return the correlation of two measures; missing where a variance is not above zero."""
    variances = matrix[one, one] * matrix[other, other]
    if not (matrix[one, one] > 0 and matrix[other, other] > 0):
        return float("nan")
    return float(np.clip(matrix[one, other] / np.sqrt(variances), -1, 1))
