"""Answers of several runs side by side: in the declared order, with a board of what differs."""

import pandas as pd
import pytest

from alliance.facts.artefacts import ARTEFACTS
from alliance.report.figures.compared import draw
from alliance.report.figures.curves import THIS, answers_of_all, board_of
from alliance.report.tables.comparison import make
from alliance.results.comparison import compare_runs
from tests.artefacts import builders

NAMES = ["zebra", "ant", "means", "fewer", "e", "f", "g", "h"]
CONFIG = builders.arms_config(run={"name": "many", "title": "Many", "seed": 2, "compare_to": NAMES})
SETTINGS = {"variables": {"symptoms": {"metric": "sum"}, "alliance": {}}, "cleaning": {"minimum_sessions": 2}}


@pytest.fixture(scope="module")
def inputs() -> dict[str, pd.DataFrame]:
    """A run beside eight others: in one the outcome is in other units, in one rows are others and a model is missing."""
    this = builders.estimates(CONFIG, seed=1)
    others = {name: (builders.estimates(CONFIG, seed=2 + place), SETTINGS) for place, name in enumerate(NAMES)}
    means = {**SETTINGS, "variables": {"symptoms": {"metric": "mean"}, "alliance": {}}}
    others["means"] = (others["means"][0], means)
    answering = next(iter(CONFIG.models.answers.values()))
    fewer = others["fewer"][0]
    others["fewer"] = (fewer[fewer["model"] != answering], {**SETTINGS, "cleaning": {"minimum_sessions": 4}})
    differences = [("ant", "priors.slope_sd", "1", "2.5"), ("ant", "run.seed", "1", "2")]
    return {
        "comparison": compare_runs(others, this, SETTINGS),
        "differences": pd.DataFrame(differences, columns=ARTEFACTS["differences"].header),
    }


def test_every_answer_has_each_run_in_the_declared_order_and_this_run_last(inputs: dict[str, pd.DataFrame]) -> None:
    values = answers_of_all(inputs["comparison"], CONFIG)

    assert len(values) > len(NAMES)
    assert all(list(block["run"]) == [*NAMES, THIS] for _, block in values.groupby("order"))
    assert values.loc[values["run"] == THIS, "estimate"].notna().all()


def test_what_cannot_be_compared_is_not_drawn(inputs: dict[str, pd.DataFrame]) -> None:
    values = answers_of_all(inputs["comparison"], CONFIG).set_index("run")
    answering = next(iter(CONFIG.models.answers.values()))

    in_other_units = values.loc[values["change"].str.contains("other units")]
    assert set(in_other_units.index) == {"means"}
    assert in_other_units["estimate"].isna().all()
    lacking = values["estimate"].isna() & (values.index != "means")
    assert lacking.any() and (lacking == ((values.index == "fewer") & (values["model"] == answering))).all()


def test_board_marks_the_run_that_differs_and_no_other(inputs: dict[str, pd.DataFrame]) -> None:
    board = board_of(answers_of_all(inputs["comparison"], CONFIG), inputs["differences"], [*NAMES, THIS])
    marked = {
        what: [name for name, mark in zip([*NAMES, THIS], marks, strict=True) if mark] for what, marks in board.items()
    }

    assert marked["units"] == ["means"]
    assert marked["rows"] == ["fewer"]
    assert marked["priors"] == marked["seed"] == ["ant"]
    assert marked["distance in time"] == marked["predictors"] == marked["method"] == marked["sampling"] == []


def test_nine_runs_are_drawn_and_tabulated_with_their_names(inputs: dict[str, pd.DataFrame]) -> None:
    drawing, table = draw(inputs, CONFIG), make(inputs, CONFIG)

    names = [label.get_text() for label in drawing.figure.axes[-1].get_xticklabels()]
    assert [name.replace("\u2060", "") for name in names] == [*NAMES, THIS]
    answers = answers_of_all(inputs["comparison"], CONFIG)["order"].nunique()
    assert list(table.shown["Run"]) == answers * [THIS, *NAMES]
    assert set(table.shown.loc[table.shown["Run"] == "means", "Difference"]) == {"–"}
