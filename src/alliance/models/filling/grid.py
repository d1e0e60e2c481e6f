"""The sessions of each patient without holes, and the cells in them that are unknown.

A patient who skipped a session, or left a questionnaire blank, has values there that nobody saw. A row for every session from the first to
the last one at which an outcome was observed holds them, so that a later value has the value before it as its past.

Not everything that is blank becomes a cell. A cell must have a density: a row of its own equation in which all predictors are known or
cells, or, at the first session, a place among the initial values (``x_baseline``), whose density is a regression on
what does not change within patients. A pause longer than ``panel.max_gap_days`` is a new start: nothing is filled across it, and the first
row after it has no past and stays left out. So do rows with products of two factors that may both be missing, which are not linear in
the cells.

A score at an end of a scale that is declared `censored` is a cell too: a value at that end or beyond. It has a density like any other, or
stays as recorded: at a session that no equation uses, or where a product multiplies it with what may be missing or censored itself.

An outcome that is declared `yes_no` or `ordered` is a cell wherever an equation has a row for it: the propensity behind the answer, above
zero where it is yes and below where it is no, or between the thresholds of an ordered answer (Albert & Chib 1993,
doi 10.1080/01621459.1993.10476321). The propensity is never observed, so in such a model the recorded answers are nowhere predictors
themselves.

So is a true score, or a construct, of which only readings with error are recorded, see `alliance.models.filling.readings`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from alliance.config import ModelSpec, Variable
from alliance.config.propensity import NO_AND_YES
from alliance.config.timing import Term, answered_as, parse_term
from alliance.facts.columns import BASELINE, LAG, PATIENT, SESSION, THERAPIST
from alliance.likelihood.limits import Limits
from alliance.models.filling.declared import ends_of, without_equation
from alliance.models.filling.propensity import Answers, gather_answers, guess_score
from alliance.models.filling.readings import LASTING, Indicator, Reading, find_readings
from alliance.models.filling.sessions import add_skipped
from alliance.models.filling.trend import time_columns

SEEN: Final[Mapping[str, Sequence[Indicator]]] = MappingProxyType({})


@dataclass(frozen=True)
class Grid:
    """A panel without holes.

    Parameters
    ----------
    panel
        Rows of held and of skipped sessions by patient and session; cells hold a first guess.
    held
        Which rows are sessions that were held, (row,).
    cells
        Columns patient, session, variable: one row per cell.
    limits
        Which of them are scores at an end of a scale.
    of
        Column of the panel -> the cell its value is, -1 where it is no cell: (row,).
    initial
        Outcomes whose value at the first session has a density of its own, in their order.
    filled
        Predictors without an equation that get one.
    trend
        What such an equation holds besides intercepts: the terms of time of the model, (row, column).
    nonlinear
        Outcome -> rows its equation cannot use, since a product of two missing values stands in them: (row,).
    answers
        Of outcomes whose cells are propensities.
    readings
        What was recorded, with error, of variables that nobody sees.
    """

    panel: pd.DataFrame
    held: np.ndarray
    cells: pd.DataFrame
    limits: Limits
    of: dict[str, np.ndarray]
    initial: list[str]
    filled: list[str]
    trend: np.ndarray
    nonlinear: dict[str, np.ndarray]
    answers: Answers
    readings: tuple[Reading, ...] = ()

    @property
    def hides(self) -> bool:
        """Whether there are outcomes that nobody ever sees."""
        return bool(self.answers.given or self.readings)

    def unseen(self, column: str) -> np.ndarray:
        """Say of which values of a column nothing was observed, (row,)."""
        told = self.limits.censored.copy()
        for reading in self.readings:
            told[reading.cells] = True
        return self._hold(column, ~told)

    def censored(self, column: str) -> np.ndarray:
        """Say which values of a column were recorded at an end of the scale, (row,)."""
        if column in self.answers.given:
            return np.zeros(len(self.panel), dtype=bool)
        return self._hold(column, self.limits.censored)

    def _hold(self, column: str, chosen: np.ndarray) -> np.ndarray:
        if column not in self.of:
            return np.zeros(len(self.panel), dtype=bool)
        cells = self.of[column]
        return np.asarray((cells >= 0) & chosen[cells])


def make_grid(
    panel: pd.DataFrame,
    spec: ModelSpec,
    variables: dict[str, Variable],
    lag: int,
    max_gap_days: float | None,
    hidden: Mapping[str, Sequence[Indicator]] = SEEN,
) -> Grid | None:
    """Find the cells of a joint model.

    Parameters
    ----------
    panel
        One row per patient and session, see `alliance.data.panel`.
    hidden
        Variables that nobody sees -> what tells them.

    Returns
    -------
    Grid or None
        None where nothing is missing that could be filled in, and nothing is censored.
    """
    terms = {name: parse_term(name, variables) for name in spec.named_columns()}
    if any(term is None or name not in panel.columns for name, term in terms.items()):
        return None  # the selection of rows says what is wrong
    known = {name: term for name, term in terms.items() if term is not None}
    outcomes = list(spec.equations)
    filled = without_equation(known, outcomes, variables)
    rows = add_skipped(panel, outcomes, known, variables, max_gap_days)
    ends = {outcome: ends_of(outcome, variables) for outcome in outcomes}
    given = {outcome: answered_as(outcome, spec, variables) for outcome in outcomes}
    answered = {outcome: NO_AND_YES if variables[outcome].yes_no else None for outcome, how in given.items() if how}
    found = _Search(rows, spec, known, [*outcomes, *filled], lag, ends, answered, hidden)
    return found.grid(filled)


class _Search:
    """Which blanks are cells."""

    def __init__(
        self,
        rows: pd.DataFrame,
        spec: ModelSpec,
        terms: dict[str, Term],
        names: list[str],
        lag: int,
        ends: Mapping[str, tuple[float, float]],
        answered: Mapping[str, tuple[float, ...] | None],
        hidden: Mapping[str, Sequence[Indicator]],
    ) -> None:
        self.rows, self.spec, self.names, self.ends = rows, spec, names, ends
        self.answered, self.hidden = answered, hidden
        self.terms = terms | {name: Term(name, name, None, None, "") for name in names if name not in terms}
        keys = pd.MultiIndex.from_frame(rows[[PATIENT, SESSION]])
        self.earlier = self._linked(keys.get_indexer(pd.MultiIndex.from_arrays([rows[PATIENT], rows[SESSION] - lag])))
        first = rows.groupby(PATIENT)[SESSION].transform("min")
        self.first = keys.get_indexer(pd.MultiIndex.from_arrays([rows[PATIENT], first]))
        self.is_first = (rows[SESSION] == first).to_numpy()
        outcomes = list(spec.equations)
        self.initial = [o for o in outcomes if f"{o}{BASELINE}" in terms]
        self.recorded = {name: rows[self._told_by(name)].notna().any(axis=1).to_numpy() for name in names}
        never = {*answered, *hidden}
        self.observed = {name: there & (name not in never) for name, there in self.recorded.items()}
        self.inside = self._inside(outcomes)
        self.cell = {name: self._candidates(name) for name in names}
        self.at_end = {name: self._at_end(name) for name in names}
        for name, censored in self.at_end.items():
            self.cell[name] |= censored
        while self._drop_without_density():
            pass
        while self._drop_without_use():
            pass

    def _told_by(self, name: str) -> list[str]:
        """List the columns that something of a variable is recorded in."""
        return [each.column for each in self.hidden[name]] if name in self.hidden else [name]

    def _linked(self, earlier: np.ndarray) -> np.ndarray:
        """Take away earlier rows that lie too far back, as the panel has found."""
        cut = np.zeros(len(earlier), dtype=bool)
        for column in self.rows.columns:
            if f"{column}{LAG}" in self.rows.columns:
                there = self.rows[column].notna().to_numpy()[earlier] & (earlier >= 0)
                cut |= there & self.rows[f"{column}{LAG}"].isna().to_numpy()
        held = self.rows["held"].to_numpy()
        return np.where(cut & held & held[earlier], -1, earlier)

    def _inside(self, outcomes: list[str]) -> np.ndarray:
        """Say which rows lie before the last session at which an outcome was observed, or at it."""
        seen = np.column_stack([self.recorded[o] for o in outcomes]).any(axis=1)
        last = self.rows[PATIENT].map(self.rows[seen].groupby(PATIENT)[SESSION].max())
        return (self.rows[SESSION] <= last).to_numpy()

    def _candidates(self, name: str) -> np.ndarray:
        blank = ~self.observed[name] & self.inside
        if name not in self.spec.equations:
            return np.asarray(blank & self._is_used(name))
        return np.asarray(blank)

    def _at_end(self, name: str) -> np.ndarray:
        """Say where a score lies at an end that stands for all beyond it, and is in no product with another cell."""
        if name in self.answered:
            return np.asarray(self.inside & self.recorded[name])
        scores = self.rows[name].to_numpy(dtype=float)
        low, high = self.ends.get(name, (-np.inf, np.inf))
        at_end = self.inside & ((scores <= low) | (scores >= high))
        return np.zeros_like(at_end) if self._is_multiplied(name) else at_end

    def _is_multiplied(self, name: str) -> bool:
        """Say whether a product has this variable as a factor beside one that may be a cell."""
        for factors in self.spec.products.values():
            bases = [self.terms[factor].base for factor in factors if factor in self.terms]
            others = [base for base in bases if base != name and base in self.names]
            if name in bases and any(self.cell[o].any() or np.isfinite(self.ends.get(o, ())).any() for o in others):
                return True
        return False

    def _is_used(self, name: str) -> np.ndarray:
        """Say where a predictor without an equation of its own is needed: at any session it enters at, or before one."""
        used = np.zeros(len(self.rows), dtype=bool)
        for term in self.terms.values():
            if term.base == name and term.suffix == "":
                used |= True
            elif term.base == name and term.suffix == LAG:
                used[self.earlier[self.earlier >= 0]] = True
        return used

    def available(self, column: str) -> np.ndarray:
        """Say where a column is observed or a cell."""
        term = self.terms[column]
        if term.base in self.names:
            there: np.ndarray = self.observed[term.base] | self.cell[term.base]
            if term.suffix == LAG:
                # A lagged value whose own row is not in the panel stays as observed.
                known = self.rows[column].notna() & (term.base not in self.hidden)
                return np.asarray(np.where(self.earlier >= 0, there[self.earlier], known))
            if term.suffix == BASELINE:
                return np.asarray(there[self.first])
            if term.suffix == "":
                return there
        return np.asarray(self.rows[column].notna())

    def touched(self, column: str) -> np.ndarray:
        """Return the cell that each value of a column is, before cells have numbers: a row of the base, -1 where it is none."""
        term, rows = self.terms[column], np.arange(len(self.rows))
        place = {LAG: self.earlier, BASELINE: self.first, "": rows}.get(term.suffix)
        if place is None or term.base not in self.names:
            return np.full(len(rows), -1)
        return np.where((place >= 0) & self.cell[term.base][place], place, -1)

    def usable(self, outcome: str) -> np.ndarray:
        """Say which rows the equation of an outcome can use, whether or not the outcome is known there."""
        equation = self.spec.equations[outcome]
        usable = self.inside.copy()
        for term in equation.on:
            for column in self.spec.columns_behind(term):
                usable &= self.available(column)
        usable &= ~self.nonlinear(outcome)
        if equation.vary.get(THERAPIST):
            usable &= self.rows[THERAPIST].notna().to_numpy()
        if any(self.terms[c].suffix == BASELINE for term in equation.on for c in self.spec.columns_behind(term)):
            usable &= ~self.is_first
        return usable

    def nonlinear(self, outcome: str) -> np.ndarray:
        """Say which rows have a missing factor in a product whose factors may both be missing."""
        found = np.zeros(len(self.rows), dtype=bool)
        for term in self.spec.equations[outcome].on:
            if term in self.spec.products and self._not_linear(term):
                for column in self.spec.columns_behind(term):
                    found |= self.touched(column) >= 0
        return found

    def _not_linear(self, product: str) -> bool:
        """Say whether both factors of a product have cells."""
        return all((self.touched(column) >= 0).any() for column in self.spec.columns_behind(product))

    def _drop_without_density(self) -> bool:
        """Take away the cells that no row or initial value gives a density; return whether there were any."""
        dropped = False
        for name in self.spec.equations:
            kept = self.cell[name] & self.usable(name)
            if name in self.initial:
                kept |= self.cell[name] & self.is_first
            dropped |= bool((kept != self.cell[name]).any())
            self.cell[name] = kept
        return dropped

    def _drop_without_use(self) -> bool:
        """Take away the cells that no other row needs, as at the last session: without them the likelihood is the same."""
        needed = {name: np.zeros(len(self.rows), dtype=bool) for name in self.names}
        held = np.zeros(len(self.rows), dtype=bool)
        for outcome, equation in self.spec.equations.items():
            rows = self.usable(outcome) & (self.observed[outcome] | self.cell[outcome])
            held |= rows
            for column in {column for term in equation.on for column in self.spec.columns_behind(term)}:
                place = self.touched(column)[rows]
                if (place >= 0).any():
                    needed[self.terms[column].base][place[place >= 0]] = True
        dropped = False
        has_rows = pd.Series(held).groupby(self.rows[PATIENT].to_numpy()).transform("any").to_numpy()
        for name in self.names:
            told = self.recorded[name] if name in self.hidden else self.at_end[name]
            # A patient with nothing but a first session has no row.
            kept = self.cell[name] & (needed[name] | (told & has_rows))
            dropped |= bool((kept != self.cell[name]).any())
            self.cell[name] = kept
        return dropped

    def grid(self, filled: list[str]) -> Grid | None:
        """Number the cells and put a first guess into them."""
        tables, of, number, panel = [], {}, {}, self.rows.drop(columns="held")
        limits: list[tuple[np.ndarray, np.ndarray]] = []
        count = 0
        for name in self.names:
            rows = np.flatnonzero(self.cell[name])
            number[name] = np.full(len(self.rows), -1)
            number[name][rows] = count + np.arange(len(rows))
            count += len(rows)
            limits.append(self._limits(name, rows))
            tables.append(panel.loc[rows, [PATIENT, SESSION]].assign(variable=name))
        if count == 0:
            return None
        readings, first = find_readings(self.rows, number, self.hidden, count)
        if len(first):
            limits.append((np.full(len(first), np.inf), np.ones(len(first))))
            tables.append(panel.loc[first, [PATIENT, SESSION]].assign(variable=LASTING))
        answers = gather_answers(panel, self.answered, number, count + len(first))
        guesses = {
            name: answers.guess(name) if name in answers.given else guess_score(panel, name) for name in self.names
        }
        for column, term in self.terms.items():
            place = self.touched(column)
            if term.base in self.names and term.suffix in ("", LAG, BASELINE):
                of[column] = np.where(place >= 0, number[term.base][place], -1)
                source = np.where(place >= 0, guesses[term.base][place], np.nan)
                panel[column] = np.where(place >= 0, source, self._values(column, term))
        end, side = (np.concatenate(parts) for parts in zip(*limits, strict=True))
        return Grid(
            panel.copy(),  # many columns were set one by one
            self.rows["held"].to_numpy(),
            pd.concat(tables, ignore_index=True),
            Limits(end, side, np.full(len(end), np.inf)),
            {column: cells for column, cells in of.items() if (cells >= 0).any()},
            self.initial,
            [name for name in filled if (number[name] >= 0).any()],
            time_columns(self.rows, self.spec),
            {outcome: self.nonlinear(outcome) for outcome in self.spec.equations},
            answers,
            tuple(readings),
        )

    def _limits(self, name: str, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the end that each cell lies at or beyond, and on which side."""
        low, high = self.ends.get(name, (-np.inf, np.inf))
        scores = self.rows[name].to_numpy(dtype=float)[rows]
        below, told = scores <= low, self.at_end[name][rows]
        end = np.where(below, low, high)
        if name in self.answered:
            # Of thresholds that are all zero; answers between the lowest and the highest lie below theirs.
            answers = self.answered[name] or scores[told]
            below, end = scores < max(answers, default=0.0), np.zeros(len(rows))
        return np.where(told, end, np.inf), np.where(told & ~below, -1.0, 1.0)

    def _values(self, column: str, term: Term) -> np.ndarray:
        """Return the observed values of a column, looked up anew: rows after a gap have a past now."""
        place = {LAG: self.earlier, BASELINE: self.first, "": np.arange(len(self.rows))}[term.suffix]
        if term.base in self.answered or term.base in self.hidden:
            return np.full(len(self.rows), np.nan)
        values = self.rows[term.base].to_numpy(dtype=float)[place]
        return np.where(place >= 0, values, self.rows[column])
