"""Reliability at each level: exact on known matrices, right on average on simulated answers."""

import numpy as np
import pytest

from alliance.data.scoring.reliability import (
    cronbach_alpha,
    logit_errors,
    omega_between,
    omega_within,
    one_factor_omega,
    split_levels,
)


def test_alpha_of_two_items_by_hand() -> None:
    # Variances 1 and 1, covariance 1/2, so the sum has 3: alpha = 2/1 * (1 - 2/3) = 2/3.
    items = np.array([[1.0, 1.0], [2.0, 3.0], [3.0, 2.0]])
    assert cronbach_alpha(items).value == pytest.approx(2 / 3, rel=1e-12)


@pytest.mark.parametrize(
    ("items", "reason"),
    [(np.ones((5, 1)), "2 items"), (np.ones((2, 4)), "3 complete rows"), (np.ones((9, 4)), "does not vary")],
)
def test_alpha_that_cannot_be_computed_says_why(items: np.ndarray, reason: str) -> None:
    coefficient = cronbach_alpha(items)
    assert np.isnan(coefficient.value) and reason in coefficient.reason


def test_levels_are_split_as_by_hand() -> None:
    # Two patients, two sessions each, one item: 1, 3 and 6, 8. MSW = (1 + 1 + 1 + 1) / 2 = 2,
    # MSB = 2 * (2.5^2 + 2.5^2) / 1 = 25, n0 = 2, between = (25 - 2) / 2 = 11.5.
    levels = split_levels(np.array([[1.0], [3.0], [6.0], [8.0]]), np.array([0, 0, 1, 1]))
    assert levels.within[0, 0] == pytest.approx(2, rel=1e-12)
    assert levels.between[0, 0] == pytest.approx(11.5, rel=1e-12)


def test_typical_size_of_unequal_groups_is_below_their_mean() -> None:
    # Sizes 3 and 1: n0 = (4 - (9 + 1) / 4) / 1 = 1.5. Values 0, 0, 3 | 5: MSW = 6 / 2 = 3;
    # means 1 and 5, grand mean 2: MSB = 3 * 1 + 1 * 9 = 12; between = (12 - 3) / 1.5 = 6.
    levels = split_levels(np.array([[0.0], [0.0], [3.0], [5.0]]), np.array([0, 0, 0, 1]))
    assert (levels.within[0, 0], levels.between[0, 0]) == pytest.approx((3, 6), rel=1e-12)


def test_omega_is_exact_for_a_matrix_with_one_factor() -> None:
    loadings, unique = np.array([1.0, 0.8, 0.6, 1.2]), np.array([0.5, 0.4, 0.9, 0.7])
    covariance = np.outer(loadings, loadings) + np.diag(unique)
    # (1 + .8 + .6 + 1.2)^2 / (that + .5 + .4 + .9 + .7); the loop stops at changes of 1e-9
    assert one_factor_omega(covariance, "x").value == pytest.approx(3.6**2 / (3.6**2 + 2.5), abs=1e-7)


def test_omega_does_not_depend_on_the_sign_of_the_factor_or_the_order_of_items() -> None:
    loadings = np.array([1.0, 0.8, -0.2, 1.2])
    covariance = np.outer(loadings, loadings) + np.diag([0.5, 0.4, 0.9, 0.7])
    shuffled = covariance[np.ix_([2, 0, 3, 1], [2, 0, 3, 1])]
    expected = 2.8**2 / (2.8**2 + 2.5)
    assert one_factor_omega(covariance, "x").value == pytest.approx(expected, abs=1e-7)
    assert one_factor_omega(shuffled, "x").value == pytest.approx(expected, abs=1e-7)


def test_perfectly_correlated_items_are_perfectly_reliable() -> None:
    assert one_factor_omega(np.full((4, 4), 2.0), "x").value == pytest.approx(1, abs=1e-7)


@pytest.mark.parametrize(
    ("covariance", "reason"),
    [
        (np.eye(2), "3 items"),
        (np.diag([1.0, 1.0, 0.0]), "does not vary"),
        (np.zeros((3, 3)), "does not vary"),
        (np.eye(3), "no factor in common"),
    ],
)
def test_omega_that_cannot_be_computed_says_why(covariance: np.ndarray, reason: str) -> None:
    coefficient = one_factor_omega(covariance, "within patients")
    assert np.isnan(coefficient.value) and reason in coefficient.reason and "within patients" in coefficient.reason


def test_one_factor_model_that_does_not_converge_gives_no_omega(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alliance.data.scoring.reliability._LARGEST_STEPS", 1)
    loadings = np.array([1.0, 0.8, -0.2, 1.2])
    coefficient = one_factor_omega(np.outer(loadings, loadings) + np.diag([0.5, 0.4, 0.9, 0.7]), "x")
    assert np.isnan(coefficient.value) and "did not converge" in coefficient.reason


def simulate(seed: int, patients: int = 250, sessions: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Six items: loadings .8 between and .5 within, unique variances .1 and .6, unequal numbers of sessions."""
    draw = np.random.default_rng(seed)
    groups = np.repeat(np.arange(patients), draw.integers(1, 2 * sessions, patients))
    stable = 0.8 * draw.normal(size=(patients, 1)) + np.sqrt(0.1) * draw.normal(size=(patients, 6))
    moving = 0.5 * draw.normal(size=(len(groups), 1)) + np.sqrt(0.6) * draw.normal(size=(len(groups), 6))
    return stable[groups] + moving, groups


def test_both_levels_are_recovered_on_average() -> None:
    estimates = []
    for seed in range(12):
        levels = split_levels(*simulate(seed))
        estimates.append([omega_within(levels).value, omega_between(levels).value])
    within, between = np.mean(estimates, axis=0)
    # One estimate has standard deviations of about .011 and .004, the mean of twelve .003 and .0012: four of them.
    assert within == pytest.approx(3.0**2 / (3.0**2 + 3.6), abs=0.013)
    assert between == pytest.approx(4.8**2 / (4.8**2 + 0.6), abs=0.005)


def test_pooled_alpha_hides_that_changes_are_less_reliable_than_levels() -> None:
    items, groups = simulate(1)
    levels = split_levels(items, groups)
    assert omega_within(levels).value < cronbach_alpha(items).value < omega_between(levels).value


def test_patients_who_do_not_differ_have_no_between_reliability() -> None:
    draw = np.random.default_rng(3)
    groups = np.repeat(np.arange(60), 5)
    levels = split_levels(draw.normal(size=(300, 6)) + draw.normal(size=(300, 1)), groups)
    levels_without = omega_between(levels)
    assert np.isnan(levels_without.value) and "hardly differ" in levels_without.reason
    assert 0 < omega_within(levels).value < 1


@pytest.mark.parametrize("groups", [np.arange(20), np.zeros(20, dtype=int), np.repeat(np.arange(4), 5)])
def test_too_few_patients_or_sessions_leave_the_between_level_open(groups: np.ndarray) -> None:
    items = np.random.default_rng(1).normal(size=(20, 6))
    coefficient = omega_between(split_levels(items, groups))
    assert np.isnan(coefficient.value) and "too few patients" in coefficient.reason


def test_patients_with_one_session_leave_the_within_level_open() -> None:
    coefficient = omega_within(split_levels(np.random.default_rng(1).normal(size=(20, 6)), np.arange(20)))
    assert np.isnan(coefficient.value) and "too few repeated sessions" in coefficient.reason


def test_error_of_omega_is_the_spread_of_its_logit_over_studies() -> None:
    """One factor at both levels; omega of four items is .69 within and .80 between 40 patients with 6 sessions."""
    rng, groups, found = np.random.default_rng(11), np.repeat(np.arange(40), 6), []
    for _ in range(24):
        lasting = 0.7 * rng.normal(size=(40, 1)) + 0.7 * rng.normal(size=(40, 4))
        items = 0.6 * rng.normal(size=(240, 1)) + lasting[groups] + 0.8 * rng.normal(size=(240, 4))
        levels = split_levels(items, groups)
        omegas = np.array([omega_within(levels).value, omega_between(levels).value])
        found.append([*np.log(omegas / (1 - omegas)), *logit_errors(items, groups)])
    spread, error = np.std(found, axis=0, ddof=1)[:2], np.median(found, axis=0)[2:]
    assert error == pytest.approx(spread, rel=0.4)  # the spread of 24 values is known to 15 %


def test_error_of_omega_is_about_what_leaving_patients_out_says() -> None:
    rng, groups = np.random.default_rng(12), np.repeat(np.arange(60), 5)
    items = 0.6 * rng.normal(size=(300, 1)) + 0.8 * rng.normal(size=(300, 5)) + rng.normal(size=(60, 5))[groups]
    without = []
    for patient in range(60):
        kept = groups != patient
        omega = omega_within(split_levels(items[kept], np.unique(groups[kept], return_inverse=True)[1])).value
        without.append(np.log(omega / (1 - omega)))
    jackknife = np.sqrt(59 / 60 * np.square(without - np.mean(without)).sum())
    assert logit_errors(items, groups)[0] == pytest.approx(jackknife, rel=0.03)


def test_error_of_an_omega_that_is_not_there_is_none() -> None:
    items = np.random.default_rng(1).normal(size=(20, 6))
    assert np.isnan(logit_errors(items, np.repeat(np.arange(4), 5))[1])
    assert np.isnan(logit_errors(items, np.arange(20))).all()
