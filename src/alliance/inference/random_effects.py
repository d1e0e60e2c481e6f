"""Estimates of several studies or sites put together: a random-effects meta-analysis.

Site s has an estimate y_s with a known standard error e_s, of an effect that differs between sites:

    y_s ~ N(mu + u_s, e_s^2),   u_s ~ N(0, tau^2),   w_s = 1 / (e_s^2 + tau^2),   m = sum w y / sum w

- tau^2 maximises the restricted likelihood  -1/2 [sum log(e^2 + tau^2) + log sum w + sum w (y - m)^2]  (Viechtbauer 2005, J Educ Behav Stat
  30, 261). It can have several maxima, so all of them are looked at. (statsmodels has the estimators of DerSimonian and Laird and of Paule
  and Mandel only, and no interval of tau.)
- The interval of tau inverts  Q(tau^2) = sum w (y - m)^2 ~ chi^2 with k - 1 degrees of freedom  (Viechtbauer 2007, Stat Med 26, 37).
- The standard error of m is  sqrt(q / sum w),  q = sum w (y - m)^2 / (k - 1), with t of k - 1 degrees of freedom (Hartung and Knapp 2001,
  Stat Med 20, 3875). Where q is below 1 it is taken as 1: a few sites agree so well by chance that the interval would be narrower than
  that of one effect which all share.
- Another site's effect is predicted within  m +- t sqrt(tau^2 + se^2)  with k - 2 degrees of freedom (Higgins, Thompson and Spiegelhalter
  2009, J R Stat Soc A 172, 137).
- I^2 = tau^2 / (tau^2 + v),  v = (k - 1) sum 1/e^2 / ((sum 1/e^2)^2 - sum 1/e^4)  (Higgins and Thompson 2002, Stat Med 21, 1539).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.optimize import brentq

_GRID = 60  # points between which maxima of the restricted likelihood are looked for
_TOLERANCE = 1e-14


@dataclass(frozen=True)
class Pooled:
    """What several sites say together.

    Parameters
    ----------
    sites
        How many there are, k.
    estimate, error, low, high
        Of the mean over sites like these.
    tau, tau_low, tau_high
        Standard deviation between sites.
    share
        I^2, how much of the variance of estimates is between sites, with `share_low` and `share_high` from the interval of tau.
    q, p_value
        Cochran's Q, of k - 1 degrees of freedom, and its p-value if all sites had one effect.
    predicted_low, predicted_high
        Where the effect of another site is expected; NaN with two sites.
    common, common_low, common_high
        The effect if it is the same in all sites (normal interval).
    scale
        q of Hartung and Knapp, before it is taken as 1.
    weights
        Share of each site in the estimate; they add up to 1.
    """

    sites: int
    estimate: float
    error: float
    low: float
    high: float
    tau: float
    tau_low: float
    tau_high: float
    share: float
    share_low: float
    share_high: float
    q: float
    p_value: float
    predicted_low: float
    predicted_high: float
    common: float
    common_low: float
    common_high: float
    scale: float
    weights: tuple[float, ...]


def pool(estimates: Sequence[float], errors: Sequence[float], interval: float = 0.95) -> Pooled:
    """Put estimates of independent sites together.

    Parameters
    ----------
    estimates, errors
        Of each site, in one unit.
    interval
        Probability content of all intervals.

    Raises
    ------
    ValueError
        There are fewer than two sites, or an error is not above zero.
    """
    y, variances = np.asarray(estimates, dtype=float), np.asarray(errors, dtype=float) ** 2
    if len(y) != len(variances) or len(y) < 2:
        raise ValueError(f"{len(y)} estimates and {len(variances)} errors: it takes two sites or more")
    if not (np.isfinite(y).all() and np.isfinite(variances).all() and (variances > 0).all()):
        raise ValueError("every site needs an estimate and a standard error above zero")
    free, tail = len(y) - 1, (1 + interval) / 2
    between = restricted_variance(y, variances)
    mean, information, squares = _weighted(y, variances + between)
    scale = squares / free
    error = math.sqrt(max(1.0, scale) / information)
    reach = float(stats.t.ppf(tail, free)) * error
    common, common_information, q = _weighted(y, variances)
    common_reach = float(stats.norm.ppf(tail)) / math.sqrt(common_information)
    further = float(stats.t.ppf(tail, free - 1)) * math.hypot(math.sqrt(between), error) if free > 1 else math.nan
    low, high = (_variance_at(y, variances, level) for level in (tail, 1 - tail))
    typical = _typical(variances)
    return Pooled(
        sites=len(y),
        estimate=mean,
        error=error,
        low=mean - reach,
        high=mean + reach,
        tau=math.sqrt(between),
        tau_low=math.sqrt(low),
        tau_high=math.sqrt(high),
        share=between / (between + typical),
        share_low=low / (low + typical),
        share_high=high / (high + typical),
        q=q,
        p_value=float(stats.chi2.sf(q, free)),
        predicted_low=mean - further,
        predicted_high=mean + further,
        common=common,
        common_low=common - common_reach,
        common_high=common + common_reach,
        scale=scale,
        weights=tuple((1 / (variances + between) / information).tolist()),
    )


def restricted_variance(y: np.ndarray, variances: np.ndarray) -> float:
    """Return the variance between sites that maximises the restricted likelihood.

    Parameters
    ----------
    y, variances
        Estimates and their squared standard errors, (site,).
    """

    def slope(between: float) -> float:
        weights = 1 / (variances + between)
        mean = (weights * y).sum() / weights.sum()
        squares = (weights**2).sum()
        return float(squares / weights.sum() - weights.sum() + (weights**2 * (y - mean) ** 2).sum())

    top = float(((y - y.mean()) ** 2).sum() + variances.max())
    while slope(top) > 0:
        top *= 4
    grid = np.concatenate([[0.0], np.geomspace(1e-8 * float(variances.min()), top, _GRID)])
    slopes = [slope(value) for value in grid]
    peaks = [
        float(brentq(slope, grid[place], grid[place + 1], xtol=_TOLERANCE * top, rtol=1e-14))
        for place in range(len(grid) - 1)
        if slopes[place] > 0 >= slopes[place + 1]
    ]
    return max([0.0, *peaks], key=lambda between: _restricted(y, variances + between))


def _restricted(y: np.ndarray, spread: np.ndarray) -> float:
    _, information, squares = _weighted(y, spread)
    return -0.5 * (float(np.log(spread).sum()) + math.log(information) + squares)


def _weighted(y: np.ndarray, spread: np.ndarray) -> tuple[float, float, float]:
    """Return the weighted mean, the sum of weights, and the weighted squares around the mean."""
    weights = 1 / spread
    mean = float((weights * y).sum() / weights.sum())
    return mean, float(weights.sum()), float((weights * (y - mean) ** 2).sum())


def _variance_at(y: np.ndarray, variances: np.ndarray, level: float) -> float:
    """Return the variance between sites at which Q is this quantile of its distribution; 0 where it is smaller even there."""
    wanted = float(stats.chi2.ppf(level, len(y) - 1))

    def excess(between: float) -> float:
        return _weighted(y, variances + between)[2] - wanted

    if excess(0.0) <= 0:
        return 0.0
    top = float(((y - y.mean()) ** 2).sum() + variances.max())
    while excess(top) > 0:
        top *= 4
    return float(brentq(excess, 0.0, top, xtol=_TOLERANCE * top, rtol=1e-14))


def _typical(variances: np.ndarray) -> float:
    """Return the variance within sites that I^2 compares with."""
    weights = 1 / variances
    return float((len(variances) - 1) * weights.sum() / (weights.sum() ** 2 - (weights**2).sum()))


@dataclass(frozen=True)
class Shrunk:
    """What is known of a site when the others count too, with its interval."""

    estimate: float
    low: float
    high: float


def shrink(estimates: Sequence[float], errors: Sequence[float], pooled: Pooled, interval: float = 0.95) -> list[Shrunk]:
    """Draw each site towards the mean, the more the less it knows and the less sites differ.

    The best linear unbiased prediction of the effect in site s and its variance are

        l_s y_s + (1 - l_s) m,   l_s e_s^2 + (1 - l_s)^2 se^2,   l_s = tau^2 / (tau^2 + e_s^2)

    with t of k - 1 degrees of freedom, as `blup` of metafor (Raudenbush and Bryk 1985, J Educ Stat 10, 75). That tau is an estimate, and a
    poor one with few sites, is not in the interval: where it is zero, all sites have the mean and its interval.

    Parameters
    ----------
    estimates, errors
        As in `pool`.
    pooled
        What `pool` made of them.
    """
    reach = float(stats.t.ppf((1 + interval) / 2, pooled.sites - 1))
    found = []
    for estimate, error in zip(estimates, errors, strict=True):
        own = pooled.tau**2 / (pooled.tau**2 + error**2)
        centre = own * estimate + (1 - own) * pooled.estimate
        half = reach * math.sqrt(own * error**2 + ((1 - own) * pooled.error) ** 2)
        found.append(Shrunk(centre, centre - half, centre + half))
    return found
