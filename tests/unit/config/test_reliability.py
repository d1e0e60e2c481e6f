"""How reliable a measure is, as the configuration says it: what is refused, and that the remedy is accepted."""

from typing import Any

import pytest
from pydantic import ValidationError

from alliance.config import Variable

NUMBER = {"label": "m", "column": "m", "measured": "during"}


def declare(**changes: Any) -> Variable:
    return Variable.model_validate(NUMBER | changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reliability": "items"}, "a ready-made number"),
        ({"reliability": {"within": 1.2}}, "less than or equal to 1"),
        ({"reliability": {"within": 0}}, "greater than 0"),
        ({"reliability": {}}, "no level below 1"),
        ({"reliability": {"within": 1, "between": 1}}, "no level below 1"),
        ({"reliability": {"within": 0.7}, "table": "patients", "measured": None}, "measured at sessions"),
        ({"reliability": {"within": 0.7}, "kind": "category", "levels": {"a": 0, "b": 1}}, "measured at sessions"),
        ({"reliability": "items", "kind": "composite", "of": ["a", "b"]}, "at least 3 parts, and 'of' names 2"),
        ({"reliability": 0.7}, "numbers by level, as in"),
    ],
)
def test_reliability_that_says_nothing_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        declare(**changes)


@pytest.mark.parametrize("reliability", [{"within": 0.7, "between": 0.9}, {"between": 0.9}])
def test_numbers_are_taken_where_there_are_no_items(reliability: dict[str, float]) -> None:
    assert declare(reliability=reliability).reliability.between == 0.9  # type: ignore[union-attr]


def test_level_that_is_not_named_has_no_error() -> None:
    assert declare(reliability={"within": 0.7}).reliability.between == 1  # type: ignore[union-attr]
