"""Observed-mean centring: parts that add up, and predictors that cannot be told apart."""

import numpy as np
import pandas as pd
import pytest

from alliance.config import Equation, Variable
from alliance.errors import ModelError
from alliance.models.textbook.design import Design, make_design

VARIABLES = {name: Variable(label=name, column=name, measured="during") for name in ("x", "y", "z")}
VARIABLES["arm"] = Variable(label="arm", column="arm", table="patients")
VARIABLES["skill"] = Variable(label="skill", column="skill", table="therapists")
NESTED = {"patient": ["intercept"], "therapist": ["intercept"]}


def panel(therapists: int = 6, per_therapist: int = 4, sessions: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(11)
    count = therapists * per_therapist
    rows = pd.DataFrame(
        {
            "patient": np.repeat([f"P{i:03d}" for i in range(count)], sessions),
            "therapist": np.repeat([f"T{i // per_therapist:02d}" for i in range(count)], sessions),
            "session": np.tile(np.arange(1, sessions + 1), count),
            "arm": np.repeat(np.arange(count) % 2, sessions),
        }
    )
    rows["skill"] = rows["therapist"].map({f"T{j:02d}": v for j, v in enumerate(rng.normal(size=therapists))})
    person = np.repeat(rng.normal(size=count), sessions)
    for column in ("x", "y", "z"):
        rows[column] = 40 + 3 * person + rng.normal(size=len(rows))
    rows["y_lag"] = rows.groupby("patient")["y"].shift()
    return rows[rng.random(len(rows)) < 0.9].dropna().reset_index(drop=True)


def design(on: list[str], vary: dict[str, list[str]] = NESTED, rows: pd.DataFrame | None = None) -> Design:
    return make_design(
        "m", "y", Equation.model_validate({"on": on, "vary": vary}), panel() if rows is None else rows, VARIABLES
    )


def raw(found: Design, name: str) -> np.ndarray:
    position = [column.name for column in found.columns].index(name)
    return found.x_mean[position] + found.arrays.x[:, position] * found.x_sd[position]


def test_three_parts_add_up_to_the_predictor_about_one_mean() -> None:
    found = design(["x"])
    total = raw(found, "x_within") + raw(found, "x_between") + raw(found, "x_between_therapist")
    difference = found.rows["x"].to_numpy() - total
    assert np.ptp(difference) < 1e-10


def test_part_within_sums_to_zero_in_every_patient_over_the_rows_used() -> None:
    found = design(["x"])
    sums = pd.Series(raw(found, "x_within")).groupby(found.rows["patient"]).sum()
    assert np.abs(sums).max() < 1e-10


def test_part_between_patients_sums_to_zero_over_the_patients_of_a_therapist() -> None:
    found = design(["x"])
    part = pd.DataFrame(
        {"p": found.rows["patient"], "t": found.rows["therapist"], "v": raw(found, "x_between")}
    ).drop_duplicates("p")
    assert np.abs(part.groupby("t")["v"].sum()).max() < 1e-10


def test_without_therapists_the_patients_mean_is_not_split() -> None:
    found = design(["x"], {"patient": ["intercept"]})
    assert [column.name for column in found.columns] == ["intercept", "x_within", "x_between"]


def test_own_past_enters_within_patients_only() -> None:
    names = [column.name for column in design(["x", "y_lag"]).columns]
    assert "y_lag_within" in names
    assert not {"y_lag_between", "y_lag_between_therapist"} & set(names)


def test_time_and_characteristics_enter_as_they_are() -> None:
    found = design(["x", "session", "arm", "skill"])
    levels = {column.name: column.level for column in found.columns}
    assert levels["session"] == "within"
    assert levels["arm"] == "between_patient"
    assert levels["skill"] == "between_therapist"
    assert np.array_equal(raw(found, "session").round(9), found.rows["session"])


def test_row_order_changes_nothing() -> None:
    rows = panel()
    one, other = design(["x", "arm"], rows=rows), design(["x", "arm"], rows=rows.sample(frac=1, random_state=2))
    by_row = [np.lexsort((d.rows["session"], d.rows["patient"])) for d in (one, other)]
    # Sums in another order: rounding only.
    assert one.arrays.x[by_row[0]] == pytest.approx(other.arrays.x[by_row[1]], abs=1e-12)


def test_predictor_that_never_changes_within_patients_is_named() -> None:
    rows = panel()
    rows["x"] = rows.groupby("patient")["x"].transform("first")
    with pytest.raises(ModelError, match=r"equations\.y\.on: 'x' never changes within a patient.*x_between"):
        design(["x"], rows=rows)


def test_predictors_that_determine_each_other_are_named() -> None:
    rows = panel()
    rows["z"] = 2 * rows["x"] + 1
    with pytest.raises(ModelError, match="'z_within' is determined by 'x_within'"):
        design(["x", "z"], rows=rows)


def test_too_few_therapists_for_their_means_leaves_the_means_out_and_marks_it() -> None:
    rows = panel(therapists=3)
    found = design(["x", "z", "skill"], rows=rows)
    left_out = [mark.subject for mark in found.marks if mark.declared.title == "collinear" and not mark.passed]
    assert left_out == ["z_between_therapist"]
    assert np.linalg.matrix_rank(found.arrays.x) == found.arrays.x.shape[1]


@pytest.mark.parametrize("decimals", [15, 2])
def test_part_between_that_was_taken_out_before_is_left_out_and_marked(decimals: int) -> None:
    rows = panel()
    rows["x"] = (rows["x"] - rows.groupby("patient")["x"].transform("mean")).round(decimals)
    found = design(["x", "z"], rows=rows)
    assert [mark.subject for mark in found.marks if not mark.passed] == ["x_between", "x_between_therapist"]
    assert {mark.declared.title for mark in found.marks} == {"empty part"}
    assert set(found.means) == {"z"}


def test_one_therapist_is_refused_where_effects_vary_by_therapist() -> None:
    rows = panel().assign(therapist="T00")
    with pytest.raises(ModelError, match="only one therapist"):
        design(["x"], rows=rows)


def test_effect_of_a_characteristic_cannot_vary_between_patients() -> None:
    with pytest.raises(ModelError, match=r"vary\.patient: 'arm' never changes within a patient"):
        design(["x", "arm"], {"patient": ["intercept", "arm"]})


def test_reliability_of_means_is_that_of_the_known_variances() -> None:
    rows = panel(therapists=40, per_therapist=10, sessions=5)
    # Patients' means have variance 9 and noise 1 / n with n about 3.6 after gaps and lags: 9 / (9 + .28) = .97.
    assert design(["x"], rows=rows).means["x"] == pytest.approx(0.97, abs=0.01)


def test_order_in_which_varying_effects_are_listed_does_not_matter() -> None:
    one = design(["x"], {"patient": ["intercept", "x"]})
    other = design(["x"], {"patient": ["x", "intercept"]})
    assert one.varying == other.varying == ("intercept", "x")
    assert np.array_equal(one.arrays.z, other.arrays.z)
    assert np.array_equal(other.arrays.z[:, 0], np.ones(len(other.rows)))
