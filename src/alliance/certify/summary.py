"""Bias and coverage over many studies, with the error of the simulation and a verdict that takes it into account."""

import numpy as np
import pandas as pd
from scipy import stats

from alliance.certify.recovery import KEYS, NOT_FITTED
from alliance.facts.columns import FLAG_SEPARATOR

GROUP = ["design", "method", *KEYS]
SUMMARY_COLUMNS = [
    *GROUP, "truth", "n_studies", "n_not_fitted", "n_withheld", "n_flagged", "share_flagged", "mean_estimate", "bias", "bias_se",
    "bias_percent", "bias_percent_se", "bias_sds", "bias_sds_se", "empirical_sd", "mean_sd", "coverage", "coverage_low", "coverage_high",
    "coverage_se", "flags", "verdict_bias", "verdict_coverage", "verdict", "verdict_strict",
]  # fmt: skip
RIGHT, FLAGGED_RIGHTLY, UNDECIDED, WRONG, NOT_GIVEN = VERDICTS = ("right", "flagged", "undecided", "wrong", "not given")
MOST_BIAS = 5.0  # percent of the truth
MOST_OF_SD = 0.1  # bias in standard deviations of the estimates: coverage of 95 % intervals is then still 94.9 %, see `coverage_of_biased`
FEWEST = 20  # studies without which nothing is decided
COVERAGE = (0.92, 0.98)
FLAGGED = 0.8  # share of studies in which an estimate that is wrong has to say so
_FROM_MET = ("met", "probably met", "probably missed", "missed")
_CERTAINTY = 0.95  # of the intervals for bias and coverage that the verdicts look at


def summarise_recovery(studies: pd.DataFrame) -> pd.DataFrame:
    """Summarise the estimates of many studies.

    Bias is the mean of the estimates minus the truth, with Monte Carlo standard error sd / sqrt(n); coverage the share of intervals that
    hold the truth, with Wilson's interval (Morris, White & Crowther 2019, doi 10.1002/sim.8086). Either is ``met`` or ``missed`` if
    the whole 95 % interval lies on that side of its limit, and ``probably met`` or ``probably missed`` if only the value itself does: more
    studies would decide.

    Bias has two limits, and keeping one of them is enough: `MOST_BIAS`, a share of the truth, and `MOST_OF_SD`, a share of the standard
    deviation of the estimates. A truth that is small beside its own standard error leaves nothing to take a share of: a slope of -.2 that
    studies estimate with a standard deviation of .7 would have to be right to .01, and 20,000 studies would be needed to see whether it
    is, though no reader of one study could notice: bias of d standard deviations leaves a 95 % interval with a coverage of

        Phi(1.96 - d) - Phi(-1.96 - d)

    which is .949 with d = .1. So small a bias is still one where many studies are averaged. `verdict_strict` is therefore the verdict by
    the share of the truth alone (by the standard deviation only where the truth is zero), beside `verdict`.

    The standard error of a bias in standard deviations, d, is sqrt((1 + d^2 / 2) / n), since the standard deviation is estimated too
    (Hedges & Olkin 1985, for one sample).

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
    in_sds = bias / spread if spread else np.nan
    error_in_sds = np.sqrt((1 + in_sds**2 / 2) / count) if count else np.nan
    of_sd = _judge_bias(in_sds, error_in_sds, MOST_OF_SD)
    of_truth = _judge_bias(bias * relative, error * relative, MOST_BIAS) if truth else of_sd
    of_either = min(filter(None, (of_truth, of_sd)), key=_FROM_MET.index, default="")
    of_coverage = judge(coverage, low, high, *COVERAGE)
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
        "bias_sds": in_sds,
        "bias_sds_se": error_in_sds,
        "empirical_sd": spread,
        "mean_sd": float(np.sqrt((given["sd"] ** 2).mean())) if count else np.nan,
        "coverage": coverage,
        "coverage_low": low,
        "coverage_high": high,
        "coverage_se": np.sqrt(coverage * (1 - coverage) / count) if count else np.nan,
        "flags": _name_flags(group["flag"]),
        "verdict_bias": of_either,
        "verdict_coverage": of_coverage,
        "verdict": _conclude((of_either, of_coverage), count, share),
        "verdict_strict": _conclude((of_truth, of_coverage), count, share),
    }


def coverage_of_biased(sds: float) -> float:
    """Return the coverage of 95 % intervals of normal estimates whose mean is some standard deviations from the truth."""
    reach = float(stats.norm.ppf(0.975))
    return float(stats.norm.cdf(reach - sds) - stats.norm.cdf(-reach - sds))


def _judge_bias(bias: float, error: float, most: float) -> str:
    half = float(stats.norm.ppf((1 + _CERTAINTY) / 2)) * error
    return judge(bias, bias - half, bias + half, -most, most)


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
    return FLAG_SEPARATOR.join(f"{name} {100 * found / len(flags):.0f}%" for name, found in single.items())


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
