"""The panel: lags, person means, baselines, constants, and what must not change it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alliance.config import Variable
from alliance.config.instruments import read_instruments
from alliance.data.panel import make_panel, panel_pieces, sessions_held
from alliance.errors import ConfigError, DataError

quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
KEYS = ["patient", "therapist", "session", "days", "weeks"]
NO_THERAPISTS = pd.DataFrame({"therapist": pd.Series(dtype="str")})


def declare(**variables: dict[str, Any]) -> dict[str, Variable]:
    return {name: Variable.model_validate({"label": name, **settings}) for name, settings in variables.items()}


VARIABLES = declare(
    x={"column": "x", "measured": "after"},
    y={"column": "y", "measured": "before"},
    age={"column": "age", "table": "patients"},
    clinic={"kind": "category", "column": "clinic", "reference": "north", "table": "patients"},
    empathy={"column": "empathy", "table": "therapists"},
)


def scores(*rows: tuple[str, int, float, float | None]) -> pd.DataFrame:
    """Rows of patient, session, days and x."""
    frame = pd.DataFrame(rows, columns=["patient", "session", "days", "x"]).astype({"days": float, "x": float})
    return frame.assign(therapist=pd.Series(np.nan, frame.index, dtype="str"), weeks=frame["days"] / 7)


def patients_of(frame: pd.DataFrame, **therapists: str) -> pd.DataFrame:
    names = sorted(frame["patient"].unique())
    return pd.DataFrame(
        {"patient": names, "therapist": pd.Series([therapists.get(name) for name in names], dtype="str")}
    )


def panel_of(frame: pd.DataFrame, lag: int = 1, max_gap_days: float | None = 21, **therapists: str) -> pd.DataFrame:
    only_x = declare(x={"column": "x", "measured": "after"})
    return make_panel(frame, patients_of(frame, **therapists), NO_THERAPISTS, only_x, lag, max_gap_days)


def column(panel: pd.DataFrame, name: str) -> list[float | None]:
    return [None if np.isnan(value) else value for value in panel[name]]


def test_lag_is_the_value_of_the_session_before() -> None:
    panel = panel_of(scores(("a", 1, 0, 5), ("a", 2, 7, 6), ("a", 3, 14, 8)))
    assert column(panel, "x_lag") == [None, 5, 6]


def test_skipped_session_is_no_lag() -> None:
    panel = panel_of(scores(("a", 1, 0, 5), ("a", 3, 7, 6), ("a", 4, 14, 8)))
    assert column(panel, "x_lag") == [None, None, 6]


def test_longer_lag_looks_up_the_session_number_not_the_row() -> None:
    frame = scores(("a", 1, 0, 5), ("a", 2, 7, 6), ("a", 4, 21, 8), ("a", 5, 28, 9))
    assert column(panel_of(frame, lag=2), "x_lag") == [None, None, 6, None]


@pytest.mark.parametrize("max_gap_days", [21, None])
def test_session_that_is_dated_later_is_no_lag(max_gap_days: float | None) -> None:
    panel = panel_of(scores(("a", 1, 931, 5), ("a", 2, 7, 6), ("a", 3, 14, 8)), max_gap_days=max_gap_days)
    assert column(panel, "x_lag") == [None, None, 6]


@pytest.mark.parametrize(("days", "present"), [(21.0, True), (21.5, False)])
def test_pause_longer_than_the_maximum_is_no_lag(days: float, present: bool) -> None:
    panel = panel_of(scores(("a", 1, 0, 5), ("a", 2, days, 6)))
    assert panel["x_lag"].notna().tolist() == [False, present]


def test_maximum_pause_grows_with_the_lag() -> None:
    panel = panel_of(scores(("a", 1, 0, 5), ("a", 2, 21, 6), ("a", 3, 42, 7)), lag=2)
    assert column(panel, "x_lag") == [None, None, 5]


def test_without_dates_or_without_a_maximum_the_session_numbers_decide() -> None:
    undated = scores(("a", 1, np.nan, 5), ("a", 2, np.nan, 6))
    assert column(panel_of(undated), "x_lag") == [None, 5]
    assert column(panel_of(scores(("a", 1, 0, 5), ("a", 2, 400, 6)), max_gap_days=None), "x_lag") == [None, 5]


def test_weeks_stand_in_for_days_that_are_not_known() -> None:
    frame = scores(("a", 1, np.nan, 5), ("a", 2, np.nan, 6), ("a", 3, np.nan, 7)).assign(weeks=[0.0, 1.0, 5.0])
    assert column(panel_of(frame), "x_lag") == [None, 5, None]


def test_lag_of_a_missing_value_is_missing() -> None:
    assert column(panel_of(scores(("a", 1, 0, None), ("a", 2, 7, 6))), "x_lag") == [None, None]


def test_first_session_of_the_next_patient_has_no_lag() -> None:
    assert column(panel_of(scores(("a", 1, 0, 5), ("b", 2, 7, 6))), "x_lag") == [None, None]


def test_mean_and_deviation_use_observed_sessions_only() -> None:
    panel = panel_of(scores(("a", 1, 0, None), ("a", 2, 7, 4), ("a", 3, 14, 8)))
    assert column(panel, "x_between") == [6, 6, 6]
    assert column(panel, "x_within") == [None, -2, 2]
    assert column(panel, "x") == [None, 4, 8]  # raw scores stay


def test_baseline_is_the_value_at_the_first_session_and_missing_if_missing_then() -> None:
    panel = panel_of(scores(("a", 1, 0, 5), ("a", 2, 7, 4), ("b", 1, 0, None), ("b", 2, 7, 4)))
    assert column(panel, "x_baseline") == [5, 5, None, None]


def test_who_starts_after_the_usual_first_session_has_missed_it() -> None:
    rows = [("a", 1, 0, 5), ("a", 2, 7, 6), ("b", 1, 0, 7), ("c", 2, 7, 8), ("c", 3, 14, 9)]
    assert column(panel_of(scores(*rows)), "x_baseline") == [5, 5, 7, None, None]
    # A session before treatment, which few have, is their own first one.
    early = panel_of(scores(("d", 0, 0, 3), ("d", 1, 7, 4), ("e", 1, 0, 2), *rows))
    assert early.groupby("patient")["x_baseline"].first().to_dict() == pytest.approx(
        {"a": 5, "b": 7, "c": np.nan, "d": 3, "e": 2}, nan_ok=True
    )


def test_without_a_usual_first_session_each_patient_has_an_own_one() -> None:
    panel = panel_of(scores(("a", 4, 0, 5), ("a", 5, 7, 6), ("b", 1, 0, 7), ("c", 9, 0, 8), ("d", 4, 0, 9)))
    assert column(panel, "x_baseline") == [5, 5, 7, 8, 9]


def test_patient_with_one_session_has_a_deviation_of_zero_and_no_lag() -> None:
    panel = panel_of(scores(("a", 1, 0, 5)))
    assert panel["x_within"].tolist() == [0] and panel["x_lag"].isna().all()


def test_therapist_mean_counts_each_patient_once() -> None:
    frame = scores(("a", 1, 0, 2), ("a", 2, 7, 4), ("a", 3, 14, 6), ("b", 1, 0, 8), ("c", 1, 0, 1))
    panel = panel_of(frame, a="T1", b="T1")
    assert column(panel, "x_between_therapist") == [6, 6, 6, 6, None]  # (4 + 8) / 2; c has no therapist


def test_therapist_of_the_patients_table_goes_before_that_of_the_sessions() -> None:
    frame = scores(("a", 1, 0, 2), ("b", 1, 0, 4)).assign(therapist=["T9", "T9"])
    assert panel_of(frame, a="T1")["therapist"].tolist() == ["T1", "T9"]


def test_constants_of_patients_and_therapists_are_repeated_in_their_rows() -> None:
    frame = scores(("a", 1, 0, 2), ("a", 2, 7, 4), ("b", 1, 0, 4)).assign(y=0.0)
    patients = pd.DataFrame(
        {"patient": ["b", "a"], "therapist": ["T1", "T2"], "age": [30, 40], "clinic": ["north", "south"]}
    )
    therapists = pd.DataFrame({"therapist": ["T2"], "empathy": [7.0]})
    panel = make_panel(frame, patients, therapists, VARIABLES, 1, 21)
    assert column(panel, "age") == [40, 40, 30]
    assert column(panel, "clinic_south") == [1, 1, 0]
    assert column(panel, "empathy") == [7, 7, None]  # T1 has no row


def test_questionnaire_of_the_patients_table_is_scored() -> None:
    instruments = read_instruments([Path(__file__).parents[3] / "config" / "instruments" / "gad_7.yaml"])
    declared = declare(
        x={"column": "x", "measured": "after"},
        worry={"kind": "scale", "instrument": "gad_7", "items": "g{item}", "table": "patients"},
    )
    frame = scores(("a", 1, 0, 2), ("a", 2, 7, 4))
    patients = patients_of(frame).assign(**{f"worry__{item}": 2.0 for item in range(1, 8)})
    assert column(make_panel(frame, patients, NO_THERAPISTS, declared, 1, 21, instruments), "worry") == [14, 14]


def test_row_without_any_measure_is_no_session_that_was_held() -> None:
    variables = {name: Variable(label=name, column=name, measured="after") for name in ("x", "mood")}
    frame = pd.DataFrame(
        {"patient": ["P001"] * 3, "session": [1, 2, 3], "x": [1.0, np.nan, np.nan], "mood": [np.nan, 2.0, np.nan]}
    )
    frame["x_lag"], frame["x_between"] = [np.nan, 1.0, np.nan], 1.0
    assert sessions_held(frame, variables).tolist() == [True, True, False]


def test_same_session_twice_is_refused() -> None:
    with pytest.raises(DataError, match="1 rows of the table sessions repeat an earlier patient and session"):
        panel_of(scores(("a", 1, 0, 5), ("a", 1, 7, 6)))


def test_patient_with_two_rows_in_the_patients_table_is_refused() -> None:
    frame = scores(("a", 1, 0, 5))
    twice = pd.DataFrame({"patient": ["a", "a"], "therapist": ["T1", "T2"]})
    with pytest.raises(DataError, match="table patients"):
        make_panel(frame, twice, NO_THERAPISTS, declare(x={"column": "x", "measured": "after"}), 1, 21)


def test_variable_with_the_name_of_a_made_column_is_refused() -> None:
    frame = scores(("a", 1, 0, 5)).assign(x_lag=1.0)
    with pytest.raises(ConfigError, match="two columns 'x_lag'"):
        panel_of(frame)


# Two decimals and few values make ties likely; ties are where an order could leak in.
VALUES = st.one_of(st.just(np.nan), st.integers(-300, 300).map(lambda number: number / 7))


@st.composite
def studies(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Scores, patients and therapists of up to six patients with gaps, blanks and irregular dates."""
    rows = []
    names = [f"P{number:03d}" for number in range(1, draw(st.integers(1, 6)) + 1)]
    for name in names:
        numbers = draw(st.lists(st.integers(1, 8), min_size=1, max_size=6, unique=True))
        dated = draw(st.booleans())
        pauses = draw(st.lists(st.integers(1, 40), min_size=8, max_size=8))
        for number in sorted(numbers):
            days = float(sum(pauses[:number])) if dated else np.nan
            rows.append((name, number, days, draw(VALUES), draw(VALUES)))
    frame = pd.DataFrame(rows, columns=["patient", "session", "days", "x", "y"])
    frame = frame.assign(therapist=pd.Series(np.nan, frame.index, dtype="str"), weeks=frame["days"] / 7)
    therapist = st.sampled_from(["T01", "T02", None])
    clinic = st.sampled_from(["north", "south", "west"])
    patients = pd.DataFrame(
        {
            "patient": names,
            "therapist": pd.Series([draw(therapist) for _ in names], dtype="str"),
            "age": [float(draw(st.integers(18, 80))) for _ in names],
            "clinic": ["north", *(draw(clinic) for _ in names[1:])],
        }
    )
    return frame, patients, pd.DataFrame({"therapist": ["T01", "T02"], "empathy": [3.0, 8.0]})


def build(frame: pd.DataFrame, patients: pd.DataFrame, therapists: pd.DataFrame, lag: int = 1) -> pd.DataFrame:
    return make_panel(frame, patients, therapists, VARIABLES, lag, 21)


@quick
@given(studies(), st.randoms(use_true_random=False), st.integers(1, 3))
def test_order_of_rows_changes_nothing(study: tuple[pd.DataFrame, ...], random: Any, lag: int) -> None:
    def shuffled(table: pd.DataFrame) -> pd.DataFrame:
        return table.iloc[random.sample(range(len(table)), len(table))]

    pd.testing.assert_frame_equal(build(*study, lag), build(*map(shuffled, study), lag), check_exact=True)


@quick
@given(studies(), st.randoms(use_true_random=False), st.integers(1, 8), st.integers(1, 3))
def test_pieces_are_whole_patients_and_together_the_panel(
    study: tuple[pd.DataFrame, ...], random: Any, rows: int, lag: int
) -> None:
    frame, patients, therapists = study
    held = pd.Series([random.choice(["T01", "T02", None]) for _ in range(len(frame))], frame.index, dtype="str")
    frame = frame.assign(therapist=held)
    pieces = list(panel_pieces(frame, patients, therapists, VARIABLES, lag, 21, rows=rows))
    whole = build(frame, patients, therapists, lag)
    pd.testing.assert_frame_equal(pd.concat(pieces, ignore_index=True), whole, check_exact=True)
    people = [name for piece in pieces for name in piece["patient"].unique()]
    assert len(people) == len(set(people))
    assert all((piece["patient"] != piece["patient"].iloc[-1]).sum() < rows for piece in pieces)


def test_therapist_mean_is_the_same_to_the_last_bit_whatever_the_ids() -> None:
    # Values for which the group means of pandas differ by one bit between these two spellings.
    values = [-2 / 7, 116 / 7, -2 / 7, 227 / 7, 0.0]
    frame = scores(*((name, 1, 0, value) for name, value in zip("abcde", values, strict=True)))
    one = panel_of(frame, a="x", b="x", c="x", d="y", e="x")
    other = panel_of(frame, a="z", b="z", c="z", d="y", e="z")
    pd.testing.assert_frame_equal(one.drop(columns="therapist"), other.drop(columns="therapist"), check_exact=True)


@quick
@given(studies(), st.randoms(use_true_random=False))
def test_spelling_of_ids_changes_nothing(study: tuple[pd.DataFrame, ...], random: Any) -> None:
    frame, patients, therapists = study
    names = patients["patient"].tolist()
    spelled = dict(zip(names, random.sample(["zoe", "ann", "7", "007", "Ü", "b c"], len(names)), strict=True))
    doctors = dict(zip(["T01", "T02"], random.sample(["x", "A"], 2), strict=True))
    other = build(
        frame.assign(patient=frame["patient"].map(spelled)),
        patients.assign(patient=patients["patient"].map(spelled), therapist=patients["therapist"].map(doctors)),
        therapists.assign(therapist=therapists["therapist"].map(doctors)),
    )
    back = {spelling: name for name, spelling in spelled.items()}
    other = other.assign(patient=other["patient"].map(back)).sort_values(["patient", "session"], ignore_index=True)
    expected = build(*study)
    pd.testing.assert_frame_equal(
        expected.drop(columns=["patient", "therapist"]), other.drop(columns=["patient", "therapist"]), check_exact=True
    )


@quick
@given(studies(), st.integers(1, 3))
def test_lag_is_present_exactly_when_that_session_was_observed_in_time(
    study: tuple[pd.DataFrame, ...], lag: int
) -> None:
    panel = build(*study, lag)
    observed = {(row.patient, row.session): row for row in panel.itertuples()}
    for row in panel.itertuples():
        earlier = observed.get((row.patient, row.session - lag))
        expected = np.nan
        if earlier is not None and not row.days - earlier.days > 21 * lag:
            expected = earlier.x
        assert row.x_lag == expected or (np.isnan(row.x_lag) and np.isnan(expected))


@quick
@given(studies())
def test_lags_and_means_do_not_depend_on_other_patients(study: tuple[pd.DataFrame, ...]) -> None:
    frame, patients, therapists = study
    together = build(*study)
    name = patients["patient"].iloc[-1]
    declared = {key: value for key, value in VARIABLES.items() if key != "clinic"}
    own, row = frame[frame["patient"] == name], patients[patients["patient"] == name]
    alone = make_panel(own, row, therapists, declared, 1, 21)
    made = [f"{v}{end}" for v in "xy" for end in ("_lag", "_between", "_within")]
    rows = together.loc[together["patient"] == name, made].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone[made], rows, check_exact=True)


@quick
@given(studies())
def test_parts_add_up_and_deviations_of_a_patient_sum_to_zero(study: tuple[pd.DataFrame, ...]) -> None:
    panel = build(*study)
    # Values are below 50 and sessions at most 6, so 1e-12 leaves a hundredfold margin over rounding.
    np.testing.assert_allclose(panel["x_within"] + panel["x_between"], panel["x"], atol=1e-12)
    assert panel.groupby("patient")["x_within"].sum().abs().max() < 1e-12
    first = panel.groupby("patient")["x"].transform(lambda values: values.iloc[0])
    assert (panel["x_baseline"].isna() | (panel["x_baseline"] == first)).all()
    constant = panel.groupby("patient")[["x_between", "x_baseline", "age"]].nunique()
    assert constant.le(1).all(axis=None)


@quick
@given(studies())
def test_panel_keeps_every_row_and_every_raw_score(study: tuple[pd.DataFrame, ...]) -> None:
    panel = build(*study)
    expected = study[0].sort_values(["patient", "session"], ignore_index=True)
    pd.testing.assert_frame_equal(panel[["patient", "session", "x", "y"]], expected[["patient", "session", "x", "y"]])
    assert list(panel)[:5] == KEYS


@quick
@given(studies())
def test_therapist_mean_is_the_mean_of_the_patients_means(study: tuple[pd.DataFrame, ...]) -> None:
    panel = build(*study)
    means = panel.drop_duplicates("patient").dropna(subset="therapist").groupby("therapist")["x_between"].mean()
    # Two orders of adding up at most six values below 50: differences of a few 1e-14.
    np.testing.assert_allclose(panel["x_between_therapist"], panel["therapist"].map(means).astype(float), atol=1e-12)
