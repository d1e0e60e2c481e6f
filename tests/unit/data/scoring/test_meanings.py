"""What scores mean: declared facts, in the units the scores are in."""

from pathlib import Path
from typing import Any

import pytest

from alliance.config import Variable
from alliance.config.instruments import read_instruments
from alliance.data.scoring.meanings import describe_meanings

FOLDER = Path(__file__).parents[4] / "config" / "instruments"


def meaning(instrument: str, scale: str = "total", **settings: Any) -> dict[str, Any]:
    variable = Variable.model_validate(
        {"label": "x", "kind": "scale", "instrument": instrument, "items": "i{item}", "measured": "before"} | settings
    )
    table = describe_meanings({"x": variable}, read_instruments([FOLDER / f"{instrument}.yaml"]))
    return table[table["scale"] == scale].to_dict("records")[0]


def test_case_and_reliable_change_of_a_sum() -> None:
    found = meaning("phq_9")
    assert (found["case_rule"], found["case_value"]) == ("at_least", 10)
    assert (found["change_value"], found["change_level"]) == (6, 0.95)
    assert found["citation"].startswith("Kroenke")


def test_facts_follow_the_metric_of_the_scores() -> None:
    assert meaning("phq_9", metric="mean")["case_value"] == pytest.approx(10 / 9)
    # CORE-OM: 9.9 is declared for ten times the mean of 34 items.
    assert meaning("core_om", metric="mean")["case_value"] == pytest.approx(0.99)
    assert meaning("core_om")["case_value"] == pytest.approx(0.99 * 34)


def test_facts_nobody_verified_are_left_out() -> None:
    found = meaning("oq_45", instrument_confirmed=True)
    assert found["case_rule"] == ""
    assert found["change_value"] == 14


def test_instruments_without_such_facts_give_their_source_only() -> None:
    found = meaning("wai_sr")
    assert found["case_rule"] == ""
    assert found["citation"].startswith("Hatcher")
