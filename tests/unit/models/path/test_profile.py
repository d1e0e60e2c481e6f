"""Profile limits of standard deviations and correlations: against a constrained search, at the edge, in raw units, and in the estimates."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from alliance.inference.profile import trace_profile
from alliance.inference.robust import robust_covariance
from alliance.models.path.curves import SdCurve
from alliance.models.path.maximum import PathMaximum, log_likelihood_of, maximise, table_of
from alliance.models.path.profile import Component, mark_near_zero, profile_components
from alliance.results.estimates import flag_of, summarise_estimates
from tests.unit.models.joint_study import simulate
from tests.unit.models.path.path_study import BY_PATIENT, BY_THERAPIST, design_by, panel_with_therapists, small_maximum
from tests.unit.models.path.test_fit import run

SLOPE = {"m": {"on": ["x"], "vary": {"patient": ["intercept", "x"]}}, "y": {"on": ["m", "x"]}}
CONTENTS = (0.9, 0.95, 0.99)


def constrained_fall(maximum: PathMaximum, component: Component, value: float) -> float:
    """Return twice the loss of log-likelihood with a component held, by sequential quadratic programming."""
    target = maximum.target
    effects = target.design.varying[component.level]
    rows = [target.layout.row(component.level, effects.index(effect)) for effect in component.effects]

    def held(position: np.ndarray) -> float:
        covariance = target.natural(position[None]).covariances[component.level][0]
        i, j = (effects.index(effect) for effect in (component.effects[0], component.effects[-1]))
        if len(rows) == 1:
            scale = target.design.scales(component.level)[i]
            return float(covariance[i, i] - (value / scale) ** 2)
        return float(covariance[i, j] - value * np.sqrt(covariance[i, i] * covariance[j, j]))

    def loss(position: np.ndarray) -> tuple[float, np.ndarray]:
        height, gradient = target.value(position)
        return -height, -gradient

    found = optimize.minimize(
        loss,
        target.off_boundary(maximum.top.position),
        jac=True,
        method="SLSQP",
        constraints={"type": "eq", "fun": held},
        options={"maxiter": 1000, "ftol": 1e-12},
    )
    assert found.success
    return float(2 * (maximum.top.value + found.fun))


def tails(content: float) -> np.ndarray:
    return np.array([(1 - content) / 2, (1 + content) / 2])


@pytest.fixture(scope="module")
def flat() -> PathMaximum:
    """Return the maximum of a study in which slopes do not vary."""
    return maximise(design_by(BY_PATIENT, simulate(50, 5, 2, slope_sd=0.0)))


@pytest.fixture(scope="module")
def clear() -> PathMaximum:
    """Return the maximum of a study in which everything varies."""
    return maximise(design_by(BY_PATIENT, simulate(150, 10, 5)))


@pytest.mark.parametrize("content", CONTENTS)
def test_at_each_limit_the_likelihood_has_fallen_by_the_cut(clear: PathMaximum, content: float) -> None:
    components = profile_components(clear)
    assert len(components) == 4 + 6
    cut = stats.chi2.ppf(content, 1)
    for component in components:
        for value in component.quantiles(tails(content)):
            # Cubics between values one apart in the root, and the other search's accuracy.
            assert constrained_fall(clear, component, value) == pytest.approx(cut, rel=2e-3), component.key


def test_limits_of_standard_deviations_near_zero_are_those_of_the_constrained_search(flat: PathMaximum) -> None:
    for component in profile_components(flat):
        if len(component.effects) == 1:
            low, high = component.quantiles(tails(0.95))
            assert constrained_fall(flat, component, high) == pytest.approx(stats.chi2.ppf(0.95, 1), rel=2e-3)
            # A variance of zero takes three correlations along.
            fall = component.profile.roots[0] ** 2
            assert (low == 0) == (stats.chi2.sf(fall, [3, 4]).mean() > 0.05)


def test_variance_near_zero_is_marked_with_the_upper_limit_in_raw_units(flat: PathMaximum) -> None:
    components = profile_components(flat)
    mark = next(mark for mark in mark_near_zero(flat.target.design, components) if mark.subject == "m: x by patient")
    high = next(c for c in components if c.key == ("sd", "patient", "x -> m")).quantiles(tails(0.95))[1]
    assert (mark.declared.title, mark.passed, mark.value) == ("boundary variance", False, 0)
    assert mark.detail.endswith(f"values up to {high:.2f} are compatible with the data")


def test_slope_that_may_not_vary_flags_the_covariance_of_the_slopes_of_its_path_alone(flat: PathMaximum) -> None:
    """cov(a, b) is made from the same standard deviations as the correlation; the indirect effect is mostly made from averages."""
    marks = mark_near_zero(flat.target.design, profile_components(flat))
    mark = next(mark for mark in marks if mark.subject == "m: x by patient")
    path = {"outcome": "y", "path": "x -> m -> y"}
    assert flag_of({**path, "effect": "cov_ab", "level": "within"}, 0, [mark]) == "boundary variance"
    assert flag_of({**path, "effect": "indirect", "level": "within"}, 0, [mark]) == ""
    for other in ("x -> n -> y", "z -> m -> y"):
        assert flag_of({**path, "path": other, "effect": "cov_ab", "level": "within"}, 0, [mark]) == ""


def test_a_slope_that_varies_alone_has_no_covariance_to_flag() -> None:
    maximum = maximise(design_by(SLOPE, simulate(60, 6, 1, slope_sd=0.0)))
    mark = next(m for m in mark_near_zero(maximum.target.design, profile_components(maximum)) if "m: x" in m.subject)
    assert mark.effects == ("sd", "correlation")


def test_limits_are_in_the_units_of_the_outcome(flat: PathMaximum) -> None:
    scaled = maximise(design_by(BY_PATIENT, simulate(50, 5, 2, slope_sd=0.0, raw_scale=10.0)))
    one, ten = ({c.key: c.quantiles(tails(0.95)) for c in profile_components(fit)} for fit in (flat, scaled))
    assert one.keys() == ten.keys()
    # Searches with everything else held end at 1e-7 of log-likelihood.
    for key, factor in (("m -> y", 10), ("x -> m", 1)):
        assert ten["sd", "patient", key] == pytest.approx(factor * one["sd", "patient", key], abs=1e-3 * factor)


def test_variance_away_from_zero_is_not_marked(clear: PathMaximum) -> None:
    assert mark_near_zero(clear.target.design, profile_components(clear)) == []


def test_fall_at_zero_is_that_of_the_model_without_the_effect() -> None:
    panel = simulate(60, 6, 1, slope_sd=0.0)
    maximum = maximise(design_by(SLOPE, panel))
    without = maximise(design_by({"m": {"on": ["x"], "vary": {"patient": ["intercept"]}}, "y": SLOPE["y"]}, panel))
    root = trace_profile(maximum, SdCurve(maximum.target.layout.row("patient", 2)), 0.1).roots[0]
    # The search with the effect held ends within 1e-7.
    assert root**2 == pytest.approx(2 * (log_likelihood_of(maximum) - log_likelihood_of(without)), abs=1e-5)


def test_zero_is_compatible_with_most_studies_without_differences() -> None:
    """With its two correlations a variance of zero is excluded by 3.841 in 19 % of such studies, by the mixture in about 5 %."""
    compatible = []
    for seed in range(40):
        components = profile_components(maximise(design_by(SLOPE, simulate(60, 6, seed, slope_sd=0.0))))
        compatible.append(next(c for c in components if c.key == ("sd", "patient", "x -> m")).at_zero >= 0.025)
    # Three standard errors of a share of 40 studies are 10 %.
    assert np.mean(compatible) > 0.84


def test_effects_of_therapists_are_profiled_too() -> None:
    maximum = maximise(design_by(BY_THERAPIST, simulate(60, 6, 3)))  # therapists do not differ
    table = table_of(maximum).set_index("parameter")
    near = {
        name.removeprefix("sd ")
        for name in table.index
        if name.startswith(("sd patient", "sd therapist")) and table.loc[name, "estimate"] <= 2 * table.loc[name, "se"]
    }
    marked = {
        f"{mark.levels[0]} {mark.subject.split(' by ')[0]}"
        for mark in mark_near_zero(maximum.target.design, profile_components(maximum))
    }
    assert near <= marked
    assert any(name.startswith("therapist") for name in marked)


def test_draws_keep_their_ranks_and_take_the_values_of_the_profile(flat: PathMaximum) -> None:
    component = next(
        c for c in profile_components(flat) if c.key == ("correlation", "patient", "intercept -> m, intercept -> y")
    )
    draws = np.random.default_rng(1).normal(size=2001)
    found = component.respread(draws)
    assert (np.diff(found[np.argsort(draws)]) >= 0).all()
    for content in CONTENTS:
        np.testing.assert_allclose(np.quantile(found, tails(content)), component.quantiles(tails(content)), atol=1e-12)


def test_robust_limits_are_wider_by_the_ratio_of_the_errors() -> None:
    maximum = small_maximum("patient")
    covariance = robust_covariance(maximum)
    plain = {c.key: c for c in profile_components(maximum)}
    for component in profile_components(maximum, covariance):
        before = plain[component.key]
        errors = [table_of(maximum, each).set_index("parameter")["se"] for each in (covariance, maximum.covariance)]
        name = f"sd patient {component.effects[0].text}"
        if component.key[0] == "sd":
            assert component.ratio == pytest.approx(errors[0][name] / errors[1][name])
        upper = stats.norm.cdf(component.ratio * stats.norm.ppf(0.975))
        assert component.quantiles(np.array([0.975])) == pytest.approx(before.quantiles(np.array([upper])), abs=1e-9)


def still(panel: pd.DataFrame) -> pd.DataFrame:
    """Take patients' means off m and y: variances of intercepts are then zero."""
    return panel.assign(**{name: panel[name] - panel.groupby("patient")[name].transform("mean") for name in ("m", "y")})


@pytest.mark.parametrize(
    ("panel", "equations", "changes"),
    [
        (simulate(40, 5, 1, slope_sd=0.0), BY_PATIENT, {}),
        (still(simulate(40, 5, 1)), BY_PATIENT, {}),
        (panel_with_therapists(), BY_THERAPIST, {}),
        (panel_with_therapists(), BY_THERAPIST, {"standard_errors": "robust"}),
        (panel_with_therapists(48, 6, 8, 5), BY_THERAPIST, {}),
    ],
    ids=[
        "slopes do not vary",
        "intercepts do not vary",
        "therapists' intercepts go together",
        "robust",
        "few therapists",
    ],
)
def test_no_estimate_lies_outside_its_interval_and_ends_of_robust_ones_are_profile_limits(
    panel: pd.DataFrame, equations: dict[str, Any], changes: dict[str, Any]
) -> None:
    tree = run(panel, equations, **changes).tree
    maximum = maximise(design_by(equations, panel))
    # Draws of the restricted likelihood have limits of their own.
    components = profile_components(maximum, robust_covariance(maximum)) if changes else []
    known = {component.key: component for component in components}
    for content in CONTENTS:
        table = summarise_estimates(tree, [], content)
        assert (table["low"] <= table["estimate"] + 1e-9).all()
        assert (table["estimate"] - 1e-9 <= table["high"]).all()
        rows = table[table["level"].isin(["patient", "therapist"])] if changes else table.head(0)
        assert len(rows) == len(known)
        for effect, level, path, low, high in rows[["effect", "level", "path", "low", "high"]].itertuples(index=False):
            # Between two of the draws a quantile is on a straight line.
            expected = known[effect, level, path].quantiles(tails(content))
            np.testing.assert_allclose([low, high], expected, atol=5e-3, err_msg=f"{effect} {level} {path}")
