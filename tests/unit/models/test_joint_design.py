import numpy as np
import pandas as pd
import pytest

from alliance.config import ModelSpec
from alliance.errors import ModelError
from alliance.models.joint.design import Design, make_design
from alliance.models.rows import select_rows
from tests.unit.models.joint_study import VARIABLES, make_spec, simulate


def design_of(spec: ModelSpec, panel: pd.DataFrame) -> Design:
    rows, _ = select_rows(panel, "study", spec)
    return make_design("study", spec, rows, VARIABLES)


def test_standard_units_have_mean_zero_and_sd_one_in_the_rows_of_each_equation():
    equation = design_of(make_spec(), simulate(12, 4, seed=1, raw_scale=50.0)).equations["y"]
    arrays = np.column_stack([equation.y, equation.x])
    # Centring and scaling leave rounding errors only.
    np.testing.assert_allclose(arrays.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(arrays.std(axis=0, ddof=1), 1, atol=1e-12)


def test_standard_units_are_undone_exactly():
    panel = simulate(12, 4, seed=1, raw_scale=50.0)
    equation = design_of(make_spec(), panel).equations["y"]
    np.testing.assert_allclose(equation.y * equation.y_sd + equation.y_mean, panel["y"], rtol=1e-12)
    np.testing.assert_allclose(equation.x * equation.x_sd + equation.x_mean, panel[list(equation.terms)], rtol=1e-12)


def test_equations_follow_the_order_within_a_session():
    equations = {"y": {"on": ["m", "x"]}, "m": {"on": ["x"]}}
    assert list(design_of(make_spec(equations=equations), simulate(8, 3, seed=1)).equations) == ["m", "y"]


def test_varying_effects_of_all_equations_are_stacked_with_intercepts_first():
    design = design_of(make_spec(), simulate(8, 3, seed=1))
    assert [effect.text for effect in design.varying["patient"]] == ["m: intercept", "y: intercept", "m: x", "y: m"]


def test_each_row_points_to_its_own_patient():
    panel = simulate(8, 3, seed=1)
    design = design_of(make_spec(), panel)
    found = [design.units["patient"][position] for position in design.equations["y"].units["patient"]]
    assert found == panel["patient"].tolist()


def test_predictor_determined_by_others_is_refused():
    panel = simulate(8, 3, seed=1).assign(arm=lambda table: 2 * table["x_between"] + 1)
    with pytest.raises(
        ModelError, match=r"equations\.m\.on: 'x_between' is determined by the other predictors .*'arm'"
    ):
        design_of(make_spec(), panel)


def test_effect_of_a_constant_cannot_vary_between_patients():
    equations = {"m": {"on": ["x"]}, "y": {"on": ["m", "x", "arm"], "vary": {"patient": ["intercept", "arm"]}}}
    with pytest.raises(ModelError, match=r"vary\.patient: 'arm' never changes within a patient"):
        design_of(make_spec(equations=equations), simulate(8, 3, seed=1))


def test_circle_within_one_session_is_refused():
    equations = {"m": {"on": ["x", "y"]}, "y": {"on": ["m", "x"]}}
    with pytest.raises(ModelError, match="is a circle within one session"):
        design_of(make_spec(equations=equations), simulate(8, 3, seed=1))
