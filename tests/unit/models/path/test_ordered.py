"""Ordered outcomes: two answers are yes and no, thresholds, the probability of the highest answer, and what is refused."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr

from alliance.config import Variable
from alliance.errors import ModelError
from alliance.models.container import marks_of
from alliance.models.path import filled
from alliance.models.path.fit import fit
from tests.unit.models.filling.study import VARIABLES, make_spec, panel_of, simulate
from tests.unit.models.path.test_filled import settings
from tests.unit.models.path.test_yes_no import STATIC, draws_of

ENDS = (0.0, 0.5, 1.2)


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw propensities far less often than a study needs, where numbers are not compared with a truth."""
    monkeypatch.setattr(filled, "_OF_PROPENSITIES", filled.Schedule(rounds=8, settled=4, between=1, sets=3))


def declared(key: str) -> dict[str, Any]:
    """Return settings in which the outcome is declared with this key."""
    variables = {name: variable.model_dump(mode="json") for name, variable in VARIABLES.items()}
    y = Variable.model_validate(variables["y"] | ({key: True} if key else {}))
    return settings(variables=variables | {"y": y.model_dump(mode="json")})


def test_two_ordered_answers_are_yes_and_no_whatever_their_numbers() -> None:
    data = simulate(20, 4, 4)
    of_yes_no, of_ordered = (
        fit(panel_of(data.assign(y=np.where(data["y"] > 0, *numbers))), "study", make_spec(STATIC), declared(key))
        for key, numbers in (("yes_no", (1.0, 0.0)), ("ordered", (7.0, 3.0)))
    )
    pd.testing.assert_frame_equal(draws_of(of_yes_no), draws_of(of_ordered), check_exact=True)


def test_effects_and_the_probability_of_the_highest_answer_are_those_of_the_propensity(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(filled, "_OF_PROPENSITIES", filled.Schedule(rounds=60, settled=20, between=3, sets=8))
    rng = np.random.default_rng(6)
    data = simulate(80, 6, 5)
    u = 0.7 * rng.standard_normal(80)[pd.factorize(data["patient"])[0]]
    eta = 0.5 - 0.5 * data["m"] + u
    data = data.assign(y=np.searchsorted(ENDS, eta + rng.standard_normal(len(data))).astype(float))
    result = fit(panel_of(data), "study", make_spec(STATIC), declared("ordered"))
    draws, highest = draws_of(result), (0.5 - 0.5 * data["m"] - ENDS[-1]) / np.sqrt(1.49)
    truths = {
        ("m -> y", "coefficient", "within"): -0.5,
        ("m -> y", "probability", "within"): (ndtr(highest - 0.5 / np.sqrt(1.49)) - ndtr(highest)).mean(),
        ("intercept -> y", "sd", "patient"): 0.7,
        ("threshold 2 -> y", "threshold", "session"): ENDS[1],
        ("threshold 3 -> y", "threshold", "session"): ENDS[2],
    }
    for name, truth in truths.items():
        assert abs(draws[name].mean() - truth) < 2.5 * draws[name].std()
        assert draws[name].nunique() == len(draws)
    assert ("residual -> y", "sd", "session") not in draws
    (mark,) = [mark for mark in marks_of(result.tree) if mark.caution == "rare_answer"]
    counts = data["y"].value_counts().sort_index()
    said = ", ".join(f"{count} are {answer:g}" for answer, count in counts.items())
    assert (mark.value, mark.detail) == (counts.min(), f"of 480 answers {said}")
    (few,) = [mark for mark in marks_of(result.tree) if mark.caution == "answers_per_patient"]
    rarer = max(min((data["y"] <= answer).sum(), (data["y"] > answer).sum()) for answer in range(3))
    assert (few.value, few.passed, few.effects) == (rarer / 80, True, ("sd", "correlation"))
    assert {"share of answers above the lowest"} <= set(result.tree["predictive"]["statistic"].to_numpy())


def test_count_is_refused_with_a_key_that_works_and_scores_with_a_key_to_remove() -> None:
    data = simulate(20, 5, 5)
    count = panel_of(data.assign(y=np.floor(data["y"].clip(0, 2.9))))
    with pytest.raises(ModelError, match=r"'y' is a count.*declare variables.y.ordered: true"):
        fit(count, "study", make_spec(STATIC), declared(""))
    fit(count, "study", make_spec(STATIC), declared("ordered"))
    with pytest.raises(ModelError, match=r"variables.y.ordered: .* hold 100 different answers.*Remove 'ordered'"):
        fit(panel_of(data), "study", make_spec(STATIC), declared("ordered"))
    fit(panel_of(data), "study", make_spec(STATIC), declared(""))


@pytest.mark.parametrize("key", ["ordered", "yes_no"])
def test_answers_that_are_all_the_same_are_refused_though_some_are_missing(key: str) -> None:
    data = simulate(20, 4, 4).assign(y=1.0)
    data.loc[5::7, "y"] = np.nan
    spec = make_spec({"y": {"on": ["m", "y_lag", "y_baseline"], "vary": {"patient": ["intercept"]}}})
    with pytest.raises(ModelError, match=rf"variables.y.{key}: all answers .* are 1, .* Leave the equation of 'y' out"):
        fit(panel_of(data), "study", spec, declared(key))
