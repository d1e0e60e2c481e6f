"""How a process such as the alliance develops: its average course and shape, patients' courses, its start, and what this tells of the end.

Courses are followed from the first session of a treatment to its planned end, or to the last session that half of the patients reached, see
`alliance.models.descriptive.shapes`. The start is the mean and the slope over a patient's first sessions; it is correlated with the last
observed value of the outcome, in patients whose outcome was observed after the start, and again with the outcome's first value held equal.
Scores hold error, which draws these correlations towards zero. Whether a patient's process rose or fell reliably is told from the first and
the last observed value; a V is a fall and a return, see `alliance.models.descriptive.series`, beside how often such series come about by
chance where every patient changes in a straight line.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pandas as pd

from alliance.data.scoring.change import Norm
from alliance.errors import ModelError
from alliance.facts.columns import PATIENT, SESSION
from alliance.facts.marks import Mark
from alliance.facts.quantity import join_nodes, name_session
from alliance.inference.montecarlo import generator_for
from alliance.models.container import pack_rows
from alliance.models.descriptive.findings import Findings, Key, Task
from alliance.models.descriptive.norms import FROM_FLUCTUATION, FROM_RELIABILITY, find_norm
from alliance.models.descriptive.numbers import Numbers, Statistic, early_of, fewest_of, shares_of, shown_of
from alliance.models.descriptive.samples import correlate, weights_of
from alliance.models.descriptive.series import find_ends, find_turns, start_of
from alliance.models.descriptive.shapes import (
    EACH,
    FEWEST_PATIENTS,
    FEWEST_SESSIONS,
    LINE,
    SHAPES,
    TURN,
    Growth,
    compare,
    course_of,
    enough_for_course,
    fit_shape,
)
from alliance.models.rows import count_rows

_SIMULATED: Final = 50
_DIRECTIONS: Final = ("share_risen", "share_kept", "share_fallen")
OF_START: Final = "start"  # what counts of patients stand under where the start and the outcome's end are known


def compute(task: Task) -> Findings:
    """Compute the courses of the first variable, and what its start tells of the end of the second one, if there is one.

    Raises
    ------
    ModelError
        Too few patients or sessions for a course.
    """
    process, *others = task.spec.variables
    rows = course_of(task, process)[0]
    if not enough_for_course(rows):
        raise ModelError(_too_few(task, process, rows))
    grown = {shape: fit_shape(rows, process, shape, task.name) for shape in (*SHAPES, EACH)}
    numbers = Numbers()
    numbers.add(*_courses(task, process, grown))
    numbers.add(*_starts(task, process))
    norm, described = find_norm(task, process)
    if norm.change == norm.change:
        numbers.add(*_directions(task, process, norm))
        numbers.add(*_turns(task, process, rows, grown[LINE], norm))
    counts = {process: count_rows(rows)}
    if others:
        part, of_start = _ends(task, process, others[0])
        numbers.add(*part)
        counts |= {OF_START: of_start}
    patients = rows[PATIENT].nunique()
    groups = {
        "shapes": pack_rows([{"outcome": process, **row} for row in compare([grown[s] for s in SHAPES], patients)]),
        "courses": pack_rows(_curves(process, grown)),
        "norms": pack_rows([described]),
    }
    computed = described["change_source"] in (FROM_RELIABILITY, FROM_FLUCTUATION)
    rough = Mark("rough_interval", process, effects=("trend_sd", *(_DIRECTIONS if computed else ())))
    return Findings(numbers.keys, numbers.all, counts, [rough], groups)


def _too_few(task: Task, process: str, rows: pd.DataFrame) -> str:
    return (
        f"models.specs.{task.name}.variables: courses of '{process}' need {FEWEST_PATIENTS} patients or more, {FEWEST_SESSIONS} different "
        f"sessions, and enough rows with an earlier one of the same patient; there are {rows[PATIENT].nunique()} patients, "
        f"{rows[SESSION].nunique()} sessions and {len(rows)} rows up to the end of the course. Take the question or the model out, or see "
        "whether study.planned_sessions is the number of the last session as the data count them."
    )


def _more(task: Task, growth: Growth) -> Callable[[np.ndarray], np.ndarray]:
    """Return what gives how much more than the average patient of a sample each one counts: samples are smaller than the study."""
    places = weights_of(task.panel, np.array(list(growth.patients)))

    def more(weights: np.ndarray) -> np.ndarray:
        own = weights[places]
        whole = own.sum()
        return own * len(own) / whole - 1 if whole > 0 else np.full(len(own), np.nan)

    return more


def _courses(task: Task, process: str, grown: dict[str, Growth]) -> tuple[list[Key], Statistic]:
    """Give averages at each session, their change and bend, and how patients spread around them."""
    each, line, turn = grown[EACH], grown[LINE], grown[TURN]
    more = _more(task, each)
    whens = [name_session(int(number)) for number in each.sessions]
    keys = [Key("", effect, "overall", (process,), when) for effect in ("average", "spread") for when in whens]
    keys += [
        Key("", "average_change", "overall", (process,), whens[-1]),
        Key("", "bend", "overall", (process,)),
        Key("", "trend", "overall", (process,)),
        Key("", "trend_sd", "patient", (process,)),
    ]
    length = float(line.sessions[-1] - line.sessions[0])
    # A parabola of curvature c lies c (length / 2)^2 below the line between its ends halfway, where there need not be a session.
    bend_of = -np.linalg.pinv(np.vander(turn.sessions - turn.sessions.mean(), 3))[0] * (length / 2) ** 2

    def statistic(weights: np.ndarray) -> list[float]:
        extra = more(weights)
        averages, straight, curve = (one.averages(extra) for one in (each, line, turn))
        return [
            *averages.tolist(),
            *each.spread(extra).tolist(),
            float(averages[-1] - averages[0]),
            float(bend_of @ curve),
            float((straight[-1] - straight[0]) / length),
            float(np.sqrt(line.differences(extra)[1, 1])),
        ]

    return keys, statistic


def _starts(task: Task, process: str) -> tuple[list[Key], Statistic]:
    """Give the average level and slope over the first sessions."""
    start = start_of(task.rows[process], process, early_of(task))
    several = start["slope"].notna().to_numpy()
    places = weights_of(task.panel, start.index.to_numpy())
    level, slope = start["level"].to_numpy(), start["slope"].to_numpy()
    keys = [Key("", "start_level", "overall", (process,)), Key("", "start_slope", "overall", (process,))]

    def statistic(weights: np.ndarray) -> list[float]:
        own = weights[places]
        slopes = np.average(slope[several], weights=own[several]) if own[several].sum() > 0 else np.nan
        return [float(np.average(level, weights=own)), float(slopes)]

    return keys, statistic


def _directions(task: Task, process: str, norm: Norm) -> tuple[list[Key], Statistic]:
    """Give the shares of patients whose last observed value lies reliably above or below their first one."""
    ends = find_ends(task.rows[process], process)
    several = ends.sessions > 1
    change = (ends.last - ends.first)[several]
    kinds = {"share_risen": change >= norm.change, "share_fallen": change <= -norm.change}
    kinds["share_kept"] = ~kinds["share_risen"] & ~kinds["share_fallen"]
    shown = shown_of({effect: int(one.sum()) for effect, one in kinds.items()}, fewest_of(task), "share_kept")
    counted = {effect: found for effect, found in kinds.items() if effect in shown and 0 < found.sum() < len(found)}
    keys = [Key("", effect, "overall", (process,)) for effect in counted]
    return keys, shares_of(task, ends.patients[several], list(counted.values()))


def _turns(task: Task, process: str, rows: pd.DataFrame, line: Growth, norm: Norm) -> tuple[list[Key], Statistic]:
    """Give the share of patients whose series fall and return, and what it would be if all changed in straight lines."""
    rng = generator_for(int(task.settings["seed"]), task.name, "straight lines")
    covariance = line.covariance(line.population())
    root = np.linalg.cholesky(covariance + 1e-9 * np.trace(covariance) * np.eye(len(covariance)))
    patient = pd.factorize(rows[PATIENT])[0]
    place = np.searchsorted(line.sessions, rows[SESSION].to_numpy())
    course = line.course(line.population())
    noise = rng.standard_normal((patient.max() + 1, _SIMULATED, len(course))) @ root.T
    drawn = (course + noise)[patient, :, place]
    patients, found = find_turns(rows, process, norm.change)
    chance = find_turns(rows, process, norm.change, drawn)[1].mean(axis=1)
    if found.sum() < max(1, fewest_of(task)):  # of samples without any nothing is learned
        return [], lambda weights: []
    keys = [Key("", effect, "overall", (process,)) for effect in ("share_turned", "share_turned_by_chance")]
    return keys, shares_of(task, patients, [found[:, 0], chance])


def _ends(task: Task, process: str, outcome: str) -> tuple[tuple[list[Key], Statistic], dict[str, int]]:
    """Correlate the start with the end of the outcome, alone and with the outcome's first value held equal."""
    start = start_of(task.rows[process], process, early_of(task))
    ends = find_ends(task.rows[outcome], outcome)
    table = pd.DataFrame(
        {"first": ends.first, "last": ends.last, "end": ends.last_session, "n": ends.sessions}, index=ends.patients
    ).join(start)
    used = table[(table["end"] > table["until"]) & (table["n"] > 1)]
    path, of = join_nodes(process, outcome), (OF_START, outcome)
    keys = [Key(path, effect, "patient", of) for effect in ("r_start", "r_start_held", "r_slope_held")]
    last, first, level, slope = (used[name].to_numpy(dtype=float) for name in ("last", "first", "level", "slope"))
    places, known = weights_of(task.panel, used.index.to_numpy()), np.isfinite(slope)
    none = np.empty((len(used), 0))

    def statistic(weights: np.ndarray) -> list[float]:
        own = weights[places]
        some = known & (own > 0)
        return [
            correlate(last, level, none, own),
            correlate(last, level, first[:, None], own),
            correlate(last[some], slope[some], np.column_stack([first, level])[some], own[some]),
        ]

    part = (keys, statistic) if len(used) >= FEWEST_PATIENTS else ([], lambda weights: [])
    rows = task.rows[outcome]
    return part, count_rows(rows[rows[PATIENT].isin(used.index)])


def _curves(process: str, grown: dict[str, Growth]) -> list[dict[str, Any]]:
    """Return the average course of each shape, for figures."""
    return [
        {"outcome": process, "shape": shape, "session": int(session), "value": float(value)}
        for shape in SHAPES
        for session, value in zip(
            grown[shape].sessions, grown[shape].course(grown[shape].population()).tolist(), strict=True
        )
    ]
