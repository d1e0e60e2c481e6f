"""Who was analysed: patients, their sessions and their therapists, by arm where arms were assigned at random."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from alliance.config import Config, Variable
from alliance.config.timing import parse_term
from alliance.data.panel import sessions_held
from alliance.facts.analyses import CHANGE
from alliance.facts.columns import BASELINE, LAG, PATIENT, SESSION, THERAPIST
from alliance.report.labels import capitalised_name, find_roles, label_groups, label_of, order_groups, plain_label
from alliance.report.meanings import (
    classify_change,
    describe_case,
    describe_change,
    find_cases,
    has_case,
    has_change,
    meaning_of,
)
from alliance.report.numbers import MISSING, format_count, format_number, format_percent
from alliance.report.tables.table import Table
from alliance.results.disclosure import decimals_for, step_for, suppress_counts, suppress_missing, to_step

TITLE = "Sample"
NEEDS = ("panel", "patients", "therapists", "meanings")
_TOTAL = "Total"
_MISSING_LEVEL = "not known"
_ONE_SESSION = "fewer than two sessions"


@dataclass
class _Rows:
    """Collects rows of the table: shown cells, and the numbers behind them."""

    columns: dict[str, np.ndarray]  # heading -> positions of its patients (or therapists)
    minimum: int
    shown: list[dict[str, str]] = field(default_factory=list)
    data: list[dict[str, object]] = field(default_factory=list)

    def add_counts(
        self,
        part: str,
        name: str,
        levels: list[str],
        counts: np.ndarray,
        sizes: np.ndarray | None,
        told: Collection[str] = (),
    ) -> None:
        """Add one row per level; `sizes` are the group sizes that the levels add up to, None where they do not.

        `told` are the levels of which another table says how many people they have in all.
        """
        elsewhere = np.zeros(counts.shape, dtype=bool)
        elsewhere[:, -1] = [level in told for level in levels]
        hidden = suppress_counts(
            counts, self.minimum, rows_add_up=len(self.columns) > 1, columns_add_up=sizes is not None, told=elsewhere
        )
        self._add_rows(part, name, levels, counts, hidden, sizes)

    def add_missing(self, part: str, name: str, missing: np.ndarray, *, told: bool) -> None:
        """Add how many values are not known; how many people each column has, the reader knows."""
        sizes = np.array([len(chosen) for chosen in self.columns.values()])
        hidden = suppress_missing(missing, sizes, self.minimum, told=told)
        self._add_rows(part, name, [_MISSING_LEVEL], missing[None], hidden[None], None)

    def _add_rows(
        self, part: str, name: str, levels: list[str], counts: np.ndarray, hidden: np.ndarray, sizes: np.ndarray | None
    ) -> None:
        # A mark "<5" would narrow down what has to be left open wherever several counts are hidden on each other's account.
        alone = hidden.sum() == 1 and (counts[hidden] < self.minimum).all()
        mark = f"<{self.minimum}" if alone else "suppressed"
        for level, row, suppressed in zip(levels, counts, hidden, strict=True):
            label = f"{name}: {level}" if level else name
            cells = {}
            for j, heading in enumerate(self.columns):
                n, secret = int(row[j]), bool(suppressed[j])
                share = f" ({format_percent(n / sizes[j])})" if sizes is not None and sizes[j] > 0 else ""
                cells[heading] = mark if secret else format_count(n) + share
                self._record(part, label, heading, "count", np.nan if secret else n, secret)
            self.shown.append({"Part": part, "": label, **cells})

    def add_mean(self, part: str, name: str, values: pd.Series, *, told: bool = False) -> None:
        """Add mean and standard deviation, left out where fewer than the minimum are observed, and a row of those missing.

        `told` says that another table tells how many are missing in all.
        """
        numbers = {heading: values.iloc[chosen] for heading, chosen in self.columns.items()}
        few = [self._few(column.dropna()) for column in numbers.values()]
        if len(few) > 1 and any(few[:-1]):
            few[-1] = True  # the total and the other arm would give it away
        cells = {}
        for (heading, column), secret in zip(numbers.items(), few, strict=True):
            step = step_for(float(column.std() / np.sqrt(max(1, column.notna().sum()))))
            mean, sd = (to_step(float(number), step) for number in (column.mean(), column.std()))
            for statistic, number in (("mean", mean), ("sd", sd)):
                self._record(part, name, heading, statistic, np.nan if secret else number, secret)
            digits = decimals_for(step) if np.isfinite(step) else None
            none = not column.notna().any()
            cells[heading] = (
                MISSING if secret or none else f"{format_number(mean, digits)} ({format_number(sd, digits)})"
            )
        self.shown.append({"Part": part, "": f"{name}, mean (SD)", **cells})
        lost = np.array([int(column.isna().sum()) for column in numbers.values()])
        if lost.any():
            self.add_missing(part, name, lost, told=told)

    def _few(self, observed: pd.Series) -> bool:
        """Whether a mean rests on few people, or counts few: of two values, the mean says how often each was given."""
        fewest = observed.value_counts().min() if observed.nunique() == 2 else len(observed)
        return bool(0 < fewest < self.minimum)

    def _record(self, part: str, name: str, group: str, statistic: str, value: float, secret: bool) -> None:
        self.data.append(
            {
                "part": part,
                "characteristic": name,
                "group": group,
                "statistic": statistic,
                "value": value,
                "suppressed": secret,
            }
        )


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return counts and means by arm and in total; counts below `privacy.minimum_cell` cannot be read or computed."""
    panel, therapists = inputs["panel"], inputs["therapists"]
    first = panel.drop_duplicates(PATIENT).reset_index(drop=True)
    known = [name for name in inputs["patients"].columns if name not in first.columns or name == PATIENT]
    also = [
        name
        for name, variable in config.variables.items()
        if variable.table == "patients" and name in inputs["patients"].columns
    ]
    people = first.drop(columns=[name for name in also if name in first.columns])
    people = people.merge(
        inputs["patients"][list(dict.fromkeys([PATIENT, *known, *also]))], on=PATIENT, how="left", validate="1:1"
    )
    groups = label_groups(first, config)
    everyone = np.arange(len(people))
    arms = [] if groups is None else order_groups(groups, config)
    columns = {capitalised_name(arm): np.flatnonzero(groups == arm) for arm in arms} if groups is not None else {}
    least = config.privacy.minimum_cell
    apart = sum(map(len, columns.values())) == len(people) and all(len(chosen) >= least for chosen in columns.values())
    if not apart:  # every number of a small arm would be one of few people, and its size the rest of all others
        columns = {}
    rows = _Rows({**columns, _TOTAL: everyone}, least)
    sizes = np.array([len(chosen) for chosen in rows.columns.values()])
    rows.add_counts("Patients", "Patients", [""], sizes[None, :], None)
    for name, variable in config.variables.items():
        if variable.table == "patients" and name in people.columns and name not in config.study.randomised:
            _add_variable(rows, "Patients", name, variable, people, sizes, config)
    _add_sessions(rows, panel, people, config)
    _add_meanings(rows, panel, people, inputs["meanings"], sizes, config)
    _add_therapists(rows, panel, therapists, config)
    shown = pd.DataFrame(rows.shown).fillna(MISSING)
    notes = [
        f"Counts of fewer than {least} patients or therapists are suppressed, and so are those from which they could be computed. "
        "Means and standard deviations have the digits that their standard errors justify."
    ]
    if arms and not columns:
        notes.append(
            f"Arms are not shown apart: one has fewer than {least} patients, or that of some patients is not known."
        )
    return Table(pd.DataFrame(rows.data), shown, "Sample" + (" by arm" if columns else ""), notes, "Part")


def _add_variable(
    rows: _Rows, part: str, name: str, variable: Variable, people: pd.DataFrame, sizes: np.ndarray, config: Config
) -> None:
    label = capitalised_name(label_of(name, config))
    if variable.kind != "category":
        unit = "" if variable.unit == "points" else f" ({variable.unit})"
        rows.add_mean(part, label + unit, pd.to_numeric(people[name]), told=name in _told_by_flow(config))
        return
    values = people[name].astype(object)
    found = sorted({str(value) for value in values.dropna()})
    declared = variable.declared_labels
    levels = [level for level in declared if level in found] + [level for level in found if level not in declared]
    counts = _count(values.astype(str), levels, rows).tolist()
    lost = [int(values.iloc[chosen].isna().sum()) for chosen in rows.columns.values()]
    names = [plain_label(level) for level in levels]
    if any(lost):
        counts.append(lost)
        names.append(_MISSING_LEVEL)
    if counts:
        told = [_MISSING_LEVEL] if name in _told_by_flow(config) else []
        rows.add_counts(part, label, names, np.array(counts), sizes, told)


def _told_by_flow(config: Config) -> set[str]:
    """Return the variables and columns of the fitted equations, which leave out who has no value: the flow says how many.

    Numbers of patients of two equations of which one holds a variable more say the same.
    """
    columns = {column for name in config.models.fit for column in config.models.specs[name].named_columns()}
    terms = [term for column in columns if (term := parse_term(column, config.variables)) is not None]
    whole = {term.variable for term in terms if term.variable is not None and not term.suffix}
    return columns | whole


def _add_sessions(rows: _Rows, panel: pd.DataFrame, people: pd.DataFrame, config: Config) -> None:
    held = sessions_held(panel, config.variables).groupby(panel[PATIENT]).sum().reindex(people.set_index(PATIENT).index)
    rows.add_mean("Sessions", "Sessions per patient", held.astype(float))
    for score in find_roles(config).session_scores:
        if score + BASELINE in people.columns:
            rows.add_mean(
                "Sessions",
                f"{capitalised_name(label_of(score, config))} at the first session",
                people[score + BASELINE],
                told=score + BASELINE in _told_by_flow(config),
            )


def _add_meanings(
    rows: _Rows, panel: pd.DataFrame, people: pd.DataFrame, meanings: pd.DataFrame, sizes: np.ndarray, config: Config
) -> None:
    """Add how many are cases at their first and last observed session, and whose change is reliable, unless another table counts it."""
    specs = [config.models.specs[name] for name in config.models.fit]
    counted = [spec.variables[0] for spec in specs if spec.analysis == CHANGE]
    for score in find_roles(config).session_scores:
        meaning = meaning_of(score, meanings)
        if meaning is None or score not in panel.columns or score in counted:
            continue
        observed = panel[panel[score].notna()].sort_values([PATIENT, SESSION]).groupby(PATIENT)[score]
        ends = pd.DataFrame({"first": observed.first(), "last": observed.last(), "n": observed.size()})
        ends = ends.reindex(people[PATIENT].to_numpy()).reset_index(drop=True)
        label = capitalised_name(label_of(score, config))
        if has_case(meaning):
            for end in ("first", "last"):
                case = find_cases(ends[end], meaning).map({True: "case", False: "no case"})
                found = case.where(ends[end].notna(), _MISSING_LEVEL)
                levels = ["case", "no case", *([_MISSING_LEVEL] if (found == _MISSING_LEVEL).any() else [])]
                name = f"{label} at the {end} session observed (case: {describe_case(meaning, config)})"
                # How many have a score at all, the table of measures says.
                rows.add_counts("Change", name, levels, _count(found, levels, rows), sizes, [_MISSING_LEVEL])
        if has_change(meaning):
            change = pd.Series(classify_change(ends["first"], ends["last"], meaning)).where(ends["n"] > 1, _ONE_SESSION)
            levels = [
                "better",
                "no reliable change",
                "worse",
                *([_ONE_SESSION] if (change == _ONE_SESSION).any() else []),
            ]
            name = f"{label} from the first to the last session observed (reliable: {describe_change(meaning, config)})"
            told = [_ONE_SESSION] if score + LAG in _told_by_flow(config) else []
            rows.add_counts("Change", name, levels, _count(change, levels, rows), sizes, told)


def _count(values: pd.Series, levels: list[str], rows: _Rows) -> np.ndarray:
    """Count the levels in each column of the table: (level, column)."""
    return np.array(
        [[int((values.iloc[chosen] == level).sum()) for chosen in rows.columns.values()] for level in levels]
    )


def _add_therapists(rows: _Rows, panel: pd.DataFrame, therapists: pd.DataFrame, config: Config) -> None:
    seen = panel[[PATIENT, THERAPIST]].drop_duplicates().dropna()
    if seen.empty:
        return
    table = therapists[therapists[THERAPIST].isin(seen[THERAPIST])].reset_index(drop=True)
    own = _Rows({_TOTAL: np.arange(len(table))}, rows.minimum, rows.shown, rows.data)
    count = np.array([[seen[THERAPIST].nunique()]])
    own.add_counts("Therapists", "Therapists", [""], count, None)
    caseload = seen.groupby(THERAPIST)[PATIENT].nunique().astype(float).reset_index(drop=True)
    _Rows({_TOTAL: np.arange(len(caseload))}, rows.minimum, rows.shown, rows.data).add_mean(
        "Therapists", "Patients per therapist", caseload
    )
    for name, variable in config.variables.items():
        if variable.table == "therapists" and name in table.columns:
            _add_variable(own, "Therapists", name, variable, table, np.array([len(table)]), config)
