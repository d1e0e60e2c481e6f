"""Reliable and clinically significant change: by the published formula, on both sides of a scale, with every rule for a case."""

import numpy as np
import pytest

from alliance.data.scoring.change import CASE_RULES, Norm, smallest_reliable

SYMPTOMS = Norm("worse", change=6, case_rule="at_least", case_value=10)


def test_smallest_reliable_change_is_that_of_the_published_formula() -> None:
    # Standard deviation 7.5 and reliability .80: s_E = 7.5 sqrt(.20) = 3.354, of a difference 4.743; 1.96 of these are 9.297.
    assert smallest_reliable(7.5**2 * 0.2, 0.95) == pytest.approx(1.959964 * 4.743416, rel=1e-6)
    # From 32.5 to 47.5 the index is 15 / 4.743 = 3.16: reliable.
    norm = Norm("better", change=smallest_reliable(7.5**2 * 0.2, 0.95), case_rule="below", case_value=50)
    assert norm.classify(np.array([32.5]), np.array([47.5])).tolist() == ["improved"]
    assert norm.classify(np.array([42.5]), np.array([52.0])).tolist() == ["recovered"]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (15, 9, "recovered"),
        (15, 10, "unchanged"),  # 5 points
        (16, 10, "improved"),  # still a case
        (9, 3, "improved"),  # was none
        (4, 10, "deteriorated"),
        (10, 15, "unchanged"),
        (15, np.nan, ""),
    ],
)
def test_category_follows_from_change_and_cut_off(first: float, last: float, expected: str) -> None:
    assert SYMPTOMS.classify(np.array([first]), np.array([last])).tolist() == [expected]


def test_turned_scale_gives_the_same_categories() -> None:
    rng = np.random.default_rng(1)
    first, last = rng.integers(0, 28, (2, 400)).astype(float)
    turned = Norm("better", change=6, case_rule="at_most", case_value=-10)
    assert turned.classify(-first, -last).tolist() == SYMPTOMS.classify(first, last).tolist()


def test_nobody_recovers_where_no_case_is_declared() -> None:
    assert set(Norm("worse", change=6).classify(np.array([15.0, 15.0]), np.array([2.0, 14.0]))) == {
        "improved",
        "unchanged",
    }


@pytest.mark.parametrize(("rule", "expected"), [*zip(CASE_RULES, ["011", "001", "110", "100"], strict=True)])
def test_case_is_told_by_the_rule(rule: str, expected: str) -> None:
    cases = Norm("worse", case_rule=rule, case_value=10).is_case(np.array([9.0, 10.0, 11.0]))
    assert "".join(str(int(case)) for case in cases) == expected
