"""Cluster-robust standard errors: scores by two other ways, and what they are when the model holds and when it does not."""

import numpy as np
import pandas as pd
import pytest

from alliance.errors import ModelError
from alliance.inference.robust import mark_clusters, robust_covariance
from alliance.models.path.maximum import PathMaximum, maximise, table_of
from alliance.models.path.target import make_target
from tests.unit.models.joint_study import simulate
from tests.unit.models.path.path_study import BY_PATIENT, BY_THERAPIST, design_by, panel_with_therapists, small_maximum

INTERCEPTS = {
    "m": {"on": ["x"], "vary": {"patient": ["intercept"]}},
    "y": {"on": ["m", "x"], "vary": {"patient": ["intercept"]}},
}


def somewhere(maximum: PathMaximum) -> np.ndarray:
    """Return a position away from the maximum, where scores do not sum to zero."""
    return maximum.top.position + np.random.default_rng(5).normal(0, 0.1, maximum.target.layout.size)


def standard_errors(maximum: PathMaximum) -> tuple[pd.Series, pd.Series]:
    table = table_of(maximum).set_index("parameter")
    return table["se"], table_of(maximum, robust_covariance(maximum)).set_index("parameter")["se"]


@pytest.mark.parametrize(
    ("varying", "level"), [("patient", "patient"), ("patient", "therapist"), ("therapist", "therapist")]
)
def test_scores_sum_to_the_gradient(varying: str, level: str) -> None:
    maximum = small_maximum(varying)
    position = somewhere(maximum)
    scores = maximum.target.scores(position, maximum.target.clusters(level))
    gradient = maximum.target.value(position)[1]
    # Both are sums of the same numbers in another order: only rounding differs.
    assert scores.sum(axis=0) == pytest.approx(gradient, rel=1e-8, abs=1e-8 * np.abs(gradient).max())


@pytest.mark.parametrize("level", ["patient", "therapist"])
def test_score_is_what_the_gradient_gains_when_a_cluster_counts_twice(level: str) -> None:
    maximum = small_maximum(level)
    position = somewhere(maximum)
    clusters = maximum.target.clusters(level)
    scores = maximum.target.scores(position, clusters)
    gradient = maximum.target.value(position)[1]
    for cluster in (0, 3, clusters.count - 1):
        weights = np.ones(clusters.count)
        weights[cluster] = 2.0
        gained = maximum.target.weigh(clusters, weights).value(position)[1] - gradient
        # The log-likelihood is linear in the weights of the highest level; the difference of two gradients loses some digits.
        assert scores[cluster] == pytest.approx(gained, abs=1e-10 * np.abs(gradient).max())


def test_robust_errors_are_those_of_the_information_on_average_if_the_model_holds() -> None:
    ratios = []
    for seed in range(16):
        information, robust = standard_errors(maximise(design_by(BY_PATIENT, simulate(150, 5, seed))))
        ratios.append(np.log(robust / information))
    # One robust error has a relative error of about 1 / sqrt(2 x 150) = 6 %, the mean of 16 and of 20 parameters 1 %; the bias is -1/300.
    assert abs(float(np.mean(ratios))) < 0.03
    # A single parameter over 16 studies: 1.5 %, for variances two to three times as much.
    assert np.abs(np.mean(ratios, axis=0)).max() < 0.15


def test_robust_errors_follow_the_truth_where_residuals_are_heteroscedastic_between_patients() -> None:
    """Without differences in intercepts the slope is that of least squares, with variance sum x^2 s^2 / (sum x^2)^2."""
    patients, sessions, share = 160, 6, np.array([0.25, 0.75])
    of_x, of_m = (
        np.array([2.0, 0.5]),
        np.array([3.0, 0.5]),
    )  # standard deviations of restless patients and of the others
    truth = np.sqrt(share @ (of_x**2 * of_m**2) / (patients * sessions)) / (share @ of_x**2)
    assumed = np.sqrt(share @ of_m**2 / (patients * sessions) / (share @ of_x**2))
    information, robust = [], []
    for seed in range(16):
        rng = np.random.default_rng(seed)
        panel = simulate(patients, sessions, seed, slope_sd=0.0)
        calm = (panel["patient"].str[1:].astype(int) % 4 != 0).astype(int).to_numpy()
        panel["x"] = 3 + rng.normal(size=len(panel)) * of_x[calm]
        panel["m"] = 10 + 0.6 * (panel["x"] - 3) + rng.normal(size=len(panel)) * of_m[calm]
        one, other = standard_errors(maximise(design_by(INTERCEPTS, panel)))
        information.append(one["m: x"])
        robust.append(other["m: x"])
    # A robust error rests on 40 restless patients: it varies by about 15 %, the mean of 16 by 4 %, and is low by a few per cent.
    assert np.mean(robust) == pytest.approx(truth, rel=0.12)
    assert np.mean(information) == pytest.approx(assumed, rel=0.05)
    assert assumed < 0.6 * truth


def test_patients_are_no_clusters_if_effects_vary_between_therapists() -> None:
    maximum = small_maximum("therapist")
    with pytest.raises(ModelError, match="patients of one therapist are not independent"):
        robust_covariance(maximum, "patient")
    assert np.array_equal(robust_covariance(maximum), robust_covariance(maximum, "therapist"))


def test_therapists_as_clusters_need_one_therapist_per_patient() -> None:
    panel = panel_with_therapists()
    panel.loc[panel.index[:2], "therapist"] = ["T098", "T099"]
    target = make_target(design_by(BY_PATIENT, panel))
    with pytest.raises(ModelError, match=r"1 of 60 patients have no therapist or several.*cleaning\.therapist_change"):
        target.clusters("therapist")
    panel["therapist"] = None
    with pytest.raises(ModelError, match="60 of 60 patients"):
        make_target(design_by(BY_PATIENT, panel)).clusters("therapist")


def test_patient_outside_the_equations_of_therapists_belongs_to_the_own_therapist_still() -> None:
    """The likelihood is a product over therapists, so what each one adds to its logarithm sums to the whole."""
    panel = panel_with_therapists()
    panel["y"] = panel["y"].mask(panel["patient"].isin(["P0001", "P0002", "P0013"]))
    equations = BY_THERAPIST | {"m": BY_PATIENT["m"]}  # therapists are known to the likelihood by the rows of y only
    target = make_target(design_by(equations, panel))
    assert target.statistics.therapist_of.max() == len(target.therapists)
    clusters = target.clusters("therapist")
    position = np.random.default_rng(2).normal(0, 0.3, target.layout.size)
    value = target.value(position)[0]
    parts = [value - target.weigh(clusters, weights).value(position)[0] for weights in 1 - np.eye(12)]
    assert clusters.count == 12
    assert sum(parts) == pytest.approx(value, rel=1e-10)  # rounding of twelve differences
    scores = target.scores(position, clusters)
    assert scores.sum(axis=0) == pytest.approx(target.value(position)[1], rel=1e-8, abs=1e-8)


def test_few_clusters_are_marked() -> None:
    mark = mark_clusters(small_maximum("therapist").target.clusters("therapist"))
    assert (mark.declared.title, mark.subject, mark.passed, mark.value) == ("few clusters", "therapists", False, 12)
    assert mark_clusters(small_maximum("patient").target.clusters("patient")).passed
