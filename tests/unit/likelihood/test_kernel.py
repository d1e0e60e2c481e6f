
import numpy as np
import pytest

from alliance.likelihood.density import PRIORS
from alliance.likelihood.layout import EquationRows, make_statistics, weigh
from tests.unit.likelihood.random_study import Study, differences, evaluate

# Sums of thousands of products in another order: about 1e-12 of their size.
VALUE, GRADIENT = 1e-8, 1e-6

SHAPES = [(1,), (1, 1), (2, 1), (2, 2), (3, 2), (3, 3), (4, 3), (3, 3, 2), (5, 4), (5, 5)]


@pytest.mark.parametrize("slopes", SHAPES, ids=[f"{sum(shape)} effects" for shape in SHAPES])
@pytest.mark.parametrize("levels", [2, 3])
def test_kernel_is_the_dense_normal_density_and_its_gradient(slopes: tuple[int, ...], levels: int) -> None:
    rng = np.random.default_rng(sum(slopes) * 10 + levels)
    therapist = [(k, 0) for k in range(len(slopes))] if levels == 3 else []
    study = Study(rng, slopes, therapist)
    position = 0.6 * rng.standard_normal(study.size)
    value, gradient = evaluate(study.statistics, position)
    assert value == pytest.approx(study.dense(position), rel=VALUE)
    expected = differences(study.statistics, position)
    assert np.abs(gradient - expected).max() <= GRADIENT * np.abs(expected).max()


def test_therapists_may_have_effects_that_patients_do_not() -> None:
    rng = np.random.default_rng(5)
    study = Study(rng, (3, 2), [(0, 0), (0, 2), (1, 1)], by_patient=[(0, 0), (1, 0), (0, 1)])
    position = 0.7 * rng.standard_normal(study.size)
    value, gradient = evaluate(study.statistics, position)
    assert value == pytest.approx(study.dense(position), rel=VALUE)
    expected = differences(study.statistics, position)
    assert np.abs(gradient - expected).max() <= GRADIENT * np.abs(expected).max()


@pytest.mark.parametrize("patients", [1, 7, 8, 9, 16])
def test_blocks_that_are_not_full_change_nothing(patients: int) -> None:
    rng = np.random.default_rng(patients)
    study = Study(rng, (2, 2), [(0, 0)], patients=patients)
    position = 0.5 * rng.standard_normal(study.size)
    assert evaluate(study.statistics, position)[0] == pytest.approx(study.dense(position), rel=VALUE)


def test_variances_of_zero_are_ordinary_points() -> None:
    rng = np.random.default_rng(8)
    study = Study(rng, (2, 2), [(0, 0), (1, 0)])
    position = 0.5 * rng.standard_normal(study.size)
    position[study.n_beta + 2 :] = 0.0
    value, gradient = evaluate(study.statistics, position)
    assert value == pytest.approx(study.dense(position), rel=VALUE)
    assert gradient[study.n_beta + 2 :] == pytest.approx(0.0, abs=1e-9)  # by symmetry


def test_weight_two_is_a_second_patient_with_the_same_data() -> None:
    rng = np.random.default_rng(3)
    study = Study(rng, (2, 1), [(0, 0), (1, 0)])
    position = 0.5 * rng.standard_normal(study.size)
    n, owner = study.statistics.n_patients, study.statistics.therapist_of
    equations = []
    for rows in study.statistics.equations:
        again = rows.patient == 4
        equations.append(
            EquationRows(
                np.concatenate([rows.x, rows.x[again]]),
                np.concatenate([rows.y, rows.y[again]]),
                np.concatenate([rows.patient, np.full(again.sum(), n)]),
                np.concatenate([rows.z, rows.z[again]]),
            )
        )
    doubled = make_statistics(equations, study.by_patient, study.by_therapist, np.append(owner, owner[4]), n + 1)
    weights = np.ones(n)
    weights[4] = 2.0
    value, gradient = evaluate(weigh(study.statistics, weights), position)
    expected, slope = evaluate(doubled, position)
    assert value == pytest.approx(expected, rel=1e-10)
    assert gradient == pytest.approx(slope, rel=1e-8, abs=1e-8)


def test_weight_zero_leaves_a_patient_out() -> None:
    rng = np.random.default_rng(4)
    study = Study(rng, (2, 1))
    position = 0.5 * rng.standard_normal(study.size)
    n = study.statistics.n_patients
    kept = []
    for rows in study.statistics.equations:
        stay = rows.patient != 2
        kept.append(EquationRows(rows.x[stay], rows.y[stay], rows.patient[stay], rows.z[stay]))
    without = make_statistics(kept, study.by_patient, [], None, n)
    weights = np.ones(n)
    weights[2] = 0.0
    assert evaluate(weigh(study.statistics, weights), position)[0] == pytest.approx(
        evaluate(without, position)[0], rel=1e-10
    )


def test_therapist_weight_counts_the_therapist_with_all_patients() -> None:
    rng = np.random.default_rng(6)
    study = Study(rng, (2, 1), [(0, 0), (1, 0)])
    position = 0.5 * rng.standard_normal(study.size)
    statistics = study.statistics
    plain = evaluate(statistics, position)[0]
    parts = []
    for j in range(statistics.n_therapists):
        only = np.zeros(statistics.n_therapists)
        only[j] = 1.0
        parts.append(evaluate(weigh(statistics, None, only), position)[0])
    assert sum(parts) == pytest.approx(plain, rel=1e-10)  # therapists are independent
    twice = np.ones(statistics.n_therapists)
    twice[1] = 2.0
    assert evaluate(weigh(statistics, None, twice), position)[0] == pytest.approx(plain + parts[1], rel=1e-10)


def test_order_of_rows_changes_nothing() -> None:
    rng = np.random.default_rng(7)
    study = Study(rng, (2, 2))
    position = 0.5 * rng.standard_normal(study.size)
    turned = [
        EquationRows(rows.x[::-1], rows.y[::-1], rows.patient[::-1], rows.z[::-1])
        for rows in study.statistics.equations
    ]
    again = make_statistics(turned, study.by_patient, [], None, study.statistics.n_patients)
    assert evaluate(again, position)[0] == pytest.approx(evaluate(study.statistics, position)[0], rel=1e-12)


def test_value_that_cannot_be_computed_is_minus_infinity() -> None:
    study = Study(np.random.default_rng(9), (1, 1))
    position = np.zeros(study.size)
    position[0] = np.inf
    value, gradient = evaluate(study.statistics, position)
    assert value == -np.inf
    assert not gradient.any()


def test_effects_of_therapists_need_therapists() -> None:
    rows = EquationRows(np.ones((2, 1)), np.zeros(2), np.array([0, 1]), np.ones((2, 1)))
    with pytest.raises(ValueError, match="'therapist_of' is not given"):
        make_statistics([rows], [(0, 0)], [(0, 0)], None, 2)


def test_posterior_gradient_is_that_of_its_differences() -> None:
    rng = np.random.default_rng(10)
    study = Study(rng, (3, 2), [(0, 0), (1, 0)])
    prior = np.array([1.0, 0.3, 0.9, 0.5, 2.0])
    assert len(prior) == PRIORS
    position = 0.8 * rng.standard_normal(study.size)
    _, gradient = evaluate(study.statistics, position, prior)
    expected = differences(study.statistics, position, prior)
    assert np.abs(gradient - expected).max() <= GRADIENT * np.abs(expected).max()


def test_statistics_do_not_grow_with_the_number_of_sessions() -> None:
    rng = np.random.default_rng(11)
    few, many = (
        make_statistics(
            [
                EquationRows(
                    np.ones((n * 5, 1)), rng.standard_normal(n * 5), np.repeat(np.arange(5), n), np.ones((n * 5, 1))
                )
            ],
            [(0, 0)],
            [],
            None,
            5,
        )
        for n in (3, 300)
    )
    assert few.products.shape == many.products.shape
