"""What follows from what people bring, beside studies in which everybody brings more of it."""

from dataclasses import replace

import numpy as np
import pytest

from alliance.worlds.dynamics import run_sessions
from alliance.worlds.example.study import ALLIANCE, OF_PATIENTS, _related
from alliance.worlds.example.traits import points_of, respond, true_traits
from alliance.worlds.people import draw_people
from tests.unit.worlds.settings_for_tests import example

MANY = example(size={"patients": 9000, "therapists": 900})


def test_response_is_the_difference_that_a_lasting_point_makes_to_the_same_patients() -> None:
    people = draw_people(MANY, np.random.default_rng(1))
    more = {ALLIANCE: 1.0, "intercept -> technique": 0.3 * 0.45 / 2.9, "intercept -> symptoms": 0.2 * 1.6 / 2.9}
    changed = {name: values + more.get(name, 0.0) for name, values in people.patients.items()}
    few, many = (
        run_sessions(MANY, chosen, np.random.default_rng(2)) for chosen in (people, replace(people, patients=changed))
    )
    expected = respond(MANY, MANY.patients)
    for name in ("alliance", "symptoms"):
        difference = (many.values[name] - few.values[name]).mean(axis=0)
        # Scores are whole points and scales end, which the response leaves out.
        assert expected[name] == pytest.approx(difference, abs=0.03)
    assert expected["beside"][-1] > 0 > expected["symptoms"][-1]


def test_points_of_a_trait_are_those_of_a_regression_with_the_other_held_equal() -> None:
    people = draw_people(MANY, np.random.default_rng(3))
    drawn = _related(people.patients[ALLIANCE], OF_PATIENTS, np.random.default_rng(4))
    on = np.column_stack([np.ones(9000), *drawn.values()])
    found = np.linalg.lstsq(on, people.patients[ALLIANCE], rcond=None)[0][1:]
    expected = points_of(OF_PATIENTS, 2.9)
    assert list(expected) == ["expectations", "interpersonal_problems"]
    # Four standard errors of .017 and .048.
    assert found[0] == pytest.approx(expected["expectations"], abs=0.07)
    assert found[1] == pytest.approx(expected["interpersonal_problems"], abs=0.2)


def test_what_reaches_symptoms_is_the_whole_without_what_goes_beside_the_alliance() -> None:
    true = true_traits(example()).set_index(["horizon", "path", "effect"])["value"]["at session 16"]
    for name in ("age", *OF_PATIENTS):
        whole, beside = true[f"{name} -> symptoms", "total"], true[f"{name} -> symptoms", "direct"]
        assert true[f"{name} -> alliance -> symptoms", "indirect"] == pytest.approx(whole - beside)
    assert true["expectations -> alliance -> symptoms", "indirect"] < 0 == true["age -> symptoms", "total"]
    assert true["empathy -> alliance", "intention_to_treat"] > 0 > true["life_strain -> alliance", "intention_to_treat"]
