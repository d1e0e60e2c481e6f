"""Residuals that depend on the one before, against nlme, on recorded values (see ``joint/series.R``)."""

import numpy as np
import pandas as pd
import pytest

from alliance.inference.restricted import Restricted
from alliance.models.design.arrays import make_design
from alliance.models.design.series import add_series
from alliance.models.path.maximum import PathMaximum, log_likelihood_of, maximise, table_at, table_of
from alliance.models.rows import select_rows
from tests.reference.joint.studies import HERE, VARIABLES, spec_of

# Half a unit of the fourth significant digit of a number that begins with 1; of a correlation near zero, as far as its search leaves it.
FOUR_DIGITS, LEFT_BY_R = 5e-4, 1e-5
VARY = {"sessions": {"patient": ["intercept", "x"], "therapist": ["intercept"]}, "days": {"patient": ["intercept"]}}


@pytest.fixture(scope="module")
def maxima() -> dict[str, PathMaximum]:
    found = {}
    for kind, vary in VARY.items():
        spec = spec_of("one_equation", equations={"y": {"on": ["x", "m"], "vary": vary}})
        rows, _ = select_rows(pd.read_csv(HERE / "series.csv"), "series", spec)
        found[kind] = maximise(add_series("series", {"y": kind}, make_design("series", spec, rows, VARIABLES)))
    return found


def recorded(kind: str, method: str, what: str) -> pd.Series:
    table = pd.read_csv(HERE / "recorded_series.csv").query("model == @kind and method == @method and kind == @what")
    return table.set_index("parameter")["value"]


@pytest.mark.parametrize("kind", VARY)
def test_maximum_is_that_of_nlme(kind: str, maxima: dict[str, PathMaximum]) -> None:
    maximum, theirs = maxima[kind], recorded(kind, "ML", "estimate")
    assert maximum.converged
    table = table_of(maximum).set_index("parameter")
    np.testing.assert_allclose(table["estimate"][theirs.index], theirs, rtol=FOUR_DIGITS, atol=LEFT_BY_R)
    errors = recorded(kind, "ML", "se")
    np.testing.assert_allclose(table["se_given_variances"][errors.index], errors, rtol=FOUR_DIGITS)
    assert log_likelihood_of(maximum) == pytest.approx(recorded(kind, "ML", "loglik")["all"], abs=1e-6)


@pytest.mark.parametrize("kind", VARY)
def test_restricted_maximum_is_that_of_nlme(kind: str, maxima: dict[str, PathMaximum]) -> None:
    maximum, theirs = maxima[kind], recorded(kind, "REML", "estimate")
    restricted = Restricted(maximum, maximum.target.quadratic)
    names, values = table_at(maximum, restricted.position[None])
    ours = pd.Series(values[0], index=names)[theirs.index]
    np.testing.assert_allclose(ours, theirs, rtol=FOUR_DIGITS, atol=LEFT_BY_R)
    fixed = maximum.target.layout.fixed
    (equation,) = maximum.target.design.equations.values()
    given = np.sqrt(np.diagonal(restricted.covariance)[fixed])[1:] * equation.y_sd / equation.x_sd
    np.testing.assert_allclose(given, recorded(kind, "REML", "se"), rtol=FOUR_DIGITS)
    # From standard units to those of the outcome and of the predictors, see `test_joint_restricted`.
    log_likelihood = restricted.top.value - (len(equation.y) - 3) * np.log(equation.y_sd)
    log_likelihood -= np.log(equation.x_sd).sum() - 3 / 2 * np.log(2 * np.pi)
    assert log_likelihood == pytest.approx(recorded(kind, "REML", "loglik")["all"], abs=1e-6)
