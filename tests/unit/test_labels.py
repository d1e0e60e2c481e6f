"""Labels come from the configuration's own words."""

import pandas as pd
import pytest

from alliance.labels import (
    find_roles,
    label_groups,
    label_model,
    label_names,
    label_of,
    label_path,
    label_reason,
    order_groups,
    unit_of,
    variable_of,
)
from tests.artefacts import builders

ARMS, SINGLE = builders.arms_config(), builders.single_config()


@pytest.mark.parametrize(
    ("term", "label"),
    [
        ("alliance", "working alliance"),
        ("alliance_lag", "working alliance, previous session"),
        ("technique_between", "alliance-helping technique (patient's mean)"),
        ("alliance_within", "working alliance (deviation from the patient's mean)"),
        ("alliance_between_therapist", "working alliance (therapist's mean)"),
        ("symptoms_baseline", "symptoms (first session)"),
        ("alliance_bond", "working alliance (bond)"),
        ("alliance_bond_lag", "working alliance (bond), previous session"),
        ("alliance_therapist", "alliance rated by the therapist"),
        ("alliance_therapist_lag", "alliance rated by the therapist, previous session"),
        ("clinic_south", "clinic: south"),
        ("session", "session number"),
        ("something_else", "something else"),
    ],
)
def test_label_of_a_term(term: str, label: str) -> None:
    assert label_of(term, ARMS) == label


def test_longer_lag_is_named() -> None:
    config = builders.arms_config(panel={"lag": 2, "max_gap_days": None})
    assert label_of("alliance_lag", config) == "working alliance, 2 sessions earlier"


def test_path_speaks_of_the_study_at_hand() -> None:
    assert (
        label_path("technique -> alliance -> symptoms", ARMS)
        == "alliance-helping technique → working alliance → symptoms"
    )
    assert label_path("rumination -> symptoms", SINGLE) == "rumination → depression"
    assert label_path("", ARMS) == ""


def test_names_in_sentences_become_labels() -> None:
    text = "units of symptoms per unit of alliance_lag; the intercept of technique -> alliance"
    expected = (
        "units of symptoms per unit of working alliance, previous session; "
        "the intercept of alliance-helping technique → working alliance"
    )
    assert label_names(text, ARMS) == expected


def test_units_of_numbers_categories_and_time() -> None:
    assert unit_of("age", ARMS) == "years"
    assert unit_of("arm", ARMS) == "alliance focused against standard"
    assert unit_of("clinic_south", ARMS) == "against north"
    assert unit_of("session", ARMS) == "sessions"


def test_roles_follow_the_fitted_models() -> None:
    roles = find_roles(ARMS)
    assert (roles.outcome, roles.mediators, roles.causes) == ("symptoms", ("alliance",), ("technique", "arm"))
    assert find_roles(SINGLE).session_scores == ("rumination", "symptoms")


def test_variable_behind_a_term() -> None:
    assert variable_of("alliance_bond_lag", ARMS) is ARMS.variables["alliance"]
    assert variable_of("session", ARMS) is None


def test_groups_by_level_and_by_reference() -> None:
    frame = pd.DataFrame({"arm": [0.0, 1.0, None]})
    groups = label_groups(frame, ARMS)
    assert groups is not None
    assert groups.to_list()[:2] == ["standard", "alliance focused"]
    assert order_groups(groups, ARMS) == ["standard", "alliance focused"]
    settings = ARMS.model_dump(mode="json", by_alias=True)
    settings["study"]["randomised"] = ["clinic"]
    by_clinic = type(ARMS).model_validate(settings)
    dummies = pd.DataFrame({"clinic_south": [1.0, 0.0], "clinic_west": [0.0, 0.0]})
    found = label_groups(dummies, by_clinic)
    assert found is not None
    assert found.to_list() == ["south", "north"]
    assert label_groups(frame, SINGLE) is None


def test_reason_of_the_flow_names_the_label() -> None:
    assert label_reason("no earlier session: alliance_lag", ARMS) == "no earlier session (working alliance)"
    assert label_reason("no therapist known", ARMS) == "no therapist known"


def test_model_of_another_run_keeps_its_name() -> None:
    assert label_model("arm_by_steps", ARMS) == "Treatment arm through alliance, two separate models"
    assert label_model("gone_model", ARMS) == "Gone model"
