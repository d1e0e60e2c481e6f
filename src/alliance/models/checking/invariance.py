"""Whether the indicators of a construct mean the same over the course of treatment: drifts of their intercepts and loadings.

A construct is read off its indicators with the same intercepts and loadings at all sessions (`alliance.models.filling.measured`). Here both
may change in a straight line over sessions tau, while errors of different indicators are independent:

    y_jit = nu_j + d_j tau_it + lambda_j (1 + g_j tau_it) z_it + u_ij + e_jit

Only how indicators drift from each other can be told from changes of the construct itself, so drifts are counted from the composite, whose
unit and origin the construct has: sum_j w_j d_j = 0, and sum_j g_j = 0. With all of them zero invariance is strong (Meredith 1993, doi
10.1007/BF02294825; over time: Widaman, Ferrer & Conger 2010, doi 10.1111/j.1750-8606.2009.00110.x).

All follows from changes within patients, whatever the course of the construct. With b_j the slope of indicator j on tau within patients,
and r_j what that leaves, products of different indicators hold no error,

    E[r_j r_k] = lambda_j lambda_k phi(tau) (1 + (g_j + g_k) tau)

so the others, l, are the instruments of each pair (Bollen 1996, doi 10.1007/BF02296961). With N_jk = sum_l E[r_j r_l], N'_jk its slope,

    lambda_j / lambda_k = N_jk / N_kj        g_j - g_k = N'_jk / N_jk - N'_kj / N_kj        d_j = b_j - lambda_j sum_k w_k b_k

An intercept is thus what an indicator is at an average value of the construct. Standard errors are those of the jackknife that leaves out
one patient at a time, as sessions of a patient may depend on each other in any way (Efron & Stein 1981, doi 10.1214/aos/1176345462), and
tests of a construct are adjusted for their number by Holm's method. Two indicators do not tell their loadings, which are taken for alike.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from alliance.inference.multiple import adjust
from alliance.models.filling.readings import FEWEST_TO_LOAD

INTERCEPT, LOADING = "intercept", "loading"
FEWEST_PATIENTS: Final = 20
FEWEST_SESSIONS: Final = 3  # of a patient, beside a mean and a slope
LEVEL: Final = 0.95  # of the intervals whose ends are the largest drifts that data leave possible
_NOTHING_COMMON: Final = "its indicators have too little in common within patients"


@dataclass(frozen=True)
class Drift:
    """How the intercept or the loading of an indicator changes over the course of treatment, compared with all together.

    Parameters
    ----------
    indicator
        Its position.
    part
        `INTERCEPT` or `LOADING`.
    loading
        On average over the course.
    change, error
        Over the course, and its standard error: in points of the indicator, or as a share of the loading.
    size, largest
        The change in standard deviations of the construct within patients, as the indicator shows them, or as a share of the loading; and
        the largest such change, in either direction, that a 95 % interval holds.
    probability
        p-value of no drift, adjusted for all tests of the construct.
    """

    indicator: int
    part: str
    loading: float
    change: float
    error: float
    size: float
    largest: float
    probability: float


@dataclass(frozen=True)
class Course:
    """Drifts of all indicators of a construct.

    Parameters
    ----------
    reason
        Why nothing was tested; empty where it was.
    patients, sessions
        What they are told by.
    length
        Of the course that changes are over: sessions from the first to the last of the median patient.
    """

    reason: str = ""
    drifts: Sequence[Drift] = ()
    patients: int = 0
    sessions: int = 0
    length: float = float("nan")


def find_drifts(values: np.ndarray, patient: np.ndarray, session: np.ndarray, weights: np.ndarray) -> Course:
    """Test whether intercepts and loadings of indicators drift.

    Parameters
    ----------
    values
        What was recorded of each indicator, NaN where nothing was: (row, indicator).
    patient, session
        Number of the patient, and of the session, of each row.
    weights
        What each indicator counts in the composite, (indicator,).
    """
    rows = np.flatnonzero(~np.isnan(values).any(axis=1))
    rows = rows[np.bincount(patient[rows])[patient[rows]] >= FEWEST_SESSIONS]
    rows = rows[np.argsort(patient[rows], kind="stable")]
    starts = np.flatnonzero(np.diff(patient[rows], prepend=-1))
    if len(starts) < FEWEST_PATIENTS:
        return Course(
            f"{len(starts)} patients have all its indicators at {FEWEST_SESSIONS} sessions or more, and it takes {FEWEST_PATIENTS}"
        )
    values, tau = values[rows], session[rows].astype(float)
    scale = _deviations(values, starts).std(axis=0)
    if not (scale > 0).all():
        return Course("an indicator of it never changes within a patient")
    each = _sum_products(values / scale, tau, starts)
    found = _solve(_Sums(*(part.sum(axis=0, keepdims=True) for part in each)), weights * scale)
    without = _solve(_Sums(*(part.sum(axis=0) - part for part in each)), weights * scale)
    if found is None or without is None:
        return Course(_NOTHING_COMMON)
    length = float(np.median(np.maximum.reduceat(tau, starts) - np.minimum.reduceat(tau, starts)))
    return Course("", _compare(found, without, scale, length), len(starts), len(rows), length)


class _Sums(NamedTuple):
    """Sums over sessions, of patients or of all but one: (unit, ...). `w` are weights of a level and of a slope."""

    ww: np.ndarray
    wyy: np.ndarray
    wty: np.ndarray
    wtt: np.ndarray
    ty: np.ndarray
    tt: np.ndarray


class _Solved(NamedTuple):
    """Loadings, slopes d of intercepts and g of loadings, (unit, indicator), and the variance of the construct, (unit,)."""

    loading: np.ndarray
    intercept: np.ndarray
    growth: np.ndarray
    variance: np.ndarray


def _deviations(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Take off the means of patients, whose rows begin at `starts`."""
    sizes = np.diff(starts, append=len(values))
    return np.asarray(values - np.repeat(np.add.reduceat(values, starts) / sizes[:, None], sizes, axis=0))


def _sum_products(values: np.ndarray, tau: np.ndarray, starts: np.ndarray) -> _Sums:
    """Return the sums of each patient."""
    both = _deviations(np.column_stack([values, tau]), starts)
    y, t = both[:, :-1], both[:, -1]
    sizes = np.diff(starts, append=len(tau))
    count = np.repeat(sizes, sizes)
    # Of n independent values with an average level and slope on tau, products of deviations from their mean expect these shares.
    w = np.column_stack([1 - 1 / count, (1 - 2 / count) * (tau - tau.mean())])
    products = {
        "ww": np.einsum("ra,rb->rab", w, w),
        "wyy": np.einsum("ra,rj,rk->rajk", w, y, y),
        "wty": np.einsum("ra,r,rj->raj", w, t, y),
        "wtt": w * t[:, None] ** 2,
        "ty": t[:, None] * y,
        "tt": t**2,
    }
    return _Sums(**{name: np.add.reduceat(each, starts) for name, each in products.items()})


def _solve(sums: _Sums, weights: np.ndarray) -> _Solved | None:
    """Solve for loadings and drifts; None where indicators have too little in common."""
    count = len(weights)
    others = 1 - np.eye(count)
    slopes = sums.ty / sums.tt[:, None]
    crossed = np.einsum("uj,uak->uajk", slopes, sums.wty)
    squared = np.einsum("uj,uk,ua->uajk", slopes, slopes, sums.wtt)
    products = sums.wyy - crossed - crossed.transpose(0, 1, 3, 2) + squared
    solved = np.linalg.solve(sums.ww, products.reshape(len(products), 2, -1)).reshape(products.shape) * others
    level, slope = solved[:, 0], solved[:, 1]
    if count < FEWEST_TO_LOAD:
        loading, growth = np.tile(1 / (count * weights), (len(level), 1)), np.full((len(level), count), np.nan)
    else:
        told, moved = (each.sum(axis=2)[:, :, None] - each for each in (level, slope))
        told = np.where(others > 0, told, 1.0)
        if not (told > 0).all():
            return None
        share = others * moved / told
        growth = (share - share.transpose(0, 2, 1)).mean(axis=2)
        loading = np.exp((np.log(told) - np.log(told.transpose(0, 2, 1))).mean(axis=2))
        loading /= (loading @ weights)[:, None]
    variance = level.sum(axis=(1, 2)) / (np.einsum("uj,uk->ujk", loading, loading) * others).sum(axis=(1, 2))
    if not (variance > 0).all():
        return None
    return _Solved(loading, slopes - loading * (slopes @ weights)[:, None], growth, variance)


def _compare(found: _Solved, without: _Solved, scale: np.ndarray, length: float) -> list[Drift]:
    """Compare drifts over the course with their standard errors."""
    from scipy.special import stdtr, stdtrit  # brings all of its linear algebra along

    units = len(without.variance)
    loading = found.loading[0] * scale
    of_part = {INTERCEPT: (found.intercept[0], without.intercept, scale)}
    if not np.isnan(found.growth).any():
        of_part[LOADING] = (found.growth[0], without.growth, np.ones(len(scale)))
    # Two indicators drift from each other by one amount, which is tested once.
    tested = slice(None) if len(scale) >= FEWEST_TO_LOAD else slice(1)
    tables = []
    for part, (slope, left, unit) in of_part.items():
        errors = length * unit * np.sqrt((units - 1) / units * ((left - left.mean(axis=0)) ** 2).sum(axis=0))
        changes = length * unit * slope
        yardstick = loading * np.sqrt(found.variance[0]) if part == INTERCEPT else np.ones(len(scale))
        tables.append((part, changes, errors, yardstick, 2 * stdtr(units - 1, -abs(changes / errors))))
    adjusted = iter(adjust(np.concatenate([table[-1][tested] for table in tables])))
    return list(_rows(tables, loading, adjusted, float(stdtrit(units - 1, (1 + LEVEL) / 2))))


def _rows(
    tables: Sequence[tuple[str, np.ndarray, np.ndarray, np.ndarray, np.ndarray]],
    loading: np.ndarray,
    adjusted: Iterator[float],
    reach: float,
) -> Iterator[Drift]:
    latest = float("nan")
    for part, changes, errors, yardstick, _ in tables:
        for place, (change, error, unit) in enumerate(zip(changes, errors, yardstick, strict=True)):
            latest = next(adjusted, latest)
            largest = (abs(change) + reach * error) / unit
            values = (loading[place], change, error, change / unit, largest, latest)
            yield Drift(place, part, *(float(value) for value in values))
