"""Golden scores of every shipped instrument, and the rules for missing items.

The answers run through the range again and again (item 1 gets the lowest answer, item 2 the next one, ...), so
neighbours differ and a wrong item number shows. Expected values are added up by hand, item after item, reversed ones
turned round.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alliance.config import Variable
from alliance.config.instruments import Fact, Instrument, read_instrument
from alliance.data.scoring.scales import score_items, score_variable, turn_round
from alliance.errors import DataError, InstrumentError

FOLDER = Path(__file__).parents[4] / "config" / "instruments"

GOLDEN: dict[str, dict[str, float]] = {
    "wai_sr": {  # 1 2 3 4 5 1 2 3 4 5 1 2
        "task": 1 + 2 + 5 + 2,
        "bond": 3 + 5 + 2 + 4,
        "goal": 4 + 1 + 3 + 1,
        "agreement": 10 + 9,
        "total": 10 + 14 + 9,
    },
    "wai_s": {  # 1 2 3 4 5 6 7 1 2 3 4 5; items 4 and 10 become 8 - 4 and 8 - 3
        "task": 1 + 2 + 1 + 5,
        "bond": 3 + 5 + 7 + 2,
        "goal": 4 + 6 + 5 + 4,
        "agreement": 9 + 19,
        "total": 9 + 17 + 19,
    },
    "wai": {  # 1 to 7 again and again; reversed: 8 - x
        "task": 2 + 4 + (8 - 7) + (8 - 4) + 6 + (8 - 1) + 2 + 4 + 3 + (8 - 3) + (8 - 5) + 7,
        "bond": (8 - 1) + 5 + 1 + 3 + 5 + (8 - 6) + 7 + 2 + 5 + 7 + (8 - 1) + 1,
        "goal": (8 - 3) + 6 + (8 - 2) + (8 - 3) + (8 - 5) + 7 + 1 + 4 + (8 - 6) + 2 + 4 + (8 - 6),
        "agreement": 48 + 47,
        "total": 48 + 52 + 47,
    },
    "haq_ii": {  # 1 to 6 again and again; items 4, 8, 11, 16, 19 become 7 - x
        "total": (1 + 2 + 3 + (7 - 4) + 5 + 6)
        + (1 + (7 - 2) + 3 + 4 + (7 - 5) + 6)
        + (1 + 2 + 3 + (7 - 4) + 5 + 6)
        + (7 - 1)
    },
    "srs": {"total": 0 + 1 + 2 + 3},
    "tasc_r": {  # 1 to 4 again and again; items 2, 5, 7, 8, 11 become 5 - x
        "total": 1 + (5 - 2) + 3 + 4 + (5 - 1) + 2 + (5 - 3) + (5 - 4) + 1 + 2 + (5 - 3) + 4
    },
    "phq_9": {"total": (0 + 1 + 2 + 3) + (0 + 1 + 2 + 3) + 0},
    "gad_7": {"total": (0 + 1 + 2 + 3) + (0 + 1 + 2)},
    "bdi_ii": {"total": 5 * (0 + 1 + 2 + 3) + 0},
    "core_10": {"total": 0 + (4 - 1) + (4 - 2) + 3 + 4 + 0 + 1 + 2 + 3 + 4},
    "core_om": {  # 0 to 4 again and again; reversed: 4 - x
        "wellbeing": (4 - 3) + 3 + 1 + (4 - 0),
        "problems": 1 + 4 + 2 + 0 + 2 + 4 + 2 + 4 + 2 + 1 + 2 + 4,
        "functioning": 0 + (4 - 2) + (4 - 1) + 4 + (4 - 1) + (4 - 3) + (4 - 0) + 4 + 0 + 3 + (4 - 1) + 2,
        "risk": 0 + 3 + 0 + 1 + 3 + 3,
        "non_risk": 9 + 28 + 29,
        "total": 9 + 28 + 29 + 10,
    },
    "oq_45": {  # 0 to 4 again and again; reversed: 4 - x
        "interpersonal_relations": (4 - 0) + 1 + 0 + 1 + 2 + 3 + (4 - 4) + 0 + 4 + (4 - 1) + (4 - 2),
        "social_role": 3 + (4 - 1) + 3 + (4 - 0) + 2 + 1 + 2 + 3 + 3,
        "symptom_distress": (1 + 2 + 4 + 0 + 2 + 3 + 4 + 0)
        + ((4 - 2) + 4 + 1 + 2 + (4 - 3) + 4 + 1 + 3 + (4 - 0))
        + (2 + 3 + 4 + 0 + 4 + 0 + 1 + 4),
        "total": 20 + 24 + 56,
    },
}


def shipped(key: str) -> Instrument:
    return read_instrument(FOLDER / f"{key}.yaml")


def answers(instrument: Instrument, blank: list[int] | None = None) -> pd.DataFrame:
    """One administration whose answers run through the range, with some left blank."""
    low, high = (int(bound) for bound in instrument.range)
    row = {item: float(low + (item - 1) % (high - low + 1)) for item in range(1, instrument.items + 1)}
    return pd.DataFrame([row | dict.fromkeys(blank or [], np.nan)])


@pytest.mark.parametrize("key", GOLDEN)
def test_golden_scores(key: str) -> None:
    instrument = shipped(key)
    scored = score_items(answers(instrument), instrument)
    # Whole answers add up exactly, so no tolerance.
    assert scored.scores.iloc[0].to_dict() == GOLDEN[key]
    assert scored.prorated == dict.fromkeys(GOLDEN[key], 0)


@pytest.mark.parametrize("key", GOLDEN)
def test_golden_means_are_sums_over_items(key: str) -> None:
    instrument = shipped(key)
    means = score_items(answers(instrument), instrument, metric="mean").scores.iloc[0]
    for scale, items in instrument.scales().items():
        assert means[scale] == pytest.approx(GOLDEN[key][scale] / len(items), rel=1e-15)  # one rounding


@pytest.mark.parametrize("key", GOLDEN)
def test_lowest_answers_give_the_lowest_score_once_reversed_items_are_stored_turned_round(key: str) -> None:
    instrument = shipped(key)
    lowest = pd.DataFrame([dict.fromkeys(range(1, instrument.items + 1), instrument.range[0])])
    stored = score_items(lowest, instrument, stored_reversed=True).scores["total"].iloc[0]
    span = instrument.range[1] - instrument.range[0]
    assert stored == instrument.items * instrument.range[0]
    assert score_items(lowest, instrument).scores["total"].iloc[0] == stored + span * len(instrument.reversed)


@pytest.mark.parametrize("key", GOLDEN)
def test_turning_round_twice_gives_the_answers_back(key: str) -> None:
    instrument = shipped(key)
    given = answers(instrument)
    pd.testing.assert_frame_equal(turn_round(turn_round(given, instrument), instrument), given)


def test_clinical_score_of_the_core_om_is_ten_times_its_mean() -> None:
    instrument = shipped("core_om")
    mean = score_items(answers(instrument), instrument, metric="mean").scores["total"].iloc[0]
    assert 10 * mean == pytest.approx(760 / 34, rel=1e-15)
    assert instrument.cutoffs[0].metric == "ten_times_mean"


def test_prorated_sum_is_the_mean_of_the_answered_items_times_their_number() -> None:
    instrument = shipped("phq_9")  # 0 1 2 3 0 1 2 3 0 without item 4 (3): 9 / 8 * 9
    scored = score_items(answers(instrument, blank=[4]), instrument)
    assert scored.scores["total"].iloc[0] == 9 * 9 / 8
    assert scored.prorated["total"] == 1


def test_reversed_item_counts_turned_round_when_another_is_missing() -> None:
    instrument = shipped("core_10")  # 22 without item 1 (0): 22 * 10 / 9
    assert score_items(answers(instrument, blank=[1]), instrument).scores["total"].iloc[0] == 22 * 10 / 9


def test_too_many_missing_items_leave_the_score_missing() -> None:
    instrument = shipped("phq_9")
    scored = score_items(answers(instrument, blank=[4, 5]), instrument)
    assert scored.scores["total"].isna().all() and scored.prorated["total"] == 0


def test_scales_are_prorated_each_by_its_own_limit() -> None:
    instrument = shipped("wai_sr")
    scores = score_items(answers(instrument, blank=[3]), instrument).scores.iloc[0]
    assert np.isnan(scores["bond"])  # one of four is more than a fifth
    assert (scores["task"], scores["goal"], scores["agreement"]) == (10, 9, 19)  # do not contain item 3
    assert scores["total"] == (33 - 3) * 12 / 11


def test_administration_without_any_answer_has_no_score() -> None:
    instrument = shipped("srs")
    blank = answers(instrument, blank=[1, 2, 3, 4])
    assert score_items(blank, instrument).scores.isna().all(axis=None)


def test_oq_fills_a_missing_item_with_the_rounded_mean_of_the_rest_of_its_subscale() -> None:
    instrument = shipped("oq_45")
    scored = score_items(answers(instrument, blank=[4]), instrument)
    scores = scored.scores.iloc[0]
    # Social role without item 4 (3): 24 - 3 = 21, mean 21 / 8 = 2.625, rounded 3.
    assert scores["social_role"] == 21 + 3
    assert scores["total"] == 20 + 24 + 56
    assert (scored.prorated["social_role"], scored.prorated["total"], scored.prorated["symptom_distress"]) == (1, 1, 0)


def test_oq_rounds_a_half_up() -> None:
    instrument = shipped("oq_45")
    given = answers(instrument)
    # Social role without item 4: eight answers with the sum 20 have the mean 2.5.
    for item, answer in zip([12, 14, 21, 28, 32, 38, 39, 44], [2, 3, 2, 3, 2, 3, 2, 3], strict=True):
        given[item] = float(4 - answer if item in instrument.reversed else answer)
    given[4] = np.nan
    assert score_items(given, instrument).scores["social_role"].iloc[0] == 20 + 3


def test_oq_total_is_missing_when_one_subscale_is() -> None:
    instrument = shipped("oq_45")
    scores = score_items(answers(instrument, blank=[4, 14]), instrument).scores.iloc[0]  # 2 of 9 is more than a fifth
    assert np.isnan(scores["social_role"]) and np.isnan(scores["total"])
    assert scores["symptom_distress"] == 56


def wide(instrument: Instrument, name: str = "x") -> pd.DataFrame:
    given = answers(instrument)
    return given.rename(columns={item: f"{name}__{item}" for item in given})


def variable(key: str, **changes: object) -> Variable:
    settings = {"label": "x", "kind": "scale", "instrument": key, "items": "i_{item}", "measured": "after"}
    return Variable.model_validate(settings | changes)


def test_missing_column_of_an_item_is_named() -> None:
    instrument = shipped("gad_7")
    with pytest.raises(DataError, match=r"variables\.x\.items.*item 3, 5"):
        score_variable(wide(instrument).drop(columns=["x__3", "x__5"]), "x", variable("gad_7"), instrument)


def test_answer_outside_the_range_is_refused() -> None:
    instrument = shipped("gad_7")
    table = wide(instrument).assign(x__2=4.0)
    with pytest.raises(DataError, match=r"item 2 lie outside 0 to 3.*first: 4"):
        score_variable(table, "x", variable("gad_7"), instrument)


def test_unverified_subscales_are_not_scored_until_confirmed_but_the_total_is() -> None:
    fact = Fact(source="hearsay", confidence="low", verified=False)
    sure = shipped("wai_sr")
    doubtful = sure.model_copy(update={"facts": {**sure.facts, "subscales": fact}})
    scored = score_variable(wide(sure), "x", variable("wai_sr"), doubtful)
    assert list(scored.scores) == ["total"]
    assert set(scored.refused) == {"task", "bond", "goal", "agreement"}
    assert "hearsay" in scored.refused["bond"] and "variables.x.instrument_confirmed" in scored.refused["bond"]
    confirmed = score_variable(wide(sure), "x", variable("wai_sr", instrument_confirmed=True), doubtful)
    assert confirmed.scores["bond"].iloc[0] == 14 and not confirmed.refused


def test_instrument_with_an_unverified_key_does_not_score() -> None:
    fact = Fact(source="hearsay", confidence="low", verified=False)
    sure = shipped("wai_sr")
    doubtful = sure.model_copy(update={"facts": {**sure.facts, "reversed": fact}})
    with pytest.raises(InstrumentError, match="'reversed' of WAI-SR is not verified"):
        score_variable(wide(sure), "x", variable("wai_sr"), doubtful)
