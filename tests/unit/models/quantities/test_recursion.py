"""Responses over sessions in expectation over slopes, against simulated patients with slopes of their own."""

import numpy as np
import pytest

from alliance.models.quantities.quadrature import normal_rule
from tests.unit.models.joint_study import make_spec, simulate
from tests.unit.models.populations import design_of, population_of, quantities_of

SESSIONS = 8
PANEL = simulate(30, SESSIONS, seed=6)
LAGGED = PANEL.assign(**{f"{name}_lag": PANEL.groupby("patient")[name].shift(1) for name in ("x", "m", "y")})


@pytest.mark.parametrize("dimensions", [0, 1, 2, 3, 4, 6])
def test_rule_has_the_moments_of_independent_normal_variables(dimensions: int) -> None:
    points, weights = normal_rule(dimensions)
    assert weights.sum() == pytest.approx(1)
    for i in range(dimensions):
        for power, moment in ((1, 0), (2, 1), (3, 0), (4, 3), (5, 0)):
            assert weights @ points[:, i] ** power == pytest.approx(moment, abs=1e-10)
        for j in range(i):
            assert weights @ (points[:, i] ** 2 * points[:, j] ** 2) == pytest.approx(1)
            assert weights @ (points[:, i] ** 3 * points[:, j]) == pytest.approx(0, abs=1e-10)


VARYING = {
    "one": (("m: x",), {"patient": {("m: x", "m: x"): 0.16}, "therapist": {("m: x", "m: x"): 0.09}}),
    "two": (
        ("m: x", "y: m_lag"),
        {
            "patient": {("m: x", "m: x"): 0.16, ("y: m_lag", "y: m_lag"): 0.09, ("m: x", "y: m_lag"): -0.10},
            "therapist": {("m: x", "m: x"): 0.04, ("y: m_lag", "y: m_lag"): 0.01, ("m: x", "y: m_lag"): -0.01},
        },
    ),
    "three": (
        ("m: x", "y: m_lag", "y: y_lag"),
        {
            "patient": {
                ("m: x", "m: x"): 0.16, ("y: m_lag", "y: m_lag"): 0.09, ("m: x", "y: m_lag"): -0.10,
                ("y: y_lag", "y: y_lag"): 0.0225, ("y: m_lag", "y: y_lag"): -0.02,
            },
            "therapist": {("y: y_lag", "y: y_lag"): 0.0025},
        },
    ),
    "four": (
        ("m: x", "y: m_lag", "y: y_lag", "m: m_lag"),
        {
            "patient": {
                ("m: x", "m: x"): 0.16, ("y: m_lag", "y: m_lag"): 0.09, ("m: x", "y: m_lag"): -0.10,
                ("y: y_lag", "y: y_lag"): 0.01, ("m: m_lag", "m: m_lag"): 0.01, ("m: x", "m: m_lag"): 0.02,
            },
        },
    ),
}  # fmt: skip
AVERAGE = {"m: x": 0.6, "m: m_lag": 0.3, "m: y_lag": -0.1, "y: m_lag": -0.5, "y: x_lag": -0.2, "y: y_lag": 0.4}


@pytest.mark.parametrize("name", list(VARYING))
def test_accumulated_effect_is_the_average_over_patients_with_slopes_of_their_own(name: str) -> None:
    effects, covariances = VARYING[name]
    equations = {
        "m": {"on": ["x", "m_lag", "y_lag"], "vary": {}},
        "y": {"on": ["m_lag", "x_lag", "y_lag"], "vary": {}},
    }
    for level in covariances:
        for outcome in equations:
            terms = [effect.split(": ")[1] for effect in effects if effect.startswith(f"{outcome}:")]
            equations[outcome]["vary"][level] = ["intercept", *terms]
    design = design_of(make_spec(equations=equations), LAGGED)
    slopes: dict[str, dict[str, float]] = {"m": {}, "y": {}}
    for effect, value in AVERAGE.items():
        slopes[effect.split(": ")[0]][effect.split(": ")[1]] = value
    found = quantities_of(make_spec(equations=equations), design, population_of(design, slopes, covariances))
    rows = found.table()
    chosen = rows.index[(rows["effect"] == "accumulated") & (rows["path"] == "x -> m -> y")]

    expected = simulated_curve(effects, covariances)
    np.testing.assert_allclose([found.draws[i][0] for i in chosen], expected, rtol=3e-3)
    if name != "one":
        average = population_of(design, slopes, {})
        plain = quantities_of(make_spec(equations=equations), design, average).draws[chosen[-1]][0]
        assert abs(expected[-1] - plain) > 0.1 * abs(plain)


def simulated_curve(
    effects: tuple[str, ...], covariances: dict[str, dict[tuple[str, str], float]], patients: int = 1_500_000
) -> np.ndarray:
    """Raise x by one in every session for many patients, with and without the arrow from m to y; antithetic slopes."""
    rng = np.random.default_rng(4)
    deviations = np.zeros((patients, len(effects)))
    for matrix in covariances.values():
        full = np.zeros((len(effects), len(effects)))
        for (one, other), value in matrix.items():
            full[effects.index(one), effects.index(other)] = full[effects.index(other), effects.index(one)] = value
        half = rng.multivariate_normal(np.zeros(len(effects)), full, patients // 2, method="eigh")
        # Units of the two levels are drawn independently; opposite slopes leave less to chance.
        deviations += np.concatenate([half, -half])
    own = {name: value + 0.0 * deviations[:, 0] for name, value in AVERAGE.items()}
    own |= {name: AVERAGE[name] + deviations[:, i] for i, name in enumerate(effects)}

    def course(b: np.ndarray) -> np.ndarray:
        m, y, found = np.zeros(patients), np.zeros(patients), []
        for t in range(SESSIONS + 1):
            y_new = b * m + own["y: x_lag"] * (t > 0) + own["y: y_lag"] * y
            m_new = own["m: x"] + own["m: m_lag"] * m + own["m: y_lag"] * y
            m, y = m_new, y_new
            found.append(y)
        return np.array(found)

    carried = course(own["y: m_lag"]) - course(np.zeros(patients))
    # The effect of session n arrives one session later.
    return carried[1:].mean(axis=1)
