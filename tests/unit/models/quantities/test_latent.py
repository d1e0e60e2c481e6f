"""Regressions among latent means against simulated series at rest, and the bias of everything simpler."""

import numpy as np
import pandas as pd
import pytest

from alliance.models.container import marks_of
from alliance.models.path.fit import fit
from alliance.models.quantities.latent import latent_means
from alliance.results.estimates import summarise_estimates
from tests.unit.models.joint_study import VARIABLES, make_settings, make_spec
from tests.unit.models.populations import design_of, intercepts, population_of

# x -> m -> y, y at the next session; m and y keep some of their past, and y moves m back.
A, B, C, BACK, KEPT_M, KEPT_Y = 1.2, -0.15, -0.3, -0.2, 0.3, 0.4
V = np.array([[0.25, 0.30, 0.10], [0.30, 4.0, 0.5], [0.10, 0.5, 2.0]])  # of what patients differ in
H = np.array([[0.10, 0.15, 0.05], [0.15, 1.0, -0.3], [0.05, -0.3, 0.5]])  # and therapists
INITIAL = ["m_baseline", "y_baseline"]


def run_series(v: np.ndarray, sessions: int, unseen: int, seed: int) -> np.ndarray:
    """Run every unit's sessions and return x, m, y: (unit, session, 3); `unseen` ones come first, so that series start at rest."""
    rng = np.random.default_rng(seed)
    m, y, kept = np.zeros(len(v)), np.zeros(len(v)), []
    x = np.zeros(len(v))
    for session in range(unseen + sessions):
        y = v[:, 2] + B * m + C * x + KEPT_Y * y + rng.normal(0, 2, len(v))
        x = v[:, 0] + rng.normal(0, 0.8, len(v))
        m = v[:, 1] + A * x + BACK * y + KEPT_M * m + rng.normal(0, 3, len(v))
        if session >= unseen:
            kept.append(np.column_stack([x, m, y]))
    return np.stack(kept, axis=1)


def panel_of(series: np.ndarray, therapist: np.ndarray) -> pd.DataFrame:
    units, sessions, _ = series.shape
    panel = pd.DataFrame(series.reshape(-1, 3), columns=list("xmy"))
    panel["patient"] = np.repeat([f"P{i:05d}" for i in range(units)], sessions)
    panel["therapist"] = np.repeat([f"T{i:03d}" for i in therapist], sessions)
    panel["session"] = np.tile(np.arange(1, sessions + 1), units)
    grouped = panel.groupby("patient")
    for name in "xmy":
        panel[f"{name}_lag"] = grouped[name].shift(1)
        panel[f"{name}_baseline"] = grouped[name].transform("first")
    return panel


def equations(*levels: str) -> dict[str, dict[str, object]]:
    vary = {level: ["intercept"] for level in levels}
    return {
        "x": {"on": INITIAL, "vary": vary},
        "m": {"on": ["x", "y", "m_lag", *INITIAL], "vary": vary},
        "y": {"on": ["m_lag", "x_lag", "y_lag", *INITIAL], "vary": vary},
    }


def regress(means: np.ndarray) -> dict[tuple[str, str], float]:
    """Regress average on average, by least squares: units in rows, x, m and y in columns."""
    x, m, y = (means - means.mean(axis=0)).T
    c, b = np.linalg.lstsq(np.column_stack([x, m]), y, rcond=None)[0]
    return {
        ("x -> m", "a"): x @ m / (x @ x),
        ("m -> y", "b"): b,
        ("x -> y", "c_prime"): c,
        ("x -> y", "total"): x @ y / (x @ x),
    }


def test_means_of_long_series_are_those_that_the_population_implies() -> None:
    v = np.random.default_rng(1).multivariate_normal(np.zeros(3), V, 4000)
    found = run_series(v, 400, 50, seed=2).mean(axis=1)
    spec = make_spec(
        equations={
            "x": {"on": []},
            "m": {"on": ["x", "y", "m_lag"]},
            "y": {"on": ["m_lag", "x_lag", "y_lag"]},
        }
    )
    panel = panel_of(run_series(v[:6], 4, 0, seed=3), np.zeros(6, dtype=int))
    design = design_of(spec, panel, VARIABLES)
    slopes = {"m": {"x": A, "y": BACK, "m_lag": KEPT_M}, "y": {"m_lag": B, "x_lag": C, "y_lag": KEPT_Y}}
    names = list("xmy")
    covariances = {
        (intercepts(one), intercepts(other)): V[i, j] for i, one in enumerate(names) for j, other in enumerate(names)
    }
    means = latent_means(design, population_of(design, slopes, {"patient": covariances}), None)["patient"]
    order = [means.outcomes.index(name) for name in names]
    implied = means.covariance[0][np.ix_(order, order)]
    # 4,000 units leave covariances known to a fortieth of the standard deviations' product; 400 sessions add little.
    scale = np.sqrt(np.outer(np.diag(implied), np.diag(implied)))
    np.testing.assert_allclose(np.cov(found.T) / scale, implied / scale, atol=0.08)
    slope, _ = means.regress("m", ["x"])
    assert slope[0, 0] == pytest.approx(regress(found)["x -> m", "a"], abs=0.15)


def true_slopes(v: np.ndarray) -> dict[tuple[str, str], float]:
    within = np.array([[0, 0, 0], [A, KEPT_M, BACK], [C, B, KEPT_Y]])
    root = np.linalg.inv(np.eye(3) - within)
    covariance = root @ v @ root.T
    return regress(np.vstack([np.linalg.cholesky(covariance).T, -np.linalg.cholesky(covariance).T]))


def estimates_of(panel: pd.DataFrame, *levels: str) -> pd.DataFrame:
    spec = make_spec(family="multilevel_path", depth="ml", equations=equations(*levels))
    tree = fit(panel, "study", spec, make_settings()).tree
    return summarise_estimates(tree, marks_of(tree), 0.95).set_index(["path", "effect", "level"])


def test_fit_of_short_series_finds_the_regressions_among_their_means() -> None:
    v = np.random.default_rng(4).multivariate_normal(np.zeros(3), V, 500)
    found = estimates_of(panel_of(run_series(v, 8, 60, seed=5), np.arange(500) % 10), "patient")
    truth = true_slopes(V)
    for (path, effect), value in truth.items():
        row = found.loc[path, effect, "between_patient"]
        assert row["low"] < value < row["high"]
    # One session's step plus what intercepts add, as contextual effects are put together, is a third of it and less.
    a = found.loc["x -> m", "a", "between_patient"]
    assert a["low"] > A + V[0, 1] / V[0, 0]
    parts = found.loc[[("x -> m -> y", "indirect", "between_patient"), ("x -> y", "direct", "between_patient")]]
    assert parts["estimate"].sum() == pytest.approx(
        found.loc["x -> y", "total", "between_patient"]["estimate"], rel=1e-9
    )


def test_fit_finds_the_regressions_among_means_of_therapists() -> None:
    rng = np.random.default_rng(6)
    therapist = np.repeat(np.arange(60), 8)
    v = rng.multivariate_normal(np.zeros(3), H, 60)[therapist] + rng.multivariate_normal(np.zeros(3), V, 480)
    found = estimates_of(panel_of(run_series(v, 6, 60, seed=7), therapist), "patient", "therapist")
    for level, of in (("between_patient", V), ("between_therapist", H)):
        for (path, effect), value in true_slopes(of).items():
            row = found.loc[path, effect, level]
            assert row["low"] < value < row["high"]
