"""How often scores rupture, how deep, whether they return, whether detectors agree, who leaves and what shortens ruptures.

All of it is read from marks of ruptures in the panel (`alliance.data.ruptures`), so nothing is marked anew in samples: limits are those of
the study. Numbers that fewer than ten patients tell are left out.

Agreement is Cohen's (1960) kappa of the sessions in which ruptures begin. Leaving within two sessions is a difference of shares between
sessions in which a rupture is open and others, held equal for the level of the score and the part of the course: with n_k1 and n_k0
sessions in stratum k, sum_k w_k (p_k1 - p_k0) / sum_k w_k, w_k = n_k1 n_k0 / (n_k1 + n_k0) (Mantel-Haenszel). Session numbers at which a
tenth of the patients or more end are planned ends, and nobody leaves there. What shortens ruptures is a slope among ruptures: over by the
next recorded session or not, on a strategy in the session in which it begins, with depth held equal where nobody but the score tells it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from alliance.config.rupture import RUPTURE_MARK
from alliance.data.ruptures.episodes import Episodes, retrace
from alliance.data.ruptures.series import series_of
from alliance.errors import ModelError
from alliance.facts.detectors import OBSERVER
from alliance.facts.effects import EFFECTS
from alliance.facts.quantity import join_names, join_nodes
from alliance.models.descriptive.findings import Findings, Key, Task
from alliance.models.rows import count_rows

_FEWEST: Final = 10  # patients who tell a number
_PLANNED: Final = 0.1  # share of patients who end at one session, from which on that is a planned end
_SOON: Final = 2  # sessions
_LEVELS, _PARTS = 5, 3  # strata of the score, and of the course


@dataclass(frozen=True)
class _Told:
    """The ruptures that one detector tells: `name` is the mark of open ones, `seen` whether an observer told them."""

    name: str
    seen: bool
    found: Episodes
    begins: np.ndarray


@dataclass(frozen=True)
class _Part:
    """One number: sums over patients, (patient, sum), and what they make together."""

    key: Key
    sums: np.ndarray
    combine: Callable[[np.ndarray], float]


def compute(task: Task) -> Findings:
    """Compute what the marks tell.

    Raises
    ------
    ModelError
        There is no mark of open ruptures with its mark of repair, or no score that they are told from.
    """
    values, patients, sessions = _series(task)
    told = _told(task, values, patients, sessions)
    parts: list[_Part] = []
    for one in told:
        parts += [
            *_described(one, len(values)),
            *_leaving(one, values),
            *_sooner(one, task, values, patients, sessions),
        ]
    for one, other in combinations(told, 2):
        parts += _agreement(one, other)
    parts = [part for part in parts if _can_be_told(part)]
    if not parts:
        raise ModelError(
            f"models.specs.{task.name}: no way to tell ruptures marks {_FEWEST} patients or more, so nothing can be described. What was "
            "marked stands in data/detectors.csv; take the model, or the question that poses it, out."
        )
    ends = np.cumsum([0, *(part.sums.shape[1] for part in parts)])
    sums = np.hstack([part.sums for part in parts])
    rows = np.zeros(len(values), dtype=int)
    rows[patients] = np.arange(len(patients))

    def statistic(weights: np.ndarray) -> np.ndarray:
        totals = weights[rows] @ sums
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.array([part.combine(totals[ends[k] : ends[k + 1]]) for k, part in enumerate(parts)])

    counts = {one.name: count_rows(task.panel[task.panel[one.name].notna()]) for one in told}
    return Findings([part.key for part in parts], statistic, counts)


def _can_be_told(part: _Part) -> bool:
    """Whether enough patients tell a number, and it is no share of all or of none, which samples can say nothing about."""
    with np.errstate(divide="ignore", invalid="ignore"):
        total = part.combine(part.sums.sum(axis=0))
    effect = EFFECTS[part.key.effect]
    share = effect.share and not effect.in_points
    return (part.sums != 0).any(axis=1).sum() >= _FEWEST and np.isfinite(total) and not (share and total in (0.0, 1.0))


def _series(task: Task) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    scores = {variable.of[0] for variable in task.variables.values() if variable.kind == RUPTURE_MARK}
    if len(scores & set(task.spec.variables)) != 1:
        raise ModelError(
            f"models.specs.{task.name}.variables: ruptures are described for one score and the marks told from it (kind: {RUPTURE_MARK}). "
            f"Name the score and its marks; named are {', '.join(task.spec.variables)}."
        )
    return series_of(task.panel, (scores & set(task.spec.variables)).pop())


def _told(task: Task, values: np.ndarray, patients: np.ndarray, sessions: np.ndarray) -> list[_Told]:
    marks = {
        (str(variable.detector), str(variable.state)): name
        for name in task.spec.variables
        if (variable := task.variables[name]).kind == RUPTURE_MARK
    }
    found = []
    for (detector, state), name in marks.items():
        if state != "open" or (detector, "repaired") not in marks:
            continue
        states = []
        for mark in (name, marks[detector, "repaired"]):
            state_of = np.full(values.shape, np.nan)
            state_of[patients, sessions] = task.panel[mark].to_numpy(dtype=float)
            states.append(state_of)
        episodes = retrace(values, *states)
        begins = np.where(np.isfinite(states[0]), 0.0, np.nan)
        begins[episodes.patient, episodes.session] = 1.0
        found.append(_Told(name, detector == OBSERVER, episodes, begins))
    if not found:
        raise ModelError(
            f"models.specs.{task.name}.variables: no mark of open ruptures stands beside its mark of repair (state: open, repaired). Name "
            "both."
        )
    return found


def _ratio(sums: np.ndarray) -> float:
    return float(sums[0] / sums[1])


def _by_patient(episodes: Episodes, what: np.ndarray, count: int) -> np.ndarray:
    return np.bincount(episodes.patient, np.nan_to_num(what), minlength=count)


def _described(told: _Told, count: int) -> Iterator[_Part]:
    found, of = told.found, (told.name,)
    judged = np.isfinite(told.begins).any(axis=1).astype(float)
    ruptures = _by_patient(found, np.ones(len(found.patient)), count)
    yield _Part(Key(told.name, "ruptured", "", of), np.column_stack([ruptures > 0, judged]), _ratio)
    yield _Part(
        Key(told.name, "depth", "", of), np.column_stack([_by_patient(found, found.depth, count), ruptures]), _ratio
    )
    known = _by_patient(found, np.isfinite(found.repaired), count)
    yield _Part(
        Key(told.name, "repaired", "", of), np.column_stack([_by_patient(found, found.repaired, count), known]), _ratio
    )


def _agreement(one: _Told, other: _Told) -> Iterator[_Part]:
    both = np.isfinite(one.begins) & np.isfinite(other.begins)
    first, second = (np.where(both, told.begins, 0.0) for told in (one, other))
    if min(first.any(axis=1).sum(), second.any(axis=1).sum()) < _FEWEST:
        return
    sums = np.column_stack([x.sum(axis=1) for x in (both, first, second, first * second)])
    yield _Part(Key(join_names(one.name, other.name), "kappa", "", (one.name,)), sums.astype(float), _kappa)


def _kappa(sums: np.ndarray) -> float:
    n, first, second, both = sums
    agreed = (n - first - second + 2 * both) / n
    chance = (first * second + (n - first) * (n - second)) / n**2
    return float((agreed - chance) / (1 - chance))


def _leaving(told: _Told, values: np.ndarray) -> Iterator[_Part]:
    seen = np.isfinite(values)
    last = values.shape[1] - 1 - seen[:, ::-1].argmax(axis=1)
    ends, who = np.unique(last, return_counts=True)
    stays = np.isin(last, ends[who >= _PLANNED * len(values)])[:, None]
    time = np.arange(values.shape[1])
    leaves = ~stays & (last[:, None] < time + _SOON)
    level = np.searchsorted(np.nanquantile(values, np.arange(1, _LEVELS) / _LEVELS, method="inverted_cdf"), values)
    stratum = level * _PARTS + time * _PARTS // values.shape[1]
    state = told.found.open
    known = np.isfinite(state) & seen
    tables = [
        known & (state == is_open) & (leaves if counted else True) for is_open in (1, 0) for counted in (True, False)
    ]
    sums = np.hstack([
        np.column_stack([(table & (stratum == k)).sum(axis=1) for k in range(_LEVELS * _PARTS)]) for table in tables
    ]).astype(float)  # fmt: skip
    if (known & (state == 1)).any(axis=1).sum() >= _FEWEST:
        yield _Part(Key(told.name, "leaving", "", (told.name,)), sums, _difference)


def _difference(sums: np.ndarray) -> float:
    left, open_now, left_else, others = sums.reshape(4, -1)
    total = open_now + others
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(total > 0, open_now * others / total, 0.0)
        differences = np.where(weight > 0, left / open_now - left_else / others, 0.0)
    return float((weight * differences).sum() / weight.sum())


def _sooner(told: _Told, task: Task, values: np.ndarray, patients: np.ndarray, sessions: np.ndarray) -> Iterator[_Part]:
    found, seen = told.found, np.isfinite(values)
    following = np.array([
        next((s for s in range(t + 1, values.shape[1]) if seen[i, s]), -1) for i, t in zip(found.patient, found.session, strict=True)
    ], dtype=int)  # fmt: skip
    over = np.where(following >= 0, (found.length <= following - found.session).astype(float), np.nan)
    for name in task.spec.variables:
        if name not in task.variables or task.variables[name].role != "strategy":
            continue
        rated = np.full(values.shape, np.nan)
        rated[patients, sessions] = task.panel[name].to_numpy(dtype=float)
        x = rated[found.patient, found.session]
        known = np.isfinite(x) & np.isfinite(over)
        if len(np.unique(found.patient[known])) < _FEWEST or min(over[known].sum(), (1 - over[known]).sum()) < _FEWEST:
            continue
        design = [np.ones(known.sum()), x[known], *([] if told.seen else [found.depth[known]])]
        columns = np.column_stack([*design, over[known]])
        products = (columns[:, :, None] * columns[:, None, :]).reshape(known.sum(), -1)
        sums = np.zeros((len(values), products.shape[1]))
        np.add.at(sums, found.patient[known], products)
        yield _Part(Key(join_nodes(name, told.name), "sooner", "", (told.name,)), sums, _slope)


def _slope(sums: np.ndarray) -> float:
    size = round(np.sqrt(len(sums)))
    matrix = sums.reshape(size, size)
    try:
        return float(np.linalg.solve(matrix[:-1, :-1], matrix[:-1, -1])[1])
    except np.linalg.LinAlgError:
        return float("nan")
