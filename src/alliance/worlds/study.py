"""A whole study without dirt: the three tables, and a panel of totals for tests of the models."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance.contracts import PATIENT, SESSION, THERAPIST
from alliance.worlds.dynamics import Course, attend, choose, run_sessions
from alliance.worlds.effects import People, draw_people
from alliance.worlds.ratings import rate_sessions
from alliance.worlds.settings import StudySettings

ARMS = ("standard", "alliance_focused")
BACKGROUNDS = ("majority", "minority", "migrant")
GENDERS = ("woman", "man", "non_binary")
ORIENTATIONS = ("cbt", "psychodynamic", "humanistic")
FIRST_DAY, INTAKE_DAYS = np.datetime64("2023-01-09"), 420  # intake lasted fourteen months
# One stream of random numbers per part, so that a change of one part leaves the others as they are.
STREAMS = ("people", "sessions", "attendance", "ratings", "characteristics", "calendar", "dirt")


@dataclass(frozen=True)
class Study:
    """The clean tables, columns as in the export; dates are dates and every session of `sessions` left data."""

    sessions: pd.DataFrame
    patients: pd.DataFrame
    therapists: pd.DataFrame


def streams_of(settings: StudySettings) -> dict[str, np.random.Generator]:
    """Return an independent generator of random numbers for each part of the study."""
    seeds = np.random.SeedSequence(settings.seed).spawn(len(STREAMS))
    return {name: np.random.Generator(np.random.PCG64(seed)) for name, seed in zip(STREAMS, seeds, strict=True)}


def run_study(settings: StudySettings) -> tuple[People, Course]:
    """Draw people and run their sessions: the part of the study that the models are about."""
    streams = streams_of(settings)
    people = draw_people(settings, streams["people"])
    course = run_sessions(settings, people, streams["sessions"])
    return people, attend(settings, course, streams["attendance"])


def simulate_panel(settings: StudySettings, *, complete: bool = False) -> pd.DataFrame:
    """Simulate the totals that the models are about.

    Parameters
    ----------
    settings
        See `read_settings`; sizes and seed are part of them.
    complete
        True keeps every session up to the longest planned treatment, without dropout or skipped sessions.

    Returns
    -------
    pandas.DataFrame
        One row per patient and session, sorted: patient and therapist (codes), session (from 1), technique, alliance,
        symptoms (totals on their raw scales), arm (0 or 1).
    """
    people, course = run_study(settings)
    panel = pd.DataFrame(
        {
            **_keys(people, course),
            "technique": course.technique.ravel(),
            "alliance": course.alliance.ravel().astype(float),
            "symptoms": course.symptoms.ravel().astype(float),
            "arm": np.repeat(people.arm, course.alliance.shape[1]).astype(float),
        }
    )
    return panel if complete else panel[course.observed.ravel()].reset_index(drop=True)


def simulate_study(settings: StudySettings) -> Study:
    """Simulate the three tables of a study as they would be without any error of entry.

    Parameters
    ----------
    settings
        See `read_settings`; sizes and seed are part of them.
    """
    streams = streams_of(settings)
    people, course = run_study(settings)
    rng = streams["characteristics"]
    therapists = _therapists(settings, people, rng)
    patients = _patients(settings, people, therapists, rng)
    shape = course.alliance.shape
    keys = pd.DataFrame(
        {
            "client_id": np.repeat(patients["client_id"].to_numpy(), shape[1]),
            "therapist_id": np.repeat(patients["therapist_id"].to_numpy(), shape[1]),
            "session_no": np.tile(np.arange(1, shape[1] + 1), shape[0]),
            "session_date": _calendar(settings, shape, streams["calendar"]).ravel(),
        }
    )
    sessions = pd.concat([keys, rate_sessions(settings, people, course, streams["ratings"])], axis=1)
    return Study(sessions[course.observed.ravel()].reset_index(drop=True), patients, therapists)


def _keys(people: People, course: Course) -> dict[str, np.ndarray]:
    count, sessions = course.alliance.shape
    return {
        PATIENT: np.repeat([f"P{number + 1:04d}" for number in range(count)], sessions),
        THERAPIST: np.repeat([f"T{number + 1:03d}" for number in people.therapist], sessions),
        SESSION: np.tile(np.arange(1, sessions + 1), count),
    }


def _therapists(settings: StudySettings, people: People, rng: np.random.Generator) -> pd.DataFrame:
    """Therapists; those with better alliances tend to be more empathic, experience tells nothing."""
    count = settings.size.therapists
    return pd.DataFrame(
        {
            "therapist_id": _ids("T", count, 999, 3, rng),
            "clinic": np.array(settings.size.clinics)[people.clinic],
            "experience_years": np.clip(np.rint(rng.gamma(2.2, 4.5, count)), 0, 40).astype(int),
            "empathy": _related(people.therapist_alliance, 0.6, 6.5, 1.2, 0, 10, rng),
            "orientation": np.array(ORIENTATIONS)[choose(rng, count, [0.5, 0.3, 0.2])],
            "background": np.array(BACKGROUNDS)[choose(rng, count, [0.70, 0.18, 0.12])],
        }
    )


def _patients(
    settings: StudySettings, people: People, therapists: pd.DataFrame, rng: np.random.Generator
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
            "expectations": _related(people.alliance, 0.3, 6.2, 1.7, 0, 10, rng),
            "interpersonal_problems": _related(people.alliance, -0.35, 1.6, 0.6, 0, 4, rng),
            "background": background,
            "cultural_match": np.where(background == own["background"].to_numpy(), "yes", "no"),
        }
    )


def _ids(letter: str, count: int, largest: int, digits: int, rng: np.random.Generator) -> list[str]:
    """Ids as a clinic gives them: a letter and a number with leading zeros, in no order."""
    numbers = rng.permutation(np.arange(1, largest + 1))[:count]
    return [f"{letter}{number:0{digits}d}" for number in numbers]


def _related(
    cause: np.ndarray, correlation: float, mean: float, sd: float, low: float, high: float, rng: np.random.Generator
) -> np.ndarray:
    """Draw a characteristic with one decimal that is correlated with a stable difference."""
    spread = cause.std()
    standard = (cause - cause.mean()) / spread if spread > 0 else np.zeros(len(cause))
    values = correlation * standard + np.sqrt(1 - correlation**2) * rng.standard_normal(len(cause))
    rated: np.ndarray = np.clip(np.round(mean + sd * values, 1), low, high)
    return rated


def _calendar(settings: StudySettings, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Weekly dates that wander by a day or two; a few pauses last four to six weeks."""
    first = FIRST_DAY + rng.integers(0, INTAKE_DAYS, shape[0])
    steps = 7 + rng.integers(-1, 3, shape)
    pauses = rng.random(shape) < settings.attendance.pause
    steps = steps + np.where(pauses, rng.integers(21, 36, shape), 0)
    steps[:, 0] = 0
    dates: np.ndarray = first[:, None] + np.cumsum(steps, axis=1)
    return dates
