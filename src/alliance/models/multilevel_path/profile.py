"""Profile likelihood of standard deviations near zero, where estimate and standard error say little.

The standard deviation of one varying effect is held at a value d and everything else is maximised. The limits are where

    2 (l_max - l(d)) = 3.841,

the 95 % point of chi-square with one degree of freedom. A lower limit of zero means that no difference between units is compatible with the
data. If the true value is zero, the statistic follows a mixture of chi-square with zero and with one degree of freedom in equal shares (Self &
Liang 1987, doi 10.2307/2289471), so the interval then holds the truth in 97.5 % of studies: it is cautious at the edge.

The effect's row of the factor L has the standard deviation as its length. It is written as d w / |w| with a free direction w: no constraint is
needed, and the redundant length of w leaves the likelihood level.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy import optimize, stats

from alliance.models.container import Mark
from alliance.models.multilevel_path.engine import LEVELS, Engine
from alliance.models.multilevel_path.maximum import Maximum
from alliance.models.search import climb
from alliance.numbers import format_number

_CUT: Final = float(stats.chi2.ppf(0.95, 1))
_NEAR_ZERO: Final = 2.0  # standard errors
_SMALL: Final = 0.05  # standard units: step to the first upper value
_MOST_DOUBLINGS: Final = 12
_ACCURACY: Final = 1e-4  # of a limit, standard units


@dataclass
class _Profile:
    """Log-likelihood over the standard deviation of one effect.

    Parameters
    ----------
    row
        Places of the effect's row of L among the free parameters.
    start
        Position to start from; the last top found.
    """

    maximum: Maximum
    row: slice
    start: np.ndarray

    def fall(self, sd: float) -> float:
        """Return 2 (l_max - l(sd)) - 3.841."""
        engine, row = self.maximum.engine, self.row

        def function(free: np.ndarray) -> tuple[float, np.ndarray]:
            length = float(np.linalg.norm(free[row]))
            if length == 0:
                return -np.inf, np.zeros_like(free)
            unit = free[row] / length
            position = free.copy()
            position[row] = sd * unit
            value, gradient = engine.log_density(position)
            gradient[row] = sd / length * (gradient[row] - unit * (unit @ gradient[row]))
            return value, gradient

        top = climb(function, self.start, self.maximum.covariance + _SMALL**2 * np.eye(engine.size))
        self.start = top.position
        self.start[row] /= np.linalg.norm(self.start[row])
        return 2 * (self.maximum.top.value - top.value) - _CUT
