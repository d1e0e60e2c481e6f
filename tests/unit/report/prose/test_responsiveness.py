"""What is said of therapists and their steps: verdicts follow the interval, and the spread is that of the middle two thirds."""

from typing import Any

import pandas as pd

from alliance.report.figures.responsiveness import draw as draw_therapists
from alliance.report.figures.shrinkage import draw as draw_all
from alliance.report.prose.responsiveness import describe_responsiveness, tell_responsiveness
from alliance.report.tables.responsiveness import make
from tests.artefacts.builders import arms_config
from tests.unit.report.prose.rows import estimate, inputs, said

CONFIG = arms_config(questions=["responsiveness"])
MODEL = "alliance_differs_between_therapists"
FIRST, SECOND = "technique -> alliance", "alliance -> symptoms"
SLOPES = {FIRST: FIRST, SECOND: "alliance_lag -> symptoms"}


def row(path: str, effect: str, level: str, numbers: tuple[float, float, float]) -> dict[str, Any]:
    centre, low, high = numbers
    about = {"model": MODEL, "path": path, "effect": effect, "level": level, "outcome": path.split(" -> ")[-1]}
    return estimate(**about, estimate=centre, low=low, high=high)


def found(between: tuple[float, float, float]) -> dict[str, pd.DataFrame]:
    """Return artefacts in which both steps are 1 on average, with this standard deviation between therapists."""
    rows = []
    for number, (arrow, slope) in enumerate(SLOPES.items()):
        rows += [
            row(arrow, "ab"[number], "within", (1.0, 0.8, 1.2)),
            row(slope, "sd", "therapist", between),
            row(slope, "sd", "patient", (0.4, 0.3, 0.5)),
            row(slope, "slope_share", "therapist", (0.2, 0.0, 0.5)),
        ]
    tests = [
        {"model": MODEL, "outcome": slope.split(" -> ")[-1], "path": slope, "n_therapists": 30, "effects": 4, "fall": 5.0, "p_value": 0.23}
        for slope in SLOPES.values()
    ]  # fmt: skip
    return inputs(*rows) | {"slopes": pd.DataFrame(tests)}


def test_therapists_who_may_be_alike_are_not_said_to_differ_but_how_far_they_may():
    told = tell_responsiveness(found((0.1, 0.0, 0.5)), CONFIG)
    assert told is not None
    first, *_ = told.answer.split(". ")
    assert first.startswith(
        "Whether therapists differ in the step from alliance-helping technique to working alliance stays open"
    )
    assert "between 0.90 and 1.10 by the best estimate and between 0.52 and 1.48 if they differ as much" in told.answer
    assert [number.value for number in told.numbers[:2]] == ["0.10 [0.00, 0.50] points", "20% [0%, 50%]"]
    assert len(told.rows) == 6 and "30 therapists" in told.change


def test_therapists_who_differ_are_told_with_the_middle_two_thirds():
    told = tell_responsiveness(found((0.3, 0.1, 0.5)), CONFIG)
    assert told is not None
    assert told.answer.startswith(
        "Therapists differ in the step from alliance-helping technique to working alliance: it is 1.00"
    )
    assert "the middle two thirds of therapists it lies between 0.71 and 1.29." in told.answer  # 1 +- 0.967 * 0.3


def test_estimate_of_no_difference_is_said_to_be_one_value():
    told = tell_responsiveness(found((0.0, 0.0, 0.5)), CONFIG)
    assert told is not None
    assert "it is the same for all by the best estimate, and between 0.52 and 1.48" in told.answer


def test_too_few_therapists_are_the_reason_only_where_they_are():
    failed = pd.DataFrame([{"model": MODEL, "caution": "not_fitted", "detail": "something"}])
    six, twelve = (
        tell_responsiveness(
            inputs()
            | {"diagnostics": failed, "panel": pd.DataFrame({"therapist": [f"T{n}" for n in range(therapists)]})},
            CONFIG,
        )
        for therapists in (6, 12)
    )
    assert six is not None and six.answer.startswith("Not answered: 6 therapists say next to nothing")
    assert twelve is None


def test_details_tell_the_test_and_the_limits():
    spoken = said(describe_responsiveness(found((0.1, 0.0, 0.5)), CONFIG))
    assert "falls by 5.0" in spoken and ".230 (equal shares of chi-square with 3 and 4 degrees of freedom)" in spoken
    assert "30 therapists with about 9 patients each" in spoken


def test_table_has_a_row_for_each_step_and_none_without():
    table = make(found((0.1, 0.0, 0.5)), CONFIG)
    assert list(table.shown["SD between therapists"]) == ["0.10 [0.00, 0.50]"] * 2
    assert list(table.shown["χ²"]) == ["5.0", "5.0"]
    empty = make(inputs() | {"slopes": pd.DataFrame(columns=["model", "path", "fall", "p_value"])}, CONFIG)
    assert empty.shown.empty and "No fitted model" in empty.notes[0]


def units() -> pd.DataFrame:
    rows = [
        {"model": model, "unit": unit, "quantity": "a", "path": FIRST, "order": order, "estimate": 1 + order / 50, "low": 0.5,
         "high": 2.0, "alone": 1.0}
        for model in (MODEL, "technique_jointly") for unit in ("patient", "therapist") for order in range(1, 31)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_therapists_of_the_question_stand_with_it_and_nowhere_else():
    own, rest = (draw({"shrinkage": units()}, CONFIG) for draw in (draw_therapists, draw_all))
    assert set(own.values["model"]) == {MODEL} and set(own.values["unit"]) == {"therapist"}
    shown = set(rest.values[["model", "unit"]].itertuples(index=False, name=None))
    assert shown == {(MODEL, "patient"), ("technique_jointly", "patient"), ("technique_jointly", "therapist")}
    assert (own.values["units"] >= 5).all()  # single therapists are not shown
