"""What happens over the sessions of a simulated study."""

import numpy as np
import pytest

from alliance.worlds.dynamics import attend, residuals, run_sessions
from alliance.worlds.effects import draw_people
from alliance.worlds.settings import read_settings
from alliance.worlds.study import run_study, simulate_panel, streams_of

from .settings_for_tests import FILE, small_settings

LARGE = read_settings(FILE, {"seed": 11, "size": {"patients": 3000, "therapists": 300}})


@pytest.fixture(scope="module")
def large():
    """A study of 3000 patients in which everybody stayed to the end, and its people."""
    people = draw_people(LARGE, streams_of(LARGE)["people"])
    return people, run_sessions(LARGE, people, streams_of(LARGE)["sessions"])


def test_residuals_are_independent_of_every_cause_in_the_default_models(large) -> None:
    people, course = large
    alliance, symptoms = residuals(LARGE, people, course)
    arm = np.repeat(people.arm[:, None], alliance.shape[1], axis=1)
    past = {
        "earlier alliance": course.alliance[:, :-1],
        "earlier symptoms": course.symptoms[:, :-1],
        "earlier technique": course.technique[:, :-1],
        "arm": arm,
        "session": np.broadcast_to(np.arange(alliance.shape[1]), alliance.shape),
    }
    now = {"technique": course.technique[:, 1:], "symptoms": course.symptoms[:, 1:]}
    # 45,000 independent values: a chance correlation beyond .023 is one in a million; clipping at the ends adds less than .01.
    for name, cause in {**past, **now}.items():
        assert abs(np.corrcoef(alliance.ravel(), cause.ravel())[0, 1]) < 0.03, name
    for name, cause in past.items():
        assert abs(np.corrcoef(symptoms.ravel(), cause.ravel())[0, 1]) < 0.03, name
    assert abs(np.corrcoef(alliance.ravel(), symptoms.ravel())[0, 1]) < 0.03
    assert abs(np.corrcoef(alliance[:, 1:].ravel(), alliance[:, :-1].ravel())[0, 1]) < 0.03


def test_the_arm_does_not_act_on_the_first_session_and_does_later(large) -> None:
    people, course = large
    treated, control = people.arm == 1, people.arm == 0
    difference = course.alliance[treated].mean(axis=0) - course.alliance[control].mean(axis=0)
    # The standard error of a difference between the arms is .22 points.
    assert abs(difference[0]) < 0.9
    assert difference[-1] > 1.5


def test_fewer_than_two_percent_of_scores_are_cut_off_by_the_scale(large) -> None:
    _, course = large
    assert np.isin(course.alliance, [12, 60]).mean() < 0.02
    assert np.isin(course.symptoms, [0, 27]).mean() < 0.02
    assert np.isin(course.technique_sum, [0, 12]).mean() < 0.02


def test_a_and_b_covary_between_patients_as_set(large) -> None:
    people, _ = large
    between = LARGE.patients
    covariance = between.slopes_correlation * between.technique_slope_sd * between.alliance_slope_sd
    # The standard error of a covariance of 3000 pairs is .0015.
    assert np.cov(people.technique_slope, people.alliance_slope)[0, 1] == pytest.approx(covariance, abs=0.006)


def test_arms_are_balanced_within_each_therapist() -> None:
    people, _ = run_study(small_settings())
    for therapist in np.unique(people.therapist):
        arms = people.arm[people.therapist == therapist]
        assert abs(arms.sum() - (len(arms) - arms.sum())) <= 1


def test_patients_with_more_symptoms_and_weaker_alliance_drop_out_more_often(large) -> None:
    _, course = large
    attended = attend(LARGE, course, streams_of(LARGE)["attendance"])
    last = attended.observed.shape[1] - 1 - attended.observed[:, ::-1].argmax(axis=1)
    rows = np.arange(len(last))
    left = attended.dropped
    assert 0.20 <= left.mean() <= 0.35
    assert course.symptoms[rows, last][left].mean() > course.symptoms.mean() + 1
    assert course.alliance[rows, last][left].mean() < course.alliance.mean() - 1


def test_everybody_has_a_first_session_and_nobody_more_than_planned() -> None:
    settings = small_settings(
        size={"patients": 40, "therapists": 6, "sessions": 8, "planned": {5: 1.0, 16: 0.0, 12: 0.0}}
    )
    panel = simulate_panel(settings)
    assert panel.groupby("patient")["session"].min().eq(1).all()
    assert panel["session"].max() == 5


def test_the_same_settings_give_the_same_panel_and_another_seed_another_one() -> None:
    one, again, other = (simulate_panel(small_settings(seed=seed)) for seed in (3, 3, 4))
    assert one.equals(again)
    assert not one["alliance"].head(50).equals(other["alliance"].head(50))


def test_a_complete_panel_has_every_session_and_contains_the_observed_one() -> None:
    settings = small_settings()
    complete = simulate_panel(settings, complete=True)
    observed = simulate_panel(settings)
    assert len(complete) == 40 * 8
    assert len(observed) < len(complete)
    assert len(observed.merge(complete)) == len(observed)
