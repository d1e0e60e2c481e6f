"""Therapists crossed with patients against lme4, on recorded values (see ``crossed/lmer.R``)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alliance.inference.restricted import Restricted
from alliance.likelihood.units import draw_effects
from alliance.models.design.arrays import make_design
from alliance.models.path.maximum import PathMaximum, log_likelihood_of, maximise, table_at, table_of
from alliance.models.rows import select_rows
from tests.reference.joint.studies import VARIABLES, spec_of

HERE = Path(__file__).parent / "crossed"
# Half a unit of the fourth significant digit of a number that begins with 1; of a correlation near zero, as far as its search leaves it.
FOUR_DIGITS, LEFT_BY_R = 5e-4, 1e-5
VARYING = {"intercepts": ["intercept"], "slopes": ["intercept", "x"]}


@pytest.fixture(scope="module")
def maxima() -> dict[str, PathMaximum]:
    found = {}
    for model, terms in VARYING.items():
        vary = {"patient": terms, "therapist": terms}
        spec = spec_of("one_equation", equations={"y": {"on": ["x"], "vary": vary}})
        rows, _ = select_rows(pd.read_csv(HERE / "changes.csv"), "changes", spec)
        found[model] = maximise(make_design("changes", spec, rows, VARIABLES))
    return found


def recorded(model: str, method: str, what: str) -> pd.Series:
    table = pd.read_csv(HERE / "lmer.csv").query("model == @model and method == @method and kind == @what")
    return table.set_index("parameter")["value"]


@pytest.mark.parametrize("model", VARYING)
def test_maximum_is_that_of_lme4(model: str, maxima: dict[str, PathMaximum]) -> None:
    maximum, theirs = maxima[model], recorded(model, "ML", "estimate")
    assert maximum.converged
    table = table_of(maximum).set_index("parameter")
    np.testing.assert_allclose(table["estimate"][theirs.index], theirs, rtol=FOUR_DIGITS, atol=LEFT_BY_R)
    errors = recorded(model, "ML", "se")
    np.testing.assert_allclose(table["se_given_variances"][errors.index], errors, rtol=FOUR_DIGITS)
    assert log_likelihood_of(maximum) == pytest.approx(recorded(model, "ML", "loglik")["all"], abs=1e-6)


@pytest.mark.parametrize("model", VARYING)
def test_effects_of_units_are_those_of_lme4(model: str, maxima: dict[str, PathMaximum]) -> None:
    maximum = maxima[model]
    target = maximum.target
    natural = target.natural(maximum.top.position[None])
    factors = (factor[0] for factor in natural.factors.values())
    drawn = draw_effects(target.statistics, natural.beta[0], natural.residual[0], natural.together[0], *factors, None)
    for level, codes, effects in zip(
        ("patient", "therapist"), (target.patients, target.therapists), drawn, strict=True
    ):
        ours = pd.Series(effects[:, 0] * target.design.equations["y"].y_sd, index=codes)
        theirs = recorded(model, "ML", level)
        np.testing.assert_allclose(ours[theirs.index], theirs, atol=FOUR_DIGITS)


@pytest.mark.parametrize("model", VARYING)
def test_restricted_maximum_is_that_of_lme4(model: str, maxima: dict[str, PathMaximum]) -> None:
    maximum, theirs = maxima[model], recorded(model, "REML", "estimate")
    restricted = Restricted(maximum, maximum.target.quadratic)
    assert restricted.top.converged
    names, values = table_at(maximum, restricted.position[None])
    np.testing.assert_allclose(
        pd.Series(values[0], index=names)[theirs.index], theirs, rtol=FOUR_DIGITS, atol=LEFT_BY_R
    )
    (equation,) = maximum.target.design.equations.values()
    # From standard units to those of the outcome and of the predictors, see `test_joint_restricted`.
    log_likelihood = restricted.top.value - (len(equation.y) - 2) * np.log(equation.y_sd)
    log_likelihood -= np.log(equation.x_sd).sum() - np.log(2 * np.pi)
    assert log_likelihood == pytest.approx(recorded(model, "REML", "loglik")["all"], abs=1e-6)


def test_taking_the_first_therapist_for_all_sessions_is_another_model(maxima: dict[str, PathMaximum]) -> None:
    sessions = pd.read_csv(HERE / "changes.csv")
    sessions["therapist"] = sessions.groupby("patient")["therapist"].transform("first")
    spec = spec_of(
        "one_equation", equations={"y": {"on": ["x"], "vary": {"patient": ["intercept"], "therapist": ["intercept"]}}}
    )
    nested = maximise(make_design("changes", spec, select_rows(sessions, "changes", spec)[0], VARIABLES))
    assert nested.target.statistics.crossed is None
    assert maxima["intercepts"].top.value > nested.top.value + 5
