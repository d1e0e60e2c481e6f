"""Levels that a slope mixes are marked where the data show two, and sessions of one patient are not taken for those of many."""

import numpy as np
import pytest

from alliance.models.checking.design import mark_design, share_between
from alliance.models.checking.rows import mark_rows
from alliance.models.container import Quantities
from alliance.models.diagram import every_path
from tests.unit.models import joint_study as study
from tests.unit.models.populations import design_of

EQUATIONS = {
    "m": {"on": ["x", "arm"], "vary": {"patient": ["intercept"]}},
    "y": {"on": ["m", "x", "arm"], "vary": {"patient": ["intercept"]}},
}


def marks_of(caution: str, *, usual: float = 0.0, equations=EQUATIONS):
    panel = study.simulate(120, 8, seed=3)
    rng = np.random.default_rng(4)
    panel["x"] += panel["patient"].map(dict(zip(panel["patient"].unique(), rng.normal(0, usual, 120), strict=True)))
    spec = study.make_spec(family="multilevel_path", depth="ml", equations=equations)
    design = design_of(spec, panel)
    found = [*mark_design(design, every_path("model", spec, study.VARIABLES)), *mark_rows(design)]
    return [mark for mark in found if mark.caution == caution]


@pytest.mark.parametrize(("usual", "passes"), [(0.0, True), (0.5, False)])
def test_levels_are_mixed_where_the_predictor_differs_between_patients(usual: float, passes: bool) -> None:
    marks = marks_of("mixed_levels", usual=usual)

    assert [mark.subject for mark in marks] == ["x -> m", "x -> y"]
    assert all(mark.passed is passes for mark in marks)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.4])
def test_share_and_its_error_are_those_of_many_samples(share: float) -> None:
    rng = np.random.default_rng(5)
    patients = np.repeat(np.arange(60), 10)
    found = [
        share_between(
            np.sqrt(share) * rng.normal(size=60)[patients] + np.sqrt(1 - share) * rng.normal(size=600), patients
        )
        for _ in range(400)
    ]
    shares, errors = np.array(found).T
    # 400 samples: means are known to a twentieth of the spread, the spread to 4 %. Shares below zero count as zero.
    assert shares.mean() == pytest.approx(share, abs=0.015)
    if share:
        assert errors.mean() == pytest.approx(shares.std(), rel=0.12)


def test_patients_without_an_intercept_of_their_own_are_marked_and_nothing_is_within_them() -> None:
    plain = {outcome: equation | {"vary": {}} for outcome, equation in EQUATIONS.items()}
    marks = marks_of("patients_not_told_apart", equations=plain)

    assert [(mark.subject, mark.value, mark.passed) for mark in marks] == [("m", 8.0, False), ("y", 8.0, False)]
    assert marks_of("patients_not_told_apart") == []


def test_effect_through_an_equation_that_does_not_tell_patients_apart_is_overall() -> None:
    quantities = Quantities({name: {"n_patients": 9, "n_sessions": 9, "n_therapists": 1} for name in "my"})
    for path, effect, of in (("x -> m", "a", ("m",)), ("m -> y", "b", ("y",)), ("x -> m -> y", "indirect", ("m", "y"))):
        quantities.add(path, effect, "within", np.zeros(1), of)
    quantities.take_levels_apart({"m"})

    assert quantities.table().set_index("effect")["level"].to_dict() == {
        "a": "within",
        "b": "overall",
        "indirect": "overall",
    }
