"""What happens over the sessions of a simulated study."""

import numpy as np
import pandas as pd
import pytest

from alliance.worlds.dynamics import run_sessions
from alliance.worlds.people import draw_people
from alliance.worlds.settings import World
from alliance.worlds.study import rows_of, run_study, simulate_rows, streams_of

from .settings_for_tests import WORLD, changed, example, small_example, world

LARGE = example(seed=11, size={"patients": 3000, "therapists": 300})


@pytest.fixture(scope="module")
def large():
    """The example study with 3000 patients, of whom everything is seen, and its people."""
    people = draw_people(LARGE, streams_of(LARGE.seed)["people"])
    return people, run_sessions(LARGE, people, streams_of(LARGE.seed)["sessions"])


def complete(world: World) -> pd.DataFrame:
    return rows_of(*run_study(world))


def test_surprises_are_independent_of_every_cause_in_the_default_models(large) -> None:
    people, course = large
    alliance, symptoms = (course.surprises[name][:, 1:] for name in ("alliance", "symptoms"))
    past = {
        **{f"earlier {name}": course.values[name][:, :-1] for name in ("alliance", "symptoms", "technique")},
        "arm": np.repeat(people.arm[:, None], alliance.shape[1], axis=1),
        "session": np.broadcast_to(np.arange(alliance.shape[1]), alliance.shape),
    }
    now = {name: course.values[name][:, 1:] for name in ("technique", "symptoms")}
    # 45,000 independent values: a chance correlation beyond .023 is one in a million; clipping at the ends adds less than .01.
    for name, cause in {**past, **now}.items():
        assert abs(np.corrcoef(alliance.ravel(), cause.ravel())[0, 1]) < 0.03, name
    for name, cause in past.items():
        assert abs(np.corrcoef(symptoms.ravel(), cause.ravel())[0, 1]) < 0.03, name
    assert abs(np.corrcoef(alliance.ravel(), symptoms.ravel())[0, 1]) < 0.03
    assert abs(np.corrcoef(alliance[:, 1:].ravel(), alliance[:, :-1].ravel())[0, 1]) < 0.03


def test_regression_finds_the_equation_once_lasting_differences_are_taken_off() -> None:
    settings = world(patients={"sd": {"intercept -> y": 2.0}}, therapists={})
    people, course = run_study(settings)
    y, m, x = (course.values[name] for name in "ymx")
    outcome = y[:, 1:] - people.deviation("intercept -> y")[:, None]
    causes = np.column_stack(
        [np.ones(outcome.size), m[:, 1:].ravel() - 10, x[:, 1:].ravel() - 3, y[:, :-1].ravel() - 20]
    )
    found = np.linalg.lstsq(causes, outcome.ravel(), rcond=None)[0]
    # Standard errors are .015, .009, .017 and .006 with 20,000 rows.
    assert found == pytest.approx([20.0, -0.5, -0.4, 0.4], abs=0.06)


def test_slopes_may_act_on_what_is_unusual_for_the_patient() -> None:
    latent = world(slopes_act_on="own_deviation", size={"patients": 300, "therapists": 30, "sessions": 60}, unseen=40)
    people, course = run_study(latent)
    y, m, x = (course.values[name] for name in "ymx")
    v_x, v_m, v_y = (people.deviation(f"intercept -> {name}") for name in ("x", "m", "y"))
    # Equilibrium of x = 3 + v_x + .1 (m - 10), m = 10 + v_m + 1.2 (x - 3) + .3 (m - 10), solved by hand.
    level_x = (v_x + 0.1 / 0.7 * v_m) / (1 - 0.12 / 0.7)
    level_m = (v_m + 1.2 * level_x) / 0.7
    # The mean of 60 sessions misses the level by up to .3.
    assert np.corrcoef(m.mean(axis=1), level_m)[0, 1] > 0.97
    news = y[:, 1:] - 20 - v_y[:, None] - 0.4 * (y[:, :-1] - 20) + 0.5 * (m[:, 1:] - 10) + 0.4 * (x[:, 1:] - 3)
    news = news - people.deviation("m -> y")[:, None] * (m[:, 1:] - 10 - level_m[:, None])
    assert news.std() == pytest.approx(2.0, rel=0.02)
    assert abs(np.corrcoef(news.ravel(), y[:, :-1].ravel())[0, 1]) < 0.03


def test_what_is_left_of_a_variable_lasts_as_far_as_set() -> None:
    causes = {"causes": {"m": -0.5}, "first": None}
    lasting, plain = (
        run_study(
            world(size={**WORLD["size"], "sessions": 12}, variables=changed("variables", "y", lasts=phi, **causes))
        )[1]
        for phi in (0.6, 0.0)
    )
    left = lasting.surprises["y"]
    assert np.corrcoef(left[:, 1:].ravel(), left[:, :-1].ravel())[0, 1] == pytest.approx(0.6, abs=0.03)
    assert np.corrcoef(left[:, 3:].ravel(), left[:, :-3].ravel())[0, 1] == pytest.approx(0.6**3, abs=0.03)
    assert left.std() == pytest.approx(2.0, rel=0.03)
    np.testing.assert_array_equal(lasting.values["m"], plain.values["m"])


def test_nobody_has_a_level_of_their_own_where_the_session_number_moves_it() -> None:
    variables = changed("variables", "m", causes={"session": 0.2})
    with pytest.raises(ValueError, match="no level of their own"):
        world(slopes_act_on="own_deviation", variables=variables)


def test_the_first_values_carry_no_effect_unless_patients_are_heading_for_their_level() -> None:
    def first_of(**first: object) -> pd.DataFrame:
        variables = changed("variables", "m", first={"mean": 9.0, "sd": 0.0, **first})
        settings = world(variables=variables, patients={"sd": {"intercept -> m": 1.0}}, therapists={})
        people, course = run_study(settings)
        values = {"m": course.values["m"][:, 0], "x": course.values["x"][:, 0], "u": people.deviation("intercept -> m")}
        return pd.DataFrame(values)

    plain, heading = first_of(), first_of(heading=True)
    assert np.allclose(plain["m"], 9.0 + plain["u"])
    assert np.allclose(heading["m"], 9.0 + heading["u"] / 0.7 + 1.2 * (heading["x"] - 3.0))


def test_after_unseen_sessions_means_and_spread_stay_as_they_are() -> None:
    rows = complete(world(unseen=40)).groupby("session")[["x", "m", "y"]]
    # The standard error of a mean of 4000 patients is .05; the arithmetic of the means is checked in test_truth.
    assert np.ptp(rows.mean().to_numpy(), axis=0).max() < 0.25
    assert np.ptp(rows.std().to_numpy(), axis=0).max() < 0.2
    assert np.ptp(complete(world()).groupby("session")["y"].mean()) > 0.5, "without them the first value differs"


def test_the_arm_does_not_act_on_the_first_session_and_does_later(large) -> None:
    people, course = large
    treated, control = people.arm == 1, people.arm == 0
    difference = course.values["alliance"][treated].mean(axis=0) - course.values["alliance"][control].mean(axis=0)
    # The standard error of a difference between the arms is .22 points.
    assert abs(difference[0]) < 0.9
    assert difference[-1] > 1.5


def test_what_depends_on_an_earlier_session_only_has_no_first_value(large) -> None:
    _, course = large
    assert np.isnan(course.values["homework"][:, 0]).all()
    assert not np.isnan(course.values["homework"][:, 1:]).any()
    assert (course.surprises["homework"][:, 0] == 0).all()


def test_only_a_rupture_can_be_repaired(large) -> None:
    _, course = large
    assert set(np.unique(course.values["rupture"])) == {0.0, 1.0}
    assert (course.values["repaired"] <= course.values["rupture"]).all()


def test_fewer_than_two_percent_of_scores_are_cut_off_by_the_scale(large) -> None:
    _, course = large
    for name, ends in (("alliance", [12, 60]), ("symptoms", [0, 27]), ("technique", [0, 6])):
        assert np.isin(course.values[name], ends).mean() < 0.02


def test_a_and_b_covary_between_patients_as_set(large) -> None:
    people, _ = large
    slopes = [people.deviation(effect) for effect in ("technique -> alliance", "alliance_lag -> symptoms")]
    # The standard error of a covariance of 3000 pairs is .0015.
    assert np.cov(slopes)[0, 1] == pytest.approx(-0.5 * 0.80 * 0.09, abs=0.006)


def test_arms_are_balanced_within_each_therapist() -> None:
    people, _ = run_study(small_example())
    for therapist in np.unique(people.therapist):
        arms = people.arm[people.therapist == therapist]
        assert abs(arms.sum() - (len(arms) - arms.sum())) <= 1


def test_patients_with_more_symptoms_and_weaker_alliance_drop_out_more_often(large) -> None:
    _, course = large
    attended = LARGE.missing.hide(course, LARGE.centres, streams_of(LARGE.seed)["missing"])
    last = attended.observed.shape[1] - 1 - attended.observed[:, ::-1].argmax(axis=1)
    rows, left = np.arange(len(last)), attended.dropped
    assert 0.20 <= left.mean() <= 0.35
    for name, direction in (("symptoms", 1), ("alliance", -1)):
        values = course.values[name]
        assert direction * (values[rows, last][left].mean() - values.mean()) > 1


def test_the_same_settings_give_the_same_rows_and_another_seed_other_ones() -> None:
    one, again, other = (simulate_rows(small_example(seed=seed)) for seed in (3, 3, 4))
    assert one.equals(again)
    assert not one["alliance"].head(50).equals(other["alliance"].head(50))


def test_what_is_seen_is_part_of_what_happened() -> None:
    whole, seen = complete(small_example()), simulate_rows(small_example())
    assert len(whole) == 40 * 8
    assert len(seen) < len(whole)
    assert len(seen.merge(whole)) == len(seen)
    assert seen.groupby("patient")["session"].min().eq(1).all()
