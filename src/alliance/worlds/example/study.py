"""The example study without dirt: its three tables."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from alliance.facts.quantity import join_nodes
from alliance.worlds.course import Course, choose
from alliance.worlds.dynamics import run_sessions
from alliance.worlds.example.ratings import rate_sessions
from alliance.worlds.example.settings import ExampleStudy
from alliance.worlds.example.signals import SIGNAL, record_synchrony
from alliance.worlds.people import People, draw_people
from alliance.worlds.settings import INTERCEPT
from alliance.worlds.study import STREAMS, settle, streams_of

ARMS = ("standard", "alliance_focused")
BACKGROUNDS = ("majority", "minority", "migrant")
GENDERS = ("woman", "man", "non_binary")
ORIENTATIONS = ("cbt", "psychodynamic", "humanistic")
ALLIANCE = join_nodes(INTERCEPT, "alliance")
FIRST_DAY, INTAKE_DAYS = np.datetime64("2023-01-09"), 420  # intake lasted fourteen months
SCORED = {"alliance": "wai", "symptoms": "phq"}  # variable -> what the columns of its items begin with


@dataclass(frozen=True)
class Trait:
    """A characteristic with one decimal, by its correlation with the lasting part of the alliance, and its range."""

    correlation: float
    mean: float
    sd: float
    low: float
    high: float


# Better alliances go with higher expectations and fewer interpersonal problems, a higher status, less strain and more empathy.
OF_PATIENTS = {
    "expectations": Trait(0.3, 6.2, 1.7, 0, 10),
    "interpersonal_problems": Trait(-0.35, 1.6, 0.6, 0, 4),
}
CIRCUMSTANCES = {"socioeconomic_status": Trait(0.2, 5.5, 1.8, 1, 10), "life_strain": Trait(-0.25, 4.5, 2.0, 0, 10)}
OF_THERAPISTS = {"empathy": Trait(0.6, 6.5, 1.2, 0, 10)}
OWN_STREAMS = (*STREAMS, "ratings", "characteristics", "calendar", "dirt", "signals", "circumstances")


@dataclass(frozen=True)
class Study:
    """The clean tables, columns as in the export; dates are dates and every session of `sessions` left data."""

    sessions: pd.DataFrame
    patients: pd.DataFrame
    therapists: pd.DataFrame


def record_study(settings: ExampleStudy) -> tuple[People, Course, pd.DataFrame]:
    """Run the sessions among true scores, record them with error, and hide what goes unseen by what was recorded.

    Returns
    -------
    people
        Who was there.
    course
        What was recorded: totals of items in place of true scores. Surprises are those of true scores.
    ratings
        See `rate_sessions`.
    """
    settings, streams = settle(settings), streams_of(settings.seed, OWN_STREAMS)
    people = draw_people(settings, streams["people"])
    course = run_sessions(settings, people, streams["sessions"])
    ratings = rate_sessions(settings, people, course, streams["ratings"])
    totals = {
        name: ratings.filter(regex=rf"^{stem}_\d+$").sum(axis=1).to_numpy(float).reshape(course.observed.shape)
        for name, stem in SCORED.items()
    }
    recorded = replace(course, values=course.values | totals)
    return people, settings.missing.hide(recorded, settings.centres, streams["missing"]), ratings


def simulate_study(settings: ExampleStudy) -> Study:
    """Simulate the three tables of a study as they would be without any error of entry.

    Parameters
    ----------
    settings
        See `read_settings`; sizes and seed are part of them.
    """
    streams = streams_of(settings.seed, OWN_STREAMS)
    people, course, ratings = record_study(settings)
    rng = streams["characteristics"]
    therapists = _therapists(settings, people, rng)
    patients = _patients(settings, people, therapists, rng)
    patients = patients.assign(**draw_circumstances(people, streams["circumstances"]))
    shape = course.observed.shape
    keys = pd.DataFrame(
        {
            "client_id": np.repeat(patients["client_id"].to_numpy(), shape[1]),
            "therapist_id": np.repeat(patients["therapist_id"].to_numpy(), shape[1]),
            "session_no": np.tile(np.arange(1, shape[1] + 1), shape[0]),
            "session_date": _calendar(settings, shape, streams["calendar"]).ravel(),
        }
    )
    ratings[SIGNAL] = record_synchrony(settings, course, streams["signals"]).ravel()
    sessions = pd.concat([keys, ratings], axis=1)
    return Study(sessions[course.observed.ravel()].reset_index(drop=True), patients, therapists)


def _therapists(settings: ExampleStudy, people: People, rng: np.random.Generator) -> pd.DataFrame:
    """Therapists; those with better alliances tend to be more empathic, experience tells nothing."""
    count = settings.size.therapists
    return pd.DataFrame(
        {
            "therapist_id": _ids("T", count, 999, 3, rng),
            "clinic": np.array(settings.clinics)[np.arange(count) % len(settings.clinics)],
            "experience_years": np.clip(np.rint(rng.gamma(2.2, 4.5, count)), 0, 40).astype(int),
            **_related(people.therapists[ALLIANCE], OF_THERAPISTS, rng),
            "orientation": np.array(ORIENTATIONS)[choose(rng, count, [0.5, 0.3, 0.2])],
            "background": np.array(BACKGROUNDS)[choose(rng, count, [0.70, 0.18, 0.12])],
        }
    )


def _patients(
    settings: ExampleStudy, people: People, therapists: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Patients; better alliances go with higher expectations and fewer interpersonal problems."""
    count = settings.size.patients
    own = therapists.iloc[people.therapist].reset_index(drop=True)
    background = np.array(BACKGROUNDS)[choose(rng, count, [0.64, 0.20, 0.16])]
    return pd.DataFrame(
        {
            "client_id": _ids("C", count, 9999, 4, rng),
            "therapist_id": own["therapist_id"],
            "arm": np.array(ARMS)[people.arm],
            "clinic": own["clinic"],
            "age": np.clip(np.rint(rng.normal(38, 12.5, count)), 18, 80).astype(int),
            "gender": np.array(GENDERS)[choose(rng, count, [0.63, 0.35, 0.02])],
            **_related(people.patients[ALLIANCE], OF_PATIENTS, rng),
            "background": background,
            "cultural_match": np.where(background == own["background"].to_numpy(), "yes", "no"),
        }
    )


def draw_circumstances(people: People, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw what patients live in."""
    return _related(people.patients[ALLIANCE], CIRCUMSTANCES, rng)


def _ids(letter: str, count: int, largest: int, digits: int, rng: np.random.Generator) -> list[str]:
    """Ids as a clinic gives them: a letter and a number with leading zeros, in no order."""
    numbers = rng.permutation(np.arange(1, largest + 1))[:count]
    return [f"{letter}{number:0{digits}d}" for number in numbers]


def _related(cause: np.ndarray, traits: Mapping[str, Trait], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw characteristics that are correlated with a stable difference."""
    spread = cause.std()
    standard = (cause - cause.mean()) / spread if spread > 0 else np.zeros(len(cause))
    drawn = {}
    for name, trait in traits.items():
        own = np.sqrt(1 - trait.correlation**2) * rng.standard_normal(len(cause))
        rated = np.round(trait.mean + trait.sd * (trait.correlation * standard + own), 1)
        drawn[name] = np.clip(rated, trait.low, trait.high)
    return drawn


def _calendar(settings: ExampleStudy, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Weekly dates that wander by a day or two; a few pauses last four to six weeks."""
    first = FIRST_DAY + rng.integers(0, INTAKE_DAYS, shape[0])
    steps = 7 + rng.integers(-1, 3, shape)
    pauses = rng.random(shape) < settings.pause
    steps = steps + np.where(pauses, rng.integers(21, 36, shape), 0)
    steps[:, 0] = 0
    dates: np.ndarray = first[:, None] + np.cumsum(steps, axis=1)
    return dates
