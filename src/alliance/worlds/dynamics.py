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

from alliance.worlds.effects import People
from alliance.worlds.settings import StudySettings

ALLIANCE_RANGE, SYMPTOMS_RANGE = (12, 60), (0, 27)
RATING_MAX = 6  # technique and strategies are rated from 0 to 6
SCALE_MAX = 10  # engagement, homework, motivation, self-efficacy and agency are rated from 0 to 10
HOMEWORK_MEAN, HOMEWORK_PER_ALLIANCE, HOMEWORK_SD = 5.5, 0.08, 1.6
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
    rules = settings.alliance
    technique_sum = _technique(settings, people, rng)
    technique = technique_sum / 2
    straining_sum, straining = _straining(people, settings.size.sessions, rng)
    engagement, engaged = _engagement(people, technique - settings.technique.centre, rng)
    rupture, addressing, drop = _ruptures(settings, straining, rng)
    alliance_noise = (
        rules.straining * straining + rules.engagement * engaged - drop + rules.residual_sd * rng.standard_normal(shape)
    )
    homework_noise = rng.normal(0, HOMEWORK_SD, shape)
    symptom_noise = rng.standard_normal(shape)

    alliance, symptoms, homework = (np.zeros(shape, dtype=int) for _ in range(3))
    symptoms[:, 0] = on_scale(_start_of_symptoms(settings, people, symptom_noise[:, 0]), SYMPTOMS_RANGE)
    first = _start_of_alliance(settings, people, technique[:, 0], symptoms[:, 0])
    alliance[:, 0] = on_scale(first + alliance_noise[:, 0], ALLIANCE_RANGE)
    for t in range(1, shape[1]):
        past = (technique[:, t - 1], alliance[:, t - 1], symptoms[:, t - 1])
        usual = HOMEWORK_MEAN + HOMEWORK_PER_ALLIANCE * (past[1] - rules.centre)
        homework[:, t] = on_scale(usual + homework_noise[:, t], (0, SCALE_MAX))
        chance = (
            settings.symptoms.homework * (homework[:, t] - usual) + settings.symptoms.residual_sd * symptom_noise[:, t]
        )
        symptoms[:, t] = on_scale(expected_symptoms(settings, people, *past, session=t + 1) + chance, SYMPTOMS_RANGE)
        now = expected_alliance(settings, people, technique[:, t], symptoms[:, t], past[1], session=t + 1)
        alliance[:, t] = on_scale(now + alliance_noise[:, t], ALLIANCE_RANGE)
    return Course(
        symptoms=symptoms,
        technique_sum=technique_sum,
        straining_sum=straining_sum,
        engagement=engagement,
        homework=homework,
        addressing=addressing,
        rupture=rupture,
        alliance=alliance,
        observed=np.ones(shape, dtype=bool),
        dropped=np.zeros(shape[0], dtype=bool),
    )


def expected_alliance(
    settings: StudySettings,
    people: People,
    technique: np.ndarray,
    symptoms: np.ndarray,
    earlier_alliance: np.ndarray,
    *,
    session: int,
) -> np.ndarray:
    """Return the structural mean of the alliance after a session (from the second on), shape (patient,)."""
    rules = settings.alliance
    return (
        rules.intercept
        + people.alliance_level
        + people.technique_slope * (technique - settings.technique.centre)
        + rules.symptoms * (symptoms - settings.symptoms.centre)
        + rules.autoregression * (earlier_alliance - rules.centre)
        + rules.arm * people.arm
        + rules.session * session
    )


def expected_symptoms(
    settings: StudySettings,
    people: People,
    earlier_technique: np.ndarray,
    earlier_alliance: np.ndarray,
    earlier_symptoms: np.ndarray,
    *,
    session: int,
) -> np.ndarray:
    """Return the structural mean of symptoms before a session (from the second on), shape (patient,)."""
    rules = settings.symptoms
    return (
        rules.intercept
        + people.symptoms_level
        + people.alliance_slope * (earlier_alliance - settings.alliance.centre)
        + rules.technique * (earlier_technique - settings.technique.centre)
        + rules.autoregression * (earlier_symptoms - rules.centre)
        + rules.arm * people.arm
        + rules.session * session
    )


def residuals(settings: StudySettings, people: People, course: Course) -> tuple[np.ndarray, np.ndarray]:
    """Return what the structural means leave of alliance and symptoms: two arrays (patient, session from the second on)."""
    left: list[tuple[np.ndarray, np.ndarray]] = []
    for t in range(1, course.alliance.shape[1]):
        past = (course.technique[:, t - 1], course.alliance[:, t - 1], course.symptoms[:, t - 1])
        alliance = expected_alliance(
            settings, people, course.technique[:, t], course.symptoms[:, t], past[1], session=t + 1
        )
        symptoms = expected_symptoms(settings, people, *past, session=t + 1)
        left.append((course.alliance[:, t] - alliance, course.symptoms[:, t] - symptoms))
    return np.column_stack([one for one, _ in left]), np.column_stack([other for _, other in left])


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


def _start_of_symptoms(settings: StudySettings, people: People, noise: np.ndarray) -> np.ndarray:
    rules = settings.symptoms
    return rules.start + people.symptoms_level / (1 - rules.autoregression) + rules.start_sd * noise


def _start_of_alliance(
    settings: StudySettings, people: People, technique: np.ndarray, symptoms: np.ndarray
) -> np.ndarray:
    rules = settings.alliance
    return (
        rules.start
        + people.alliance_level / (1 - rules.autoregression)
        + people.technique_slope * (technique - settings.technique.centre)
        + rules.symptoms * (symptoms - settings.symptoms.start)
    )


def _technique(settings: StudySettings, people: People, rng: np.random.Generator) -> np.ndarray:
    process = settings.technique
    usual = process.mean + people.technique + people.therapist_technique[people.therapist]
    shape = (settings.size.patients, settings.size.sessions)
    mean = usual[:, None] + process.session_sd * rng.standard_normal(shape)
    return on_scale(2 * mean, (0, 2 * RATING_MAX))


def _straining(people: People, sessions: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the sum of the two straining ratings, and the distance of their mean from the patient's usual level."""
    count = len(people.therapist)
    by_therapist = rng.normal(0, 0.35, len(people.clinic))
    usual = 2.2 + by_therapist[people.therapist] + rng.normal(0, 0.35, count)
    total = on_scale(2 * (usual[:, None] + rng.normal(0, 0.7, (count, sessions))), (0, 2 * RATING_MAX))
    return total, total / 2 - usual[:, None]


def _engagement(people: People, technique: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return engagement, and the part of it that technique and the patient's usual level do not explain."""
    usual = 5.8 + rng.normal(0, 0.9, len(people.therapist))
    expected = usual[:, None] + 0.40 * technique
    rated = on_scale(expected + rng.normal(0, 1.1, technique.shape), (0, SCALE_MAX))
    return rated, rated - expected


def _ruptures(
    settings: StudySettings, straining: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rupture codes, how much the therapist addressed a rupture, and the points of alliance lost."""
    rules = settings.ruptures
    logit = np.log(rules.probability / (1 - rules.probability)) + rules.straining * straining
    happened = rng.random(straining.shape) < _logistic(logit)
    addressing = on_scale(np.where(happened, 3.2, 0.8) + rng.normal(0, 1.2, straining.shape), (0, RATING_MAX))
    repaired = rng.random(straining.shape) < _logistic(0.8 * (addressing - 3.2))
    code = np.where(happened, np.where(repaired, REPAIRED, UNREPAIRED), NO_RUPTURE)
    return code, addressing, np.array([0.0, rules.unrepaired_drop, rules.repaired_drop])[code]


def choose(rng: np.random.Generator, count: int, shares: list[float]) -> np.ndarray:
    """Draw positions with given probabilities."""
    return np.searchsorted(np.cumsum(shares)[:-1], rng.random(count), side="right")


def on_scale(values: np.ndarray, limits: tuple[int, int]) -> np.ndarray:
    """Round to whole numbers and keep them on the scale."""
    whole: np.ndarray = np.clip(np.rint(values), *limits).astype(int)
    return whole


def _logistic(logit: np.ndarray) -> np.ndarray:
    probability: np.ndarray = 1 / (1 + np.exp(-logit))
    return probability
