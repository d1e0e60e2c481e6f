"""What goes unseen."""

import numpy as np
import pytest

from alliance.worlds.course import Course
from alliance.worlds.missing import Dropout, Missing
from alliance.worlds.study import run_study, settle

from .settings_for_tests import world


def course(symptoms: np.ndarray) -> Course:
    return Course({"y": symptoms}, {}, np.ones(symptoms.shape, dtype=bool), np.zeros(len(symptoms), dtype=bool))


def hide(course: Course, **breakers: object) -> Course:
    return Missing.model_validate(breakers).hide(course, {"y": 0.0}, np.random.default_rng(1))


def test_leaving_follows_the_last_session_seen_and_is_for_good() -> None:
    values = np.zeros((2000, 6))
    values[:1000, 2] = 1.0
    seen = hide(course(values), dropout={"chance": 0.001, "causes": {"y": 9.0}})
    # logit(.001) + 9 is a chance of .89 after the third session; the third one itself took place.
    assert seen.observed[:1000, 2].mean() > 0.99
    assert seen.observed[:1000, 3].mean() == pytest.approx(0.11, abs=0.04)
    assert seen.observed[1000:, 3].mean() > 0.99
    assert (np.diff(seen.observed.astype(int), axis=1) <= 0).all(), "nobody comes back"
    assert (seen.dropped == ~seen.observed.all(axis=1)).all()


def test_a_planned_end_is_no_dropout_and_no_session_lies_behind_it() -> None:
    seen = hide(course(np.zeros((500, 6))), planned={"shares": {4: 0.5, 6: 0.5}}, dropout={"chance": 1e-9})
    assert set(seen.observed.sum(axis=1)) == {4, 6}
    assert not seen.dropped.any()


def test_everybody_has_the_first_session() -> None:
    seen = hide(course(np.zeros((500, 6))), skipped={"chance": 0.4})
    assert seen.observed[:, 0].all()
    assert seen.observed[:, 1:].mean() == pytest.approx(0.6, abs=0.04)


def test_sessions_are_skipped_by_what_was_seen_last_and_not_by_what_nobody_saw() -> None:
    values = np.zeros((4000, 5))
    values[:2000, 1], values[2000:, 2] = 1.0, 1.0
    seen = hide(course(values), skipped={"chance": 0.2, "causes": {"y": 3.0}}).observed
    high = 1 / (1 + 4 * np.exp(-3.0))  # chance after a value of 1: logit(.2) + 3
    came = seen[:2000, 1]
    # Binomial errors are .008 to .012.
    assert seen[:2000, 2][came].mean() == pytest.approx(1 - high, abs=0.05)
    assert seen[:2000, 2][~came].mean() == pytest.approx(0.8, abs=0.06), "the high value was not seen"
    both = came & ~seen[:2000, 2]
    assert seen[:2000, 3][both].mean() == pytest.approx(1 - high, abs=0.05), "what was seen last still counts"
    assert seen[:, 0].all()


def test_blank_values_leave_the_session_and_other_variables() -> None:
    two = Course(
        {"y": np.zeros((3000, 4)), "m": np.ones((3000, 4))},
        {},
        np.ones((3000, 4), dtype=bool),
        np.zeros(3000, dtype=bool),
    )
    anywhere = Missing.model_validate({"blank": {"shares": {"m": 0.3}}}).hide(two, {}, np.random.default_rng(1))
    assert anywhere.observed.all()
    assert np.isfinite(anywhere.values["y"]).all()
    assert np.isnan(anywhere.values["m"]).mean(axis=0) == pytest.approx(0.3, abs=0.04)
    first = Missing.model_validate({"blank": {"shares": {"m": 0.2}, "first_only": True}}).hide(
        two, {}, np.random.default_rng(1)
    )
    assert np.isnan(first.values["m"]).mean(axis=0) == pytest.approx([0.2, 0, 0, 0], abs=0.03)


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_the_wanted_share_leaves_and_those_with_higher_values_sooner(share: float) -> None:
    settled = settle(world(missing={"dropout": {"share": share, "causes": {"y": 0.3}}}))
    assert settled == settle(settled)
    _, seen = run_study(settled)
    # Binomial error .008, and less from the simulation that finds the chance of leaving.
    assert seen.dropped.mean() == pytest.approx(share, abs=0.03)
    last = seen.observed.sum(axis=1) - 1
    values = seen.values["y"][np.arange(len(last)), last]
    assert values[seen.dropped].mean() > values[~seen.dropped].mean() + 0.5


def test_a_chance_that_is_not_found_yet_is_no_chance() -> None:
    with pytest.raises(ValueError, match="must be found first"):
        hide(course(np.zeros((5, 3))), dropout=Dropout.model_validate({"share": 0.5}))
