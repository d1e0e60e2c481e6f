"""Products and smooths of time as columns of an equation."""

import numpy as np
import pandas as pd
import pytest

from alliance.config import ModelSpec
from alliance.config.declared import Basis
from alliance.errors import ModelError
from alliance.models.checking.design import mark_design
from alliance.models.design.bases import basis_columns
from alliance.models.diagram import every_path
from tests.unit.models.joint_study import VARIABLES, make_spec, simulate
from tests.unit.models.populations import design_of

PANEL = simulate(12, 6, seed=3)
TIME = np.repeat(np.arange(1.0, 9.0), 3)


def columns(kind: str, df: int | None = None, time: np.ndarray = TIME) -> np.ndarray:
    basis = Basis.model_validate({"of": "session", "kind": kind, "df": df})
    return np.column_stack(list(basis_columns("models.specs.s", "course", basis, time).values()))


def with_product(*factors: str, on: list[str] | None = None) -> ModelSpec:
    equations = {"m": {"on": on or [*factors, "product"]}, "y": {"on": ["m"]}}
    return make_spec(equations=equations, products={"product": list(factors)}, effects={"from": "m", "to": "y"})


def test_polynomial_is_orthogonal_and_spans_the_powers() -> None:
    found = columns("polynomial", 3)
    np.testing.assert_allclose(found.T @ found / (len(TIME) - 1), np.eye(3), atol=1e-12)  # rounding only
    powers = np.column_stack([np.ones_like(TIME), TIME, TIME**2, TIME**3])
    left = found - powers @ np.linalg.lstsq(powers, found, rcond=None)[0]
    np.testing.assert_allclose(left, 0, atol=1e-9)  # powers up to 512 lose three of twelve digits
    assert (np.diff(found[::3, 0]) > 0).all()


def test_natural_spline_reproduces_lines_and_is_linear_beyond_its_ends() -> None:
    time = np.linspace(1, 9, 401)
    found = columns("natural_spline", 4, time)
    knots = np.linspace(1, 9, 5)
    np.testing.assert_allclose(1 + found @ (knots[1:] - 1), time, atol=1e-9)  # rounding only
    at_knots = found[[0, 100, 200, 300, 400]]
    np.testing.assert_allclose(at_knots, np.eye(5)[:, 1:], atol=1e-12)
    # The second derivative vanishes at the ends; between two points 0.04 apart it is at most 0.04 times the third.
    curvature = np.diff(found, 2, axis=0) / 0.02**2
    assert np.abs(curvature[[0, -1]]).max() < 0.05 * np.abs(curvature).max()


def test_logarithm_and_one_effect_per_session() -> None:
    np.testing.assert_allclose(columns("log")[:, 0], np.log(1 + TIME))
    basis = Basis(of="session", kind="each")
    found = basis_columns("models.specs.s", "course", basis, np.array([2.0, 3.0, 3.0, 7.0]))
    assert {name: column.tolist() for name, column in found.items()} == {
        "course_3": [0, 1, 1, 0],
        "course_7": [0, 0, 0, 1],
    }


def test_smooth_with_too_few_times_is_refused() -> None:
    with pytest.raises(
        ModelError,
        match=r"^models\.specs\.s\.bases\.course\.df: 4 columns need at least 5 different values .* there are 3",
    ):
        columns("natural_spline", 4, np.array([1.0, 2.0, 3.0]))
    with pytest.raises(ModelError, match=r"log\(1 \+ session\) does not exist"):
        columns("log", None, np.array([-1.0, 2.0]))


def test_smooth_is_expanded_in_the_equation_and_where_it_varies() -> None:
    equations = {
        "m": {"on": ["x", "course"], "vary": {"patient": ["intercept", "course"]}},
        "y": {"on": ["m", "x"]},
    }
    bases = {"course": {"of": "session", "kind": "polynomial", "df": 2}}
    design = design_of(make_spec(equations=equations, bases=bases), PANEL)
    assert design.equations["m"].terms == ("x", "course_1", "course_2")
    assert [effect.text for effect in design.varying["patient"]] == [
        "m: intercept", "y: intercept", "m: course_1", "m: course_2"
    ]  # fmt: skip
    # The columns are kept with the rows, so that a simulation finds them there.
    course = design.equations["m"].rows["course_1"]
    assert course.groupby(PANEL["session"]).nunique().max() == 1
    assert course.corr(PANEL["session"]) == pytest.approx(1)


def test_session_level_factors_enter_as_deviations_from_own_means() -> None:
    panel = PANEL.drop(index=[3, 4, 17])
    found = design_of(with_product("x", "y_lag"), panel.assign(y_lag=panel.groupby("patient")["y"].shift())).equations[
        "m"
    ]
    rows = found.rows
    by_patient = rows.groupby("patient")[["x", "y_lag"]]
    deviations = rows[["x", "y_lag"]] - by_patient.transform("mean")
    np.testing.assert_allclose(rows["product"], deviations["x"] * deviations["y_lag"], atol=1e-12)
    assert found.origins["product"].lagged and found.origins["product"].session_level


def test_constant_factor_is_centred_at_its_mean_over_patients() -> None:
    # Patients with arm 1 lose half of their sessions: the mean over sessions would be another one.
    panel = PANEL[(PANEL["arm"] == 0) | (PANEL["session"] <= 3)]
    rows = design_of(with_product("x", "arm"), panel).equations["m"].rows
    deviation = rows["x"] - rows.groupby("patient")["x"].transform("mean")
    np.testing.assert_allclose(rows["product"], deviation * (rows["arm"] - 0.5), atol=1e-12)


def test_time_enters_centred_at_its_mean() -> None:
    rows = design_of(with_product("x", "session"), PANEL).equations["m"].rows
    deviation = rows["x"] - rows.groupby("patient")["x"].transform("mean")
    np.testing.assert_allclose(rows["product"], deviation * (rows["session"] - 3.5), atol=1e-12)


def test_product_with_a_smooth_has_a_column_for_each_of_its_columns() -> None:
    bases = {"course": {"of": "session", "kind": "natural_spline", "df": 2}}
    equations = {
        # The product may stand before the smooth that it is made of.
        "m": {"on": ["bends", "arm", "course"], "vary": {"patient": ["intercept"]}},
        "y": {"on": ["m"]},
    }
    spec = make_spec(equations=equations, bases=bases, products={"bends": ["arm", "course"]})
    found = design_of(spec, PANEL).equations["m"]
    assert found.terms == ("bends_1", "bends_2", "arm", "course_1", "course_2")
    for column in ("1", "2"):
        course = found.rows[f"course_{column}"]
        expected = (found.rows["arm"] - 0.5) * (course - course.mean())
        np.testing.assert_allclose(found.rows[f"bends_{column}"], expected, atol=1e-12)
        assert found.origins[f"bends_{column}"].session_level


def test_product_that_is_always_the_same_is_refused() -> None:
    sparse = pd.concat([PANEL.groupby("patient").head(1).assign(session=1), PANEL.groupby("patient").tail(1)])
    flat = sparse.assign(x=sparse.groupby("patient")["x"].transform("first"))
    with pytest.raises(ModelError, match=r"the product 'product' is the same in all 24 rows"):
        design_of(with_product("x", "arm"), flat)


def test_name_of_a_column_of_the_panel_cannot_name_a_product() -> None:
    with pytest.raises(ModelError, match="'product' is already a column of the panel"):
        design_of(with_product("x", "arm"), PANEL.assign(product=1.0))


@pytest.mark.parametrize(("sessions", "passed"), [(6, False), (14, True)])
def test_deviations_from_a_mean_that_the_outcome_moves_are_marked(sessions: int, passed: bool) -> None:
    spec = with_product("m_lag", "arm")
    panel = simulate(12, sessions, seed=1)
    design = design_of(spec, panel.assign(m_lag=panel.groupby("patient")["m"].shift(1)))
    (mark,) = mark_design(design, every_path("study", spec, VARIABLES))
    assert (mark.declared.title, mark.subject, mark.passed) == ("observed deviations", "product -> m", passed)
    assert mark.value == pytest.approx(1 / (sessions - 1))


def test_deviations_that_the_outcome_moves_in_a_roundabout_way_are_marked_too() -> None:
    panel = PANEL.assign(y_lag=PANEL.groupby("patient")["y"].shift(1))
    equations = {"m": {"on": ["y_lag", "arm", "product"]}, "y": {"on": ["m"]}}
    spec = make_spec(equations=equations, products={"product": ["y_lag", "arm"]}, effects={"from": "m", "to": "y"})
    marks = mark_design(design_of(spec, panel), every_path("study", spec, VARIABLES))
    assert [mark.subject for mark in marks if mark.declared.title == "observed deviations"] == ["product -> m"]


def test_deviations_that_the_outcome_cannot_move_are_not_marked() -> None:
    spec = with_product("x", "arm", on=["x", "x_between", "arm", "product"])
    assert mark_design(design_of(spec, PANEL), every_path("study", spec, VARIABLES)) == []


def test_marks_of_a_single_equation_are_made_too() -> None:
    equations = {"m": {"on": ["x", "x_between", "arm", "product"]}}
    spec = make_spec(equations=equations, products={"product": ["x", "arm"]}, effects={"from": "x", "to": "m"})
    assert mark_design(design_of(spec, PANEL), every_path("study", spec, VARIABLES)) == []


def test_same_mark_of_two_pairs_is_made_once() -> None:
    panel = PANEL.assign(
        y_lag=PANEL.groupby("patient")["y"].shift(1), y_baseline=PANEL.groupby("patient")["y"].transform("first")
    )
    equations = {"m": {"on": ["arm", "y_lag", "y_baseline"]}, "y": {"on": ["m", "arm", "y_baseline"]}}
    spec = make_spec(equations=equations, effects={"from": "arm", "to": "y"})
    paths = every_path("study", spec, VARIABLES)
    marks = mark_design(design_of(spec, panel), [*paths, *paths])
    assert [mark.declared.title for mark in marks] == ["initial values"]
