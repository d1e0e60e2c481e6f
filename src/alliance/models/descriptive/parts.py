"""Do the parts of a construct stay apart, or become one: how they go together early and late, and in patients who got better.

Correlations within patients and of lasting levels are those of `alliance.models.descriptive.correlations`. Without the error of scores, a
correlation r of scores with reliabilities omega at its level is

    r / sqrt(omega_1 omega_2)

(Spearman 1904, doi 10.2307/1412159). It may exceed one by chance; at one, nothing but error tells the parts apart. Standard errors of
reliabilities that were computed from items are drawn along, normal on the logit.

Thirds are those of the treatment's course by session number (`alliance.models.quantities.course.find_sessions`); what lies beyond its end
belongs to the last one. For each third, in all patients, in those who are reliably better at their last session
(`alliance.models.descriptive.change`) and in the others, the mean of the correlations of all pairs of parts; and how it changes from the
first third to the last.

How many scores are the highest possible is told by third, since a part at its ceiling can neither rise nor go along with others. Whether
parts drift from each other over the sessions is tested as for indicators of a construct (`alliance.models.checking.invariance`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np
import pandas as pd

from alliance.errors import ModelError
from alliance.facts.columns import PATIENT, SESSION
from alliance.facts.effects import COMPONENT_LEVELS
from alliance.facts.marks import Mark
from alliance.facts.quantity import join_names
from alliance.inference.montecarlo import generator_for
from alliance.models.checking.drifting import Construct, mark_untested
from alliance.models.checking.invariance import find_drifts
from alliance.models.container import pack_rows
from alliance.models.descriptive.change import BETTER, find_changes
from alliance.models.descriptive.correlations import Moments, correlation
from alliance.models.descriptive.findings import Findings, Key, Task
from alliance.models.descriptive.norms import find_norm
from alliance.models.descriptive.numbers import Numbers, Statistic, fewest_of
from alliance.models.descriptive.samples import weights_of
from alliance.models.quantities.corrected import draw_reliability
from alliance.models.quantities.course import find_sessions
from alliance.models.rows import count_rows

LEVELS: Final = COMPONENT_LEVELS[:2]  # within patients, and of their lasting levels
FIRST, MIDDLE, LAST = "first third of the course", "middle third of the course", "last third of the course"
IN_BETTER, IN_OTHERS = "patients reliably better", "other patients"
_WHEN: Final = (FIRST, MIDDLE, LAST)
_THIRDS: Final = len(_WHEN)
_FEWEST: Final = 2  # parts
FEWEST_PATIENTS: Final = 20  # with two sessions or more in a third, whose correlations are told
AT_TOP: Final = "share_at_top"


@dataclass(frozen=True)
class _Rows:
    """The rows in which all parts are observed.

    Parameters
    ----------
    names
        Of the parts.
    values
        Shape (row, part).
    codes
        Patient of each row, (row,).
    third
        0, 1 or 2, (row,).
    """

    names: list[str]
    values: np.ndarray
    codes: np.ndarray
    third: np.ndarray
    places: pd.Series  # patient -> row of the panel whose weight is that of the patient


def compute(task: Task) -> Findings:
    """Compare the parts, which follow the outcome by which patients got better.

    Raises
    ------
    ModelError
        There are fewer than two parts, or no patient has two sessions with all of them.
    """
    outcome, *names = task.spec.variables
    complete = task.panel[names].notna().all(axis=1).to_numpy()
    rows = task.panel[complete]
    if len(names) < _FEWEST or not rows[PATIENT].duplicated().any():
        raise ModelError(
            f"models.specs.{task.name}.variables: an outcome is named, and then two parts or more that some patients have at two sessions; "
            f"named are {', '.join(task.spec.variables)}. Name others, or take the model out."
        )
    patients = rows[PATIENT].unique()
    sessions = find_sessions(task.panel, task.settings.get("planned_sessions"))
    third = (rows[SESSION].to_numpy() - sessions.start) * _THIRDS // len(sessions)
    data = _Rows(
        names,
        rows[names].to_numpy(dtype=float),
        rows[PATIENT].to_numpy(),
        np.clip(third, 0, _THIRDS - 1).astype(int),
        pd.Series(weights_of(task.panel, patients), index=patients),
    )
    numbers = Numbers()
    numbers.add(*_pairs(task, data))
    chosen = _cells(task, outcome, data)
    numbers.add(*_becoming_one(task, data, chosen))
    ceiling, marks = _ceiling(task, data)
    for part in ceiling:
        numbers.add(*part)
    tested = _test_drifts(task, data, rows[SESSION].to_numpy(dtype=float))
    marks += [mark_untested(tested)] if tested.course.reason else []
    drifts = list(tested.rows())
    groups = {"invariance": pack_rows(drifts)} if drifts else {}
    of_each = {when: data.third == third for third, when in enumerate(_WHEN)}
    of_each |= {where.name: own for where, own in chosen.items() if where.group}
    counts = dict.fromkeys(names, count_rows(rows)) | {name: count_rows(rows[own]) for name, own in of_each.items()}
    return Findings(numbers.keys, numbers.all, counts, marks, groups)


def _pairs(task: Task, data: _Rows) -> tuple[list[Key], Statistic]:
    """Correlate parts pairwise, with the error of scores and without it."""
    pairs = list(combinations(range(len(data.names)), 2))
    known = [task.settings["reliability"].get(name, {}) for name in data.names]
    levels = [level for level in _RELIABILITY if all(_is_known(each, level) for each in known)]
    keys = [
        Key(join_names(data.names[one], data.names[other]), effect, level, (data.names[one], data.names[other]))
        for effect, at in (("correlation", LEVELS), ("correlation_true", levels))
        for level in at
        for one, other in pairs
    ]
    codes = pd.factorize(data.codes)
    moments, places = Moments(data.values, codes[0]), data.places.loc[codes[1]].to_numpy()
    rng = generator_for(task.settings["seed"], task.name, "reliability")

    def statistic(weights: np.ndarray) -> list[float]:
        found = dict(zip(LEVELS, moments.of(weights[places]), strict=True))
        told = [correlation(found[level], *pair) for level in LEVELS for pair in pairs]
        # The study itself, each unit once, has the reliabilities as they were computed.
        drawn = None if (weights == 1).all() else rng
        for level in levels:
            omega = [float(draw_reliability(each[_RELIABILITY[level]], 1, drawn)[0]) for each in known]
            told += [correlation(found[level], one, other) / np.sqrt(omega[one] * omega[other]) for one, other in pairs]
        return told

    return keys, statistic


_RELIABILITY: Final = dict(zip(LEVELS, ("within", "between"), strict=True))


def _is_known(reliability: Mapping[str, Any], level: str) -> bool:
    """Whether a reliability is known at a level, and below one."""
    value = reliability.get(_RELIABILITY[level], (None, 0.0))[0]
    return value is not None and value < 1


@dataclass(frozen=True)
class _Cell:
    """Correlations of some patients in one third of the course."""

    moments: Moments
    places: np.ndarray  # of their weights
    levels: tuple[str, ...]

    def means(self, weights: np.ndarray) -> dict[str, float]:
        """Return the mean correlation of all pairs at each level."""
        found = dict(zip(LEVELS, self.moments.of(weights[self.places]), strict=True))
        pairs = list(combinations(range(self.moments.means.shape[1]), 2))
        return {level: float(np.mean([correlation(found[level], *pair) for pair in pairs])) for level in self.levels}


@dataclass(frozen=True)
class _Where:
    """A third of the course, and the patients: all (empty), those reliably better, or the others."""

    third: str
    group: str

    @property
    def name(self) -> str:
        """What it is called, also where its patients and sessions are counted."""
        return ", ".join(filter(None, (self.third, self.group)))


def _cells(task: Task, outcome: str, data: _Rows) -> dict[_Where, np.ndarray]:
    """Return the rows of the first and of the last third, of all patients, of those reliably better and of the others, (row,)."""
    groups: dict[str, np.ndarray] = {"": np.ones(len(data.codes), dtype=bool)}
    norm = find_norm(task, outcome)[0]
    if norm.higher_is and norm.change > 0:
        changes = find_changes(task.rows[outcome], outcome, norm)
        better = changes.table.index[changes.is_in(BETTER)]
        groups[IN_BETTER] = np.isin(data.codes, better)
        groups[IN_OTHERS] = np.isin(data.codes, changes.table.index.difference(better))
    thirds = {FIRST: data.third == 0, LAST: data.third == _THIRDS - 1}
    return {_Where(when, group): own & of_third for group, own in groups.items() for when, of_third in thirds.items()}


def _becoming_one(task: Task, data: _Rows, chosen: Mapping[_Where, np.ndarray]) -> tuple[list[Key], Statistic]:
    """Say how the parts go together in the first and in the last third, in all patients, in those reliably better and in the others."""
    cells = {where: _cell(task, data, rows) for where, rows in chosen.items()}
    found = {where: cell for where, cell in cells.items() if cell is not None}
    path, of = join_names(*data.names), tuple(data.names)
    keys = [
        Key(path, "mean_correlation", level, (where.name, *of), where.name)
        for where, cell in found.items()
        for level in cell.levels
    ]
    ends = {
        group: (_Where(FIRST, group), _Where(LAST, group)) for group in dict.fromkeys(where.group for where in found)
    }
    both = {
        group: tuple(level for level in found[first].levels if level in found[last].levels)
        for group, (first, last) in ends.items()
        if first in found and last in found
    }
    keys += [
        Key(path, "mean_correlation_change", level, (*(where.name for where in ends[group]), *of), group)
        for group, at in both.items()
        for level in at
    ]
    apart = [level for level in both.get(IN_BETTER, ()) if level in both.get(IN_OTHERS, ())]
    compared = tuple(where.name for group in (IN_BETTER, IN_OTHERS) for where in ends.get(group, ()))
    keys += [Key(path, "mean_correlation_contrast", level, (*compared, *of)) for level in apart]

    def statistic(weights: np.ndarray) -> list[float]:
        means = {where: cell.means(weights) for where, cell in found.items()}
        changes = {
            (group, level): means[ends[group][1]][level] - means[ends[group][0]][level]
            for group, at in both.items()
            for level in at
        }
        each = [value for of_cell in means.values() for value in of_cell.values()]
        return [*each, *changes.values(), *(changes[IN_BETTER, level] - changes[IN_OTHERS, level] for level in apart)]

    return keys, statistic


def _cell(task: Task, data: _Rows, chosen: np.ndarray) -> _Cell | None:
    """Return the correlations of some rows; None where too few patients have two of them."""
    codes, patients = pd.factorize(data.codes[chosen])
    if (np.bincount(codes) > 1).sum() < max(FEWEST_PATIENTS, fewest_of(task)):
        return None
    moments = Moments(data.values[chosen], codes)
    levels = LEVELS if moments.tells_levels(np.ones(len(patients))) else LEVELS[:1]
    return _Cell(moments, data.places.loc[patients].to_numpy(), levels)


def _ceiling(task: Task, data: _Rows) -> tuple[list[tuple[list[Key], Statistic]], list[Mark]]:
    """Give the share of scores that are the highest possible in each third, and mark parts of which many are."""
    parts, marks = [], []
    for place, name in enumerate(data.names):
        highest = task.settings.get("ends", {}).get(name, (np.nan, np.nan))[1]
        if not np.isfinite(highest):
            continue
        at_top = np.isclose(data.values[:, place], highest)
        shares = {}
        for third, when in enumerate(_WHEN):
            chosen = data.third == third
            patients, top = data.codes[chosen], at_top[chosen]
            # A share of nobody's or everybody's scores is the same in every sample, and one of few would tell of them.
            if min(len(np.unique(patients[top])), len(np.unique(patients[~top]))) < max(1, fewest_of(task)):
                continue
            weights = data.places.loc[patients].to_numpy()
            parts.append(([Key("", AT_TOP, "overall", (when, name), when)], _share(weights, top)))
            shares[when] = float(top.mean())
        if shares:
            when = max(shares, key=lambda when: shares[when])
            told = f"at {highest:g}, the highest score, in the {when}"
            marks.append(Mark("scores_at_an_end", name, shares[when], told, outcomes=(name,)))
    return parts, marks


def _share(places: np.ndarray, chosen: np.ndarray) -> Statistic:
    def statistic(weights: np.ndarray) -> list[float]:
        own = weights[places]
        whole = own.sum()
        return [float(own @ chosen / whole) if whole > 0 else float("nan")]

    return statistic


def _test_drifts(task: Task, data: _Rows, session: np.ndarray) -> Construct:
    """Test whether parts drift from each other, as indicators of what they are parts of; all count the same in the composite."""
    patient, weights = pd.factorize(data.codes)[0], np.full(len(data.names), 1 / len(data.names))
    return Construct(str(task.spec.option("of")), data.names, find_drifts(data.values, patient, session, weights))
