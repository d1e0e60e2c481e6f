"""PathMaximum likelihood of joint models against nlme and lme4, on recorded values (see ``joint/maximum.R``).

The dense density in ``joint/studies.py`` stands between the two: it needs neither R nor the engine, so a disagreement has a place.
"""

import numpy as np
import pandas as pd
import pytest

from alliance.models.path.maximum import PathMaximum, log_likelihood_of, maximise, table_of
from tests.reference.joint.studies import BY_MAXIMUM, design_of, evaluate_densely, recorded

FOUR_DIGITS = 5e-4  # half a unit of the fourth significant digit of a number that begins with 1
# Standard errors that the searches of nlme and lme4 may be away from the maximum. It matters for correlations near zero, which have no
# significant digits to speak of. What the engine leaves is a thousandth of that.
LEFT_BY_R = 6e-6


@pytest.fixture(scope="module")
def maxima() -> dict[str, PathMaximum]:
    return {study: maximise(design_of(study)) for study in BY_MAXIMUM}


def found(maximum: PathMaximum, column: str) -> pd.Series:
    return table_of(maximum).set_index("parameter")[column]


@pytest.mark.parametrize("study", BY_MAXIMUM)
def test_joint_recorded_values_are_the_dense_likelihood(study: str) -> None:
    dense = evaluate_densely(study, recorded(study, "estimate"))
    # Values are recorded with 13 digits; what is left is rounding over some thousand rows.
    assert dense.log_likelihood == pytest.approx(recorded(study, "loglik").iloc[0], abs=1e-6)
    given = np.sqrt(np.diag(np.linalg.inv(dense.information)))
    # Both invert X'V^-1 X, by different routes.
    np.testing.assert_allclose(given, recorded(study, "se_given")[dense.names], rtol=1e-6)
    # Given the variances, fixed effects are generalised least squares: the step to their maximum is a rounding error of nlme and lme4.
    assert np.all(np.abs(np.linalg.solve(dense.information, dense.gradient)) < 1e-6 * given)


@pytest.mark.parametrize("study", BY_MAXIMUM)
def test_joint_recorded_values_are_a_maximum(study: str) -> None:
    assert np.sqrt(2 * abs(recorded(study, "promise").iloc[0])) < LEFT_BY_R
    # nlme's second optimiser, with numerical derivatives, stops 2e-7 below; another maximum would be further away.
    assert recorded(study, "second").iloc[0] == pytest.approx(recorded(study, "loglik").iloc[0], abs=1e-6)


@pytest.mark.parametrize("study", BY_MAXIMUM)
def test_joint_log_likelihood_is_that_of_r(study: str, maxima: dict[str, PathMaximum]) -> None:
    assert maxima[study].converged
    # Both searches end within 1e-7 of the maximum; a lost row or constant or another maximum would be off by far more.
    assert log_likelihood_of(maxima[study]) == pytest.approx(recorded(study, "loglik").iloc[0], abs=1e-6)


@pytest.mark.parametrize("study", BY_MAXIMUM)
def test_joint_estimates_are_those_of_r(study: str, maxima: dict[str, PathMaximum]) -> None:
    ours, theirs, errors = found(maxima[study], "estimate"), recorded(study, "estimate"), recorded(study, "se")
    assert set(ours.index) == set(theirs.index)
    allowed = np.maximum(FOUR_DIGITS * theirs.abs(), LEFT_BY_R * errors)
    differences = (ours[theirs.index] - theirs).abs()
    assert (differences <= allowed).all(), differences[differences > allowed]


@pytest.mark.parametrize("study", BY_MAXIMUM)
def test_joint_standard_errors_given_the_variances_are_those_of_r(study: str, maxima: dict[str, PathMaximum]) -> None:
    ours, theirs = found(maxima[study], "se_given_variances").dropna(), recorded(study, "se_given")
    assert set(ours.index) == set(theirs.index)
    np.testing.assert_allclose(ours[theirs.index], theirs, rtol=FOUR_DIGITS)


@pytest.mark.parametrize("study", BY_MAXIMUM)
def test_joint_standard_errors_are_from_the_observed_information(study: str, maxima: dict[str, PathMaximum]) -> None:
    ours, theirs = found(maxima[study], "se"), recorded(study, "se")
    # R's second derivatives are by Richardson extrapolation in other coordinates (standard deviations, correlations).
    np.testing.assert_allclose(ours[theirs.index], theirs, rtol=FOUR_DIGITS)


def test_joint_published_sizes_are_met() -> None:
    # The study is worth comparing on because its effects are as large as published ones, all varying and away from the boundary.
    values = recorded("mediation", "estimate")
    cov_ab = values["correlation patient y: m with m: x"] * values["sd patient m: x"] * values["sd patient y: m"]
    found_effects = [values["m: x"], values["y: m"], values["y: x"], cov_ab]
    # The truth is .6, .6, .2 and .11; with 100 patients a standard error is about .05, of the covariance .03.
    np.testing.assert_allclose(found_effects, [0.6, 0.6, 0.2, 0.11], atol=0.1)
    assert values[[name for name in values.index if name.startswith("sd patient")]].min() > 0.3
