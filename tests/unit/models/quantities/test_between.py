"""Effects between patients and between therapists against regressions of exact latent means."""

import numpy as np
import pandas as pd
import pytest

from alliance.config import ModelSpec, Variable
from alliance.models.quantities.latent import LatentMeans
from tests.unit.models.joint_study import VARIABLES, make_spec, simulate
from tests.unit.models.populations import design_of, intercepts, population_of, quantities_of, values_of

MORE = VARIABLES | {"experience": Variable(label="experience", column="experience", table="therapists")}
BY_BOTH = {"patient": ["intercept"], "therapist": ["intercept"]}


def three_level_panel() -> pd.DataFrame:
    panel = simulate(24, 3, seed=2)
    number = panel["patient"].str[1:].astype(int)
    return panel.assign(therapist="T" + (number % 6).astype(str), experience=(number % 6) ** 1.5, arm=number % 4 // 2.0)


def compute(spec: ModelSpec, slopes, covariances) -> dict[tuple[str, str, str], np.ndarray]:
    design = design_of(spec, three_level_panel(), MORE)
    return values_of(quantities_of(spec, design, population_of(design, slopes, covariances), MORE))


def covariances_of(outcomes: list[str], matrix: np.ndarray) -> dict[tuple[str, str], float]:
    return {
        (intercepts(one), intercepts(other)): matrix[i, j]
        for i, one in enumerate(outcomes)
        for j, other in enumerate(outcomes)
    }


def test_cause_with_an_equation_of_its_own_has_effects_between_patients_of_its_latent_means() -> None:
    # design.md 4.2: a .30, b -.25, c' .10 within patients; the intercepts of all three are correlated.
    a, b, c = 0.30, -0.25, 0.10
    v = np.array([[0.5, 0.2, 0.1], [0.2, 0.8, -0.3], [0.1, -0.3, 1.0]])
    spec = make_spec(equations={"x": {"on": []}, "m": {"on": ["x"]}, "y": {"on": ["m", "x"]}})
    found = compute(spec, {"m": {"x": a}, "y": {"m": b, "x": c}}, {"patient": covariances_of(["x", "m", "y"], v)})
    for (path, effect), value in {("x -> m", "a"): a, ("m -> y", "b"): b, ("x -> y", "c_prime"): c}.items():
        assert found[path, effect, "within"] == pytest.approx([value])

    # The means of patients are eta = (I - B)^-1 u; their covariance, and the regressions among them, are exact.
    root = np.linalg.inv(np.eye(3) - np.array([[0, 0, 0], [a, 0, 0], [c, b, 0]]))
    eta = root @ v @ root.T
    of_m = eta[0, 1] / eta[0, 0]
    of_y = np.linalg.solve(eta[:2, :2], eta[:2, 2])
    assert found["x -> m", "a", "between_patient"] == pytest.approx([of_m])
    assert found["x -> y", "c_prime", "between_patient"] == pytest.approx([of_y[0]])
    assert found["m -> y", "b", "between_patient"] == pytest.approx([of_y[1]])
    assert found["x -> m -> y", "indirect", "between_patient"] == pytest.approx([of_m * of_y[1]])
    # Nothing is lost between patients: the total is the regression of the outcome's means on those of the cause.
    assert found["x -> y", "total", "between_patient"] == pytest.approx([eta[0, 2] / eta[0, 0]])


THREE_LEVELS = {
    "m": {"on": ["x", "arm", "experience"], "vary": BY_BOTH},
    "y": {"on": ["m", "x", "arm", "experience"], "vary": BY_BOTH},
}
COVARIANCES = {
    "patient": covariances_of(["m", "y"], np.array([[1.0, 0.3], [0.3, 1.0]])),
    "therapist": covariances_of(["m", "y"], np.array([[0.4, -0.1], [-0.1, 0.3]])),
}
SLOPES = {"m": {"experience": 0.2, "arm": 0.5}, "y": {"m": -0.5, "experience": 0.05, "arm": 0.1}}


def test_cause_of_therapists_has_no_means_but_those_of_its_mediator_are_compared_given_it() -> None:
    spec = make_spec(equations=THREE_LEVELS, effects={"from": "experience", "to": "y"})
    found = compute(spec, SLOPES, COVARIANCES)
    assert found["experience -> m -> y", "indirect", "within"] == pytest.approx([0.2 * -0.5])
    assert found["m -> y", "b", "between_patient"] == pytest.approx([-0.5 + 0.3])
    assert found["m -> y", "b", "between_therapist"] == pytest.approx([-0.5 - 0.1 / 0.4])
    assert {path for path, effect, level in found if level.startswith("between")} == {"m -> y"}


def test_session_level_cause_is_compared_between_therapists_too() -> None:
    equations = {"x": {"on": [], "vary": BY_BOTH}, "m": {"on": ["x"], "vary": BY_BOTH}, "y": {"on": ["m", "x"]}}
    covariances = {
        "patient": covariances_of(["x", "m"], np.array([[1.0, 0.2], [0.2, 1.0]])),
        "therapist": covariances_of(["x", "m"], np.array([[0.5, -0.1], [-0.1, 0.5]])),
    }
    found = compute(make_spec(equations=equations), {"m": {"x": 0.3}}, covariances)
    assert found["x -> m", "a", "between_patient"] == pytest.approx([0.3 + 0.2])
    assert found["x -> m", "a", "between_therapist"] == pytest.approx([0.3 - 0.2])
    # The outcome does not vary between therapists, so no whole path does.
    assert ("x -> m -> y", "indirect", "between_therapist") not in found


def test_means_that_do_not_vary_are_not_compared() -> None:
    spec = make_spec(equations={"m": {"on": []}, "y": {"on": ["m"]}}, effects={"from": "m", "to": "y"})
    design = design_of(spec, three_level_panel(), MORE)
    population = population_of(design, {"y": {"m": -0.2}}, {"patient": {(intercepts("y"), intercepts("y")): 1.0}}, 100)
    found = quantities_of(spec, design, population, MORE)
    assert ("m -> y", "effect", "between_patient") not in values_of(found)
    assert [(mark.caution, mark.subject, mark.passed) for mark in found.marks] == [
        ("withheld", "m -> y (between patients)", True)
    ]
    # A point has no draws that could tell how well it is known, and its values are wanted where draws say so.
    point = values_of(quantities_of(spec, design, population, MORE, None))
    assert np.isfinite(point["m -> y", "effect", "between_patient"]).all()


@pytest.mark.parametrize(("spread", "kept"), [(0.3, True), (0.8, False)])
def test_what_divides_by_a_variance_that_may_be_zero_is_withheld(spread: float, kept: bool) -> None:
    """The intercepts' standard deviations of x are lognormal: their variance goes down to exp(-3.92 spread) of its median."""
    spec = make_spec(equations={"x": {"on": []}, "m": {"on": ["x"]}, "y": {"on": ["m", "x"]}})
    design = design_of(spec, three_level_panel(), MORE)
    covariances = {"patient": covariances_of(["x", "m", "y"], np.eye(3))}
    population = population_of(design, {"m": {"x": 0.5}, "y": {"m": 0.4, "x": 0.4}}, covariances, 4000)
    place = [effect.text for effect in design.varying["patient"]].index(intercepts("x"))
    sd = np.exp(spread * np.random.default_rng(1).standard_normal(4000))
    population.covariances["patient"][:, place] *= sd[:, None]
    population.covariances["patient"][:, :, place] *= sd[:, None]
    found = quantities_of(spec, design, population, MORE)
    values, withheld = values_of(found), {m.subject: m.detail for m in found.marks if m.caution == "withheld"}
    for key in [("x -> m", "a"), ("x -> m -> y", "indirect"), ("x -> y", "c_prime"), ("x -> y", "total")]:
        assert ((*key, "between_patient") in values) == kept
    assert ("m -> y", "b", "between_patient") in values  # the mediator's means differ whatever those of x do
    if not kept:
        assert withheld["x -> m (between patients)"] == "average x may be the same for all patients"
        assert withheld["x -> y (between patients)"].endswith("for all patients whose average m is the same")


def test_a_variance_that_comes_out_below_zero_leaves_nothing_to_divide_by() -> None:
    covariance = np.array([[[0.5, 0.2], [0.2, 1.0]], [[-0.1, 0.2], [0.2, 1.0]]])
    slopes, left = LatentMeans(["m", "y"], {"m", "y"}, covariance, 0.0).regress("y", ["m"])
    assert slopes[0] == pytest.approx(0.4)
    assert left[:, 0] == pytest.approx([0.5, 0.0])


@pytest.mark.parametrize(("sd", "kept"), [(0.001, True), (0.2, False)])
def test_series_that_drift_have_no_means_to_compare(sd: float, kept: bool) -> None:
    panel = three_level_panel()
    panel = panel.assign(m_lag=panel.groupby("patient")["m"].shift(1))
    spec = make_spec(
        equations={"m": {"on": ["m_lag"]}, "y": {"on": ["m"]}},
        effects={"from": "m", "to": "y"},
    )
    design = design_of(spec, panel, MORE)
    own_past = np.random.default_rng(2).normal(0.9, sd, 2000)
    covariances = {"patient": covariances_of(["m", "y"], np.eye(2))}
    found = quantities_of(spec, design, population_of(design, {"m": {"m_lag": own_past}}, covariances, 2000), MORE)
    assert (("m -> y", "effect", "between_patient") in values_of(found)) == kept
    drifting = [mark.value for mark in found.marks if mark.caution == "drifting_series"]
    assert drifting == ([] if kept else [pytest.approx(np.mean(own_past >= 1))])


def test_serial_and_parallel_mediators_are_regressed_on_their_own_parents() -> None:
    names = ["x", "m", "n", "y"]
    within = np.zeros((4, 4))
    within[1, 0], within[2, 0], within[2, 1], within[3, 0], within[3, 1], within[3, 2] = 0.3, 0.2, -0.4, 0.1, 0.5, 0.6
    root = np.random.default_rng(4).normal(size=(4, 4))
    v = root @ root.T
    equations = {"x": {"on": []}, "m": {"on": ["x"]}, "n": {"on": ["x", "m"]}, "y": {"on": ["x", "m", "n"]}}
    spec = make_spec(equations=equations)
    variables = MORE | {"n": Variable(label="second mediator", column="n", measured="during")}
    panel = three_level_panel().assign(n=lambda table: np.random.default_rng(1).normal(size=len(table)))
    design = design_of(spec, panel, variables)
    slopes = {o: {s: within[names.index(o), names.index(s)] for s in e["on"]} for o, e in equations.items()}
    population = population_of(design, slopes, {"patient": covariances_of(names, v)})
    found = values_of(quantities_of(spec, design, population, variables))
    # A million patients at rest, and ordinary regressions of what their series come to.
    u = np.random.default_rng(5).multivariate_normal(np.zeros(4), v, size=1_000_000)
    x, m, n, y = np.linalg.solve(np.eye(4) - within, u.T)

    def regress(outcome: np.ndarray, *on: np.ndarray) -> np.ndarray:
        return np.linalg.lstsq(np.column_stack(on), outcome, rcond=None)[0]

    (a,), (xn, mn), (xy, my, ny), (total,) = regress(m, x), regress(n, x, m), regress(y, x, m, n), regress(y, x)
    expected = {"x -> m -> y": a * my, "x -> n -> y": xn * ny, "x -> m -> n -> y": a * mn * ny}
    for path, value in expected.items():
        # Standard errors of products of slopes from a million units are below .005.
        assert found[path, "indirect", "between_patient"] == pytest.approx([value], abs=0.02)
    assert found["x -> y", "direct", "between_patient"] == pytest.approx([xy], abs=0.02)
    assert found["x -> y", "total", "between_patient"] == pytest.approx([total], abs=0.02)
    together = sum(found[path, "indirect", "between_patient"] for path in expected)
    # With every arrow that the order of the mediators allows, parts add up to the whole to rounding.
    parts = together + found["x -> y", "direct", "between_patient"]
    assert found["x -> y", "total", "between_patient"] == pytest.approx(parts, rel=1e-10)
