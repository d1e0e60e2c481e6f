"""Sentences on the study: who, how measured, how cleaned, and what it cannot say."""

import pandas as pd
import pytest

from alliance.report.prose.study import (
    describe_checks,
    describe_cleaning,
    describe_flow,
    describe_limits,
    describe_measurement,
    describe_question,
)
from tests.artefacts import builders
from tests.unit.report.prose.rows import estimate, inputs, of_design, said, with_models

CONFIG = builders.arms_config()
ARTEFACTS = builders.artefacts(CONFIG)


def test_patients_who_keep_several_therapists_are_counted_unless_they_are_few() -> None:
    panel = ARTEFACTS["panel"].copy()
    assert "more than one therapist" not in said(describe_flow({**ARTEFACTS, "panel": panel}, CONFIG))
    codes = sorted(panel["therapist"].dropna().unique())
    of_all = panel.assign(therapist=[codes[session % 2] for session in panel["session"]])
    patients = int((of_all.groupby("patient")["therapist"].nunique() > 1).sum())
    sentences = said(describe_flow({**ARTEFACTS, "panel": of_all}, CONFIG))
    assert f"{patients} patients had sessions with more than one therapist and keep them all" in sentences
    one = panel["therapist"].where(panel["patient"] != panel["patient"].iloc[0], of_all["therapist"])
    assert "Fewer than 5 patients had" in said(
        describe_flow({**ARTEFACTS, "panel": panel.assign(therapist=one)}, CONFIG)
    )


def test_questions_are_as_strong_as_their_cause_allows() -> None:
    sentences = said(describe_question(ARTEFACTS, CONFIG))

    assert "Can symptoms be predicted from working alliance?" in sentences
    assert (
        "What is the effect of treatment arm on symptoms, and how much of it runs by way of working alliance?"
        in sentences
    )
    assert "What is the effect" not in said(describe_question(ARTEFACTS, of_design("single_group")))


@pytest.mark.parametrize(
    ("design", "expected"),
    [
        ("randomised_arms", "may be called an effect of the assignment"),
        ("observational_groups", "not formed at random"),
        ("single_group", "nothing was assigned at random"),
    ],
)
def test_what_the_design_licenses_is_said_at_the_beginning_and_at_the_end(design: str, expected: str) -> None:
    config = of_design(design)

    assert expected in said(describe_question(inputs(), config))
    assert expected in said(describe_limits(inputs(), config))


def test_flow_gives_export_clean_data_and_the_range_over_equations() -> None:
    flow = ARTEFACTS["flow"]
    used = flow[flow["stage"] == "analysed"]["n_sessions"]
    held, left = (int(flow.set_index("stage")["n_sessions"][stage]) for stage in ("In the export", "Analysed sessions"))
    sentences = said(describe_flow(ARTEFACTS, CONFIG))

    assert held == left + 40
    assert f"The export held {held} session rows" in sentences, "three patients were left out: 83 would say so"
    assert f"Cleaning left 80 patients with {left} sessions" in sentences
    assert f"could use {used.min():,} to {used.max():,} sessions" in sentences


def test_flow_of_one_equation_is_not_a_range() -> None:
    flow = ARTEFACTS["flow"]
    one = pd.concat([flow[flow["model"] == ""], flow[flow["stage"] == "analysed"].head(1)])

    assert " to " not in said(describe_flow({"flow": one}, CONFIG)).split("could use ")[1].split(";")[0]


def test_reliability_tells_differences_from_changes_and_names_what_has_none() -> None:
    sentences = said(describe_measurement(ARTEFACTS, CONFIG))
    of_sessions = [one.kind for one in CONFIG.variables.values() if one.table == "sessions"]
    without = of_sessions.count("number") + of_sessions.count("composite")  # the builders know no omega of a composite

    assert (
        "Working alliance (12 items): Reliability 0.95 for differences between patients and 0.78 for changes within"
        in sentences
    )
    assert f"No items were available for {without} measures" in sentences


def test_error_of_scores_is_said_where_there_is_something_to_say_of_it() -> None:
    kept = {name: table for name, table in ARTEFACTS.items() if name != "diagnostics"}
    variables = {name: one.model_copy(update={"reliability": None}) for name, one in CONFIG.variables.items()}
    plain = CONFIG.model_copy(update={"variables": variables})
    assert "no reliability is declared for any of them" in said(describe_measurement(kept, plain))
    declared = plain.variables["alliance"].model_copy(update={"reliability": "items"})
    config = plain.model_copy(update={"variables": variables | {"alliance": declared}})
    assert "so there is nothing to correct" in said(describe_measurement(kept, config))
    found = pd.DataFrame({"caution": ["corrected_error"]})
    assert "is said in the supplement, under “How robust is it”" in said(
        describe_measurement(kept | {"diagnostics": found}, config)
    )


def test_cleaning_counts_rules_rows_and_cells() -> None:
    assert (
        said(describe_cleaning(ARTEFACTS, CONFIG))
        == "4 of 4 cleaning rules changed something: 74 rows and 47 cells in all."
    )


def test_cleaning_that_touched_nothing_says_so() -> None:
    untouched = builders.cleaning().assign(rows=0, cells=0)

    assert "None of the 4 cleaning rules found anything to change." in said(
        describe_cleaning({"cleaning": untouched}, CONFIG)
    )


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "found nothing to warn about"),
        (1, "gave 1 warning, which is listed"),
        (2, "gave 2 warnings, which are listed"),
    ],
)
def test_warnings_are_counted(count: int, expected: str) -> None:
    assert expected in said(describe_checks({"checks": builders.checks().head(count)}, CONFIG))


def test_limits_print_declared_limits_and_signed_off_orders_word_for_word() -> None:
    reason = "Both were rated <b>after</b> the session; see protocol, p. 4."
    config = with_models(CONFIG, technique_by_steps={"time_order_signed_off": reason})
    study = config.model_dump(mode="json")["study"] | {"limits": ["No follow-up was done."]}
    config = config.model_copy(update={"study": type(config.study).model_validate(study)})
    sentences = said(describe_limits(inputs(), config))

    assert reason in sentences
    assert "No follow-up was done." in sentences


def test_limits_count_flagged_estimates() -> None:
    assert "1 estimate carries a flag. Read it" in said(describe_limits(inputs(estimate(flag="R-hat")), CONFIG))
    assert "2 estimates carry a flag" in said(describe_limits(inputs(*[estimate(flag="R-hat")] * 2), CONFIG))
    assert "flag" not in said(describe_limits(inputs(estimate()), CONFIG))


def test_original_ids_in_the_results_are_warned_of() -> None:
    config = builders.arms_config(privacy={"original_ids": True, "minimum_cell": 5})

    assert "do not share or commit" in said(describe_limits(inputs(), config))


def test_limits_name_correlations_that_were_given_to_a_model() -> None:
    assert "is taken to be correlated" not in said(describe_limits(inputs(), CONFIG))
    name = CONFIG.models.fit[0]
    held = CONFIG.models.specs[name].model_copy(update={"residual_correlations": {"symptoms": {"alliance": -0.2}}})
    models = CONFIG.models.model_copy(update={"specs": CONFIG.models.specs | {name: held}})
    config = CONFIG.model_copy(update={"models": models})
    assert "is taken to be correlated" not in said(describe_limits(inputs(), config))  # it gave no estimate
    sentences = said(describe_limits(inputs(estimate(model=name)), config))
    assert (
        "is taken to be correlated: symptoms and working alliance by −0.20. Whether it is, the data do not tell"
        in sentences
    )
