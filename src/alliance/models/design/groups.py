"""Means and deviations of many data sets at once, by patient."""

import numpy as np


class Groups:
    """Rows by patient.

    Parameters
    ----------
    codes
        One code per row, the same for rows of the same patient.
    """

    def __init__(self, codes: np.ndarray) -> None:
        self.codes, sizes = np.unique(codes, return_inverse=True, return_counts=True)[1:]
        self._order = np.argsort(self.codes, kind="stable")
        self._starts = np.cumsum(sizes) - sizes
        self._sizes = sizes[:, None]

    def means(self, values: np.ndarray) -> np.ndarray:
        """Return the patients' means (patient, data set) of values (row, data set)."""
        return np.asarray(np.add.reduceat(values[self._order], self._starts, axis=0) / self._sizes)

    def deviations(self, values: np.ndarray) -> np.ndarray:
        """Return values (row, data set), the patient's mean taken off."""
        return np.asarray(values - self.means(values)[self.codes])
