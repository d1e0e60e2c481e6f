"""Names of sessions are put in the order that they say, from the beginning on."""

import pytest

from alliance.first.sessions import counted, order_of_names


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        (["post", "pre"], {"pre": 0, "post": 1}),
        (["post", "mid", "pre"], {"pre": 0, "mid": 1, "post": 2}),
        (["pre", "mid", "post", "fu1", "fu2"], {"pre": 0, "mid": 1, "post": 2, "fu1": 3, "fu2": 4}),
        (["Week 8", "Baseline", "Week 4"], {"Baseline": 0, "Week 4": 4, "Week 8": 8}),
        (["T2", "pre", "T1", "post"], {"pre": 0, "T1": 1, "T2": 2, "post": 3}),
    ],
)
def test_words_and_numbers_are_put_in_order(names: list[str], numbers: dict[str, int]) -> None:
    assert order_of_names(names) == numbers


@pytest.mark.parametrize("names", [["pre", "T1", "mid", "T2"], ["mid", "T1"], ["pre", "telephone call"]])
def test_names_without_one_order_have_none(names: list[str]) -> None:
    assert order_of_names(names) is None


@pytest.mark.parametrize(
    ("numbers", "places"),
    [
        ([0, 4, 8], {0: 0, 4: 1, 8: 2}),
        ([8, 3, 5, 2, 2], {2: 1, 3: 2, 5: 3, 8: 4}),
        ([1, 3, 5, 7], {1: 1, 3: 2, 5: 3, 7: 4}),
        ([1, 2, 3, 4, 26], None),
        ([0, 1, 2], None),
        ([3], None),
    ],
)
def test_measurements_in_larger_steps_are_counted_and_a_single_pause_is_not(
    numbers: list[int], places: dict[int, int] | None
) -> None:
    assert counted(numbers) == places
