"""Fits that are refused since nothing is left of an outcome."""

import numpy as np
import pandas as pd
import pytest

from alliance.errors import ModelError
from alliance.models.path.caution import check_residuals
from alliance.models.path.maximum import maximise, table_of
from tests.unit.models.joint_study import simulate
from tests.unit.models.path.path_study import BY_PATIENT, design_by

PANEL = simulate(80, 6, seed=1)


@pytest.mark.parametrize(
    ("y", "said"),
    [
        (
            2 * PANEL["m"] + 1,
            r"the predictors \(m, x\) and differences between units determine 'y' in the 480 rows.*Remove the predictor",
        ),
        (
            PANEL["m"].groupby(PANEL["patient"]).transform("mean"),
            r"'y' is the same at all sessions of each patient in the 480 rows.*leave it out",
        ),
    ],
    ids=["computed from a predictor", "measured once"],
)
def test_outcome_without_a_residual_is_refused(y: pd.Series, said: str) -> None:
    # The likelihood has no maximum: estimates of the other equation are wherever the search stopped, with standard errors of zero.
    maximum = maximise(design_by(BY_PATIENT, PANEL.assign(y=y)))
    with pytest.raises(ModelError, match=rf"models\.specs\.study\.equations\.y: {said}"):
        check_residuals("study", maximum)


def test_outcome_with_a_small_residual_is_fitted() -> None:
    noise = np.random.default_rng(1).normal(0, 0.05, len(PANEL))
    maximum = maximise(design_by(BY_PATIENT, PANEL.assign(y=2 * PANEL["m"] + noise)))
    check_residuals("study", maximum)
    assert maximum.converged
    # What is left has 1 / 50 of the sd of y, so b is known to about .05 / (sqrt(480) x 1).
    table = table_of(maximum).set_index("parameter")
    assert table["estimate"]["y: m"] == pytest.approx(2.0, abs=3 * table["se"]["y: m"])
    assert table["se"]["y: m"] < 0.01
