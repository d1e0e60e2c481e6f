"""What is true of what patients, therapists and circumstances bring: how the alliance goes along with it, and what of it reaches symptoms.

Traits go along with the lasting part of the alliance, and through it with those of technique and symptoms; nothing else depends on them.
So a trait's point stands for so much of lasting parts, with the other traits of the same question held equal, and what follows is the
response of the structural equations, in expectation over patients' slopes. Scales are taken to cut nothing off.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import pandas as pd

from alliance.facts.columns import LAG
from alliance.facts.quantity import join_nodes, name_session
from alliance.worlds.example.raters import LAST
from alliance.worlds.example.settings import ExampleStudy
from alliance.worlds.example.study import CIRCUMSTANCES, OF_PATIENTS, OF_THERAPISTS, Trait
from alliance.worlds.settings import INTERCEPT, Differences
from alliance.worlds.truth import KEYS

_AGE_AND_GENDER: Final = ("age", "gender_man", "gender_non_binary")
NOTHING: Final = (  # that the alliance goes along with
    *_AGE_AND_GENDER, "experience", "orientation_psychodynamic", "orientation_humanistic",
    "background_minority", "background_migrant", "cultural_match", "clinic_south", "clinic_east",
)  # fmt: skip
_ALLIANCE, _SYMPTOMS, _TECHNIQUE = "alliance", "symptoms", "technique"
_NODES: Final = 15

_Row = tuple[str, str, str, str, str, float]


def true_traits(settings: ExampleStudy) -> pd.DataFrame:
    """Return the true values at the last session, and at the last one that half of the patients reach; columns `KEYS` and value."""
    rows = [
        row
        for last in (LAST, settings.size.sessions)
        for of in (_of_alliance, _of_symptoms)
        for row in of(settings, last)
    ]
    return pd.DataFrame(rows, columns=[*KEYS, "value"])


def respond(settings: ExampleStudy, level: Differences) -> dict[str, np.ndarray]:
    """Return the response, from the first session on, to a lasting part of the alliance that is one point higher.

    Lasting parts of technique and symptoms are higher by what their correlations with that of the alliance tell.

    Returns
    -------
    dict
        ``alliance``, ``symptoms`` and ``beside``, symptoms where the alliance does not act on them: (session,).
    """
    own, technique, start = (
        level.covariance(join_nodes(INTERCEPT, name), join_nodes(INTERCEPT, _ALLIANCE))
        / level.sd[join_nodes(INTERCEPT, _ALLIANCE)] ** 2
        for name in (_SYMPTOMS, _TECHNIQUE, _ALLIANCE)
    )
    a, b, weights = _slopes(settings)
    whole = _follow(settings, a, b, technique, start, own)
    without = _follow(settings, a, np.zeros_like(b), technique, start, own)
    return {_ALLIANCE: whole[0] @ weights, _SYMPTOMS: whole[1] @ weights, "beside": without[1] @ weights}


def _slopes(settings: ExampleStudy) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return nodes of a and b of patients, and their weights: (node,)."""
    effects = join_nodes(_TECHNIQUE, _ALLIANCE), join_nodes(f"{_ALLIANCE}{LAG}", _SYMPTOMS)
    causes = settings.variables[_ALLIANCE].causes[_TECHNIQUE], settings.variables[_SYMPTOMS].causes[f"{_ALLIANCE}{LAG}"]
    spread = np.array([[settings.patients.covariance(one, other) for other in effects] for one in effects])
    points, shares = np.polynomial.hermite_e.hermegauss(_NODES)
    grid = np.array([each.ravel() for each in np.meshgrid(points, points)])
    a, b = np.array(causes)[:, None] + np.linalg.cholesky(spread) @ grid
    weights = np.outer(shares, shares).ravel()
    return a, b, weights / weights.sum()


def _follow(
    settings: ExampleStudy, a: np.ndarray, b: np.ndarray, technique: float, level: float, own: float
) -> tuple[np.ndarray, np.ndarray]:
    """Follow alliance and symptoms from their first values, heading for the own level: (session, node)."""
    bond, course = (settings.variables[name].causes for name in (_ALLIANCE, _SYMPTOMS))
    past, inert, back, aside = (
        bond[f"{_ALLIANCE}{LAG}"],
        course[f"{_SYMPTOMS}{LAG}"],
        bond[_SYMPTOMS],
        course[f"{_TECHNIQUE}{LAG}"],
    )
    y = np.full_like(b, own / (1 - inert))
    m = level / (1 - past) + a * technique + back * y
    alliance, symptoms = [m], [y]
    for _ in range(1, settings.size.sessions):
        y = own + inert * y + b * m + aside * technique
        m = level + a * technique + past * m + back * y
        alliance.append(m)
        symptoms.append(y)
    return np.array(alliance), np.array(symptoms)


def points_of(traits: Mapping[str, Trait], sd: float) -> dict[str, float]:
    """Return by how much the lasting part of the alliance is higher for each point of a trait, the others held equal.

    Traits go together only by way of that part.
    """
    cross = np.array([trait.correlation for trait in traits.values()])
    among = np.outer(cross, cross)
    np.fill_diagonal(among, 1.0)
    slopes = sd * np.linalg.solve(among, cross) / [trait.sd for trait in traits.values()]
    return dict(zip(traits, slopes.tolist(), strict=True))


def _of_alliance(settings: ExampleStudy, last: int) -> Iterator[_Row]:
    """How much higher the alliance is, on average over the sessions, whatever else goes along with the trait."""
    groups = (
        (OF_PATIENTS, settings.patients),
        (CIRCUMSTANCES, settings.patients),
        (OF_THERAPISTS, settings.therapists),
    )
    found = dict.fromkeys(NOTHING, 0.0)
    for traits, level in groups:
        average = float(respond(settings, level)[_ALLIANCE].mean())
        found |= {
            name: slope * average
            for name, slope in points_of(traits, level.sd[join_nodes(INTERCEPT, _ALLIANCE)]).items()
        }
    for name, value in found.items():
        yield _ALLIANCE, join_nodes(name, _ALLIANCE), "intention_to_treat", "overall", name_session(last), value


def _of_symptoms(settings: ExampleStudy, last: int) -> Iterator[_Row]:
    """What of patients' traits reaches symptoms through the alliance, and beside it."""
    response, when = respond(settings, settings.patients), name_session(last)
    whole, beside = (float(response[name][last - 1]) for name in (_SYMPTOMS, "beside"))
    slopes = points_of(OF_PATIENTS, settings.patients.sd[join_nodes(INTERCEPT, _ALLIANCE)])
    for name, slope in {**dict.fromkeys(_AGE_AND_GENDER, 0.0), **slopes}.items():
        direct = join_nodes(name, _SYMPTOMS)
        yield _SYMPTOMS, join_nodes(name, _ALLIANCE, _SYMPTOMS), "indirect", "overall", when, slope * (whole - beside)
        yield _SYMPTOMS, direct, "indirect_total", "overall", when, slope * (whole - beside)
        yield _SYMPTOMS, direct, "direct", "overall", when, slope * beside
        yield _SYMPTOMS, direct, "total", "overall", when, slope * whole
