"""Composites whose parts are indicators of a construct: what is refused, and that the remedies are accepted."""

import copy
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from alliance.config import Variable, merge_with_base, read_yaml, validate_config
from alliance.errors import ConfigError

MAIN = merge_with_base(read_yaml(Path(__file__).parents[3] / "config/config.yaml"), [])
CONSTRUCT = {"label": "c", "kind": "composite", "of": ["a", "b"], "latent": True, "measured": "during"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "number", "column": "c", "of": []}, "is for a composite"),
        ({"table": "patients", "measured": None}, "is for a composite of measures taken at sessions"),
        ({"of": ["a"]}, "at least two different indicators"),
        ({"of": ["a", "b", "a"]}, "at least two different indicators"),
        ({"reliability": {"within": 0.7}}, "remove 'reliability' and 'censored'"),
        ({"censored": [0, None]}, "remove 'reliability' and 'censored'"),
    ],
)
def test_construct_that_nothing_tells_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Variable.model_validate(CONSTRUCT | changes)


def test_remedies_are_accepted() -> None:
    assert Variable.model_validate(CONSTRUCT).latent
    assert not Variable.model_validate(CONSTRUCT | {"latent": False, "reliability": {"within": 0.7}}).latent


def with_construct(of: list[str], measured: str = "during") -> dict[str, Any]:
    settings = copy.deepcopy(MAIN)
    settings["variables"]["construct"] = CONSTRUCT | {"of": of, "measured": measured}
    settings["variables"]["other"] = CONSTRUCT | {"of": ["collaborative", "supportive"], "label": "d"}
    return settings


@pytest.mark.parametrize(
    ("of", "measured", "message"),
    [
        (["collaborative", "rupture"], "during", "'rupture' is no indicator of 'construct'"),
        (["collaborative", "other"], "during", "'other' is no indicator of 'construct'"),
        (
            ["collaborative", "supportive"],
            "after",
            "'collaborative' is measured during the session, and 'construct' after",
        ),
    ],
)
def test_part_that_is_no_indicator_is_refused(of: list[str], measured: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        validate_config(with_construct(of, measured))


@pytest.mark.parametrize("measured", ["during", "after"])
def test_scores_and_subscales_of_one_time_are_indicators(measured: str) -> None:
    parts = {
        "during": ["collaborative", "supportive"],
        "after": ["alliance_bond", "alliance_goal", "alliance_task"],
    }
    config = validate_config(with_construct(parts[measured], measured))
    assert config.variables["construct"].latent
