"""How a process develops and who changes, as people read it: verdicts follow from intervals, and small counts stay hidden."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.config import Config, validate_config
from alliance.facts.artefacts import ARTEFACTS
from alliance.report.figures import load_figure
from alliance.report.prose import SENTENCES
from alliance.report.prose.tells import TELLS
from alliance.report.tables import load_table
from tests.artefacts import builders
from tests.unit.report.prose.rows import estimate

GROWTH, CHANGE = "alliance_over_time", "symptoms_change"
NORM = {"variable": "symptoms", "higher_is": "worse", "change_value": 6.0, "change_level": 0.95, "change_source": "the file"} | {
    "case_rule": "at_least", "case_value": 10.0, "case_source": "the file", "model": CHANGE
}  # fmt: skip


@pytest.fixture(scope="module")
def config() -> Config:
    settings = builders.arms_config().model_dump(mode="json", by_alias=True)
    declared = {"label": "x", "family": "descriptive"}
    settings["models"]["specs"] |= {
        GROWTH: declared | {"analysis": "growth", "variables": ["alliance", "symptoms"]},
        CHANGE: declared | {"analysis": "change", "variables": ["symptoms", "alliance", "arm"]},
    }
    settings["models"]["fit"] += [GROWTH, CHANGE]
    return validate_config(settings)


def row(model: str, effect: str, *values: float, **changes: Any) -> dict[str, Any]:
    at = dict(zip(("estimate", "low", "high"), values, strict=True))
    outcome = "alliance" if model == GROWTH else "symptoms"
    named = {"path": "", "level": "overall", "horizon": "", "outcome": outcome, "family": "descriptive"}
    return estimate(**named | changes, model=model, effect=effect, **at)


def course(*change: float, bend: tuple[float, float, float] = (0.5, 0.1, 0.9)) -> list[dict[str, Any]]:
    return [
        row(GROWTH, "average", 40, 39, 41, horizon="at session 1"),
        row(GROWTH, "average", 42, 41, 43, horizon="at session 12"),
        row(GROWTH, "spread", 5, 4, 6, horizon="at session 1"),
        row(GROWTH, "spread", 6, 5, 7, horizon="at session 12"),
        row(GROWTH, "average_change", *change, horizon="at session 12"),
        row(GROWTH, "bend", *bend),
        row(GROWTH, "trend", 0.2, 0.1, 0.3),
        row(GROWTH, "trend_sd", 0.2, 0.1, 0.3, level="patient"),
        row(GROWTH, "share_risen", 0.3, 0.2, 0.4),
        row(GROWTH, "r_start", -0.2, -0.3, -0.1, path="alliance -> symptoms", outcome="symptoms", level="patient"),
        row(GROWTH, "r_start_held", -0.2, -0.3, -0.1, path="alliance -> symptoms", outcome="symptoms", level="patient"),
    ]


def inputs(*rows: dict[str, Any], **others: pd.DataFrame) -> dict[str, pd.DataFrame]:
    shapes = pd.DataFrame(
        {
            "model": GROWTH,
            "outcome": "alliance",
            "shape": ["line", "plateau", "turn"],
            "log_likelihood": [-10.0, -11, -12],
        }
        | {"parameters": [7, 7, 11], "aic": [34.0, 36, 46], "bic": [50.0, 52, 70], "support": [0.93, 0.06, 0.01]}
    )
    curves = pd.DataFrame(
        {"model": GROWTH, "outcome": "alliance", "shape": "line", "session": [1, 12], "value": [40.0, 42]}
    )
    norms = pd.DataFrame([NORM, NORM | {"model": GROWTH, "variable": "alliance", "case_rule": "", "change_value": 5.0}])
    table = pd.DataFrame(list(rows), columns=ARTEFACTS["estimates"].header)
    return {
        "estimates": table,
        "shapes": shapes,
        "courses": curves,
        "norms": norms[ARTEFACTS["norms"].header],
        **others,
    }


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ((2.0, 1.0, 3.0), "Working alliance rises on average: from 40.0 points"),
        ((-2.0, -3.0, -1.0), "Working alliance falls on average: from 40.0 points"),
        ((0.4, -0.5, 1.3), "Whether working alliance rises or falls on average up to session 12 stays open"),
    ],
)
def test_direction_is_told_as_far_as_the_interval_tells(
    change: tuple[float, float, float], expected: str, config: Config
) -> None:
    told = TELLS["tell_development"](inputs(*course(*change)), config)
    assert told is not None
    assert told.answer.startswith(expected)
    assert "a straight line fits better than the others (support 93%)" in told.answer
    # A better alliance goes with fewer symptoms, so what was published has the same sign.
    assert told.numbers[1].size.startswith("published: −0.278 [−0.299, −0.256]")


def test_size_of_a_fall_has_no_sign_of_its_own(config: Config) -> None:
    told = TELLS["tell_development"](inputs(*course(-2.0, -3.0, -1.0)), config)
    assert told is not None
    assert "falls on average" in told.answer and "by 2.00 [1.00, 3.00] points up to session 12" in told.answer


def test_course_is_described_with_every_number_it_has(config: Config) -> None:
    (passage,) = SENTENCES["describe_development"](inputs(*course(2.0, 1.0, 3.0)), config)
    text = " ".join(map(str, passage.sentences))
    assert "the middle 80% of patients lie between −0.056 and 0.46" in text
    assert "30% [20%, 40%] rose reliably (by 5 points or more" in text
    assert text.count(" in brackets; ") >= 2  # what the intervals are, and of whom
    assert "V" not in text  # nobody was seen to fall and return


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((0.06, 0.01, 0.11), "Patients with higher early working alliance are more often reliably better: one standard deviation more"),
        ((0.03, -0.02, 0.08), "Whether early working alliance tells who becomes reliably better stays open"),
    ],
)  # fmt: skip
def test_what_the_start_tells_of_change_is_told_as_far_as_the_interval_tells(
    values: tuple[float, float, float], expected: str, config: Config
) -> None:
    path = {"path": "alliance -> symptoms", "level": "patient"}
    rows = [
        row(CHANGE, "share_better", 0.35, 0.3, 0.4, horizon="last session observed"),
        row(CHANGE, "share_recovered", 0.22, 0.17, 0.26, horizon="last session observed"),
        row(CHANGE, "odds_ratio_better", 1.3, 1.0, 1.7, **path),
        row(CHANGE, "probability_better", *values, **path),
        row(CHANGE, "odds_ratio_better", 1.1, 0.8, 1.5, **path, horizon="early change held equal"),
    ]
    told = TELLS["tell_change"](inputs(*rows), config)
    assert told is not None
    assert told.answer.startswith(
        "35% [30%, 40%] of patients are reliably better in symptoms from the first to the last session observed"
    )
    assert "22% [17%, 26%] of all have recovered: reliably better, and a case before but not after" in told.answer
    assert expected in told.answer
    (passage,) = SENTENCES["describe_change_of_patients"](inputs(*rows), config)
    text = " ".join(map(str, passage.sentences))
    assert "A change counts as reliable from 6 points on, at the 95% level (the file; Jacobson and Truax 1991)." in text
    assert "With the change over the first sessions held equal too the odds ratio is 1.10 [0.80, 1.50]" in text


HELD = "with the change over the first sessions held equal too"


@pytest.mark.parametrize(
    ("plain", "held", "ending"),
    [
        ((0.06, 0.01, 0.11), (0.02, -0.03, 0.07), f"2.0 [−3.0, 7.0] percentage points {HELD}; that leaves it open."),
        ((0.03, -0.02, 0.08), (0.02, -0.03, 0.07), f"2.0 [−3.0, 7.0] percentage points {HELD}; that leaves it open as well."),
        ((0.06, 0.01, 0.11), (0.05, 0.01, 0.09), f"5.0 [1.0, 9.0] percentage points {HELD}."),
        (
            (0.06, 0.01, 0.11),
            (-0.05, -0.09, -0.01),
            f"−5.0 [−9.0, −1.0] percentage points {HELD}; so held, those with lower working alliance are more often better.",
        ),
        (
            (0.03, -0.02, 0.08),
            (0.05, 0.01, 0.09),
            f"5.0 [1.0, 9.0] percentage points {HELD}; so held, those with higher working alliance are more often better.",
        ),
    ],
)  # fmt: skip
def test_what_early_change_leaves_of_it_stands_in_the_same_sentence(
    plain: tuple[float, float, float], held: tuple[float, float, float], ending: str, config: Config
) -> None:
    path = {"path": "alliance -> symptoms", "level": "patient"}
    rows = [
        row(CHANGE, "share_better", 0.35, 0.3, 0.4, horizon="last session observed"),
        row(CHANGE, "probability_better", *plain, **path),
        row(CHANGE, "probability_better", *held, **path, horizon="early change held equal"),
    ]
    told = TELLS["tell_change"](inputs(*rows), config)
    assert told is not None
    assert told.answer.endswith(f"first score held equal, and {ending}")
    assert rows[-1]["estimate"] in [one["estimate"] for one in told.rows]  # what the sentence says stands in the table


def changed(arms: list[int], better: list[int], worse: list[int]) -> pd.DataFrame:
    """Panel of two sessions; in each arm so many patients lose, and so many gain, ten points."""
    rows = []
    for arm, (size, down, up) in enumerate(zip(arms, better, worse, strict=True)):
        for number in range(size):
            last = 4 if number < down else 24 if number < down + up else 14
            rows += [(f"{arm}{number}", session, value, arm) for session, value in ((1, 14), (2, last))]
    return pd.DataFrame(rows, columns=["patient", "session", "symptoms", "arm"])


def test_counts_of_who_changed_stand_by_arm_as_finely_as_no_count_is_small(config: Config) -> None:
    make = load_table("changes").make
    fine = make(inputs(panel=changed([40, 40], [10, 20], [8, 6])), config).shown.set_index("")
    assert fine.loc["Deteriorated"].tolist() == ["8 (20%)", "6 (15%)", "14 (18%)"]
    assert fine.loc["Of these recovered", "Total"] == "30 (38%)"
    coarse = make(inputs(panel=changed([40, 40], [10, 20], [2, 6])), config).shown.set_index("")
    assert coarse.loc["No reliable change, or worse"].tolist() == ["30 (75%)", "20 (50%)", "50 (62%)"]
    assert "Deteriorated" not in coarse.index


def test_figures_draw_what_there_is_and_say_what_there_is_not(config: Config) -> None:
    drawing = load_figure("development").draw(inputs(*course(2.0, 1.0, 3.0)), config)
    assert "42.00 [41.00, 43.00] at session 12" in drawing.alt
    assert drawing.values["line"].tolist() == [40.0, 42.0]
    squares = load_figure("changes").draw(inputs(panel=changed([40, 40], [10, 20], [2, 2])), config)
    assert squares.values["count"].tolist() == [30.0, 45.0]  # of 46, to the nearest five; four others are too few
    assert np.isfinite(squares.values["width"]).all()
    nothing = load_figure("development").draw(inputs(), config)
    assert "No fitted model follows a course" in nothing.alt


def test_figure_of_changes_draws_single_patients_of_a_register_by_lot(config: Config) -> None:
    settings = config.model_dump(mode="json", by_alias=True)
    settings["privacy"] |= {"single_patients": True}
    panel = changed([1000, 1000], [400, 500], [100, 100])
    drawing = load_figure("changes").draw(inputs(panel=panel), validate_config(settings))
    assert len(drawing.values) == 500
    assert drawing.notes == "Points are 500 of 2,000 patients, drawn by lot."
    # 45 % of all get better; four standard errors of a share of 500.
    assert (drawing.values["last"] == 4).mean() == pytest.approx(0.45, abs=4 * math.sqrt(0.45 * 0.55 / 500))
