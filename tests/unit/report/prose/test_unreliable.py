"""Sentences on scores with error: corrected beside uncorrected, what is assumed, and why a model has no correction."""

import pandas as pd

from alliance.config import Config
from alliance.facts.artefacts import ARTEFACTS
from alliance.report.prose.unreliable import describe_corrected
from tests.artefacts import builders
from tests.unit.report.prose.rows import said

CONFIG = builders.arms_config()
FOUND = {"family": "multilevel_path", "engine": "ml", "diagnostic": "measurement error", "passed": False, "meaning": ""}


def with_reliability(declared) -> Config:
    alliance = CONFIG.variables["alliance"].model_copy(update={"reliability": declared})
    return CONFIG.model_copy(update={"variables": CONFIG.variables | {"alliance": alliance}})


def inputs(caution: str, detail: str = "", corrected: bool = True) -> dict[str, pd.DataFrame]:
    row = {"model": "technique_jointly", "caution": caution, "subject": "alliance", "detail": detail}
    rows = {
        "outcome": "symptoms", "path": "technique -> alliance -> symptoms", "effect": "indirect", "level": "within",
        "horizon": "same session", "estimate": -0.2, "sd": 0.05, "low": -0.3, "high": -0.1, "estimate_corrected": -0.3,
        "sd_corrected": 0.07, "low_corrected": -0.44, "high_corrected": -0.16, "interval": 0.95,
        "interval_kind": "Monte Carlo confidence", "n_patients": 60, "n_sessions": 500, "n_therapists": 6, "flag": "",
        "model": "technique_jointly",
    }  # fmt: skip
    table = pd.DataFrame([rows] if corrected else [], columns=ARTEFACTS["corrected"].header)
    reliability = builders.reliability(CONFIG, builders.panel(CONFIG))
    return {"diagnostics": pd.DataFrame([FOUND | row]), "corrected": table, "reliability": reliability}


def test_corrected_stands_beside_uncorrected_with_what_is_assumed() -> None:
    declared = {"within": 0.7, "between": 0.9}
    kind = type(CONFIG.variables["alliance"]).model_validate
    config = with_reliability(
        kind({"label": "a", "column": "a", "measured": "after", "reliability": declared}).reliability
    )
    sentence = said(describe_corrected(inputs("corrected_error"), config))
    assert "a reliability of 0.70 for changes within a patient and 0.90 for differences between patients" in sentence
    assert "−0.20 [−0.30, −0.10] as it is, −0.30 [−0.44, −0.16] corrected" in sentence
    found = inputs("corrected_error")
    found["estimates"] = found["corrected"].assign(flag="measurement error")
    assert "−0.10] as it is [flagged: measurement error], −0.30" in said(describe_corrected(found, config))
    assert "independent of true values, and of each other" in sentence and "right as declared" in sentence


def test_omega_of_items_is_said_with_its_error() -> None:
    sentence = said(describe_corrected(inputs("corrected_error"), with_reliability("items")))
    assert "by its items a reliability of 0.78 for changes within a patient" in sentence
    assert "whose sampling error is in the intervals" in sentence


def test_model_without_a_correction_says_why_by_name() -> None:
    reason = "'alliance_lag' predicts 'symptoms', and the error has no formula"
    sentence = said(describe_corrected(inputs("uncorrected_error", reason, corrected=False), with_reliability("items")))
    assert "The error is not taken off in the models that were fitted" in sentence
    assert "Not corrected. Working alliance: " in sentence and "predicts" in sentence and "alliance_lag" not in sentence
    assert "corrected for that error" not in sentence
    assert "assigned at random (treatment arm) are not moved by error in values from before it" in sentence


def test_scores_that_are_not_corrected_for_one_reason_are_named_together() -> None:
    found = inputs("uncorrected_error", "for a reason", corrected=False)
    both = pd.concat([found["diagnostics"], found["diagnostics"].assign(subject="symptoms")])
    sentence = said(describe_corrected(found | {"diagnostics": both}, with_reliability("items")))
    assert "Not corrected. Working alliance and symptoms: for a reason." in sentence


def test_nothing_is_said_where_no_score_has_error() -> None:
    assert describe_corrected({"diagnostics": pd.DataFrame([FOUND | {"caution": "few_patients"}])}, CONFIG) == []
