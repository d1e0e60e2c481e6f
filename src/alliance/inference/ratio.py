"""Likelihood ratios of completed data: what a parameter gains, with the uncertainty of what is missing taken off.

Each of m completed data sets has a gain of its own, twice the difference of two log-likelihoods at their maxima, d on average; at the
averages of these maxima over the data sets the gain is d' on average. With k parameters that the smaller model lacks

    r = (m + 1) / (k (m - 1)) (d - d')        D = d' / (1 + r)

D / k is compared with an F distribution (Meng & Rubin 1992, doi 10.1093/biomet/79.1.103). A gain of one completed data set takes filled-in
values for observed ones, and so is too large.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np


@dataclass(frozen=True)
class Gain:
    """Twice the difference of two log-likelihoods.

    Parameters
    ----------
    value
        D.
    freedom
        Degrees of freedom of the denominator of F; infinite where nothing is missing, so that D is compared with chi-square.
    """

    value: float
    freedom: float = np.inf

    @classmethod
    def pooled(cls, each: np.ndarray, at_average: np.ndarray, count: int) -> Self:
        """Pool the gains of completed data sets.

        Parameters
        ----------
        each, at_average
            Gains at the maxima of the data sets, and at the averages of these maxima: (data set,).
        count
            k.
        """
        m = len(each)
        if m == 1:
            return cls(float(each[0]))
        extra = (m + 1) / (count * (m - 1)) * float(each.mean() - at_average.mean())
        value, all_free = float(at_average.mean()) / (1 + max(extra, 0.0)), count * (m - 1)
        if extra <= 0:
            return cls(value)
        if all_free > 4:
            return cls(value, 4 + (all_free - 4) * (1 + (1 - 2 / all_free) / extra) ** 2)
        return cls(value, all_free * (1 + 1 / count) * (1 + 1 / extra) ** 2 / 2)

    def tail(self, count: int) -> float:
        """Return the probability of so large a gain by a number of parameters that are not needed."""
        from scipy import special  # looks at a study import this module too

        if self.value <= 0:
            return 1.0
        if count == 0:
            return 0.0  # without a parameter there is no gain
        if np.isinf(self.freedom):
            return float(special.chdtrc(count, self.value))
        return float(special.fdtrc(count, self.freedom, self.value / count))
