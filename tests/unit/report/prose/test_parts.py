"""What is told of parts: differences after allowing for their number, whether they are one without error, and scores at the top."""

from typing import Any

import pandas as pd

from alliance.config import merge_with_base, read_yaml, validate_config
from alliance.report.prose.contrasts import compare_ways
from alliance.report.prose.parts import describe_parts, tell_parts
from alliance.runs.subscales import parts_from
from tests.artefacts.builders import ROOT
from tests.unit.report.prose.rows import estimate, inputs, said

MAIN = validate_config(
    merge_with_base(read_yaml(ROOT / "config/config.yaml"), [{"questions": ["parts"]}], parts=parts_from(ROOT))
)
MODEL, TOGETHER = "parts_of_alliance", "parts_of_alliance_together"
NAMES = ("task", "bond", "goal")
PAIRS = (("task", "bond"), ("task", "goal"), ("bond", "goal"))


def way(part: str, value: float = -0.2) -> dict[str, Any]:
    path = f"technique -> alliance_{part} -> symptoms"
    return estimate(model=MODEL, path=path, estimate=value, low=value - 0.1, high=value + 0.1)


def difference(one: str, other: str, value: float = 0.0, p_direction: float = 0.6) -> dict[str, Any]:
    path = " minus ".join(f"technique -> alliance_{part} -> symptoms" for part in (one, other))
    numbers = {"estimate": value, "low": value - 0.12, "high": value + 0.12, "p_direction": p_direction}
    return estimate(model=MODEL, path=path, effect="contrast", **numbers)


def together(effect: str, level: str, numbers: tuple[float, float, float], **about: str) -> dict[str, Any]:
    known = dict(zip(("estimate", "low", "high"), numbers, strict=True))
    where = {"path": "alliance_task, alliance_bond", "horizon": ""} | about
    return estimate(model=TOGETHER, effect=effect, level=level, **where, **known)


def answer(*rows: dict[str, Any]) -> str:
    told = tell_parts(inputs(*rows), MAIN)
    assert told is not None
    return told.answer


def test_parts_are_compared_with_each_other_and_how_far_they_may_differ_is_said() -> None:
    rows = [*(way(name) for name in NAMES), *(difference(*pair) for pair in PAIRS)]
    assert answer(*rows) == (
        "Open: of the 3 differences between ways none is told from zero after allowing for their number, so which carries most is not "
        "known; the intervals leave up to 0.12 points possible. That is no proof that all carry alike."
    )


def test_one_of_three_differences_by_itself_is_no_finding() -> None:
    # p = .04 alone, .12 after Holm.
    rows = [difference("task", "bond", -0.13, 0.98), *(difference(*pair) for pair in PAIRS[1:])]
    assert answer(*map(way, NAMES), *rows).startswith("Open: of the 3 differences between ways none")


def test_difference_that_is_left_is_told_and_the_others_stay_open() -> None:
    rows = [difference("task", "bond", -0.2, 0.9999), *(difference(*pair) for pair in PAIRS[1:])]
    assert answer(*map(way, NAMES), *rows) == (
        "Yes, in part: lower symptoms by way of working alliance (task) than by way of working alliance (bond), after allowing for the "
        "number of differences (3). For the other 2 differences that stays open, by up to 0.12 points."
    )


def test_way_carries_most_only_where_it_differs_from_every_other_one_and_from_zero() -> None:
    rows = [difference(*PAIRS[0], -0.3, 0.9999), difference(*PAIRS[1], -0.3, 0.9999), difference(*PAIRS[2])]
    ways = [way("task", -0.4), way("bond", -0.1), way("goal", -0.1)]
    assert compare_ways(ways, rows, MAIN)[1].startswith(
        "working alliance (task) carries most, with lower symptoms by way of it than by any other way, after"
    )
    # The others lead to higher symptoms, and whether this one leads anywhere is open.
    ways = [way("task", -0.05), way("bond", 0.25), way("goal", 0.25)]
    assert compare_ways(ways, rows, MAIN)[0] == "Yes, in part"
    # Where the difference is written the other way round nothing changes.
    turned = [difference("bond", "task", 0.3, 0.9999), difference("goal", "task", 0.3, 0.9999), difference(*PAIRS[2])]
    ways = [way("task", -0.4), way("bond", -0.1), way("goal", -0.1)]
    assert compare_ways(ways, turned, MAIN)[1].startswith("working alliance (task) carries most")


def test_parts_may_be_one_where_no_correlation_without_error_is_told_from_one() -> None:
    rows = [way("task"), way("bond"), difference("task", "bond")]
    one = together("correlation_true", "session", (1.01, 0.95, 1.06))
    assert "Without the error of their scores the parts may be one within patients" in answer(*rows, one)
    below = together("correlation_true", "session", (0.8, 0.7, 0.9))
    assert "the parts are still apart within patients: all pairs are correlated below one" in answer(*rows, below)
    other = one | {"path": "alliance_task, alliance_goal"}
    assert (
        "working alliance (task) and working alliance (bond) are correlated below one; working alliance (task) and working alliance (goal) "
        "may be one" in answer(*rows, below, other)
    )


def details(*rows: dict[str, Any]) -> str:
    return said(describe_parts(inputs(*rows), MAIN))


def test_growing_together_is_told_from_the_interval_of_the_change() -> None:
    every = "alliance_task, alliance_bond, alliance_goal"
    mean = together("mean_correlation", "session", (0.5, 0.4, 0.6), path=every, horizon="first third of the course")
    change = together("mean_correlation_change", "session", (0.2, 0.1, 0.3), path=every)
    apart = together("mean_correlation_contrast", "session", (0.1, -0.1, 0.3), path=every)
    assert "In all patients it changes by 0.20 [0.10, 0.30]: the parts grow together." in details(mean, change)
    assert "whether they do so more in those who got better stays open" in details(mean, change, apart)
    falls = change | {"estimate": -0.2, "low": -0.3, "high": -0.1}
    assert "the parts grow apart" in details(mean, falls)
    left = change | {"low": -0.1}
    assert "whether the parts grow together or apart stays open" in details(mean, left)


def test_ceiling_is_named_where_many_scores_are_the_highest_possible() -> None:
    top = together("share_at_top", "overall", (0.02, 0.01, 0.03), path="", horizon="last third of the course")
    few, many = (top | {"outcome": "alliance_bond", "estimate": share} for share in (0.02, 0.2))
    assert "working alliance (bond) 2% [1%, 3%] in the last third of the course" in details(few)
    assert "ceiling" not in details(few)
    assert "Working alliance (bond) is at the ceiling in more than 5% of the scores" in details(many)


def test_nothing_is_told_where_the_models_gave_nothing() -> None:
    empty = {"estimates": pd.DataFrame([estimate(model="other")])}
    assert tell_parts(empty, MAIN) is None
    assert describe_parts(empty, MAIN) == []
