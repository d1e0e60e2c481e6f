"""Weights of patients and therapists: 2 is the data twice, 0 is without them."""

import numpy as np
import pytest

from alliance.likelihood import layout, products
from alliance.likelihood.layout import Statistics, weigh
from tests.unit.likelihood.agreement import assert_dense
from tests.unit.likelihood.studies import (
    Study,
    differentiate,
    draw_position,
    evaluate,
    make_study,
    with_series,
)

TWO_LEVELS = make_study([(0, 0), (0, 1), (1, 0)], [], patients=11)
THREE_LEVELS = make_study([(0, 0), (0, 1), (1, 0)], [(0, 0), (1, 1)], patients=11, therapists=4)
PAIRED = make_study([(0, 0), (1, 0)], [], patients=11, pairs=[(1, 0)], order=(0, 1))
SERIES = with_series(make_study([(0, 0), (1, 0)], [], patients=11), {0: (1, True)})


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


@pytest.mark.parametrize(
    "study", [TWO_LEVELS, THREE_LEVELS, PAIRED, SERIES], ids=["two levels", "three", "pairs", "series"]
)
def test_a_few_patients_of_many_who_count_otherwise_change_what_is_pooled(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = np.ones(study.n_patients)
    counts[[2, 7]] = 0.0, 3.0
    therapists = np.array([1.0, 2.0, 1.0, 1.0]) if study is THREE_LEVELS else None
    statistics = study.statistics
    whole = weigh(statistics, counts, therapists)
    monkeypatch.setattr(layout, "_MANY", 5)
    monkeypatch.setattr(layout, "_FEW", 1.0)
    monkeypatch.setattr(layout, "pool", None)  # all rows are not gone through again
    changed = weigh(statistics, counts, therapists)
    np.testing.assert_allclose(changed.pooled, whole.pooled, rtol=1e-11, atol=1e-11)
    again = weigh(changed, np.ones(study.n_patients), None if therapists is None else np.ones(4))
    np.testing.assert_allclose(again.pooled, statistics.pooled, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("study", [THREE_LEVELS, PAIRED, SERIES], ids=["three levels", "pairs", "series"])
def test_cross_products_of_some_patients_after_the_others_are_those_of_all(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(products, "_PATIENTS", 3)
    monkeypatch.setattr(products, "_ROWS", 7)
    parts = study.rearranged(np.random.default_rng(5)).statistics
    monkeypatch.undo()
    whole = study.rearranged(np.random.default_rng(5)).statistics
    np.testing.assert_array_equal(parts.products, whole.products)
    np.testing.assert_allclose(parts.pooled, whole.pooled, rtol=1e-11, atol=1e-11)
