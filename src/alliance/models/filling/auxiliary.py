"""The equations that give densities to what a design conditions on. Two kinds of cells need one:

- initial values: each a regression on the patient-level predictors and on the initial values before it, one row per patient;
- predictors without an equation: a mean, the terms of time of the model, differences between patients, and a residual.

Their parameters are drawn under flat priors, given the present values of the cells.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alliance.facts.columns import BASELINE, PATIENT
from alliance.likelihood.packing import OUTCOME, PREDICTOR, Entries
from alliance.likelihood.patterns import EquationRows
from alliance.models.design.arrays import Design
from alliance.models.filling.grid import Grid
from alliance.models.filling.trend import independent_columns

_LEAST_LEFT = 0.05  # of a known variance, that predictors leave unexplained
_NO_ENTRIES = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Auxiliary:
    """An equation beside those of the design.

    Parameters
    ----------
    rows
        Its rows, in raw units. `z` is a column of ones where patients differ, otherwise it has no column.
    entries
        Where cells enter it.
    spread_of
        Equation of the design whose outcome has the spread of this one, where nothing else tells it: of a propensity only the sign is
        known, so at the first session it is taken to differ as much between patients as it does over the later ones.
    variance
        Residual variance, where it is not to be drawn.
    """

    rows: EquationRows
    entries: Entries
    spread_of: int | None = None
    variance: float | None = None

    @property
    def varies(self) -> bool:
        """Whether patients differ in its intercept."""
        return bool(self.rows.z.shape[1])

    def draw(
        self,
        rows: EquationRows,
        effects: np.ndarray,
        turns: np.ndarray,
        rng: np.random.Generator,
        spread: float | None = None,
    ) -> "Drawn":
        """Draw coefficients, residual variance and differences between patients, given present values.

        Parameters
        ----------
        rows
            The rows with present values of the cells.
        effects
            Present differences between patients, (patient,); zero where there are none.
        turns
            See `Cells`.
        spread
            The variance of the outcome, where it is known: what the predictors leave of it is then not drawn.
        """
        left = rows.y - effects[rows.patient]
        inverse = np.linalg.inv(rows.x.T @ rows.x)
        estimate = inverse @ (rows.x.T @ left)
        free = len(left) - rows.x.shape[1]
        if self.variance is not None:
            variance = self.variance
        elif spread is None:
            variance = float(((left - rows.x @ estimate) ** 2).sum() / rng.chisquare(free))
        else:
            variance = max(spread - float((rows.x @ estimate).var()), _LEAST_LEFT * spread)
        beta = estimate + np.linalg.cholesky(inverse) @ rng.standard_normal(len(estimate)) * np.sqrt(variance)
        if not self.varies:
            return Drawn(beta, variance, effects)
        count = np.bincount(rows.patient, minlength=len(effects)).astype(float)
        present = count > 0
        between = float((effects[present] ** 2).sum() / rng.chisquare(max(int(present.sum()) - 2, 1)))
        total = np.bincount(rows.patient, rows.y - rows.x @ beta, minlength=len(effects))
        precision = count / variance + 1 / max(between, 1e-12 * variance)
        drawn = total / variance / precision + rng.standard_normal(len(effects))[turns] / np.sqrt(precision)
        return Drawn(beta, variance, drawn)


@dataclass(frozen=True)
class Drawn:
    """Parameters of an equation beside the design: coefficients, residual variance, and differences between patients, (patient,)."""

    beta: np.ndarray
    variance: float
    differences: np.ndarray


def initial_equations(grid: Grid, design: Design, positions: dict[str, int]) -> list[Auxiliary]:
    """Return the regressions of initial values: each on what is constant within patients and on the ones before it."""
    names = [f"{outcome}{BASELINE}" for outcome in grid.initial]
    missing = [name for name in names if name in grid.of]
    if not missing:
        return []
    constant = [term for term in design.constant_terms if term in grid.panel]  # products are made of these
    columns = [*constant, *names]
    numbered = {name: grid.of.get(name, np.full(len(grid.panel), -1)) for name in names}
    first = grid.panel.drop_duplicates(PATIENT)
    known = (first[columns].notna().all(axis=1) & first[PATIENT].astype(str).isin(positions)).to_numpy()
    first = first[known]
    at = first.index.to_numpy()
    patient = first[PATIENT].astype(str).map(positions).to_numpy(dtype=np.int64)
    made = []
    for name in names:
        before = [*constant, *names[: names.index(name)]]
        if not any((numbered[later] >= 0).any() for later in [name, *before] if later in numbered):
            continue
        x = np.column_stack([np.ones(len(first)), first[before].to_numpy(dtype=float)])
        entries = [_at_first(numbered[name][at], OUTCOME, 0)]
        entries += [
            _at_first(numbered[term][at], PREDICTOR, place)
            for place, term in enumerate(before, start=1)
            if term in numbered
        ]
        y = first[name].to_numpy(dtype=float)
        outcome = name.removesuffix(BASELINE)
        spread_of = list(design.equations).index(outcome) if outcome in grid.answers.given else None
        made.append(Auxiliary(EquationRows(x, y, patient, np.empty((len(y), 0))), join_entries(entries), spread_of))
    return made


def _at_first(cells: np.ndarray, part: int, place: int) -> Entries:
    rows = np.flatnonzero(cells >= 0)
    size = len(rows)
    return Entries(rows, np.full(size, part), np.full(size, place), cells[rows], np.ones(size))


def without_equation(grid: Grid, name: str, positions: dict[str, int]) -> Auxiliary:
    """Return the equation of a predictor without one: a mean, a course over sessions and differences between patients."""
    values, patient = grid.panel[name].to_numpy(dtype=float), grid.panel[PATIENT].astype(str).map(positions).to_numpy()
    kept = np.flatnonzero(~np.isnan(values) & ~np.isnan(patient))
    ones, courses = np.ones((len(kept), 1)), independent_columns(grid.trend[kept])
    rows = EquationRows(np.column_stack([ones, courses]), values[kept], patient[kept].astype(np.int64), ones)
    return Auxiliary(rows, _at_first(grid.of[name][kept], OUTCOME, 0))


def join_entries(found: Sequence[Entries]) -> Entries:
    """Put entries together."""
    if not found:
        return Entries(_NO_ENTRIES, _NO_ENTRIES, _NO_ENTRIES, _NO_ENTRIES, np.empty(0))
    names = ("row", "part", "column", "cell", "weight")
    return Entries(*(np.concatenate([getattr(one, name) for one in found]) for name in names))
