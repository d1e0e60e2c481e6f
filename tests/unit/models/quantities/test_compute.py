import numpy as np
import pandas as pd
import pytest

from alliance.config import Variable
from alliance.models.checking.varying import mark_latent_means
from alliance.models.design.arrays import Design, Varying, make_design
from alliance.models.diagram import every_path
from alliance.models.quantities.compute import compute_quantities
from alliance.models.quantities.latent import effects_through_initial_values, latent_means, shifts_of_initial_values
from alliance.models.quantities.pairs import expect_product
from alliance.models.quantities.population import Population
from alliance.models.rows import select_rows
from tests.unit.models.joint_study import VARIABLES, make_spec, simulate

RNG = np.random.default_rng(5)


def quantities_of(spec, population: Population, panel: pd.DataFrame) -> dict[tuple[str, str, str], np.ndarray]:
    rows, _ = select_rows(panel, "study", spec)
    design = make_design("study", spec, rows, VARIABLES)
    found = compute_quantities(design, population, every_path("study", spec, VARIABLES), VARIABLES, 1, RNG, range(1, 4))
    keys = found.table()[["path", "effect", "level"]].itertuples(index=False, name=None)
    return dict(zip(keys, found.draws, strict=True))


def make_population(spec, slopes: dict[str, list[float]], covariance: np.ndarray) -> Population:
    """One draw of the population of a model whose patients alone vary."""
    varying = [Varying(o, term) for o, e in spec.equations.items() for term in e.vary["patient"]]
    return Population(
        intercepts={outcome: np.array([1.0]) for outcome in slopes},
        slopes={outcome: np.array([values]) for outcome, values in slopes.items()},
        residuals={outcome: np.array([1.0]) for outcome in slopes},
        covariances={"patient": covariance[None]},
        varying={"patient": varying},
    )


COVARIANCE = np.array([[1.0, 0.1, 0.3, 0.0], [0.1, 0.09, 0.0, -0.04], [0.3, 0.0, 2.0, 0.2], [0.0, -0.04, 0.2, 0.16]])
SLOPES = {"m": [0.6, 0.1, 0.5], "y": [-0.5, -0.2, 0.0, 0.25]}


def test_indirect_effect_adds_the_covariance_of_the_slopes():
    spec = make_spec()
    found = quantities_of(spec, make_population(spec, SLOPES, COVARIANCE), simulate(8, 3, seed=1))
    assert found["x -> m -> y", "indirect", "within"] == pytest.approx([0.6 * -0.5 - 0.04])
    assert found["x -> m -> y", "indirect_product", "within"] == pytest.approx([0.6 * -0.5])
    assert found["x -> m -> y", "cov_ab", "within"] == pytest.approx([-0.04])
    assert found["x -> y", "total", "within"] == pytest.approx([0.6 * -0.5 - 0.04 - 0.2])
    assert found["x -> y", "direct", "within"] == pytest.approx([-0.2])


def test_slope_that_does_not_vary_leaves_the_product():
    spec = make_spec(
        equations={
            "m": {"on": ["x", "x_between", "arm"]},
            "y": {"on": ["m", "x", "x_between", "arm"], "vary": {"patient": ["intercept", "m"]}},
        }
    )
    population = make_population(spec, SLOPES, COVARIANCE[np.ix_([0, 2, 3], [0, 2, 3])])
    found = quantities_of(spec, population, simulate(8, 3, seed=1))
    assert found["x -> m -> y", "indirect", "within"] == pytest.approx([0.6 * -0.5])
    assert ("x -> m -> y", "cov_ab", "within") not in found


def test_cause_constant_within_patients_is_followed_through_the_effect_within():
    spec = make_spec(effects={"from": "arm", "to": "y"})
    found = quantities_of(spec, make_population(spec, SLOPES, COVARIANCE), simulate(8, 3, seed=1))
    assert found["arm -> m", "a", "overall"] == pytest.approx([0.5])
    assert found["arm -> m -> y", "indirect", "within"] == pytest.approx([0.5 * -0.5])
    assert found["arm -> y", "direct", "within"] == pytest.approx([0.25])
    assert found["arm -> y", "total", "within"] == pytest.approx([0.25 + 0.5 * -0.5])
    # Means of the mediator and of the outcome are compared in patients of the same arm; an arm has no means.
    assert {key for key in found if key[2] == "between_patient"} == {("m -> y", "b", "between_patient")}


def test_counts_of_a_path_are_those_of_its_smaller_equation():
    spec, panel = make_spec(), simulate(8, 3, seed=1)
    panel.loc[:1, "y"] = np.nan
    rows, _ = select_rows(panel, "study", spec)
    design = make_design("study", spec, rows, VARIABLES)
    population = make_population(spec, SLOPES, COVARIANCE)
    table = compute_quantities(
        design, population, every_path("study", spec, VARIABLES), VARIABLES, 1, RNG, range(1, 4)
    ).table()
    sessions = table.set_index(["path", "effect", "level"])["n_sessions"]
    assert sessions["x -> m", "a", "within"] == 24
    assert sessions["x -> m -> y", "indirect", "within"] == 22


def test_expected_product_of_three_varying_slopes():
    means = [np.array([2.0]), np.array([3.0]), np.array([-1.0])]
    covariance = {(0, 1): np.array([0.5]), (0, 2): np.array([0.25]), (1, 2): np.array([-0.1])}
    # abc + a cov(b, c) + b cov(a, c) + c cov(a, b)
    assert expect_product(means, covariance) == pytest.approx([-6 + 2 * -0.1 + 3 * 0.25 - 1 * 0.5])


def dynamic_study(patients: int, sessions: int, seed: int) -> pd.DataFrame:
    """Mediator with its own past: m = v + 0.5 m_lag + 0.8 arm, from an initial value that depends on v and the arm."""
    rng = np.random.default_rng(seed)
    v, arm = rng.normal(size=patients), np.arange(patients) % 2
    m = [1.5 * v + arm + rng.normal(size=patients)]
    for _ in range(sessions):
        m.append(v + 0.5 * m[-1] + 0.8 * arm + rng.normal(size=patients))
    values = np.column_stack(m)
    return pd.DataFrame(
        {
            "patient": np.repeat([f"P{i:06d}" for i in range(patients)], sessions),
            "therapist": "T01",
            "session": np.tile(np.arange(2, sessions + 2), patients),
            "m": values[:, 1:].ravel(),
            "m_lag": values[:, :-1].ravel(),
            "m_baseline": np.repeat(values[:, 0], sessions),
            "arm": np.repeat(arm, sessions).astype(float),
        }
    )


def dynamic_design(panel: pd.DataFrame) -> tuple[Design, Population, dict[str, Variable]]:
    """The population as it is given the initial values: regression of v on them and the arm."""
    spec = make_spec(
        equations={"m": {"on": ["m_lag", "m_baseline", "arm"]}},
        effects={"from": "arm", "to": "m"},
    )
    rows, _ = select_rows(panel, "study", spec)
    design = make_design("study", spec, rows, VARIABLES)
    # E[v | m_baseline, arm] = 1.5 / 3.25 (m_baseline - arm): the coefficient of arm is 0.8 - 1.5 / 3.25.
    share = 1.5 / 3.25
    population = make_population(spec, {"m": [0.5, share, 0.8 - share]}, np.array([[1 - share * 1.5]]))
    return design, population, VARIABLES


def through_initial_values(design, population, variables):
    shifts = shifts_of_initial_values(design, population, "arm", variables, RNG)
    return effects_through_initial_values(design, population, shifts)


def test_intercepts_given_initial_values_are_put_together_again():
    design, population, _ = dynamic_design(dynamic_study(20_000, 2, seed=1))
    # The intercepts v have variance 1; with 20,000 patients the standard error is 0.01.
    covariance = latent_means(design, population, None)["patient"].covariance
    # With half of the past kept, means have twice the spread of the intercepts.
    np.testing.assert_allclose(covariance / 4, [[[1.0]]], atol=0.03)


def test_effect_of_the_arm_is_free_of_the_initial_values_it_moved():
    design, population, variables = dynamic_design(dynamic_study(20_000, 2, seed=1))
    added = through_initial_values(design, population, variables)["m"]
    # True effect 0.8; standard error of the difference of initial values is 0.025.
    assert population.slopes["m"][0, 2] + added[0] == pytest.approx(0.8, abs=0.06)


def test_initial_value_measured_before_the_first_session_was_not_moved():
    design, population, variables = dynamic_design(dynamic_study(50, 2, seed=1))
    before = variables | {"m": variables["m"].model_copy(update={"measured": "before"})}
    added = through_initial_values(design, population, before)["m"]
    np.testing.assert_array_equal(added, 0)


def test_design_numbers_within_and_between_are_told_apart():
    # design.md 4.2: true within -.20 and between -.60, so the contextual effect is -.40.
    spec = make_spec(equations={"m": {"on": []}, "y": {"on": ["m"]}}, effects={"from": "m", "to": "y"})
    panel = simulate(8, 3, seed=1)
    covariance = np.array([[1.0, -0.4], [-0.4, 0.5]])
    found = quantities_of(spec, make_population(spec, {"m": [], "y": [-0.2]}, covariance), panel)
    assert found["m -> y", "effect", "within"] == pytest.approx([-0.2])
    assert found["m -> y", "effect", "between_patient"] == pytest.approx([-0.6])


@pytest.mark.parametrize(("variance", "passed"), [(1.0, True), (1e-4, False)])
def test_effects_between_patients_who_hardly_differ_are_marked(variance: float, passed: bool):
    spec = make_spec(equations={"m": {"on": []}, "y": {"on": ["m"]}}, effects={"from": "m", "to": "y"})
    rows, _ = select_rows(simulate(8, 3, seed=1), "study", spec)
    design = make_design("study", spec, rows, VARIABLES)
    population = make_population(spec, {"m": [], "y": [-0.2]}, np.diag([variance, 1.0]))
    marks = mark_latent_means(design, population)
    assert [(mark.declared.title, mark.subject, mark.passed, mark.levels) for mark in marks] == [
        ("boundary variance", "means of m between patients", passed, ("between_patient",))
    ]
