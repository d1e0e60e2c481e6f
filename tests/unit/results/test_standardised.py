"""Effects in standard deviations within patients."""

import numpy as np
import pandas as pd
import pytest

from alliance.results.standardised import Ratio, within_ratio


def panel_of(patients: int, sessions: int, seed: int) -> pd.DataFrame:
    """Simulate x with a standard deviation of 3 within patients and y with one of 2, a common course, and lasting differences."""
    rng = np.random.default_rng(seed)
    who, when = np.repeat(np.arange(patients), sessions), np.tile(np.arange(sessions), patients)
    x = 10 * rng.normal(size=patients)[who] + 0.8 * when + 3 * rng.normal(size=len(who))
    y = 5 * rng.normal(size=patients)[who] - 2.0 * when + 2 * rng.normal(size=len(who))
    panel = pd.DataFrame({"patient": who.astype(str), "session": when, "x": x, "y": y})
    return panel[rng.random(len(panel)) > 0.2].reset_index(drop=True)


def test_variance_within_patients_is_the_residual_variance_of_patients_and_sessions() -> None:
    panel = panel_of(20, 6, 1)
    dummies = pd.get_dummies(panel[["patient", "session"]].astype(str), dtype=float)
    design = dummies.to_numpy()
    variances = {}
    for name in ("x", "y"):
        rest = panel[name] - design @ np.linalg.lstsq(design, panel[name], rcond=None)[0]
        variances[name] = (rest**2).sum() / (len(panel) - np.linalg.matrix_rank(design))
    ratio = within_ratio(panel, "x", "y")
    assert ratio is not None
    assert ratio.value == pytest.approx(np.sqrt(variances["x"] / variances["y"]), rel=1e-9)


def test_ratio_is_found_again_and_its_error_is_that_of_repeated_studies() -> None:
    found = [within_ratio(panel_of(60, 6, seed), "x", "y") for seed in range(200)]
    logs = np.log([one.value for one in found if one is not None])
    errors = np.array([one.error for one in found if one is not None])
    assert logs.mean() == pytest.approx(np.log(1.5), abs=4 * logs.std() / np.sqrt(200))
    assert errors.mean() == pytest.approx(logs.std(ddof=1), rel=0.2)  # 200 studies know a standard deviation to 5 %


def test_standardised_effect_does_not_depend_on_units() -> None:
    panel = panel_of(30, 5, 3)
    as_it_is, rescaled = within_ratio(panel, "x", "y"), within_ratio(panel.assign(x=panel["x"] / 10), "x", "y")
    assert as_it_is is not None and rescaled is not None
    one = as_it_is.standardise(-0.20, 0.05, -0.31, -0.10)
    other = rescaled.standardise(-2.0, 0.5, -3.1, -1.0)
    assert one == pytest.approx(other, rel=1e-9)
    assert one[2] < one[0] < one[3]


def test_interval_widens_by_what_is_not_known_of_the_ratio() -> None:
    estimate, sd, low, high = Ratio(2.0, 0.1).standardise(-0.2, 0.05, -0.3, -0.1)
    assert (estimate, sd) == (-0.4, pytest.approx(np.hypot(0.1, 0.04)))
    assert high - estimate == pytest.approx(estimate - low) and high - estimate == pytest.approx(0.2 * sd / 0.1)


def test_there_is_no_ratio_of_what_does_not_change() -> None:
    panel = panel_of(10, 4, 5)
    assert within_ratio(panel.assign(x=1.0), "x", "y") is None
    assert within_ratio(panel.groupby("patient").head(1), "x", "y") is None
