"""Numbers, categories and composites."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.config import Variable
from alliance.config.instruments import read_instruments
from alliance.data.scoring.tables import score_table
from alliance.errors import ConfigError, DataError, InstrumentError

INSTRUMENTS = read_instruments([Path(__file__).parents[4] / "config" / "instruments" / "wai_sr.yaml"])


def variables(**declared: dict[str, Any]) -> dict[str, Variable]:
    common = {"label": "x", "measured": "during"}
    return {name: Variable.model_validate(common | settings) for name, settings in declared.items()}


def score(table: pd.DataFrame, declared: dict[str, Variable], level: str = "sessions") -> pd.DataFrame:
    return score_table(table, declared, level, INSTRUMENTS).scores


def test_levels_give_the_numbers_declared_for_the_labels() -> None:
    declared = variables(arm={"kind": "category", "column": "group", "levels": {"control": 0, "treated": 1}})
    scores = score(pd.DataFrame({"arm": ["treated", None, "control"]}), declared)
    np.testing.assert_array_equal(scores["arm"], [1, np.nan, 0])


def test_label_that_is_not_declared_is_an_error_naming_the_column() -> None:
    declared = variables(arm={"kind": "category", "column": "group", "levels": {"control": 0, "treated": 1}})
    with pytest.raises(
        DataError,
        match=r"sessions, column 'group': a label is not declared: text of 6 characters \(1 rows\).*Did you mean 'treated'",
    ):
        score(pd.DataFrame({"arm": ["treatd", "control"]}), declared)


def test_reference_gives_one_column_for_each_other_label_and_keeps_missing_missing() -> None:
    declared = variables(delivery={"kind": "category", "column": "d", "reference": "in_person"})
    scores = score(pd.DataFrame({"delivery": ["video", "in_person", None, "Text chat"]}), declared)
    assert list(scores) == ["delivery_text_chat", "delivery_video"]
    np.testing.assert_array_equal(scores["delivery_video"], [1, 0, np.nan, 0])


def test_declared_labels_give_the_column_of_each_group_whoever_is_there() -> None:
    declared = variables(
        delivery={
            "kind": "category",
            "column": "d",
            "labels": {"in_person": "in person", "video": "remote", "text": "remote", "x": "x"},
        }
    )
    found = score(pd.DataFrame({"delivery": ["video", None, "in_person", "text"]}), declared)
    assert list(found) == ["delivery_remote", "delivery_x"]
    np.testing.assert_array_equal(found["delivery_remote"], [1, np.nan, 0, 1])


def test_reference_that_does_not_occur_is_refused() -> None:
    declared = variables(delivery={"kind": "category", "column": "d", "reference": "in_persn"})
    with pytest.raises(DataError, match=r"'in_persn' does not occur\. Did you mean 'in-Persn'"):
        score(pd.DataFrame({"delivery": ["video", "in-Persn"]}), declared)


def test_labels_that_would_share_a_column_name_are_refused() -> None:
    declared = variables(delivery={"kind": "category", "column": "d", "reference": "none"})
    with pytest.raises(DataError, match="text of 8 characters"):
        score(pd.DataFrame({"delivery": ["none", "by phone", "By-Phone"]}), declared)


def test_numeric_codes_match_labels_whatever_type_the_file_gave_them() -> None:
    declared = variables(match={"kind": "category", "column": "m", "levels": {"0": 0, "1": 1}})
    np.testing.assert_array_equal(score(pd.DataFrame({"match": [1.0, 0.0, np.nan]}), declared)["match"], [1, 0, np.nan])


def test_accents_in_labels_become_plain_column_names() -> None:
    declared = variables(school={"kind": "category", "column": "s", "reference": "cbt"})
    assert list(score(pd.DataFrame({"school": ["cbt", "Gestält"]}), declared)) == ["school_gestalt"]


@pytest.mark.parametrize(("metric", "expected"), [("mean", [2.0, np.nan]), ("sum", [4.0, np.nan])])
def test_composite_joins_its_parts_and_is_missing_when_one_of_them_is(metric: str, expected: list[float]) -> None:
    declared = variables(
        both={"kind": "composite", "of": ["one", "two"], "metric": metric}, one={"column": "a"}, two={"column": "b"}
    )
    scores = score(pd.DataFrame({"one": [1.0, 1.0], "two": [3.0, np.nan]}), declared)
    np.testing.assert_array_equal(scores["both"], expected)
    assert list(scores) == ["both", "one", "two"]  # as declared


def test_composite_may_be_made_of_a_composite() -> None:
    declared = variables(
        outer={"kind": "composite", "of": ["inner", "one"], "metric": "sum"},
        inner={"kind": "composite", "of": ["one", "two"], "metric": "sum"},
        one={"column": "a"},
        two={"column": "b"},
    )
    assert score(pd.DataFrame({"one": [1.0], "two": [3.0]}), declared)["outer"].tolist() == [1 + 3 + 1]


def test_composite_may_be_made_of_subscales() -> None:
    declared = variables(
        core={"kind": "composite", "of": ["alliance_bond", "alliance_goal"], "metric": "mean"},
        alliance={"kind": "scale", "instrument": "wai_sr", "items": "wai_{item}", "metric": "mean"},
    )
    table = pd.DataFrame({f"alliance__{item}": [1.0 + item % 5, 3.0] for item in range(1, 13)})
    scores = score(table, declared)
    np.testing.assert_allclose(scores["core"], (scores["alliance_bond"] + scores["alliance_goal"]) / 2)
    declared["core"] = declared["core"].model_copy(update={"of": ["alliance_bund", "alliance_goal"]})
    with pytest.raises(ConfigError, match="Did you mean 'alliance_bond'"):
        score(table, declared)


def test_composites_made_of_each_other_are_refused() -> None:
    declared = variables(one={"kind": "composite", "of": ["two"]}, two={"kind": "composite", "of": ["one"]})
    with pytest.raises(ConfigError, match="one, two are made of each other"):
        score(pd.DataFrame(index=[0]), declared)


def test_composite_of_a_category_with_a_reference_is_refused() -> None:
    declared = variables(
        both={"kind": "composite", "of": ["delivery"]}, delivery={"kind": "category", "column": "d", "reference": "a"}
    )
    with pytest.raises(ConfigError, match=r"variables\.both\.of: 'delivery' is not one number"):
        score(pd.DataFrame({"delivery": ["a", "b"]}), declared)


def test_text_among_numbers_is_refused() -> None:
    declared = variables(homework={"column": "hw"})
    with pytest.raises(DataError, match="column 'hw': 1 values are not numbers"):
        score(pd.DataFrame({"homework": ["1", "often", None]}), declared)


def test_column_that_is_not_there_is_named() -> None:
    with pytest.raises(DataError, match=r"no column 'homework'.*'hw'"):
        score(pd.DataFrame({"other": [1.0]}), variables(homework={"column": "hw"}))


def test_variables_of_other_tables_are_passed_over() -> None:
    declared = variables(age={"column": "age", "table": "patients"}, homework={"column": "hw"})
    assert list(score(pd.DataFrame({"age": [30.0]}), declared, "patients")) == ["age"]


def test_scale_gives_its_total_under_the_name_of_the_variable_and_its_parts_behind_it() -> None:
    declared = variables(alliance={"kind": "scale", "instrument": "wai_sr", "items": "wai_{item}"})
    table = pd.DataFrame({f"alliance__{item}": [4.0] for item in range(1, 13)})
    scores = score(table, declared)
    assert scores.iloc[0].to_dict() == {
        "alliance": 48.0,
        "alliance_task": 16.0,
        "alliance_bond": 16.0,
        "alliance_goal": 16.0,
        "alliance_agreement": 32.0,
    }


def test_score_with_the_name_of_another_variable_is_refused() -> None:
    declared = variables(
        alliance={"kind": "scale", "instrument": "wai_sr", "items": "wai_{item}"}, alliance_bond={"column": "bond"}
    )
    table = pd.DataFrame({f"alliance__{item}": [4.0] for item in range(1, 13)}).assign(alliance_bond=3.0)
    with pytest.raises(ConfigError, match="'alliance_bond' has the name of another score"):
        score(table, declared)


def test_unknown_instrument_is_refused_with_a_suggestion() -> None:
    declared = variables(alliance={"kind": "scale", "instrument": "wai_rs", "items": "wai_{item}"})
    with pytest.raises(InstrumentError, match=r"no instrument 'wai_rs'\. Did you mean 'wai_sr'"):
        score(pd.DataFrame({"alliance__1": [1.0]}), declared)
