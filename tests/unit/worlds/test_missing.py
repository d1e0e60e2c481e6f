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
