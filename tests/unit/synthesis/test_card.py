"""An effect card holds what other sites need, and nothing about anybody."""

import math
import re

import pandas as pd
import pytest
import yaml

from alliance.config import merge_with_base, read_yaml, validate_config
from alliance.errors import ConfigError
from alliance.results.standardised import within_ratio
from alliance.synthesis.card import key_of, parse_card
from alliance.synthesis.make import make_card
from tests.artefacts import builders
from tests.unit.synthesis.cards import ARMS, DATA, card_of


def written() -> dict:
    return card_of().model_dump(mode="json")


def test_card_is_read_back_as_it_was_written() -> None:
    text = yaml.safe_dump(written(), sort_keys=False, allow_unicode=True)
    assert parse_card(yaml.safe_load(text), "card.yaml") == card_of()
    assert len(text) < 50_000


def test_card_holds_the_main_numbers_of_the_models_that_answer() -> None:
    keys = {key_of(quantity) for quantity in card_of().quantities}
    assert ("technique", "technique -> mediator -> outcome", "indirect", "within", "next session") in keys
    assert ("first", "outcome -> mediator", "effect", "within", "same session") in keys
    assert {key[2] for key in keys} <= {"a", "b", "c_prime", "indirect", "total", "effect", "intention_to_treat"}


def test_card_names_parts_and_no_id_no_date_and_no_column() -> None:
    text = yaml.safe_dump(written())
    assert not re.search(r"\b[PT]\d{2,}\b|\d{4}-\d{2}-\d{2}", text)
    assert not re.search(r"\bwai_\d|\bcolumn\b|\.csv", text)
    assert "alliance -> symptoms" not in text  # names are those that sites share


def test_estimates_have_two_digits_of_their_error() -> None:
    for quantity in card_of().quantities:
        step = 10.0 ** (math.floor(math.log10(quantity.sd)) - 1)
        assert quantity.estimate / step == pytest.approx(round(quantity.estimate / step), abs=1e-6)


def test_few_patients_and_therapists_are_not_told() -> None:
    few = DATA["estimates"].assign(n_therapists=ARMS.privacy.minimum_cell - 1)
    assert {quantity.n_therapists for quantity in make_card(few, DATA["panel"], ARMS, {}).quantities} == {None}
    fewer = few.assign(n_patients=ARMS.privacy.minimum_cell - 1)
    assert make_card(fewer, DATA["panel"], ARMS, {}).quantities == []


def test_effect_in_standard_deviations_is_that_of_the_report() -> None:
    ratio = within_ratio(DATA["panel"], "symptoms", "alliance")
    assert ratio is not None
    found = next(one for one in card_of().quantities if (one.question, one.level) == ("first", "within"))
    assert found.standardised is not None
    assert found.standardised.estimate == pytest.approx(found.estimate * ratio.value, abs=0.1 * found.standardised.sd)


def test_treatment_is_standardised_by_how_patients_differ_at_the_start() -> None:
    spread = DATA["panel"].groupby("patient")["symptoms_baseline"].first().std()
    found = next(one for one in card_of().quantities if one.path == "treatment -> outcome" and one.standardised)
    assert found.standardised is not None
    assert found.standardised.sd == pytest.approx(found.sd / spread, rel=0.02)


def test_start_and_end_of_treatment_stand_in_the_card_as_a_correlation() -> None:
    config = builders.arms_config(questions=["development"])
    row = DATA["estimates"].iloc[0].to_dict() | {
        "model": config.models.fit[0], "outcome": "symptoms", "path": "alliance -> symptoms", "effect": "r_start", "level": "patient",
        "horizon": "", "moderator": "", "estimate": -0.3, "sd": 0.05,
    }  # fmt: skip
    (found,) = make_card(pd.DataFrame([row]), DATA["panel"], config, {}).quantities
    assert key_of(found)[:3] == ("development", "mediator -> outcome", "r_start")
    assert found.correlation and found.standardised is None


def test_names_of_variables_change_nothing() -> None:
    settings = yaml.safe_dump(ARMS.model_dump(mode="json", by_alias=True), sort_keys=False)
    renamed = validate_config(yaml.safe_load(re.sub(r"\bsymptoms(?=\b|_)", "distress", settings)))
    estimates = DATA["estimates"].replace({name: {"symptoms": "distress"} for name in ("path", "outcome")}, regex=True)
    assert isinstance(estimates, pd.DataFrame)
    swap = {column: column.replace("symptoms", "distress") for column in DATA["panel"].columns}
    other = make_card(estimates, DATA["panel"].rename(columns=swap), renamed, {"alliance": "0"})
    assert other.quantities == card_of().quantities


def test_group_of_a_label_plays_its_part_and_says_what_it_is_compared_with() -> None:
    label = {"label": "arm", "role": "treatment", "kind": "category", "column": "arm", "table": "patients"}
    overlay = {
        "data": {
            "sessions": {"path": "own.csv", "keys": {"patient": "p", "session": "s"}},
            "patients": {"path": "own.csv", "keys": {"patient": "p"}},
        },
        "variables": {
            "bond": {"label": "bond", "role": "mediator", "column": "b", "measured": "after"},
            "distress": {"label": "distress", "role": "outcome", "column": "d", "measured": "before"},
            "arm": label | {"labels": {"wait": "waiting", "cbt": "therapy", "act": "therapy"}},
        },
        "study": {"design": "randomised_arms", "randomised": ["arm"]},
    }
    config = validate_config(merge_with_base(read_yaml(builders.ROOT / "config/config.yaml"), [overlay]))
    row = DATA["estimates"].iloc[0].to_dict() | {
        "model": "arm_therapy_jointly", "outcome": "distress", "path": "arm_therapy -> distress", "effect": "total", "level": "overall",
        "moderator": "", "estimate": -1.5, "sd": 0.3,
    }  # fmt: skip
    panel = pd.DataFrame({"patient": list("abc"), "distress_baseline": [8.0, 10.0, 12.0]})
    card = make_card(pd.DataFrame([row]), panel, config, {})
    assert [one.path for one in card.quantities] == ["treatment -> outcome"]
    assert card.study.randomised == ["treatment"]
    assert (card.measures["treatment"].label, card.measures["outcome"].label) == ("arm: therapy", "distress")
    assert card.measures["treatment"].levels == {"waiting": 0.0, "therapy": 1.0}
    assert card.quantities[0].standardised is not None
    assert card.quantities[0].standardised.estimate == pytest.approx(-0.75, abs=0.01)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 7}, "no effect card of format 1"),
        ({"sites": "a"}, "sites"),
        ({"site": "../etc"}, "site"),
        ({"quantities": [written()["quantities"][0] | {"sd": 0.0}]}, "sd"),
        ({"quantities": [written()["quantities"][0]] * 2}, "stands there twice"),
        (
            {"quantities": [written()["quantities"][0] | {"correlation": True, "estimate": -1.2}]},
            "lies between -1 and 1",
        ),
        ({"measures": {}}, "does not say what"),
    ],
)
def test_what_is_no_card_is_refused_with_its_place(change: dict, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        parse_card(written() | change, "north.yaml")
    assert "north.yaml" in str(refused.value)
