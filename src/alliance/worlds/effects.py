"""Who is in the study: therapists, patients, their arms, and the stable differences between them."""

from dataclasses import dataclass

import numpy as np

from alliance.worlds.settings import StudySettings


@dataclass(frozen=True)
class People:
    """Patients (arrays of length n_patients) and therapists (arrays of length n_therapists).

    Parameters
    ----------
    therapist
        Position of each patient's therapist.
    clinic
        Position of each therapist's clinic.
    arm
        1 for alliance-focused, 0 for standard.
    alliance, symptoms, technique
        Deviation of a patient's intercepts, and of the usual technique, from the therapist's.
    technique_slope, alliance_slope
        The patient's own a (technique -> alliance) and b (alliance -> symptoms).
    therapist_alliance, therapist_symptoms, therapist_technique
        Deviation of each therapist from the mean.
    """

    therapist: np.ndarray
    clinic: np.ndarray
    arm: np.ndarray
    alliance: np.ndarray
    symptoms: np.ndarray
    technique: np.ndarray
    technique_slope: np.ndarray
    alliance_slope: np.ndarray
    therapist_alliance: np.ndarray
    therapist_symptoms: np.ndarray
    therapist_technique: np.ndarray

    @property
    def alliance_level(self) -> np.ndarray:
        """Each patient's deviation of the alliance intercept, the therapist's part included."""
        level: np.ndarray = self.alliance + self.therapist_alliance[self.therapist]
        return level

    @property
    def symptoms_level(self) -> np.ndarray:
        """Each patient's deviation of the symptoms intercept, the therapist's part included."""
        level: np.ndarray = self.symptoms + self.therapist_symptoms[self.therapist]
        return level


def draw_people(settings: StudySettings, rng: np.random.Generator) -> People:
    """Draw therapists and patients; arms are randomised in pairs within each therapist.

    Raises
    ------
    numpy.linalg.LinAlgError
        The correlations of the settings contradict each other.
    """
    size, between, upper = settings.size, settings.patients, settings.therapists
    therapist = np.arange(size.patients) % size.therapists
    effects = _correlated(
        rng,
        size.patients,
        [between.alliance_sd, between.symptoms_sd, settings.technique.patient_sd],
        [between.alliance_symptoms, between.alliance_technique, between.symptoms_technique],
    )
    # Slopes are independent of intercepts where the causes are at their centres, so that means of a cause over
    # sessions carry no information on its slope and a linear model with random slopes is the true one.
    a, b = rng.standard_normal((2, size.patients))
    shared = between.slopes_correlation
    b = shared * a + np.sqrt(1 - shared**2) * b
    levels = _correlated(
        rng,
        size.therapists,
        [upper.alliance_sd, upper.symptoms_sd, settings.technique.therapist_sd],
        [upper.alliance_symptoms, upper.alliance_technique, upper.symptoms_technique],
    )
    return People(
        therapist=therapist,
        clinic=np.arange(size.therapists) % len(size.clinics),
        arm=_randomise(therapist, rng),
        alliance=effects[0],
        symptoms=effects[1],
        technique=effects[2],
        technique_slope=settings.alliance.technique + between.technique_slope_sd * a,
        alliance_slope=settings.symptoms.alliance + between.alliance_slope_sd * b,
        therapist_alliance=levels[0],
        therapist_symptoms=levels[1],
        therapist_technique=levels[2],
    )


def _correlated(rng: np.random.Generator, count: int, sds: list[float], correlations: list[float]) -> np.ndarray:
    """Draw three normal variables (rows); correlations are those of 1 with 2, 1 with 3, and 2 with 3."""
    first_second, first_third, second_third = correlations
    matrix = np.array([[1, first_second, first_third], [first_second, 1, second_third], [first_third, second_third, 1]])
    return np.array(sds)[:, None] * (np.linalg.cholesky(matrix) @ rng.standard_normal((3, count)))


def _randomise(therapist: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Allocate the arms in blocks of two within each therapist, so that the arm says nothing about the therapist."""
    arm = np.zeros(len(therapist), dtype=int)
    for one in np.unique(therapist):
        patients = np.flatnonzero(therapist == one)
        first = rng.integers(0, 2, size=(len(patients) + 1) // 2)
        arm[patients] = np.column_stack([first, 1 - first]).ravel()[: len(patients)]
    return arm
