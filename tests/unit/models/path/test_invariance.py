"""Units and zero points of columns change exactly what they must in joint models, at maximum likelihood and in Laplace posteriors.

Estimation works in standard units, so every draw follows. Units a million times apart are those in which an engine that works in raw units
loses its digits.
"""

import re

import pandas as pd
import pytest

from alliance.models.container import marks_of, quantities_of
from alliance.models.path.fit import fit
from tests.unit.models.joint_study import make_settings, make_spec
from tests.unit.models.path.path_study import panel_with_therapists

EQUATIONS = {
    "m": {"on": ["x", "arm"], "vary": {"patient": ["intercept", "x"], "therapist": ["intercept"]}},
    "y": {"on": ["m", "x", "arm"], "vary": {"patient": ["intercept", "m"], "therapist": ["intercept"]}},
}
SETTINGS = make_settings() | {"predictive_draws": 10}
DEPTHS = ("ml", "laplace")


def fitted(depth: str, panel: pd.DataFrame) -> tuple[pd.DataFrame, list[tuple[str, str, bool]]]:
    """Return quantities with their draws, and the verdicts on them."""
    spec = make_spec(family="multilevel_path", depth=depth, equations=EQUATIONS)
    tree = fit(panel, "model", spec, SETTINGS).tree
    table = quantities_of(tree["paths"])
    table["values"] = list(tree["paths"]["draws"].to_numpy()[0].T)
    return table, [(mark.caution, mark.subject, mark.passed) for mark in marks_of(tree)]


@pytest.fixture(scope="module")
def plain() -> dict[str, tuple[pd.DataFrame, list[tuple[str, str, bool]]]]:
    return {depth: fitted(depth, panel_with_therapists()) for depth in DEPTHS}


def unit_of(row: pd.Series, column: str) -> int:
    """Return the power of a column's unit in which a quantity is expressed."""
    if row["effect"] in ("correlation", "proportion"):
        return 0
    source = re.split(" -> ", row["path"])[0]
    return int(row["outcome"] == column) - int(source == column)


def compare(one: pd.Series, two: pd.Series, factor: float) -> None:
    expected = one["values"] * factor
    # The search ends within 1e-8 standard errors; limits and weights of importance sampling follow its last digits.
    tolerance = 1e-4 * expected.std() + 1e-9 * abs(factor)
    assert two["values"] == pytest.approx(expected, rel=1e-6, abs=tolerance), (one["path"], one["effect"], one["level"])


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize(("column", "unit"), [("x", 1e6), ("m", 1e-6), ("y", 1e6), ("arm", 1e-3)])
def test_a_unit_changes_what_is_expressed_in_it(plain: dict, depth: str, column: str, unit: float) -> None:
    table, marks = plain[depth]
    panel = panel_with_therapists()
    scaled = panel.assign(**{name: panel[name] * unit for name in (column, f"{column}_between") if name in panel})
    other, its_marks = fitted(depth, scaled)

    assert its_marks == marks
    assert table["path"].tolist() == other["path"].tolist()
    for (_, one), (_, two) in zip(table.iterrows(), other.iterrows(), strict=True):
        compare(one, two, unit ** unit_of(one, column))


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize(("column", "shift"), [("x", -40.0), ("m", 500.0), ("y", -40.0), ("arm", 3.0)])
def test_a_zero_point_changes_the_level_of_its_own_measure_only(
    plain: dict, depth: str, column: str, shift: float
) -> None:
    table, marks = plain[depth]
    panel = panel_with_therapists()
    other, its_marks = fitted(depth, panel.assign(**{column: panel[column] + shift}))

    assert its_marks == marks
    for (_, one), (_, two) in zip(table.iterrows(), other.iterrows(), strict=True):
        level = one["path"] == f"intercept -> {column}" and one["effect"] == "coefficient"
        compare(one if not level else pd.Series({**one, "values": one["values"] + shift}), two, 1.0)
