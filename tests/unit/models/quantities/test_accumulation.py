"""Effects that accumulate over sessions, against closed forms and powers of the transition matrix."""

import numpy as np
import pandas as pd
import pytest

from alliance.config import ModelSpec
from alliance.models.quantities.pairs import Quantities
from tests.unit.models.joint_study import VARIABLES, make_spec, simulate
from tests.unit.models.populations import design_of, population_of, quantities_of

PANEL = simulate(10, 5, seed=6)
LAGGED = PANEL.assign(**{f"{name}_lag": PANEL.groupby("patient")[name].shift(1) for name in ("x", "m", "y")})

AFTER = ("after 1 session", *(f"after {n} sessions" for n in range(2, 6)))
AT = tuple(f"at session {n}" for n in range(1, 6))


def accumulated(spec: ModelSpec, slopes: dict[str, dict[str, float]], panel: pd.DataFrame = LAGGED) -> Quantities:
    design = design_of(spec, panel, VARIABLES)
    return quantities_of(spec, design, population_of(design, slopes, {}))


def curve(found: Quantities, path: str, horizons: tuple[str, ...] = AFTER) -> list[float]:
    table = found.table()
    chosen = table.index[(table["effect"] == "accumulated") & (table["path"] == path)]
    assert table.loc[chosen, "horizon"].tolist() == list(horizons)
    return [float(found.draws[position][0]) for position in chosen]


def test_effect_of_each_session_adds_what_persistence_leaves() -> None:
    spec = make_spec(equations={"m": {"on": ["x"]}, "y": {"on": ["m_lag", "x_lag", "y_lag"]}})
    found = accumulated(spec, {"m": {"x": 0.6}, "y": {"m_lag": -0.5, "x_lag": 9.0, "y_lag": 0.4}})
    expected = -0.3 * np.cumsum(0.4 ** np.arange(5))
    np.testing.assert_allclose(curve(found, "x -> m -> y"), expected, rtol=1e-12)


@pytest.mark.parametrize("cause", ["x", "arm"])
def test_feedback_follows_the_transition_matrix(cause: str) -> None:
    equations = {"m": {"on": [cause, "m_lag", "y_lag"]}, "y": {"on": ["m", cause, "y_lag"]}}
    spec = make_spec(equations=equations, effects={"from": cause, "to": "y"})
    a, b, c, psi, phi, back = 0.6, -0.5, 0.2, 0.3, 0.4, 0.1
    slopes = {"m": {cause: a, "m_lag": psi, "y_lag": back}, "y": {"m": b, cause: c, "y_lag": phi}}

    def respond(b: float) -> list[float]:
        # s = (m, y): y = b m + ..., put in: y_t = (phi + b back) y_(t-1) + b psi m_(t-1) + (c + a b) x_t
        transition, gamma = np.array([[psi, back], [b * psi, phi + b * back]]), np.array([a, c + a * b])
        state, course = np.zeros(2), []
        for _ in range(5):
            state = transition @ state + gamma
            course.append(state[1])
        return course

    found = curve(accumulated(spec, slopes), f"{cause} -> m -> y", AFTER if cause == "x" else AT)
    np.testing.assert_allclose(found, np.subtract(respond(b), respond(0.0)), rtol=1e-10)


def test_cause_with_an_equation_of_its_own_is_set_not_predicted() -> None:
    equations = {"x": {"on": ["y_lag"]}, "m": {"on": ["x"]}, "y": {"on": ["m", "y_lag"]}}
    slopes = {"x": {"y_lag": 5.0}, "m": {"x": 0.6}, "y": {"m": -0.5, "y_lag": 0.4}}
    found = accumulated(make_spec(equations=equations), slopes)
    np.testing.assert_allclose(curve(found, "x -> m -> y"), -0.3 * np.cumsum(0.4 ** np.arange(5)), rtol=1e-12)


def test_model_without_persistence_has_no_curve() -> None:
    spec = make_spec(equations={"m": {"on": ["x"]}, "y": {"on": ["m_lag", "x_lag"]}})
    assert "accumulated" not in set(accumulated(spec, {}).table()["effect"])
