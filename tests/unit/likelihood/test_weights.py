"""Weights of patients and therapists: 2 is the data twice, 0 is without them."""

import numpy as np
import pytest

from alliance.likelihood.layout import Statistics, weigh
from tests.unit.likelihood.agreement import assert_dense
from tests.unit.likelihood.studies import (
    Study,
    differentiate,
    draw_position,
    evaluate,
    make_study,
)

TWO_LEVELS = make_study([(0, 0), (0, 1), (1, 0)], [], patients=11)
THREE_LEVELS = make_study([(0, 0), (0, 1), (1, 0)], [(0, 0), (1, 1)], patients=11, therapists=4)


def assert_repeated(weighted: Statistics, repeated: Study) -> None:
    """Compare weighted data with data in which units appear as often as their weight says."""
    position = draw_position(repeated)
    # The same sums in another order, and the dense density of the longer data.
    assert evaluate(weighted, position)[0] == pytest.approx(evaluate(repeated.statistics, position)[0], rel=1e-12)
    assert_dense(weighted, repeated, position)


@pytest.mark.parametrize("study", [TWO_LEVELS, THREE_LEVELS], ids=["two levels", "three levels"])
def test_weight_of_a_patient_is_how_often_the_therapist_has_such_a_patient(study: Study) -> None:
    counts = np.array([1, 2, 0, 1, 3, 1, 1, 0, 1, 2, 1])
    patients = np.repeat(np.arange(study.n_patients), counts)
    assert_repeated(
        weigh(study.statistics, counts.astype(float)), study.repeated(patients, study.therapist_of[patients])
    )


def test_weight_of_a_therapist_is_how_often_there_is_such_a_therapist() -> None:
    assert_repeated(
        weigh(THREE_LEVELS.statistics, None, np.array([2.0, 0.0, 1.0, 3.0])), _with_therapists([0, 0, 2, 3, 3, 3])
    )


def test_weights_of_patients_and_therapists_multiply() -> None:
    counts = np.array([1, 2, 0, 1, 3, 1, 1, 0, 1, 2, 1])
    patients = np.repeat(np.arange(THREE_LEVELS.n_patients), counts)
    within = THREE_LEVELS.repeated(patients, THREE_LEVELS.therapist_of[patients])
    assert_repeated(
        weigh(THREE_LEVELS.statistics, counts.astype(float), np.array([2.0, 0.0, 1.0, 1.0])),
        _with_therapists([0, 0, 2, 3], within),
    )


def _with_therapists(chosen: list[int], study: Study = THREE_LEVELS) -> Study:
    """Return a study with these therapists and all their patients."""
    groups = [np.flatnonzero(study.therapist_of == old) for old in chosen]
    owner = np.repeat(np.arange(len(chosen)), [len(group) for group in groups])
    return study.repeated(np.concatenate(groups), owner)


@pytest.mark.parametrize("study", [TWO_LEVELS, THREE_LEVELS], ids=["two levels", "three levels"])
def test_weights_of_one_change_nothing(study: Study) -> None:
    position = draw_position(study)
    value, gradient = evaluate(study.statistics, position)
    found, slope = evaluate(weigh(study.statistics, np.ones(study.n_patients)), position)
    assert found == value
    np.testing.assert_array_equal(slope, gradient)


@pytest.mark.parametrize("study", [TWO_LEVELS, THREE_LEVELS], ids=["two levels", "three levels"])
def test_weights_that_are_no_whole_numbers_have_a_right_gradient(study: Study) -> None:
    rng = np.random.default_rng(4)
    therapists = rng.exponential(size=study.statistics.n_therapists) if study.by_therapist else None
    weighted = weigh(study.statistics, rng.exponential(size=study.n_patients), therapists)
    position = draw_position(study)
    numerical = differentiate(lambda at: evaluate(weighted, at)[0], position)
    # Finite differences are good to about 1e-10, see `differentiate`.
    np.testing.assert_allclose(
        evaluate(weighted, position)[1], numerical, rtol=1e-6, atol=1e-6 * np.abs(numerical).max()
    )


def test_weights_of_zero_leave_an_empty_study() -> None:
    empty = weigh(THREE_LEVELS.statistics, np.zeros(11))
    position = draw_position(THREE_LEVELS)
    value, gradient = evaluate(empty, position)
    assert value == 0.0
    np.testing.assert_array_equal(gradient, 0.0)


def test_weighing_again_starts_from_the_weights_that_are_there() -> None:
    once = weigh(THREE_LEVELS.statistics, np.full(11, 2.0))
    twice = weigh(once, None, np.array([1.0, 0.0, 1.0, 1.0]))
    together = weigh(THREE_LEVELS.statistics, np.full(11, 2.0), np.array([1.0, 0.0, 1.0, 1.0]))
    position = draw_position(THREE_LEVELS)
    assert evaluate(twice, position)[0] == evaluate(together, position)[0]
