"""Marks of ruptures say how they are told, and from what."""

from typing import Any

import pytest
from pydantic import ValidationError

from alliance.config import Variable
from alliance.config.rupture import check_parts_of_mark

BOND = Variable.model_validate({"label": "bond", "column": "bond", "measured": "after"})
MARK: dict[str, Any] = {
    "label": "open rupture",
    "kind": "rupture_mark",
    "of": ["bond"],
    "detector": "sd_drop",
    "state": "open",
    "measured": "after",
}


def mark(**changes: Any) -> Variable:
    return Variable.model_validate(MARK | changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"detector": "sd_dropp"}, "no detector 'sd_dropp'.*Did you mean 'sd_drop'"),
        ({"detector": "observer"}, r"\[alliance, rupture\]"),
        ({"of": ["bond", "seen"]}, r"as in \[alliance\]"),
        ({"detector": None}, "needs 'detector'"),
        ({"table": "patients"}, "from session to session"),
        ({"missing_codes": [9]}, "no cells of its own"),
    ],
)
def test_what_tells_no_rupture_is_refused_with_what_to_write(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        mark(**changes)


def test_a_number_has_no_detector() -> None:
    with pytest.raises(ValidationError, match="remove them"):
        Variable.model_validate({"label": "bond", "column": "bond", "measured": "after", "detector": "sd_drop"})


def test_a_drop_is_known_when_its_score_is() -> None:
    assert check_parts_of_mark("m", mark(), {"bond": BOND}) == []
    said = check_parts_of_mark("m", mark(measured="before"), {"bond": BOND})
    assert said == ["variables.m.measured: a drop is known when 'bond' is, after the session. Write 'measured: after'."]


def test_only_scores_drop() -> None:
    code = Variable.model_validate(
        {"label": "bond", "kind": "category", "column": "bond", "reference": "none", "measured": "after"}
    )
    assert "no score that can drop" in check_parts_of_mark("m", mark(), {"bond": code})[0]
    strain = BOND.model_copy(update={"higher_is": "worse"})
    assert "a drop of it is a gain" in check_parts_of_mark("m", mark(), {"bond": strain})[0]
    assert "no variable of its own" in check_parts_of_mark("m", mark(of=["bond_goal"]), {"bond": BOND})[0]
