"""Who changes: reliable and clinically significant change, and whether the early alliance tells of it.

Each patient's first and last observed outcome are compared (`alliance.data.scoring.change`; Jacobson and Truax 1991, doi
10.1037/0022-006X.59.1.12), so patients who left early count with what was last known of them. Beside that stand the shares to be expected
at the end of the course if what was not observed is missing at random (`alliance.models.descriptive.ending`).

The early process, the mean of the first sessions, predicts who is reliably better at the last session observed, and which cases recover, by
logistic regression with the first score held equal (`alliance.models.descriptive.logistic`), in patients observed after the start. Part of
the change may have come before the process was rated; so the change over the first sessions is held equal in a second regression. Odds
ratios and differences in probability are per standard deviation of the early process.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from alliance.data.scoring.change import CASE_RULES, CATEGORIES, DETERIORATED, IMPROVED, RECOVERED, UNCHANGED, Norm
from alliance.errors import ModelError
from alliance.facts.columns import PATIENT
from alliance.facts.quantity import join_nodes, name_session
from alliance.models.container import pack_rows
from alliance.models.descriptive.ending import chances_at_end
from alliance.models.descriptive.findings import Findings, Key, Task
from alliance.models.descriptive.logistic import difference_in_probability, fit_logistic
from alliance.models.descriptive.norms import DECLARED, find_norm
from alliance.models.descriptive.numbers import Numbers, Statistic, early_of, fewest_of, shares_of, shown_of
from alliance.models.descriptive.samples import weights_of
from alliance.models.descriptive.series import find_ends, start_of
from alliance.models.descriptive.shapes import EACH, course_of, enough_for_course, fit_shape
from alliance.models.rows import count_rows

BETTER: Final = "better"  # recovered or improved
OBSERVED: Final = "last session observed"
EARLY_HELD: Final = "early change held equal"
_EVENTS: Final = 5  # per predictor, of patients with and without
_SHARE: Final = {name: f"share_{name}" for name in (BETTER, *CATEGORIES)}
OF_ENDS: Final = "ends"  # what counts of patients stand under where first and last value are known
OF_START, OF_CASES = "start", "cases"


@dataclass(frozen=True)
class Changes:
    """What became of patients with two values or more, one row per patient."""

    table: pd.DataFrame
    norm: Norm

    def is_in(self, name: str) -> np.ndarray:
        """Say who belongs to a category, or is reliably better."""
        category = self.table["category"]
        chosen: np.ndarray = category.isin([RECOVERED, IMPROVED] if name == BETTER else [name]).to_numpy()
        return chosen


def compute(task: Task) -> Findings:
    """Compute what became of the first variable; of the others, what varies between sessions is the process, what does not are two groups.

    Raises
    ------
    ModelError
        Nothing says what a reliable change is, or whether higher scores are better; an option is not understood.
    """
    outcome, *others = task.spec.variables
    norm, described = _norm(task, outcome)
    changes = find_changes(task.rows[outcome], outcome, norm)
    numbers = Numbers()
    shown = _shown(task, changes)
    numbers.add(*_observed(task, outcome, changes, shown))
    numbers.add(*_cases(task, outcome, norm))
    numbers.add(*_expected(task, outcome, changes, shown))
    rows = task.rows[outcome]
    counts = {outcome: count_rows(rows), OF_ENDS: _count(rows, changes.table.index)}
    processes = [name for name in others if task.variables[name].table == "sessions"]
    for group in (name for name in others if name not in processes):
        numbers.add(*_between_groups(task, outcome, changes, group, shown))
    if processes:
        used = _with_start(task, changes, processes[0], outcome)
        of_cases = used[norm.is_case(used["first"])] if norm.case_rule else used[:0]
        counts |= {OF_START: _count(rows, used.index), OF_CASES: _count(rows, of_cases.index)}
        for event, table, of in ((BETTER, used, OF_START), (RECOVERED, of_cases, OF_CASES)):
            for held in ([], ["change"]):
                numbers.add(*_predicted(task, (processes[0], outcome), event, table, held, of))
    return Findings(numbers.keys, numbers.all, counts, groups={"norms": pack_rows([described])})


def find_changes(rows: pd.DataFrame, outcome: str, norm: Norm) -> Changes:
    """Compare the first and the last observed value of each patient with two or more."""
    ends = find_ends(rows, outcome)
    table = pd.DataFrame({"first": ends.first, "last": ends.last, "end": ends.last_session}, index=ends.patients)
    table = table[ends.sessions > 1]
    return Changes(table.assign(category=norm.classify(table["first"].to_numpy(), table["last"].to_numpy())), norm)


def _norm(task: Task, outcome: str) -> tuple[Norm, dict[str, Any]]:
    """Return what scores mean; what options declare comes before what instruments say."""
    norm, described = find_norm(task, outcome)
    place = f"models.specs.{task.name}.options"
    change, rule = float(task.spec.option("reliable_change")), str(task.spec.option("case_rule"))  # type: ignore[arg-type]
    if change:
        norm = replace(norm, change=change)
        described |= {"change_value": change, "change_level": task.spec.option("level"), "change_source": DECLARED}
    if rule:
        if rule not in CASE_RULES:
            raise ModelError(f"{place}.case_rule: '{rule}' is no rule. Write one of: {', '.join(CASE_RULES)}.")
        norm = replace(norm, case_rule=rule, case_value=float(task.spec.option("case_value")))  # type: ignore[arg-type]
        described |= {"case_rule": rule, "case_value": norm.case_value, "case_source": DECLARED}
    if not norm.higher_is:
        raise ModelError(
            f"variables.{outcome}.higher_is: nobody says whether higher scores are better or worse, so no change can be called one for the "
            "better. Write 'higher_is: worse' or 'higher_is: better' at the variable."
        )
    if not norm.change > 0 and not norm.case_rule:
        raise ModelError(
            f"variables.{outcome}: nothing says which change is reliable: its instrument declares none, its reliability is not known, and "
            f"there are too few sessions to see how far scores fluctuate. Give the change under {place}: 'reliable_change: 6'."
        )
    return norm, described


def _count(rows: pd.DataFrame, patients: pd.Index) -> dict[str, int]:
    return count_rows(rows[rows[PATIENT].isin(patients)])


def _shown(task: Task, changes: Changes) -> list[str]:
    """Name the categories whose shares may be shown: of what is better, unchanged and worse, and of the two parts of what is better."""
    if not changes.norm.change > 0:
        return []
    fewest = fewest_of(task)
    counts = {name: int(changes.is_in(name).sum()) for name in (BETTER, *CATEGORIES)}
    whole = shown_of({name: counts[name] for name in (BETTER, UNCHANGED, DETERIORATED)}, fewest, UNCHANGED)
    parts = [RECOVERED, IMPROVED] if BETTER in whole and changes.norm.case_rule else []
    shown = [*whole, *shown_of({name: counts[name] for name in parts}, fewest)]
    # Samples of patients of whom nobody belongs to a category have nobody either, and tell nothing of how many others have.
    return [name for name in shown if 0 < counts[name] < len(changes.table)]


def _observed(task: Task, outcome: str, changes: Changes, shown: list[str]) -> tuple[list[Key], Statistic]:
    """Give the shares of categories."""
    keys = [Key("", _SHARE[name], "overall", (OF_ENDS, outcome), OBSERVED) for name in shown]
    return keys, shares_of(task, changes.table.index.to_numpy(), [changes.is_in(name) for name in shown])


def _cases(task: Task, outcome: str, norm: Norm) -> tuple[list[Key], Statistic]:
    """Give the shares of cases before and after, of all patients with a score."""
    ends = find_ends(task.rows[outcome], outcome)
    keys, found = [], []
    for values, when in ((ends.first, "first session observed"), (ends.last, OBSERVED)) if norm.case_rule else ():
        cases = norm.is_case(values)
        if min(cases.sum(), (~cases).sum()) >= fewest_of(task):
            keys.append(Key("", "share_cases", "overall", (outcome,), when))
            found.append(cases)
    return keys, shares_of(task, ends.patients, found)


def _expected(task: Task, outcome: str, changes: Changes, shown: list[str]) -> tuple[list[Key], Statistic]:
    """Give the shares that are expected at the end of the course, had nobody left; nothing where the course cannot be fitted."""
    rows = course_of(task, outcome)[0]
    if not shown or not enough_for_course(rows):
        return [], lambda weights: []
    known = set(rows[PATIENT])
    patients = np.array([code for code in changes.table.index if code in known])
    growth = fit_shape(rows, outcome, EACH, task.name)
    chances = chances_at_end(rows, outcome, growth, patients, changes.norm)
    by_name = dict(zip(CATEGORIES, chances.T, strict=True))
    by_name[BETTER] = by_name[RECOVERED] + by_name[IMPROVED]
    when = name_session(int(growth.sessions[-1]))
    keys = [Key("", _SHARE[name], "overall", (OF_ENDS, outcome), when) for name in shown]
    return keys, shares_of(task, patients, [by_name[name] for name in shown])


def _between_groups(
    task: Task, outcome: str, changes: Changes, group: str, shown: list[str]
) -> tuple[list[Key], Statistic]:
    """Give the difference between two groups in the shares of those who are better, and of those who recovered."""
    panel = task.panel[[PATIENT, group]].dropna().drop_duplicates(PATIENT).set_index(PATIENT)[group]
    own = panel.reindex(changes.table.index)
    values = sorted(own.dropna().unique())
    if len(values) != 2:
        return [], lambda weights: []
    member = (own == values[1]).to_numpy()[own.notna().to_numpy()]
    places = weights_of(task.panel, changes.table.index[own.notna()].to_numpy())
    keys, found = [], []
    for name in (name for name in (BETTER, RECOVERED) if name in shown):
        inside = changes.is_in(name)[own.notna().to_numpy()]
        cells = [int((chosen & part).sum()) for chosen in (inside, ~inside) for part in (member, ~member)]
        if min(cells) >= fewest_of(task):
            keys.append(
                Key(join_nodes(group, outcome), f"difference_{_SHARE[name]}", "overall", (OF_ENDS, outcome), OBSERVED)
            )
            found.append(inside.astype(float))

    def statistic(weights: np.ndarray) -> list[float]:
        own = weights[places]
        if not (own[member].sum() and own[~member].sum()):
            return [float("nan")] * len(found)
        return [
            float(np.average(one[member], weights=own[member]) - np.average(one[~member], weights=own[~member]))
            for one in found
        ]

    return keys, statistic


def _with_start(task: Task, changes: Changes, process: str, outcome: str) -> pd.DataFrame:
    """Return patients observed after the start, with the level of the process and the change of the outcome over it."""
    early = early_of(task)
    start = start_of(task.rows[process], process, early)
    change = start_of(task.rows[outcome], outcome, early)["change"]
    table = changes.table.assign(level=start["level"], until=start["until"], change=change)
    return table[table["end"] > table["until"]]


def _predicted(
    task: Task, names: tuple[str, str], event: str, table: pd.DataFrame, held: list[str], of: str
) -> tuple[list[Key], Statistic]:
    """Give the odds ratio and the difference in probability per standard deviation of the early process."""
    process, outcome = names
    used = table[table[held].notna().all(axis=1)] if held else table
    predictors = ["level", "first", *held]
    y = used["category"].isin([RECOVERED, IMPROVED] if event == BETTER else [event]).to_numpy(dtype=float)
    least = max(_EVENTS * len(predictors), fewest_of(task))
    values = used[predictors].to_numpy(dtype=float)
    spread = values.std(axis=0, ddof=1) if len(used) > 1 else np.zeros(len(predictors))
    if min(y.sum(), (1 - y).sum()) < least or not (spread > 0).all():
        return [], lambda weights: []
    x = np.column_stack([np.ones(len(used)), (values - values.mean(axis=0)) / spread])
    places, whole = weights_of(task.panel, used.index.to_numpy()), fit_logistic(y, x)
    when = EARLY_HELD if held else ""
    keys = [
        Key(join_nodes(process, outcome), f"{effect}_{event}", "patient", (of, outcome), when)
        for effect in ("odds_ratio", "probability")
    ]

    def statistic(weights: np.ndarray) -> list[float]:
        own = weights[places]
        b = fit_logistic(y, x, own, whole)
        return [float(np.exp(b[1])), difference_in_probability(b, x, 1, (-0.5, 0.5), own)]

    return keys, statistic
