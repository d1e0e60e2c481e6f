"""The integrated likelihood against the dense multivariate normal density, and its gradient against finite differences."""

import numpy as np
import pytest

from alliance.likelihood.layout import make_statistics
from alliance.likelihood.patterns import EquationRows
from tests.unit.likelihood.agreement import VALUE, assert_dense
from tests.unit.likelihood.studies import (
    Effects,
    draw_position,
    evaluate,
    make_study,
)


def effects_of(q: int) -> Effects:
    """Spread q effects over three equations."""
    return [(place % 3, place // 3) for place in range(q)]


@pytest.mark.parametrize("q", range(1, 11))
def test_two_levels_are_the_dense_density(q: int) -> None:
    study = make_study(effects_of(q), [], seed=q)
    assert_dense(study.statistics, study, draw_position(study, seed=q))


@pytest.mark.parametrize(
    ("q", "by_therapist"),
    [
        (1, [(0, 0)]),
        (3, [(0, 0), (1, 0), (2, 0)]),
        (4, [(1, 0), (0, 0), (0, 1)]),
        (5, [(0, 0), (0, 3), (2, 0)]),  # column 3 does not vary between patients
        (2, [(1, 2), (1, 1)]),  # nor do these; intercepts do not vary between therapists
        (6, [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]),
    ],
)
def test_three_levels_are_the_dense_density(q: int, by_therapist: Effects) -> None:
    study = make_study(effects_of(q), by_therapist, seed=20 + q)
    assert_dense(study.statistics, study, draw_position(study, seed=20 + q))


def test_effects_between_therapists_only_are_the_dense_density() -> None:
    study = make_study([], [(0, 0), (1, 1)])
    assert_dense(study.statistics, study, draw_position(study))


def test_equation_without_varying_effects_is_the_dense_density() -> None:
    study = make_study([(0, 0), (0, 1)], [], seed=5)
    assert study.equations[1].z.shape[1] == 0
    assert_dense(study.statistics, study, draw_position(study))


def test_covariance_across_equations_reaches_the_likelihood() -> None:
    study = make_study([(0, 0), (1, 0)], [])
    position = draw_position(study)
    across = study.n_beta + 2 + 1  # second row of L, first column
    moved = position.copy()
    moved[across] = 0.0
    assert abs(evaluate(study.statistics, position)[0] - evaluate(study.statistics, moved)[0]) > 0.01


@pytest.mark.parametrize("patients", [1, 7, 8, 9, 16])
def test_blocks_may_have_empty_lanes(patients: int) -> None:
    study = make_study([(0, 0), (1, 0), (1, 1)], [(0, 0)], patients=patients, therapists=min(patients, 3), seed=3)
    assert_dense(study.statistics, study, draw_position(study))


def test_therapist_without_patients_changes_nothing() -> None:
    study = make_study([(0, 0), (1, 0)], [(0, 0)], patients=9, therapists=3)
    position = draw_position(study)
    owner = np.where(study.therapist_of == 2, 5, study.therapist_of)
    renumbered = make_statistics(study.equations, study.by_patient, study.by_therapist, owner, 9)
    value, gradient = evaluate(study.statistics, position)
    found, slope = evaluate(renumbered, position)
    # The same sums, with three therapists of nothing among them.
    assert found == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(slope, gradient, rtol=1e-10, atol=1e-12)


def test_patient_without_any_row_changes_nothing() -> None:
    study = make_study([(0, 0), (1, 0), (0, 1)], [], patients=10)
    position = draw_position(study)
    longer = make_statistics(study.equations, study.by_patient, [], None, 11)
    value, gradient = evaluate(study.statistics, position)
    found, slope = evaluate(longer, position)
    assert found == value
    np.testing.assert_array_equal(slope, gradient)


@pytest.mark.parametrize("by_therapist", [[], [(0, 0), (1, 1)]])
def test_factors_of_zero_are_independent_rows_and_have_a_gradient(by_therapist: Effects) -> None:
    study = make_study([(0, 0), (1, 0), (1, 1)], by_therapist)
    position = draw_position(study)
    position[study.n_beta + 2 :] = 0.0
    assert_dense(study.statistics, study, position)
    value, gradient = evaluate(study.statistics, position)
    used, expected = 0, 0.0
    for number, rows in enumerate(study.equations):
        left = rows.y - rows.x @ position[used : used + rows.x.shape[1]]
        sd = np.exp(position[study.n_beta + number])
        expected += float(np.sum(-0.5 * (left / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)))
        used += rows.x.shape[1]
    assert value == pytest.approx(expected, rel=VALUE)
    # A factor and its negative are the same covariance, so zero is level.
    np.testing.assert_array_equal(gradient[study.n_beta + 2 :], 0.0)


def test_singular_covariances_are_the_dense_density() -> None:
    study = make_study([(0, 0), (0, 1), (1, 0)], [(0, 0), (1, 0)])
    position = draw_position(study)
    at = study.n_beta + 2
    position[at + 2] = 0.0  # L_22: the second effect is a multiple of the first
    position[at + 5] = 0.0  # L_33
    position[at + 8] = 0.0  # P_22: perfect correlation between therapists
    assert_dense(study.statistics, study, position)


def test_sign_of_a_column_of_the_factor_changes_nothing() -> None:
    study = make_study([(0, 0), (1, 0), (1, 1)], [])
    position = draw_position(study)
    turned = position.copy()
    at = study.n_beta + 2
    turned[at + np.array([0, 1, 3])] *= -1  # first column of L
    assert evaluate(study.statistics, turned)[0] == pytest.approx(evaluate(study.statistics, position)[0], rel=1e-14)


@pytest.mark.parametrize("by_therapist", [[], [(0, 0), (1, 1)]])
def test_order_of_rows_does_not_matter(by_therapist: Effects) -> None:
    study = make_study([(0, 0), (1, 0), (1, 1)], by_therapist)
    position = draw_position(study)
    value, gradient = evaluate(study.statistics, position)
    found, slope = evaluate(study.rearranged(np.random.default_rng(1)).statistics, position)
    # Sums in another order: rounding only.
    assert found == pytest.approx(value, rel=1e-10)
    np.testing.assert_allclose(slope, gradient, rtol=1e-10, atol=1e-10 * np.abs(gradient).max())


@pytest.mark.parametrize("by_therapist", [[], [(0, 0), (1, 1)]])
def test_same_input_gives_the_same_bits(by_therapist: Effects) -> None:
    study = make_study([(0, 0), (1, 0), (1, 1)], by_therapist)
    position = draw_position(study)
    value, gradient = evaluate(study.statistics, position)
    again, slope = evaluate(study.statistics, position)
    assert again == value
    np.testing.assert_array_equal(slope, gradient)


def test_number_of_sessions_does_not_change_the_size_of_what_is_read() -> None:
    sizes = {
        make_study([(0, 0), (1, 1)], [(0, 0)], sessions=sessions).statistics.products.shape for sessions in (3, 50)
    }
    assert len(sizes) == 1


@pytest.mark.parametrize("log_sd", [-800.0, 800.0])
def test_density_that_cannot_be_computed_is_minus_infinity_and_level(log_sd: float) -> None:
    study = make_study([(0, 0), (1, 0)], [])
    position = draw_position(study)
    position[study.n_beta] = log_sd
    value, gradient = evaluate(study.statistics, position)
    assert value == -np.inf
    np.testing.assert_array_equal(gradient, 0.0)


def test_therapists_effects_need_therapists() -> None:
    study = make_study([(0, 0)], [(0, 0)])
    with pytest.raises(ValueError, match="'therapist_of' is not given"):
        make_statistics(study.equations, study.by_patient, study.by_therapist, None, study.n_patients)


def test_empty_equation_contributes_nothing() -> None:
    study = make_study([(0, 0), (0, 1)], [])
    empty = EquationRows(np.empty((0, 2)), np.empty(0), np.empty(0, dtype=np.int64), np.empty((0, 1)))
    position = draw_position(study)
    first = study.n_beta
    longer = np.concatenate([position[:first], [0.3, -0.2], position[first : first + 2], [0.1], position[first + 2 :]])
    with_empty = make_statistics((*study.equations, empty), study.by_patient, [], None, study.n_patients)
    assert evaluate(with_empty, longer)[0] == pytest.approx(evaluate(study.statistics, position)[0], rel=1e-14)
