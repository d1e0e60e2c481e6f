"""Descriptions of figures are short enough to be listened to."""

import pytest

from alliance.report.figures.drawing import shorten


def test_short_description_stays_as_it_is() -> None:
    assert shorten("Bars. A: 1 [0, 2].") == "Bars. A: 1 [0, 2]."


@pytest.mark.parametrize("between", ["; ", ". ", ", "])
def test_long_description_ends_after_a_whole_estimate_and_says_where_the_rest_is(between: str) -> None:
    told = [f"path {number} within patients −0.14 [−0.19, −0.10]" for number in range(40)]
    short = shorten("Forest plot. " + between.join(told) + ".")
    assert len(short) < 500
    kept, rest = short.split(". The rest is ")
    assert rest == "in the numbers of this figure."
    assert kept.count("[") == kept.count("]")
    assert kept.startswith("Forest plot") and (between == ", " or kept.endswith("]"))


def test_description_without_a_place_to_stop_is_cut() -> None:
    assert len(shorten("x" * 600)) < 500
