"""Initial values come into joint models by themselves."""

from typing import Any

from alliance.config import ModelSpec
from alliance.config.initial import initial_values, with_initial_values, without_initial_values
from alliance.models.checking.design import mark_sign_off

LAGGED: dict[str, Any] = {
    "x": {"on": ["session"]},
    "m": {"on": ["x", "y", "m_lag"]},
    "y": {"on": ["m_lag", "x", "y_lag"]},
}


def declare(equations: dict[str, Any], family: str = "multilevel_path", **changes: Any) -> ModelSpec:
    effects = {"from": "x", "to": "y"}
    return ModelSpec.model_validate(
        {"label": "model", "family": family, "equations": equations, "effects": effects} | changes
    )


def test_each_outcome_with_a_past_brings_its_initial_value_into_every_equation() -> None:
    for family in ("multilevel_path", "direct"):
        spec = with_initial_values(declare(LAGGED, family))
        initial = ["m_baseline", "y_baseline"]
        assert {outcome: equation.on for outcome, equation in spec.equations.items()} == {
            outcome: [*told["on"], *initial] for outcome, told in LAGGED.items()
        }
        assert with_initial_values(spec) == spec, "what is there already is not added again"


def test_separate_models_and_models_without_a_past_or_lasting_differences_need_none() -> None:
    assert initial_values(declare(LAGGED, "textbook")) == []
    assert initial_values(declare({"m": {"on": ["x"]}, "y": {"on": ["m", "x_lag"]}})) == []
    alike = {outcome: told | {"vary": {}} for outcome, told in LAGGED.items()}
    assert initial_values(declare(alike)) == []


def test_past_in_a_product_counts() -> None:
    equations = {"m": {"on": ["x"]}, "y": {"on": ["m", "x", "m_by_x"]}}
    assert initial_values(declare(equations, products={"m_by_x": ["m_lag", "x"]})) == ["m_baseline"]


def test_signing_off_leaves_the_equations_alone_and_marks_the_model() -> None:
    spec = declare(LAGGED, initial_values_signed_off="Series start long after treatment began.")
    assert with_initial_values(spec) == spec
    assert without_initial_values(spec) == ["x", "m", "y"]
    marks = mark_sign_off(spec)
    assert [mark.subject for mark in marks] == ["equation of x", "equation of m", "equation of y"]
    assert not any(mark.passed for mark in marks) and "m_baseline and y_baseline" in marks[0].detail
    assert mark_sign_off(with_initial_values(declare(LAGGED))) == []
