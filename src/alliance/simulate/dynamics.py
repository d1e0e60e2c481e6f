"""What happens over the sessions: symptoms(t) -> technique(t) -> alliance(t) -> symptoms(t + 1).

The equations run on the totals as they are observed, rounded to the scale, so the coefficients of the settings are the
true coefficients of models of observed totals. With i a patient, j a therapist, t a session, and every cause x taken as
its distance from its centre:

    alliance_t     = k + u_i + w_j + a_i technique_t + r symptoms_t + f alliance_{t-1} + d arm + g t
                     + s straining_t + h engagement_t - rupture_t + e_t
    symptoms_{t+1} = l + v_i + x_j + b_i alliance_t + c technique_t + m symptoms_t + n arm + o (t + 1)
                     + p homework_{t+1} + e_{t+1}

Straining technique and engagement enter as what a session departs from the value expected of it, homework likewise: they are
independent of all other causes and so belong to the residual of a model that leaves them out. The first session has no
past: its scores are start values plus u_i / (1 - f) and v_i / (1 - m), the level a patient is heading for, and the arm does
not act on it. Hence the two first scores carry the initial condition of Wooldridge (2005, J. Appl. Econometrics 20, 39-54)
without carrying any effect of the arm.
"""

from dataclasses import dataclass, replace

import numpy as np

from alliance.simulate.effects import People
from alliance.simulate.settings import StudySettings

ALLIANCE_RANGE, SYMPTOMS_RANGE = (12, 60), (0, 27)
RATING_MAX = 6  # technique and strategies are rated from 0 to 6
SCALE_MAX = 10  # engagement, homework, motivation, self-efficacy and agency are rated from 0 to 10
NO_RUPTURE, UNREPAIRED, REPAIRED = 0, 1, 2


@dataclass(frozen=True)
class Course:
    """What was observed at each session: arrays (patient, session) of whole numbers on their scales.

    Parameters
    ----------
    technique_sum
        Collaborative plus supportive technique, 0 to 12; the exposure is half of it.
    straining_sum
        Directive plus confrontational technique, 0 to 12.
    addressing
        The strategy of addressing a rupture, 0 to 6.
    homework
        Done since the session before, 0 to 10; the first session's is without meaning.
    rupture
        0 none, 1 unrepaired, 2 repaired.
    observed
        Whether the session left data.
    dropped
        Whether the patient left before the planned end; shape (patient,).
    """

    symptoms: np.ndarray
    technique_sum: np.ndarray
    straining_sum: np.ndarray
    engagement: np.ndarray
    homework: np.ndarray
    addressing: np.ndarray
    rupture: np.ndarray
    alliance: np.ndarray
    observed: np.ndarray
    dropped: np.ndarray

    @property
    def technique(self) -> np.ndarray:
        """The exposure: mean of the two ratings that help the alliance."""
        return self.technique_sum / 2


def run_sessions(settings: StudySettings, people: People, rng: np.random.Generator) -> Course:
    """Run every patient through the longest planned treatment; attendance is added by `attend`."""
    shape = (settings.size.patients, settings.size.sessions)
    alliance, symptoms = settings.alliance, settings.symptoms
    technique_sum = _technique(settings, people, rng)
    technique = technique_sum / 2 - settings.technique.centre
    straining_sum, straining = _straining(people, settings.size.sessions, rng)
    engagement, engaged = _engagement(people, technique, rng)
    rupture, addressing, drop = _ruptures(settings, straining, rng)
    impulse = (
        people.technique_slope[:, None] * technique
        + alliance.straining * straining
        + alliance.engagement * engaged
        - drop
        + alliance.residual_sd * rng.standard_normal(shape)
    )
    level = people.alliance + people.therapist_alliance[people.therapist]
    severity = people.symptoms + people.therapist_symptoms[people.therapist]
    homework_noise = rng.normal(0, 1.6, shape)
    symptom_noise = rng.standard_normal(shape)

    scores = np.zeros((2, *shape), dtype=int)
    homework = np.zeros(shape, dtype=int)
    helped = people.alliance_slope
    for t in range(shape[1]):
        if t == 0:
            now = symptoms.start + severity / (1 - symptoms.autoregression) + symptoms.start_sd * symptom_noise[:, 0]
            inner = _on_scale(now, SYMPTOMS_RANGE)
            after = alliance.start + level / (1 - alliance.autoregression) + alliance.symptoms * (inner - symptoms.start)
        else:
            bond, distress = scores[0, :, t - 1] - alliance.centre, scores[1, :, t - 1] - symptoms.centre
            expected = 5.5 + 0.08 * bond
            homework[:, t] = _on_scale(expected + homework_noise[:, t], (0, SCALE_MAX))
            now = (
                symptoms.intercept
                + severity
                + helped * bond
                + symptoms.technique * technique[:, t - 1]
                + symptoms.autoregression * distress
                + symptoms.arm * people.arm
                + symptoms.session * (t + 1)
                + symptoms.homework * (homework[:, t] - expected)
                + symptoms.residual_sd * symptom_noise[:, t]
            )
            inner = _on_scale(now, SYMPTOMS_RANGE)
            after = (
                alliance.intercept
                + level
                + alliance.symptoms * (inner - symptoms.centre)
                + alliance.autoregression * bond
                + alliance.arm * people.arm
                + alliance.session * (t + 1)
            )
        scores[1, :, t] = inner
        scores[0, :, t] = _on_scale(after + impulse[:, t], ALLIANCE_RANGE)
    return Course(
        symptoms=scores[1],
        technique_sum=technique_sum,
        straining_sum=straining_sum,
        engagement=engagement,
        homework=homework,
        addressing=addressing,
        rupture=rupture,
        alliance=scores[0],
        observed=np.ones(shape, dtype=bool),
        dropped=np.zeros(shape[0], dtype=bool),
    )


def attend(settings: StudySettings, course: Course, rng: np.random.Generator) -> Course:
    """Decide which sessions left data: planned length, dropout, skipped sessions.

    Dropout after a session depends on that session's observed scores, so the data are missing at random given them. A
    skipped session is one that left no data; everybody has the first.
    """
    rules = settings.attendance
    count, longest = course.alliance.shape
    lengths = np.array(list(settings.size.planned))
    planned = np.minimum(lengths[choose(rng, count, list(settings.size.planned.values()))], longest)
    logit = (
        np.log(rules.dropout / (1 - rules.dropout))
        + rules.dropout_symptoms * (course.symptoms - settings.symptoms.centre)
        + rules.dropout_alliance * (course.alliance - settings.alliance.centre)
    )
    leaves = rng.random(logit.shape) < _logistic(logit)
    stayed = np.cumsum(leaves, axis=1) - leaves == 0  # the session after which a patient leaves still took place
    skipped = rng.random(logit.shape) < rules.skipped
    skipped[:, 0] = False
    due = np.arange(longest) < planned[:, None]
    return replace(course, observed=stayed & ~skipped & due, dropped=(due & ~stayed).any(axis=1))


def _technique(settings: StudySettings, people: People, rng: np.random.Generator) -> np.ndarray:
    process = settings.technique
    usual = process.mean + people.technique + people.therapist_technique[people.therapist]
    shape = (settings.size.patients, settings.size.sessions)
    mean = usual[:, None] + process.session_sd * rng.standard_normal(shape)
    return _on_scale(2 * mean, (0, 2 * RATING_MAX))


def _straining(people: People, sessions: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the sum of the two straining ratings, and the distance of their mean from the patient's usual level."""
    count = len(people.therapist)
    by_therapist = rng.normal(0, 0.35, len(people.clinic))
    usual = 2.2 + by_therapist[people.therapist] + rng.normal(0, 0.35, count)
    total = _on_scale(2 * (usual[:, None] + rng.normal(0, 0.7, (count, sessions))), (0, 2 * RATING_MAX))
    return total, total / 2 - usual[:, None]


def _engagement(people: People, technique: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return engagement, and the part of it that technique and the patient's usual level do not explain."""
    usual = 5.8 + rng.normal(0, 0.9, len(people.therapist))
    expected = usual[:, None] + 0.40 * technique
    rated = _on_scale(expected + rng.normal(0, 1.1, technique.shape), (0, SCALE_MAX))
    return rated, rated - expected


def _ruptures(
    settings: StudySettings, straining: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rupture codes, how much the therapist addressed a rupture, and the points of alliance lost."""
    rules = settings.ruptures
    logit = np.log(rules.probability / (1 - rules.probability)) + rules.straining * straining
    happened = rng.random(straining.shape) < _logistic(logit)
    addressing = _on_scale(np.where(happened, 3.2, 0.8) + rng.normal(0, 1.2, straining.shape), (0, RATING_MAX))
    repaired = rng.random(straining.shape) < _logistic(0.8 * (addressing - 3.2))
    code = np.where(happened, np.where(repaired, REPAIRED, UNREPAIRED), NO_RUPTURE)
    return code, addressing, np.array([0.0, rules.unrepaired_drop, rules.repaired_drop])[code]


def choose(rng: np.random.Generator, count: int, shares: list[float]) -> np.ndarray:
    """Draw positions with given probabilities."""
    return np.searchsorted(np.cumsum(shares)[:-1], rng.random(count), side="right")


def _on_scale(values: np.ndarray, limits: tuple[int, int]) -> np.ndarray:
    return np.clip(np.rint(values), *limits).astype(int)


def _logistic(logit: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logit))
