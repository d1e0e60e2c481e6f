"""Profile likelihood of standard deviations: against a constrained search, at the edge, and in raw units."""

import numpy as np
import pytest
from scipy import optimize, stats

from alliance.models.path.maximum import PathMaximum, log_likelihood_of, maximise, table_of
from alliance.models.path.profile import _Profile, profile_variances
from tests.unit.models.joint_study import simulate
from tests.unit.models.path.path_study import BY_PATIENT, BY_THERAPIST, design_by

SLOPE = {"m": {"on": ["x"], "vary": {"patient": ["intercept", "x"]}}, "y": {"on": ["m", "x"]}}
CUT = stats.chi2.ppf(0.95, 1)


def constrained_fall(maximum: PathMaximum, row: slice, sd: float) -> float:
    """Return twice the loss of log-likelihood with the length of a row of L held, by sequential quadratic programming."""

    def loss(position: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = maximum.target.value(position)
        return -value, -gradient

    def slope(position: np.ndarray) -> np.ndarray:
        result = np.zeros_like(position)
        result[row] = 2 * position[row]
        return result

    start = maximum.top.position + 0.05
    held = {"type": "eq", "fun": lambda position: position[row] @ position[row] - sd**2, "jac": slope}
    found = optimize.minimize(
        loss, start, jac=True, method="SLSQP", constraints=held, options={"maxiter": 1000, "ftol": 1e-12}
    )
    assert found.success
    return float(2 * (maximum.top.value + found.fun))


@pytest.fixture(scope="module")
def flat() -> PathMaximum:
    """Return the maximum of a study in which slopes do not vary."""
    return maximise(design_by(BY_PATIENT, simulate(50, 5, 2, slope_sd=0.0)))


def test_at_each_limit_the_likelihood_has_fallen_by_the_cut(flat: PathMaximum) -> None:
    rows, _ = profile_variances(flat)
    effects = [effect.text for effect in flat.target.design.varying["patient"]]
    scales = flat.target.design.scales("patient")
    first = flat.target.layout.fixed.stop + 2
    assert rows
    for row in rows:
        number = effects.index(row["effect"])
        place = slice(first + number * (number + 1) // 2, first + (number + 1) * (number + 2) // 2)
        # Limits are found to 1e-4, where the fall changes by about ten per unit; the other search stops at a similar accuracy.
        assert constrained_fall(flat, place, row["high"] / scales[number]) == pytest.approx(CUT, abs=0.02)
        if row["low"] > 0:
            assert constrained_fall(flat, place, row["low"] / scales[number]) == pytest.approx(CUT, abs=0.02)
        else:
            assert stats.chi2.sf(constrained_fall(flat, place, 0.0), [3, 4]).mean() > 0.05


def test_variance_near_zero_is_marked_with_the_upper_limit_in_raw_units(flat: PathMaximum) -> None:
    rows, marks = profile_variances(flat)
    row = next(row for row in rows if row["effect"] == "m: x")
    mark = next(mark for mark in marks if mark.subject == "m: x by patient")
    assert row["level"] == "patient"
    assert row["low"] == 0
    assert row["low"] <= row["estimate"] < row["high"]
    assert (mark.declared.title, mark.passed) == ("boundary variance", False)
    assert f"values up to {row['high']:.2f} are compatible" in mark.detail
    assert mark.value == row["low"]


def test_limits_are_in_the_units_of_the_outcome(flat: PathMaximum) -> None:
    scaled = maximise(design_by(BY_PATIENT, simulate(50, 5, 2, slope_sd=0.0, raw_scale=10.0)))
    one, ten = (
        {row["effect"]: np.array([row["estimate"], row["low"], row["high"]]) for row in profile_variances(fit)[0]}
        for fit in (flat, scaled)
    )
    assert one.keys() == ten.keys()
    # Limits are found to 1e-4 of a standard unit.
    assert ten["y: m"] == pytest.approx(10 * one["y: m"], abs=1e-2)
    assert ten["m: x"] == pytest.approx(one["m: x"], abs=1e-3)


def test_variance_away_from_zero_is_not_profiled() -> None:
    maximum = maximise(design_by(BY_PATIENT, simulate(150, 10, 2)))
    assert profile_variances(maximum) == ([], [])


def test_fall_at_zero_is_that_of_the_model_without_the_effect() -> None:
    panel = simulate(60, 6, 1, slope_sd=0.0)
    maximum = maximise(design_by(SLOPE, panel))
    without = maximise(design_by({"m": {"on": ["x"], "vary": {"patient": ["intercept"]}}, "y": SLOPE["y"]}, panel))
    place = maximum.target.layout.size - 3  # the last of three rows of L
    fall = _Profile(maximum, slice(place, place + 3)).fall(0.0)
    # Both searches end within rounding of their maxima.
    assert fall == pytest.approx(2 * (log_likelihood_of(maximum) - log_likelihood_of(without)), abs=1e-5)


def test_zero_is_compatible_with_most_studies_without_differences() -> None:
    """With its two correlations a variance of zero is excluded by 3.841 in 19 % of such studies, by the mixture in about 5 %."""
    compatible = []
    for seed in range(40):
        rows, _ = profile_variances(maximise(design_by(SLOPE, simulate(60, 6, seed, slope_sd=0.0))))
        compatible.append(any(row["effect"] == "m: x" and row["low"] == 0 for row in rows))
    # Three standard errors of a share of 40 studies are 10 %.
    assert np.mean(compatible) > 0.84


def test_effects_of_therapists_are_profiled_too() -> None:
    maximum = maximise(design_by(BY_THERAPIST, simulate(60, 6, 3)))  # therapists do not differ
    table = table_of(maximum).set_index("parameter")
    near = {
        name
        for name in table.index
        if name.startswith(("sd patient", "sd therapist")) and table.loc[name, "estimate"] <= 2 * table.loc[name, "se"]
    }
    rows, marks = profile_variances(maximum)
    found = {f"sd {row['level']} {row['effect']}" for row in rows}
    assert near <= found
    assert any(row["level"] == "therapist" for row in rows)
    assert [mark.passed for mark in marks] == [row["low"] > 0 for row in rows]
