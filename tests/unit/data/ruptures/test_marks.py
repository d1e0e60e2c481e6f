"""Marks as columns beside the scores, and what is known of each detector."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.config import Variable
from alliance.config.instruments import read_instrument
from alliance.data.ruptures.marks import mark_ruptures
from alliance.data.ruptures.series import Usual
from alliance.facts.artefacts import ARTEFACTS
from tests.artefacts.builders import ROOT

NO_RELIABILITY = pd.DataFrame(columns=ARTEFACTS["reliability"].header)
USUAL = Usual(42.0, 0.0, 4.0, 3.0, 0.2, low=12.0, high=60.0, step=1.0)
BOND = {"label": "bond", "column": "bond", "range": [12, 60], "measured": "after"}
SEEN = {"label": "seen", "kind": "category", "column": "seen", "reference": "none", "measured": "during"}


def marks_of(detector: str, of: list[str]) -> dict[str, Any]:
    shared = {"kind": "rupture_mark", "of": of, "detector": detector, "measured": "after"}
    return {
        f"{detector}_{state}": shared | {"label": f"{detector} {state}", "state": state}
        for state in ("open", "repaired")
    }


def declared(*detectors: str) -> dict[str, Variable]:
    settings = {"bond": BOND, "seen": SEEN}
    for detector in detectors:
        settings |= marks_of(detector, ["bond", "seen"] if detector == "observer" else ["bond"])
    return {name: Variable.model_validate(one) for name, one in settings.items()}


@pytest.fixture(scope="module")
def scores() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    values = USUAL.simulate(np.ones((80, 8), dtype=bool), rng)
    values[:8, 4] = values[:8, 3] - 20
    rows = pd.DataFrame(
        {"patient": np.repeat([f"P{i:02d}" for i in range(80)], 8), "session": np.tile(range(1, 9), 80)}
    )
    seen = np.zeros((80, 8))
    seen[:8, 4] = 1.0
    return rows.assign(bond=np.maximum(values, 12).ravel(), seen_withdrawal=seen.ravel(), seen_confrontation=0.0)


def test_deep_drops_are_marked_and_what_is_known_of_detectors_is_told(scores: pd.DataFrame) -> None:
    marked, told = mark_ruptures(scores, declared("sd_drop", "observer"), {}, NO_RELIABILITY, seed=1)
    there = (marked["session"] == 5) & (marked["patient"] < "P08")
    assert (marked.loc[there, "sd_drop_open"] == 1).all()
    assert (marked.loc[there, "observer_open"] == 1).all()
    told = told.set_index("detector")
    assert list(told.reset_index()[["score"]].squeeze()) == ["bond", "bond"]
    assert told.loc["observer", "marked_sessions"] == 8
    assert told.loc["observer", "depth"] > 10
    assert told.loc["sd_drop", "by_chance"] == pytest.approx(0.05, abs=0.005)
    assert np.isnan(told.loc["observer", "limit"])


def test_the_order_of_rows_and_the_spelling_of_ids_change_nothing(scores: pd.DataFrame) -> None:
    one, _ = mark_ruptures(scores, declared("prediction"), {}, NO_RELIABILITY, seed=1)
    shuffled = scores.sample(frac=1, random_state=2)
    other, _ = mark_ruptures(shuffled, declared("prediction"), {}, NO_RELIABILITY, seed=1)
    pd.testing.assert_frame_equal(other.sort_index(), one)


def test_too_few_sessions_are_said_and_no_mark_is_made(scores: pd.DataFrame) -> None:
    marked, told = mark_ruptures(scores.head(20), declared("sd_drop"), {}, NO_RELIABILITY, seed=1)
    assert marked["sd_drop_open"].isna().all()
    assert "fewer than 30 pairs" in told["note"].iloc[0]


def test_a_score_that_never_changes_is_said(scores: pd.DataFrame) -> None:
    _, told = mark_ruptures(scores.assign(bond=40.0), declared("sd_drop"), {}, NO_RELIABILITY, seed=1)
    assert told["note"].iloc[0] == "the score does not change from session to session"


def test_a_questionnaire_of_which_higher_is_worse_ruptures_by_no_drop(scores: pd.DataFrame) -> None:
    phq = read_instrument(ROOT / "config/instruments/phq_9.yaml")
    scale = {"label": "bond", "kind": "scale", "instrument": "phq_9", "items": "bond_{item}", "measured": "after"}
    variables = declared("sd_drop") | {"bond": Variable.model_validate(scale)}
    marked, told = mark_ruptures(scores, variables, {"phq_9": phq}, NO_RELIABILITY, seed=1)
    assert marked["sd_drop_open"].isna().all()
    assert "a drop is a gain" in told["note"].iloc[0]


def test_without_marks_nothing_is_computed(scores: pd.DataFrame) -> None:
    marked, told = mark_ruptures(scores, declared(), {}, NO_RELIABILITY, seed=1)
    pd.testing.assert_frame_equal(marked, scores)
    assert told.empty
