"""Residuals of one occasion that covary: against the dense density, which writes down the covariance of all rows."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate

from alliance.likelihood.units import draw_effects
from tests.unit.likelihood.agreement import (
    PRIOR,
    assert_cross_products_are_of_all_rows,
    assert_dense,
    assert_order_of_rows_does_not_matter,
    assert_posterior_has_its_gradient,
    assert_weights_are_counts,
)
from tests.unit.likelihood.studies import (
    Effects,
    Study,
    correlations_of,
    draw_position,
    evaluate,
    make_study,
)

STAR: Effects = [(1, 0), (2, 1)]
PATH: Effects = [(1, 0), (2, 1), (3, 2)]
ALL: Effects = [(1, 0), (2, 0), (2, 1)]
STUDIES = {
    "two outcomes": make_study([(0, 0), (1, 0), (0, 1)], [], pairs=[(1, 0)], order=(0, 1)),
    "two levels, three outcomes": make_study([(0, 0), (1, 0), (2, 0), (2, 3)], [], pairs=ALL, order=(0, 1, 2)),
    "three levels, an ordered pair": make_study(
        [(0, 0), (1, 0), (2, 0), (1, 1)], [(0, 0), (1, 0), (2, 2)], pairs=STAR, order=(0, 1, 2)
    ),
    "an equation of its own": make_study(
        [(0, 0), (1, 1), (2, 0)], [(0, 0), (1, 3)], pairs=[(2, 0)], order=(0, 1, 2), seed=4
    ),
    "four outcomes in a chain": make_study([(0, 0), (3, 1)], [(3, 0)], pairs=PATH, order=(3, 0, 1, 2), seed=6),
    "patients only in one equation": make_study([(1, 0), (1, 1)], [], pairs=[(1, 0)], order=(1, 0), seed=7),
    "therapists only": make_study([], [(0, 0), (1, 1)], pairs=[(1, 0)], order=(0, 1), seed=8),
    "several blocks of patients": make_study(
        [(0, 0), (1, 0)], [(0, 0)], patients=70, sessions=3, pairs=[(1, 0)], order=(0, 1), seed=9
    ),
}
NAMED = pytest.mark.parametrize("study", STUDIES.values(), ids=list(STUDIES))


@NAMED
def test_density_is_the_dense_density(study: Study) -> None:
    assert_dense(study.statistics, study, draw_position(study))


def test_studies_have_occasions_with_and_without_each_outcome() -> None:
    patterns = STUDIES["two levels, three outcomes"].statistics.patterns
    assert {pattern.members for pattern in patterns} >= {(0, 1, 2), (0, 1), (0, 2), (1, 2), (0,), (1,)}


@NAMED
def test_correlations_of_zero_are_independent_equations(study: Study) -> None:
    position = draw_position(study)
    first = study.n_beta + len(study.equations)
    position[first : first + len(study.pairs)] = 0.0
    alone = replace(study, pairs=[], order=())
    value, gradient = evaluate(study.statistics, position)
    others = np.delete(np.arange(study.size), np.arange(first, first + len(study.pairs)))
    expected, slope = evaluate(alone.statistics, position[others])
    # The same sums in another order.
    assert value == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(gradient[others], slope, rtol=1e-9, atol=1e-9 * np.abs(slope).max())


@NAMED
def test_posterior_has_the_gradient_of_its_values(study: Study) -> None:
    assert_posterior_has_its_gradient(study)


@NAMED
def test_order_of_rows_does_not_matter(study: Study) -> None:
    assert_order_of_rows_does_not_matter(study)


@pytest.mark.parametrize("name", ["two outcomes", "three levels, an ordered pair"])
def test_weight_of_a_patient_is_how_often_there_is_one(name: str) -> None:
    assert_weights_are_counts(STUDIES[name])


def test_cross_products_of_an_equation_are_those_of_all_its_rows() -> None:
    assert_cross_products_are_of_all_rows(STUDIES["three levels, an ordered pair"])


def test_paired_equation_without_occasions_is_refused() -> None:
    study = STUDIES["two outcomes"]
    without = tuple(replace(rows, occasion=None) for rows in study.equations)
    with pytest.raises(ValueError, match="occasions"):
        replace(study, equations=without).statistics  # noqa: B018


def test_two_rows_of_one_occasion_are_refused() -> None:
    study = STUDIES["two outcomes"]
    first = study.equations[0]
    assert first.occasion is not None
    twice = replace(first, occasion=np.zeros_like(first.occasion))
    with pytest.raises(ValueError, match="several rows of one occasion"):
        replace(study, equations=(twice, *study.equations[1:])).statistics  # noqa: B018


@pytest.mark.parametrize("name", ["two outcomes", "three levels, an ordered pair", "an equation of its own"])
def test_conditional_means_of_effects_are_those_of_the_dense_normal(name: str) -> None:
    study = STUDIES[name]
    rng = np.random.default_rng(3)
    q, e, count = len(study.by_patient), len(study.by_therapist), len(study.equations)
    factor, of_therapists = np.tril(rng.normal(size=(q, q))), np.tril(rng.normal(size=(e, e)))
    beta, sds, together = rng.normal(size=study.n_beta), rng.uniform(0.5, 2, count), rng.normal(size=len(study.pairs))
    sigma = correlations_of(study, np.tanh(together)) * np.outer(sds, sds)
    equation = np.concatenate([np.full(len(rows.y), k) for k, rows in enumerate(study.equations)])
    patient = np.concatenate([rows.patient for rows in study.equations])
    occasion = np.concatenate([rows.occasion for rows in study.equations if rows.occasion is not None])
    starts = np.cumsum([0, *(rows.x.shape[1] for rows in study.equations)])
    left = np.concatenate(
        [rows.y - rows.x @ beta[a:b] for rows, (a, b) in zip(study.equations, pairwise(starts), strict=True)]
    )
    columns, prior = [], []
    for effects, root, unit, units in (
        (study.by_patient, factor, patient, study.n_patients),
        (study.by_therapist, of_therapists, study.therapist_of[patient], int(study.therapist_of.max()) + 1),
    ):
        z = np.zeros((len(left), units, len(effects)))
        for place, (k, column) in enumerate(effects):
            of = np.flatnonzero(equation == k)
            z[of, unit[of], place] = study.equations[k].z[:, column]
        columns.append(z.reshape(len(left), -1))
        prior.append(np.kron(np.eye(units), root @ root.T))
    z = np.column_stack(columns)
    cov = np.zeros((z.shape[1], z.shape[1]))
    split = len(prior[0])
    cov[:split, :split], cov[split:, split:] = prior
    residual = sigma[np.ix_(equation, equation)] * (occasion[:, None] == occasion)
    expected = cov @ z.T @ np.linalg.solve(z @ cov @ z.T + residual, left)
    u, w = draw_effects(study.statistics, beta, sds, together, factor, of_therapists, None)
    np.testing.assert_allclose(u.reshape(-1), expected[:split], rtol=1e-8, atol=1e-10)
    if e:
        np.testing.assert_allclose(w.reshape(-1), expected[split:], rtol=1e-8, atol=1e-10)


def test_prior_of_a_single_correlation_is_uniform() -> None:
    """The density of the coordinate, without data, is that of atanh of a uniform variable: (1 - tanh^2) / 2."""
    study = make_study([], [], pairs=[(1, 0)], order=(0, 1), patients=5)
    empty = replace(study, equations=tuple(replace(rows, **_none(rows)) for rows in study.equations))
    position = np.zeros(study.size)
    place = study.n_beta + 2
    values = []
    for coordinate in (0.0, 0.7):
        position[place] = coordinate
        values.append(evaluate(empty.statistics, position, PRIOR)[0])
    assert values[1] - values[0] == pytest.approx(np.log(1 - np.tanh(0.7) ** 2), rel=1e-10)
    total, _ = integrate.quad(lambda at: (1 - np.tanh(at) ** 2) / 2, -20, 20)
    assert total == pytest.approx(1, rel=1e-8)


def _none(rows: object) -> dict[str, np.ndarray]:
    return {name: getattr(rows, name)[:0] for name in ("x", "y", "patient", "z", "occasion")}


@pytest.mark.parametrize(
    "name", ["three levels, an ordered pair", "two levels, three outcomes", "four outcomes in a chain"]
)
def test_prior_is_level_over_all_correlations_with_the_zeros_of_the_diagram(name: str) -> None:
    """The density by the correlations themselves, the determinant of the change of coordinates by differences, is the same everywhere."""
    study = STUDIES[name]
    empty = replace(study, equations=tuple(replace(rows, **_none(rows)) for rows in study.equations)).statistics
    first = study.n_beta + len(study.equations)
    found = []
    for seed in range(4):
        at = np.random.default_rng(seed).normal(scale=0.7, size=len(study.pairs))
        position = np.zeros(study.size)
        position[first : first + len(at)] = at
        steps = 1e-6 * np.eye(len(at))
        change = [
            (_free(study, at + step) - _free(study, at - step)) / 2e-6 for step in steps
        ]  # derivatives by the coordinates
        found.append(evaluate(empty, position, PRIOR)[0] - np.linalg.slogdet(np.array(change))[1])
    # Differences with a step of 1e-6 are good to about 1e-9.
    np.testing.assert_allclose(found, found[0], rtol=0, atol=1e-7)


def _free(study: Study, coordinates: np.ndarray) -> np.ndarray:
    correlations = correlations_of(study, np.tanh(coordinates))
    return np.array([correlations[pair] for pair in study.pairs])
