"""Estimates of two runs side by side, and next to a known truth."""

import numpy as np
import pandas as pd
import pytest

from alliance.facts.artefacts import ARTEFACTS
from alliance.results.comparison import (
    compare_estimates,
    compare_methods,
    compare_with_truth,
    models_given_history,
)
from tests.artefacts import builders
from tests.unit.report.prose.rows import estimate, inputs

CONFIG = builders.arms_config()
UNCORRECTED = pd.DataFrame(columns=ARTEFACTS["corrected"].header)


def compare(base: list[dict], this: list[dict]) -> pd.DataFrame:
    return compare_estimates(inputs(*base)["estimates"], inputs(*this)["estimates"])


def test_difference_shift_and_overlap_of_a_pair() -> None:
    (row,) = compare([estimate()], [estimate(estimate=-0.114, low=-0.21, high=-0.02)]).to_dict("records")

    assert row["difference"] == pytest.approx(0.1)
    assert row["shift"] == pytest.approx(2.0)  # standard deviations of the base estimate, which is 0.05
    assert row["overlap"] == pytest.approx(0.09 / 0.19)  # shared: -0.21 to -0.12; both are 0.19 wide
    assert row["change"] == "same direction"


@pytest.mark.parametrize(
    ("base", "this", "change"),
    [
        ((-0.3, -0.1), (-0.3, 0.1), "interval now contains zero"),
        ((-0.3, 0.1), (-0.3, -0.1), "interval no longer contains zero"),
        ((-0.3, 0.1), (-0.2, 0.1), "interval contains zero in both"),
        ((-0.3, -0.1), (0.1, 0.3), "direction turned round"),
    ],
)
def test_change_is_named(base: tuple[float, float], this: tuple[float, float], change: str) -> None:
    rows = [estimate(low=low, high=high, estimate=(low + high) / 2) for low, high in (base, this)]

    assert compare(rows[:1], rows[1:])["change"].item() == change


def test_effects_come_before_what_they_are_made_from() -> None:
    rows = [estimate(effect="coefficient"), estimate(effect="sd"), estimate(effect="indirect")]

    assert list(compare(rows, rows)["effect"]) == ["indirect", "coefficient", "sd"]


def test_intervals_apart_do_not_overlap() -> None:
    rows = [estimate(low=-0.3, high=-0.1), estimate(low=0.1, high=0.3)]

    assert compare(rows[:1], rows[1:])["overlap"].item() == 0


def test_variance_has_no_direction() -> None:
    row = estimate(effect="variance", estimate=3.0, low=2.0, high=4.0)

    assert compare([row], [row])["change"].item() == "has no direction"


def test_another_lag_does_not_separate_what_belongs_together() -> None:
    table = compare([estimate()], [estimate(horizon="2 sessions later")])

    assert len(table) == 1
    assert (table["horizon_base"].item(), table["horizon_this"].item()) == ("next session", "2 sessions later")


def test_equal_horizons_are_paired_before_the_others() -> None:
    base = [estimate(horizon="next session", estimate=1.0), estimate(horizon="2 sessions later", estimate=2.0)]
    this = [estimate(horizon="2 sessions later", estimate=2.5), estimate(horizon="3 sessions later", estimate=3.5)]
    table = compare(base, this)

    assert list(zip(table["horizon_base"], table["horizon_this"], strict=True)) == [
        ("2 sessions later", "2 sessions later"),
        ("next session", "3 sessions later"),
    ]


def test_values_of_a_moderator_are_told_apart_whatever_the_horizon() -> None:
    at = [estimate(effect="conditional", moderator="arm", value=value, estimate=value - 2.0) for value in (0.0, 1.0)]
    table = compare([*at, estimate()], [{**row, "horizon": "2 sessions later"} for row in (*reversed(at), estimate())])

    assert sorted(table["value"].dropna()) == [0.0, 1.0]
    assert (table["difference"] == 0).all()


def test_estimates_of_one_run_only_stay_in_the_table() -> None:
    table = compare([estimate(), estimate(effect="total")], [estimate(), estimate(effect="direct")])

    assert list(table.columns) == ARTEFACTS["comparison"].header[1:]  # all but the name of the other run
    assert list(table["change"]) == ["same direction", "only in this run", "only in the other run"]
    assert table["difference"].isna().tolist() == [False, True, True]


def test_a_run_compared_with_itself_moves_nothing() -> None:
    estimates = builders.estimates(CONFIG)
    table = compare_estimates(estimates, estimates)

    assert len(table) == len(estimates)
    assert (table["difference"] == 0).all()
    # Widths are differences of floating-point numbers, so shares of them are 1 up to rounding.
    assert np.allclose(table["overlap"], 1)


def truth_of(row: dict, value: float) -> pd.DataFrame:
    return pd.DataFrame(
        [{key: row[key] for key in ("outcome", "path", "effect", "level", "horizon")} | {"value": value}]
    )


@pytest.mark.parametrize(("value", "holds"), [(-0.31, True), (-0.2, True), (-0.12, True), (-0.11, False)])
def test_interval_holds_the_truth_up_to_its_ends(value: float, holds: bool) -> None:
    row = estimate()

    assert (
        compare_with_truth(inputs(row)["estimates"], UNCORRECTED, truth_of(row, value), CONFIG)["holds"].item() is holds
    )


def test_corrected_estimates_stand_beside_the_same_truth() -> None:
    rows = [estimate(), estimate(model="technique_jointly")]
    found = {"estimate_corrected": -0.3, "low_corrected": -0.4, "high_corrected": -0.2}
    corrected = pd.DataFrame([rows[1] | found], columns=ARTEFACTS["corrected"].header)
    table = compare_with_truth(inputs(*rows)["estimates"], corrected, truth_of(rows[0], -0.2), CONFIG)

    assert table["estimate"].tolist() == [rows[0]["estimate"]] * 2
    assert table["low_corrected"].isna().tolist() == [True, False] and table["high_corrected"].tolist()[1] == -0.2


def test_only_models_that_hold_the_past_equal_are_compared_with_a_truth_given_the_past() -> None:
    rows = [estimate(), estimate(model="arm_by_steps")]

    assert compare_with_truth(inputs(*rows)["estimates"], UNCORRECTED, truth_of(rows[0], -0.2), CONFIG)[
        "model"
    ].tolist() == ["technique_by_steps"]


def test_what_is_true_of_one_model_takes_the_place_of_what_is_true_of_the_others() -> None:
    rows = [estimate(), estimate(model="technique_jointly")]
    known = pd.concat([truth_of(rows[0], -0.2), truth_of(rows[0], -0.3).assign(model="technique_jointly")])
    table = compare_with_truth(inputs(*rows)["estimates"], UNCORRECTED, known, CONFIG).set_index("model")["truth"]

    assert table.to_dict() == {"technique_by_steps": -0.2, "technique_jointly": -0.3}


def test_all_that_goes_along_with_something_is_compared_whatever_the_past() -> None:
    row = estimate(model="arm_by_steps", effect="intention_to_treat", level="overall")
    other = estimate(model="arm_by_steps", effect="total", level="overall")
    table = compare_with_truth(
        inputs(row, other)["estimates"], UNCORRECTED, pd.concat([truth_of(one, 0.1) for one in (row, other)]), CONFIG
    )

    assert table["effect"].tolist() == ["intention_to_treat"]


def test_corrections_of_several_moderators_are_not_mixed_up() -> None:
    rows = [estimate(model="technique_jointly", effect="index", moderator=name) for name in ("arm", "age")]
    found = {"estimate_corrected": -0.3, "low_corrected": -0.4, "high_corrected": -0.2}
    corrected = pd.DataFrame([row | found for row in rows], columns=ARTEFACTS["corrected"].header)
    table = compare_with_truth(inputs(*rows)["estimates"], corrected, truth_of(rows[0], 0.0), CONFIG)

    assert table["moderator"].tolist() == ["arm", "age"] and table["estimate_corrected"].isna().all()


def test_longer_lag_has_no_known_truth() -> None:
    assert models_given_history(CONFIG)
    assert models_given_history(builders.arms_config(panel={"lag": 2, "max_gap_days": None})) == []


def test_truth_of_a_constant_cause_belongs_to_its_version_within_patients() -> None:
    path = {"path": "arm -> alliance -> symptoms", "horizon": "", "model": "arm_jointly"}
    rows = [estimate(**path, level="within"), estimate(**path, level="between_patient")]
    found = compare_with_truth(
        inputs(*rows)["estimates"], UNCORRECTED, truth_of(rows[0] | {"level": "overall"}, -0.2), CONFIG
    )

    assert found["level"].tolist() == ["within"]


def test_truth_of_averages_is_that_of_models_in_which_all_variables_have_equations() -> None:
    joint = {"level": "between_patient", "family": "multilevel_path"}
    rows = [estimate(**joint, model="technique_jointly"), estimate(**joint, model="technique_by_arm")]
    rows.append(estimate(level="between_patient"))
    # The others hold observed means of technique equal, or the past.
    assert compare_with_truth(inputs(*rows)["estimates"], UNCORRECTED, truth_of(rows[0], -0.2), CONFIG)[
        "model"
    ].tolist() == ["technique_jointly"]


def test_averages_given_the_past_are_not_compared_with_averages_as_they_are() -> None:
    rows = [estimate(level="between_patient"), joint(level="between_patient")]
    assert compare_methods(inputs(*rows)["estimates"], CONFIG).empty
    assert len(compare_methods(inputs(*[row | {"level": "within"} for row in rows])["estimates"], CONFIG)) == 1


def test_truth_for_another_horizon_is_not_the_truth() -> None:
    row = estimate()

    assert compare_with_truth(
        inputs(row)["estimates"], UNCORRECTED, truth_of(row | {"horizon": "same session"}, -0.2), CONFIG
    ).empty


def joint(**changes):
    return estimate(**{"model": "technique_jointly", "family": "multilevel_path"} | changes)


def test_separate_and_joint_models_of_one_path_are_paired_and_measured_in_joint_standard_errors() -> None:
    rows = [
        estimate(estimate=-0.2, sd=0.01),
        joint(estimate=-0.35, sd=0.05),
        joint(model="technique_by_arm", estimate=-0.25, sd=0.05),
    ]
    table = compare_methods(inputs(*rows)["estimates"], CONFIG)

    assert list(table["model_joint"]) == ["technique_jointly", "technique_by_arm"]
    assert list(table["distance"]) == pytest.approx([-3.0, -1.0])
    assert list(table["apart"]) == [True, False]


@pytest.mark.parametrize(
    "change",
    [
        {"level": "between_patient"},
        {"horizon": "same session"},
        {"path": "arm -> alliance -> symptoms"},
        {"model": "arm_jointly"},
        {"family": "textbook"},
        {"effect": "direct"},
    ],
)
def test_only_estimates_of_the_same_thing_by_both_kinds_of_model_are_paired(change: dict[str, str]) -> None:
    assert compare_methods(inputs(estimate(), joint(**change))["estimates"], CONFIG).empty


def test_equation_of_the_cause_needs_no_past_for_a_known_truth() -> None:
    assert "technique_jointly" in models_given_history(CONFIG)
    assert "arm_by_steps" not in models_given_history(CONFIG)
