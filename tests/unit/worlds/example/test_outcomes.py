"""What is true of courses and of who changes, against a count of one study by other means."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alliance.worlds.example import outcomes
from alliance.worlds.example.settings import ExampleStudy
from alliance.worlds.example.study import record_study
from alliance.worlds.settings import read_settings

SETTINGS = read_settings(Path(__file__).parents[4] / "config/example_study.yaml", ExampleStudy)


def test_outcomes_are_those_of_the_study_counted_by_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcomes, "POPULATION", {"patients": 300, "therapists": 30})
    true = outcomes.true_outcomes(SETTINGS).set_index(["path", "effect", "horizon"])["value"]
    people, course, _ = record_study(SETTINGS)
    patient, session = np.nonzero(course.observed)
    scores = {name: course.values[name][course.observed] for name in ("alliance", "symptoms")}
    table = pd.DataFrame({"patient": patient, "session": session, **scores})
    ends = table.groupby("patient").agg(a=("symptoms", "first"), z=("symptoms", "last"), end=("session", "last"))
    several = ends[table.groupby("patient").size() > 1]
    better = several["a"] - several["z"] >= 6
    when = "last session observed"
    assert true["", "share_better", when] == pytest.approx(better.mean(), abs=1e-3)
    assert true["", "share_cases", when] == pytest.approx((ends["z"] >= 10).mean(), abs=1e-3)
    by_arm = better.groupby(people.arm[several.index]).mean()
    assert true["arm -> symptoms", "difference_share_better", when] == pytest.approx(by_arm[1] - by_arm[0], abs=1e-3)
    begun = table[table["session"] < table.groupby("patient")["session"].transform("min") + 3]
    level = begun.groupby("patient")["alliance"].mean()
    slopes = [np.polyfit(own["session"], own["alliance"], 1)[0] for _, own in begun.groupby("patient") if len(own) > 1]
    assert true["", "start_level", ""] == pytest.approx(level.mean(), abs=1e-3)
    assert true["", "start_slope", ""] == pytest.approx(np.mean(slopes), abs=1e-3)
    used = several[several["end"] >= table.groupby("patient")["session"].first()[several.index] + 3]
    r = np.corrcoef(level[used.index], used["z"])[0, 1]
    assert true["alliance -> symptoms", "r_start", ""] == pytest.approx(r, abs=1e-3)
    alliance = course.values["alliance"]
    change = alliance[:, 14].mean() - alliance[:, 0].mean()
    assert true["", "average_change", "at session 15"] == pytest.approx(change, abs=1e-3)
