"""The joint model finds the truth it was simulated from, the covariance of the patients' slopes included."""

import numpy as np
import pandas as pd
import pytest

from alliance.models.container import quantities_of
from alliance.models.direct.fit import fit
from tests.unit.models import joint_study as study

COV_AB = study.SLOPES_CORRELATION * study.SLOPE_SD**2
INDIRECT = study.A * study.B + COV_AB
TRUTH = {
    ("x -> m", "a", "within"): study.A,
    ("m -> y", "b", "within"): study.B,
    ("x -> y", "c_prime", "within"): study.C_PRIME,
    ("x -> m -> y", "cov_ab", "within"): COV_AB,
    ("x -> m -> y", "indirect", "within"): INDIRECT,
    ("x -> m -> y", "indirect_product", "within"): study.A * study.B,
    ("x -> y", "total", "within"): INDIRECT + study.C_PRIME,
    # Intercepts have equal variances, so the contextual effect is their correlation.
    ("m -> y", "b", "between_patient"): study.B + study.INTERCEPTS_CORRELATION,
    ("x -> m", "sd", "patient"): study.SLOPE_SD,
    ("m -> y", "sd", "patient"): study.SLOPE_SD,
    ("intercept -> m", "sd", "patient"): study.INTERCEPT_SD,
    ("intercept -> m, intercept -> y", "correlation", "patient"): study.INTERCEPTS_CORRELATION,
    ("x -> m, m -> y", "correlation", "patient"): study.SLOPES_CORRELATION,
    ("residual -> y", "sd", "session"): 1.0,
}


@pytest.mark.slow
def test_known_effects_are_found_again():
    panel = study.simulate(250, 8, seed=11)
    result = fit(panel, "study", study.make_spec(), study.make_settings(draws=400, tune=400))
    values = result.tree["paths"]["draws"].to_numpy().reshape(-1, result.tree["paths"].sizes["quantity"])
    keys = quantities_of(result.tree["paths"])[["path", "effect", "level"]].itertuples(index=False, name=None)
    table = pd.DataFrame({"mean": values.mean(axis=0), "sd": values.std(axis=0)}, index=pd.MultiIndex.from_tuples(keys))
    truth = pd.Series(TRUTH)
    found = table.loc[truth.index]
    # 14 quantities: 3 posterior standard deviations are left by chance in fewer than 4 % of studies, and the seed is fixed.
    assert ((found["mean"] - truth).abs() / found["sd"]).max() < 3
    # The covariance is far from nothing in these data, so a model without it would be seen.
    assert (
        found.loc[("x -> m -> y", "cov_ab", "within"), "mean"]
        < -2 * found.loc[("x -> m -> y", "cov_ab", "within"), "sd"]
    )
    assert np.isfinite(values).all()
