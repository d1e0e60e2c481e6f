"""What is true of further answers, beside regressions in large studies and moments worked out by hand."""

import numpy as np
import pandas as pd
import pytest
import yaml

from alliance.worlds.dynamics import run_sessions
from alliance.worlds.example.answers import true_answers
from alliance.worlds.example.ratings import STATES, rate_sessions
from alliance.worlds.people import draw_people
from alliance.worlds.truth import ERROR, KEYS, MODEL
from tests.unit.worlds.settings_for_tests import ROOT, example

TRUTH = ROOT / "data/example/truth.yaml"


@pytest.fixture(scope="module")
def true() -> pd.DataFrame:
    return true_answers(example())


def value(true: pd.DataFrame, path: str, effect: str, model: str = "") -> float:
    found = true[(true["path"] == path) & (true["effect"] == effect) & (true[MODEL] == model)]
    return float(found["value"].item())


def test_straining_technique_costs_what_a_regression_in_a_large_study_finds(true: pd.DataFrame) -> None:
    settings = example(size={"patients": 9000, "therapists": 900})
    course = run_sessions(settings, draw_people(settings, np.random.default_rng(1)), np.random.default_rng(2))
    x, y = course.surprises["straining"].ravel(), course.surprises["alliance"].ravel()
    slope, error = np.polyfit(x, y, 1)[0], y.std() / x.std() / len(x) ** 0.5
    assert value(true, "straining_technique -> alliance", "a") == pytest.approx(slope, abs=4 * error)
    # Ruptures are part of it: by itself it costs .6 a point.
    assert value(true, "straining_technique -> alliance", "a") < -0.62


def test_states_follow_the_alliance_as_regressions_within_patients_find(true: pd.DataFrame) -> None:
    settings = example(size={"patients": 1000, "therapists": 100, "sessions": 60})
    people = draw_people(settings, np.random.default_rng(3))
    course = run_sessions(settings, people, np.random.default_rng(4))
    ratings = rate_sessions(settings, people, course, np.random.default_rng(5))
    values, now, before = course.values, slice(1, None), slice(None, -1)
    others = [values["alliance"][:, before], values["technique"][:, before]]
    for name, state in STATES.items():
        held = values["symptoms"][:, before if state.measured == "before" else now]
        of, *on = (
            (one - one.mean(axis=1, keepdims=True)).ravel()
            for one in (ratings[name].to_numpy(float).reshape(course.observed.shape)[:, now], *others, held)
        )
        found = np.linalg.lstsq(np.column_stack(on), of, rcond=None)[0][0]
        # Four standard errors of .0012, and what 60 sessions of a patient leave of the bias of own means.
        assert value(true, f"alliance -> {name}", "a") == pytest.approx(found, abs=0.006)


def test_strategies_tell_of_technique_what_their_moments_say(true: pd.DataFrame) -> None:
    technique, follows = 0.8**2 + 0.5**2 / 12, np.array([0.50, 0.45, 0.15, 0.10])
    among = technique * np.outer(follows, follows) + (0.9**2 + 1 / 12) * np.eye(4)
    tell = np.linalg.solve(among, technique * follows)
    names = ("rapport_building", "goal_setting", "flexibility", "cultural_responsiveness")
    found = [value(true, f"{name} -> alliance", "a") / 1.2 for name in names]
    # Ratings are cut off at the ends of their scale, which the moments leave out.
    assert found == pytest.approx(tell, abs=0.01)
    assert value(true, "rapport_building -> alliance -> symptoms", "indirect") == pytest.approx(
        -0.192 * tell[0], abs=0.002
    )
    errors = true.loc[true["path"] == "rapport_building -> alliance", ERROR]
    assert 0 < errors.item() < 0.005


def test_what_homework_leaves_is_true_of_its_own_model_only(true: pd.DataFrame) -> None:
    path = "alliance -> symptoms"
    assert value(true, path, "direct", "alliance_through_homework") == pytest.approx(-0.13 + 0.08 * 0.15)
    assert value(true, path, "c_prime") == -0.13
    assert value(true, path, "total") == -0.13


def test_the_file_has_each_quantity_once_and_an_error_where_it_was_simulated() -> None:
    found = pd.DataFrame(yaml.safe_load(TRUTH.read_text(encoding="utf-8"))["quantities"])
    assert not found.fillna({MODEL: ""}).duplicated([*KEYS, MODEL]).any()
    of_strategies = found["path"].str.startswith(("rapport", "goal", "flex", "cultural_resp", "addressing"))
    assert found.loc[of_strategies, ERROR].gt(0).all() and found.loc[~of_strategies, ERROR].isna().all()
