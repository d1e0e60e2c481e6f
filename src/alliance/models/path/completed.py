"""A completed data set: rows with values that were drawn for what nobody saw, and the maximum of their likelihood."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from alliance.inference.maximum import Maximum
from alliance.inference.search import Top
from alliance.likelihood.layout import refill
from alliance.likelihood.patterns import EquationRows
from alliance.models.design.arrays import Design
from alliance.models.filling.cells import Cells, rows_with
from alliance.models.filling.grid import Grid
from alliance.models.path.maximum import PathMaximum
from alliance.models.path.target import PathTarget


@dataclass(frozen=True)
class Completed:
    """A completed data set and the maximum of its likelihood.

    Ten copies of all rows of a register would fill the memory, and so would all places that cells enter (one that nobody saw stands in
    dozens): only the values are kept, and rows are made when asked for.

    Parameters
    ----------
    cells, first
        What all data sets share: where cells are, and the target with first guesses in them.
    values
        Values of the cells, raw units, (cell,).
    widths
        Distances between the thresholds that the values lie within.
    top
        The maximum of the likelihood.
    """

    cells: Cells
    first: PathTarget
    values: np.ndarray
    widths: np.ndarray
    top: Top

    @property
    def equations(self) -> list[EquationRows]:
        """The rows of all equations with these values."""
        return rows_with(self.cells, self.values)

    @property
    def maximum(self) -> PathMaximum:
        """The maximum with the likelihood of this data set, made anew each time."""
        return Maximum(replace(self.first, statistics=refill(self.first.statistics, self.equations)), self.top)

    @property
    def design(self) -> Design:
        """The design with these values."""
        design, equations = self.first.design, {}
        for (outcome, equation), rows in zip(design.equations.items(), self.equations, strict=True):
            changed = _columns(self.cells.grid, self.values, equation.rows.index)
            x = np.ascontiguousarray(rows.x[:, 1:])
            for place, (term, origin) in enumerate(equation.origins.items()):
                if origin.factors:
                    changed[term] = x[:, place] * equation.x_sd[place] + equation.x_mean[place]
            used = equation.rows.assign(**{name: column for name, column in changed.items() if name in equation.rows})
            equations[outcome] = replace(equation, rows=used, y=rows.y, x=x)
        return replace(design, equations=equations)

    @property
    def panel(self) -> pd.DataFrame:
        """The panel with these values."""
        grid = self.cells.grid
        return grid.panel.assign(**_columns(grid, self.values, grid.panel.index))


def _columns(grid: Grid, values: np.ndarray, rows: pd.Index) -> dict[str, np.ndarray]:
    """Return the columns that hold cells, with their values."""
    found = {}
    for name, cells in grid.of.items():
        of_row = cells[rows]
        found[name] = np.where(of_row >= 0, values[of_row], grid.panel[name].to_numpy(dtype=float)[rows])
    return found
