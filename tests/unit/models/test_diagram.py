"""Paths are derived from the equations, never typed by hand."""

import pytest

from alliance.config import ModelSpec, Variable
from alliance.config.declared import Effects
from alliance.errors import ModelError
from alliance.models.diagram import edges_of, every_path, paths_of

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


def test_unconnected_cause_is_refused() -> None:
    model = spec({"first": ["cause"], "outcome": ["second"]})
    with pytest.raises(ModelError, match="no path leads from 'cause' to 'outcome'"):
        paths_of("test", model, VARIABLES)


def test_effect_now_and_lagged_is_not_one_number() -> None:
    with pytest.raises(ModelError, match="appears twice"):
        paths_of("test", spec({"outcome": ["cause", "cause_lag"]}), VARIABLES)


def test_predictor_now_and_lagged_is_allowed_beside_the_paths_asked_for() -> None:
    model = spec({"first": ["cause"], "second": ["cause"], "outcome": ["first", "second", "second_lag", "cause"]})
    with pytest.raises(ModelError, match="'second' appears twice"):
        paths_of("test", model, VARIABLES)
    back = spec({"first": ["outcome_lag"], "outcome": ["first", "first_lag"]}, source="outcome", target="first")
    assert [path.text for path in paths_of("test", back, VARIABLES)] == ["outcome -> first"]


def test_paths_of_each_pair_are_derived_with_the_main_one_first() -> None:
    model = spec({"first": ["cause", "arm"], "outcome": ["first", "arm"]})
    more = model.model_copy(
        update={"further_effects": [Effects(source="arm", target="outcome"), Effects(source="first", target="outcome")]}
    )
    texts = [[path.text for path in paths] for paths in every_path("test", more, VARIABLES)]
    assert texts == [
        ["cause -> first -> outcome"],
        ["arm -> outcome", "arm -> first -> outcome"],
        ["first -> outcome"],
    ]


def test_products_and_smooths_of_time_are_no_arrows() -> None:
    model = spec({"first": ["cause"], "outcome": ["first", "arm", "first_by_arm", "course"]})
    declared = {
        **model.model_dump(by_alias=True),
        "products": {"first_by_arm": ["first", "arm"]},
        "bases": {"course": {"of": "session", "kind": "log"}},
    }
    derived = ModelSpec.model_validate(declared)
    # The name of the product begins like the variable: it must not be taken for one of its subscales.
    scale = Variable(label="f", kind="scale", instrument="i", items="i{item}", measured="during")
    edges = edges_of(derived, VARIABLES | {"first": scale})
    assert [edge.term for edge in edges if edge.outcome == "outcome"] == ["first", "arm"]


def test_cause_of_itself_is_refused() -> None:
    model = spec({"first": ["outcome_lag"], "outcome": ["first"]}, source="outcome")
    with pytest.raises(ModelError, match="'outcome' cannot be the cause of itself"):
        paths_of("test", model, VARIABLES)
