"""What is true of the answers to further questions of the example study: techniques, strategies, processes, parts, moderators, ruptures.

Effects of and on true scores, given the history, in closed form from the settings. What goes along with strategies is that of very large
studies with the standard error of their simulation, since ratings are rounded and cut off; nothing here uses the code that fits models.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from alliance.facts.detectors import DETECTORS, OBSERVER
from alliance.facts.quantity import join_contrast, join_nodes, name_horizon
from alliance.worlds.course import logistic
from alliance.worlds.dynamics import run_sessions
from alliance.worlds.example.ratings import STATES, STRATEGIES, rate_strategies
from alliance.worlds.example.settings import ExampleStudy
from alliance.worlds.example.signals import SIGNAL, WAYS
from alliance.worlds.example.sizes import POPULATION
from alliance.worlds.example.study import CIRCUMSTANCES, OF_PATIENTS, OF_THERAPISTS, OWN_STREAMS
from alliance.worlds.example.traits import NOTHING
from alliance.worlds.linear import Linear
from alliance.worlds.people import draw_people
from alliance.worlds.study import streams_of
from alliance.worlds.truth import ERROR, KEYS, MODEL

CAUSE, MEDIATOR, OUTCOME = "technique", "alliance", "symptoms"
PARTS: Final = ("bond", "goal", "task")  # of equally many items each
# No step depends on any of these.
MODERATORS: Final = ("arm", *NOTHING, *OF_PATIENTS, *CIRCUMSTANCES, *OF_THERAPISTS, *WAYS, SIGNAL)
_BATCHES: Final = 4  # very large studies
_NODES: Final = 40
_NOW, _NEXT, _LATER = (name_horizon(delay) for delay in range(3))

_Row = tuple[str, str, str, str, float]  # of effects within patients: outcome, path, effect, horizon, value


def true_answers(settings: ExampleStudy) -> pd.DataFrame:
    """Return the true values, columns `KEYS`, value, `MODEL` and `ERROR`."""
    closed = [*_straining(settings), *_states(settings), *_parts(settings), *_nothing()]
    table = _table(closed)
    homework = _table(_homework(settings))
    # Only where homework is held equal does the alliance act on symptoms by what homework leaves.
    homework[MODEL] = np.where(homework["effect"].isin(["c_prime", "direct"]), f"{MEDIATOR}_through_homework", "")
    every = pd.concat([table, homework, _strategies(settings)], ignore_index=True)
    return every.fillna({MODEL: ""})[[*KEYS, "value", MODEL, ERROR]]


def _table(rows: list[_Row] | Iterator[_Row]) -> pd.DataFrame:
    found = pd.DataFrame(list(rows), columns=["outcome", "path", "effect", "horizon", "value"]).assign(level="within")
    found[MODEL], found[ERROR] = "", np.nan
    return found


def _steps(settings: ExampleStudy) -> tuple[float, float, float]:
    """Return b, what technique adds beside the alliance, and the expectation of the product of a and b."""
    causes, linear = settings.variables[OUTCOME].causes, Linear(settings)
    through = next(path for path in linear.paths(CAUSE, OUTCOME) if len(path) == 2)
    return causes[f"{MEDIATOR}_lag"], causes[f"{CAUSE}_lag"], linear.expect(through)


def _through(name: str, a: float, product: float, indirect: float, aside: float) -> Iterator[_Row]:
    """Give all effects of something that acts on the alliance of its session."""
    path, whole = join_nodes(name, MEDIATOR, OUTCOME), join_nodes(name, OUTCOME)
    yield MEDIATOR, join_nodes(name, MEDIATOR), "a", _NOW, a
    for effect in ("c_prime", "direct"):
        yield OUTCOME, whole, effect, _NEXT, aside
    yield OUTCOME, path, "indirect", _NEXT, indirect
    yield OUTCOME, path, "indirect_product", _NEXT, product
    yield OUTCOME, whole, "total", _NEXT, indirect + aside


def _straining(settings: ExampleStudy) -> Iterator[_Row]:
    """Straining technique costs alliance by itself, and by making ruptures more likely."""
    variables, (b, _, _) = settings.variables, _steps(settings)
    strain, scale = variables["straining"], variables["straining"].scale
    points, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    chance, slope = variables["rupture"].chance, variables["rupture"].innovations["straining"]
    assert chance is not None and scale is not None
    likely = logistic(np.log(chance / (1 - chance)) + slope * np.hypot(strain.sd, scale.step / 12**0.5) * points)
    a = variables[MEDIATOR].innovations["straining"] + slope * float(weights @ (likely * (1 - likely))) * _cost(
        settings
    )
    yield from _through("straining_technique", a, a * b, a * b, 0.0)
    yield OUTCOME, join_nodes("straining_technique", MEDIATOR, OUTCOME), "cov_ab", _NEXT, 0.0


def _cost(settings: ExampleStudy) -> float:
    """Return what a rupture costs on average, when part of them is repaired in the session."""
    addressing, repaired = (settings.variables[name] for name in ("addressing", "repaired"))
    assert addressing.scale is not None and repaired.chance is not None and addressing.centre is not None
    points, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    spread = np.hypot(addressing.sd, addressing.scale.step / 12**0.5)
    away = addressing.mean + addressing.causes["rupture"] - addressing.centre + spread * points
    chances = logistic(np.log(repaired.chance / (1 - repaired.chance)) + repaired.causes["addressing"] * away)
    news = settings.variables[MEDIATOR].innovations
    return news["rupture"] + news["repaired"] * float(weights @ chances / weights.sum())


def _states(settings: ExampleStudy) -> Iterator[_Row]:
    """What patients bring to a session follows the alliance, and nothing follows from it once the alliance is known."""
    b, own = _steps(settings)[0], settings.variables[MEDIATOR].causes[f"{MEDIATOR}_lag"]
    # Before a session symptoms of that session are not held equal, and part of what the alliance does comes by way of them.
    follows = {
        name: state.before + state.distress * b if state.measured == "before" else state.before + state.now * own
        for name, state in STATES.items()
    }
    for name, a in {"engagement": 0.0, **follows}.items():
        path = join_nodes(MEDIATOR, name, OUTCOME)
        yield name, join_nodes(MEDIATOR, name), "a", _NEXT, a
        for effect in ("b", "effect"):
            yield OUTCOME, join_nodes(name, OUTCOME), effect, _NEXT, 0.0
        for effect in ("indirect", "indirect_product", "cov_ab"):
            yield OUTCOME, path, effect, _LATER, 0.0
    yield OUTCOME, join_nodes(MEDIATOR, OUTCOME), "c_prime", _NEXT, b


def _homework(settings: ExampleStudy) -> Iterator[_Row]:
    """Homework follows the alliance of the session before, and symptoms of the same session follow it."""
    whole = _steps(settings)[0]
    a = settings.variables["homework"].causes[f"{MEDIATOR}_lag"]
    b = settings.variables[OUTCOME].innovations["homework"]
    path, around = join_nodes(MEDIATOR, "homework", OUTCOME), join_nodes(MEDIATOR, OUTCOME)
    yield "homework", join_nodes(MEDIATOR, "homework"), "a", _NEXT, a
    for effect in ("b", "effect"):
        yield OUTCOME, join_nodes("homework", OUTCOME), effect, _NOW, b
    for effect in ("indirect", "indirect_product"):
        yield OUTCOME, path, effect, _NEXT, a * b
    yield OUTCOME, path, "cov_ab", _NEXT, 0.0
    # The alliance's own effect holds for all that it does: symptoms follow what of homework it does not explain.
    for effect in ("c_prime", "direct"):
        yield OUTCOME, around, effect, _NEXT, whole - a * b
    yield OUTCOME, around, "total", _NEXT, whole


def _parts(settings: ExampleStudy) -> Iterator[_Row]:
    """Parts have equal shares of what moves the alliance, and none of them carries more than another."""
    share, indirect = settings.variables[MEDIATOR].causes[CAUSE] / len(PARTS), _steps(settings)[2]
    shares = {**dict.fromkeys(PARTS, share), "agreement": 2 * share}
    for name, a in shares.items():
        yield f"{MEDIATOR}_{name}", join_nodes(CAUSE, f"{MEDIATOR}_{name}"), "a", _NOW, a
    yield OUTCOME, join_nodes(CAUSE, OUTCOME), "indirect_total", _NEXT, indirect
    paths = [join_nodes(CAUSE, f"{MEDIATOR}_{name}", OUTCOME) for name in PARTS]
    for place, path in enumerate(paths):
        for other in paths[place + 1 :]:
            yield OUTCOME, join_contrast(path, other), "contrast", _NEXT, 0.0


def _nothing() -> Iterator[_Row]:
    """No step depends on anything, nothing follows from a rupture that the alliance does not tell, and nothing from a signal."""
    for name in MODERATORS:
        yield MEDIATOR, join_nodes(f"{CAUSE}_by_{name}", MEDIATOR), "coefficient", _NOW, 0.0
        yield OUTCOME, join_nodes(f"{MEDIATOR}_by_{name}", OUTCOME), "coefficient", _NEXT, 0.0
    yield OUTCOME, join_nodes(CAUSE, MEDIATOR, OUTCOME), "index", _NEXT, 0.0
    for detector in (OBSERVER, *(name for name, one in DETECTORS.items() if not one.ahead)):
        for state in ("open", "repaired"):
            yield OUTCOME, join_nodes(f"{state}_by_{detector}", OUTCOME), "effect", _NEXT, 0.0
    yield OUTCOME, join_nodes(SIGNAL, OUTCOME), "b", _NEXT, 0.0
    for effect in ("indirect", "indirect_product"):
        yield OUTCOME, join_nodes(MEDIATOR, SIGNAL, OUTCOME), effect, _LATER, 0.0


def _strategies(settings: ExampleStudy) -> pd.DataFrame:
    """Return how the alliance goes along with each strategy while the others are held equal, and what of it reaches symptoms."""
    b, aside, indirect = _steps(settings)
    a = settings.variables[MEDIATOR].causes[CAUSE]
    batches = []
    for number in range(_BATCHES):
        of_technique, of_ruptures = _along(settings, number)
        rows = (
            row
            for name, helps, costs in zip(STRATEGIES, of_technique, of_ruptures, strict=True)
            for row in _through(
                name, a * helps + costs, (a * helps + costs) * b, indirect * helps + costs * b, aside * helps
            )
        )
        batches.append(_table(rows))
    values = np.array([batch["value"] for batch in batches])
    return batches[0].assign(value=values.mean(axis=0), **{ERROR: values.std(axis=0, ddof=1) / _BATCHES**0.5})


def _along(settings: ExampleStudy, number: int) -> np.ndarray:
    """Regress technique, and what ruptures cost, on all strategies in one very large study: (of what, strategy).

    All come anew in each session, so deviations from patients' means over all planned sessions tell the slopes.
    """
    size = settings.size.model_copy(update=POPULATION)
    large = settings.model_copy(update={"size": size, "seed": settings.seed + number})
    streams = streams_of(large.seed, OWN_STREAMS)
    people = draw_people(large, streams["people"])
    course = run_sessions(large, people, streams["sessions"])
    news, values = settings.variables[MEDIATOR].innovations, course.values
    lost = news["rupture"] * values["rupture"] + news["repaired"] * values["repaired"]
    of = [_deviations(one) for one in (course.surprises[CAUSE], lost)]
    rated = rate_strategies(large, people, course, streams["ratings"])
    on = [_deviations(rated[column].reshape(lost.shape)) for column in STRATEGIES.values()]
    slopes: np.ndarray = np.linalg.lstsq(np.column_stack(on), np.column_stack(of), rcond=None)[0].T
    return slopes


def _deviations(values: np.ndarray) -> np.ndarray:
    return np.asarray(values - values.mean(axis=1, keepdims=True)).ravel()
