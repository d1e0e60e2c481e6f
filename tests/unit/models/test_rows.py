"""The rows of an equation and the flow that leads to them."""

import numpy as np
import pandas as pd
import pytest

from alliance.config import ModelSpec
from alliance.errors import ModelError
from alliance.models.rows import select_rows


def panel(patients: int = 8, sessions: int = 4) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    rows = pd.DataFrame(
        {
            "patient": np.repeat([f"P{i:03d}" for i in range(patients)], sessions),
            "therapist": np.repeat([f"T{i // 4:02d}" for i in range(patients)], sessions),
            "session": np.tile(np.arange(1, sessions + 1), patients),
        }
    )
    for column in ("y", "x", "z"):
        rows[column] = rng.normal(size=len(rows))
    rows["x_lag"] = rows.groupby("patient")["x"].shift()
    return rows


def spec(on: list[str], **vary: list[str]) -> ModelSpec:
    return ModelSpec.model_validate(
        {
            "label": "t",
            "family": "direct",
            "equations": {"y": {"on": on, "vary": vary}},
            "effects": {"from": "x", "to": "y"},
        }
    )


def test_flow_adds_up_from_the_panel_to_the_rows_analysed() -> None:
    data = panel()
    data.loc[[2, 9], "y"] = np.nan
    data.loc[[9, 11], "z"] = np.nan
    rows, flow = select_rows(data, "m", spec(["x_lag", "z"]))
    first, last = flow.iloc[0], flow.iloc[-1]
    assert (first["stage"], last["stage"]) == ("panel", "analysed")
    assert first["n_sessions"] - flow["removed_sessions"].sum() == last["n_sessions"] == len(rows["y"])
    assert first["n_patients"] - flow["removed_patients"].sum() == last["n_patients"] == rows["y"]["patient"].nunique()
    assert list(flow["reason"][1:-1]) == ["not observed: y", "no earlier session: x_lag", "not observed: z"]


def test_patient_whose_first_session_lacks_a_value_is_left_out_by_that_reason() -> None:
    data = panel()
    data["z_baseline"] = np.where(data["patient"] == "P001", np.nan, data.groupby("patient")["z"].transform("first"))
    _, flow = select_rows(data, "m", spec(["x", "z_baseline"]))
    left = flow[flow["stage"] == "left out"]
    assert left[["reason", "removed_patients"]].to_numpy().tolist() == [
        ["not observed at the first session: z_baseline", 1]
    ]


def test_earlier_values_that_no_session_has_are_refused() -> None:
    data = panel()
    data["session"] *= 4
    data["x_lag"] = np.nan
    with pytest.raises(
        ModelError, match=r"'x_lag' is known at 0 of 24 .* numbered 4, 8, 12, 16; .*session_names.*panel\.lag"
    ):
        select_rows(data, "m", spec(["x_lag"]))


def with_past(data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(y_baseline=data.groupby("patient")["y"].transform("first"))


def test_equation_with_initial_values_starts_at_the_second_session() -> None:
    data = with_past(panel())
    rows, flow = select_rows(data, "m", spec(["x", "y_baseline"]))
    assert rows["y"]["session"].min() == 2
    assert list(flow["reason"][1:-1]) == ["first session: its values are the initial values"]
    # A panel that starts later holds no initial values: they were before it.
    later, _ = select_rows(data[data["session"] > 1], "m", spec(["x", "y_baseline"]))
    pd.testing.assert_frame_equal(later["y"], rows["y"])


def test_patient_without_therapist_is_left_out_only_where_the_therapist_matters() -> None:
    data = panel()
    data.loc[data["patient"] == "P000", "therapist"] = None
    plain, _ = select_rows(data, "m", spec(["x"]))
    nested, flow = select_rows(data, "m", spec(["x"], therapist=["intercept"]))
    assert plain["y"]["patient"].nunique() == 8
    assert nested["y"]["patient"].nunique() == 7
    assert "no therapist known" in set(flow["reason"])


def test_variance_analysis_selects_rows_per_variable() -> None:
    data = panel()
    data.loc[0, "y"] = np.nan
    model = ModelSpec.model_validate(
        {"label": "t", "family": "textbook", "analysis": "variance", "variables": ["y", "x"]}
    )
    rows, _ = select_rows(data, "m", model)
    assert {name: len(frame) for name, frame in rows.items()} == {"y": 31, "x": 32}


def test_unknown_column_constant_predictor_and_too_few_patients_are_refused() -> None:
    with pytest.raises(ModelError, match=r"no column 'xx'.*Did you mean 'x'"):
        select_rows(panel(), "m", spec(["x", "xx"]))
    with pytest.raises(ModelError, match="'z' has the same value in all 32 rows"):
        select_rows(panel().assign(z=1.0), "m", spec(["x", "z"]))
    with pytest.raises(
        ModelError, match=r"'y' has the same value in all 32 rows .* Leave it out of the model's outcomes"
    ):
        select_rows(panel().assign(y=1.0), "m", spec(["x"]))
    with pytest.raises(ModelError, match="only 3 patients"):
        select_rows(panel(patients=3), "m", spec(["x"]))


def test_rows_need_what_products_and_smooths_are_made_of() -> None:
    data = panel()
    data["weeks"] = data["session"] - 1.0
    data.loc[0, "x"] = np.nan
    data.loc[5, "weeks"] = np.nan
    declared = {
        **spec(["z", "x_by_z", "course"]).model_dump(by_alias=True),
        "products": {"x_by_z": ["x", "z"]},
        "bases": {"course": {"of": "weeks", "kind": "log"}},
    }
    rows, flow = select_rows(data, "m", ModelSpec.model_validate(declared))
    assert len(rows["y"]) == 30
    assert list(flow["reason"][1:-1]) == ["not observed: x", "not observed: weeks"]


def test_blank_value_of_a_session_that_was_held_is_told_from_a_session_that_was_not() -> None:
    data = panel()
    data["z_lag"] = data.groupby("patient")["z"].shift(1)
    data.loc[data.index[2], "x_lag"] = np.nan  # the session before was held: its z is known
    _, flow = select_rows(data, "m", spec(["x_lag"]))
    left = flow[flow["stage"] == "left out"]
    assert left[["reason", "removed_sessions"]].to_numpy().tolist() == [
        ["no earlier session: x_lag", data["patient"].nunique()],
        ["earlier session held, its value not observed: x_lag", 1],
    ]
