"""Labels come from the configuration's own words."""

import numpy as np
import pandas as pd
import pytest

from alliance.report.labels import (
    find_roles,
    label_groups,
    label_level_of,
    label_model,
    label_names,
    label_of,
    label_path,
    label_quantity,
    label_reason,
    order_groups,
    unit_of,
    variable_of,
)
from alliance.report.tables.marks import without_twins
from tests.artefacts import builders
from tests.unit.report.prose.rows import with_models

SMOOTHS = {
    "course": {"of": "session", "kind": "natural_spline", "df": 3},
    "slowing": {"of": "weeks", "kind": "log"},
    "visit": {"of": "session", "kind": "each"},
}
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
    together = "residual -> alliance, residual -> symptoms"
    assert label_path(together, ARMS) == together.replace("->", "→").replace("alliance", "working alliance")


def test_names_in_sentences_become_labels() -> None:
    text = "units of symptoms per unit of alliance_lag; the intercept of technique -> alliance"
    expected = (
        "units of symptoms per unit of working alliance, previous session; "
        "the intercept of alliance-helping technique → working alliance"
    )
    assert label_names(text, ARMS) == expected
    marked = "most of all alliance -> symptoms (effect, between_therapist). Report it (effect, sizes)"
    named = "most of all working alliance → symptoms (slope, between therapists). Report it (effect, sizes)"
    assert label_names(marked, ARMS) == named
    remedy = "see models.specs.one.equations.alliance.on, or write 'alliance: {{on: [session]}}' for '{}'"
    assert label_names(remedy.format("alliance"), ARMS) == remedy.format("working alliance")


def test_units_of_numbers_categories_and_time() -> None:
    assert unit_of("age", ARMS) == "years"
    assert unit_of("arm", ARMS) == "alliance focused against standard"
    assert unit_of("clinic_south", ARMS) == "against north"
    assert unit_of("session", ARMS) == "sessions"


def test_roles_follow_the_fitted_models() -> None:
    roles = find_roles(ARMS)
    assert (roles.outcome, roles.mediators, roles.causes) == (
        "symptoms",
        ("alliance",),
        ("arm", "technique"),
    )
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
    first = "not observed at the first session"
    assert label_reason(f"{first}: alliance_baseline", ARMS) == f"{first} (working alliance)"
    assert label_reason("no therapist known", ARMS) == "no therapist known"


def test_model_of_another_run_keeps_its_name() -> None:
    assert label_model("arm_by_steps", ARMS) == "Treatment arm through working alliance, in two steps"
    assert label_model("gone_model", ARMS) == "Gone model"


def test_two_paths_that_are_compared_are_named_with_what_stands_between_them() -> None:
    path = "arm -> alliance -> symptoms minus arm -> agency -> symptoms"
    expected = "treatment arm → working alliance → symptoms minus treatment arm → agency → symptoms"
    assert label_path(path, ARMS) == expected


@pytest.mark.parametrize(
    ("path", "moderator", "value", "label"),
    [
        (
            "technique -> alliance", "arm", 0.0,
            "alliance-helping technique → working alliance at treatment arm: standard",
        ),
        ("technique -> alliance", "arm", np.nan, "alliance-helping technique → working alliance by treatment arm"),
        ("alliance -> symptoms", "age", 45.3, "working alliance → symptoms at age = 45.3 years"),
        ("arm -> symptoms", "clinic_south", 1.0, "treatment arm → symptoms at clinic: south"),
        ("arm -> symptoms", "clinic_south", 0.0, "treatment arm → symptoms at clinic: north"),
        ("arm -> symptoms", "delivery_video_between", 0.0, "treatment arm → symptoms at delivery: in person at all sessions"),
        ("arm -> symptoms", "delivery_video_between", 0.25, "treatment arm → symptoms at delivery: video at 25% of the sessions"),
        (
            "alliance -> symptoms", "alliance_within", -1.2,
            "working alliance → symptoms at working alliance (deviation from the patient's mean) = −1.2 points",
        ),
        ("alliance -> symptoms", "", np.nan, "working alliance → symptoms"),
        ("", "", np.nan, "symptoms"),
    ],
)  # fmt: skip
def test_moderator_of_an_estimate_is_named_with_its_value(path: str, moderator: str, value: float, label: str) -> None:
    row = {"outcome": "symptoms", "path": path, "moderator": moderator, "value": value}
    assert label_quantity(row, ARMS) == label


@pytest.mark.parametrize(
    ("term", "label"),
    [
        ("technique_by_arm", "alliance-helping technique × treatment arm"),
        ("course", "course of time"),
        ("course_2", "course of time, part 2"),
        ("slowing_1", "logarithm of weeks since the first session"),
        ("visit_7", "session 7"),
    ],
)
def test_products_and_smooths_are_named_in_plain_words(term: str, label: str) -> None:
    config = with_models(ARMS, technique_by_arm={"bases": SMOOTHS})
    assert label_of(term, config) == label
    assert variable_of(term, config) is None


def test_names_of_products_are_replaced_in_sentences_and_common_words_stay() -> None:
    config = with_models(ARMS, technique_by_arm={"bases": SMOOTHS})
    written = label_names("of course, course_2 and technique_by_arm", config)
    assert written == "of course, course of time, part 2 and alliance-helping technique × treatment arm"


def test_name_with_two_meanings_stays_as_it_is() -> None:
    other = {"products": {"technique_by_arm": ["technique", "age"]}}
    config = with_models(ARMS, arm_jointly=other)
    assert label_of("technique_by_arm", config) == "technique by arm"


@pytest.mark.parametrize(
    ("path", "effect", "level", "said"),
    [
        ("arm -> alliance -> symptoms", "indirect", "within", "via changes within patients"),
        ("arm -> symptoms", "c_prime", "between_patient", "beside differences between patients"),
        ("arm -> symptoms", "total", "within", "overall"),
        ("arm -> alliance", "a", "overall", "overall"),
        ("arm_by_course_2 -> symptoms", "coefficient", "within", "overall"),
        ("technique -> alliance", "a", "within", "within patients"),
    ],
)
def test_what_cannot_vary_within_patients_is_given_no_effect_within_them(
    path: str, effect: str, level: str, said: str
) -> None:
    assert label_level_of({"path": path, "effect": effect, "level": level}, builders.arms_config()) == said


def test_direct_effect_of_one_step_and_total_of_two_levels_are_listed_once() -> None:
    same = {"model": "m", "path": "technique -> symptoms", "level": "within", "horizon": "next session"}
    rows = pd.DataFrame(
        [
            {**same, "effect": "c_prime", "estimate": -0.3},
            {**same, "effect": "direct", "estimate": -0.3},
            {**same, "effect": "direct", "estimate": -0.5, "horizon": "at session 15"},
            {**same, "effect": "total", "estimate": -0.8},
            {**same, "effect": "total", "estimate": -0.8, "level": "between_patient"},
            {**same, "effect": "total", "estimate": -0.9, "level": "between_therapist"},
        ]
    )
    assert without_twins(rows)["estimate"].tolist() == [-0.3, -0.5, -0.8, -0.9]
