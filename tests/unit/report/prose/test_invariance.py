"""Sentences on indicators over the course: what drifts, and what was not shown though nothing was found."""

import pandas as pd

from alliance.facts.artefacts import ARTEFACTS
from alliance.models.checking.drifting import DRIFTING, TAKEN_OFF
from alliance.report.prose.invariance import describe_invariance
from tests.artefacts import builders

CONFIG = builders.arms_config()
FOUND = builders.invariance(CONFIG)


def said(table: pd.DataFrame, **others: pd.DataFrame) -> str:
    found = describe_invariance({"invariance": table} | others, CONFIG)
    return " ".join(str(sentence) for passage in found for sentence in passage.sentences)


def test_a_drift_is_told_once_with_its_size_and_what_it_means() -> None:
    sentence = said(FOUND)
    assert (
        sentence.count(
            "rises by 0.40 points (0.40 standard deviations) over 9 sessions, compared with all indicators together (p <0.001)"
        )
        == 1
    )
    assert "scores of different sessions do not mean the same" in sentence
    assert (
        "No other intercept was shown to drift by 0.20 standard deviations or more. That is no proof that none does"
        in sentence
    )
    assert (
        "No loading was shown to drift by 20% or more" in sentence
        and "the data leave up to 22% over the course" in sentence
    )


def test_small_drifts_are_called_small_only_where_no_large_one_is_possible() -> None:
    small = FOUND[FOUND["part"] == "intercept"].assign(verdict="hardly any", largest=0.15)
    sentence = said(small)
    assert "Intercepts drift by no more than 0.15 standard deviations over the course, which is little." in sentence
    assert "Two indicators do not tell their loadings" in sentence and "no proof" not in sentence


def test_what_becomes_of_coefficients_is_said_of_each_model() -> None:
    told = "no coefficient changes by more than 0.22 standard errors (alliance -> symptoms: -0.49 before, -0.47 after)"
    row = {
        "model": CONFIG.models.fit[0],
        "caution": DRIFTING,
        "subject": "alliance",
        "detail": f"it; {TAKEN_OFF}, {told}",
    }
    sentence = said(FOUND, diagnostics=pd.DataFrame([row]))
    assert (
        "With all drifts of intercepts taken off, no coefficient changes by more than 0.22 standard errors ("
        in sentence
    )
    assert "alliance ->" not in sentence


def test_construct_that_was_not_tested_says_why() -> None:
    row = {
        "caution": "untested_invariance",
        "subject": "alliance",
        "detail": "its indicators have too little in common",
    }
    empty = pd.DataFrame(columns=ARTEFACTS["invariance"].header)
    assert "Not tested: its indicators have too little in common." in said(empty, diagnostics=pd.DataFrame([row]))
    assert said(empty) == ""
