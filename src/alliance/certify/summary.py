"""Bias and coverage over many studies, with the error of the simulation and a verdict that takes it into account."""

import numpy as np
import pandas as pd
from scipy import stats

from alliance.certify.recovery import KEYS, NOT_FITTED
from alliance.facts.columns import FLAG_SEPARATOR

GROUP = ["design", "method", *KEYS]
SUMMARY_COLUMNS = [
    *GROUP, "truth", "n_studies", "n_not_fitted", "n_withheld", "n_flagged", "share_flagged", "mean_estimate", "bias", "bias_se",
    "bias_percent", "bias_percent_se", "bias_sds", "empirical_sd", "mean_sd", "coverage", "coverage_low", "coverage_high", "coverage_se",
    "flags", "verdict_bias", "verdict_coverage", "verdict",
]  # fmt: skip
RIGHT, FLAGGED_RIGHTLY, UNDECIDED, WRONG, NOT_GIVEN = VERDICTS = ("right", "flagged", "undecided", "wrong", "not given")
MOST_BIAS = 5.0  # percent of the truth
MOST_OF_SD = 0.25  # bias in standard deviations of the estimates where the truth is zero: coverage is then still 94.3 %
FEWEST = 20  # studies without which nothing is decided
COVERAGE = (0.92, 0.98)
FLAGGED = 0.8  # share of studies in which an estimate that is wrong has to say so
_CERTAINTY = 0.95  # of the intervals for bias and coverage that the verdicts look at


def summarise_recovery(studies: pd.DataFrame) -> pd.DataFrame:
    """Summarise the estimates of many studies.

    Bias is the mean of the estimates minus the truth, with Monte Carlo standard error sd / sqrt(n); coverage the share of intervals that
    hold the truth, with Wilson's interval (Morris, White & Crowther 2019, doi 10.1002/sim.8086). Either is ``met`` or ``missed`` if
    the whole 95 % interval lies on that side of its limit, and ``probably met`` or ``probably missed`` if only the value itself does: more
    studies would decide. Limits are `MOST_BIAS` and `COVERAGE`; where the truth is zero `MOST_OF_SD` takes the place of the first.

    The whole verdict is

    right      bias and coverage lie within their limits
    wrong      one of them lies beyond its limit, with its whole 95 % interval
    undecided  one of them lies beyond its limit, but not with its whole interval; or there are fewer than `FEWEST` estimates
    flagged    wrong or undecided, but at least `FLAGGED` of the studies have a flag on the estimate or withhold it
    not given  the method has no number for it in any study

    `flags` says which flags there were, and in what percentage of the studies.

    Parameters
    ----------
    studies
        Rows of `alliance.certify.recovery.recover_studies`, in any order.

    Returns
    -------
    pandas.DataFrame
        Columns `SUMMARY_COLUMNS`, one row per design, method and effect, in the order of their first appearance. Standard deviations
        of the estimates over studies (`empirical_sd`) and the root mean square of those that the fits claim (`mean_sd`) are in raw units.
    """
    rows = [_summarise(group) for _, group in studies.groupby(GROUP, sort=False)]
    table = pd.DataFrame(rows, columns=SUMMARY_COLUMNS)
    # The truth of a correlation stands in both orders of the two where no fit could say which one is that of the model.
    return table[(table["effect"] != "correlation") | (table["verdict"] != NOT_GIVEN)].reset_index(drop=True)


def _summarise(group: pd.DataFrame) -> dict[str, object]:
    first = group.iloc[0]
    fitted = group[~group["flag"].str.startswith(NOT_FITTED)]
    given = fitted[fitted["estimate"].notna()]
    truth, count = float(first["truth"]), len(given)
    estimates = given["estimate"].to_numpy(dtype=float)
    spread = float(estimates.std(ddof=1)) if count > 1 else np.nan
    bias = float(estimates.mean()) - truth if count else np.nan
    error = spread / np.sqrt(count) if count else np.nan
    held = int(((given["low"] <= truth) & (truth <= given["high"])).sum())
    low, high = _wilson(held, count)
    coverage = held / count if count else np.nan
    relative = 100 / abs(truth) if truth else np.nan
    limit = MOST_BIAS / relative if truth else MOST_OF_SD * spread
    half = float(stats.norm.ppf((1 + _CERTAINTY) / 2)) * error
    verdicts = judge(bias, bias - half, bias + half, -limit, limit), judge(coverage, low, high, *COVERAGE)
    share = float((fitted["flag"] != "").mean()) if len(fitted) else np.nan
    return {
        **first[GROUP],
        "truth": truth,
        "n_studies": count,
        "n_not_fitted": len(group) - len(fitted),
        "n_withheld": len(fitted) - count,
        "n_flagged": int((given["flag"] != "").sum()),
        "share_flagged": share,
        "mean_estimate": truth + bias,
        "bias": bias,
        "bias_se": error,
        "bias_percent": bias * relative,
        "bias_percent_se": error * relative,
        "bias_sds": bias / spread if spread else np.nan,
        "empirical_sd": spread,
        "mean_sd": float(np.sqrt((given["sd"] ** 2).mean())) if count else np.nan,
        "coverage": coverage,
        "coverage_low": low,
        "coverage_high": high,
        "coverage_se": np.sqrt(coverage * (1 - coverage) / count) if count else np.nan,
        "flags": _name_flags(group["flag"]),
        "verdict_bias": verdicts[0],
        "verdict_coverage": verdicts[1],
        "verdict": _conclude(verdicts, count, share),
    }


def _conclude(verdicts: tuple[str, str], count: int, flagged: float) -> str:
    if not count:
        return NOT_GIVEN
    if count >= FEWEST and not any("missed" in verdict for verdict in verdicts):
        return RIGHT
    if flagged >= FLAGGED:
        return FLAGGED_RIGHTLY
    return WRONG if count >= FEWEST and "missed" in verdicts else UNDECIDED


def _name_flags(flags: pd.Series) -> str:
    """Name the flags and the percentage of studies that have each, the most frequent first."""
    single = flags[flags != ""].str.split(FLAG_SEPARATOR).explode().value_counts()
    return FLAG_SEPARATOR.join(f"{name} {100 * found / len(flags):.0f} %" for name, found in single.items())


def _wilson(held: int, count: int) -> tuple[float, float]:
    if not count:
        return np.nan, np.nan
    interval = stats.binomtest(held, count).proportion_ci(_CERTAINTY, method="wilson")
    return float(interval.low), float(interval.high)


def judge(value: float, low: float, high: float, least: float, most: float) -> str:
    """Say whether a value with its interval lies within limits: met, probably met, probably missed or missed; empty if unknown."""
    if np.isnan([value, low, high]).any():
        return ""
    if least <= low and high <= most:
        return "met"
    if high < least or low > most:
        return "missed"
    return "probably met" if least <= value <= most else "probably missed"
