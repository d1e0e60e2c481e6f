"""Populations with chosen parameters, and the quantities that follow from them."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from alliance.config import ModelSpec, Variable
from alliance.models.design.arrays import INTERCEPT, Design, Varying, make_design
from alliance.models.diagram import every_path
from alliance.models.quantities.compute import compute_quantities
from alliance.models.quantities.pairs import Quantities
from alliance.models.quantities.population import Population
from alliance.models.rows import select_rows
from tests.unit.models.joint_study import VARIABLES

Slopes = Mapping[str, Mapping[str, float | np.ndarray]]


def design_of(spec: ModelSpec, panel: pd.DataFrame, variables: dict[str, Variable] = VARIABLES) -> Design:
    """Return the design of a model of the panel."""
    rows, _ = select_rows(panel, "study", spec)
    return make_design("study", spec, rows, variables)


def population_of(
    design: Design, slopes: Slopes, covariances: Mapping[str, Mapping[tuple[str, str], float]], size: int = 1
) -> Population:
    """Return draws of a population.

    Parameters
    ----------
    slopes
        Outcome -> term -> value or draws; terms that are not named are 0.
    covariances
        Level -> pair of effects such as ``("m: x", "y: m")`` -> covariance; the rest is 0.
    """
    full = {}
    for level, effects in design.varying.items():
        matrix = np.zeros((len(effects), len(effects)))
        names = [effect.text for effect in effects]
        for (one, other), value in covariances.get(level, {}).items():
            i, j = names.index(one), names.index(other)
            matrix[i, j] = matrix[j, i] = value
        full[level] = np.tile(matrix, (size, 1, 1))
    columns = {
        outcome: [np.broadcast_to(slopes.get(outcome, {}).get(term, 0.0), size) for term in equation.terms]
        for outcome, equation in design.equations.items()
    }
    return Population(
        intercepts={outcome: np.zeros(size) for outcome in columns},
        slopes={outcome: np.array(values).reshape(-1, size).T for outcome, values in columns.items()},
        residuals={outcome: np.ones(size) for outcome in columns},
        covariances=full,
        varying=design.varying,
    )


def quantities_of(
    spec: ModelSpec,
    design: Design,
    population: Population,
    variables: dict[str, Variable] = VARIABLES,
    seed: int | None = 1,
) -> Quantities:
    """Compute all quantities of draws of a population, or without a seed of estimates."""
    groups = every_path("study", spec, variables)
    last = max(int(equation.rows["session"].max()) for equation in design.equations.values())
    rng = None if seed is None else np.random.default_rng(seed)
    return compute_quantities(design, population, groups, variables, 1, rng, range(1, last + 1))


def values_of(found: Quantities) -> dict[tuple[str, str, str], np.ndarray]:
    """Return (path, effect, level) -> draws of the quantities without a moderator."""
    rows = zip(found.rows, found.draws, strict=True)
    return {(row["path"], row["effect"], row["level"]): values for row, values in rows if not row["moderator"]}


def conditional_values(found: Quantities) -> dict[tuple[str, str, float | None], np.ndarray]:
    """Return (path, moderator, its value to six digits) -> draws; an index has no value."""
    return {
        (row["path"], row["moderator"], None if math.isnan(row["value"]) else float(f"{row['value']:.6g}")): values
        for row, values in zip(found.rows, found.draws, strict=True)
        if row["moderator"]
    }


def intercepts(outcome: str) -> str:
    """Name the varying intercept of an outcome."""
    return Varying(outcome, INTERCEPT).text
