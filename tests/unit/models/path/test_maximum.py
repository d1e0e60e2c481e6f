"""The maximum of the joint likelihood: one, wherever the search starts and however the data are written down."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.inference.maximum import find_maximum
from alliance.models.path.maximum import PathMaximum, log_likelihood_of, maximise, population_of, table_of
from tests.unit.models.joint_study import simulate
from tests.unit.models.path.path_study import BY_PATIENT, BY_THERAPIST, design_by, panel_with_therapists, small_maximum

PANEL = panel_with_therapists()
# The search stops when a step is below 1.4e-9 standard errors, or rounding of gradients of some hundreds hides it.
LEFT = 1e-8


def indexed(maximum: PathMaximum) -> pd.DataFrame:
    return table_of(maximum).set_index("parameter")


def at_boundary(table: pd.DataFrame) -> pd.Index:
    """Name sds of zero, correlations of one, and correlations of sds of zero: they have no meaningful standard error."""
    zero = [name for name in table.index if name.startswith("sd ") and table["estimate"][name] < 1e-3]
    of_zero = [name.split(" ", 2)[2] for name in zero]
    correlations = [name for name in table.index if name.startswith("correlation ")]
    ended = [
        name
        for name in correlations
        if abs(table["estimate"][name]) > 1 - 1e-6
        or any(effect in name.split(" ", 2)[2].split(" with ") for effect in of_zero)
    ]
    return pd.Index([*zero, *ended])


@pytest.mark.parametrize("level", ["patient", "therapist"])
def test_gradient_at_the_maximum_is_flat(level: str) -> None:
    maximum = small_maximum(level)
    assert maximum.converged
    gradient = maximum.target.value(maximum.top.position)[1]
    # In standard errors: the gain a step would bring is half the square of this.
    assert gradient @ maximum.covariance @ gradient < 2e-16


@pytest.mark.parametrize("level", ["patient", "therapist"])
def test_start_of_the_search_does_not_matter(level: str) -> None:
    maximum, rng = small_maximum(level), np.random.default_rng(1)
    expected = indexed(maximum)
    # Several parameters at the boundary have no standard error; they are held to a share of the outcome's sd.
    allowed = LEFT * expected["se"].clip(lower=0.01)
    for _ in range(6):
        start = maximum.target.starts()[0].position
        found = find_maximum(maximum.target, start + rng.normal(size=len(start)))
        assert found.converged
        assert found.top.value == pytest.approx(maximum.top.value, abs=1e-6)
        assert ((indexed(found)["estimate"] - expected["estimate"]).abs() <= allowed).all()


def assert_same_maximum(panel: pd.DataFrame) -> None:
    maximum, expected = maximise(design_by(BY_THERAPIST, panel)), indexed(small_maximum("therapist"))
    found = indexed(maximum)
    # Sums in another order: rounding, which the search does not amplify.
    assert log_likelihood_of(maximum) == pytest.approx(log_likelihood_of(small_maximum("therapist")), rel=1e-10)
    np.testing.assert_allclose(found["estimate"], expected["estimate"], rtol=1e-8, atol=1e-8)
    kept = expected.index.difference(at_boundary(expected))
    np.testing.assert_allclose(found["se"][kept], expected["se"][kept], rtol=1e-8)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_order_of_rows_does_not_matter(seed: int) -> None:
    assert_same_maximum(PANEL.sample(frac=1, random_state=seed))


@pytest.mark.parametrize("column", ["patient", "therapist"])
def test_spelling_of_codes_does_not_matter(column: str) -> None:
    codes = PANEL[column].unique()
    names = np.random.default_rng(1).permutation([f"Z{number:05d}" for number in range(len(codes))])
    assert_same_maximum(PANEL.assign(**{column: PANEL[column].map(dict(zip(codes, names, strict=True)))}))


def test_order_of_equations_does_not_matter() -> None:
    turned = maximise(design_by(dict(reversed(BY_PATIENT.items())), PANEL))
    expected = indexed(small_maximum("patient"))
    found = indexed(turned)["estimate"]
    kept = [name for name in expected.index if not name.startswith("correlation")]
    assert log_likelihood_of(turned) == pytest.approx(log_likelihood_of(small_maximum("patient")), abs=1e-6)
    # The factor L has its rows in another order, so the search goes another way to the same top.
    assert ((found[kept] - expected["estimate"][kept]).abs() <= LEFT * expected["se"][kept]).all()


def test_rescaling_a_variable_rescales_estimates_exactly() -> None:
    plain = small_maximum("patient")
    scaled = maximise(design_by(BY_PATIENT, PANEL.assign(y=1000 * PANEL["y"] - 7, m=PANEL["m"] / 50)))
    # Outcome / predictor: y by 1000, m by 1 / 50, x as it is.
    factors = {
        "m: x": 1 / 50,
        "y: m": 1000 * 50,
        "y: x": 1000,
        "sd patient m: intercept": 1 / 50,
        "sd patient m: x": 1 / 50,
        "sd patient y: intercept": 1000,
        "sd patient y: m": 1000 * 50,
        "sd residual m": 1 / 50,
        "sd residual y": 1000,
    }
    before, after = indexed(plain), indexed(scaled)
    for name, factor in factors.items():
        for column in ("estimate", "se"):
            # Data in standard units agree to rounding, and so do all numbers that follow.
            assert after[column][name] == pytest.approx(factor * before[column][name], rel=1e-8), name
    correlations = [name for name in before.index if name.startswith("correlation")]
    np.testing.assert_allclose(after["estimate"][correlations], before["estimate"][correlations], rtol=1e-8)
    rows = {outcome: len(equation.y) for outcome, equation in plain.target.design.equations.items()}
    change = rows["y"] * np.log(1000) - rows["m"] * np.log(50)
    assert log_likelihood_of(scaled) == pytest.approx(log_likelihood_of(plain) - change, rel=1e-10)


def test_repeated_patients_are_patients_with_weight_two() -> None:
    maximum = small_maximum("patient")
    clusters = maximum.target.clusters("patient")
    both = pd.concat([PANEL, PANEL.assign(patient="copy of " + PANEL["patient"])])
    repeated = maximise(design_by(BY_PATIENT, both))
    # Means and sds of the columns are those of the rows (sds divide by n - 1), so only log-likelihoods without units are compared.
    again = find_maximum(maximum.target.weigh(clusters, np.full(clusters.count, 2.0)))
    assert again.top.value == pytest.approx(2 * maximum.top.value, abs=1e-6)
    assert log_likelihood_of(repeated) == pytest.approx(2 * log_likelihood_of(maximum), abs=1e-6)


def test_table_follows_draws_of_the_sampling_distribution() -> None:
    # Large enough for standard deviations and correlations to be nearly linear in the parameters.
    maximum = maximise(design_by(BY_PATIENT, simulate(1500, 8, seed=5)))
    table = indexed(maximum)
    positions = maximum.draw(4000, np.random.default_rng(1), maximum.covariance)
    population = population_of(maximum, positions)
    draws = {
        "m: intercept": population.intercepts["m"],
        "m: x": population.slopes["m"][:, 0],
        "y: m": population.slopes["y"][:, 0],
        "sd residual y": population.residuals["y"],
    }
    effects, covariance = population.varying["patient"], population.covariances["patient"]
    sd = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    for i, one in enumerate(effects):
        draws[f"sd patient {one.text}"] = sd[:, i]
        for j, other in enumerate(effects[:i]):
            draws[f"correlation patient {one.text} with {other.text}"] = covariance[:, i, j] / (sd[:, i] * sd[:, j])
    assert len(draws) == 4 + 4 + 6
    for name, values in draws.items():
        # The sd of 4000 draws has a standard error of 1.1 %; three of them and 2 % for the curvature.
        assert values.std() == pytest.approx(table["se"][name], rel=0.055), name
        assert values.mean() == pytest.approx(table["estimate"][name], abs=0.15 * table["se"][name]), name


def test_standard_errors_given_the_variances_are_smaller_and_for_fixed_effects_only() -> None:
    table = indexed(small_maximum("patient"))
    fixed = ["m: intercept", "m: x", "y: intercept", "y: m", "y: x"]
    assert set(table.index[table["se_given_variances"].notna()]) == set(fixed)
    # Information on the variances can only be lost; up to rounding of the inverse.
    assert (table["se_given_variances"][fixed] <= table["se"][fixed] * (1 + 1e-9)).all()


def without_means(panel: pd.DataFrame) -> pd.DataFrame:
    """Take the patients' means off m and y: means that differ less than chance would have it, so variances of intercepts are zero."""
    return panel.assign(**{name: panel[name] - panel.groupby("patient")[name].transform("mean") for name in ("m", "y")})


INTERCEPTS = {outcome: {**told, "vary": {"patient": ["intercept"]}} for outcome, told in BY_PATIENT.items()}
BOUNDARIES = {
    "intercepts": (
        without_means(simulate(40, 5, seed=1)),
        INTERCEPTS,
        {"sd patient m: intercept", "sd patient y: intercept"},
    ),
    "intercept beside a slope": (without_means(simulate(40, 5, seed=1)), BY_PATIENT, {"sd patient y: intercept"}),
    "three levels": (PANEL, BY_THERAPIST, {"correlation therapist y: intercept with m: intercept"}),
}


@pytest.mark.parametrize(("panel", "equations", "ended"), BOUNDARIES.values(), ids=BOUNDARIES)
def test_boundary_converges_and_leaves_other_standard_errors_finite(
    panel: pd.DataFrame, equations: dict[str, Any], ended: set[str]
) -> None:
    maximum = maximise(design_by(equations, panel))
    table = indexed(maximum)
    assert maximum.converged
    assert ended <= set(at_boundary(table)), "this study is meant to end at the boundary"
    assert np.isfinite(table["estimate"]).all()
    assert np.isfinite(table["se"]).all()
    # Predictors have sds near one and there are some hundred rows: a standard error of .001 would be a claim of millions.
    effects = [name for name in table.index if not name.startswith(("sd ", "correlation"))]
    assert table["se"][effects].between(1e-2, 1.0).all()
    positions = maximum.draw(500, np.random.default_rng(1))
    assert np.isfinite(population_of(maximum, positions).slopes["y"]).all()


def perfectly_correlated(patients: int = 80, sessions: int = 8) -> pd.DataFrame:
    """Simulate patients in whom the slope of y is the slope of m times minus one."""
    rng = np.random.default_rng(2)
    patient = np.repeat(np.arange(patients), sessions)
    u, levels = rng.normal(0, 0.5, patients)[patient], rng.normal(size=(patients, 2))[patient]
    x = rng.normal(size=len(patient))
    m = levels[:, 0] + (0.5 + u) * x + rng.normal(size=len(patient))
    y = levels[:, 1] + (-0.4 - u) * m + rng.normal(size=len(patient))
    names = [f"P{number:04d}" for number in patient]
    return pd.DataFrame({"patient": names, "therapist": "T1", "session": 1, "x": x, "m": m, "y": y})


def test_perfect_correlation_converges_and_leaves_other_standard_errors_finite() -> None:
    maximum = maximise(design_by(BY_PATIENT, perfectly_correlated()))
    table = indexed(maximum)
    assert maximum.converged
    covariance = population_of(maximum).covariances["patient"][0]
    # The factor has lost a rank: one of the effects is a combination of the others.
    assert np.linalg.eigvalsh(covariance)[0] < 1e-6
    assert table["estimate"]["correlation patient y: m with m: x"] < -0.99
    assert np.isfinite(table["se"]).all()
    assert (table["se"].drop(at_boundary(table)) > 1e-3).all()
    assert abs(table["estimate"]["m: x"] - 0.5) < 3 * table["se"]["m: x"]
    assert abs(table["estimate"]["y: m"] + 0.4) < 3 * table["se"]["y: m"]
    for effect in ("m: x", "y: m"):
        assert abs(table["estimate"][f"sd patient {effect}"] - 0.5) < 3 * table["se"][f"sd patient {effect}"]


def test_draws_around_a_boundary_keep_covariances_proper() -> None:
    maximum = maximise(design_by(BY_PATIENT, simulate(40, 5, seed=1, slope_sd=0.0)))
    population = population_of(maximum, maximum.draw(1000, np.random.default_rng(1)))
    values = np.linalg.eigvalsh(population.covariances["patient"])
    # Rounding, in units of the largest.
    assert (values[:, 0] > -1e-12 * values[:, -1]).all()
    sd = np.sqrt(np.diagonal(population.covariances["patient"], axis1=1, axis2=2))
    # A zero estimate keeps an upper limit above zero but below what the likelihood excludes.
    assert (np.quantile(sd, 0.975, axis=0) > 0.01).all()
