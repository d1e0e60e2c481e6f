"""Outcomes that normal residuals cannot be for are refused or flagged; many scores at an end of the scale are marked."""

import numpy as np
import pytest

from alliance.config import Variable
from alliance.errors import ModelError
from alliance.models.checking.scores import kind_of_scores, mark_scores
from alliance.models.rows import select_rows
from tests.unit.models import joint_study as study

RNG = np.random.default_rng(1)
SCORES = RNG.normal(10, 3, 500)
PANEL = study.simulate(20, 6, seed=1)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (RNG.integers(0, 2, 200), "yes/no"),
        (RNG.integers(3, 5, 200), "yes/no"),
        (RNG.poisson(0.6, 200), "a count"),
        (RNG.poisson(4.0, 200), ""),  # few zeros
        (np.where(RNG.random(200) < 0.5, 0, RNG.integers(0, 28, 200)), ""),  # a sum score of which half is at the floor
        (np.round(SCORES), ""),
    ],
)
def test_kind_is_told_from_the_values(values: np.ndarray, kind: str) -> None:
    assert kind_of_scores(values.astype(float)) == kind


def variables(**changes: object) -> dict[str, Variable]:
    return {"y": Variable.model_validate({"label": "y", "column": "y", "measured": "after"} | changes)}


@pytest.mark.parametrize(
    ("floor", "declared", "share", "passes"),
    [
        (6.0, (6, 40), 0.1, False),  # a tenth lies at the floor of the declared range
        (6.0, (0, 40), 0.0, True),  # nobody is at either end of what is possible
        (6.0, None, 0.1, False),  # without a range the lowest observed score is the end
        (1.0, None, 0.01, True),
    ],
)
def test_scores_at_an_end_are_counted_and_marked(floor: float, declared: object, share: float, passes: bool) -> None:
    (mark,) = mark_scores("y", np.maximum(SCORES, floor), variables(range=declared))

    assert mark.value == pytest.approx(share, abs=0.03) and mark.passed is passes
    assert mark.outcomes == ("y",)


def test_yes_no_outcome_is_refused_with_what_to_do_and_flags_everything_where_it_is_signed_off() -> None:
    panel = PANEL.assign(y=(PANEL["y"] > PANEL["y"].mean()).astype(float))
    spec = study.make_spec()
    with pytest.raises(ModelError, match=r"'y' is yes/no.*models.specs.m.discrete_signed_off"):
        select_rows(panel, "m", spec)
    rows, _ = select_rows(panel, "m", study.make_spec(discrete_signed_off="As in the protocol."))
    (mark,) = mark_scores("y", rows["y"]["y"].to_numpy(), variables())

    assert not mark.passed and mark.outcomes == mark.effects == mark.levels == ()


def test_ends_of_a_censored_scale_are_those_declared_and_values_beyond_them_are_not_at_an_end() -> None:
    censored = variables(censored=(6.0, None))
    (recorded,) = mark_scores("y", np.maximum(SCORES, 6.0), censored)
    (drawn,) = mark_scores("y", np.where(SCORES <= 6.0, SCORES - 0.5, SCORES), censored)

    assert not recorded.passed and "at 6" in (recorded.detail or "")
    assert drawn.passed
