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
        self.codes = np.unique(codes, return_inverse=True)[1]
        self.sizes = np.bincount(self.codes)

    def means(self, values: np.ndarray) -> np.ndarray:
        """Return the patients' means (data set, patient) of values (data set, row)."""
        sums = np.zeros((len(self.sizes), len(values)))
        np.add.at(sums, self.codes, values.T)
        return np.asarray((sums / self.sizes[:, None]).T)

    def deviations(self, values: np.ndarray) -> np.ndarray:
        """Return values (data set, row), the patient's mean taken off."""
        return np.asarray(values - self.means(values)[:, self.codes])
