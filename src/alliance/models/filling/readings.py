"""What is recorded, with error, of a variable that nobody sees: a true score, or a construct. See `alliance.models.filling.measured`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from alliance.config import Variable
from alliance.data.scoring.reliability import split_levels
from alliance.facts.columns import PATIENT

LASTING: Final = "error that lasts"  # what cells are of that are no values of a variable
FEWEST_TO_LOAD: Final = 3  # indicators of a construct; two do not tell their loadings


@dataclass(frozen=True)
class Error:
    """Known error of a score, that of a session and that of a patient, which lasts over all sessions.

    Parameters
    ----------
    spread
        Variance of the score within patients and between them.
    reliability
        Share of each that is not error.
    doubt
        Standard errors of the logits of these shares, zero where they are taken for known.
    """

    spread: tuple[float, float]
    reliability: tuple[float, float]
    doubt: tuple[float, float] = (0.0, 0.0)

    @property
    def lasts(self) -> bool:
        """Whether a patient has an error that lasts."""
        return self.reliability[1] < 1 and self.spread[1] > 0

    def variances(self, rng: np.random.Generator | None = None) -> tuple[float, float]:
        """Return the variance of the error of a session and of that of a patient, or draw them: the reliability is normal on the logit."""
        found = []
        for spread, reliability, doubt in zip(self.spread, self.reliability, self.doubt, strict=True):
            if rng is not None and doubt > 0:
                logit = np.log(reliability / (1 - reliability)) + doubt * rng.standard_normal()
                reliability = 1 / (1 + np.exp(-logit))
            found.append(float(spread * (1 - reliability)))
        return found[0], found[1]


@dataclass(frozen=True)
class Indicator:
    """What tells a variable that nobody sees.

    Parameters
    ----------
    column
        Column of the panel.
    loading
        What a difference of one in the variable makes in the column; None where it is estimated.
    error
        Its error where that is known; the column has then the origin of the variable. None where it is estimated.
    weight
        What the column counts in the composite that the variable has the unit and the origin of.
    """

    column: str
    loading: float | None = None
    error: Error | None = None
    weight: float = 1.0


@dataclass(frozen=True)
class Reading:
    """What was recorded of cells.

    Parameters
    ----------
    variable
        What the cells are of.
    cells, values
        The cells, and what was recorded of each: (reading,).
    lasting
        The cell of each reading's error that lasts in its patient, (reading,); none where there is no such error.
    """

    variable: str
    indicator: Indicator
    cells: np.ndarray
    values: np.ndarray
    lasting: np.ndarray | None


def find_readings(
    rows: pd.DataFrame, number: Mapping[str, np.ndarray], hidden: Mapping[str, Sequence[Indicator]], count: int
) -> tuple[list[Reading], np.ndarray]:
    """Find what was recorded of hidden variables; errors that last in a patient are cells too, numbered after all others.

    Parameters
    ----------
    rows
        Of the grid.
    number
        Variable -> number of the cell in each row, -1 where there is none: (row,).
    hidden
        Variables that nobody sees -> what tells them.
    count
        Number of cells so far.

    Returns
    -------
    readings
        What was recorded.
    first
        Row of the first reading of each error that lasts, (error,).
    """
    found, first = [], [np.empty(0, dtype=np.int64)]
    for name, indicators in hidden.items():
        for each in indicators:
            values = rows[each.column].to_numpy(dtype=float)
            told = np.flatnonzero((number[name] >= 0) & ~np.isnan(values))
            lasting = None
            if each.error is None or each.error.lasts:
                codes, patients = pd.factorize(rows[PATIENT].to_numpy()[told])
                lasting = count + codes
                count += len(patients)
                first.append(told[np.unique(codes, return_index=True)[1]])
            found.append(Reading(name, each, number[name][told], values[told], lasting))
    return found, np.concatenate(first)


def read_score(
    panel: pd.DataFrame, column: str, reliability: tuple[float, float], doubt: tuple[float, float] = (0.0, 0.0)
) -> Indicator:
    """Return what tells a true score: the score that was recorded, with an error that its reliability implies.

    theta = (1 - omega) V, with V the variance within patients (N rows less one for each patient), of which omega within is a share, and
    that between patients, each as in `alliance.data.scoring.reliability.split_levels`.

    Parameters
    ----------
    reliability, doubt
        Within and between patients, see `Error`.
    """
    recorded = panel[[PATIENT, column]].dropna()
    levels = split_levels(recorded[[column]].to_numpy(dtype=float), pd.factorize(recorded[PATIENT])[0])
    spread = (float(levels.within[0, 0]), max(float(levels.between[0, 0]), 0.0))
    return Indicator(column, 1.0, Error(spread, reliability, doubt))


def read_construct(variable: Variable) -> Sequence[Indicator]:
    """Return what tells a construct: the parts of a composite that is declared latent. Two of them are taken to load alike."""
    weight = 1.0 if variable.metric == "sum" else 1 / len(variable.of)
    loading = None if len(variable.of) >= FEWEST_TO_LOAD else 1 / (weight * len(variable.of))
    return [Indicator(part, loading, weight=weight) for part in variable.of]


def constructs_among(outcomes: Sequence[str], variables: Mapping[str, Variable]) -> list[str]:
    """List the outcomes that are declared latent."""
    return [outcome for outcome in outcomes if outcome in variables and variables[outcome].latent]
