"""Truth values of YAML are refused where a number or a text belongs, and allowed where a truth value does."""

from typing import Any

import pytest

from alliance.config import merge_with_base, read_yaml, validate_config
from alliance.config.text import parse_yaml
from alliance.errors import ConfigError
from tests.unit.data.checks.study import ROOT


def with_changes(text: str) -> Any:
    return validate_config(merge_with_base(read_yaml(ROOT / "config/config.yaml"), [parse_yaml(text)]))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("cleaning: {missing_codes: [NO, 99]}", "cleaning.missing_codes"),
        ("panel: {max_gap_days: yes}", "panel.max_gap_days"),
        ("run: {seed: on}", "run.seed"),
        ("data: {sessions: {sheet: true}}", "data.sessions.sheet"),
        ("data: {sessions: {keys: {patient: no}}}", "data.sessions.keys"),
        ("variables: {alliance: {label: off}}", "variables.alliance.label"),
        ("models: {specs: {variance: {label: yes}}}", "models.specs.variance.label"),
    ],
)
def test_truth_values_are_refused_in_place_of_numbers_and_texts(text: str, place: str) -> None:
    with pytest.raises(ConfigError, match=rf"{place}: .*put quotes"):
        with_changes(text)


def test_words_in_quotes_and_settings_that_are_true_or_false_are_accepted() -> None:
    config = with_changes(
        'cleaning: {missing_codes: ["NO", 99], ids: {strip: yes, fold_case: no, strip_leading_zeros: off}}'
    )
    assert config.cleaning.missing_codes == ["NO", 99]
    assert not config.cleaning.ids.fold_case
