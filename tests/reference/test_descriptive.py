"""Courses and logistic regressions are those of R (`descriptive/growth.R`)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alliance.models.descriptive.logistic import difference_in_probability, fit_logistic
from alliance.models.descriptive.shapes import fit_shape

HERE = Path(__file__).parent / "descriptive"


@pytest.fixture(scope="module")
def by_r() -> pd.Series:
    return pd.read_csv(HERE / "growth_by_r.csv").set_index(["shape", "what", "at"])["value"].sort_index()


@pytest.mark.parametrize("shape", ["line", "plateau", "turn", "each"])
def test_course_is_that_of_nlme(shape: str, by_r: pd.Series) -> None:
    rows = pd.read_csv(HERE / "growth.csv").assign(therapist=None)
    grown = fit_shape(rows, "y", shape, "growth")
    population = grown.population()
    # nlme stops a little below the maximum.
    assert grown.log_likelihood == pytest.approx(by_r[shape, "log_likelihood", 0], abs=2e-4)
    assert grown.course(population) == pytest.approx(by_r[shape, "course"].to_numpy(), abs=2e-3)
    assert population.autocorrelations["y"][0] == pytest.approx(by_r[shape, "phi", 0], abs=4e-3)
    if shape == "line":
        spread = float(np.sqrt(population.covariances["patient"][0, 1, 1]))
        assert spread == pytest.approx(by_r[shape, "trend_sd", 0], abs=2e-3)


def test_logistic_regression_is_that_of_glm(by_r: pd.Series) -> None:
    table = pd.read_csv(HERE / "better.csv")
    x = np.column_stack([np.ones(len(table)), table["early"], table["first"]])
    found = fit_logistic(table["better"].to_numpy(dtype=float), x)
    assert found == pytest.approx([by_r["logistic", name, 0] for name in ("(Intercept)", "early", "first")], abs=1e-7)
    mean, sd = float(table["early"].mean()), float(table["early"].std())
    difference = difference_in_probability(found, x, 1, (mean - sd / 2, mean + sd / 2))
    assert difference == pytest.approx(by_r["logistic", "difference", 0], abs=1e-8)
