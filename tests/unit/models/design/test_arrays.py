import numpy as np
import pandas as pd
import pytest

from alliance.config import ModelSpec, Variable
from alliance.errors import ModelError
from alliance.models.checking.design import mark_design
from alliance.models.design.arrays import Design, make_design
from alliance.models.diagram import every_path
from alliance.models.rows import select_rows
from tests.unit.models.joint_study import VARIABLES, make_spec, simulate

PANEL = simulate(24, 3, seed=1)


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


def test_varying_slopes_multiply_deviations_from_own_means_but_for_time_and_what_is_constant():
    on = ["m", "x_between", "arm", "session"]
    vary = {"patient": ["intercept", "m", "session"], "therapist": ["intercept", "m", "arm"]}
    panel = simulate(24, 4, seed=1).iloc[1:]  # one patient has fewer rows
    panel["arm"] = (panel["patient"].str[1:].astype(int) // 8 % 2).astype(float)
    equation = design_of(make_spec(equations={"m": {"on": ["x"]}, "y": {"on": on, "vary": vary}}), panel).equations["y"]
    own = panel.groupby("patient")["m"].transform("mean")
    np.testing.assert_allclose(equation.varying_column("m"), (panel["m"] - own) / panel["m"].std(), atol=1e-12)
    for term in ("session", "arm"):
        expected = (panel[term] - panel[term].mean()) / panel[term].std()
        np.testing.assert_allclose(equation.varying_column(term), expected, atol=1e-12)
    np.testing.assert_array_equal(equation.varying_column("intercept"), 1.0)


def test_varying_slopes_multiply_what_initial_values_do_not_lead_one_to_expect():
    on = ["m", "y_lag", "y_baseline", "arm", "x_between"]
    panel = simulate(24, 5, seed=1).assign(arm=lambda rows: rows["patient"].str[1:].astype(int) % 2.0)
    by_patient = panel.groupby("patient")["y"]
    panel = panel.assign(y_lag=by_patient.shift(1), y_baseline=by_patient.transform("first")).dropna()
    vary = {"patient": ["intercept", "m"]}
    equation = design_of(make_spec(equations={"m": {"on": ["x"]}, "y": {"on": on, "vary": vary}}), panel).equations["y"]
    known = np.column_stack([np.ones(len(panel)), panel[["y_baseline", "arm"]]])  # not the observed mean
    left = panel["m"] - known @ np.linalg.lstsq(known, panel["m"])[0]
    np.testing.assert_allclose(equation.varying_column("m"), left / panel["m"].std(), atol=1e-12)


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


VARYING = {"patient": ["intercept"], "therapist": ["intercept"]}


def three_levels(**vary: list[str]) -> ModelSpec:
    return make_spec(equations={"m": {"on": ["x"]}, "y": {"on": ["m", "x"], "vary": vary or VARYING}})


def test_equation_without_predictors_has_an_empty_array():
    design = design_of(make_spec(equations={"x": {"on": []}, "m": {"on": ["x"]}, "y": {"on": ["m", "x"]}}), PANEL)
    assert design.equations["x"].x.shape == (len(PANEL), 0)
    assert list(design.equations) == ["x", "m", "y"]


def test_predictor_that_is_the_same_for_all_patients_of_a_therapist_is_told_from_one_that_is_not():
    panel = PANEL.assign(experience=PANEL["therapist"].str[1:].astype(float))
    variables = VARIABLES | {"experience": Variable(label="e", column="e", table="therapists")}
    spec = make_spec(equations={"m": {"on": ["x", "arm", "experience"]}, "y": {"on": ["m", "x"]}})
    # Patients of one therapist are in one arm here; with one therapist less they are not.
    panel["therapist"] = panel["therapist"].replace("T08", "T07")
    panel.loc[panel["therapist"] == "T07", "experience"] = 7.0
    rows, _ = select_rows(panel, "study", spec)
    origins = make_design("study", spec, rows, variables).equations["m"].origins
    assert [term for term, origin in origins.items() if origin.therapist_level] == ["experience"]


def test_two_therapists_are_too_few():
    panel = PANEL.assign(therapist=np.where(PANEL["arm"] == 1, "T01", "T02"))
    with pytest.raises(ModelError, match=r"only 2 therapists .* at least 3. Remove 'therapist'"):
        design_of(three_levels(), panel)


def test_each_row_of_patients_with_several_therapists_has_its_own():
    panel = PANEL.copy()
    panel.loc[[0, 9], "therapist"] = "T05"
    design = design_of(three_levels(), panel)
    codes = [design.units["therapist"][place] for place in design.equations["y"].units["therapist"]]
    assert codes == list(design.equations["y"].rows["therapist"])
    assert codes.count("T05") == list(panel["therapist"]).count("T05")


def test_one_session_for_every_patient_leaves_nothing_to_tell_them_from_sessions():
    with pytest.raises(ModelError, match=r"equations\.m\.vary\.patient: every patient has one session in the 24 rows"):
        design_of(three_levels(), PANEL[PANEL["session"] == 1])


def test_one_patient_for_every_therapist_is_refused():
    with pytest.raises(ModelError, match=r"vary\.therapist: every therapist has one patient"):
        design_of(three_levels(), PANEL.assign(therapist="T" + PANEL["patient"]))


def test_as_many_varying_effects_as_patients_are_refused_and_one_fewer_are_not():
    rng = np.random.default_rng(1)
    more = {f"z{n}": rng.normal(size=len(PANEL)) for n in range(4)}
    panel = PANEL.assign(**more)
    panel = panel[panel["patient"].isin(panel["patient"].unique()[:7])]
    variables = VARIABLES | {name: Variable(label=name, column=name, measured="during") for name in more}
    effects = ["intercept", "x", *more]

    def design_of_first(count: int) -> Design:
        equations = {
            "m": {"on": ["x", *more], "vary": {"patient": effects[:count]}},
            "y": {"on": ["m", "x"], "vary": {"patient": ["intercept"]}},
        }
        spec = make_spec(equations=equations)
        return make_design("study", spec, select_rows(panel, "study", spec)[0], variables)

    with pytest.raises(
        ModelError, match=r"7 effects vary by patient \(m: intercept, .*only 7 patients.*at most 6 of them"
    ):
        design_of_first(6)
    assert len(design_of_first(5).varying["patient"]) == 6


def test_therapist_level_predictor_cannot_vary_between_therapists():
    vary = {"patient": ["intercept"], "therapist": ["intercept", "arm"]}
    equations = {"m": {"on": ["x"]}, "y": {"on": ["m", "x", "arm"], "vary": vary}}
    with pytest.raises(ModelError, match=r"vary\.therapist: 'arm' never changes within a therapist"):
        design_of(make_spec(equations=equations), PANEL)


@pytest.mark.parametrize(("kept", "share", "passed"), [(8, 8 / 24, True), (16, 16 / 24, False)])
def test_many_patients_with_one_session_are_marked(kept: int, share: float, passed: bool):
    single = PANEL["patient"].isin(PANEL["patient"].unique()[:kept]) & (PANEL["session"] > 1)
    spec = make_spec()
    marks = mark_design(design_of(spec, PANEL[~single]), every_path("study", spec, VARIABLES))
    assert [(mark.declared.title, mark.subject, mark.passed) for mark in marks] == [
        ("single sessions", "m", passed),
        ("single sessions", "y", passed),
    ]
    assert marks[0].value == pytest.approx(share)
