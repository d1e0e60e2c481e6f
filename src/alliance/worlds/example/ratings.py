"""What else is measured at the sessions: consequences of technique, alliance and symptoms, none of which acts back."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from alliance.worlds.course import Course
from alliance.worlds.dynamics import on_scale
from alliance.worlds.example.items import draw_leanings, record_totals, spread_totals
from alliance.worlds.example.settings import ExampleStudy
from alliance.worlds.people import People
from alliance.worlds.settings import Scale

WAI_GROUPS = np.array([0, 0, 1, 2, 1, 2, 1, 2, 1, 0, 2, 0])  # task, bond and goal items of the WAI-SR
WAI_MEANS = np.array([-0.15, -0.05, 0.20, -0.20, 0.25, 0.05, 0.30, -0.10, 0.20, -0.25, -0.10, -0.15])
PHQ_MEANS = np.array([0.15, 0.25, 0.35, 0.50, 0.05, 0.20, 0.00, -0.55, -0.80])
# Technique and strategies are rated from 0 to 6, states from 0 to 10.
RATING, STATE, THERAPIST_TOTAL = Scale(low=0, high=6), Scale(low=0, high=10), Scale(low=12, high=84)
FOLLOWS = 0.55  # points of the therapist's rating per point of the patient's alliance
DELIVERIES = ("in_person", "video", "text")
RUPTURES = ("none", "unrepaired", "repaired")
# Variable -> column of the export; all but the last are the therapist's ratings, which technique moves.
STRATEGIES: Final = {
    "rapport_building": "strat_rapport",
    "goal_setting": "strat_goals",
    "flexibility": "strat_flexibility",
    "cultural_responsiveness": "strat_culture",
    "addressing_rupture": "strat_rupture",
}


@dataclass(frozen=True)
class State:
    """What a patient's state follows: points per point of the alliance after the session before, of this session, and of symptoms."""

    measured: str
    mean: float
    before: float
    now: float
    distress: float


STATES: Final = {
    "motivation": State("before", 6.0, 0.06, 0.0, -0.05),
    "self_efficacy": State("before", 5.2, 0.05, 0.0, -0.14),
    "agency": State("after", 5.6, 0.0, 0.10, -0.06),
}


def rate_sessions(settings: ExampleStudy, people: People, course: Course, rng: np.random.Generator) -> pd.DataFrame:
    """Return the answers and ratings of every session, column names as in the export.

    The totals of alliance and symptoms hold the error that their items show. Technique is by definition the mean of its two ratings, so
    it has none, and the other columns follow from true scores.

    Returns
    -------
    pandas.DataFrame
        One row per patient and planned session, ordered by patient, then session; whole numbers and labels.
    """
    shape, values = course.observed.shape, course.values
    person = np.repeat(np.arange(shape[0]), shape[1])
    items = settings.items
    wai = draw_leanings(
        rng, person, WAI_MEANS, items.wai_stable_sd, items.wai_session_sd, WAI_GROUPS, items.wai_scale_sd
    )
    phq = draw_leanings(rng, person, PHQ_MEANS, items.phq_stable_sd, items.phq_session_sd)
    pair = np.zeros(2)
    helping = draw_leanings(rng, person, pair, 0.25, 0.5)
    straining = draw_leanings(rng, person, np.array([0.6, -0.6]), 0.25, 0.5)

    columns: dict[str, np.ndarray] = {}
    columns |= _items("wai", values["alliance"], wai, 1, 5)
    columns["wai_therapist_total"] = _therapist_view(settings, people, course, rng)
    columns |= _items("phq", values["symptoms"], phq, 0, 3)
    for names, means, leanings in (
        (("tech_collaborative", "tech_supportive"), values["technique"], helping),
        (("tech_directive", "tech_confrontational"), values["straining"], straining),
    ):
        answers = spread_totals(_totals(2 * means), leanings, int(RATING.low), int(RATING.high))
        columns |= {name: answers[:, place] for place, name in enumerate(names)}
    columns |= rate_strategies(settings, people, course, rng)
    columns |= {name: values[name].ravel() for name in ("engagement", "homework")}
    columns |= _states(settings, course, rng)
    columns["delivery"] = _delivery(shape, rng)
    columns["rupture"] = np.array(RUPTURES)[_totals(values["rupture"] + values["repaired"])]
    return pd.DataFrame(columns)


def _totals(values: np.ndarray) -> np.ndarray:
    return np.rint(values).astype(int).ravel()


def _distance(settings: ExampleStudy, course: Course, name: str) -> np.ndarray:
    return course.values[name] - settings.centres[name]


def _items(stem: str, true: np.ndarray, leanings: np.ndarray, low: int, high: int) -> dict[str, np.ndarray]:
    answers = spread_totals(record_totals(true.ravel(), leanings, low, high), leanings, low, high)
    return {f"{stem}_{number + 1}": answers[:, number] for number in range(answers.shape[1])}


def _therapist_view(settings: ExampleStudy, people: People, course: Course, rng: np.random.Generator) -> np.ndarray:
    """Alliance on the therapist's own scale: it follows the patient's view loosely and has leanings of its own."""
    leaning = rng.normal(0, 4.0, settings.size.therapists)[people.therapist] + rng.normal(0, 4.5, len(people.therapist))
    seen = 58 + leaning[:, None] + FOLLOWS * _distance(settings, course, "alliance")
    return on_scale(seen + rng.normal(0, 4.0, course.observed.shape), THERAPIST_TOTAL).ravel()


def rate_strategies(
    settings: ExampleStudy, people: People, course: Course, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Strategies as the therapist reports them: related to observed technique, and to what the patient brings."""
    technique = _distance(settings, course, "technique")
    habit = rng.normal(0, 0.5, (4, settings.size.therapists))[:, people.therapist]

    def rated(mean: float, slope: float, place: int) -> np.ndarray:
        values = mean + slope * technique + habit[place][:, None] + rng.normal(0, 0.9, technique.shape)
        return on_scale(values, RATING).ravel()

    return {
        "strat_rapport": rated(3.4, 0.50, 0),
        "strat_goals": rated(3.0, 0.45, 1),
        "strat_flexibility": rated(2.8, 0.15, 2),
        "strat_culture": rated(2.2, 0.10, 3),
        "strat_rupture": course.values["addressing"].ravel(),
    }


def _states(settings: ExampleStudy, course: Course, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The patient's motivation and self-efficacy before the session and agency after it."""
    bond = _distance(settings, course, "alliance")
    earlier = np.column_stack([np.zeros(len(bond)), bond[:, :-1]])
    distress = _distance(settings, course, "symptoms")
    causes = {
        name: state.mean + state.before * earlier + state.now * bond + state.distress * distress
        for name, state in STATES.items()
    }
    own = rng.normal(0, 0.8, (len(causes), len(bond)))
    return {
        name: on_scale(mean + own[place][:, None] + rng.normal(0, 1.0, bond.shape), STATE).ravel()
        for place, (name, mean) in enumerate(causes.items())
    }


def _delivery(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Each patient has a usual way of meeting, and now and then a session is held by video instead."""
    usual = np.searchsorted([0.62, 0.92], rng.random(shape[0]), side="right")[:, None]
    switched = rng.random(shape) < 0.06
    return np.array(DELIVERIES)[np.where(switched, 1, usual).ravel()]
