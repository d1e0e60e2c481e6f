"""What an arm has done by each session, against patients who are simulated under both arms, number by number."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.errors import ModelError
from alliance.models.diagram import every_path
from alliance.models.quantities.compute import compute_quantities
from alliance.models.quantities.course import find_sessions
from alliance.models.quantities.pairs import Quantities
from alliance.models.quantities.population import Population
from tests.unit.models.joint_study import VARIABLES, make_spec, simulate
from tests.unit.models.populations import design_of, population_of

SESSIONS = 8
PATIENTS = 400_000
PANEL = simulate(48, SESSIONS, seed=6)
PANEL["arm"] = (PANEL["patient"].str[1:].astype(int) - 1) // 8 % 2.0  # each therapist has patients of both arms
LAGGED = PANEL.assign(
    **{f"{name}_lag": PANEL.groupby("patient")[name].shift(1) for name in ("m", "y")},
    **{f"{name}_baseline": PANEL.groupby("patient")[name].transform("first") for name in ("m", "y")},
)
# Symptoms before the session, the alliance after it.
MEASURED = VARIABLES | {
    name: VARIABLES[name].model_copy(update={"measured": when}) for name, when in (("m", "after"), ("y", "before"))
}
ARM = {"from": "arm", "to": "y"}


def compute(
    equations: dict[str, Any],
    slopes: dict[str, dict[str, float]],
    covariances: dict[str, dict[tuple[str, str], float]],
    intercepts: dict[str, float] | None = None,
    panel: pd.DataFrame = LAGGED,
    sessions: range = range(1, SESSIONS + 1),
    **declared: Any,
) -> Quantities:
    spec = make_spec(equations=equations, effects=ARM, **declared)
    design = design_of(spec, panel, MEASURED)
    found = population_of(design, slopes, covariances)
    start = {outcome: np.array([(intercepts or {}).get(outcome, 0.0)]) for outcome in found.intercepts}
    population = Population(start, found.slopes, found.residuals, found.covariances, found.varying)
    return compute_quantities(design, population, every_path("study", spec, MEASURED), MEASURED, 1, None, sessions)


def curves(found: Quantities, last: int = SESSIONS) -> dict[str, np.ndarray]:
    """Return each effect at the eight sessions."""
    rows = list(zip(found.rows, found.draws, strict=True))
    shown = {
        name: np.array([values[0] for row, values in rows if row["effect"] == effect])
        for name, effect in (
            ("indirect", "accumulated"), ("direct", "accumulated_direct"), ("total", "accumulated_total"),
        )
    }  # fmt: skip
    for name, values in shown.items():
        (end,) = [v[0] for row, v in rows if row["effect"] == name and row["horizon"] == f"at session {last}"]
        assert end == values[-1] and len(values) == SESSIONS
    np.testing.assert_allclose(shown["direct"] + shown["indirect"], shown["total"])
    return shown


Step = Callable[[int, Any, Any, Any], tuple[Any, Any]]


def simulate_arms(step: Step) -> dict[str, np.ndarray]:
    """Follow y under both arms, and treated with the mediator that the same patient has under control.

    Parameters
    ----------
    step
        Session (from 1), arm, m and y of the session before -> y, and m from that y.
    """

    def course(arm: float, mediator: list[Any] | None = None) -> tuple[list[Any], list[Any]]:
        ms, ys = [], []
        m = y = 0.0
        for t in range(1, SESSIONS + 1):
            y, m = step(t, arm, m if mediator is None or t == 1 else mediator[t - 2], y)
            ms.append(m)
            ys.append(y)
        return ms, ys

    m0, y0 = course(0.0)
    _, y1 = course(1.0)
    _, y10 = course(1.0, m0)
    average = [[np.mean(y) for y in ys] for ys in (y0, y1, y10)]
    control, treated, mixed = np.array(average)
    return {"total": treated - control, "direct": mixed - control, "indirect": treated - mixed}


def compare(found: Quantities, expected: dict[str, np.ndarray], error: float, last: int = SESSIONS) -> None:
    shown = curves(found, last)
    for name in expected:
        np.testing.assert_allclose(shown[name], expected[name], atol=error, err_msg=name)


A, B, C_PRIME, PSI, PHI, BACK = 1.2, -0.3, -0.4, 0.35, 0.45, -0.25
SLOPES = {"m": {"arm": A, "y": BACK, "m_lag": PSI}, "y": {"m_lag": B, "arm": C_PRIME, "y_lag": PHI}}


def test_slopes_that_differ_between_patients_and_therapists_are_averaged_over() -> None:
    """The arm's effect on the alliance differs between therapists and goes together with theirs of the alliance on symptoms."""
    equations = {
        "m": {"on": ["arm", "y", "m_lag"], "vary": {"patient": ["intercept", "y"], "therapist": ["intercept", "arm"]}},
        "y": {
            "on": ["m_lag", "arm", "y_lag"],
            "vary": {"patient": ["intercept", "m_lag"], "therapist": ["intercept", "m_lag"]},
        },
    }
    patient = {("m: y", "m: y"): 0.01, ("y: m_lag", "y: m_lag"): 0.04, ("m: y", "y: m_lag"): 0.01}
    therapist = {("m: arm", "m: arm"): 0.36, ("y: m_lag", "y: m_lag"): 0.02, ("m: arm", "y: m_lag"): -0.06}
    found = compute(equations, SLOPES, {"patient": patient, "therapist": therapist})

    rng = np.random.default_rng(2)
    own = rng.multivariate_normal([0, 0], [[0.01, 0.01], [0.01, 0.04]], PATIENTS)
    of_therapist = rng.multivariate_normal([0, 0], [[0.36, -0.06], [-0.06, 0.02]], PATIENTS)
    # Opposite deviations leave less to chance.
    own, of_therapist = (np.concatenate([draws, -draws]) for draws in (own, of_therapist))
    back, a, b = BACK + own[:, 0], A + of_therapist[:, 0], B + own[:, 1] + of_therapist[:, 1]

    def step(t: int, arm: float, m: Any, y: Any) -> tuple[Any, Any]:
        y = (b * m + C_PRIME * arm + PHI * y) if t > 1 else 0.0 * b
        return y, a * arm + back * y + PSI * (m if t > 1 else 0.0)

    expected = simulate_arms(step)
    compare(found, expected, error=0.006)
    plain = curves(compute(equations, SLOPES, {}))
    # The expectation is not what average slopes give, by more than the simulation can be off.
    assert abs(plain["indirect"][-1] - expected["indirect"][-1]) > 0.05


def test_what_is_measured_before_the_first_session_is_not_moved_by_the_arm() -> None:
    equations = {"m": {"on": ["arm", "y", "m_lag"]}, "y": {"on": ["m_lag", "arm", "y_lag"]}}
    shown = curves(compute(equations, SLOPES, {}))
    assert [shown[name][0] for name in ("total", "direct", "indirect")] == [0, 0, 0]
    # y_2 = b m_1 + c' with m_1 = a
    assert shown["total"][1] == pytest.approx(B * A + C_PRIME)
    assert shown["direct"][1] == pytest.approx(C_PRIME)


def test_first_values_taken_during_treatment_were_moved_by_it() -> None:
    """Equations with initial values begin at the second session; the arm moved m of the first one, and y not."""
    baseline = ["m_baseline", "y_baseline"]
    equations = {"m": {"on": ["arm", "y", "m_lag", *baseline]}, "y": {"on": ["m_lag", "arm", "y_lag", *baseline]}}
    own, other = 0.3, 0.2
    slopes = {
        "m": SLOPES["m"] | {"m_baseline": own, "arm": A},
        "y": SLOPES["y"] | {"m_baseline": other},
    }
    shown = curves(compute(equations, slopes, {}))
    first = LAGGED[LAGGED["session"] == 1]
    x = np.column_stack([np.ones(len(first)), first["arm"], first["y"]])
    gamma = np.linalg.lstsq(x, first["m"].to_numpy(), rcond=None)[0][1]
    m, y, total = gamma, 0.0, [0.0]
    for _ in range(1, SESSIONS):
        y_new = B * m + C_PRIME + other * gamma + PHI * y
        m = A + own * gamma + BACK * y_new + PSI * m
        y = y_new
        total.append(y)
    np.testing.assert_allclose(shown["total"], total, rtol=1e-10)


@pytest.mark.parametrize("before", [0, -1, 3], ids=["from 1", "from 0", "from 4"])
def test_arm_that_changes_what_the_mediator_does(before: int) -> None:
    """The slope of the alliance is b under control and b + p under treatment; the alliance grows on its own.

    What the first session is called, `before` + 1, changes no effect.
    """
    p, centre, grows = -0.25, 4.0, 0.3
    weight = 0.5  # half of the patients of the panel are treated

    def step(t: int, arm: float, m: Any, y: Any) -> tuple[Any, Any]:
        y = 5 + B * m + p * arm * (m - centre) + C_PRIME * arm + PHI * y if t > 1 else 2.0
        return y, 3 + A * arm + grows * t + BACK * y + PSI * (m if t > 1 else 0.0)

    expected = simulate_arms(step)
    # What the model's coefficients are in this world: m enters the product as deviation from its mean over the rows, sessions 1 to 7.
    usual = []
    for arm in (0.0, 1.0):
        m = y = 0.0
        values = []
        for t in range(1, SESSIONS + 1):
            y, m = step(t, arm, m, y)
            values.append(m)
        usual.append(np.mean(values[:-1]))
    slopes = {
        "m": {"arm": A, "y": BACK, "m_lag": PSI, "session": grows},
        "y": {
            "m_lag": B + p * weight, "y_lag": PHI, "m_by_arm": p,
            "arm": C_PRIME - p * centre + p * (weight * usual[0] + (1 - weight) * usual[1]),
        },
    }  # fmt: skip
    # A model knows the first session from the data: here as in this world, with the same noise in both arms.
    noise = np.tile(np.repeat(np.random.default_rng(3).normal(size=(8, 2)), SESSIONS, axis=0), (6, 1))
    m_first, y_first = noise[:, 0] - noise[:, 0].mean(), noise[:, 1] - noise[:, 1].mean() + 2.0
    panel = LAGGED.assign(session=LAGGED["session"] + before)
    panel = panel.assign(m_baseline=m_first + 3 + grows + BACK * 2 + A * panel["arm"], y_baseline=y_first)
    baseline = ["m_baseline", "y_baseline"]
    equations = {
        "m": {"on": ["arm", "y", "m_lag", "session", *baseline]},
        "y": {"on": ["m_lag", "arm", "y_lag", "m_by_arm", *baseline]},
    }
    start = {"m": 3.0 - grows * before, "y": 5 - p * weight * usual[0]}
    numbers = range(before + 1, before + SESSIONS + 1)
    found = compute(equations, slopes, {}, start, panel, numbers, products={"m_by_arm": ["m_lag", "arm"]})
    compare(found, expected, error=1e-8, last=before + SESSIONS)
    horizons = [row["horizon"] for row in found.rows if row["effect"] == "accumulated_total"]
    assert horizons == [f"at session {number}" for number in numbers]


@pytest.mark.parametrize("first", [0, 1, 2])
def test_sessions_of_a_treatment_are_those_of_the_data(first: int) -> None:
    """Most patients start at its first session; some have a contact before it, miss it, or stop early."""
    series = [range(8), range(8), range(8), range(8), range(8), range(-1, 3), range(2, 5), range(3)]
    rows = [(f"P{i}", first + t) for i, own in enumerate(series) for t in own]
    panel = pd.DataFrame(rows, columns=["patient", "session"])
    assert find_sessions(panel, None) == range(first, first + 8)
    assert find_sessions(panel, 12) == range(first, 13)
    with pytest.raises(
        ModelError, match=f"planned_sessions is -5, but the sessions of these data start at number {first}"
    ):
        find_sessions(panel, -5)


def test_static_model_is_left_to_the_effects_along_its_paths() -> None:
    equations = {
        "m": {"on": ["arm"], "vary": {"therapist": ["intercept", "arm"]}},
        "y": {"on": ["m", "arm"], "vary": {"therapist": ["intercept", "m"]}},
    }
    slopes = {"m": {"arm": A}, "y": {"m": B, "arm": C_PRIME}}
    found = compute(equations, slopes, {"therapist": {("m: arm", "y: m"): 0.05}})
    effects = {(row["effect"], row["horizon"]): v[0] for row, v in zip(found.rows, found.draws, strict=True)}
    assert effects["indirect", ""] == pytest.approx(A * B + 0.05)
    assert not any(horizon.startswith("at session") for _, horizon in effects)


def test_recursion_of_a_static_model_is_the_expected_product_at_every_session() -> None:
    """With a product of arm and session, which is zero here, the recursion is followed."""
    equations = {
        "m": {"on": ["arm", "session", "grows"], "vary": {"therapist": ["intercept", "arm"]}},
        "y": {"on": ["m_lag", "arm"], "vary": {"therapist": ["intercept", "m_lag"]}},
    }
    slopes = {"m": {"arm": A}, "y": {"m_lag": B, "arm": C_PRIME}}
    covariance = {("m: arm", "m: arm"): 0.2, ("y: m_lag", "y: m_lag"): 0.1, ("m: arm", "y: m_lag"): 0.05}
    found = compute(equations, slopes, {"therapist": covariance}, products={"grows": ["arm", "session"]})
    shown = curves(found)
    np.testing.assert_allclose(shown["indirect"][1:], A * B + 0.05)
    np.testing.assert_allclose(shown["direct"][1:], C_PRIME)


def test_intention_to_treat_is_the_difference_at_the_last_session() -> None:
    equations = {"y": {"on": ["arm", "session", "grows"], "vary": {"patient": ["intercept", "session"]}}}
    slopes = {"y": {"arm": -0.8, "session": 0.5, "grows": -0.15}}
    found = compute(equations, slopes, {}, products={"grows": ["arm", "session"]})
    rows = {row["effect"]: (row["level"], row["horizon"], v[0]) for row, v in zip(found.rows, found.draws, strict=True)}
    # The product is centred at the mean session of the panel, 4.5.
    assert rows["intention_to_treat"] == ("overall", "at session 8", pytest.approx(-0.8 - 0.15 * 3.5))
    assert "effect" not in rows


def test_difference_that_bends_is_followed_to_the_last_session() -> None:
    equations = {"y": {"on": ["arm", "course", "bends"], "vary": {"patient": ["intercept"]}}}
    declared: dict[str, Any] = {
        "bases": {"course": {"of": "session", "kind": "each"}}, "products": {"bends": ["arm", "course"]},
    }  # fmt: skip
    by_session = {f"bends_{session}": -0.1 * session**0.5 for session in range(2, 9)}
    found = compute(equations, {"y": {"arm": -0.8, **by_session}}, {}, **declared)
    rows = {row["effect"]: v[0] for row, v in zip(found.rows, found.draws, strict=True)}
    # The slope of the arm is its effect at the mean of all columns of the smooth, where each session has an eighth.
    assert rows["intention_to_treat"] == pytest.approx(-0.8 + by_session["bends_8"] - sum(by_session.values()) / 8)
    # A single column of a smooth has no meaning that an effect "at its mean" could be told by.
    assert "conditional" not in rows


def test_time_beside_a_smooth_of_it_is_no_moderator_by_itself() -> None:
    equations = {"y": {"on": ["arm", "session", "course", "grows", "bends"], "vary": {"patient": ["intercept"]}}}
    declared: dict[str, Any] = {
        "bases": {"course": {"of": "session", "kind": "log"}},
        "products": {"grows": ["arm", "session"], "bends": ["arm", "course"]},
    }
    found = compute(equations, {"y": {"arm": -0.8, "grows": -0.15, "bends_1": 0.6}}, {}, **declared)
    rows = {row["effect"]: v[0] for row, v in zip(found.rows, found.draws, strict=True)}
    course = np.log1p(np.arange(1, SESSIONS + 1))
    assert rows["intention_to_treat"] == pytest.approx(-0.8 - 0.15 * 3.5 + 0.6 * (course[-1] - course.mean()))
    # At session 3, say, the smooth is not at its mean, as an effect by the straight part alone would have it.
    assert "conditional" not in rows
