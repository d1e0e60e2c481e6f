"""Errors found in public scoring material, each kept out by a test."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alliance.config import Variable
from alliance.config.instruments import Instrument, read_instrument, read_instruments
from alliance.data.scoring.scales import score_items, score_variable
from alliance.errors import DataError

FOLDER = Path(__file__).parents[2] / "config" / "instruments"


def shipped(key: str) -> Instrument:
    return read_instrument(FOLDER / f"{key}.yaml")


def uniform(instrument: Instrument, answer: float, blank: list[int] | None = None) -> pd.DataFrame:
    items = dict.fromkeys(range(1, instrument.items + 1), answer)
    return pd.DataFrame([items | dict.fromkeys(blank or [], np.nan)])


def total(items: pd.DataFrame, instrument: Instrument, stored_reversed: bool = False) -> float:
    return float(score_items(items, instrument, stored_reversed=stored_reversed).scores["total"].iloc[0])


def test_core_om_reverses_eight_items_and_item_30_is_not_one_of_them() -> None:
    instrument = shipped("core_om")
    assert instrument.reversed == [3, 4, 7, 12, 19, 21, 31, 32]
    assert total(uniform(instrument, 0), instrument) == 8 * 4
    raised = uniform(instrument, 0)
    raised[30] = 4.0
    assert total(raised, instrument) == 8 * 4 + 4  # a problem that is felt raises the score


def test_core_10_reverses_items_2_and_3_unlike_the_core_om() -> None:
    ten, long = shipped("core_10"), shipped("core_om")
    assert ten.reversed == [2, 3]
    assert {3, 4} <= set(long.reversed) and 4 not in ten.reversed
    raised = uniform(ten, 0)
    raised[4] = 4.0
    assert total(raised, ten) == 2 * 4 + 4


@pytest.mark.parametrize(
    ("scale", "allowed"),
    [("total", 3), ("non_risk", 2), ("problems", 1), ("functioning", 1), ("wellbeing", 0), ("risk", 0)],
)
def test_core_om_is_prorated_up_to_the_owners_limit_and_not_beyond(scale: str, allowed: int) -> None:
    instrument = shipped("core_om")
    items = instrument.scales()[scale]
    within = score_items(uniform(instrument, 2, blank=items[:allowed]), instrument).scores[scale].iloc[0]
    beyond = score_items(uniform(instrument, 2, blank=items[: allowed + 1]), instrument).scores[scale].iloc[0]
    assert within == 2 * len(items)  # 2 is its own mirror image on 0 to 4
    assert np.isnan(beyond)


def test_core_10_is_prorated_for_one_missing_item_only() -> None:
    instrument = shipped("core_10")
    assert total(uniform(instrument, 2, blank=[5]), instrument) == 20
    assert np.isnan(total(uniform(instrument, 2, blank=[5, 6]), instrument))


def test_bdi_ii_has_no_reliable_change_because_the_cited_one_is_of_the_first_bdi() -> None:
    assert shipped("bdi_ii").reliable_change == []


def test_each_reliable_change_carries_its_level_and_that_of_the_core_10_is_90_percent() -> None:
    (ten,) = shipped("core_10").reliable_change
    assert (ten.value, ten.level) == (6, 0.90)
    for instrument in read_instruments(sorted(FOLDER.glob("*.yaml"))).values():
        for change in instrument.reliable_change:
            assert 0.5 < change.level < 1 and change.source
            assert instrument.key == "core_10" or change.level == 0.95


def dutch(instrument: Instrument, shift: int = 0) -> pd.DataFrame:
    """Forty Dutch exports of the OQ-45: reversed items already turned round, answers 0 to 4, or 1 to 5 with a shift."""
    draws = np.random.default_rng(45).integers(0, 5, size=(40, instrument.items))
    return pd.DataFrame(draws.astype(float) + shift, columns=[f"x__{item}" for item in range(1, 46)])


def oq(**changes: object) -> Variable:
    settings = {"label": "x", "kind": "scale", "instrument": "oq_45", "items": "i_{item}", "measured": "before"}
    return Variable.model_validate(settings | changes)


def test_pre_reversed_export_is_scored_as_it_stands_when_declared() -> None:
    instrument = shipped("oq_45")
    export = dutch(instrument)
    declared = score_variable(export, "x", oq(stored_reversed=True), instrument).scores["total"]
    undeclared = score_variable(export, "x", oq(), instrument).scores["total"]
    np.testing.assert_array_equal(declared, export.sum(axis=1))
    turned = export[[f"x__{item}" for item in instrument.reversed]]
    np.testing.assert_array_equal(
        undeclared - declared, (4 - 2 * turned).sum(axis=1)
    )  # nine items turned a second time


def test_answers_from_1_to_5_are_refused_by_the_range_of_the_oq() -> None:
    instrument = shipped("oq_45")
    with pytest.raises(DataError, match="outside 0 to 4"):
        score_variable(dutch(instrument, shift=1), "x", oq(stored_reversed=True), instrument)


def test_numbering_that_skips_17_is_refused_by_name() -> None:
    instrument = shipped("oq_45")
    export = dutch(instrument)
    export.columns = pd.Index([f"x__{item}" for item in [*range(1, 17), *range(18, 47)]])
    with pytest.raises(DataError, match="no column for item 17"):
        score_variable(export, "x", oq(stored_reversed=True), instrument)
