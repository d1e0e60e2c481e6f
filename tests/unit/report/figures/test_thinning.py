"""Of many patients a figure draws as many as can be told apart, by lot, and says how many of how many these are."""

import io
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from alliance.report.figures import load_figure, theme
from alliance.report.figures.shrinkage import draw_units
from alliance.report.figures.thinning import draw_lots, every_marker, note_of_lots
from alliance.report.figures.trajectories import draw as draw_trajectories
from tests.artefacts import builders

ALLOWED = builders.arms_config(privacy={"original_ids": False, "minimum_cell": 5, "single_patients": True})
INPUTS = builders.artefacts(ALLOWED)
CODES = [f"P{number:05d}" for number in range(20_000)]


def _register(copies: int) -> pd.DataFrame:
    """Return the panel of a study many times over, each time with patients of its own."""
    panel = INPUTS["panel"]
    return pd.concat([panel.assign(patient=panel["patient"] + f"_{copy}") for copy in range(copies)], ignore_index=True)


def _units(count: int, unit: str = "patient") -> pd.DataFrame:
    estimates = np.sort(np.random.default_rng(1).normal(0.3, 0.1, count))
    return pd.DataFrame(
        {
            "model": next(iter(ALLOWED.models.fit)),
            "unit": unit,
            "quantity": "a",
            "path": "technique -> alliance",
            "order": np.arange(1, count + 1),
            "estimate": estimates,
            "low": estimates - 0.1,
            "high": estimates + 0.1,
            "alone": estimates,
        }
    )


def test_lots_are_the_same_whatever_the_order_and_others_with_another_seed() -> None:
    drawn = draw_lots(CODES, 150, ALLOWED)
    assert len(set(drawn)) == 150 and list(drawn) == sorted(drawn)
    assert list(draw_lots([*reversed(CODES), *CODES], 150, ALLOWED)) == list(drawn)
    other = ALLOWED.model_copy(update={"run": ALLOWED.run.model_copy(update={"seed": ALLOWED.run.seed + 1})})
    assert list(draw_lots(CODES, 150, other)) != list(drawn)


def test_all_patients_are_drawn_where_there_is_room() -> None:
    assert list(draw_lots(CODES[:150], 150, ALLOWED)) == CODES[:150]
    assert note_of_lots(150, 150) == "Faint lines are single patients."


def test_lots_take_patients_from_everywhere_in_the_list() -> None:
    places = np.array([CODES.index(str(code)) for code in draw_lots(CODES, 500, ALLOWED)])
    quarters = np.bincount(places * 4 // len(CODES), minlength=4)
    # Four standard deviations of a binomial count of 500 with a quarter.
    assert (np.abs(quarters - 125) < 4 * np.sqrt(500 * 0.25 * 0.75)).all()


def test_note_says_how_many_of_how_many() -> None:
    assert note_of_lots(150, 20_000) == "Faint lines are 150 of 20,000 patients, drawn by lot."


def test_trajectories_of_many_patients_are_those_of_150() -> None:
    panel = _register(8)
    assert panel["patient"].nunique() > 150
    drawing = draw_trajectories(INPUTS | {"panel": panel}, ALLOWED)
    assert f"Faint lines are 150 of {panel['patient'].nunique():,} patients, drawn by lot." in drawing.notes


def test_points_of_a_long_line_have_markers_as_far_as_there_is_room() -> None:
    assert [every_marker(points) for points in (0, 1, 40, 41, 144)] == [1, 1, 1, 2, 4]


def test_long_treatments_have_a_mark_for_sessions_that_do_not_touch_and_a_scale_of_shades() -> None:
    panel = _register(8)
    few, many = (
        load_figure("missingness").draw({"panel": panel.assign(session=sessions)}, ALLOWED).figure
        for sessions in (panel["session"], 1 + 9 * (panel["session"] - 1) + np.arange(len(panel)) % 9)
    )
    assert not few.legends and [text.get_text() for text in many.legends[0].get_texts()] == [
        "0% observed", "25% observed", "50% observed", "75% observed", "100% observed",
    ]  # fmt: skip
    for figure in (few, many):
        figure.draw_without_rendering()
        for axis, texts in ((0, figure.axes[0].texts), (1, figure.axes[1].get_xticklabels())):
            boxes = [text.get_window_extent() for text in texts if text.get_text()]
            assert len(boxes) > 2 and all(one.x1 < other.x0 for one, other in pairwise(boxes)), axis


@pytest.mark.parametrize("name", ["trajectories", "within_between"])
def test_drawing_of_many_patients_is_not_much_larger_than_that_of_few(name: str) -> None:
    sizes = []
    for copies in (8, 24):
        module = load_figure(name)
        inputs = INPUTS | {"panel": _register(copies)}
        drawing = module.draw({need: inputs[need] for need in module.NEEDS}, ALLOWED)
        assert not drawing.alt.startswith("Not available")
        file = io.BytesIO()
        with theme.applied():
            drawing.figure.savefig(file, format="svg")
        sizes.append(len(file.getvalue()))
    assert sizes[1] < 1.3 * sizes[0]


def test_units_of_a_register_are_drawn_by_lot_below_the_average_of_all() -> None:
    table = _units(2_000)
    drawing = draw_units(table, ALLOWED)
    assert len(drawing.values) == 300
    assert drawing.values["order"].to_list() == list(range(1, 301))
    assert "In a panel are 300 of 2,000 patients, drawn by lot." in drawing.notes
    (axis,) = (axis for axis in drawing.figure.axes if axis.lines)
    assert axis.lines[-1].get_ydata()[0] == pytest.approx(table["estimate"].mean())


def test_averages_of_units_tell_how_many_each_of_them_holds() -> None:
    drawing = draw_units(_units(2_000, "therapist"), ALLOWED)
    assert len(drawing.values) == 20
    assert "Points are averages of at least 100 therapists who follow one another in order." in drawing.notes
