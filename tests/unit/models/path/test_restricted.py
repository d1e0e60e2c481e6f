"""The restricted likelihood against dense matrices and the closed forms of balanced data, and what its draws are like there."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alliance.config import ModelSpec, Variable
from alliance.inference.restricted import Restricted
from alliance.models.design.arrays import make_design
from alliance.models.path.maximum import maximise
from alliance.models.path.precision import measure_precision
from alliance.models.path.target import PathTarget
from alliance.models.path.variances import further_spread
from alliance.models.rows import select_rows
from tests.unit.likelihood.studies import differentiate
from tests.unit.models.path.path_study import BY_PATIENT, BY_THERAPIST, design_by, panel_with_therapists

PANEL = panel_with_therapists(patients=24, sessions=5, therapists=6)
UNITS, SESSIONS = 6, 8


def restrict(equations: dict[str, Any], panel: pd.DataFrame = PANEL) -> Restricted[PathTarget]:
    maximum = maximise(design_by(equations, panel))
    return Restricted(maximum, maximum.target.quadratic)


def dense_restricted(target: PathTarget, position: np.ndarray) -> float:
    """Return l_R from the whole covariance matrix of each equation's rows, whose effects may not go together across equations."""
    natural, total, offset = target.natural(position[None]), 0.0, 0
    rows = target.statistics.equations
    z, x, y, noise = [], [], [], []
    for k, (outcome, equation) in enumerate(target.design.equations.items()):
        columns = []
        for level, units in (
            ("patient", rows[k].patient),
            ("therapist", target.statistics.therapist_of[rows[k].patient]),
        ):
            effects, count = target.design.varying.get(level, []), units.max() + 1
            block = np.zeros((len(units), count, len(effects)))
            for place, effect in enumerate(effects):
                if effect.outcome == outcome:
                    block[np.arange(len(units)), units, place] = equation.varying_column(effect.term)
            columns.append(block)
        z.append(columns)
        x.append(rows[k].x)
        y.append(rows[k].y)
        noise.append(np.full(len(rows[k].y), natural.residual[0, k] ** 2))
        offset += len(rows[k].y)
    covariance = np.diag(np.concatenate(noise))
    for number, level in enumerate(("patient", "therapist")):
        if target.layout.effects[level]:
            count = max(part[number].shape[1] for part in z)
            padded = np.concatenate(
                [np.pad(part[number], ((0, 0), (0, count - part[number].shape[1]), (0, 0))) for part in z]
            )
            of_level = natural.covariances[level][0]
            covariance += np.einsum("ruq,qp,sup->rs", padded, of_level, padded)
    design = np.zeros((offset, sum(part.shape[1] for part in x)))
    row = column = 0
    for part in x:
        design[row : row + len(part), column : column + part.shape[1]] = part
        row, column = row + len(part), column + part.shape[1]
    outcome = np.concatenate(y)
    information = design.T @ np.linalg.solve(covariance, design)
    beta = np.linalg.solve(information, design.T @ np.linalg.solve(covariance, outcome))
    total = stats.multivariate_normal(design @ beta, covariance).logpdf(outcome)
    return float(total - np.linalg.slogdet(information)[1] / 2)


@pytest.mark.parametrize("equations", [BY_PATIENT, BY_THERAPIST], ids=["patients", "patients and therapists"])
def test_restricted_likelihood_is_the_dense_one_and_its_gradient_that_of_differences(equations: dict[str, Any]) -> None:
    restricted = restrict(equations)
    rng = np.random.default_rng(1)
    variances = rng.normal(scale=0.4, size=len(restricted.variances))
    value, gradient = restricted.value(variances)
    position = restricted.place(variances, np.zeros(restricted.quadratic.stop))
    # A determinant of some hundred rows.
    assert value == pytest.approx(dense_restricted(restricted.maximum.target, position), rel=1e-9)
    numerical = differentiate(lambda at: restricted.value(at)[0], variances)
    np.testing.assert_allclose(gradient, numerical, rtol=1e-5, atol=1e-6 * np.abs(numerical).max())


def balanced(units: int = UNITS, seed: int = 1, sd: float = 1.0, covariate: bool = False) -> Restricted[PathTarget]:
    """Return y of units with as many sessions each, on what differs between units, or on nothing."""
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(units), SESSIONS)
    w = np.repeat(rng.normal(size=units), SESSIONS)
    y = sd * rng.normal(size=units)[unit] + rng.normal(size=len(unit))
    rows = {
        "patient": [f"P{i:03d}" for i in unit],
        "therapist": "T",
        "session": np.tile(np.arange(SESSIONS), units),
        "w": w,
        "y": y,
    }
    panel = pd.DataFrame(rows)
    variables = {name: Variable.model_validate({"label": name, "column": name, **kind}) for name, kind in KINDS.items()}
    on = ["w"] if covariate else []
    declared = {"equations": {"y": {"on": on, "vary": {"patient": ["intercept"]}}}, "effects": {"from": "w", "to": "y"}}
    spec = ModelSpec.model_validate({"label": "one way", "family": "multilevel_path", **declared})
    chosen, _ = select_rows(panel, "one way", spec)
    maximum = maximise(make_design("one way", spec, chosen, variables))
    return Restricted(maximum, maximum.target.quadratic)


KINDS: dict[str, dict[str, Any]] = {"w": {"table": "patients"}, "y": {"measured": "after"}}


def test_estimates_of_balanced_data_are_those_of_the_analysis_of_variance() -> None:
    restricted = balanced()
    values = restricted.maximum.target.design.equations["y"].y.reshape(UNITS, SESSIONS)
    within = values.var(axis=1, ddof=1).mean()
    between = values.mean(axis=1).var(ddof=1) - within / SESSIONS
    natural = restricted.maximum.target.natural(restricted.position[None])
    assert natural.residual[0, 0] ** 2 == pytest.approx(within, rel=1e-6)  # of a search
    assert natural.covariances["patient"][0, 0, 0] == pytest.approx(between, rel=1e-6)


@pytest.mark.parametrize("covariate", [False, True])
def test_degrees_of_freedom_of_balanced_data_are_units_less_what_differs_between_them(covariate: bool) -> None:
    restricted = balanced(covariate=covariate)
    target = restricted.maximum.target
    natural = target.natural(restricted.position[None])
    found = measure_precision(target.design, target.statistics, natural)["patient"]
    assert found.freedom[0] == pytest.approx(UNITS - 1 - covariate, rel=1e-9)
    expected = natural.covariances["patient"][0, 0, 0] + natural.residual[0, 0] ** 2 / SESSIONS
    assert found.spread[0, 0] == pytest.approx(expected, rel=1e-9)


def test_information_of_balanced_data_adds_next_to_nothing_to_the_spread_of_few_units() -> None:
    restricted = balanced()
    target = restricted.maximum.target
    natural = target.natural(restricted.position[None])
    precision = measure_precision(target.design, target.statistics, natural)["patient"]
    further = further_spread(natural, "patient", precision, restricted.covariance)
    variance = 2 * precision.spread[0, 0] ** 2 / (UNITS - 1)
    # That of the residual variance, which 42 differences within units tell: (s^2 / n)^2 2 / 42.
    noise = natural.residual[0, 0] ** 2 / SESSIONS
    assert further[0, 0] ** 2 == pytest.approx(2 * noise**2 / 42, rel=0.01)
    assert further[0, 0] ** 2 < 0.02 * variance


def test_draws_of_balanced_data_have_student_and_chi_square_limits() -> None:
    restricted = balanced()
    target, tails = restricted.maximum.target, np.array([0.025, 0.975])
    means = target.design.equations["y"].y.reshape(UNITS, SESSIONS).mean(axis=1)
    draws = restricted.draw(200_000, np.random.default_rng(1))
    freedom, error = UNITS - 1, means.std(ddof=1) / np.sqrt(UNITS)
    student = means.mean() + error * stats.t(freedom).ppf(tails)
    # A thousand draws of the variance stand behind all: 5 % of a limit.
    np.testing.assert_allclose(np.quantile(draws[:, 0], tails), student, rtol=0.05)
    noise = restricted.maximum.target.natural(restricted.position[None]).residual[0, 0] ** 2 / SESSIONS
    limits = np.sqrt(freedom * means.var(ddof=1) / stats.chi2(freedom).ppf(tails[::-1]) - noise)
    found = np.quantile(target.natural(draws).named["patient_sd"][:, 0], tails)
    np.testing.assert_allclose(found, limits, rtol=0.08)


def test_effect_that_may_not_vary_has_zero_as_its_lower_limit() -> None:
    restricted = balanced(sd=0.0, seed=3)
    draws = restricted.draw(2000, np.random.default_rng(1))
    sds = restricted.maximum.target.natural(draws).named["patient_sd"][:, 0]
    assert np.quantile(sds, 0.025) == 0.0
    assert np.isfinite(draws).all()


@pytest.mark.parametrize("equations", [BY_PATIENT, BY_THERAPIST], ids=["patients", "patients and therapists"])
def test_draws_are_positions_of_proper_covariances_around_the_estimate(equations: dict[str, Any]) -> None:
    restricted = restrict(equations)
    draws = restricted.draw(3000, np.random.default_rng(1))
    named = restricted.maximum.target.named(draws)
    for level in ("patient", "therapist"):
        if f"{level}_correlation" in named:
            assert np.abs(named[f"{level}_correlation"]).max() <= 1.0
    coefficients = draws[:, restricted.quadratic]
    expected = restricted.position[restricted.quadratic]
    errors = coefficients.std(axis=0)
    assert (np.abs(np.median(coefficients, axis=0) - expected) < 0.3 * errors).all()
    plain = np.sqrt(np.diagonal(restricted.maximum.covariance))[restricted.quadratic]
    assert (errors > 0.95 * plain).all()


def test_maximum_does_not_depend_on_the_data_it_was_searched_from() -> None:
    other, alone = balanced(seed=2), balanced(seed=1)
    near = Restricted(alone.maximum, alone.quadratic, other.arrival)
    # Far below what a standard error of 0.1 is read to; searches end where a step promises a gain of 1e-11, 5e-6 standard errors.
    np.testing.assert_allclose(near.position, alone.position, rtol=0, atol=1e-6)
