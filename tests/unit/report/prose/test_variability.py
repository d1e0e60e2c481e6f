"""Sentences on patients who differ in variability."""

import math
import re

import pandas as pd
import pytest

from alliance.report.prose.variability import describe_variability
from tests.artefacts import builders
from tests.unit.report.prose.rows import estimate, inputs

CONFIG = builders.arms_config()
MODEL = "both_jointly"
SPREAD = {"model": MODEL, "effect": "sd", "level": "patient", "path": "variability -> symptoms"}
TOGETHER = {"model": MODEL, "effect": "correlation", "level": "patient"}


def said(*rows: dict, chance: float | None = None) -> str:
    tables = inputs(*(estimate(**row) for row in rows))
    if chance is not None:
        tables["diagnostics"] = pd.DataFrame([{"model": MODEL, "caution": "differing_variability", "value": chance}])
    return " ".join(str(sentence) for passage in describe_variability(tables, CONFIG) for sentence in passage.sentences)


def test_the_standard_deviation_is_told_as_how_many_times_a_patient_at_the_upper_sixth_fluctuates() -> None:
    spread = SPREAD | {"estimate": 2 * math.log(1.5), "low": 2 * math.log(1.25), "high": 2 * math.log(1.75)}
    residual = {"model": MODEL, "effect": "sd", "level": "session", "path": "residual -> symptoms"}
    text = said(spread, residual | {"estimate": 3.0, "low": 2.5, "high": 3.5, "flag": "short series"}, chance=1e-9)
    assert (
        "has, in the patient in the middle, a standard deviation of 3.00 [2.50, 3.50] [flagged: short series]" in text
    )
    assert (
        "at the upper sixth, who fluctuates more in symptoms than five in six do, it is 1.50 [1.25, 1.75] times as large"
        in text
    )
    assert "at the lower sixth 0.67 times" in text
    assert "a probability of less than 0.001" in text


@pytest.mark.parametrize(
    ("path", "numbers", "expected"),
    [
        (
            "variability, intercept -> symptoms",
            (0.4, 0.2, 0.6),
            "with more variability have a higher level of symptoms",
        ),
        ("variability, symptoms_lag -> symptoms", (-0.4, -0.6, -0.2), "with less variability have a higher inertia"),
        ("variability, alliance_lag -> symptoms", (0.1, -0.2, 0.4), "along with the slope of .* stays open"),
        ("variability -> symptoms, intercept -> alliance", (0.4, 0.2, 0.6), "higher level of .*alliance"),
        (
            "variability -> symptoms, variability -> alliance",
            (0.4, 0.2, 0.6),
            "variabilities of .* are correlated by 0.40",
        ),
    ],
)
def test_what_goes_along_with_variability_is_named(path: str, numbers: tuple[float, ...], expected: str) -> None:
    own = dict(zip(("estimate", "low", "high"), numbers, strict=True))
    text = said(SPREAD | {"estimate": 0.6, "low": 0.4, "high": 0.8}, TOGETHER | own | {"path": path})
    found = [sentence for sentence in text.split(". ") if "ariabilit" in sentence]
    assert any(re.search(expected, sentence) for sentence in found), text


def test_nothing_is_said_where_patients_vary_alike() -> None:
    assert describe_variability(inputs(estimate()), CONFIG) == []
    assert describe_variability({}, CONFIG) == []
