"""Two raters in words: each verdict follows from its interval, and no sentence says more."""

import re
from typing import Any

import pytest

from alliance.config import Config, merge_with_base, read_yaml, validate_config
from alliance.report.prose.raters import describe_raters, tell_raters
from tests.artefacts.builders import ROOT
from tests.unit.report.prose.rows import estimate, inputs

BOTH = "alliance, alliance_therapist"


@pytest.fixture(scope="module")
def config() -> Config:
    overlay = {"run": {"name": "raters"}, "questions": ["raters"]}
    return validate_config(merge_with_base(read_yaml(ROOT / "config/config.yaml"), [overlay]))


def agreement(effect: str, level: str, *values: float, horizon: str = "") -> dict[str, Any]:
    numbers = dict(zip(("estimate", "low", "high"), values, strict=True))
    head = {"model": "alliance_of_two_raters", "family": "descriptive", "outcome": "alliance_therapist", "path": BOTH}
    return estimate(**head, effect=effect, level=level, horizon=horizon, **numbers)


def partner(name: str, *values: float) -> dict[str, Any]:
    numbers = dict(zip(("estimate", "low", "high"), values, strict=True))
    return estimate(model="alliance_by_two_raters", path=f"{name} -> symptoms", effect="direct", **numbers)


def surface(**values: tuple[float, float, float]) -> list[dict[str, Any]]:
    flat = dict.fromkeys(("a1", "a2", "a3", "a4", "a5"), (0.1, -0.2, 0.4)) | values
    return [
        estimate(
            model="alliance_congruence", path=f"{BOTH} -> symptoms", effect=f"surface_{name}",
            **dict(zip(("estimate", "low", "high"), numbers, strict=True)),
        )
        for name, numbers in flat.items()
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("within", "between", "expected"),
    [
        ((0.7, 0.6, 0.8), (0.8, 0.6, 0.9), "Yes, for the most part"),
        ((0.4, 0.3, 0.5), (0.4, 0.1, 0.6), "In part: their ratings"),
        ((0.4, 0.3, 0.5), (0.1, -0.1, 0.3), "In part, within patients only"),
        ((0.1, -0.1, 0.2), (0.1, -0.1, 0.3), "Open"),
        ((-0.4, -0.5, -0.3), (0.1, -0.1, 0.3), "No: .* so within patients they move in opposite directions"),
    ],
)
def test_agreement_is_answered_from_both_intervals(config: Config, within: Any, between: Any, expected: str) -> None:
    rows = [agreement("correlation", "session", *within), agreement("correlation", "patient", *between)]
    told = tell_raters(inputs(*rows), config)
    assert told is not None and [row["level"] for row in told.rows] == ["session", "patient"]
    assert re.match(expected, told.answer)


def test_difference_that_may_be_none_is_said_to_be_so(config: Config) -> None:
    rows = [
        agreement("correlation", "session", 0.4, 0.3, 0.5),
        agreement("discrepancy", "overall", 5.0, 3.0, 7.0, horizon="at session 1"),
        agreement("discrepancy", "overall", -1.0, -3.0, 1.0, horizon="at session 12"),
    ]
    told = tell_raters(inputs(*rows), config)
    assert told is not None
    assert "5.0% of the range higher at session 1" in told.answer
    assert "1.0% of the range lower (its interval holds zero) at session 12" in told.answer


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        ((-0.2, -0.3, -0.1), (0.0, -0.1, 0.1), "working alliance goes along with symptoms at the next session; for alliance rated"),
        ((0.0, -0.1, 0.1), (-0.2, -0.3, -0.1), "alliance rated by the therapist goes along with symptoms"),
        ((-0.2, -0.3, -0.1), (-0.2, -0.3, -0.1), "Both go along with"),
        ((0.0, -0.1, 0.1), (0.0, -0.1, 0.1), "stays open"),
    ],
)  # fmt: skip
def test_whose_rating_goes_along_with_the_outcome_follows_from_both_intervals(
    config: Config, own: Any, other: Any, expected: str
) -> None:
    rows = [
        agreement("correlation", "session", 0.4, 0.3, 0.5),
        partner("alliance", *own),
        partner("alliance_therapist", *other),
    ]
    told = tell_raters(inputs(*rows), config)
    assert told is not None and expected in told.answer


def said(config: Config, *rows: dict[str, Any]) -> str:
    first = agreement("correlation", "session", 0.4, 0.3, 0.5)
    return " ".join(str(one) for passage in describe_raters(inputs(first, *rows), config) for one in passage.sentences)


def test_surface_that_tells_nothing_is_open_in_every_pattern(config: Config) -> None:
    text = said(config, *surface())
    assert text.count("stays open") == 4 and "congruence itself" not in text


def test_curve_along_disagreement_is_no_congruence_where_its_slope_is_not_zero(config: Config) -> None:
    clear = (0.4, 0.1, 0.7)
    text = said(config, *surface(a1=(-0.4, -0.7, -0.1), a3=clear, a4=clear))
    assert "both seeing more of it goes along with lower (better) symptoms" in text
    assert "goes along with higher (worse) symptoms than a straight line would have it (a4" in text
    assert "are zero, which a3 is not." in text
    assert "which their intervals allow and do not show" in said(config, *surface(a4=clear))


def test_convergence_is_told_by_direction_and_left_open_otherwise(config: Config) -> None:
    rows = [
        agreement("discrepancy_change", "overall", -0.2, -0.3, -0.1),
        agreement("distance_change", "overall", 0.0, -0.1, 0.1),
    ]
    text = said(config, *rows)
    assert "per session" in text and ": it falls." in text and "whether it grows or shrinks stays open" in text
