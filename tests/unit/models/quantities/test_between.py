"""Effects between patients and between therapists against regressions of exact latent means."""

import numpy as np
import pandas as pd
import pytest

from alliance.config import ModelSpec, Variable
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


def test_cause_of_therapists_has_a_version_at_each_level_and_one_total() -> None:
    spec = make_spec(equations=THREE_LEVELS, effects={"from": "experience", "to": "y"})
    found = compute(spec, SLOPES, COVARIANCES)
    contextual = {"within": 0.0, "between_patient": 0.3, "between_therapist": -0.1 / 0.4}
    total = 0.2 * -0.5 + 0.05
    for level, added in contextual.items():
        indirect = 0.2 * (-0.5 + added)
        assert found["experience -> m -> y", "indirect", level] == pytest.approx([indirect])
        assert found["experience -> y", "direct", level] == pytest.approx([total - indirect])
        assert found["experience -> y", "total", level] == pytest.approx([total])


def test_cause_that_differs_between_patients_of_a_therapist_has_no_version_between_therapists() -> None:
    found = compute(make_spec(equations=THREE_LEVELS, effects={"from": "arm", "to": "y"}), SLOPES, COVARIANCES)
    levels = {level for path, effect, level in found if path == "arm -> m -> y" and effect == "indirect"}
    assert levels == {"within", "between_patient"}


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


def test_means_that_do_not_vary_at_all_leave_the_effect_within() -> None:
    spec = make_spec(equations={"m": {"on": []}, "y": {"on": ["m"]}}, effects={"from": "m", "to": "y"})
    found = compute(spec, {"y": {"m": -0.2}}, {"patient": {(intercepts("y"), intercepts("y")): 1.0}})
    assert found["m -> y", "effect", "between_patient"] == pytest.approx([-0.2])
