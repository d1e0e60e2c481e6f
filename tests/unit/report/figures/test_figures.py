"""Every figure, drawn for a study with arms and therapists, for a single group without them, and for odd cases."""

import io
import math
import re
from functools import cache

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from alliance.config import Config
from alliance.config.posing import heard_in, speakers_in
from alliance.errors import ConfigError
from alliance.facts.artefacts import ARTEFACTS
from alliance.report.figures import FIGURES, load_figure, theme
from alliance.report.figures.accumulated import accumulated_rows
from alliance.report.figures.both_directions import directed_slopes
from alliance.report.figures.drawing import Drawing
from alliance.report.figures.forest import indirect_rows
from alliance.report.figures.indirect_posterior import density_of
from alliance.report.figures.intervals import axis_limits, note_of_cuts
from alliance.report.figures.missingness import share_observed
from alliance.report.figures.path_diagram import place_nodes
from alliance.report.figures.trajectories import summarise_sessions
from alliance.report.figures.variance import shares_of_variance
from alliance.report.figures.within_between import earlier_term
from tests.artefacts import builders

STUDIES = {"arms": builders.arms_config(), "single": builders.single_config()}
INPUTS = {name: builders.artefacts(config) | builders.compared(config) for name, config in STUDIES.items()}
LEAST_TEXT = 6.5  # points at print size


@cache
def _drawn(name: str, study: str) -> Drawing:
    return _draw_with(name, STUDIES[study], INPUTS[study])


def _draw_with(name: str, config: Config, inputs: dict[str, pd.DataFrame]) -> Drawing:
    module = load_figure(name)
    drawing: Drawing = module.draw({need: inputs[need] for need in module.NEEDS}, config)
    with theme.applied():
        FigureCanvasAgg(drawing.figure).draw()
    return drawing


def _texts(drawing: Drawing) -> list[Text]:
    """Return the texts that are shown; ticks outside the limits exist but are not drawn."""
    found = [text for text in drawing.figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    hidden = {
        id(label)
        for axes in drawing.figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in [*axis.majorTicks, *axis.minorTicks]
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
        for label in (tick.label1, tick.label2)
    }
    return [text for text in found if id(text) not in hidden]


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("name", FIGURES)
def test_text_is_legible_and_inside_the_figure(name: str, study: str) -> None:
    drawing = _drawn(name, study)
    shown = _texts(drawing)
    assert shown
    frame = drawing.figure.bbox
    for text in shown:
        assert text.get_fontsize() >= LEAST_TEXT, text.get_text()
        box = text.get_window_extent()
        inside = box.x0 >= frame.x0 - 1 and box.x1 <= frame.x1 + 1 and box.y0 >= frame.y0 - 1 and box.y1 <= frame.y1 + 1
        assert inside, f"{text.get_text()!r} is cut off: {box.extents} in {frame.extents}"


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("name", FIGURES)
def test_figure_fits_a_journal_column(name: str, study: str) -> None:
    width, height = _drawn(name, study).figure.get_size_inches()
    assert width in (pytest.approx(85 / 25.4), pytest.approx(175 / 25.4))
    assert height <= 245 / 25.4  # height of a printed page


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("name", FIGURES)
def test_texts_do_not_overlap(name: str, study: str) -> None:
    drawing = _drawn(name, study)
    boxes = [(text, text.get_window_extent()) for text in _texts(drawing)]
    for i, (first, box) in enumerate(boxes):
        for second, other in boxes[i + 1 :]:
            width = min(box.x1, other.x1) - max(box.x0, other.x0)
            height = min(box.y1, other.y1) - max(box.y0, other.y0)
            # Lines of text may touch: boxes hold room for descenders that few letters use.
            assert width < 2 or height < 0.35 * min(box.height, other.height), (first.get_text(), second.get_text())


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("name", ["forest", "both_directions", "indirect_posterior"])
def test_no_line_of_zero_runs_through_a_text(name: str, study: str) -> None:
    figure = _drawn(name, study).figure
    for axes in figure.axes:
        zeros = [line for line in axes.get_lines() if len(set(line.get_xdata())) == 1 and line.get_xdata()[0] == 0]
        for text in axes.texts:
            box = text.get_window_extent()
            crossed = [line for line in zeros if box.x0 < axes.transData.transform((0, 0))[0] < box.x1]
            assert not crossed or (text.get_bbox_patch() and text.zorder > max(line.zorder for line in crossed))


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("name", FIGURES)
def test_figure_has_words_and_values_without_codes_of_patients(name: str, study: str) -> None:
    module, drawing = load_figure(name), _drawn(name, study)
    assert module.TITLE
    assert len(module.CAPTION) > 40
    assert drawing.alt.endswith((".", "%"))
    assert len(drawing.values) > 0
    written = drawing.values.to_csv(index=False) + drawing.alt + "".join(text.get_text() for text in _texts(drawing))
    assert not re.search(r"\bP\d{3}\b", written)


@pytest.mark.parametrize("name", ["flow", "trajectories", "path_diagram", "forest"])
def test_same_figure_is_the_same_file_with_text_as_text(name: str) -> None:
    files = []
    for _ in range(2):
        target = io.BytesIO()
        with theme.applied():
            _draw_with(name, STUDIES["arms"], INPUTS["arms"]).figure.savefig(
                target, format="svg", metadata={"Date": None, "Creator": None}
            )
        files.append(target.getvalue())
    assert files[0] == files[1]
    assert b"<text" in files[0]


def test_registry_holds_every_figure_of_the_configuration_and_known_artefacts() -> None:
    assert set(STUDIES["arms"].output.figures) <= set(FIGURES)
    for name in FIGURES:
        assert set(load_figure(name).NEEDS) <= set(ARTEFACTS)


def test_unknown_figure_is_refused_with_a_suggestion() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'forest'"):
        load_figure("forrest")


def test_colours_of_series_stay_apart_in_grey() -> None:
    def luminance(colour: str) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
        y = float(np.dot([0.2126, 0.7152, 0.0722], linear))
        return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y

    shades = sorted(luminance(colour) for colour in theme.SERIES)
    # CIE lightness runs from 0 to 100; 15 apart is plainly visible side by side.
    assert min(np.diff(shades)) > 15
    # Marks stand out from white paper by 3 to 1 (WCAG 2.1, 1.4.11); lightness 61.65 is that ratio.
    assert max(shades) < 61.6
    assert len(set(theme.LEVEL_MARKERS.values())) == len(theme.LEVEL_MARKERS)


def test_study_without_mediator_says_so_instead_of_empty_axes() -> None:
    for name in ("forest", "indirect_posterior"):
        drawing = _drawn(name, "single")
        assert "mediator" in drawing.alt
        assert any("mediator" in text.get_text() for text in _texts(drawing))


def test_study_without_process_variable_draws_what_it_can() -> None:
    config = builders.single_config()
    settings = config.model_dump(mode="json", by_alias=True)
    settings["variables"] = {
        "symptoms": settings["variables"]["symptoms"],
        "arm": {
            "label": "arm",
            "table": "patients",
            "kind": "category",
            "column": "arm",
            "levels": {"usual": 0, "program": 1},
        },
    }
    source = {"path": "patients.csv", "keys": {"patient": "id"}}
    settings["data"]["patients"] = source
    settings["study"] |= {"design": "randomised_arms", "randomised": ["arm"]}
    vary = {"patient": ["intercept"]}
    settings["models"] = {
        "fit": ["trial"],
        "specs": {
            "trial": {
                "label": "Arm",
                "family": "textbook",
                "equations": {"symptoms": {"on": ["arm", "session"], "vary": vary}},
                "effects": {"from": "arm", "to": "symptoms"},
            }
        },
    }
    plain = Config.model_validate(settings)
    inputs = builders.artefacts(plain) | builders.compared(plain)
    for name in FIGURES:
        drawing = _draw_with(name, plain, inputs)
        assert _texts(drawing)
    assert "process variable" in _draw_with("within_between", plain, inputs).alt
    assert "program" in _draw_with("trajectories", plain, inputs).alt


def test_flagged_estimate_carries_the_sign_and_a_footnote() -> None:
    for name, study in (
        ("forest", "arms"),
        ("path_diagram", "arms"),
        ("indirect_posterior", "arms"),
        ("both_directions", "single"),
    ):
        drawing = _drawn(name, study)
        assert "boundary variance" in drawing.notes, name
        assert any(theme.FLAG in text.get_text() for text in _texts(drawing)), name
        assert "boundary variance" in set(drawing.values.get("flag", pd.Series(["boundary variance"]))), name


def test_forest_shows_the_estimates_it_is_given() -> None:
    table = INPUTS["arms"]["estimates"]
    drawing = _drawn("forest", "arms")
    expected = table[table["effect"].isin(["indirect", "indirect_product"])]
    np.testing.assert_allclose(np.sort(drawing.values["estimate"]), np.sort(expected["estimate"]), rtol=0, atol=0)
    drawn = [
        line.get_xdata()[0]
        for axes in drawing.figure.axes
        for line in axes.lines
        if len(line.get_xdata()) == 1 and line.get_marker() not in "<>"  # arrows stand where an interval is cut
    ]
    np.testing.assert_allclose(np.sort(drawn), np.sort(expected["estimate"]), rtol=0, atol=0)


def test_product_that_equals_the_indirect_path_is_not_shown_twice() -> None:
    table = INPUTS["arms"]["estimates"].copy()
    rows = table["effect"].isin(["indirect", "indirect_product"])
    table.loc[rows, "estimate"] = 0.5
    assert set(indirect_rows(table)["effect"]) == {"indirect"}


def test_mean_and_interval_of_a_session_by_hand() -> None:
    panel = pd.DataFrame({"patient": list("abcdefghij"), "session": 1, "symptoms": [2.0, 4, 6, 8, 10] + 5 * [np.nan]})
    groups = pd.Series("all", index=panel.index)
    row = summarise_sessions(panel, "symptoms", groups, STUDIES["single"]).iloc[0]
    assert row["mean"] == 6.0
    # sd = sqrt(10), t(4, .975) = 2.776445; the standard error is 1.41, a quarter of it .35, the next step .5.
    assert row["high"] - row["mean"] == round(2 * 2.776445 * math.sqrt(10 / 5)) / 2
    assert not {"n", "sd"} & set(row.index), "they say who stopped and who skipped"


def test_mean_of_few_patients_is_not_shown() -> None:
    panel = pd.DataFrame({"patient": list("abcd"), "session": 1, "symptoms": [2.0, 4, 6, 8]})
    row = summarise_sessions(panel, "symptoms", pd.Series("all", index=panel.index), STUDIES["single"]).iloc[0]
    assert row["suppressed"]
    assert np.isnan(row["mean"])


def test_skipped_session_counts_as_not_observed_and_later_dropout_does_not() -> None:
    patients = [f"P{i:03d}" for i in range(10)]
    rows = [(p, s, 1.0, 1.0) for p in patients for s in (1, 2, 3) if not (s == 2 and p < "P005")]
    rows = [row for row in rows if not (row[1] == 3 and row[0] >= "P005")]
    panel = pd.DataFrame(rows, columns=["patient", "session", "rumination", "symptoms"])
    shares = share_observed(panel, STUDIES["single"]).query("variable == 'symptoms'").set_index("session")
    assert shares["patients"].to_list() == [">5", ">5"], "of the third session, with 5 patients, nothing is said"
    assert shares["share"].to_list() == [1.0, 0.5]


@pytest.mark.parametrize("name", ["trajectories", "missingness", "within_between", "shrinkage", "influence", "flow"])
def test_study_smaller_than_the_smallest_cell_is_told_instead_of_drawn(name: str) -> None:
    least = 10**9
    allowed = builders.arms_config(privacy={"original_ids": False, "minimum_cell": least, "single_patients": False})
    drawing = load_figure(name).draw(INPUTS["arms"], allowed)
    assert name == "flow" or drawing.alt.startswith("Not available: ")


def test_bins_of_the_scatter_hold_enough_patients_and_average_the_cloud() -> None:
    values = _drawn("within_between", "arms").values
    assert (values["n_patients"] >= STUDIES["arms"].privacy.minimum_cell).all()
    panel = INPUTS["arms"]["panel"][["patient", "alliance_lag", "symptoms"]].dropna()
    means = panel.groupby("patient")[["alliance_lag", "symptoms"]].mean()
    between = values[values["level"] == "between_patient"]
    error = means["symptoms"].std() / math.sqrt(len(means))
    assert np.average(between["y_mean"], weights=between["n_points"]) == pytest.approx(
        means["symptoms"].mean(), abs=error
    )
    slope = np.polyfit(means["alliance_lag"], means["symptoms"], 1)[0]
    assert between["slope"].iloc[0] == pytest.approx(slope, rel=0.1)


def test_single_sessions_and_patients_are_no_points_of_the_scatter() -> None:
    def points(config: Config) -> int:
        axes = _draw_with("within_between", config, INPUTS["arms"]).figure.axes
        return sum(len(one.get_offsets()) for axis in axes for one in axis.collections)

    allowed = builders.arms_config(privacy={"original_ids": False, "minimum_cell": 5, "single_patients": True})
    bins = len(_drawn("within_between", "arms").values)
    assert points(STUDIES["arms"]) == bins < points(allowed)


def _lines_drawn(config: Config, inputs: dict[str, pd.DataFrame]) -> int:
    axes = _draw_with("trajectories", config, inputs).figure.axes
    return sum(len(one.get_segments()) for axis in axes for one in axis.collections if isinstance(one, LineCollection))


def test_single_patients_are_drawn_only_if_allowed_and_never_below_the_least_cell() -> None:
    inputs = INPUTS["arms"]
    assert _lines_drawn(STUDIES["arms"], inputs) == 0
    allowed = builders.arms_config(privacy={"original_ids": False, "minimum_cell": 5, "single_patients": True})
    everyone = _lines_drawn(allowed, inputs)
    assert everyone > 0
    panel = inputs["panel"]
    arm = panel["arm"].iloc[0]
    patients = panel.loc[panel["arm"] == arm, "patient"].unique()
    small = {**inputs, "panel": panel[~panel["patient"].isin(patients[allowed.privacy.minimum_cell - 1 :])]}
    other = {**inputs, "panel": panel[panel["arm"] != arm]}
    assert 0 < _lines_drawn(allowed, small) == _lines_drawn(allowed, other) < everyone


def test_cause_comes_from_the_same_session_only_if_measured_earlier() -> None:
    config = STUDIES["arms"]
    assert earlier_term("technique", "alliance", config) == "technique"
    assert earlier_term("alliance", "symptoms", config) == "alliance_lag"


def test_share_that_is_not_reported_is_what_remains() -> None:
    table = INPUTS["arms"]["estimates"]
    without = table[~((table["effect"] == "icc") & (table["level"] == "session"))]
    shares = shares_of_variance(without)
    assert shares["level"].to_list()[:3] == ["session", "patient", "therapist"]
    assert shares.groupby("variable")["estimate"].sum().to_list() == pytest.approx([1.0, 1.0, 1.0])


def test_standardised_slope_is_in_standard_deviations_of_its_own_level() -> None:
    config, inputs = STUDIES["single"], INPUTS["single"]
    slopes = directed_slopes(inputs["estimates"], inputs["panel"], config)
    row = slopes[(slopes["direction"] == "forward") & (slopes["level"] == "within")].iloc[0]
    factor = inputs["panel"]["rumination_within"].std() / inputs["panel"]["symptoms_within"].std()
    assert row["estimate"] == pytest.approx(row["raw_estimate"] * factor)
    assert set(slopes["direction"]) == {"forward", "reverse"}


def test_direction_without_a_model_is_named() -> None:
    table = INPUTS["single"]["estimates"]
    drawing = _draw_with(
        "both_directions", STUDIES["single"], INPUTS["single"] | {"estimates": table[table["model"] != "backward"]}
    )
    assert "reverse direction" in drawing.notes


def test_density_integrates_to_one_and_spike_has_none() -> None:
    key = ("m", "y", "x -> y", "indirect", "within", "")
    curve = density_of(np.random.default_rng(1).normal(0, 1, 2000), key)
    # The grid leaves out 0.2 % of the draws and the kernel smears a little beyond it.
    assert np.trapezoid(curve["density"], curve["x"]) == pytest.approx(1, abs=0.02)
    assert density_of(np.full(10, 0.3), key)["density"].isna().all()


def test_mediators_in_parallel_and_in_a_row_get_places_of_their_own() -> None:
    chains = [["x", "y"], ["x", "m", "y"], ["x", "n", "y"], ["x", "m", "k", "y"]]
    places, height = place_nodes(chains, levels=2)
    assert len(set(places.values())) == 5
    assert places["x"][0] < places["m"][0] < places["k"][0] < places["y"][0]
    assert all(0 < y < height for _, y in places.values())
    assert places["m"][0] == places["n"][0]


def test_flow_figure_ends_in_the_n_of_every_model_that_answers_and_has_the_arms_on_its_way() -> None:
    drawing, config = _drawn("flow", "arms"), STUDIES["arms"]
    written = " ".join(text.get_text() for text in _texts(drawing))
    flow, panel = INPUTS["arms"]["flow"], INPUTS["arms"]["panel"]
    answering = heard_in(config)
    assert len(answering) < len(config.models.fit)
    # The whole difference stands beside what runs through the mediator.
    assert {*answering} - {*speakers_in(config)} == {"arm_overall"}
    assert {*answering} <= {*flow["model"]}
    for row in flow[(flow["stage"] == "analysed") & flow["model"].isin(answering)].itertuples():
        assert f"{row.n_patients} patients, {row.n_sessions} sessions" in written
    for patients in panel.groupby("arm")["patient"].nunique():
        assert f"{patients} patients, " in written
    assert len(drawing.alt) < 800


def test_flow_figure_holds_the_models_of_the_first_questions_and_counts_the_others() -> None:
    config, inputs = STUDIES["arms"], INPUTS["arms"]
    (name,) = speakers_in(config)[:1]
    named = [f"copy_{place}" for place in range(9)]
    specs = config.models.specs | dict.fromkeys(named, config.models.specs[name])
    models = config.models.model_copy(update={"specs": specs, "fit": named, "answers": {}})
    many = config.model_copy(update={"models": models, "questions": []})
    flow = inputs["flow"]
    rows = flow[flow["model"] == name]
    copies = [flow[flow["model"].fillna("") == ""], *(rows.assign(model=copy) for copy in named)]
    drawing = _draw_with("flow", many, {**inputs, "flow": pd.concat(copies, ignore_index=True)})
    written = [text.get_text() for text in _texts(drawing)]
    assert sum(config.models.specs[name].label in text for text in written) == 6
    assert "models of 3 more in the values of this figure" in drawing.notes
    assert {*named} <= {*drawing.values["model"]}


def test_flow_figure_tells_no_arm_that_is_too_small() -> None:
    config = STUDIES["arms"]
    few = config.model_copy(update={"privacy": config.privacy.model_copy(update={"minimum_cell": 1000})})
    written = " ".join(text.get_text() for text in _texts(_draw_with("flow", few, INPUTS["arms"])))
    assert "per patient" not in written


def test_wide_interval_of_therapists_does_not_dwarf_the_others() -> None:
    rows = pd.DataFrame(
        {
            "level": ["within", "between_patient", "between_therapist"],
            "low": [-0.2, -1.0, -9.0],
            "high": [-0.1, -0.5, 7.0],
        }
    )
    low, high = axis_limits(rows)
    assert -1.5 < low < -1.0
    assert 0 < high < 0.5
    assert "Arrows" in note_of_cuts([rows])
    assert note_of_cuts([rows.iloc[:2]]) == ""
    assert axis_limits(rows.iloc[[2]])[0] < -9  # alone, it is shown whole


def test_dollar_signs_in_a_label_are_no_mathematics() -> None:
    with theme.applied():
        figure, (axes,) = theme.new_figure(3, 2)
        axes.set_title(r"cost $ per $ session, $\frac$")
        file = io.StringIO()
        figure.savefig(file, format="svg")
    assert r"cost $ per $ session, $\frac$" in file.getvalue()


def test_control_characters_of_a_label_do_not_reach_a_figure() -> None:
    settings = STUDIES["arms"].model_dump(mode="json", by_alias=True)
    settings["variables"]["alliance"]["label"] = "working\x07 alliance\x0b\x1b"
    label = Config.model_validate(settings).variables["alliance"].label
    assert label.isprintable()


def test_figure_of_many_models_stays_on_a_page_and_says_what_it_leaves_out() -> None:
    config, inputs = STUDIES["arms"], INPUTS["arms"]
    (name,) = inputs["moderation"]["model"].drop_duplicates().head(1)
    named = [f"copy_{place}" for place in range(20)]
    specs = config.models.specs | dict.fromkeys(named, config.models.specs[name])
    many = config.model_copy(update={"models": config.models.model_copy(update={"specs": specs})})
    rows = inputs["moderation"][inputs["moderation"]["model"] == name]
    drawing = _draw_with(
        "moderation", many, {"moderation": pd.concat([rows.assign(model=copy) for copy in named], ignore_index=True)}
    )
    assert drawing.figure.get_size_inches()[1] <= theme.PAGE
    assert re.search(r"panels of \d+ more in the values of this figure", drawing.notes)
    assert drawing.values["model"].nunique() == len(named)


def test_lines_of_one_panel_are_no_more_than_there_are_styles() -> None:
    config, inputs = STUDIES["arms"], INPUTS["arms"]
    rows = accumulated_rows(inputs["estimates"])
    (name,) = rows["model"].drop_duplicates().head(1)
    named = [f"copy_{place}" for place in range(5)]
    specs = config.models.specs | dict.fromkeys(named, config.models.specs[name])
    many = config.model_copy(update={"models": config.models.model_copy(update={"specs": specs})})
    estimates = inputs["estimates"]
    copies = [estimates[estimates["model"] == name].assign(model=copy) for copy in named]
    drawing = _draw_with("accumulated", many, {"estimates": pd.concat(copies, ignore_index=True)})
    effects = rows.loc[rows["model"] == name].groupby("path")["effect"].nunique()
    for axes in drawing.figure.axes:
        styles = [
            (line.get_color(), line.get_linestyle(), line.get_marker())
            for line in axes.get_lines()
            if line.get_marker() in theme.MARKERS
        ]
        assert 0 < len(set(styles)) == len(styles) <= len(theme.SERIES)
    drawn = sum(len(axes.get_legend().get_texts()) for axes in drawing.figure.axes)
    assert f"curves of {len(named) * effects.sum() - drawn} more in the values of this figure" in drawing.notes


def test_of_a_model_all_curves_have_a_style_or_none() -> None:
    curves = [("first", "by way"), ("first", "beside"), ("second", "by way"), ("second", "beside"), ("third", "by way")]
    assert theme.first_with_styles(curves) == curves[:2]
    assert theme.first_with_styles([curves[0], *curves[2:]]) == [curves[0], *curves[2:4]]
    assert theme.first_with_styles([]) == []


def test_page_holds_panels_in_their_order_and_at_least_one() -> None:
    heights = {"a": 4.0, "b": 5.0, "c": 1.0, "d": 0.5, "e": 20.0}
    assert theme.fill_page("abcd", heights.__getitem__) == (["a", "b", "d"], ["c"])
    assert theme.fill_page("ed", heights.__getitem__) == (["e"], ["d"])
    assert theme.fill_page("", heights.__getitem__) == ([], [])
