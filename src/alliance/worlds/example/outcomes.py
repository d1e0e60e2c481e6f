"""How the alliance develops and who changes, in a study of the same kind that is so large that chance plays no part.

In the words of the table of estimates, of what is recorded, error included; nothing here uses the code that fits models. Averages and what
became of patients by a session are those of everybody, had nobody left and no session been skipped; all else is of what was observed.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from alliance.facts.quantity import join_nodes, name_session
from alliance.worlds.course import Course
from alliance.worlds.example.raters import LAST
from alliance.worlds.example.settings import ExampleStudy
from alliance.worlds.example.sizes import POPULATION
from alliance.worlds.example.study import record_study
from alliance.worlds.settings import ARM
from alliance.worlds.truth import KEYS

_EARLY = 3  # sessions
_RELIABLE, _CASE = 6, 10  # points of the PHQ-9
_DECIMALS = 3
_END = "last session observed"
Row = tuple[str, str, str, str, str, float]


def true_outcomes(settings: ExampleStudy) -> pd.DataFrame:
    """Return the true values, columns `KEYS` and value."""
    people, course, _ = record_study(settings.model_copy(update={"size": settings.size.model_copy(update=POPULATION)}))
    rows = [*_complete(course), *_observed(course, people.arm)]
    table = pd.DataFrame(rows, columns=[*KEYS, "value"])
    return table.assign(value=table["value"].round(_DECIMALS) + 0.0)


def _complete(course: Course) -> Iterator[Row]:
    alliance, symptoms = course.values["alliance"], course.values["symptoms"]
    when, place = name_session(LAST), LAST - 1
    yield "alliance", "", "average_change", "overall", when, float(alliance[:, place].mean() - alliance[:, 0].mean())
    for name, found in _became(symptoms[:, 0], symptoms[:, place]).items():
        yield "symptoms", "", f"share_{name}", "overall", when, float(found.mean())


def _observed(course: Course, arm: np.ndarray) -> Iterator[Row]:
    observed, (alliance, symptoms) = course.observed, (course.values[name] for name in ("alliance", "symptoms"))
    count = observed.sum(axis=1)
    places = np.arange(observed.shape[1])
    first = np.where(observed, places, observed.shape[1]).min(axis=1)
    last = np.where(observed, places, -1).max(axis=1)
    each = np.arange(len(count))
    start, end = symptoms[each, first], symptoms[each, last]
    for values, when in ((start, "first session observed"), (end, _END)):
        yield "symptoms", "", "share_cases", "overall", when, float((values >= _CASE).mean())
    several = count > 1
    for name, found in _became(start[several], end[several]).items():
        yield "symptoms", "", f"share_{name}", "overall", _END, float(found.mean())
        if name in ("better", "recovered"):
            treated = arm[several] == 1
            difference = float(found[treated].mean() - found[~treated].mean())
            path = join_nodes(ARM, "symptoms")
            yield "symptoms", path, f"difference_share_{name}", "overall", _END, difference
    begun = observed & (places < first[:, None] + _EARLY)
    weights = begun.sum(axis=1)
    level = (alliance * begun).sum(axis=1) / weights
    time = (places - ((places * begun).sum(axis=1) / weights)[:, None]) * begun
    squares = (time**2).sum(axis=1)
    yield "alliance", "", "start_level", "overall", "", float(level.mean())
    slope = (time * alliance).sum(axis=1)[squares > 0] / squares[squares > 0]
    yield "alliance", "", "start_slope", "overall", "", float(slope.mean())
    used = several & (last >= first + _EARLY)
    path, r = join_nodes("alliance", "symptoms"), np.corrcoef([level[used], end[used], start[used]])
    yield "symptoms", path, "r_start", "patient", "", float(r[0, 1])
    held = (r[0, 1] - r[0, 2] * r[1, 2]) / np.sqrt((1 - r[0, 2] ** 2) * (1 - r[1, 2] ** 2))
    yield "symptoms", path, "r_start_held", "patient", "", float(held)


def _became(first: np.ndarray, last: np.ndarray) -> dict[str, np.ndarray]:
    """Say who is reliably better, and who of these is no case any more."""
    better = first - last >= _RELIABLE
    recovered = better & (first >= _CASE) & (last < _CASE)
    return {"better": better, "recovered": recovered, "improved": better & ~recovered}
