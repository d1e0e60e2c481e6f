"""What a quantity is called is put together and taken apart in one place."""

import math
from typing import Any

import pandas as pd
import pytest

from alliance.facts.quantity import (
    QUANTITY_COLUMNS,
    count_sessions,
    ends_of,
    join_contrast,
    join_names,
    join_nodes,
    join_together,
    key_of,
    keys_of,
    name_condition,
    name_horizon,
    name_sessions,
    nodes_of,
    outcomes_on,
    shorten,
    split_contrast,
)

LONG, OTHER = join_nodes("x", "m", "y"), join_nodes("x", "n", "y")


def row(**changes: Any) -> dict[str, Any]:
    return {
        "outcome": "y", "path": LONG, "effect": "conditional", "level": "within", "horizon": "", "moderator": "arm", "value": 0.0,
    } | changes  # fmt: skip


def test_path_falls_into_the_nodes_it_was_made_from() -> None:
    assert nodes_of(LONG) == ["x", "m", "y"]
    assert (ends_of(LONG), ends_of("")) == (("x", "y"), ("", ""))
    assert split_contrast(join_contrast(LONG, OTHER)) == [LONG, OTHER]
    assert split_contrast(LONG) == [LONG]


def test_path_is_shortened_to_its_ends_and_what_has_no_arrow_stays() -> None:
    assert shorten(LONG) == join_nodes("x", "y")
    assert shorten(join_nodes("x", "x")) == join_nodes("x", "x")
    assert [shorten(path) for path in ("x", join_names("x", "y"), "")] == ["x", "x, y", ""]


@pytest.mark.parametrize(
    ("path", "outcomes"),
    [
        (LONG, {"m", "y"}),
        (join_contrast(LONG, OTHER), {"m", "n", "y"}),
        (join_together(("intercept", "m"), ("x", "y")), {"m", "y"}),
        (join_together(("intercept", "y"), ("x", "y")), {"y"}),
        ("", set()),
    ],
)
def test_outcomes_of_all_equations_behind_a_name_are_found(path: str, outcomes: set[str]) -> None:
    assert outcomes_on(path) == outcomes


def test_horizons_are_named_in_words_and_counted_back() -> None:
    assert [name_horizon(n) for n in range(3)] == ["same session", "next session", "2 sessions later"]
    assert [name_sessions(n) for n in (1, 2)] == ["after 1 session", "after 2 sessions"]
    assert [count_sessions(name_sessions(n)) for n in (1, 16)] == [1, 16]


def test_moderator_is_named_behind_a_path() -> None:
    conditions = [name_condition(*given) for given in (("arm", 1.0), ("arm", math.nan), ("", math.nan))]
    assert conditions == [" at arm = 1", " by arm", ""]


def test_quantities_differ_by_the_value_of_their_moderator() -> None:
    assert key_of(row()) != key_of(row(value=1.0))
    assert key_of(row(value=math.nan)) == key_of(row(value=float("nan")))
    table = pd.DataFrame([row(estimate=1.0), row(value=math.nan, estimate=2.0)])
    assert keys_of(table) == [key_of(row()), key_of(row(value=math.nan))]
    assert set(row()) == set(QUANTITY_COLUMNS)
