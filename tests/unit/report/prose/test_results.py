"""Sentences on results, for each design, sign, interval, flag and missing model."""

import re

import pandas as pd
import pytest

from alliance.config import Config
from alliance.report.prose import describe_headline
from alliance.report.prose.courses import describe_treatment
from alliance.report.prose.front import answer_questions
from alliance.report.prose.results import describe_agreement, describe_indirect, describe_predictions, describe_reverse
from tests.artefacts import builders
from tests.unit.report.prose.rows import estimate, inputs, of_design, said, with_models

CONFIG = builders.arms_config()
CAUSAL = re.compile(r"mediat|\bcaus(e|es|ed|al|ally)\b|\beffects? of\b|(in)?direct effect|total effect", re.IGNORECASE)


def arm_row(**changes):
    return estimate(
        **{"model": "arm_by_steps", "path": "arm -> alliance -> symptoms", "level": "overall", "horizon": ""} | changes
    )


def test_cause_that_was_not_assigned_was_followed_by_something_and_has_no_effect() -> None:
    sentence = said(describe_indirect(inputs(estimate()), CONFIG))

    assert (
        "Indirect association by way of working alliance, within patients: One point more of alliance-helping technique than "
        "usual for the same patient was followed by symptoms 0.21 points lower (better) at the next session "
        "(95% Monte Carlo confidence interval −0.31 to −0.12; 281 patients, 3,012 sessions, 30 therapists)."
    ) in sentence
    assert not CAUSAL.search(sentence)


def test_randomised_cause_has_an_effect_whose_split_names_the_assumption() -> None:
    rows = [
        arm_row(),
        arm_row(effect="total", path="arm -> symptoms"),
        arm_row(effect="direct", path="arm -> symptoms"),
    ]
    passages = describe_indirect(inputs(*rows), CONFIG)
    points = {str(point).split(":")[0] for point in passages[0].sentences}

    total = "Total effect, taken to be the same at every session"
    assert total in points
    condition = "if nothing outside the model influences both working alliance and symptoms"
    assert all(condition in point for point in points if point != total)
    assert "no random assignment of working alliance" in said(passages[1:])
    assert "Symptoms 0.21 points lower (better) with treatment arm “alliance focused” rather than “standard”" in said(
        passages
    )


def test_randomised_cause_with_later_adjustment_is_no_total_effect() -> None:
    rows = [arm_row(model="arm_jointly", effect=effect) for effect in ("indirect", "total")]
    sentence = said(describe_indirect(inputs(*rows), CONFIG))

    assert "Overall association" in sentence
    assert "not the total effect of the assignment" in sentence
    assert "Total effect" not in sentence
    assert "Indirect effect" not in sentence


@pytest.mark.parametrize("model", ["technique_by_steps", "arm_by_steps"])
def test_single_group_predicts_and_claims_nothing_else(model: str) -> None:
    path = f"{model.split('_')[0]} -> alliance -> symptoms"
    rows = [estimate(model=model, effect=effect, path=path) for effect in ("indirect", "direct", "total")]
    sentence = said(describe_indirect(inputs(*rows), of_design("single_group")))

    assert "Indirect prediction" in sentence
    assert "predicted symptoms 0.21 points lower" in sentence
    assert not CAUSAL.search(sentence)


def test_constant_cause_has_two_versions_told_apart_and_one_total() -> None:
    levels = ("within", "between_patient")
    rows = [arm_row(level=level) for level in levels]
    rows += [
        arm_row(effect=effect, level=level, path="arm -> symptoms")
        for effect in ("direct", "total")
        for level in levels
    ]
    leads = [point.lead for point in describe_indirect(inputs(*rows), CONFIG)[0].sentences]

    assert len(leads) == len(set(leads)) == 5
    assert sum(lead.startswith("Total") for lead in leads) == 1


def test_interval_with_zero_stays_open() -> None:
    sentence = said(describe_indirect(inputs(estimate(estimate=-0.05, low=-0.2, high=0.1)), CONFIG))

    assert (
        "compatible with no difference and with anything from 0.20 points lower (better) to 0.10 points higher (worse)"
        in sentence
    )
    assert "no effect" not in sentence


def test_flag_stands_directly_after_its_number() -> None:
    sentence = said(describe_indirect(inputs(estimate(flag="divergences")), CONFIG))

    assert "0.21 points lower (better) [flagged: divergences] at the next session" in sentence


def test_product_without_covariance_is_given_only_where_it_differs() -> None:
    other = estimate(effect="indirect_product", estimate=-0.18, low=-0.28, high=-0.08)
    same = estimate(effect="indirect_product")

    assert "without their covariance: −0.18 [−0.28, −0.08]" in said(
        describe_indirect(inputs(estimate(), other), CONFIG)
    )
    assert "covariance" not in said(describe_indirect(inputs(estimate(), same), CONFIG))


def test_signed_off_time_order_takes_the_order_out_of_the_words() -> None:
    config = with_models(CONFIG, technique_by_steps={"time_order_signed_off": "Rated together."})
    sentence = said(describe_indirect(inputs(estimate()), config))

    assert "went with symptoms" in sentence
    assert "was followed by" not in sentence


def test_averages_of_patients_go_with_each_other_and_do_not_follow() -> None:
    sentence = said(describe_indirect(inputs(estimate(level="between_patient")), CONFIG))

    assert (
        "a difference of one point in average alliance-helping technique between patients went with average symptoms"
        in sentence.lower()
    )
    assert "by way of average working alliance" in sentence
    assert "next session" not in sentence
    assert "no order in time" in sentence


def test_averages_that_separate_equations_compare_are_given_the_past() -> None:
    separate, joint = (
        said(describe_indirect(inputs(estimate(level="between_patient", model=model)), CONFIG))
        for model in ("technique_by_steps", "technique_jointly")
    )
    assert "0.21 points lower (better), given the past (95%" in separate
    assert "given the past" not in joint.lower()
    assert "at which a patient's sessions settle" in joint


def test_number_that_is_withheld_is_replaced_by_the_reason() -> None:
    marks = [
        {"caution": "withheld", "subject": "technique -> symptoms (between therapists)", "detail": "average technique is alike"},
        {"caution": "undefined_proportion", "subject": "technique -> alliance -> symptoms (within patients)", "detail": "the total is 0"},
        {"caution": "withheld", "subject": "technique -> alliance (between therapists)", "detail": "of another pair"},
        {"caution": "few_patients", "subject": "symptoms", "detail": ""},
    ]  # fmt: skip
    diagnostics = pd.DataFrame(marks).assign(model="technique_jointly", passed=True)
    rows = inputs(estimate(model="technique_jointly"))
    sentence = said(describe_indirect(rows | {"diagnostics": diagnostics}, CONFIG))

    assert (
        "Alliance-helping technique → symptoms, between therapists: What would stand here is not given: average"
        in sentence
    )
    assert "symptoms, within patients: The share of the total is not given: the total is 0." in sentence
    assert sentence.count("is not given") == 2


def test_labels_come_from_the_configuration_alone() -> None:
    variables = CONFIG.model_dump(mode="json")["variables"]
    variables["alliance"] |= {"label": "session climate"}
    sentence = said(describe_indirect(inputs(estimate()), builders.arms_config(variables=variables)))

    assert "by way of session climate" in sentence
    assert "alliance," not in sentence


def test_single_path_is_described_at_each_level_and_steps_of_longer_paths_are_not() -> None:
    single = {"model": "alliance_predicts_symptoms", "effect": "effect", "path": "alliance -> symptoms"}
    rows = [
        estimate(**single),
        estimate(**single, level="between_patient"),
        estimate(**{**single, "path": "agency -> symptoms"}),
    ]
    (points, _averages, _) = describe_predictions(inputs(*rows), CONFIG)

    assert [point.lead for point in points.sentences] == ["Within patients", "Between patients"]


def test_randomised_cause_without_mediator_has_an_effect() -> None:
    equations = {"symptoms": {"on": ["arm", "session"], "vary": {"patient": ["intercept"]}}}
    config = with_models(CONFIG, arm_by_steps={"equations": equations})
    sentence = said(describe_predictions(inputs(arm_row(effect="effect", path="arm -> symptoms")), config))

    assert "Effect of treatment arm: Symptoms 0.21 points lower (better) with treatment arm" in sentence


def test_whole_difference_of_a_randomised_cause_stands_in_the_section_with_the_session_it_is_given_at() -> None:
    equations = {"symptoms": {"on": ["arm", "session"], "vary": {"patient": ["intercept"]}}}
    row = arm_row(effect="intention_to_treat", path="arm -> symptoms", horizon="at session 8")
    reached = with_models(CONFIG, arm_by_steps={"equations": equations})
    planned = reached.model_copy(update={"study": reached.study.model_copy(update={"planned_sessions": 8})})

    sentence = said(describe_predictions(inputs(row), reached))
    assert "Effect of treatment arm: Symptoms 0.21 points lower (better) at session 8 with treatment arm" in sentence
    assert "Session 8 is the last one that half of the patients reached." in sentence
    assert "Session 8 is the planned end of treatment." in said(describe_predictions(inputs(row), planned))


def test_course_of_an_arm_says_what_its_model_holds_equal() -> None:
    rows = [arm_row(model="arm_jointly", horizon="at session 8", effect="indirect")]
    rows += [
        arm_row(model="arm_jointly", horizon="at session 8", effect=effect, path="arm -> symptoms")
        for effect in ("direct", "total")
    ]
    sentence = said(describe_treatment(inputs(*rows), CONFIG))

    assert "All this with alliance-helping technique held equal." in sentence
    assert "not the total effect of the assignment" in sentence
    assert "Session 8 is the last one that half of the patients reached." in sentence
    assert "held equal" in answer_questions(inputs(*rows), CONFIG)[0].told.claim


def test_run_without_mediator_says_so() -> None:
    assert "no path through a third" in said(describe_indirect(inputs(), CONFIG))


def test_reverse_direction_is_always_spoken_of() -> None:
    row = estimate(model="symptoms_predict_alliance", effect="effect", path="symptoms -> alliance", outcome="alliance")

    assert "followed by working alliance 0.21 points lower (worse)" in said(describe_reverse(inputs(row), CONFIG))
    assert "No model of the reverse direction was estimated" in said(describe_reverse(inputs(estimate()), CONFIG))


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (
            {"estimate": -0.25, "low": -0.35, "high": -0.15},
            "both in the same direction; the intervals overlap; none of",
        ),
        (
            {"estimate": 0.25, "low": 0.15, "high": 0.35},
            "in different directions; the intervals do not overlap; none of",
        ),
        (
            {"estimate": 0.05, "low": -0.25, "high": 0.35},
            "in different directions; the intervals overlap; 1 of the intervals contains",
        ),
    ],
)
def test_models_of_the_same_path_are_compared(other: dict[str, float], expected: str) -> None:
    rows = [estimate(), estimate(model="technique_jointly", **other)]

    assert expected in said(describe_agreement(inputs(*rows), CONFIG))


def test_one_model_alone_agrees_with_nobody() -> None:
    assert describe_agreement(inputs(estimate()), CONFIG) == []


def headline(config: Config, *rows) -> list[str]:
    return [str(line) for line in describe_headline(inputs(*rows), config)]


def test_assignment_alone_has_no_reverse_direction() -> None:
    settings = CONFIG.model_dump(mode="json", by_alias=True)["models"]
    settings["fit"] = ["arm_by_steps"]
    settings["specs"]["arm_by_steps"]["equations"] = {"symptoms": {"on": ["arm"], "vary": {"patient": ["intercept"]}}}
    config = builders.arms_config(models=settings)
    row = arm_row(effect="effect", path="arm -> symptoms")

    assert "no reverse direction to look at" in said(describe_reverse(inputs(row), config))
    assert [line.split("?")[0] for line in headline(config, row)] == [
        "Does treatment arm predict symptoms",
        "No warning concerns these answers.",
    ]


def test_every_pair_of_cause_and_outcome_is_described_by_what_its_own_cause_licenses() -> None:
    further = [{"from": "technique", "to": "symptoms"}]
    specs = CONFIG.model_dump(mode="json", by_alias=True)["models"]["specs"]
    equations = specs["technique_by_steps"]["equations"] | {
        "alliance": {"on": ["arm", "technique", "session"], "vary": {"patient": ["intercept"]}},
        "symptoms": {"on": ["alliance_lag", "arm", "technique_lag", "session"], "vary": {"patient": ["intercept"]}},
    }
    config = with_models(CONFIG, arm_jointly={"further_effects": further, "equations": equations})
    rows = [arm_row(model="arm_jointly"), estimate(model="arm_jointly")]
    passages = describe_indirect(inputs(*rows), config)
    headings = [passage.heading for passage in passages if passage.heading]

    assert [heading.rpartition(": ")[2] for heading in headings] == [
        "treatment arm → symptoms",
        "alliance-helping technique → symptoms",
    ]
    technique = next(passage for passage in passages if passage.heading == headings[1])
    assert "Indirect association" in str(technique.sentences[0])
    assert not CAUSAL.search(str(technique.sentences[0]))


def test_share_of_the_total_is_worded_as_the_design_allows() -> None:
    share = {"effect": "proportion", "estimate": 0.38, "low": 0.27, "high": 0.51}
    weak = said(describe_indirect(inputs(estimate(), estimate(**share)), CONFIG))
    strong = said(describe_indirect(inputs(arm_row(), arm_row(**share)), CONFIG))
    single = said(describe_indirect(inputs(estimate(), estimate(**share)), of_design("single_group")))

    assert "Indirect share of the overall association, within patients: 38%" in weak
    assert "(95% Monte Carlo confidence interval 27% to 51%" in weak
    assert "Indirect share of the total effect, overall, if nothing outside the model influences both" in strong
    assert "Indirect share of the overall prediction" in single and not CAUSAL.search(single)


def test_parallel_ways_are_added_and_compared() -> None:
    both = "technique -> alliance -> symptoms minus technique -> agency -> symptoms"
    rows = [
        estimate(),
        estimate(path="technique -> agency -> symptoms"),
        estimate(effect="indirect_total", path="technique -> symptoms", estimate=-0.4),
        estimate(effect="contrast", path=both, estimate=-0.05, low=-0.2, high=0.1),
    ]
    sentence = said(describe_indirect(inputs(*rows), CONFIG))

    assert "Indirect association by all ways together, within patients: One point more" in sentence
    assert "By way of working alliance minus by way of agency, within patients: −0.05 points" in sentence
    assert "compatible with two equal paths" in sentence
