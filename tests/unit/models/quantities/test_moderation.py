"""Conditional effects and the index of moderated mediation, from populations with known parameters."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from alliance.config import ModelSpec, Variable
from alliance.models.quantities.pairs import Quantities
from alliance.results.estimates import summarise_moderation
from tests.unit.models.joint_study import VARIABLES, make_spec, simulate
from tests.unit.models.populations import conditional_values, design_of, population_of, quantities_of

PANEL = simulate(24, 4, seed=6)
A, P, B, COV = 0.6, 0.4, -0.5, -0.04
SLOPES = {"m": {"x": A, "x_by_w": P}, "y": {"m": B, "x": -0.2}}
PATH = "x -> m -> y"


def moderated(moderator: str, **changes: object) -> ModelSpec:
    equations = {
        "m": {"on": ["x", moderator, "x_by_w"], "vary": {"patient": ["intercept", "x", "x_by_w"]}},
        "y": {"on": ["m", "x", "arm"], "vary": {"patient": ["intercept", "m"]}},
    }
    return make_spec(**{"equations": equations, "products": {"x_by_w": ["x", moderator]}} | changes)


def compute(spec: ModelSpec, slopes: dict[str, dict[str, float]] = SLOPES, panel: pd.DataFrame = PANEL) -> Quantities:
    design = design_of(spec, panel)
    covariances = {("m: x", "y: m"): COV}
    if "m: x_by_w" in [effect.text for effect in design.varying["patient"]]:
        covariances["m: x_by_w", "y: m"] = 0.02
    return quantities_of(spec, design, population_of(design, slopes, {"patient": covariances}))


def grid_of(found: Quantities) -> pd.DataFrame:
    return summarise_moderation(xr.DataTree(found.moderation.pack()), 0.95)


def test_conditional_effects_of_two_groups_include_the_covariances_of_their_slopes() -> None:
    found = conditional_values(compute(moderated("arm")))
    for arm in (0, 1):
        distance = arm - 0.5  # half of the patients are in each arm
        slope = A + P * distance
        assert found["x -> m", "arm", arm] == pytest.approx([slope])
        expected = slope * B + COV + 0.02 * distance
        assert found[PATH, "arm", arm] == pytest.approx([expected])
    assert "m -> y" not in {path for path, _, _ in found}


def test_index_is_the_difference_between_the_groups() -> None:
    found = conditional_values(compute(moderated("arm")))
    assert found[PATH, "arm", None] == pytest.approx(found[PATH, "arm", 1] - found[PATH, "arm", 0])
    assert found[PATH, "arm", None] == pytest.approx([P * B + 0.02])


def test_continuous_moderator_is_taken_at_round_numbers_near_its_mean_and_one_sd_either_side() -> None:
    panel = PANEL.assign(arm=PANEL["patient"].str[1:].astype(float))  # 1 to 24: mean 12.5, sd 7.07, so in steps of 1
    found = conditional_values(compute(moderated("arm"), panel=panel))
    for value in (5.0, 12.0, 20.0):
        assert found["x -> m", "arm", value] == pytest.approx([A + P * (value - 12.5)])


def test_grid_covers_the_central_values_and_meets_the_unconditional_effect_at_the_mean() -> None:
    panel = PANEL.assign(arm=PANEL["patient"].str[1:].astype(float))
    table = grid_of(compute(moderated("arm"), panel=panel))
    rows = table[table["path"] == PATH].set_index("value")["estimate"]
    assert rows.index.tolist() == list(range(2, 24)), "1 and 24 are those of single patients"
    assert rows[[12.0, 13.0]].mean() == pytest.approx(A * B + COV)


def test_values_of_a_moderator_are_round_and_do_not_reach_the_extreme_patient() -> None:
    age = {name: 30.0 + place % 11 for place, name in enumerate(sorted(PANEL["patient"].unique()))}
    tables = []
    for oldest in (57.0, 83.0):  # one patient, whatever his age
        values = age | {min(age): oldest}
        tables.append(grid_of(compute(moderated("arm"), panel=PANEL.assign(arm=PANEL["patient"].map(values)))))
    for table in tables:
        assert table["value"].max() < 57, "the grid ends before him"
        sd = np.std(list(age.values()), ddof=1)
        assert (table["value"].diff().dropna().abs() >= sd / 10 - 1e-9).all()
        assert np.allclose(table["value"], table["value"].round(1), atol=1e-9), "round numbers"


def test_region_is_where_the_interval_excludes_zero() -> None:
    spec = moderated("arm")
    panel = PANEL.assign(arm=PANEL["patient"].str[1:].astype(float))
    design = design_of(spec, panel)
    rng = np.random.default_rng(2)
    size = 4000
    slopes = {"m": {"x": rng.normal(0.0, 0.1, size), "x_by_w": np.full(size, 0.05)}, "y": {"m": 1.0}}
    table = grid_of(quantities_of(spec, design, population_of(design, slopes, {}, size)))
    rows = table[table["path"] == "x -> m"]
    # 0.05 |w - 12.5| > 1.96 * 0.1, so w beyond 3.9 of the mean; the grid's step is 1 and the quantiles' error 0.1.
    inside = rows[~rows["excludes_zero"]]["value"]
    assert inside.min() == pytest.approx(12.5 - 3.9, abs=1.1)
    assert inside.max() == pytest.approx(12.5 + 3.9, abs=1.1)


def test_two_groups_have_two_rows_instead_of_a_grid() -> None:
    table = grid_of(compute(moderated("arm")))
    assert table[table["path"] == PATH]["value"].tolist() == [0.0, 1.0]


def test_moderator_that_varies_between_sessions_is_named_as_deviation() -> None:
    panel = PANEL.assign(y_lag=PANEL.groupby("patient")["y"].shift(1))
    spec = moderated("y_lag")
    table = grid_of(compute(spec, panel=panel))
    rows = table[table["path"] == "x -> m"]
    used = panel.dropna()
    deviations = used["y_lag"] - used.groupby("patient")["y_lag"].transform("mean")
    assert set(rows["moderator"]) == {"y_lag_within"}
    paths = conditional_values(compute(spec, panel=panel))
    assert paths["x -> m", "y_lag_within", 0.0] == pytest.approx([A])
    assert rows["value"].min() == pytest.approx(deviations.quantile(0.025), abs=deviations.std() / 4)


def test_moderator_of_both_steps_changes_both_and_its_index_is_the_difference_between_two_groups() -> None:
    equations = {
        "m": {"on": ["x", "arm", "x_by_w"]},
        "y": {"on": ["m", "x", "arm", "m_by_w"]},
    }
    spec = moderated("arm", equations=equations, products={"x_by_w": ["x", "arm"], "m_by_w": ["arm", "m"]})
    slopes = {"m": {"x": A, "x_by_w": P}, "y": {"m": B, "m_by_w": 0.2}}
    design = design_of(spec, PANEL)
    found = conditional_values(quantities_of(spec, design, population_of(design, slopes, {})))
    assert found[PATH, "arm", 1] == pytest.approx([(A + P / 2) * (B + 0.1)])
    assert found["m -> y", "arm", 0] == pytest.approx([B - 0.1])
    assert found[PATH, "arm", None] == pytest.approx(found[PATH, "arm", 1] - found[PATH, "arm", 0])


def test_scores_that_moderate_both_steps_have_no_index_since_the_path_is_no_line() -> None:
    panel = PANEL.assign(arm=PANEL["patient"].str[1:].astype(float))
    equations = {"m": {"on": ["x", "arm", "x_by_w"]}, "y": {"on": ["m", "x", "arm", "m_by_w"]}}
    spec = moderated("arm", equations=equations, products={"x_by_w": ["x", "arm"], "m_by_w": ["arm", "m"]})
    design = design_of(spec, panel)
    found = conditional_values(quantities_of(spec, design, population_of(design, SLOPES, {})))
    assert None not in {value for _, _, value in found}


PLACE = {"kind": "category", "column": "place", "labels": ["north", "east", "south"]}
IN_PLACES = VARIABLES | {
    "place": Variable.model_validate(PLACE | {"label": "place", "table": "patients"}),
    "held": Variable.model_validate(PLACE | {"label": "held", "measured": "before"}),
}


def in_places(moderator: str, ending: str, panel: pd.DataFrame) -> Quantities:
    """Compute effects where groups moderate both steps: by .4 and -.3 for the first, by .2 and .1 for the second."""
    names = [f"{moderator}_{place}{ending}" for place in ("east", "south")]
    products = {f"{x}_by_{name}": [x, name] for x in ("x", "m") for name in names}
    by_x, by_m = [*products][:2], [*products][2:]
    equations = {"m": {"on": ["x", *names, *by_x]}, "y": {"on": ["m", "x", *names, *by_m]}}
    spec = moderated("arm", equations=equations, products=products)
    slopes = {
        "m": {"x": A, **dict(zip(by_x, (0.4, -0.3), strict=True))},
        "y": {"m": B, **dict(zip(by_m, (0.2, 0.1), strict=True))},
    }
    design = design_of(spec, panel, IN_PLACES)
    return quantities_of(spec, design, population_of(design, slopes, {}), IN_PLACES)


@pytest.mark.parametrize("ending", ["", "_between"])
def test_group_is_told_with_the_other_groups_at_zero_and_the_reference_with_all(ending: str) -> None:
    name = "held" if ending else "place"
    number = PANEL["patient"].str[1:].astype(int)
    # Half of the patients are in the north, a third in the east, a sixth in the south; slopes of x and m are those of the average patient.
    shares = {"east": (number % 6).isin([1, 2]).astype(float), "south": (number % 6 == 3).astype(float)}
    panel = PANEL.assign(**{f"{name}_{place}{ending}": share for place, share in shares.items()})
    found = conditional_values(in_places(name, ending, panel))
    first = {"north": A - 0.4 / 3 + 0.3 / 6}
    second = {"north": B - 0.2 / 3 - 0.1 / 6}
    first |= {"east": first["north"] + 0.4, "south": first["north"] - 0.3}
    second |= {"east": second["north"] + 0.2, "south": second["north"] + 0.1}
    for place in ("east", "south"):
        column = f"{name}_{place}{ending}"
        for value, group in ((0, "north"), (1, place)):
            assert found["x -> m", column, value] == pytest.approx([first[group]])
            assert found["m -> y", column, value] == pytest.approx([second[group]])
            assert found[PATH, column, value] == pytest.approx([first[group] * second[group]])
        assert found[PATH, column, None] == pytest.approx(
            [first[place] * second[place] - first["north"] * second["north"]]
        )


def test_first_step_of_a_constant_cause_stands_at_its_level() -> None:
    equations = {"m": {"on": ["arm", "x_between", "arm_by_w"]}, "y": {"on": ["m", "arm"]}}
    spec = moderated(
        "arm", equations=equations, products={"arm_by_w": ["arm", "x_between"]}, effects={"from": "arm", "to": "y"}
    )
    design = design_of(spec, PANEL)
    found = quantities_of(spec, design, population_of(design, {"m": {"arm": 0.5}, "y": {"m": B}}, {}))
    levels = {(row["path"], row["level"]) for row in found.rows if row["effect"] == "conditional"}
    assert levels == {("arm -> m", "overall"), ("arm -> m -> y", "within")}
