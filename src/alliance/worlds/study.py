"""A whole study of a world: who was there, what happened, and the rows of what was seen."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import optimize

from alliance.facts.columns import PATIENT, SESSION, THERAPIST
from alliance.worlds.course import Course, logistic
from alliance.worlds.dynamics import run_sessions
from alliance.worlds.people import People, draw_people
from alliance.worlds.settings import ARM, World

# One stream of random numbers per part, so that a change of one part leaves the others as they are.
STREAMS = ("people", "sessions", "missing")
_MANY_PATIENTS = 20_000  # in the simulation that finds how likely leaving must be
_LOGITS = (-30.0, 10.0)  # between which it is searched


def streams_of(seed: int, names: Sequence[str] = STREAMS) -> dict[str, np.random.Generator]:
    """Return an independent generator of random numbers for each part; further parts leave the streams of the first as they are."""
    seeds = np.random.SeedSequence(seed).spawn(len(names))
    return {name: np.random.Generator(np.random.PCG64(one)) for name, one in zip(names, seeds, strict=True)}


def run_study(world: World) -> tuple[People, Course]:
    """Draw people, run their sessions and hide what goes unseen."""
    world, streams = settle(world), streams_of(world.seed)
    people = draw_people(world, streams["people"])
    course = run_sessions(world, people, streams["sessions"])
    return people, world.missing.hide(course, world.centres, streams["missing"])


def settle[W: World](world: W) -> W:
    """Return the world with the chance of leaving with which the wanted share of patients leaves before the last session.

    It is found from the symptoms of a very large study of the same seed; a world that names no share is returned as it is.
    """
    dropout = world.missing.dropout
    if dropout is None or dropout.share is None:
        return world
    size, streams = world.size.model_copy(update={"patients": _MANY_PATIENTS}), streams_of(world.seed)
    large, share = world.model_copy(update={"size": size}), dropout.share
    course = run_sessions(large, draw_people(large, streams["people"]), streams["sessions"])
    added = dropout.logit(course, world.centres)[:, :-1]

    def excess(logit: float) -> float:
        return float(1 - (1 - logistic(logit + added)).prod(axis=1).mean()) - share

    chance = float(logistic(np.array(optimize.brentq(excess, *_LOGITS))))
    found = dropout.model_copy(update={"chance": chance, "share": None})
    return world.model_copy(update={"missing": world.missing.model_copy(update={"dropout": found})})


def rows_of(people: People, course: Course) -> pd.DataFrame:
    """Return one row per patient and session, sorted: codes of patient and therapist, session (from 1), arm, variables; unseen ones too."""
    count, sessions = course.observed.shape
    return pd.DataFrame(
        {
            PATIENT: np.repeat([f"P{number + 1:05d}" for number in range(count)], sessions),
            THERAPIST: np.repeat([f"T{number + 1:04d}" for number in people.therapist], sessions),
            SESSION: np.tile(np.arange(1, sessions + 1), count),
            ARM: np.repeat(people.arm, sessions).astype(float),
            **{name: values.ravel() for name, values in course.values.items()},
        }
    )


def simulate_rows(world: World) -> pd.DataFrame:
    """Simulate a study and return the rows of the sessions that were seen, see `rows_of`."""
    people, course = run_study(world)
    return rows_of(people, course)[course.observed.ravel()].reset_index(drop=True)
