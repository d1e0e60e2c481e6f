"""The difference between arms at the end of treatment, where most of it comes early and patients leave: simulated without the package."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.config import ModelSpec, Variable
from alliance.models.design.arrays import make_design
from alliance.models.diagram import every_path
from alliance.models.path.maximum import maximise, population_of
from alliance.models.quantities.compute import compute_quantities
from alliance.models.rows import select_rows

PATIENTS, SESSIONS, END = 3000, 10, -2.0
VARIABLES = {
    "y": Variable(label="y", column="y", measured="before"),
    "arm": Variable(label="arm", column="arm", table="patients"),
}


def simulate(seed: int) -> pd.DataFrame:
    """Two thirds of what the arm does are there by the third session; who has just had a high score leaves more often."""
    rng = np.random.default_rng(seed)
    t = np.arange(SESSIONS)
    difference = END * (1 - np.exp(-t / 1.5)) / (1 - np.exp(-t[-1] / 1.5))
    arm = np.arange(PATIENTS) % 2
    u = rng.multivariate_normal([0, 0], [[4.0, 0.1], [0.1, 0.03]], PATIENTS)
    level = 12 + u[:, :1] + (u[:, 1:] - 0.3) * t + arm[:, None] * difference
    y = level + 2 * rng.standard_normal(level.shape)
    leaves = rng.random(y.shape) < 1 / (1 + np.exp(2.7 - 0.3 * (y - 11)))
    there = np.cumsum(leaves, axis=1) - leaves == 0  # the session after which somebody leaves was still held
    rows = np.nonzero(there)
    return pd.DataFrame(
        {
            "patient": [f"P{i:04d}" for i in rows[0]],
            "therapist": "T",
            "session": rows[1] + 1,
            "y": y[rows],
            "arm": arm[rows[0]].astype(float),
        }
    )


def difference_at_end(panel: pd.DataFrame, **declared: Any) -> float:
    spec = ModelSpec.model_validate(
        {
            "label": "whole",
            "family": "multilevel_path",
            "depth": "ml",
            "effects": {"from": "arm", "to": "y"},
            **declared,
        }
    )
    rows, _ = select_rows(panel, "study", spec)
    design = make_design("study", spec, rows, VARIABLES)
    maximum = maximise(design)
    population = population_of(maximum)
    found = compute_quantities(
        design, population, every_path("study", spec, VARIABLES), VARIABLES, 1, None, range(1, SESSIONS + 1)
    )
    (value,) = [v[0] for row, v in zip(found.rows, found.draws, strict=True) if row["effect"] == "intention_to_treat"]
    return float(value)


def test_product_with_a_smooth_finds_the_end_of_a_difference_that_levels_off() -> None:
    panel = simulate(5)
    assert 0.3 < 1 - (panel["session"] == SESSIONS).sum() / PATIENTS < 0.7  # about half have left
    vary = {"patient": ["intercept", "session"]}
    line = difference_at_end(
        panel,
        equations={"y": {"on": ["arm", "session", "grows"], "vary": vary}},
        products={"grows": ["arm", "session"]},
    )
    curve = difference_at_end(
        panel,
        equations={"y": {"on": ["arm", "course", "bends"], "vary": {"patient": ["intercept", "course"]}}},
        bases={"course": {"of": "session", "kind": "natural_spline", "df": 3}},
        products={"bends": ["arm", "course"]},
    )
    # The standard error is about .13 in 3,000 patients of whom half have left.
    assert curve == pytest.approx(END, abs=0.3)
    assert line < END - 0.3
