"""From the names in an equation to its columns: variables as they are, smooths of time, and products.

A product stands for moderation: how the effect of one factor depends on the other. Its factors enter centred.

- A factor that varies between sessions enters as the deviation from the patient's own mean over the rows of the equation. The
  product of uncentred factors would mix the moderation within patients with the interaction of their means between patients (Preacher,
  Zhang & Zyphur 2016, doi 10.1037/met0000052). The mean is the *observed* one. By how much it misses the latent mean is the same
  at all sessions of a patient and goes into the varying intercept and slope, so the coefficient stays right (checked by
  simulation with 3 sessions). It does not where the outcome moves the factor later (a lagged outcome above all): then
  the mean holds the outcome's own errors, and with T sessions the coefficient is drawn towards zero by 1/T or somewhat more.
- A factor that is constant within patients enters centred at its mean over patients.
- Time enters centred at its mean over rows: the clock is the same for everybody. A product with a smooth of time has one column for
  each of the smooth's.

So the effect of a factor on its own is its effect at the mean of the other one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from alliance.config import ModelSpec, Variable
from alliance.config.timing import parse_term, varies_between_sessions
from alliance.errors import ModelError
from alliance.facts.columns import BASELINE, LAG, PATIENT, THERAPIST, WITHIN
from alliance.models.design.bases import basis_columns
from alliance.models.design.groups import Groups


@dataclass(frozen=True)
class Factor:
    """One factor of a product.

    Parameters
    ----------
    term
        The column of the panel; `base` is its name without suffix.
    lagged
        Whether it is the value of an earlier session.
    centring
        ``own mean``: the deviation from the patient's mean over the rows of the equation; ``mean``: from `centre`.
    centre
        What is subtracted, in raw units; 0 where each patient has an own mean.
    """

    term: str
    base: str
    lagged: bool
    centring: Literal["own mean", "mean"]
    centre: float

    @property
    def name(self) -> str:
        """Name of what enters the product: ``alliance_within`` for deviations from the own mean."""
        return f"{self.term}{WITHIN}" if self.centring == "own mean" else self.term


@dataclass(frozen=True)
class Origin:
    """Where a predictor comes from.

    Parameters
    ----------
    base
        Name without its suffix; the name itself for a product, the time for a column of a smooth.
    lagged
        Whether it is the value of an earlier session.
    session_level
        Whether it can differ between sessions of one patient.
    baseline
        Whether it is the initial value of an outcome of this model.
    therapist_level
        Whether it is the same for all patients of a therapist.
    factors
        The factors of a product; empty for everything else.
    """

    base: str
    lagged: bool
    session_level: bool
    baseline: bool
    therapist_level: bool = False
    factors: tuple[Factor, ...] = ()


@dataclass(frozen=True)
class Predictors:
    """The columns of one equation.

    Parameters
    ----------
    rows
        Rows of the equation with the columns of products and smooths added.
    origins
        Column -> where it comes from, in the order of the equation.
    columns
        Name in the configuration -> its columns.
    """

    rows: pd.DataFrame
    origins: dict[str, Origin]
    columns: dict[str, list[str]]


def make_predictors(
    name: str, outcome: str, spec: ModelSpec, rows: pd.DataFrame, variables: dict[str, Variable]
) -> Predictors:
    """Turn the names in an equation into columns.

    Parameters
    ----------
    rows
        Rows of the panel the equation uses.

    Raises
    ------
    ModelError
        A name is not declared or is taken by a column of the panel, a smooth has too few times, or a product is constant.
    """
    place = f"models.specs.{name}"
    on = spec.equations[outcome].on
    smooths = {
        term: basis_columns(place, term, spec.bases[term], rows[spec.bases[term].of].to_numpy(dtype=float))
        for term in on
        if term in spec.bases
    }
    timed = _with_columns(f"{place}.equations.{outcome}.on", rows, smooths.values())
    origins: dict[str, Origin] = {}
    columns: dict[str, list[str]] = {}
    multiplied: list[dict[str, np.ndarray]] = []
    for term in on:
        if term in smooths:
            made = {column: Origin(spec.bases[term].of, False, True, False) for column in smooths[term]}
        elif term in spec.products:
            products = _factors_of(term, spec, smooths, timed, variables)
            multiplied.append({column: _product(factors, timed) for column, factors in products.items()})
            # Deviations of a patient with one session are zero.
            if any(np.ptp(values) == 0 for values in multiplied[-1].values()):
                raise ModelError(
                    f"{place}.equations.{outcome}.on: the product '{term}' is the same in all {len(rows):,} rows, so it explains "
                    f"nothing. Remove it."
                )
            moving = any(factor in smooths or _session_level(factor, variables) for factor in spec.products[term])
            made = {
                column: Origin(term, any(factor.lagged for factor in factors), moving, False, factors=factors)
                for column, factors in products.items()
            }
        else:
            made = {term: _origin(term, spec, rows, variables)}
        columns[term] = list(made)
        origins |= made
    return Predictors(_with_columns(f"{place}.equations.{outcome}.on", timed, multiplied), origins, columns)


def _with_columns(place: str, rows: pd.DataFrame, added: Iterable[Mapping[str, np.ndarray]]) -> pd.DataFrame:
    columns = {name: values for made in added for name, values in made.items()}
    taken = [name for name in columns if name in rows.columns]
    if taken:
        raise ModelError(f"{place}: '{taken[0]}' is already a column of the panel. Choose another name.")
    return rows.assign(**columns) if columns else rows


def _factors_of(
    product: str,
    spec: ModelSpec,
    smooths: Mapping[str, Mapping[str, np.ndarray]],
    rows: pd.DataFrame,
    variables: dict[str, Variable],
) -> dict[str, tuple[Factor, ...]]:
    """Return the factors of each column of a product: one column, or one for each of a smooth of time (``<name>_1``, ...)."""
    smooth = next((factor for factor in spec.products[product] if factor in smooths), None)
    if smooth is None:
        return {product: tuple(_factor(factor, rows, variables) for factor in spec.products[product])}
    time = spec.bases[smooth].of
    return {
        f"{product}{column.removeprefix(smooth)}": tuple(
            Factor(column, time, False, "mean", float(rows[column].mean()))
            if factor == smooth
            else _factor(factor, rows, variables)
            for factor in spec.products[product]
        )
        for column in smooths[smooth]
    }


def center_factor(factor: Factor, values: np.ndarray, means: np.ndarray | None = None) -> np.ndarray:
    """Return values of a factor as they enter a product.

    Parameters
    ----------
    values
        Raw values, (row, data set).
    means
        Own means of the rows' patients, (row, data set); needed where the factor is centred at them.
    """
    return np.asarray(values - (factor.centre if means is None else means))


def own_means(rows: pd.DataFrame, values: np.ndarray) -> np.ndarray:
    """Return for each row the mean of its patient over the rows, from values (row, data set) and of the same shape."""
    groups = Groups(pd.factorize(rows[PATIENT])[0])
    return np.asarray(groups.means(values)[groups.codes])


def _product(factors: tuple[Factor, ...], rows: pd.DataFrame) -> np.ndarray:
    product = np.ones(len(rows))
    for factor in factors:
        values = rows[factor.term].to_numpy(dtype=float)[:, None]
        product *= center_factor(factor, values, own_means(rows, values) if factor.centring == "own mean" else None)[
            :, 0
        ]
    return product


def _factor(name: str, rows: pd.DataFrame, variables: dict[str, Variable]) -> Factor:
    term = parse_term(name, variables)
    if term is None:
        raise _undeclared(name)
    if term.variable is not None and varies_between_sessions(term, variables):
        return Factor(name, term.base, term.suffix == LAG, "own mean", 0.0)
    once = rows if term.variable is None else rows.drop_duplicates(PATIENT)
    return Factor(name, term.base, False, "mean", float(once[name].mean()))


def _session_level(name: str, variables: dict[str, Variable]) -> bool:
    term = parse_term(name, variables)
    return term is not None and varies_between_sessions(term, variables)


def _origin(name: str, spec: ModelSpec, rows: pd.DataFrame, variables: dict[str, Variable]) -> Origin:
    term = parse_term(name, variables)
    if term is None:
        raise _undeclared(name)
    moving = varies_between_sessions(term, variables)
    initial = term.suffix == BASELINE and term.base in spec.equations
    shared = not moving and rows[THERAPIST].notna().any() and rows.groupby(THERAPIST)[name].nunique().max() == 1
    return Origin(term.base, term.suffix == LAG, moving, initial, therapist_level=bool(shared))


def _undeclared(name: str) -> ModelError:
    return ModelError(f"'{name}' is not a declared variable. Declare it under variables, or remove it from the model.")
