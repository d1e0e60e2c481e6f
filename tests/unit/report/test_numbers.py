"""Numbers as people read them."""

import math

import pytest

from alliance.report.numbers import (
    format_count,
    format_estimate,
    format_interval,
    format_number,
    format_percent,
    format_probability,
    format_regions,
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


def test_probability_and_count() -> None:
    assert [format_probability(p) for p in (0.97312, 0.99999, 0.0001, math.nan)] == ["0.973", ">0.999", "<0.001", "–"]
    assert [format_count(n) for n in (1234, 0, math.nan, None)] == ["1,234", "0", "–", "–"]


def test_stretches_of_a_range_in_words() -> None:
    assert format_regions([], 0, 10) == "none of the values from 0.00 to 10.00"
    assert format_regions([(0, 10)], 0, 10) == "all values from 0.00 to 10.00"
    assert format_regions([(0, 2.5), (8, 10)], 0, 10) == "0.00 to 2.50 and 8.00 to 10.00"
