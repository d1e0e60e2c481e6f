"""What is recorded of a course among true scores."""

from collections.abc import Sequence

import numpy as np
import pytest

from alliance.data.scoring.reliability import omega_between, omega_within, split_levels
from alliance.worlds.dynamics import run_sessions
from alliance.worlds.example.study import OWN_STREAMS, SCORED, record_study
from alliance.worlds.people import draw_people
from alliance.worlds.study import streams_of
from tests.unit.worlds.settings_for_tests import example

SETTINGS = example()
# Variable -> items, and the standard deviations of their leanings in a session and for good.
ITEMS = {
    "alliance": (12, SETTINGS.items.wai_session_sd, SETTINGS.items.wai_stable_sd),
    "symptoms": (9, SETTINGS.items.phq_session_sd, SETTINGS.items.phq_stable_sd),
}


@pytest.fixture(scope="module")
def recorded():
    return record_study(SETTINGS)


@pytest.fixture(scope="module")
def true() -> dict[str, np.ndarray]:
    streams = streams_of(SETTINGS.seed, OWN_STREAMS)
    return run_sessions(SETTINGS, draw_people(SETTINGS, streams["people"]), streams["sessions"]).values


def variances(columns: Sequence[np.ndarray], observed: np.ndarray):
    """Split columns (patient, session) by `split_levels` over the sessions that left data."""
    return split_levels(np.column_stack([each[observed] for each in columns]), np.nonzero(observed)[0])


@pytest.mark.parametrize("name", ITEMS)
def test_a_total_has_as_much_error_as_omega_of_its_items_says(recorded, true, name: str) -> None:
    """Within patients: omega = 1 - var(error) / var(total), with the true scores known; between them likewise, with what lasts."""
    _, course, ratings = recorded
    count, session, lasting = ITEMS[name]
    items = ratings.filter(regex=rf"^{SCORED[name]}_\d+$").to_numpy(float).reshape(*course.observed.shape, count)
    of_items = variances(list(np.moveaxis(items, 2, 0)), course.observed)
    totals, errors = (
        variances([each], course.observed) for each in (course.values[name], course.values[name] - true[name])
    )
    # 3,500 sessions know a variance to 2.4 %, 300 patients to 8 %; answers at the end of an item, and subscales, add little to that.
    assert errors.within[0, 0] == pytest.approx(count * (session**2 + 1 / 12), rel=0.06)
    assert errors.between[0, 0] == pytest.approx(count * lasting**2, rel=0.3)
    assert omega_within(of_items).value == pytest.approx(1 - errors.within[0, 0] / totals.within[0, 0], abs=0.02)
    assert omega_between(of_items).value == pytest.approx(1 - errors.between[0, 0] / totals.between[0, 0], abs=0.03)


def test_technique_is_what_its_two_ratings_say(recorded, true) -> None:
    _, course, ratings = recorded
    mean = ratings[["tech_collaborative", "tech_supportive"]].mean(axis=1).to_numpy().reshape(course.observed.shape)
    assert (mean == true["technique"]).all() and (course.values["technique"] == true["technique"]).all()


def test_who_leaves_depends_on_what_was_recorded() -> None:
    """Missing at random given what is in the files: patients whose records are the same leave alike, whatever is true of them."""
    certain = {
        "dropout": {"chance": 0.5, "causes": {"symptoms": 40.0, "alliance": 0.0}},
        "planned": None,
        "skipped": None,
    }
    _, course, _ = record_study(example(missing=certain))
    distance = course.values["symptoms"] - SETTINGS.centres["symptoms"]
    first = np.where((distance > 0).any(axis=1), (distance > 0).argmax(axis=1), distance.shape[1])
    assert (course.observed.sum(axis=1) == np.minimum(first + 1, distance.shape[1])).all()
