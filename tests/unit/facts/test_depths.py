"""Depths by the names that declarations use."""

import pytest
from pydantic import ValidationError

from alliance.facts.depths import DEPTHS, Depth, known_depth
from tests.unit.models.joint_study import make_spec


def test_depth_that_is_not_declared_is_refused_with_the_nearest_one() -> None:
    assert known_depth("laplace") == "laplace"
    with pytest.raises(
        ValueError, match=r"there is no depth 'laplas'\. Did you mean 'laplace'\? Known depths: ml, laplace, nuts"
    ):
        known_depth("laplas")


def test_a_further_depth_can_be_declared_and_its_trait_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DEPTHS, "grid", Depth("grid", posterior=True))
    assert make_spec(family="multilevel_path", depth="grid").depth == "grid"
    with pytest.raises(ValidationError, match="'standard_errors' is for maximum likelihood"):
        make_spec(family="multilevel_path", depth="grid", standard_errors="robust")
