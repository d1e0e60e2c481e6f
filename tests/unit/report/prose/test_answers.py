"""The answer to a question is given by the model that was declared to give it; what speaks against it stands in the same breath."""

import pandas as pd
import pytest

from alliance.config import Config, validate_config
from alliance.config.answers import answers_of
from alliance.facts.artefacts import ARTEFACTS
from alliance.facts.marks import Mark
from alliance.report.numbers import format_estimate
from alliance.report.prose import describe_headline
from alliance.report.prose.answers import describe_speakers
from alliance.report.prose.asked import describe_asked
from alliance.report.prose.quality import describe_models
from alliance.report.prose.unreliable import describe_without_error
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


def test_headline_has_main_results_reverse_direction_and_flags_in_at_most_four_lines() -> None:
    table = builders.estimates(CONFIG)
    lines = [str(line) for line in describe_headline({"estimates": table}, CONFIG)]

    assert 2 <= len(lines) <= 4
    assert lines[0].startswith("Indirect association by way of working alliance, within patients")
    # The arm was assigned at random, but the joint model conditions on what came after it: no effect is claimed.
    assert lines[1].startswith("Indirect association by way of working alliance at each session")
    assert lines[2].startswith("Reverse direction")
    assert lines[3].startswith("1 estimate of")


def test_headline_gives_corrected_numbers_beside_the_others_and_what_they_assume_in_one_sentence() -> None:
    table = builders.estimates(CONFIG)
    corrected = builders.corrected(CONFIG, table)
    marks = pd.DataFrame({"subject": ["alliance", "symptoms"], "caution": ["corrected_error", "uncorrected_error"]})
    given = {"estimates": table, "corrected": corrected, "diagnostics": marks}
    lines = [str(line) for line in describe_headline(given, CONFIG)]

    answer = corrected.query("model == @DECLARED and effect == 'indirect'").iloc[0]
    found = format_estimate(answer["estimate_corrected"], answer["low_corrected"], answer["high_corrected"])
    assert f"Without the error of scores: {found}" in lines[0]
    assumed = [line for line in lines if "assumes that" in line]
    assert len(assumed) == 1 and assumed[0].count(". ") == 0
    assert assumed[0].startswith(
        "What is given without the error of working alliance assumes that errors are independent"
    )


def test_headline_without_corrected_numbers_assumes_nothing() -> None:
    assert not any("error of" in line for line in headline(CONFIG, estimate(model=DECLARED)))


def test_course_of_a_treatment_has_its_part_without_error_too() -> None:
    """What the arm has done by a session in all, and by way of the alliance."""
    same = {"model": "arm_jointly", "horizon": "at session 16", "level": "overall", "flag": ""}
    total = estimate(path="arm -> symptoms", effect="total", estimate=-1.0, low=-1.6, high=-0.4, **same)
    part = estimate(path="arm -> alliance -> symptoms", effect="indirect", estimate=-0.4, low=-0.6, high=-0.2, **same)
    further = [{f"{k}_corrected": row[k] * 1.5 for k in ("estimate", "sd", "low", "high")} for row in (total, part)]
    corrected = pd.DataFrame([total | further[0], part | further[1]], columns=ARTEFACTS["corrected"].header)
    for row in (total, part):
        assert describe_without_error(row, {"corrected": corrected}, CONFIG) == (
            "Without the error of scores: −1.50 [−2.40, −0.60] in all and −0.60 [−0.90, −0.30] by way of working alliance."
        )


def test_headline_without_estimates_says_so() -> None:
    assert all("gave no estimate" in line for line in headline(CONFIG))
    assert headline(with_answers()) == [
        "No fitted model gave an estimate of what the study asks.",
        "The reverse direction was not estimated.",
    ]


@pytest.mark.parametrize("flag", ["", "R-hat", "boundary variance; feedback"])
def test_declared_model_speaks_whatever_its_flags(flag: str) -> None:
    rows = [estimate(model=SEPARATE), estimate(model=DECLARED, estimate=-0.4, low=-0.5, high=-0.3, flag=flag)]
    line = headline(CONFIG, *rows)[0]

    assert f"0.40 points lower (better){f' [flagged: {flag}]' if flag else ''}" in line


def test_model_that_finds_something_else_stands_in_the_sentence_with_its_flags() -> None:
    rows = [
        estimate(model=DECLARED, estimate=-0.14, low=-0.32, high=0.04),
        estimate(model=ADJUSTED, estimate=-0.17, low=-0.35, high=0.01),
        estimate(model=SEPARATE, estimate=-0.32, low=-0.52, high=-0.11, flag="R-hat"),
    ]
    config = without_own_past(SEPARATE)
    line = headline(config, *rows)[0]
    label = config.models.specs[SEPARATE].label

    assert "0.14 points lower" in line and "compatible with no difference" in line
    assert (
        f"Another model finds something else: −0.32 [−0.52, −0.11] [flagged: R-hat] ({label}; without the own past of symptoms)."
        in line
    )
    assert "−0.17" not in line


def test_models_that_find_the_same_are_counted() -> None:
    rows = [estimate(model=name) for name in (DECLARED, ADJUSTED, SEPARATE)]

    assert headline(CONFIG, *rows)[0].endswith("The other 2 models of this path agree.")


def test_claim_of_a_model_without_the_own_past_of_the_outcome_says_so() -> None:
    assert "does not hold symptoms at the session before equal" not in headline(CONFIG, estimate(model=DECLARED))[0]
    assert (
        "does not hold symptoms at the session before equal"
        in headline(without_own_past(DECLARED), estimate(model=DECLARED))[0]
    )


def test_declared_model_without_an_estimate_is_not_replaced() -> None:
    lines = headline(CONFIG, estimate(model=SEPARATE))

    assert not any("0.21 points lower" in line for line in lines)
    assert any("The model that answers this gave no estimate" in line for line in lines)


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

    assert "by all ways together" in headline(CONFIG, *rows)[0]
    assert "0.40 points lower" in headline(CONFIG, *rows)[0]


def test_further_pair_back_from_the_outcome_is_the_reverse_direction() -> None:
    settings = CONFIG.model_dump(mode="json", by_alias=True)
    settings["models"] |= {"answers": {}, "fit": [DECLARED]}
    settings["models"]["specs"][DECLARED]["further_effects"] = [{"from": "symptoms", "to": "alliance"}]
    config = validate_config(settings)
    back = estimate(model=DECLARED, outcome="alliance", path="symptoms -> alliance", effect="effect", estimate=-0.3)
    lines = headline(config, estimate(model=DECLARED), back)

    assert any(line.startswith("Reverse direction: One point more of symptoms") for line in lines)
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

    assert lines[0].startswith(
        "What comes first: does working alliance predict symptoms, or symptoms working alliance? "
    )
    assert "0.30 points lower" in lines[0] and "0.40 points lower" in lines[0]
    assert not any(line.startswith("Reverse direction") or "was not estimated" in line for line in lines)


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
    assert describe_asked({}, POSED) == []


def test_several_causes_are_told_in_one_sentence_that_claims_no_order_of_events() -> None:
    names = ("experience", "empathy")
    rows = [
        estimate(
            model="alliance_by_therapists", outcome="alliance", path=f"{name} -> alliance", effect="intention_to_treat",
            level="overall", horizon="at session 15", estimate=size, low=size - 0.2, high=size + 0.2,
        )
        for name, size in zip(names, (-0.1, 0.4), strict=True)
    ]  # fmt: skip
    line = headline(with_answers(therapists="alliance_by_therapists"), *rows)[0]

    assert line.startswith(
        "What is it about therapists that goes along with working alliance? Working alliance at every session (95%"
    )
    assert "therapist experience between therapists, 0.10 points lower (worse) [−0.30, 0.10]" in line
    assert "therapist empathy between therapists, 0.40 points higher (better) [0.20, 0.60]" in line
    assert "Not assigned at random" in line and "followed" not in line and "session before" not in line


def test_flags_for_error_of_measurement_are_counted_apart() -> None:
    rows = [
        estimate(model=name, flag=flag)
        for name, flag in ((DECLARED, "measurement error"), (SEPARATE, "measurement error; R-hat"))
    ]

    assert headline(CONFIG, *rows)[-1].startswith(
        "2 estimates of 2 carry a flag, 1 of them for error of measurement alone;"
    )


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
