"""Each question poses models that can be fitted to what it needs, and to whatever else is there."""

from collections.abc import Sequence
from typing import Any

import pytest
import yaml

from alliance.config import Config, merge_with_base, read_yaml, validate_config
from alliance.config.posing import asked_in, cast_in
from alliance.facts.roles import ROLES
from alliance.questions import QUESTIONS, cast_of
from alliance.runs.subscales import parts_from
from tests.artefacts.builders import ROOT

BASE = read_yaml(ROOT / "config/config.yaml")
MAIN = validate_config(merge_with_base(BASE, []))


def player(role: str, name: str, measured: str = "during") -> dict[str, Any]:
    table = ROLES[role].tables[0]
    entry = {"role": role, "column": name, "label": f"label of {name}"}
    return entry | ({"measured": measured} if table == "sessions" else {"table": table})


def named(roles: Sequence[str]) -> list[str]:
    """Name a variable for each part; who plays one that somebody plays already gets a number."""
    before = [roles[:place].count(role) for place, role in enumerate(roles)]
    return [f"v_{role}{count or ''}" for role, count in zip(roles, before, strict=True)]


def study(*roles: str, therapists: bool = False, **settings: Any) -> Config:
    """Configure data of one's own in which each of these parts is played by one variable, or by as many as it is named times."""
    keys = {"patient": "p", "session": "s", **({"therapist": "t"} if therapists else {})}
    tables = {ROLES[role].tables[0] for role in roles} - {"sessions"}
    overlay = {
        "run": {"name": "own"},
        "data": {"sessions": {"path": "own.csv", "keys": keys}}
        | {name: {"path": "own.csv", "keys": {name[:-1]: "k"}} for name in tables},
        "variables": {name: player(role, name) for role, name in zip(roles, named(roles), strict=True)},
    }
    return validate_config(merge_with_base(BASE, [overlay | settings]))


@pytest.mark.parametrize("name", QUESTIONS)
@pytest.mark.parametrize("therapists", [False, True])
def test_question_is_posed_where_its_parts_are_played_and_needs_no_other(name: str, therapists: bool) -> None:
    needs = QUESTIONS[name].needs
    therapists = therapists or QUESTIONS[name].therapists
    posed = study(*needs, therapists=therapists, questions=[name]).models
    assert posed.fit
    therapists = therapists or "therapist" in needs  # who then have a table of their own
    vary = [set(equation.vary) for spec in posed.specs.values() for equation in spec.equations.values()]
    assert all(levels == ({"patient", "therapist"} if therapists else {"patient"}) for levels in vary)


@pytest.mark.parametrize("name", QUESTIONS)
def test_question_that_lacks_a_part_is_refused_by_it_and_the_remedy_is_accepted(name: str) -> None:
    *rest, lacking = QUESTIONS[name].needs
    others = [role for role in ("mediator", "outcome") if role not in rest and role != lacking]
    with pytest.raises(Exception, match=f"questions: '{name}' cannot be asked.*'role: {lacking}'"):
        study(*rest, *others, questions=[name])
    study(*rest, *others, lacking, questions=[name], therapists=QUESTIONS[name].therapists)


def test_where_higher_scores_of_the_mediator_are_worse_a_drop_is_no_rupture() -> None:
    variables = {f"v_{role}": player(role, role) for role in ("mediator", "outcome")}
    worse = {"variables": variables | {"v_mediator": variables["v_mediator"] | {"higher_is": "worse"}}}
    with pytest.raises(
        Exception, match=r"'ruptures' cannot be asked, since higher scores of .* are worse .* a drop is a gain"
    ):
        study("mediator", "outcome", questions=["ruptures"], **worse)
    possible = study("mediator", "outcome", questions="possible", **worse)
    assert "ruptures" not in asked_in(possible) and {"first", "development"} <= {*asked_in(possible)}
    assert "ruptures" in asked_in(study("mediator", "outcome", questions="possible"))


def test_question_about_therapists_is_refused_without_their_ids_and_left_out_of_what_is_possible() -> None:
    with pytest.raises(Exception, match=r"'responsiveness' cannot be asked.*\('therapist' under 'keys' of"):
        study("mediator", "outcome", questions=["responsiveness"])
    possible = [asked_in(study("mediator", "outcome", therapists=ids, questions="possible")) for ids in (False, True)]
    assert ["responsiveness" in asked for asked in possible] == [False, True]


@pytest.mark.parametrize(("roles", "outcomes"), [((), ["v_outcome"]), (("technique",), ["v_mediator", "v_outcome"])])
def test_slopes_of_every_step_differ_between_therapists(roles: tuple[str, ...], outcomes: list[str]) -> None:
    spec = study("mediator", "outcome", *roles, therapists=True, questions=["responsiveness"]).models.specs[
        "v_mediator_differs_between_therapists"
    ]
    assert list(spec.equations) == outcomes
    for equation in spec.equations.values():
        assert equation.vary["therapist"] == equation.vary["patient"] and len(equation.vary["therapist"]) == 2


def test_title_names_only_parts_that_the_question_needs() -> None:
    for question in QUESTIONS.values():
        assert question.title.format(**{role: role for role in question.needs}).endswith("?")


def test_measures_of_one_moment_predict_one_session_later() -> None:
    cast = cast_of({"mood": player("mediator", "mood"), "score": player("outcome", "score")}, therapists=False)
    mood, score = cast.one("mediator"), cast.one("outcome")
    assert (mood.before(score), score.before(mood)) == ("mood_lag", "score_lag")


def test_labels_without_numbers_play_no_part_as_they_are_no_term_of_a_model() -> None:
    place = {"role": "context", "kind": "category", "column": "place", "reference": "north", "table": "patients"}
    assert not cast_of({"place": place}, therapists=False).players


PLACE = {"role": "context", "kind": "category", "column": "place", "table": "patients", "label": "place"}


def test_each_group_of_declared_labels_is_a_term_that_plays_the_part() -> None:
    labels = {"north": "north", "far south": "south", "deep south": "south", "Île": "Île"}
    players = cast_of({"place": PLACE | {"labels": labels}}, therapists=False).all("context")
    assert [(player.name, player.label, player.variable) for player in players] == [
        ("place_south", "place: south", "place"), ("place_ile", "place: Île", "place"),
    ]  # fmt: skip
    other = cast_of({"place": PLACE | {"labels": ["north", "south"], "reference": "south"}}, therapists=False)
    assert other.one("context").name == "place_north"


def test_three_arms_without_numbers_are_no_one_comparison_and_the_remedy_is_accepted() -> None:
    parts = {f"v_{role}": player(role, f"v_{role}") for role in ("mediator", "outcome")}
    arm = PLACE | {"role": "treatment"}
    with pytest.raises(Exception, match=r"variables\.arm\.labels: there are more than two groups"):
        study("treatment", variables=parts | {"arm": arm | {"labels": ["waiting", "usual", "therapy"]}})
    labels = {"waiting": "control", "usual": "control", "therapy": "therapy"}
    posed = study("treatment", variables=parts | {"arm": arm | {"labels": labels}}).models
    assert "arm_therapy_jointly" in posed.fit


@pytest.mark.parametrize("name", ["course", "course_1", "v_treatment_by_course"])
def test_names_of_bases_and_products_keep_away_from_variables(name: str) -> None:
    roles = ("treatment", "mediator", "outcome")
    parts = {f"v_{role}": player(role, f"v_{role}") for role in roles}
    other = {"label": "other", "column": "other", "measured": "before"}
    spec = study(*roles, variables=parts | {name: other}).models.specs["v_treatment_overall"]
    assert name not in {*spec.bases, *spec.products}
    assert not [made for made in spec.bases if name.startswith(f"{made}_")]


@pytest.mark.parametrize("carrier", ["alliance", 56 * "x"])
def test_products_of_steps_and_traits_have_names_of_their_own(carrier: str) -> None:
    doers = {carrier: "mediator", f"{carrier[:-1]}y": "technique"}
    traits = {f"{carrier}_by_trait"[:60]: "process", "trait": "patient", "other": "patient"}
    variables = {name: player(role, name) for name, role in (doers | traits).items()}
    cast = cast_of(variables | {"symptoms": player("outcome", "symptoms")}, therapists=False)
    products = QUESTIONS["for_whom"].pose(cast).specs[f"{carrier}_depends_on_patient"[:60]]["products"]
    assert len(products) == 4
    assert not products.keys() & variables.keys()
    assert max(map(len, products)) <= 60


def test_names_of_models_are_no_longer_than_names_may_be() -> None:
    long = {role: f"{role}_" + 35 * "x" for role in ("treatment", "technique")}
    settings = {name: player(role, name) for role, name in long.items()}
    config = study("mediator", "outcome", "treatment", "technique", variables={
        **{f"v_{role}": player(role, f"v_{role}") for role in ("mediator", "outcome")}, **settings,
    })  # fmt: skip
    assert max(map(len, config.models.specs)) == 60


def test_smallest_configuration_needs_no_role() -> None:
    named = cast_of(
        {"symptoms": player("outcome", "s") | {"role": None}, "alliance": {"column": "a"}}, therapists=False
    )
    assert (named.one("mediator").name, named.one("outcome").name) == ("alliance", "symptoms")
    two = cast_of({"rumination": {"column": "r"}, "mood": {"column": "m"}}, therapists=False)
    assert (two.one("mediator").name, two.one("outcome").name) == ("rumination", "mood")


def test_main_analysis_writes_no_path_diagram_that_it_fits() -> None:
    written = BASE["models"]["specs"]
    assert not [name for name in MAIN.models.fit if "equations" in written.get(name, {})]
    assert MAIN.models.specs["technique_jointly"].equations["symptoms"].on[:3] == [
        "alliance_lag",
        "technique_lag",
        "symptoms_lag",
    ]
    assert {name: MAIN.models.answers[name] for name in ("treatment", "technique", "first")} == {
        "treatment": "arm_jointly", "technique": "technique_jointly", "first": "both_jointly",
    }  # fmt: skip


def test_merged_configuration_is_complete_and_poses_nothing_again() -> None:
    written = MAIN.model_dump(mode="json", by_alias=True)
    assert validate_config(yaml.safe_load(yaml.safe_dump(written))) == MAIN
    assert cast_in(MAIN).one("treatment").name == "arm"


def test_readme_names_every_part_and_question() -> None:
    readme = (ROOT / "config/README.md").read_text(encoding="utf-8")
    assert [name for name in (*ROLES, *QUESTIONS) if f"`{name}`" not in readme] == []


def test_what_is_done_between_sessions_precedes_all_that_the_session_measures_and_has_no_own_past() -> None:
    cast = cast_of({
        "homework": player("process", "homework", "between"), "alliance": player("mediator", "alliance", "after"),
        "symptoms": player("outcome", "symptoms", "before"),
    }, therapists=False)  # fmt: skip
    equations = QUESTIONS["processes"].pose(cast).specs["alliance_through_homework"]["equations"]
    assert equations["symptoms"]["on"][:2] == ["homework", "alliance_lag"]
    assert equations["homework"]["on"][:2] == ["alliance_lag", "symptoms_lag"]
    assert "homework_lag" not in equations["homework"]["on"]


@pytest.mark.parametrize("name", ["processes", "delivery"])
def test_what_technique_does_to_mediator_and_outcome_is_held_equal_on_the_way_between_them(name: str) -> None:
    needs = QUESTIONS[name].needs
    for spec in study("technique", *needs, questions=[name]).models.specs.values():
        for outcome in (
            "v_mediator",
            "v_outcome",
        ):  # measured at the same moment as technique, so that it is that of the session before
            assert {"v_technique_lag", "v_technique_between"} <= set(spec.equations[outcome].on)
    plain = study(*needs, questions=[name]).models.specs.values()
    assert not any(
        "technique" in term for spec in plain for equation in spec.equations.values() for term in equation.on
    )


def test_what_technique_does_to_symptoms_is_held_equal_where_traits_reach_them_through_the_alliance() -> None:
    needs = QUESTIONS["serial"].needs
    (answer, *_) = study("technique", *needs, questions=["serial"]).models.specs.values()
    held = {"v_technique_lag", "v_technique_between"}
    assert held <= set(answer.equations["v_outcome"].on)
    # A patient's usual technique is part of what a trait goes along with.
    assert not held & set(answer.equations["v_mediator"].on)


def test_signals_and_the_mediator_have_equations_in_place_of_means_that_hold_what_came_later() -> None:
    specs = study(*QUESTIONS["signals"].needs, questions=["signals"]).models.specs
    for spec in [*specs.values()][:2]:
        assert {"v_signal", "v_mediator", "v_outcome"} == set(spec.equations)
        assert not [
            term
            for one in spec.equations.values()
            for term in one.on
            if term in ("v_signal_between", "v_mediator_between")
        ]


def test_products_with_long_names_keep_a_name_each() -> None:
    traits = {f"{35 * 'x'}_{letter}{40 * 'y'}"[:60]: letter for letter in "abc"}
    config = study("mediator", "outcome", questions=["for_whom"], data={
        "sessions": {"path": "own.csv", "keys": {"patient": "p", "session": "s"}},
        "patients": {"path": "own.csv", "keys": {"patient": "k"}},
    }, variables={
        **{f"v_{role}": player(role, f"v_{role}") for role in ("mediator", "outcome")},
        **{name: player("patient", letter) for name, letter in traits.items()},
    })  # fmt: skip
    assert len(config.models.specs["v_mediator_depends_on_patient"].products) == len(traits)


def test_subscales_of_the_mediator_are_its_parts_and_what_somebody_names_is_kept() -> None:
    asked = {"questions": ["parts"]}
    posed = validate_config(merge_with_base(BASE, [asked], parts=parts_from(ROOT)))
    assert posed.variables["alliance"].parts == [["task", "bond", "goal"], ["bond", "agreement"]]
    assert posed.models.fit == ["parts_of_alliance", "bond_agreement", "parts_of_alliance_together"]
    assert list(posed.models.specs["bond_agreement"].equations)[1:3] == ["alliance_bond", "alliance_agreement"]
    assert len(cast_in(posed).all("part")) == 3
    named = asked | {"variables": {"alliance": {"parts": [["bond", "agreement"]]}}}
    assert validate_config(merge_with_base(BASE, [named], parts=parts_from(ROOT))).models.fit == [
        "parts_of_alliance",
        "parts_of_alliance_together",
    ]


def test_measures_of_single_parts_take_the_place_of_subscales_and_need_no_technique() -> None:
    posed = study("part", "part", "mediator", "outcome", questions=["parts"]).models.specs["parts_of_v_mediator"]
    assert [pair.source for pair in posed.every_effects()] == ["v_part", "v_part1"]
    assert posed.equations["v_outcome"].on[:2] == ["v_part_lag", "v_part1_lag"]


@pytest.mark.parametrize("parts", [[["bond"]], [["bond", "bond"]]])
def test_parts_that_cannot_be_compared_are_refused(parts: list[list[str]]) -> None:
    with pytest.raises(Exception, match=r"variables\.alliance.*two different subscales or more"):
        validate_config(merge_with_base(BASE, [{"variables": {"alliance": {"parts": parts}}}]))


def test_parts_of_what_is_no_scale_are_refused_and_the_remedy_is_accepted() -> None:
    parts = {"variables": {"technique": {"parts": [["a", "b"]]}}}
    with pytest.raises(Exception, match="only a scale has; remove it, and give a measure of one part 'role: part'"):
        validate_config(merge_with_base(BASE, [parts]))
    study("part", "part", "mediator", "outcome", questions=["parts"])
