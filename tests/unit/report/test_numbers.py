"""Numbers as people read them."""

import math
from collections.abc import Callable

import pytest

from alliance.report.numbers import (
    drop_leading_zeros,
    format_correlation,
    format_count,
    format_estimate,
    format_estimates,
    format_interval,
    format_number,
    format_numbers,
    format_percent,
    format_probability,
    format_ratio,
    format_regions,
    format_share,
    format_shares,
    format_value,
    with_minus_signs,
)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.1234, "0.12"),
        (-0.1234, "−0.12"),
        (12.345, "12.35"),
        (123.456, "123.5"),
        (1234.5, "1,234"),
        (-0.00312, "−0.0031"),
        (0.0312, "0.031"),
        (0, "0"),
        (-0.0, "0"),
        (1.23e-7, "1.2 × 10⁻⁷"),
        (-1.23e-7, "−1.2 × 10⁻⁷"),
        (9_999_999.0, "9,999,999"),
        (-1.5049e11, "−1.5 × 10¹¹"),
        (math.nan, "–"),
        (None, "–"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
    ],
)
def test_number_keeps_two_significant_digits_and_a_true_minus(value: float | None, written: str) -> None:
    assert format_number(value) == written


def test_small_number_is_never_rounded_to_zero() -> None:
    assert format_number(-0.0004, 2) == "−0.0004"
    assert format_number(0.004, 2) == "0.004"
    assert format_number(0.000004, 2) == "4.0 × 10⁻⁶"


def test_interval_and_estimate_share_their_decimals() -> None:
    assert format_interval(-0.1801, -0.05) == "[−0.18, −0.05]"
    assert format_estimate(-0.117, -0.1801, -0.05) == "−0.12 [−0.18, −0.05]"
    assert format_estimate(0.0021, 0.0011, 0.0031) == "0.0021 [0.0011, 0.0031]"
    assert format_estimate(-0.0004, -0.13, 0.16) == "−0.0004 [−0.13, 0.16]"
    assert format_estimate(1, 1, 1) == "1.00 [1.00, 1.00]"


@pytest.mark.parametrize(
    ("ratio", "written"),
    [
        ((0.96, 0.91, 0.998), "0.960 [0.910, 0.998]"),
        ((1.2, 1.0004, 1.4), "1.2000 [1.0004, 1.4000]"),
        ((1.3, 1.0, 1.7), "1.30 [1.00, 1.70]"),
        ((1.1, 0.8, 1.5), "1.10 [0.80, 1.50]"),
    ],
)
def test_end_of_a_ratio_that_is_not_one_does_not_read_as_one(ratio: tuple[float, float, float], written: str) -> None:
    assert format_ratio(*ratio) == written


def test_bound_near_zero_keeps_its_side() -> None:
    assert format_interval(-0.3, -0.002) == "[−0.300, −0.002]"


@pytest.mark.parametrize(
    ("share", "written"),
    [
        (0.123, "12%"),
        (0.004, "0.4%"),
        (0.0001, "<0.1%"),
        (0, "0%"),
        (1, "100%"),
        (0.9996, ">99.9%"),
        (0.994, "99.4%"),
        (math.nan, "–"),
    ],
)
def test_percent_never_says_none_or_all_unless_it_is(share: float, written: str) -> None:
    assert format_percent(share) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Uniform(-1, 1)", "Uniform(−1, 1)"),
        ("most of all with age (correlation -0.36)", "most of all with age (correlation −0.36)"),
        ("[-.2, -.1] at -2", "[−.2, −.1] at −2"),
        ("2024-01-31, PHQ-9, 3-5, a-1, wai_-, (a)-1", "2024-01-31, PHQ-9, 3-5, a-1, wai_-, (a)-1"),
    ],
)
def test_hyphens_become_minus_signs_only_before_a_number_of_its_own(text: str, written: str) -> None:
    assert with_minus_signs(text) == written


@pytest.mark.parametrize(
    "write", [format_number, format_value, format_correlation, format_percent, format_probability, format_count]
)
def test_what_is_not_known_is_a_dash(write: Callable[[float], str]) -> None:
    assert write(math.nan) == "–"


def test_probability_and_count() -> None:
    assert [format_probability(p) for p in (0.97312, 0.99999, 0.0001, math.nan)] == ["0.973", ">0.999", "<0.001", "–"]
    assert [format_count(n) for n in (1234, 0, math.nan, None)] == ["1,234", "0", "–", "–"]


@pytest.mark.parametrize(
    ("value", "written"), [(0.414, "0.41"), (-0.06, "−0.06"), (-0.0004, "0.00"), (0.0001, "0.00"), (1.0, "1.00")]
)
def test_correlations_of_a_matrix_are_as_wide_as_each_other(value: float, written: str) -> None:
    assert format_correlation(value) == written


def test_stretches_of_a_range_in_words() -> None:
    assert format_regions([], 0, 10) == "none of the values from 0.00 to 10.00"
    assert format_regions([(0, 10)], 0, 10) == "all values from 0.00 to 10.00"
    assert format_regions([(0, 2.5), (8, 10)], 0, 10) == "0.00 to 2.50 and 8.00 to 10.00"


def test_column_of_estimates_has_the_decimals_of_the_one_that_needs_most() -> None:
    assert format_estimates([(1.136, 0.96, 1.32), (0.0312, 0.021, 0.042)]) == [
        ["1.136 [0.960, 1.320]", "0.031 [0.021, 0.042]"]
    ]
    # Four only where all need them: a limit near zero does not burden the others.
    written = format_estimates([(1.136, 0.96, 1.32), (0.0021, 0.0011, 0.0031)])[0]
    assert written == ["1.136 [0.960, 1.320]", "0.002 [0.001, 0.003]"]
    assert format_estimates([(0.0021, 0.0011, 0.0031)]) == [["0.0021 [0.0011, 0.0031]"]]


def test_columns_that_are_compared_share_their_decimals_and_may_have_gaps() -> None:
    first, second = format_estimates([(1.0, 0.5, 1.5), None], [None, (0.031, 0.021, 0.042)])
    assert first == ["1.000 [0.500, 1.500]", ""]
    assert second == ["", "0.031 [0.021, 0.042]"]
    assert format_estimates([]) == [[]]


def test_column_of_numbers_never_rounds_one_away() -> None:
    assert format_numbers([12.3456, -0.05, None, 0.0004]) == [["12.346", "−0.050", "–", "0.0004"]]
    assert format_numbers([1234.5, 2.5]) == [["1,234.50", "2.50"]]


def test_column_of_shares_has_a_decimal_where_one_needs_it() -> None:
    assert format_shares([(0.36,), (0.5,)]) == [["36%", "50%"]]
    assert format_shares([(0.364, 0.005, 0.5), None, (math.nan,)]) == [["36.4% [0.5%, 50.0%]", "–", "–"]]
    assert format_shares([(0.00001,), (1,), (0.364,)]) == [["<0.1%", "100%", "36.4%"]]


def test_zero_before_the_point_is_dropped_and_no_other() -> None:
    assert drop_leading_zeros("−0.43 [−0.53, 10.34], <0.001, 0, 100.5, 1,000.05") == (
        "−.43 [−.53, 10.34], <.001, 0, 100.5, 1,000.05"
    )


@pytest.mark.parametrize(
    ("share", "low", "high", "written"),
    [
        (0.36, 0.31, 0.41, "36% [31%, 41%]"),
        (0.3921, 0.3872, 0.3969, "39.2% [38.7%, 39.7%]"),
        (0.39214, 0.39187, 0.39241, "39.21% [39.19%, 39.24%]"),
        (0.0004, 0.0001, 0.0007, "0.04% [0.01%, 0.07%]"),
        (0.00003, 0.00001, 0.0006, "<0.01% [<0.01%, 0.06%]"),
        (0.99999, 0.9994, 1.0, ">99.99% [99.94%, 100%]"),
        (0.5, 0.5, 0.5, "50% [50%, 50%]"),
    ],
)
def test_share_has_the_decimals_that_tell_the_ends_of_its_interval_apart(
    share: float, low: float, high: float, written: str
) -> None:
    assert format_share(share, low, high) == written


def test_column_of_shares_tells_the_ends_of_its_narrowest_interval_apart() -> None:
    assert format_shares([(0.3921, 0.3872, 0.3969), (0.5, 0.4, 0.6)]) == [
        ["39.2% [38.7%, 39.7%]", "50.0% [40.0%, 60.0%]"]
    ]


def test_interval_that_is_narrower_than_four_decimals_is_no_point() -> None:
    assert format_estimate(0.123456, 0.123441, 0.123471) == "0.12346 [0.12344, 0.12347]"
    assert format_estimate(-0.00001, -0.000013, -0.000007) == "−0.000010 [−0.000013, −0.000007]"


def test_point_has_no_more_than_four_decimals_for_errors_of_rounding() -> None:
    assert format_estimate(0.5, 0.5, 0.5 + 1e-15) == "0.5000 [0.5000, 0.5000]"


def test_column_has_the_decimals_of_its_narrowest_interval_where_fewer_would_make_it_a_point() -> None:
    wide, narrow = (1.5, 1.2, 1.8), (0.1203, 0.1201, 0.1204)
    assert format_estimates([wide, narrow]) == [["1.5000 [1.2000, 1.8000]", "0.1203 [0.1201, 0.1204]"]]
