"""Restricted maximum likelihood against lme4 and nlme, on recorded values (see ``joint/restricted.R``)."""

import numpy as np
import pandas as pd
import pytest

from alliance.inference.restricted import Restricted
from alliance.models.path.maximum import maximise, table_at
from tests.reference.joint.studies import HERE, design_of

# Half a unit of the fourth significant digit of a number that begins with 1; of a correlation near zero, as far as its search leaves it.
FOUR_DIGITS, LEFT_BY_R = 5e-4, 1e-5


@pytest.mark.parametrize("study", ["one_equation", "mediation"])
def test_restricted_maximum_is_that_of_r(study: str) -> None:
    recorded = pd.read_csv(HERE / "restricted.csv").query("model == @study")
    theirs = recorded[recorded["kind"] == "estimate"].set_index("parameter")["value"]
    design, maximum = design_of(study), maximise(design_of(study))
    restricted = Restricted(maximum, maximum.target.quadratic)
    assert restricted.top.converged
    names, values = table_at(maximum, restricted.position[None])
    ours = pd.Series(values[0], index=names)[theirs.index]
    np.testing.assert_allclose(ours, theirs, rtol=FOUR_DIGITS, atol=LEFT_BY_R)
    # From standard units to those of the outcomes, and the constant of the coefficients: log|X'V^-1 X| changes with the scale of y, and
    # with those of the predictors, here centred as in R.
    log_likelihood = restricted.top.value
    for equation in design.equations.values():
        log_likelihood -= (len(equation.y) - 1 - len(equation.terms)) * np.log(equation.y_sd)
        log_likelihood -= np.log(equation.x_sd).sum() - (1 + len(equation.terms)) / 2 * np.log(2 * np.pi)
    loglik = float(recorded[recorded["kind"] == "loglik"]["value"].iloc[0])
    assert log_likelihood == pytest.approx(loglik, abs=1e-6)
