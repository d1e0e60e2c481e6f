"""Patients with rows under several therapists: the dense normal density, whatever else the model has."""

from dataclasses import replace

import numpy as np
import pytest

from alliance.likelihood.crossed import MOST_CONNECTED, connect_therapists
from alliance.likelihood.envelope import factorise, invert, order_units, pack_rows, solve_lower, solve_upper
from alliance.likelihood.layout import refill, weigh
from alliance.likelihood.quadratic import quadratic_form
from alliance.likelihood.units import draw_effects
from tests.unit.likelihood.agreement import (
    assert_cross_products_are_of_all_rows,
    assert_dense,
    assert_order_of_rows_does_not_matter,
    assert_posterior_has_its_gradient,
)
from tests.unit.likelihood.studies import (
    Study,
    dense_at,
    draw_position,
    evaluate,
    make_study,
    unpack_factors,
    with_changes,
    with_series,
)

TWO = make_study([(0, 0), (1, 0), (0, 1)], [(0, 0), (1, 0), (1, 1)], patients=23, therapists=6)
STUDIES = {
    "one effect": with_changes(make_study([(0, 0)], [(0, 0)])),
    "slopes": with_changes(TWO, patients=9),
    "everybody changes": with_changes(TWO, patients=23, most=4),
    "an effect of therapists that patients lack": with_changes(make_study([(0, 0)], [(0, 0), (0, 1), (1, 0)])),
    "two groups of therapists": with_changes(make_study([(0, 0)], [(0, 0)], patients=40, therapists=20), 6, 20, 2),
    "outcomes of one occasion": with_changes(
        make_study([(0, 0), (1, 0)], [(0, 0), (1, 1)], pairs=[(1, 0)], order=(0, 1))
    ),
    "a series": with_changes(with_series(make_study([(0, 0)], [(0, 0), (0, 1)]), {0: (1, True)})),
}


@pytest.mark.parametrize("name", STUDIES)
def test_value_and_gradient_are_those_of_the_dense_density(name: str) -> None:
    study = STUDIES[name]
    assert study.statistics.crossed is not None
    assert_dense(study.statistics, study, draw_position(study))


@pytest.mark.parametrize("name", ["slopes", "a series"])
def test_posterior_has_its_gradient_and_its_values(name: str) -> None:
    assert_posterior_has_its_gradient(STUDIES[name])


def test_order_of_rows_does_not_matter() -> None:
    assert_order_of_rows_does_not_matter(STUDIES["slopes"])
    assert_cross_products_are_of_all_rows(STUDIES["slopes"])


def test_rows_of_one_therapist_each_are_the_nested_model_bit_for_bit() -> None:
    named = tuple(replace(rows, therapist=TWO.therapist_of[rows.patient]) for rows in TWO.equations)
    statistics, position = replace(TWO, equations=named).statistics, draw_position(TWO)
    assert statistics.crossed is None
    value, gradient = evaluate(TWO.statistics, position)
    found, slope = evaluate(statistics, position)
    assert found == value
    np.testing.assert_array_equal(slope, gradient)


@pytest.mark.parametrize("name", ["slopes", "outcomes of one occasion", "a series"])
def test_curvature_by_the_coefficients_is_that_of_the_gradient(name: str) -> None:
    study = STUDIES[name]
    position, size = draw_position(study), study.n_beta
    form = quadratic_form(study.statistics, position)
    _, gradient = evaluate(study.statistics, position)
    # l is quadratic in b: its slopes are those at zero less A b.
    np.testing.assert_allclose(
        form[:size, size] - form[:size, :size] @ position[:size], gradient[:size], rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("name", ["slopes", "outcomes of one occasion"])
def test_means_and_draws_of_units_are_those_of_all_rows(name: str) -> None:
    study = STUDIES[name]
    position = draw_position(study)
    mean, covariance = conditional(study, position)
    arguments = arguments_of(study, position)
    u, w = draw_effects(study.statistics, *arguments, None)
    found = np.concatenate([w.ravel(), u.ravel()])
    wanted = mean[: w.size], mean[w.size :]
    np.testing.assert_allclose(w.ravel(), wanted[0], atol=1e-9)
    np.testing.assert_allclose(u.ravel(), wanted[1], atol=1e-9)
    rng = np.random.default_rng(1)
    draws = np.array(
        [
            np.concatenate([part.ravel() for part in draw_effects(study.statistics, *arguments, rng)[::-1]])
            for _ in range(2000)
        ]
    )
    spread = np.sqrt(np.diagonal(covariance))
    # Two thousand draws: standard errors are 2.2 % of a standard deviation, and of a correlation at most 0.022.
    np.testing.assert_allclose((draws.mean(axis=0) - found) / spread, 0, atol=0.1)
    np.testing.assert_allclose(
        np.cov(draws.T) / np.outer(spread, spread), covariance / np.outer(spread, spread), atol=0.1
    )


def arguments_of(study: Study, position: np.ndarray) -> tuple[np.ndarray, ...]:
    first, last = study.n_beta, study.n_beta + study.n_residuals
    ends = first + len(study.equations)
    used, factors = last, []
    for effects in (study.by_patient, study.by_therapist):
        q = len(effects)
        factor = np.zeros((q, q))
        factor[np.tril_indices(q)] = position[used : used + q * (q + 1) // 2]
        factors.append(factor)
        used += q * (q + 1) // 2
    return position[:first], np.exp(position[first:ends]), position[ends:last], *factors


def conditional(study: Study, position: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and covariance of all effects of therapists, then of patients, given all rows, from their joint normal density."""
    beta, sds, together, *_ = arguments_of(study, position)
    of_patient, of_therapist = unpack_factors(study, position)
    therapists, e, q = study.statistics.n_therapists, len(study.by_therapist), len(study.by_patient)
    equation = np.concatenate([np.full(len(rows.y), k) for k, rows in enumerate(study.equations)])
    z = np.zeros((len(equation), therapists * e + study.n_patients * q))
    first, left, start = 0, [], 0
    for k, rows in enumerate(study.equations):
        at = first + np.arange(len(rows.y))
        owner = study.therapist_of[rows.patient] if rows.therapist is None else rows.therapist
        for place, (of, column) in enumerate(study.by_therapist):
            if of == k:
                z[at, owner * e + place] = rows.z[:, column]
        for place, (of, column) in enumerate(study.by_patient):
            if of == k:
                z[at, therapists * e + rows.patient * q + place] = rows.z[:, column]
        left.append(rows.y - rows.x @ beta[start : start + rows.x.shape[1]])
        start += rows.x.shape[1]
        first += len(rows.y)
    residual = np.diag(sds[equation] ** 2)
    if study.pairs:
        occasion = np.concatenate([rows.occasion for rows in study.equations if rows.occasion is not None])
        other = (occasion[:, None] == occasion) & (equation[:, None] != equation)
        residual += np.outer(sds[equation], sds[equation]) * np.tanh(together[0]) * other
    prior = np.zeros((z.shape[1], z.shape[1]))
    prior[: therapists * e, : therapists * e] = np.kron(np.eye(therapists), of_therapist)
    prior[therapists * e :, therapists * e :] = np.kron(np.eye(study.n_patients), of_patient)
    gain = prior @ z.T @ np.linalg.inv(z @ prior @ z.T + residual)
    return gain @ np.concatenate(left), prior - gain @ z @ prior


def test_weights_of_patients_are_counts() -> None:
    study = STUDIES["slopes"]
    counts = np.random.default_rng(1).integers(0, 3, study.n_patients)
    patients = np.repeat(np.arange(study.n_patients), counts)
    repeated = repeat(study, patients)
    position = draw_position(study)
    value, gradient = evaluate(weigh(study.statistics, counts.astype(float)), position)
    assert value == pytest.approx(dense_at(repeated, position), rel=1e-9)
    _, slope = evaluate(repeated.statistics, position)
    np.testing.assert_allclose(gradient, slope, rtol=1e-9, atol=1e-9 * np.abs(slope).max())
    with pytest.raises(ValueError, match="who share patients"):
        weigh(study.statistics, None, np.ones(study.statistics.n_therapists))


def repeat(study: Study, patients: np.ndarray) -> Study:
    return study.repeated(patients, study.therapist_of[patients])


def test_refilled_rows_are_rows_of_their_own() -> None:
    study = STUDIES["a series"]
    equations = [replace(rows, y=2 * rows.y + 1, z=rows.z - 0.3) for rows in study.equations]
    again = refill(study.statistics, equations)
    changed, position = replace(study, equations=tuple(equations)), draw_position(study)
    assert evaluate(again, position)[0] == pytest.approx(evaluate(changed.statistics, position)[0], rel=1e-12)


def test_inverse_of_a_sparse_matrix_is_right_at_the_places_of_its_factor() -> None:
    rng = np.random.default_rng(2)
    neighbours = rng.random((30, 30)) < 0.05
    neighbours |= neighbours.T
    order, first = order_units(neighbours)
    shuffled = neighbours[np.ix_(order, order)]
    dense = np.where(shuffled, rng.normal(size=(30, 30)), 0.0)
    dense = (dense + dense.T) / 2 + 12 * np.eye(30)
    starts = pack_rows(first)
    packed = np.zeros(starts[-1])
    places = [(i, j) for i in range(30) for j in range(first[i], i + 1)]
    for i, j in places:
        packed[starts[i] + j] = dense[i, j]
    assert len(places) == len(packed) < 30 * 31 / 2
    factorise(first, starts, packed)
    inverse, right = np.empty_like(packed), rng.normal(size=30)
    invert(first, starts, packed, inverse)
    expected = np.linalg.inv(dense)
    np.testing.assert_allclose(
        [inverse[starts[i] + j] for i, j in places], [expected[i, j] for i, j in places], atol=1e-14
    )
    solved = right.copy()
    solve_lower(first, starts, packed, solved)
    solve_upper(first, starts, packed, solved)
    np.testing.assert_allclose(solved, expected @ right, atol=1e-13)


def test_more_therapists_than_can_be_solved_together_are_refused() -> None:
    chain = np.column_stack([np.arange(3000), np.arange(1, 3001)])
    order, first, _ = connect_therapists(chain, 2)
    assert (np.arange(len(first)) - first).max() <= 3  # a chain is as short as its links, however long it is
    assert len(order) == 3001
    star = np.column_stack([np.zeros(MOST_CONNECTED, dtype=np.int64), np.arange(1, MOST_CONNECTED + 1)])
    with pytest.raises(ValueError, match=rf"connect {2 * MOST_CONNECTED} effects"):
        connect_therapists(np.array([[4, 9]]), MOST_CONNECTED)
    assert len(connect_therapists(star, 1)[0]) == MOST_CONNECTED + 1
