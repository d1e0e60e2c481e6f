"""How reliable scores are, between patients and within them.

One coefficient over all rows mixes two questions: how well a scale tells patients apart, and how well it tracks one
patient from session to session. Both are answered by splitting the items' covariance into two levels.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Smallest eigenvalue of the between matrix, as a share of the largest, that still passes as sampling error. In
# simulated data it was above -.05 where patients differ (-.10 in the worst twentieth with 30 patients and 12 items), and mostly
# between -.2 and -5 where they do not.
_MOST_NEGATIVE = -0.10
_LARGEST_STEPS, _SMALLEST_CHANGE = 5000, 1e-9
_STEP = 1e-4  # standard deviations by which a covariance is moved for a slope
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Coefficient:
    """A reliability, or NaN and the reason why there is none."""

    value: float
    reason: str = ""


@dataclass(frozen=True)
class Levels:
    """Covariance matrices of items (k x k) within and between patients, and what they rest on."""

    within: Matrix
    between: Matrix
    n_groups: int
    within_degrees: int


def cronbach_alpha(items: Matrix) -> Coefficient:
    """Cronbach's alpha over all rows, whoever they come from.

    alpha = k / (k - 1) * (1 - sum of item variances / variance of the sum)   (Cronbach 1951)

    Parameters
    ----------
    items
        Complete answers, rows x k.
    """
    rows, k = items.shape
    if k < 2:
        return Coefficient(np.nan, "alpha needs at least 2 items")
    if rows < 3:
        return Coefficient(np.nan, f"alpha needs at least 3 complete rows, there are {rows}")
    total = items.sum(axis=1).var(ddof=1)
    if not total > 0:
        return Coefficient(np.nan, "the total does not vary")
    return Coefficient(float(k / (k - 1) * (1 - items.var(axis=0, ddof=1).sum() / total)))


def split_levels(items: Matrix, groups: NDArray[np.int64]) -> Levels:
    """Split the covariance of items into a part within and a part between groups (ANOVA estimators).

    MSW = sum_i sum_t (x_it - x_i.)(x_it - x_i.)' / (N - I)
    MSB = sum_i n_i (x_i. - x..)(x_i. - x..)' / (I - 1)
    within = MSW,  between = (MSB - MSW) / n0,  n0 = (N - sum_i n_i^2 / N) / (I - 1)
    (Searle, Casella & McCulloch 1992, ch. 3; the same estimators as in Muthén 1994)

    Parameters
    ----------
    items
        Complete answers, N x k.
    groups
        Patient of each row, as numbers 0 to I - 1, each occurring.

    Returns
    -------
    Levels
        The between matrix need not be a covariance matrix: it may have negative eigenvalues.
    """
    rows, n_groups = len(items), int(groups.max()) + 1 if len(groups) else 0
    k = items.shape[1]
    sizes = np.bincount(groups, minlength=n_groups).astype(float)
    empty = np.full((k, k), np.nan)
    if n_groups < 2 or rows == n_groups:
        return Levels(empty, empty, n_groups, rows - n_groups)
    means = np.zeros((n_groups, k))
    np.add.at(means, groups, items)
    means /= sizes[:, None]
    inside, apart = items - means[groups], means - items.mean(axis=0)
    within = inside.T @ inside / (rows - n_groups)
    mean_square = (apart * sizes[:, None]).T @ apart / (n_groups - 1)
    typical_size = (rows - (sizes**2).sum() / rows) / (n_groups - 1)
    return Levels(within, (mean_square - within) / typical_size, n_groups, rows - n_groups)


def omega_within(levels: Levels) -> Coefficient:
    """Reliability of changes from session to session within patients, see `one_factor_omega`."""
    if levels.within_degrees <= len(levels.within):
        return Coefficient(np.nan, "omega within patients: too few repeated sessions for the number of items")
    return one_factor_omega(levels.within, "within patients")


def omega_between(levels: Levels) -> Coefficient:
    """Reliability of differences between patients' stable levels, see `one_factor_omega`.

    The between matrix is an unbiased estimate that may have negative eigenvalues. Small ones are sampling error and
    stay (setting them to zero would bias omega downwards); large ones mean that there is no covariance matrix.
    """
    if levels.n_groups <= len(levels.between) or np.isnan(levels.between).any():
        return Coefficient(
            np.nan, "omega between patients: too few patients or repeated sessions for the number of items"
        )
    roots = np.linalg.eigvalsh(levels.between)
    if not roots[-1] > 0 or roots[0] < _MOST_NEGATIVE * roots[-1]:
        return Coefficient(
            np.nan, "omega between patients: patients hardly differ (the items' covariance is not positive)"
        )
    return one_factor_omega(levels.between, "between patients")


def one_factor_omega(covariance: Matrix, level: str) -> Coefficient:
    """Omega of a sum of items from a one-factor model of their covariance at one level.

    omega = (sum_j l_j)^2 / ((sum_j l_j)^2 + sum_j t_j)   with loadings l and unique variances t
    (McDonald 1999; at each level separately: Geldhof, Preacher & Zyphur 2014)

    Loadings minimise the squared residuals off the diagonal of the correlation matrix (minres, Harman & Jones 1966)
    under -1 <= l_j <= 1, so that no unique variance is negative. Each step solves for one loading exactly.
    """
    k = len(covariance)
    if k < 3:
        return Coefficient(np.nan, f"omega {level}: needs at least 3 items")
    variances = np.diag(covariance)
    # Relative to the largest, because a variance that is zero comes out as rounding error.
    if not (variances > 1e-10 * variances.max()).all():
        return Coefficient(np.nan, f"omega {level}: an item does not vary")
    scale = np.sqrt(variances)
    correlations = covariance / np.outer(scale, scale)
    np.fill_diagonal(correlations, 0.0)
    vector = np.linalg.eigh(correlations)[1][:, -1]
    loadings = vector * (np.sign(vector.sum()) or 1.0) * np.sqrt(0.5)
    for _ in range(_LARGEST_STEPS):
        before = loadings.copy()
        for item in range(k):
            others = loadings @ loadings - loadings[item] ** 2
            if not others > 1e-12:
                return Coefficient(np.nan, f"omega {level}: the items have no factor in common")
            loadings[item] = np.clip(correlations[item] @ loadings / others, -1, 1)
        if np.abs(loadings - before).max() < _SMALLEST_CHANGE:
            break
    else:
        return Coefficient(np.nan, f"omega {level}: the one-factor model did not converge")
    common = float((loadings * scale).sum() ** 2)
    return Coefficient(common / (common + float(((1 - loadings**2) * variances).sum())))


def logit_errors(items: Matrix, groups: NDArray[np.int64]) -> tuple[float, float]:
    """Return the standard errors of log(omega / (1 - omega)) within and between patients; NaN where there is no such omega.

    By what each patient contributes to the covariance C of the items, d_i, and the slope of the logit on each element of it (delta method
    with patients as clusters; Shao & Tu 1995, ch. 2.2): se^2 = n / (n - 1) sum_i (sum_jk slope_jk d_ijk)^2. On the logit errors are near
    normal and omega stays between 0 and 1.

    Parameters
    ----------
    items, groups
        As in `split_levels`.
    """
    levels = split_levels(items, groups)
    if levels.n_groups < 2 or levels.within_degrees < 1:
        return np.nan, np.nan
    sizes = np.bincount(groups).astype(float)
    means = np.zeros((levels.n_groups, items.shape[1]))
    np.add.at(means, groups, items)
    means /= sizes[:, None]
    inside, apart = items - means[groups], means - items.mean(axis=0)
    products = np.zeros((levels.n_groups, *levels.within.shape))
    np.add.at(products, groups, inside[:, :, None] * inside[:, None, :])
    within = (products - (sizes - 1)[:, None, None] * levels.within) / levels.within_degrees
    typical_size = (len(items) - (sizes**2).sum() / len(items)) / (levels.n_groups - 1)
    mean_square = levels.within + typical_size * levels.between
    squares = sizes[:, None, None] * apart[:, :, None] * apart[:, None, :]
    between = ((squares - mean_square) / (levels.n_groups - 1) - within) / typical_size
    found = (omega_within(levels), levels.within, within), (omega_between(levels), levels.between, between)
    first, second = (_error(omega.value, covariance, parts) for omega, covariance, parts in found)
    return first, second


def _error(omega: float, covariance: Matrix, parts: Matrix) -> float:
    """Return the standard error of a logit from what each patient contributes to the covariance, (patient, k, k)."""
    if not 0 < omega < 1:
        return np.nan
    slopes = np.zeros_like(covariance)
    scale = np.sqrt(np.diag(covariance))
    for i, j in zip(*np.tril_indices(len(covariance)), strict=True):
        step = np.zeros_like(covariance)
        step[i, j] = step[j, i] = _STEP * scale[i] * scale[j]
        up, down = (one_factor_omega(covariance + sign * step, "").value for sign in (1, -1))
        if not (0 < up < 1 and 0 < down < 1):
            return np.nan
        slopes[i, j] = (np.log(up / (1 - up)) - np.log(down / (1 - down))) / (2 * step[i, j])
    moved = np.einsum("nij,ij->n", parts, slopes)
    return float(np.sqrt(len(parts) / (len(parts) - 1) * np.square(moved).sum()))
