"""Names of sessions are put in the order that they say, from the beginning on."""

import pytest

from alliance.first.sessions import order_of_names


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        (["post", "pre"], {"pre": 0, "post": 1}),
        (["post", "mid", "pre"], {"pre": 0, "mid": 1, "post": 2}),
        (["pre", "mid", "post", "fu1", "fu2"], {"pre": 0, "mid": 1, "post": 2, "fu1": 3, "fu2": 4}),
        (["T2", "pre", "T1", "post"], {"pre": 0, "T1": 1, "T2": 2, "post": 3}),
    ],
)
def test_words_and_numbers_are_put_in_order(names: list[str], numbers: dict[str, int]) -> None:
    assert order_of_names(names) == numbers


@pytest.mark.parametrize("names", [["pre", "T1", "mid", "T2"], ["mid", "T1"], ["pre", "telephone call"]])
def test_names_without_one_order_have_none(names: list[str]) -> None:
    assert order_of_names(names) is None
