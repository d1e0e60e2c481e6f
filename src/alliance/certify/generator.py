"""Simulated studies for the recovery: therapists, patients and sessions, drawn from a population whose effects are known.

Static designs, with d for the deviation from the population mean, u of patients and w of therapists:

    technique_t = mean + u + w + e          alliance_t = mean + (a + a_i) d technique_t + u + w + e
    symptoms_t = mean + (b + b_i) d alliance_t + c' d technique_t + u + w + e

Dynamic designs: symptoms(t) -> technique(t) -> alliance(t) -> symptoms(t + 1), with the effects of technique and alliance on the
symptoms of the next session, effects of alliance and symptoms on themselves, and of symptoms on the alliance of the same session. The
first session holds initial values: the patient's and therapist's intercepts and a deviation of the session.

Nothing here uses the code that fits models.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, special

from alliance.certify.settings import Design, Dropout, Intercepts, Population
from alliance.contracts import BASELINE, LAG, PATIENT, SESSION, THERAPIST

OUTCOMES = ("technique", "alliance", "symptoms")
_MANY_PATIENTS = 20_000  # in the simulation that finds how likely leaving must be
_LOGITS = (-30.0, 10.0)  # between which it is searched


@dataclass(frozen=True)
class Leaving:
    """Chance of leaving after a session: logit = `intercept` + `slope` (symptoms - `centre`) / `scale`."""

    intercept: float
    slope: float
    centre: float
    scale: float

    def probability(self, symptoms: np.ndarray) -> np.ndarray:
        """Return the chance of leaving after a session with these symptoms."""
        return np.asarray(special.expit(self.intercept + self.slope * (symptoms - self.centre) / self.scale))


@dataclass(frozen=True)
class People:
    """Stable differences.

    Parameters
    ----------
    patients
        Varying intercepts of technique, alliance and symptoms: (patient, 3).
    slopes
        Deviations of a and b from their means: (patient, 2).
    therapists
        Varying intercepts: (therapist, 3).
    owner
        Therapist of each patient, (patient,).
    """

    patients: np.ndarray
    slopes: np.ndarray
    therapists: np.ndarray
    owner: np.ndarray

    @property
    def intercepts(self) -> np.ndarray:
        """Intercepts of patients and their therapists together, (patient, 3)."""
        total: np.ndarray = self.patients + self.therapists[self.owner]
        return total


@dataclass(frozen=True)
class Study:
    """A panel as `alliance.data.panel` makes it, and the people behind it."""

    panel: pd.DataFrame
    people: People


def simulate_study(
    population: Population,
    design: Design,
    patients_per_therapist: int,
    leaving: Leaving | None,
    rng: np.random.Generator,
) -> Study:
    """Simulate one study.

    Parameters
    ----------
    leaving
        Chance of leaving after each session, see `find_leaving`; None keeps everybody to the end.

    Returns
    -------
    Study
        Its panel has one row per patient and observed session: patient, therapist, session, technique, alliance, symptoms, their values a
        session earlier (``_lag``) and at the patient's first session (``_baseline``).
    """
    people = _draw_people(population, design, patients_per_therapist, rng)
    course = _run_sessions(population, design, people, rng)
    observed = np.ones(course[0].shape, dtype=bool)
    if leaving is not None:
        leaves = rng.random(course[2].shape) < leaving.probability(course[2])
        observed[:, 1:] = ~np.logical_or.accumulate(leaves[:, :-1], axis=1)
    return Study(_make_panel(course, observed, people.owner), people)


def find_leaving(
    population: Population, design: Design, dropout: Dropout, patients_per_therapist: int, rng: np.random.Generator
) -> Leaving | None:
    """Find the chance of leaving after each session with which the wanted share of patients leaves before the last one.

    The share is computed from the symptoms of a very large study; missingness depends on nothing else that was not seen.
    """
    if dropout.share == 0:
        return None
    large = design.model_copy(update={"patients": _MANY_PATIENTS})
    people = _draw_people(population, large, patients_per_therapist, rng)
    symptoms = _run_sessions(population, large, people, rng)[2][:, :-1]
    centre, scale = float(symptoms.mean()), float(symptoms.std())

    def excess(intercept: float) -> float:
        stays = 1 - Leaving(intercept, dropout.symptoms, centre, scale).probability(symptoms)
        return float(1 - stays.prod(axis=1).mean()) - dropout.share

    return Leaving(float(optimize.brentq(excess, *_LOGITS)), dropout.symptoms, centre, scale)


def intercept_covariance(correlations: Intercepts, sds: list[float]) -> np.ndarray:
    """Return the covariance of the intercepts of technique, alliance and symptoms, (3, 3)."""
    matrix = np.eye(3)
    matrix[0, 1] = matrix[1, 0] = correlations.alliance_technique
    matrix[0, 2] = matrix[2, 0] = correlations.symptoms_technique
    matrix[1, 2] = matrix[2, 1] = correlations.alliance_symptoms
    covariance: np.ndarray = matrix * np.outer(sds, sds)
    return covariance


def patient_covariance(population: Population) -> np.ndarray:
    """Return the covariance of the patients' intercepts, (3, 3)."""
    return intercept_covariance(population.patients, [getattr(population, name).patient_sd for name in OUTCOMES])


def slope_covariance(population: Population) -> np.ndarray:
    """Return the covariance of a_i and b_i, (2, 2)."""
    sds = np.array([population.alliance.slope_sd, population.symptoms.slope_sd])
    correlations = np.array([[1.0, population.patients.slopes], [population.patients.slopes, 1.0]])
    covariance: np.ndarray = correlations * np.outer(sds, sds)
    return covariance


def _draw_people(
    population: Population, design: Design, patients_per_therapist: int, rng: np.random.Generator
) -> People:
    owner = np.arange(design.patients) // patients_per_therapist
    of_therapists = intercept_covariance(
        population.therapists, [getattr(population, name).therapist_sd for name in OUTCOMES]
    )
    return People(
        rng.multivariate_normal(np.zeros(3), patient_covariance(population), design.patients),
        rng.multivariate_normal(np.zeros(2), slope_covariance(population), design.patients),
        rng.multivariate_normal(np.zeros(3), of_therapists, int(owner[-1]) + 1),
        owner,
    )


def _run_sessions(
    population: Population, design: Design, people: People, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return technique, alliance and symptoms of all sessions, each (patient, session)."""
    shape = (design.patients, design.sessions)
    means = {name: getattr(population, name).mean for name in OUTCOMES}
    noise = {name: rng.normal(0, getattr(population, name).session_sd, shape) for name in OUTCOMES}
    u = dict(zip(OUTCOMES, people.intercepts.T, strict=True))
    a, b = population.alliance.technique + people.slopes[:, 0], population.symptoms.alliance + people.slopes[:, 1]
    direct, past = population.symptoms.technique, population.dynamics
    # Deviations from the means of the population.
    x = u["technique"][:, None] + noise["technique"]
    if design.model == "static":
        m = u["alliance"][:, None] + a[:, None] * x + noise["alliance"]
        y = u["symptoms"][:, None] + b[:, None] * m + direct * x + noise["symptoms"]
    else:
        m, y = noise["alliance"] + u["alliance"][:, None], noise["symptoms"] + u["symptoms"][:, None]
        for t in range(1, design.sessions):
            y[:, t] += b * m[:, t - 1] + direct * x[:, t - 1] + past.symptoms * y[:, t - 1]
            m[:, t] += a * x[:, t] + past.feedback * y[:, t] + past.alliance * m[:, t - 1]
    return x + means["technique"], m + means["alliance"], y + means["symptoms"]


def _make_panel(course: tuple[np.ndarray, ...], observed: np.ndarray, owner: np.ndarray) -> pd.DataFrame:
    patient, session = np.nonzero(observed)
    columns: dict[str, object] = {
        PATIENT: [f"P{number + 1:05d}" for number in patient],
        THERAPIST: [f"T{number + 1:04d}" for number in owner[patient]],
        SESSION: session + 1,
    }
    for name, values in zip(OUTCOMES, course, strict=True):
        columns[name] = values[patient, session]
        # Nobody comes back after leaving, so the session before an observed one was observed.
        columns[f"{name}{LAG}"] = np.where(session > 0, values[patient, np.maximum(session - 1, 0)], np.nan)
        columns[f"{name}{BASELINE}"] = values[patient, 0]
    return pd.DataFrame(columns)
