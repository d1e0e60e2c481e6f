"""Answers as words: whether codes go up or down along them."""

import pytest

from alliance.facts.wordings import is_coded, run_of_codes

RISING = ["never", "rarely", "sometimes", "often", "always"]


@pytest.mark.parametrize(
    ("labels", "run"),
    [
        (RISING, 1),
        (RISING[::-1], -1),
        (["  Never", "RARELY ", "some\u00a0times".replace("\u00a0", ""), "Often", "Always"], 1),
        (["never", "always"], 1),
        (["nie", "selten", "manchmal", "oft", "immer"][::-1], -1),
        (["never", "often", "rarely"], 0),
        (["yes", "no"], 0),
        (["never"], 0),
    ],
)
def test_codes_rise_or_fall_along_a_known_order(labels: list[str], run: int) -> None:
    assert run_of_codes(dict(enumerate(labels, start=1))) == run


def test_codes_of_a_program_say_nothing_of_their_order() -> None:
    assert is_coded(["A1", "A2", "A3"])
    assert not is_coded(["1 = never", "2 = always"])
