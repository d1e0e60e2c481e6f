"""The answer to a question is given by the model that was declared to give it; what speaks against it stands in the same breath."""

import pandas as pd
import pytest

from alliance.config import Config, validate_config
from alliance.config.answers import answers_of
from alliance.facts.marks import Mark
from alliance.report.numbers import format_estimate
from alliance.report.prose import describe_headline
from alliance.report.prose.answers import describe_speakers
from alliance.report.prose.asked import describe_asked
from alliance.report.prose.front import answer_questions
from alliance.report.prose.quality import describe_models
from alliance.report.prose.warnings import explain_flag
from alliance.results.diagnostics import row_of
from tests.artefacts import builders
from tests.unit.report.prose.rows import estimate, inputs

POSED = builders.arms_config(questions="possible")
DECLARED, ADJUSTED, SEPARATE = "technique_jointly", "technique_by_arm", "technique_by_steps"


def with_answers(config: Config = POSED, **answers: str | None) -> Config:
    settings = config.model_dump(mode="json", by_alias=True)
    settings["models"]["answers"] = answers
    return validate_config(settings)


CONFIG = with_answers(within_mediation=DECLARED, arm="arm_jointly", reverse="both_jointly")


def without_own_past(model: str, config: Config = CONFIG) -> Config:
    settings = config.model_dump(mode="json", by_alias=True)
    settings["models"]["specs"][model]["equations"]["symptoms"]["on"].remove("symptoms_lag")
    return validate_config(settings)


def headline(config: Config, *rows) -> list[str]:
    return [str(line) for line in describe_headline(inputs(*rows), config)]


def test_headline_has_a_line_for_each_question_and_one_for_warnings() -> None:
    table = builders.estimates(CONFIG)
    asked = CONFIG.model_copy(update={"questions": ["treatment", "technique", "first", "levels"]})
    lines = [str(line) for line in describe_headline({"estimates": table}, asked)]

    assert [line.split("?")[0] for line in lines[:-1]] == [
        "Does alliance-helping technique reach symptoms through working alliance",
        "Does treatment arm reach symptoms through working alliance",
        "In reverse: does symptoms predict working alliance",
        "How much do working alliance and symptoms differ between patients, and how much do they change within them",
    ]
    assert all(" interval; " in line and " patients, " in line for line in lines[:-1])
    assert lines[-1] == "No warning concerns these answers."


def test_number_without_the_error_of_scores_stands_beside_the_one_as_it_is() -> None:
    table = builders.estimates(CONFIG)
    corrected = builders.corrected(CONFIG, table)
    told = answer_questions({"estimates": table, "corrected": corrected}, CONFIG)[0].told

    answer = corrected.query("model == @DECLARED and effect == 'indirect'").iloc[0]
    found = format_estimate(answer["estimate_corrected"], answer["low_corrected"], answer["high_corrected"])
    number = next(number for number in told.numbers if number.of == "through working alliance")
    assert number.corrected == found


def test_headline_without_estimates_says_so() -> None:
    assert all("gave no estimate" in line for line in headline(CONFIG))
    settings = with_answers().model_dump(mode="json", by_alias=True)
    settings["models"]["fit"] = [DECLARED]
    assert headline(validate_config(settings)) == [
        "No fitted model gave an estimate of what the study asks.",
        "Whether anything runs back, from the outcome to what is meant to precede it, was not estimated.",
    ]


@pytest.mark.parametrize("flag", ["", "R-hat", "boundary variance; hardly known"])
def test_declared_model_speaks_whatever_its_flags(flag: str) -> None:
    rows = [estimate(model=SEPARATE), estimate(model=DECLARED, estimate=-0.4, low=-0.5, high=-0.3, flag=flag)]
    line = headline(CONFIG, *rows)[0]

    assert "0.40 points lower (better)" in line
    assert line.endswith(f"Warning: {'; '.join(map(explain_flag, flag.split('; ')))}." if flag else "30 therapists)")


def test_model_that_finds_something_else_is_told_with_its_flags() -> None:
    rows = [
        estimate(model=DECLARED, estimate=-0.14, low=-0.32, high=0.04),
        estimate(model=ADJUSTED, estimate=-0.17, low=-0.35, high=0.01),
        estimate(model=SEPARATE, estimate=-0.32, low=-0.52, high=-0.11, flag="R-hat"),
    ]
    config = without_own_past(SEPARATE)
    told = answer_questions(inputs(*rows), config)[0].told
    label = config.models.specs[SEPARATE].label

    assert told.answer.startswith("Open: ")
    assert "−0.17" not in told.answer + told.change
    assert told.change.endswith(
        f"Another model finds something else: −0.32 [−0.52, −0.11] [flagged: R-hat] ({label}; without the own past of symptoms)."
    )


def test_models_that_find_the_same_are_not_told() -> None:
    rows = [estimate(model=name) for name in (DECLARED, ADJUSTED, SEPARATE)]

    assert "something else:" not in answer_questions(inputs(*rows), CONFIG)[0].told.change


def test_claim_of_a_model_without_the_own_past_of_the_outcome_says_so() -> None:
    said = "does not hold symptoms at the session before equal"
    found = inputs(estimate(model=DECLARED))
    assert said not in answer_questions(found, CONFIG)[0].told.change
    assert said in answer_questions(found, without_own_past(DECLARED))[0].told.change


def test_declared_model_without_an_estimate_is_not_replaced() -> None:
    lines = headline(CONFIG, estimate(model=SEPARATE))

    assert not any("0.21 points lower" in line for line in lines)
    assert any("the model that has to answer this gave no estimate" in line for line in lines)


@pytest.mark.parametrize(
    ("fit", "expected", "reason"),
    [
        ([SEPARATE, ADJUSTED, DECLARED], ADJUSTED, "holds the outcome's own past"),
        ([SEPARATE, DECLARED, ADJUSTED], DECLARED, "holds the outcome's own past"),
    ],
)
def test_without_a_declaration_the_first_joint_model_with_the_own_past_speaks(fit, expected, reason) -> None:
    settings = CONFIG.model_dump(mode="json", by_alias=True)
    settings["models"] |= {"answers": {}, "fit": fit}
    config = validate_config(settings)
    rows = [estimate(model=name, estimate=-0.4 if name == expected else -0.2, low=-0.6, high=-0.1) for name in fit]

    assert "0.40 points lower" in headline(config, *rows)[0]
    assert reason in str(describe_speakers(config)[0].sentences[0])


def test_rule_passes_over_a_joint_model_without_the_own_past() -> None:
    settings = without_own_past(ADJUSTED).model_dump(mode="json", by_alias=True)
    settings["models"] |= {"answers": {}, "fit": [ADJUSTED, SEPARATE, DECLARED]}
    config = validate_config(settings)
    rows = [
        estimate(model=name, estimate=-0.4 if name == DECLARED else -0.2, low=-0.6, high=-0.1)
        for name in CONFIG.models.fit
    ]

    assert "0.40 points lower" in headline(config, *rows)[0]


def test_several_ways_answer_together() -> None:
    rows = [
        estimate(model=DECLARED),
        estimate(model=DECLARED, path="technique -> agency -> symptoms"),
        estimate(model=DECLARED, effect="indirect_total", path="technique -> symptoms", estimate=-0.4),
    ]

    line = headline(CONFIG, *rows)[0]
    assert "0.40 points lower" in line and "goes along with working alliance and agency" in line
    assert "by all ways together: −0.40" in line and "through agency: −0.21" in line


def test_further_pair_back_from_the_outcome_is_the_reverse_direction() -> None:
    settings = CONFIG.model_dump(mode="json", by_alias=True)
    settings["models"] |= {"answers": {}, "fit": [DECLARED]}
    settings["models"]["specs"][DECLARED]["further_effects"] = [{"from": "symptoms", "to": "alliance"}]
    config = validate_config(settings)
    back = estimate(model=DECLARED, outcome="alliance", path="symptoms -> alliance", effect="effect", estimate=-0.3)
    lines = headline(config, estimate(model=DECLARED), back)

    assert any(line.startswith("In reverse: does symptoms predict working alliance? Yes: one point") for line in lines)
    assert not any("was not estimated" in line for line in lines)


def test_declared_model_that_is_not_fitted_is_named() -> None:
    settings = CONFIG.model_dump(mode="json", by_alias=True)
    settings["models"]["fit"] = [SEPARATE]
    config = validate_config(settings)

    assert CONFIG.models.specs[DECLARED].label in str(describe_speakers(config)[1].sentences[0])


def test_model_that_could_not_be_fitted_is_named_with_its_reason() -> None:
    reason = "models.specs.technique_jointly: only 3 patients have all that the equation of 'alliance' needs."
    mark = row_of(Mark("not_fitted", DECLARED, detail=reason)) | {
        "model": DECLARED,
        "family": "multilevel_path",
        "engine": "",
    }
    found = inputs(estimate(model=SEPARATE)) | {"diagnostics": pd.DataFrame([mark])}
    lines = [str(line) for line in describe_headline(found, CONFIG)]
    said = " ".join(str(sentence) for passage in describe_models(found, CONFIG) for sentence in passage.sentences)

    assert any(
        line.startswith("1 model could not be fitted: Alliance-helping technique through working alliance;")
        for line in lines
    )
    assert reason in said


def test_question_is_answered_with_all_that_its_model_compares_under_its_title() -> None:
    back = {"outcome": "alliance", "path": "symptoms -> alliance", "effect": "effect", "estimate": -0.3}
    forth = {"path": "alliance -> symptoms", "effect": "effect", "estimate": -0.4}
    lines = headline(
        with_answers(first="both_jointly"),
        estimate(model="both_jointly", **back),
        estimate(model="both_jointly", **forth),
    )

    lead = "What comes first: does working alliance predict symptoms, or symptoms working alliance? "
    line = next(line for line in lines if line.startswith(lead))
    assert "0.30 points lower" in line and "0.40 points lower" in line
    assert not any(line.startswith("In reverse") or "was not estimated" in line for line in lines)


def test_pair_that_another_model_is_declared_for_is_answered_by_that_one() -> None:
    config = with_answers(first="both_jointly", second="alliance_predicts_symptoms")
    models = {
        (answer.pair.source, answer.pair.target): answer.model for answer in answers_of(config) if answer.question
    }

    assert models == {("symptoms", "alliance"): "both_jointly", ("alliance", "symptoms"): "alliance_predicts_symptoms"}


def test_questions_that_the_data_leave_open_are_listed_with_what_each_needs() -> None:
    settings = POSED.model_dump(mode="json", by_alias=True)
    for variable in settings["variables"].values():
        variable["role"] = variable["role"] if variable["role"] in ("mediator", "outcome", "technique") else None
    (passage,) = describe_asked({}, validate_config(settings))
    said = [str(sentence) for sentence in passage.sentences]

    assert said[0].startswith(
        "Does treatment reach symptoms through working alliance? No variable that holds numbers plays: treatment ("
    )
    assert not any("What comes first" in line for line in said)


def test_no_question_is_left_open_where_the_questionnaire_of_the_mediator_is_known_by_its_parts() -> None:
    (passage,) = describe_asked({}, POSED)  # no questionnaire was read
    (point,) = map(str, passage.sentences)
    assert "Which part of working alliance carries it on to symptoms?" in point
    settings = POSED.model_dump(mode="json", by_alias=True)
    settings["variables"]["alliance"]["parts"] = [["task", "bond", "goal"]]
    assert describe_asked({}, validate_config(settings)) == []


def test_several_causes_are_told_together_without_an_order_of_events() -> None:
    names = ("experience", "empathy")
    rows = [
        estimate(
            model="alliance_by_therapists", outcome="alliance", path=f"{name} -> alliance", effect="intention_to_treat",
            level="overall", horizon="at session 15", estimate=size, low=size - 0.2, high=size + 0.2,
        )
        for name, size in zip(names, (-0.1, 0.4), strict=True)
    ]  # fmt: skip
    answered = answer_questions(inputs(*rows), with_answers(therapists="alliance_by_therapists"))
    one = next(one for one in answered if one.name == "therapists")

    assert one.title == "What is it about therapists that goes along with working alliance?"
    assert one.told.answer.startswith(
        "1 of 2 goes along with working alliance, each interval by itself: therapist empathy"
    )
    assert one.told.answer.endswith("Each with the others held equal.")
    assert [number.value for number in one.told.numbers] == ["−0.10 [−0.30, 0.10] points", "0.40 [0.20, 0.60] points"]
    assert "therapist experience between therapists" in one.told.numbers[0].of
    assert one.told.claim == "Associations; none of these was assigned at random."
    assert not any(word in one.told.answer + one.told.change for word in ("followed", "session before", "leads to"))


def test_way_says_which_of_its_steps_are_the_same_for_all_patients_and_what_was_left_out() -> None:
    config = with_answers(strategies="strategies_through_alliance")
    row = estimate(
        model="strategies_through_alliance", path="rapport_building -> alliance -> symptoms", effect="indirect",
        level="within", horizon="next session", estimate=-0.04, low=-0.06, high=-0.02,
    )  # fmt: skip
    change = next(one for one in answer_questions(inputs(row), config) if one.name == "strategies").told.change
    assert "such as alliance-helping technique or alliance-straining technique." in change
    assert "In the model the step from rapport building to working alliance is the same for all patients" in change

    settings = config.model_dump(mode="json", by_alias=True)
    steps = settings["models"]["specs"]["strategies_through_alliance"]["equations"]
    steps["alliance"]["vary"]["patient"] += ["rapport_building"]
    steps["alliance"]["on"] += ["technique"]
    steps["symptoms"]["on"] += ["technique_lag"]
    free = validate_config(settings)
    change = next(one for one in answer_questions(inputs(row), free) if one.name == "strategies").told.change
    assert "same for all" not in change
    assert "such as" not in change


def test_answers_of_one_question_that_are_about_different_outcomes_are_told_one_by_one() -> None:
    settings = with_answers(technique=DECLARED).model_dump(mode="json", by_alias=True)
    pairs = [("technique", "symptoms"), ("alliance", "symptoms"), ("technique", "alliance")]
    one, *more = ({"from": cause, "to": outcome} for cause, outcome in pairs)
    settings["models"]["specs"][DECLARED] |= {"effects": one, "further_effects": more}
    rows = [
        estimate(model=DECLARED, path=f"{cause} -> {outcome}", outcome=outcome, effect="effect", horizon="same session")
        for cause, outcome in pairs
    ]
    lines = headline(validate_config(settings), *rows)
    assert "held equal" not in lines[0] and lines[0].count("lower") >= 3
