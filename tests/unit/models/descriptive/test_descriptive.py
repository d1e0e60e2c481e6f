"""Models without a path diagram: their numbers, how far these would differ in other samples, and what is refused."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.config import ModelSpec, Variable
from alliance.errors import ModelError
from alliance.models.container import marks_of
from alliance.models.descriptive.correlations import Moments
from alliance.models.descriptive.resampling import draw_weights, independent_units
from alliance.models.fitting import fit_declared
from alliance.results.estimates import summarise_estimates

VARIABLES = {
    name: Variable(label=name, column=name, measured="after", range=(-100, 100)).model_dump(mode="json")
    for name in ("x", "y", "z")
}
SETTINGS: dict[str, Any] = {"seed": 3, "variables": VARIABLES, "reliability": {}, "lag": 1}
WITHIN = np.array([[1.0, 0.6], [0.6, 4.0]])
BETWEEN = np.array([[2.0, -0.7], [-0.7, 0.5]])


def declare(**changes: Any) -> ModelSpec:
    declared = {"label": "x and y", "family": "descriptive", "analysis": "correlations", "variables": ["x", "y"]}
    return ModelSpec.model_validate(declared | changes)


def simulate(patients: int, seed: int, therapists: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    size = rng.integers(2, 9, patients)
    patient = np.repeat(np.arange(patients), size)
    lasting = rng.multivariate_normal([5, 20], BETWEEN, patients)
    values = lasting[patient] + rng.multivariate_normal([0, 0], WITHIN, len(patient))
    session = np.concatenate([np.arange(1, n + 1) for n in size])
    own = [f"T{number % therapists}" if therapists else None for number in patient]
    return pd.DataFrame(
        {
            "patient": patient.astype(str),
            "session": session,
            "therapist": own,
            "x": values[:, 0],
            "y": values[:, 1],
            "z": 1.0,
        }
    )


def estimates(panel: pd.DataFrame, spec: ModelSpec) -> pd.DataFrame:
    tree = fit_declared(panel, "pair", spec, SETTINGS).tree
    return summarise_estimates(tree, marks_of(tree), 0.95).set_index("level")


def test_covariances_of_levels_and_of_what_passes_are_those_that_were_simulated() -> None:
    panel = simulate(20_000, 1)
    patients = panel["patient"].astype(int).to_numpy()
    within, between = Moments(panel[["x", "y"]].to_numpy(), patients).of(np.ones(20_000))
    # Five standard errors of moments of 20,000 patients and some 100,000 rows.
    assert within == pytest.approx(WITHIN, abs=5 * 4 * np.sqrt(2 / 80_000))
    assert between == pytest.approx(BETWEEN, abs=5 * 2.5 * np.sqrt(2 / 20_000))


def test_a_patient_who_is_drawn_twice_counts_as_two_patients() -> None:
    panel = simulate(40, 2)
    patients, values = panel["patient"].astype(int).to_numpy(), panel[["x", "y"]].to_numpy()
    twice = np.concatenate([np.arange(40), [7]])
    rows = [np.flatnonzero(patients == drawn) for drawn in twice]
    copied = np.repeat(np.arange(41), [len(own) for own in rows])
    counted = Moments(values[np.concatenate(rows)], copied).of(np.ones(41))
    weighed = Moments(values, patients).of(np.where(np.arange(40) == 7, 2.0, 1.0))
    for one, other in zip(counted, weighed, strict=True):
        assert one == pytest.approx(other, rel=1e-12)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    truth = {
        "session": WITHIN[0, 1] / np.sqrt(WITHIN[0, 0] * WITHIN[1, 1]),
        "patient": BETWEEN[0, 1] / np.sqrt(BETWEEN[0, 0] * BETWEEN[1, 1]),
    }
    held = dict.fromkeys(truth, 0)
    for seed in range(40):
        found = estimates(simulate(120, 100 + seed), declare(samples=300))
        for level, value in truth.items():
            held[level] += bool(found.loc[level, "low"] <= value <= found.loc[level, "high"])
    # Binomial(40, .95) is below 33 once in 1,000.
    assert min(held.values()) >= 33


def test_the_same_seed_gives_the_same_numbers_and_rows_without_both_measures_are_not_used() -> None:
    panel = simulate(200, 4)
    panel.loc[::7, "y"] = np.nan
    found = estimates(panel, declare())
    assert found.equals(estimates(panel, declare()))
    assert set(found["n_sessions"]) == {int(panel["y"].notna().sum())}
    assert found["interval_kind"].unique().tolist() == ["bootstrap confidence"]
    assert found["flag"].unique().tolist() == [""]


def test_therapists_are_drawn_where_all_are_known_and_few_of_them_flagged() -> None:
    found = estimates(simulate(200, 5, therapists=4), declare(samples=200))
    assert found["flag"].unique().tolist() == ["few clusters"]
    by_patient = estimates(simulate(200, 5, therapists=4), declare(samples=200, by="patient"))
    assert by_patient["flag"].unique().tolist() == [""]


def test_therapists_who_share_a_patient_are_one_unit() -> None:
    panel = pd.DataFrame({"patient": ["a", "a", "b", "c", "d"], "therapist": ["1", "2", "2", "3", "3"]})
    units, level = independent_units(panel, None, "pair")
    assert (units.tolist(), level) == ([0, 0, 0, 1, 1], "therapist")
    for weights in draw_weights(units, 5, np.random.default_rng(1)):
        assert weights[0] == weights[2] and weights[3] == weights[4] and weights[0] + weights[3] == 2


def test_so_many_units_are_drawn_that_percentiles_of_a_mean_are_those_of_students_t() -> None:
    values, rng = np.arange(12.0), np.random.default_rng(8)
    means = [np.average(values, weights=weights) for weights in draw_weights(np.arange(12), 20_000, rng)]
    half = 2.201 * values.std(ddof=1) / 12**0.5  # t of 11 degrees of freedom
    # Means of nine of these values lie a ninth apart.
    assert np.quantile(means, [0.025, 0.975]) == pytest.approx(values.mean() + half * np.array([-1, 1]), abs=0.15)


def test_the_column_of_a_label_tells_groups_apart() -> None:
    panel = simulate(200, 5)
    panel["arm_therapy"] = panel["patient"].astype(int) % 2
    place = {"label": "arm", "column": "arm", "table": "patients"}
    arms = {
        "arm_therapy": Variable.model_validate(place),
        "arm": Variable.model_validate(place | {"kind": "category", "labels": ["waiting", "therapy"]}),
    }
    score = VARIABLES["y"] | {"higher_is": "worse"}
    found = []
    for name, arm in arms.items():
        settings = SETTINGS | {"variables": VARIABLES | {"y": score, name: arm.model_dump(mode="json")}}
        spec = declare(analysis="change", variables=["y", "arm_therapy"], options={"reliable_change": 1.0})
        tree = fit_declared(panel, "pair", spec, settings).tree
        found.append(summarise_estimates(tree, marks_of(tree), 0.95))
    pd.testing.assert_frame_equal(*found)
    assert "arm_therapy -> y" in set(found[0]["path"])


def test_what_cannot_be_computed_is_refused_with_a_remedy() -> None:
    panel = simulate(30, 6)
    with pytest.raises(ModelError, match="patients with two or more sessions"):
        fit_declared(panel.groupby("patient").head(1), "pair", declare(), SETTINGS)
    with pytest.raises(ModelError, match=r"by: therapists cannot be drawn, since \d+ of \d+ rows have none"):
        fit_declared(panel, "pair", declare(by="therapist"), SETTINGS)
    with pytest.raises(ModelError, match="all rows belong to one therapist"):
        fit_declared(panel.assign(therapist="T1"), "pair", declare(by="therapist"), SETTINGS)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"analysis": "correlation"}, r"no analysis 'correlation'. Did you mean 'correlations'\?"),
        ({"family": "textbook"}, "family 'textbook' has no analysis 'correlations'; use family descriptive"),
        ({"variables": []}, "'variables' must name the measures whose correlations within and between patients"),
        ({"options": {"lags": 2}}, "the analysis 'correlations' has no option 'lags'. Known: none"),
    ],
)
def test_declarations_that_say_nothing_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        declare(**changes)
