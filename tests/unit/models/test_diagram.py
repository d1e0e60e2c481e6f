"""Paths are derived from the equations, never typed by hand."""

import pytest

from alliance.config import ModelSpec, Variable
from alliance.errors import ModelError
from alliance.models.diagram import name_horizon, paths_of

VARIABLES = {
    name: Variable(label=name, column=name, measured="during") for name in ("cause", "first", "second", "outcome")
} | {"arm": Variable(label="arm", table="patients", column="arm")}


def spec(equations: dict[str, list[str]], source: str = "cause", target: str = "outcome") -> ModelSpec:
    return ModelSpec.model_validate(
        {
            "label": "test",
            "family": "direct",
            "equations": {
                outcome: {"on": on, "vary": {"patient": ["intercept", on[0]]}} for outcome, on in equations.items()
            },
            "effects": {"from": source, "to": target},
        }
    )


def test_direct_path_comes_before_parallel_and_serial_ones() -> None:
    model = spec(
        {"first": ["cause"], "second": ["cause", "first"], "outcome": ["first_lag", "second_lag", "cause_lag"]}
    )
    texts = [path.text for path in paths_of("test", model, VARIABLES)]
    assert texts == [
        "cause -> outcome",
        "cause -> first -> outcome",
        "cause -> second -> outcome",
        "cause -> first -> second -> outcome",
    ]


def test_reciprocal_equations_do_not_go_round_in_circles() -> None:
    model = spec({"first": ["cause", "outcome", "first_lag"], "outcome": ["first_lag", "outcome_lag"]})
    assert [path.text for path in paths_of("test", model, VARIABLES)] == ["cause -> first -> outcome"]


def test_baseline_and_observed_means_adjust_and_are_no_paths() -> None:
    model = spec({"outcome": ["cause_lag", "first_baseline", "second_between"]})
    assert [path.text for path in paths_of("test", model, VARIABLES)] == ["cause -> outcome"]


def test_varying_effects_are_marked_on_their_arrow() -> None:
    model = spec({"first": ["cause"], "outcome": ["arm", "first_lag"]})
    edges = paths_of("test", model, VARIABLES)[0].edges
    assert [edge.varies_by_patient for edge in edges] == [True, False]


def test_horizon_counts_lags_and_is_empty_for_a_constant_cause() -> None:
    through = spec({"first": ["cause"], "outcome": ["first_lag"]})
    assert paths_of("test", through, VARIABLES)[0].horizon(lag=1) == "next session"
    assert paths_of("test", through, VARIABLES)[0].horizon(lag=2) == "2 sessions later"
    constant = spec({"first": ["arm"], "outcome": ["first_lag"]}, source="arm")
    assert paths_of("test", constant, VARIABLES)[0].horizon(lag=1) == ""
    assert name_horizon(0) == "same session"


def test_unconnected_cause_is_refused() -> None:
    model = spec({"first": ["cause"], "outcome": ["second"]})
    with pytest.raises(ModelError, match="no path leads from 'cause' to 'outcome'"):
        paths_of("test", model, VARIABLES)


def test_effect_now_and_lagged_is_not_one_number() -> None:
    with pytest.raises(ModelError, match="appears twice"):
        paths_of("test", spec({"outcome": ["cause", "cause_lag"]}), VARIABLES)
