"""Which quantities the textbook family reports, at which level, and how they hang together."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.config import ModelSpec, Variable
from alliance.models.container import FitResult, marks_of, quantities_of
from alliance.models.textbook.fit import fit

VARIABLES = {name: Variable(label=name, column=name, measured="during") for name in ("x", "m", "n", "y")}
VARIABLES["arm"] = Variable(label="arm", column="arm", table="patients")
SETTINGS = {
    "seed": 5,
    "lag": 1,
    "monte_carlo_draws": 2000,
    "variables": {k: v.model_dump(mode="json") for k, v in VARIABLES.items()},
}
NESTED = {"patient": ["intercept"], "therapist": ["intercept"]}


def panel(therapists: int = 12, per_therapist: int = 4, sessions: int = 6) -> pd.DataFrame:
    rng = np.random.default_rng(31)
    count = therapists * per_therapist
    patient = np.repeat(np.arange(count), sessions)
    rows = pd.DataFrame(
        {
            "patient": [f"P{i:03d}" for i in patient],
            "therapist": [f"T{i // per_therapist:02d}" for i in patient],
            "session": np.tile(np.arange(1, sessions + 1), count),
            "arm": patient % 2,
        }
    )

    def varying(sd: float) -> np.ndarray:
        return rng.normal(0, sd, count)[patient] + rng.normal(0, sd, therapists)[patient // per_therapist]

    rows["x"] = varying(1) + rng.normal(size=len(rows))
    rows["m"] = 0.5 * rows["x"] + 0.5 * rows["arm"] + varying(0.7) + rng.normal(size=len(rows))
    rows["n"] = 0.3 * rows["x"] + varying(0.7) + rng.normal(size=len(rows))
    rows["y"] = -0.4 * rows["m"] + 0.2 * rows["n"] + 0.1 * rows["x"] + varying(0.7) + rng.normal(size=len(rows))
    for column in ("x", "m", "y"):
        rows[f"{column}_lag"] = rows.groupby("patient")[column].shift()
    rows.loc[rows.index % 17 == 0, "y"] = np.nan
    return rows


def run(
    equations: dict[str, Any], source: str, rows: pd.DataFrame | None = None, **settings: Any
) -> tuple[FitResult, pd.DataFrame]:
    spec = ModelSpec.model_validate(
        {"label": "t", "family": "textbook", "equations": equations, "effects": {"from": source, "to": "y"}}
    )
    result = fit(panel() if rows is None else rows, "model", spec, {**SETTINGS, **settings})
    table = quantities_of(result.tree["paths"])
    table["estimate"] = result.tree["paths"]["point"].to_numpy()
    return result, table


def value(table: pd.DataFrame, effect: str, level: str, path: str | None = None) -> float:
    found = table[(table["effect"] == effect) & (table["level"] == level)]
    found = found if path is None else found[found["path"] == path]
    assert len(found) == 1, found
    return float(found["estimate"].iloc[0])


@pytest.fixture(scope="module")
def sessions_cause() -> tuple[FitResult, pd.DataFrame]:
    return run({"m": {"on": ["x"], "vary": NESTED}, "y": {"on": ["m", "x"], "vary": NESTED}}, "x")


@pytest.fixture(scope="module")
def constant_cause() -> tuple[FitResult, pd.DataFrame]:
    return run({"m": {"on": ["arm"], "vary": NESTED}, "y": {"on": ["m", "arm"], "vary": NESTED}}, "arm")


@pytest.mark.parametrize("level", ["within", "between_patient", "between_therapist"])
def test_indirect_is_the_product_and_total_the_sum_at_each_level(
    sessions_cause: tuple[FitResult, pd.DataFrame], level: str
) -> None:
    table = sessions_cause[1]
    assert value(table, "indirect", level) == pytest.approx(
        value(table, "a", level) * value(table, "b", level), abs=1e-10
    )
    assert value(table, "total", level) == pytest.approx(
        value(table, "indirect", level) + value(table, "direct", level), abs=1e-10
    )
    assert value(table, "direct", level) == pytest.approx(value(table, "c_prime", level))


def test_effects_are_found_where_they_were_put(sessions_cause: tuple[FitResult, pd.DataFrame]) -> None:
    table = sessions_cause[1]
    # Standard errors are about 0.06 with 288 rows; three of them.
    assert value(table, "a", "within") == pytest.approx(0.5, abs=0.2)
    assert value(table, "b", "within") == pytest.approx(-0.4, abs=0.2)


def test_constant_cause_has_one_total_and_two_indirect_effects(constant_cause: tuple[FitResult, pd.DataFrame]) -> None:
    table = constant_cause[1]
    a = value(table, "a", "overall")
    for level in ("within", "between_patient"):
        assert value(table, "indirect", level) == pytest.approx(a * value(table, "b", level), abs=1e-10)
    assert value(table, "total", "within") == pytest.approx(value(table, "total", "between_patient"), abs=1e-12)
    assert value(table, "direct", "between_patient") == pytest.approx(
        value(table, "coefficient", "between_patient", "arm -> y"), abs=1e-10
    )
    difference = value(table, "direct", "within") - value(table, "direct", "between_patient")
    gap = a * (value(table, "b", "between_patient") - value(table, "b", "within"))
    assert difference == pytest.approx(gap, abs=1e-10)


def test_single_path_is_called_effect() -> None:
    _, table = run({"y": {"on": ["x"], "vary": NESTED}}, "x")
    assert set(table.loc[table["effect"] == "effect", "level"]) == {"within", "between_patient", "between_therapist"}
    assert not set(table["effect"]) & {"a", "b", "c_prime", "indirect", "total"}


def test_parallel_mediators_each_have_an_indirect_effect() -> None:
    _, table = run(
        {
            "m": {"on": ["x"], "vary": NESTED},
            "n": {"on": ["x"], "vary": NESTED},
            "y": {"on": ["m", "n", "x"], "vary": NESTED},
        },
        "x",
    )
    within = table[(table["level"] == "within") & (table["effect"] == "indirect")]
    assert set(within["path"]) == {"x -> m -> y", "x -> n -> y"}
    assert value(table, "total", "within") == pytest.approx(
        within["estimate"].sum() + value(table, "direct", "within"), abs=1e-10
    )


def test_path_over_two_mediators_is_the_product_of_its_three_steps() -> None:
    _, table = run({"m": {"on": ["x"]}, "n": {"on": ["m"]}, "y": {"on": ["n"]}}, "x")
    steps = [value(table, "effect", "within", path) for path in ("x -> m", "m -> n", "n -> y")]
    assert value(table, "indirect", "within", "x -> m -> n -> y") == pytest.approx(np.prod(steps), abs=1e-10)


def test_effects_that_arrive_at_different_sessions_have_no_total() -> None:
    _, table = run({"m": {"on": ["x"]}, "y": {"on": ["m_lag", "x"]}}, "x")
    assert "total" not in set(table["effect"])
    assert set(table.loc[table["effect"] == "indirect", "horizon"]) == {"next session"}
    assert set(table.loc[table["effect"] == "direct", "horizon"]) == {"same session"}


def test_counts_are_those_of_the_equation_and_of_the_smaller_one_for_a_path(
    sessions_cause: tuple[FitResult, pd.DataFrame],
) -> None:
    table = sessions_cause[1].set_index(["effect", "level"])
    full, fewer = len(panel()), int(panel()["y"].notna().sum())
    assert table.loc[("a", "within"), "n_sessions"] == full
    assert table.loc[("b", "within"), "n_sessions"] == table.loc[("indirect", "within"), "n_sessions"] == fewer


def test_only_slopes_that_both_vary_lack_a_covariance() -> None:
    slopes = {
        "m": {"on": ["x"], "vary": {"patient": ["intercept", "x"]}},
        "y": {"on": ["m", "x"], "vary": {"patient": ["intercept", "m"]}},
    }
    both = [
        mark
        for mark in marks_of(run(slopes, "x")[0].tree)
        if mark.declared.title == "covariance of a and b not estimated"
    ]
    slopes["y"]["vary"]["patient"] = ["intercept"]
    one = [
        mark
        for mark in marks_of(run(slopes, "x")[0].tree)
        if mark.declared.title == "covariance of a and b not estimated"
    ]
    assert (len(both), len(one)) == (1, 0)
    assert not both[0].passed
    assert (both[0].effects, both[0].levels) == (("indirect", "total"), ("within",))


def test_centred_lag_of_the_outcome_is_marked_with_the_size_of_its_bias() -> None:
    result, table = run({"y": {"on": ["x_lag", "y_lag"], "vary": NESTED}}, "x")
    mark = next(mark for mark in marks_of(result.tree) if mark.declared.title == "bias of centred lag")
    lag = value(table, "coefficient", "within", "y_lag -> y")
    rows = panel().dropna(subset=["y", "x_lag", "y_lag"])
    assert not mark.passed
    assert mark.value == pytest.approx(-(1 + lag) / (len(rows) / rows["patient"].nunique()), abs=1e-9)


def test_few_therapists_are_marked() -> None:
    result, _ = run({"y": {"on": ["x"], "vary": NESTED}}, "x", panel(therapists=6, per_therapist=8))
    assert "few therapists" in {mark.declared.title for mark in marks_of(result.tree) if not mark.passed}


def test_same_seed_gives_the_same_draws_and_another_seed_others() -> None:
    equations = {"y": {"on": ["x"], "vary": NESTED}}
    one, other, again = (run(equations, "x", seed=seed)[0].tree["paths"]["draws"].to_numpy() for seed in (5, 6, 5))
    assert np.array_equal(one, again)
    assert not np.allclose(one, other)
    # Moments are exact whatever the seed, for fixed effects.
    assert one[0, :, 0].mean() == pytest.approx(other[0, :, 0].mean(), abs=1e-10)


def decompose(rows: pd.DataFrame) -> tuple[FitResult, pd.DataFrame]:
    spec = ModelSpec(label="v", family="textbook", analysis="variance", variables=["x"])
    result = fit(rows, "v", spec, SETTINGS)
    table = quantities_of(result.tree["paths"])
    table["estimate"] = result.tree["paths"]["point"].to_numpy()
    return result, table


def test_shares_of_variance_add_up_to_one_in_every_draw() -> None:
    result, table = decompose(panel())
    shares = result.tree["paths"]["draws"].to_numpy()[0][:, (table["effect"] == "icc").to_numpy()]
    assert shares.shape[1] == 3
    assert shares.sum(axis=1) == pytest.approx(1.0, abs=1e-12)
    assert np.all(shares >= 0)


def test_without_therapists_there_are_two_levels() -> None:
    _, table = decompose(panel().assign(therapist=None))
    assert set(table["level"]) == {"session", "patient"}
    assert set(table["n_therapists"]) == {0}


def test_patients_of_unknown_therapists_stay_and_are_mentioned() -> None:
    rows = panel()
    rows.loc[rows["patient"].isin(["P000", "P007"]), "therapist"] = None
    result, table = decompose(rows)
    assert set(table["n_patients"]) == {48}
    mark = next(mark for mark in marks_of(result.tree) if mark.declared.title == "unknown therapists")
    assert (mark.value, mark.passed) == (2, True)


def test_patients_with_several_therapists_count_for_the_one_of_most_sessions_and_are_mentioned() -> None:
    rows = panel()
    changed = rows["patient"].isin(["P000", "P007"]) & (rows["session"] == rows["session"].max())
    moved = rows.assign(therapist=rows["therapist"].mask(changed, rows["therapist"].iloc[-1]))
    result, table = decompose(moved)
    mark = next(mark for mark in marks_of(result.tree) if mark.declared.title == "one therapist each")
    assert (mark.value, mark.passed) == (2, True)
    pd.testing.assert_frame_equal(table, decompose(rows)[1])


def test_a_variable_without_patients_is_reported_at_the_boundary() -> None:
    rows = panel()
    rows["x"] -= rows.groupby("patient")["x"].transform("mean")
    result, table = decompose(rows)
    assert "boundary variance" in {mark.declared.title for mark in marks_of(result.tree) if not mark.passed}
    patient = table[(table["effect"] == "icc") & (table["level"] == "patient")]
    position = int(patient.index[0])
    draws = result.tree["paths"]["draws"].to_numpy()[0][:, position]
    # The interval starts at nothing and ends at a small share; it is not empty.
    assert np.quantile(draws, 0.025) < 0.005
    assert 0.005 < np.quantile(draws, 0.975) < 0.2


def test_a_column_centred_by_person_has_no_effect_between_patients_and_says_so() -> None:
    rows = panel().dropna(subset="y")
    rows["x"] -= rows.groupby("patient")["x"].transform("mean")
    result, table = run({"m": {"on": ["x"], "vary": NESTED}, "y": {"on": ["m", "x"], "vary": NESTED}}, "x", rows)
    levels = table.groupby("effect")["level"].agg(set)
    assert levels["a"] == {"within"}
    assert levels["b"] == {"within", "between_patient", "between_therapist"}
    assert levels["indirect"] == {"within"}
    empty = {mark.subject for mark in marks_of(result.tree) if mark.declared.title == "empty part" and not mark.passed}
    assert empty == {"x_between", "x_between_therapist"}
    assert "x" not in {mark.subject for mark in marks_of(result.tree) if mark.declared.title == "observed means"}


def test_estimates_lie_within_their_intervals_where_variances_are_zero() -> None:
    rows = panel()
    rows["y"] -= rows.groupby("patient")["y"].transform("mean")
    result, table = run({"y": {"on": ["x"], "vary": NESTED}}, "x", rows)
    low, high = np.quantile(result.tree["paths"]["draws"].to_numpy()[0], [0.025, 0.975], axis=0)
    assert value(table, "sd", "patient") == value(table, "sd", "therapist") == 0.0
    assert np.all((low <= table["estimate"]) & (table["estimate"] <= high))
