"""Bias, coverage and verdicts on numbers that can be checked by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alliance.certify.recovery import COLUMNS, WITHHELD
from alliance.certify.recovery import NOT_FITTED as BEGINNING
from alliance.certify.summary import MOST_OF_SD, SUMMARY_COLUMNS, coverage_of_biased, judge, summarise_recovery

NOT_FITTED = f"{BEGINNING}: ModelError: too few rows"


def studies(estimates: list[float], flags: list[str], half: float = 0.5) -> pd.DataFrame:
    rows = pd.DataFrame({"estimate": estimates, "flag": flags, "study": range(len(estimates))})
    rows = rows.assign(design="d", method="ml", path="x -> y", effect="b", level="within", horizon="", truth=-2.0)
    return rows.assign(sd=0.3, low=rows["estimate"] - half, high=rows["estimate"] + half)[COLUMNS]


def test_bias_coverage_and_counts() -> None:
    (row,) = summarise_recovery(
        studies([-1.8, -2.2, -2.6, -1.8, np.nan, np.nan], ["", "few therapists", "", "", WITHHELD, NOT_FITTED])
    ).to_dict("records")
    assert (row["n_studies"], row["n_not_fitted"], row["n_withheld"], row["n_flagged"]) == (4, 1, 1, 1)
    assert row["share_flagged"] == 2 / 5  # flagged or withheld, of the studies that were fitted
    assert row["flags"].startswith("few therapists 17%") and NOT_FITTED in row["flags"]
    assert row["mean_estimate"] == pytest.approx(-2.1)
    assert row["bias"] == pytest.approx(-0.1)
    assert row["bias_percent"] == pytest.approx(-5.0)  # of the size of the truth; its sign is that of the bias
    spread = np.std([-1.8, -2.2, -2.6, -1.8], ddof=1)
    assert row["empirical_sd"] == pytest.approx(spread)
    assert row["bias_se"] == pytest.approx(spread / 2)
    assert row["bias_percent_se"] == pytest.approx(spread / 2 / 2 * 100)
    assert row["mean_sd"] == pytest.approx(0.3)
    assert row["coverage"] == 0.75  # -2.6 +- .5 misses
    assert row["coverage_se"] == pytest.approx(np.sqrt(0.75 * 0.25 / 4))
    # Wilson's interval for 3 of 4, as in Agresti & Coull (1998): (p + z^2/2n -+ z sqrt(pq/n + z^2/4n^2)) / (1 + z^2/n).
    z = 1.959964
    centre, half = 0.75 + z**2 / 8, z * np.sqrt(0.75 * 0.25 / 4 + z**2 / 64)
    assert (row["coverage_low"], row["coverage_high"]) == pytest.approx(
        ((centre - half) / (1 + z**2 / 4), (centre + half) / (1 + z**2 / 4)), rel=1e-5
    )
    assert row["verdict_coverage"] == "probably missed"


@pytest.mark.parametrize(
    ("estimates", "flags", "verdict", "named"),
    [
        ([-2.01, -1.99] * 20, [""] * 40, "right", ""),
        ([-1.0, -1.1] * 20, ["floor; few therapists", "floor"] * 20, "flagged", "floor 100%; few therapists 50%"),
        ([-1.0, -1.1] * 20, ["floor", ""] * 20, "wrong", "floor 50%"),
        ([-1.965] * 40, [""] * 40, "undecided", ""),  # 36 of 40 intervals hold the truth: 90 %, Wilson from 77 to 96
    ],
)
def test_an_estimate_is_right_or_says_that_it_is_not(
    estimates: list[float], flags: list[str], verdict: str, named: str
) -> None:
    spread = np.linspace(-0.25, 0.25, 40)  # 38 of 40 intervals of half width .24 hold their centre
    (row,) = summarise_recovery(
        studies([e + s for e, s in zip(estimates, spread, strict=True)], flags, half=0.24)
    ).to_dict("records")
    assert (row["verdict"], row["flags"]) == (verdict, named)


def normal(centre: float, sd: float, count: int = 2000) -> list[float]:
    """Estimates with exactly this mean, near normal."""
    values = stats.norm.ppf((np.arange(count) + 0.5) / count)
    return list(centre + sd * values / values.std(ddof=1))


@pytest.mark.parametrize(
    ("truth", "bias", "sd", "strict", "verdict"),
    [
        (-0.2, -0.05, 0.7, "wrong", "right"),  # 25 % of a truth that is small beside its standard error: .07 of it
        (-0.2, -0.15, 0.7, "wrong", "wrong"),  # .21 of it
        (-2.0, -0.09, 0.3, "right", "right"),  # 4.5 %, and .3 standard deviations, which coverage judges
        (
            -2.0,
            -0.11,
            0.3,
            "undecided",
            "undecided",
        ),  # 5.5 %, undecided even with 2,000 studies; .37 standard deviations
        (0.0, 0.06, 0.7, "right", "right"),
        (0.0, 0.15, 0.7, "wrong", "wrong"),
    ],
)
def test_bias_is_wrong_beside_the_truth_and_beside_its_own_standard_deviation(
    truth: float, bias: float, sd: float, strict: str, verdict: str
) -> None:
    table = studies(normal(truth + bias, sd), [""] * 2000, half=1.96 * sd).assign(truth=truth)
    (row,) = summarise_recovery(table).to_dict("records")
    assert row["bias_sds"] == pytest.approx(bias / sd)
    assert (row["verdict_strict"], row["verdict"]) == (strict, verdict)


def test_error_of_a_bias_in_standard_deviations_is_its_spread_over_simulations() -> None:
    samples = np.random.default_rng(1).normal(0.8, 1.0, (20_000, 50))
    spread = (samples.mean(axis=1) / samples.std(axis=1, ddof=1)).std(ddof=1)
    (row,) = summarise_recovery(studies(normal(-1.2, 1.0, 50), [""] * 50)).to_dict("records")
    # The formula is that of large samples: 50 leave 2 %.
    assert row["bias_sds_se"] == pytest.approx(spread, rel=0.03)


def test_a_tenth_of_a_standard_deviation_leaves_intervals_that_nearly_hold_what_they_say() -> None:
    draws = np.random.default_rng(2).normal(MOST_OF_SD, 1.0, 400_000)
    assert coverage_of_biased(MOST_OF_SD) == pytest.approx(0.949, abs=5e-4)
    assert coverage_of_biased(MOST_OF_SD) == pytest.approx(
        (np.abs(draws) < 1.959964).mean(), abs=0.0015
    )  # 4 standard errors
    assert coverage_of_biased(0.0) == pytest.approx(0.95)


def test_columns_and_order_of_the_table() -> None:
    both = pd.concat([studies([-2.0, -2.1], ["", ""]).assign(method=name) for name in ("textbook", "ml")])
    table = summarise_recovery(both)
    assert list(table) == SUMMARY_COLUMNS
    assert table["method"].tolist() == ["textbook", "ml"]


def test_a_method_that_fits_no_study_gets_no_verdict() -> None:
    (row,) = summarise_recovery(studies([np.nan, np.nan], [NOT_FITTED, NOT_FITTED])).to_dict("records")
    assert row["n_studies"] == 0
    assert np.isnan(row["bias"]) and np.isnan(row["coverage"])
    assert row["verdict_bias"] == row["verdict_coverage"] == ""


@pytest.mark.parametrize(
    ("value", "low", "high", "verdict"),
    [
        (1, -1, 3, "met"),
        (3, -1, 7, "probably met"),
        (6, 4, 8, "probably missed"),
        (-9, -12, -6, "missed"),
        (np.nan, 0, 1, ""),
    ],
)
def test_verdicts_take_the_error_of_the_simulation_into_account(
    value: float, low: float, high: float, verdict: str
) -> None:
    assert judge(value, low, high, -5, 5) == verdict
