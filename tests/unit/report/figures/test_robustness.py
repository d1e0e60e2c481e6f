"""Figures of influence, single units, moderators and accumulation: what they show, and what they never show."""

import numpy as np
import pandas as pd
import pytest

from alliance.config import Config
from alliance.report.figures import load_figure, theme
from alliance.report.figures.accumulated import accumulated_rows
from alliance.report.figures.drawing import Drawing
from alliance.report.figures.moderation import short_value
from tests.artefacts import builders
from tests.unit.report.prose.rows import estimate

CONFIG = builders.arms_config()
INPUTS = builders.artefacts(CONFIG)
NEW = ("influence", "shrinkage", "moderation", "accumulated")


def draw(name: str, config: Config = CONFIG, **changes: pd.DataFrame) -> Drawing:
    module = load_figure(name)
    inputs = INPUTS | changes
    drawing: Drawing = module.draw({need: inputs[need] for need in module.NEEDS}, config)
    return drawing


@pytest.mark.parametrize("name", NEW)
def test_run_without_such_rows_says_so(name: str) -> None:
    need = "estimates" if name == "accumulated" else name
    drawing = draw(name, **{need: INPUTS[need].iloc[:0]})
    assert list(drawing.values.columns) == ["not_available"]
    assert drawing.alt.startswith("Not available: No fitted")


ALLOWED = builders.arms_config(privacy={"original_ids": False, "minimum_cell": 1, "single_patients": True})


@pytest.mark.parametrize("name", ["influence", "shrinkage"])
def test_single_units_are_no_points_unless_they_are_allowed(name: str) -> None:
    drawing = draw(name)
    units = drawing.values.groupby(
        ["model", *(["effect", "level"] if name == "influence" else ["quantity"]), "unit"]
    ).size()
    most = 1 if name == "influence" else 80 // 5
    assert units.max() <= most
    with theme.applied():
        points = max(len(line.get_xdata()) for axes in drawing.figure.axes for line in axes.lines)
    assert points <= max(2, most)
    few = (
        INPUTS[name].groupby(["model", "unit", *(["effect", "level"] if name == "influence" else ["quantity"])]).head(4)
    )
    assert list(draw(name, **{name: few}).values.columns) == ["not_available"]


def test_influence_draws_every_unit_that_was_left_out_around_the_full_estimate() -> None:
    drawing = draw("influence", ALLOWED)
    rows = INPUTS["influence"]
    with theme.applied():
        shown = sorted(
            float(x)
            for axes in drawing.figure.axes
            for line in axes.lines
            if line.get_marker() in theme.MARKERS and line.get_linestyle() == "None"
            for x in line.get_xdata()
        )
    assert shown == pytest.approx(sorted(rows["without"]))
    assert list(drawing.values["level"].unique()) == ["within", "between_patient"]  # in the order of the estimates
    assert set(drawing.values.columns) == {*rows.columns, "lowest", "highest", "low", "high", "flag"}


def test_range_without_one_is_as_wide_as_the_largest_change() -> None:
    keys = ["model", "path", "effect", "level", "unit"]
    whole = INPUTS["influence"]
    errors = (
        ((whole["without"] - whole["estimate"]) / whole["change"]).abs().groupby([whole[key] for key in keys]).median()
    )
    values = draw("influence").values
    reach = np.maximum(values["highest"] - values["estimate"], values["estimate"] - values["lowest"])
    error = errors[pd.MultiIndex.from_frame(values[keys])].to_numpy()
    # Two digits of the standard error and one of the change: a tenth and a twentieth of it, twice.
    assert (np.abs(reach / error - values["change"]) < 0.25).all()
    assert (values["lowest"] < values["highest"]).all()


def test_flag_of_an_influential_path_is_explained() -> None:
    estimates = INPUTS["estimates"].assign(flag="influential unit")
    drawing = draw("influence", estimates=estimates)
    assert "† Flagged by the diagnostics: influential unit." in drawing.notes
    assert "(flagged)" in drawing.alt


def test_single_units_beyond_the_axes_are_counted() -> None:
    table = INPUTS["shrinkage"].assign(alone=np.nan)
    assert draw("shrinkage", ALLOWED, shrinkage=table).notes == "Intervals: 95%."
    table.loc[0, "alone"] = 1e6
    assert draw("shrinkage", ALLOWED, shrinkage=table).notes.endswith(" 1 faint point lies beyond the axes.")
    table.loc[1, "alone"] = -1e6
    assert draw("shrinkage", ALLOWED, shrinkage=table).notes.endswith(" 2 faint points lie beyond the axes.")


def test_a_sample_of_many_patients_is_called_one() -> None:
    own = INPUTS["shrinkage"]
    patients = own[own["unit"] == "patient"]
    whole, sample = (
        draw("shrinkage", CONFIG, shrinkage=patients.assign(order=patients["order"] * each)) for each in (1, 50)
    )
    size = int(patients.groupby(["model", "quantity", "path"]).size().max())
    assert sample.notes.count(f"Effects are those of a random sample of {size:,} patients.") == 1
    assert "sample" not in whole.notes


def test_region_of_a_moderator_is_shaded_where_the_interval_excludes_zero() -> None:
    grid = INPUTS["moderation"]
    ages = grid[grid["moderator"] == "age"]
    inside = ages.loc[ages["excludes_zero"], "value"]
    (axes,) = [axes for axes in draw("moderation").figure.axes if "Age" in axes.get_xlabel()]
    spans = [patch.get_extents().transformed(axes.transData.inverted()) for patch in axes.patches]
    assert [(span.x0, span.x1) for span in spans] == [pytest.approx((inside.min(), inside.max()))]


def test_values_of_a_two_valued_moderator_are_named() -> None:
    axes = draw("moderation").figure.axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["standard", "alliance focused"]


def test_accumulated_effects_are_ordered_by_number_of_sessions_and_model() -> None:
    rows = [
        estimate(model=model, effect="accumulated", horizon=f"after {n} sessions")
        for model in ("later", "earlier")
        for n in (10, 9, 2)
    ]
    found = accumulated_rows(pd.DataFrame(rows))
    assert list(found["sessions"]) == [2, 9, 10] * 2
    assert list(found["model"].unique()) == ["later", "earlier"]  # as they come


def test_diagrams_beyond_the_page_are_left_to_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = draw("path_diagram")
    assert "No room" not in drawn.notes
    monkeypatch.setattr(theme, "PAGE", 300.0 / theme.POINTS)  # two diagrams
    less = draw("path_diagram")
    assert 0 < less.values["model"].nunique() < drawn.values["model"].nunique()
    assert "No room on the page for “" in less.notes
    assert less.figure.get_size_inches()[1] * theme.POINTS <= 300


def test_path_diagram_says_that_what_added_up_is_no_sum_of_its_arrows() -> None:
    estimates = INPUTS["estimates"]
    assert "added up" not in draw("path_diagram", estimates=estimates.assign(horizon="next session")).notes
    late = estimates.assign(horizon=estimates["horizon"].mask(estimates["effect"] == "indirect", "at session 8"))
    assert "Indirect at a session: what has added up by then." in draw("path_diagram", estimates=late).notes


def test_each_group_has_its_name_at_the_axis_whichever_group_the_moderator_is_called_by() -> None:
    values = [short_value("background_minority", value, CONFIG) for value in (0.0, 1.0)]
    assert values == ["majority", "minority"]
    assert [short_value("arm", value, CONFIG) for value in (0.0, 1.0)] == ["standard", "alliance focused"]
