"""Caseness and reliable change: who counts as what."""

import numpy as np
import pandas as pd
import pytest

from alliance.report.meanings import classify_change, find_cases
from alliance.report.tables import load_table
from tests.artefacts import builders


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("at_least", [False, True, True]),
        ("above", [False, False, True]),
        ("at_most", [True, True, False]),
        ("below", [True, False, False]),
    ],
)
def test_the_cut_off_itself_belongs_where_the_rule_says(rule: str, expected: list[bool]) -> None:
    assert find_cases(pd.Series([9.0, 10.0, 11.0]), {"case_rule": rule, "case_value": 10.0}).tolist() == expected


@pytest.mark.parametrize(("better", "expected"), [("worse", "better"), ("better", "worse")])
def test_direction_of_the_measure_says_which_change_is_better(better: str, expected: str) -> None:
    first, last = pd.Series([20.0, 20.0, 20.0]), pd.Series([14.0, 15.0, np.nan])
    found = classify_change(first, last, {"higher_is": better, "change_value": 6.0})
    assert found.tolist() == [expected, "no reliable change", ""]


def test_sample_counts_cases_and_changes_of_every_patient_once() -> None:
    config = builders.arms_config(privacy={"original_ids": False, "minimum_cell": 1})  # nothing is suppressed
    inputs = builders.artefacts(config)
    panel = inputs["panel"].dropna(subset=["symptoms"]).sort_values(["patient", "session"])
    ends = panel.groupby("patient")["symptoms"].agg(["first", "last", "size"])
    ends = ends[ends["size"] > 1]
    data = load_table("sample").make(inputs, config).data
    change = data[(data["part"] == "Change") & (data["group"] == "Total")]
    by_name = dict(zip(change["characteristic"].str.split(": ").str[-1], change["value"], strict=True))
    assert by_name["better"] == int((ends["first"] - ends["last"] >= 6).sum())
    assert by_name["case"] == int((panel.groupby("patient")["symptoms"].last() >= 10).sum())
