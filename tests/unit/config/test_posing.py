"""What somebody writes stands: beside posed models, in their place, or as a change of one setting."""

from typing import Any

import pytest

from alliance.config import merge_with_base, read_yaml, validate_config
from alliance.config.adjusting import adjust_models
from alliance.config.compared import smallest_groups
from alliance.errors import ConfigError
from tests.artefacts.builders import ROOT

BASE = read_yaml(ROOT / "config/config.yaml")
VARIANCE = {"label": "V", "family": "textbook", "analysis": "variance", "variables": ["alliance"]}


def models(**overlay: Any) -> Any:
    return validate_config(merge_with_base(BASE, [overlay])).models


def test_setting_under_the_name_of_a_posed_model_changes_that_setting_alone() -> None:
    before, after = models(), models(models={"specs": {"both_jointly": {"depth": "ml"}}})
    assert after.specs["both_jointly"] == before.specs["both_jointly"].model_copy(update={"depth": "ml"})
    assert after.fit == before.fit


def test_whole_model_under_the_name_of_a_posed_one_takes_its_place() -> None:
    assert models(models={"specs": {"both_jointly": VARIANCE}}).specs["both_jointly"].analysis == "variance"


def test_model_of_an_overlay_is_fitted_with_the_posed_ones_and_a_list_of_models_is_taken_as_it_is() -> None:
    specs = {"specs": {"mine": VARIANCE}}
    assert models(models=specs).fit == [*models().fit, "mine"]
    assert models(models=specs | {"fit": ["mine"]}).fit == ["mine"]


def test_list_of_questions_chooses_and_keeps_the_order_of_the_report() -> None:
    chosen = models(questions=["first", "treatment"])
    assert chosen.fit == ["arm_jointly", "arm_overall", "arm_by_steps", "both_jointly"]
    assert list(chosen.answers) == ["treatment", "first"]


def test_another_model_may_be_declared_to_answer() -> None:
    assert models(models={"answers": {"treatment": "arm_by_steps"}}).answers["treatment"] == "arm_by_steps"


def test_a_predictor_is_added_to_every_equation_and_taken_from_those_of_one_model() -> None:
    before = models()
    after = models(models={"on": {"add": ["age"]}, "specs": {"both_jointly": {"on": {"remove": ["arm"]}}}})
    for name, spec in before.specs.items():
        for outcome, equation in spec.equations.items():
            gone = {"arm"} if name == "both_jointly" else set()
            assert set(after.specs[name].equations[outcome].on) == {*equation.on, "age"} - gone
            assert after.specs[name].equations[outcome].vary == equation.vary
    assert after.fit == before.fit


def test_what_is_added_does_not_predict_itself_and_what_is_removed_varies_no_more() -> None:
    after = models(models={"on": {"add": ["straining_technique_lag", "symptoms_lag"]}})
    spec = after.specs["technique_jointly"]
    assert "symptoms_lag" in spec.equations["alliance"].on and spec.equations["symptoms"].on.count("symptoms_lag") == 1
    assert "straining_technique_lag" in spec.equations["technique"].on
    equation = {"on": ["x", "z"], "vary": {"patient": ["intercept", "x"]}}
    changed = adjust_models({"mine": {"equations": {"y": equation}}}, {"remove": ["x"], "add": ["y_lag", "w"]})
    assert changed["mine"]["equations"]["y"] == {"on": ["z", "w"], "vary": {"patient": ["intercept"]}}


@pytest.mark.parametrize(
    ("overlay", "said"),
    [
        ({"models": {"on": ["age"]}}, "models.on: expected predictors to add or to remove"),
        ({"models": {"on": {"add": "age"}}}, "models.on.add: expected a list of predictors"),
        ({"models": {"on": {"remove": ["agee"]}}}, "models.on.remove: no equation has the predictor 'agee'"),
        ({"models": {"on": {"add": ["arm"], "remove": ["arm"]}}}, "models.on: 'arm' is added and removed"),
        ({"models": {"on": {"add": ["agge"]}}}, "'agge' is not a declared variable. Did you mean 'age'?"),
        (
            {"cleaning": {"exclude": {"where": {"clinik": ["north"]}}}},
            "cleaning.exclude.where: 'clinik' is not a declared variable. Did you mean 'clinic'?",
        ),
        (
            {"cleaning": {"only": {"alliance": {"above": 3}}}},
            "cleaning.only.alliance: 'alliance' is computed after cleaning",
        ),
        ({"cleaning": {"only": {"clinic": {"above": 3}}}}, "'clinic' holds labels, which are not above or below"),
        ({"cleaning": {"only": {"session": {"above": 8, "below": 3}}}}, "nothing is above 8 and below 3"),
        ({"models": {"specs": {"both_joinly": {"depth": "ml"}}}}, "models.specs.both_joinly: there is no 'family'"),
        ({"questions": ["frist"]}, "questions: there is no question 'frist'. Did you mean 'first'?"),
        ({"questions": "all"}, "questions"),
        ({"variables": {"alliance": {"role": "mediater"}}}, "Did you mean 'mediator'?"),
        (
            {"variables": {"alliance_therapist": {"role": "mediator"}}},
            "variables.alliance_therapist.role: 'alliance' has 'role: mediator' too",
        ),
        ({"variables": {"alliance": {"role": "patient"}}}, "'role: patient' is for variables of patients"),
    ],
)
def test_unknown_questions_and_parts_are_refused_by_name(overlay: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        models(**overlay)
    assert said in str(raised.value)


def test_group_that_no_model_compares_may_be_small() -> None:
    assert smallest_groups(validate_config(merge_with_base(BASE, []))) == {}
    compared = merge_with_base(BASE, [{"models": {"on": {"add": ["gender_man"]}}}])
    assert smallest_groups(validate_config(compared)) == {"gender": 5}
