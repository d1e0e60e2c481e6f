"""Units and zero points of columns change exactly what they must, and nothing else."""

import re

import numpy as np
import pandas as pd
import pytest

from alliance.config import ModelSpec, Variable
from alliance.models.container import marks_of, quantities_of
from alliance.models.textbook.fit import fit

PATIENTS, PER_THERAPIST, SESSIONS = 48, 4, 6
VARIABLES = {name: Variable(label=name, column=name, measured="during") for name in ("x", "m", "y")}
VARIABLES["arm"] = Variable(label="arm", column="arm", table="patients")
VARIABLES["skill"] = Variable(label="skill", column="skill", table="therapists")
SETTINGS = {
    "seed": 5,
    "lag": 1,
    "monte_carlo_draws": 500,
    "variables": {k: v.model_dump(mode="json") for k, v in VARIABLES.items()},
}
EQUATIONS = {
    "m": {
        "on": ["x", "arm", "session"],
        "vary": {"patient": ["intercept", "x", "session"], "therapist": ["intercept"]},
    },
    "y": {
        "on": ["m_lag", "x_lag", "y_lag", "skill"],
        "vary": {"patient": ["intercept", "m_lag"], "therapist": ["intercept", "m_lag"]},
    },
}
PATH = ModelSpec.model_validate(
    {"label": "t", "family": "textbook", "equations": EQUATIONS, "effects": {"from": "x", "to": "y"}}
)
SPECS = {"path": PATH, "variance": ModelSpec(label="v", family="textbook", analysis="variance", variables=["x", "y"])}


def panel() -> pd.DataFrame:
    rng = np.random.default_rng(71)
    patient = np.repeat(np.arange(PATIENTS), SESSIONS)
    therapist = patient // PER_THERAPIST
    rows = pd.DataFrame({"patient": [f"P{i:03d}" for i in patient], "therapist": [f"T{j:02d}" for j in therapist]})
    rows["session"] = np.tile(np.arange(1.0, SESSIONS + 1), PATIENTS)
    rows["arm"], rows["skill"] = patient % 2, rng.normal(size=PATIENTS)[therapist]

    def between(sd: float) -> np.ndarray:
        return sd * (rng.normal(size=PATIENTS)[patient] + rng.normal(size=PATIENTS)[therapist])

    rows["x"] = between(1) + rng.normal(size=len(rows))
    rows["m"] = (
        (0.5 + between(0.3)) * rows["x"] + between(0.2) * rows["session"] + between(1) + rng.normal(size=len(rows))
    )
    rows["y"] = (0.4 + between(0.3)) * rows["m"] + 0.2 * rows["skill"] + between(1) + rng.normal(size=len(rows))
    return rows


def fitted(spec: ModelSpec, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return quantities with their estimates and draws, and marks with their values."""
    rows = rows.copy()
    for name in ("x", "m", "y"):
        rows[f"{name}_lag"] = rows.groupby("patient")[name].shift()
    tree = fit(rows, "model", spec, SETTINGS).tree
    table = quantities_of(tree["paths"])
    paths = tree["paths"]
    table["values"] = list(np.vstack([paths["point"].to_numpy(), paths["draws"].to_numpy()[0]]).T)
    marks = [(mark.caution, mark.subject, mark.passed) for mark in marks_of(tree)]
    return table, pd.DataFrame(marks)


def unit_of(row: pd.Series, column: str) -> int:
    """Return the power of a column's unit in which a quantity is expressed."""
    if row["effect"] in ("correlation", "icc"):
        return 0
    source = re.split(" -> |, ", row["path"])[0].removesuffix("_lag") if row["path"] else "residual"
    power = int(row["outcome"] == column) - int(source == column)
    return 2 * power if row["effect"] == "variance" else power


@pytest.fixture(scope="module")
def plain() -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    return {name: fitted(spec, panel()) for name, spec in SPECS.items()}


@pytest.mark.parametrize(
    ("model", "column", "unit"),
    [
        ("path", "x", 1e6),
        ("path", "m", 1e-6),
        ("path", "y", 1e6),
        ("path", "arm", 1e-6),
        ("path", "skill", 1e6),
        ("path", "session", 1e-6),
        ("variance", "x", 1e-6),
    ],
)
def test_a_unit_changes_what_is_expressed_in_it(
    plain: dict[str, tuple[pd.DataFrame, pd.DataFrame]], model: str, column: str, unit: float
) -> None:
    table, marks = plain[model]
    other, its_marks = fitted(SPECS[model], panel().assign(**{column: lambda rows: rows[column] * unit}))
    assert its_marks.equals(marks)
    for (_, one), (_, two) in zip(table.iterrows(), other.iterrows(), strict=True):
        expected = one["values"] * unit ** unit_of(one, column)
        # Every draw follows; rounding of the data is all that differs.
        assert two["values"] == pytest.approx(expected, rel=1e-6, abs=1e-7 * expected.std()), (
            one["path"],
            one["effect"],
        )


@pytest.mark.parametrize(
    ("model", "column", "shift", "at_zero"),
    [
        ("path", "x", -40.0, set()),
        ("path", "m", 2000.0, {("m", "coefficient")}),
        ("path", "y", -40.0, {("y", "coefficient")}),
        ("path", "arm", 2000.0, {("m", "coefficient")}),
        ("path", "skill", -40.0, {("y", "coefficient")}),
        # The level of m at session zero, how much it differs between patients, and what that goes along with.
        ("path", "session", 2000.0, {("m", "coefficient"), ("m", "sd"), ("m", "correlation")}),
        ("variance", "x", 2000.0, set()),
    ],
)
def test_a_zero_point_changes_what_happens_at_zero(
    plain: dict[str, tuple[pd.DataFrame, pd.DataFrame]],
    model: str,
    column: str,
    shift: float,
    at_zero: set[tuple[str, str]],
) -> None:
    table, marks = plain[model]
    other, its_marks = fitted(SPECS[model], panel().assign(**{column: lambda rows: rows[column] + shift}))
    assert its_marks.equals(marks)
    changed = set()
    for (_, one), (_, two) in zip(table.iterrows(), other.iterrows(), strict=True):
        if two["values"] != pytest.approx(one["values"], rel=1e-6, abs=1e-6 * one["values"].std()):
            assert one["path"].startswith("intercept"), (one["path"], one["effect"])
            changed.add((one["outcome"], one["effect"]))
    assert changed == at_zero
