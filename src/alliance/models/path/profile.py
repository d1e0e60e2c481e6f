"""Profile likelihood of standard deviations near zero, where estimate and standard error say little.

The standard deviation of one varying effect is held at a value d and everything else is maximised. The limits are where

    2 (l_max - l(d)) = 3.841,

the 95 % point of chi-square with one degree of freedom. A lower limit of zero means that no difference between units is compatible with
the data. Zero itself is another matter, since the effect's q - 1 correlations vanish with its variance: the statistic then follows a
mixture of chi-square with q - 1 and with q degrees of freedom in equal shares (Self & Liang 1987, doi 10.2307/2289471; Stram & Lee 1994,
doi 10.2307/2533455). Its 95 % point decides whether the lower limit is zero, unless 3.841 is larger.

The effect's row of the factor L has the standard deviation as its length. It is written as d w / |w| with a free direction w: no
constraint is needed, and the redundant length of w leaves the likelihood level.
"""

from typing import Any, Final

import numpy as np
from scipy import optimize, stats

from alliance.facts.marks import Mark
from alliance.inference.search import climb
from alliance.models.design.arrays import Varying
from alliance.models.path.maximum import PathMaximum, table_of
from alliance.report.numbers import format_number

_CUT: Final = float(stats.chi2.ppf(0.95, 1))
_NEAR_ZERO: Final = 2.0  # standard errors
_PERHAPS_ZERO: Final = 4.0  # standard errors: above it zero was never compatible with simulated data
_FIRST_STEP: Final = 0.05  # towards the upper limit, standard units
_LEAST_VARIANCE: Final = 1e-4  # first guesses of the inverse curvature: of any parameter, and of the direction w
_DIRECTION_VARIANCE: Final = 0.1
_ACCURACY: Final = 1e-4  # of a limit, standard units


def profile_variances(maximum: PathMaximum) -> tuple[list[dict[str, Any]], list[Mark]]:
    """Return 95 % limits of the standard deviations that may be zero, or are less than two standard errors from it.

    Returns
    -------
    rows
        Columns level, effect, estimate, low, high; raw units.
    marks
        ``boundary variance`` for each of them: failed if its lower limit is zero.
    """
    layout, design = maximum.target.layout, maximum.target.design
    table = table_of(maximum)
    found = {
        name: (float(sd), float(se)) for name, sd, se in table[["parameter", "estimate", "se"]].itertuples(index=False)
    }
    rows: list[dict[str, Any]] = []
    marks: list[Mark] = []
    for level, q in layout.effects.items():
        for number, effect in enumerate(design.varying.get(level, [])):
            estimate, se = found[f"sd {level} {effect.text}"]
            if estimate > _PERHAPS_ZERO * se:
                continue
            profile = _Profile(maximum, layout.row(level, number))
            excluded = profile.fall(0.0) > _cut_at_zero(q)
            if excluded and estimate > _NEAR_ZERO * se:
                continue
            scale = float(design.scales(level)[number])
            low, high = _limits(profile, estimate / scale, excluded=excluded)
            limits = {"estimate": estimate, "low": low * scale, "high": high * scale}
            rows.append({"level": level, "effect": effect.text, **limits})
            marks.append(_mark(level, effect, limits))
    return rows, marks


class _Profile:
    """Log-likelihood over the standard deviation of one effect.

    Parameters
    ----------
    row
        Places of the effect's row of L among the free parameters.
    """

    def __init__(self, maximum: PathMaximum, row: slice) -> None:
        self.maximum, self.row, self.last = maximum, row, maximum.top.position
        self.spread = maximum.covariance.copy()
        self.spread[row], self.spread[:, row] = 0.0, 0.0
        self.spread += _LEAST_VARIANCE * np.eye(len(self.last))
        places = np.arange(len(self.last))[row]
        self.spread[places, places] = _DIRECTION_VARIANCE

    def fall(self, sd: float) -> float:
        """Return 2 (l_max - l(sd))."""

        def function(free: np.ndarray) -> tuple[float, np.ndarray]:
            length = float(np.linalg.norm(free[self.row]))
            unit = free[self.row] / length
            position = free.copy()
            position[self.row] = sd * unit
            value, gradient = self.maximum.target.value(position)
            slope = gradient[self.row]
            gradient[self.row] = sd / length * (slope - unit * (unit @ slope))
            return value, gradient

        # From the last top, which is near; it may be at a boundary that a search would not leave.
        start = self.maximum.target.off_boundary(self.last)
        start[self.row] /= np.linalg.norm(start[self.row])
        top = climb(function, start, self.spread)
        self.last = top.position
        return 2 * (self.maximum.top.value - top.value)


def _limits(profile: _Profile, estimate: float, *, excluded: bool) -> tuple[float, float]:
    """Return where the likelihood has fallen by the cut on either side, in standard units."""

    def excess(sd: float) -> float:
        return profile.fall(sd) - _CUT

    low = 0.0
    if excluded:
        low = float(optimize.brentq(excess, 0.0, estimate, xtol=_ACCURACY))
    profile.last = profile.maximum.top.position
    inside, step = estimate, _FIRST_STEP
    while excess(inside + step) < 0:
        inside, step = inside + step, 2 * step
    return low, float(optimize.brentq(excess, inside, inside + step, xtol=_ACCURACY))


def _cut_at_zero(q: int) -> float:
    """Return the 95 % point of the fall at zero of one of q effects, at least that of chi-square with one degree of freedom."""

    def excess(fall: float) -> float:
        return float(stats.chi2.sf(fall, [q - 1, q]).mean()) - 0.05

    return _CUT if q == 1 else max(_CUT, float(optimize.brentq(excess, 0.0, float(stats.chi2.isf(0.05, q)))))


def _mark(level: str, effect: Varying, limits: dict[str, float]) -> Mark:
    return Mark(
        "profiled_sd",
        f"{effect.text} by {level}",
        limits["low"],
        f"estimated as {format_number(limits['estimate'])}, and values up to {format_number(limits['high'])} are compatible with the data",
        outcomes=(effect.outcome,),
        effects=("sd", "correlation"),
        levels=(level,),
    )
