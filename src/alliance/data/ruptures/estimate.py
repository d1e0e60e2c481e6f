"""How series of a study vary where nothing ruptures, estimated so that a few ruptures among them count little.

Indirect inference (Gourieroux, Monfort and Renault 1993, doi 10.1002/jae.3950080507): parameters are moved until simulated series, recorded
at the same sessions and on the same scale, look like those observed. What they are compared by is robust, and each mainly tells one of the
parameters: means, the spread of patients' means, of their slopes and of the logarithm of their moving ranges, and the spread of differences
of sessions one and two apart. An autoregressive series has V1 = 2 s^2 (1 - r) and V2 = 2 s^2 (1 - r^2), whatever lasting levels are.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from alliance.data.ruptures.series import Usual, slopes_of

_CUT: Final = 1.5  # standard deviations beyond which a value counts as if it lay there
_KEPT: Final = 0.7784652  # E[min(z^2, cut^2)] of a standard normal z: what cutting leaves of its variance
_STEPS: Final = 25  # of the search for one spread
_ROUNDS: Final = 12  # of simulating and comparing
_PATIENTS: Final = 2000  # simulated in a round, at least
_WHOLE: Final = 0.9  # share of scores on a grid from which on the grid is the scale's
_GRIDS: Final = (1.0, 0.5, 0.25, 0.1)
_STRONGEST: Final = 0.9  # autoregression that can still be told from a lasting level
_LINE, _RANGES = 4, 4  # sessions of a patient whose slope counts, and neighbouring pairs of one whose moving range does
_LEAST: Final = 1e-6
_STREAM: Final = 0x7573


@dataclass(frozen=True)
class _Look:
    """What series are compared by."""

    level: float
    slope: float
    means: float  # standard deviations
    slopes: float
    near: float
    far: float
    ranges: float


def usual_of(
    values: np.ndarray, low: float = -np.inf, high: float = np.inf, reliability: float = np.nan, seed: int = 0
) -> Usual:
    """Estimate how series vary where nothing ruptures.

    Parameters
    ----------
    values
        (patients, sessions), see `alliance.data.ruptures.series.series_of`; some patient needs two neighbouring sessions.
    low, high
        Ends of the scale.
    reliability
        Within patients; the error of measurement follows from it.
    """
    seen = np.isfinite(values)
    values = values[seen.any(axis=1)]
    observed, sessions = _look(values, _grid(values)), values.shape[1]
    usual = Usual(
        observed.level - observed.slope * (sessions - 1) / 2,
        observed.slope,
        observed.means,
        max(observed.near / np.sqrt(2), _LEAST),
        0.0,
        low=low,
        high=high,
        step=_grid(values),
    )
    copies = np.tile(np.isfinite(values), (-(-_PATIENTS // len(values)), 1))
    for _ in range(_ROUNDS):
        # The same chance in all rounds, so that they settle.
        usual = _nearer(usual, observed, usual.simulate(copies, np.random.default_rng([seed, _STREAM])))
    return replace(usual, error=usual.within * np.sqrt(1 - reliability))


def _nearer(usual: Usual, observed: _Look, simulated: np.ndarray) -> Usual:
    now, sessions = _look(simulated, usual.step), simulated.shape[1]
    slope = usual.slope + observed.slope - now.slope
    middle = usual.start + usual.slope * (sessions - 1) / 2 + observed.level - now.level
    time = np.where(np.isfinite(simulated), np.arange(sessions, dtype=float), np.nan)
    able = np.isfinite(time).sum(axis=1) >= _LINE
    per_trend = (
        float(np.nanvar(time[able], axis=1).mean() * np.isfinite(time[able]).sum(axis=1).mean())
        if able.any()
        else np.inf
    )
    return replace(
        usual,
        start=middle - slope * (sessions - 1) / 2,
        slope=slope,
        between=_moved(usual.between, observed.means, now.means),
        trends=_moved(usual.trends, observed.slopes, now.slopes, per_trend),
        uneven=_moved(usual.uneven, observed.ranges, now.ranges),
        within=usual.within * observed.near / now.near if now.near > 0 else usual.within,
        ar=float(np.clip(usual.ar + _ratio(observed) - _ratio(now), 0.0, _STRONGEST)),
    )  # fmt: skip


def _moved(value: float, observed: float, now: float, per: float = 1.0) -> float:
    """Move a standard deviation by a difference of variances."""
    difference = (observed**2 - now**2) / per
    return float(np.sqrt(max(value**2 + difference, 0.0))) if np.isfinite(difference) else value


def _ratio(look: _Look) -> float:
    return look.far**2 / look.near**2 if look.near > 0 and np.isfinite(look.far) else 0.0


def _look(values: np.ndarray, step: float) -> _Look:
    seen = np.isfinite(values)
    count = seen.sum(axis=1)
    means = np.nansum(values, axis=1) / count
    time = np.where(seen, np.arange(values.shape[1], dtype=float), 0.0)
    own = time - time.sum(axis=1, keepdims=True) / count[:, None]
    squares = np.where(seen, own**2, 0.0).sum()
    slope = (
        float(np.where(seen, own * (np.nan_to_num(values) - means[:, None]), 0.0).sum() / squares) if squares else 0.0
    )
    at_middle = means - slope * (time.sum(axis=1) / count - (values.shape[1] - 1) / 2)
    scaled = slopes_of(values)
    steps = np.abs(np.diff(values, axis=1))
    pairs = np.isfinite(steps).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ranges = np.log(np.nansum(steps, axis=1) / pairs + step / 2)
    return _Look(
        float(at_middle.mean()),
        slope,
        spread(at_middle),
        spread(scaled[count >= _LINE]),
        spread(np.diff(values, axis=1)),
        spread(values[:, 2:] - values[:, :-2]),
        spread(ranges[pairs >= _RANGES]),
    )  # fmt: skip


def spread(values: np.ndarray) -> float:
    """Return a standard deviation in which what lies far out counts as if it lay at the cut (Huber's second proposal); NaN of one value."""
    known = values[np.isfinite(values)]
    if len(known) < 2:
        return float("nan")
    squares = (known - np.median(known)) ** 2
    found = float(squares.mean())
    for _ in range(_STEPS):
        found = float(np.minimum(squares, _CUT**2 * found).mean()) / _KEPT
    return float(np.sqrt(found))


def _grid(values: np.ndarray) -> float:
    """Return the steps in which scores are recorded; 0 where they lie on no grid."""
    known = values[np.isfinite(values)]
    return next(
        (step for step in _GRIDS if (np.abs(known / step - np.rint(known / step)) < _LEAST).mean() >= _WHOLE), 0.0
    )
