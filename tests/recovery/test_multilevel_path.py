"""The joint engine finds the truth of small simulated studies, and its intervals hold it as often as they say.

A small version of the recovery that runs as a target of the workflow. PathMaximum likelihood, so that many studies take seconds.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alliance.config import ModelSpec, Variable
from alliance.models.diagram import every_path
from alliance.models.joint.design import make_design
from alliance.models.joint.quantities import compute_quantities
from alliance.models.path.maximum import maximise, population_of
from alliance.models.rows import select_rows

VARIABLES = {
    "x": Variable(label="technique", column="x", measured="before"),
    "m": Variable(label="alliance", column="m", measured="during"),
    "y": Variable(label="symptoms", column="y", measured="after"),
}
Key = tuple[str, str, str]
A, B, C_PRIME = ("x -> m", "a", "within"), ("m -> y", "b", "within"), ("x -> y", "c_prime", "within")
INDIRECT = ("x -> m -> y", "indirect", "within")
DRAWS = 400  # per study, for intervals


def declare(equations: dict[str, Any], cause: str = "x") -> ModelSpec:
    return ModelSpec.model_validate(
        {
            "label": "recovery",
            "family": "multilevel_path",
            "depth": "ml",
            "equations": equations,
            "effects": {"from": cause, "to": "y"},
        }
    )


def recover(spec: ModelSpec, simulate: Callable[[np.random.Generator], pd.DataFrame], studies: int) -> pd.DataFrame:
    """Return estimate, low and high (columns) of each quantity in each study (rows)."""
    tables = []
    for seed in range(studies):
        rows, _ = select_rows(simulate(np.random.default_rng(seed)), "recovery", spec)
        maximum = maximise(make_design("recovery", spec, rows, VARIABLES))
        assert maximum.converged
        positions = maximum.draw(DRAWS, np.random.default_rng(seed))
        groups = every_path("recovery", spec, VARIABLES)
        # The maximum first, then the draws.
        found = compute_quantities(
            maximum.target.design,
            population_of(maximum, np.concatenate([maximum.top.position[None], positions])),
            groups,
            VARIABLES,
            1,
            np.random.default_rng(seed),
        )
        values = np.array(found.draws)
        low, high = np.quantile(values[:, 1:], [0.025, 0.975], axis=1)
        index = pd.MultiIndex.from_frame(found.table()[["path", "effect", "level"]])
        tables.append(pd.DataFrame({"estimate": values[:, 0], "low": low, "high": high}, index=index))
    return pd.concat(tables).sort_index()


def check_bias(results: pd.DataFrame, truth: dict[Key, float], share: float = 0.1) -> None:
    """Compare mean estimates with the truth: within 3 Monte Carlo standard errors, and off by less than a share."""
    for key, value in truth.items():
        estimates = results.loc[key, "estimate"]
        error = float(estimates.mean()) - value
        # Right estimators fail once in 370 quantities, and seeds are fixed.
        assert abs(error) < 3 * estimates.std() / np.sqrt(len(estimates)), (key, error)
        assert abs(error) < share * abs(value), (key, error)


def check_coverage(results: pd.DataFrame, truth: dict[Key, float]) -> None:
    """Compare how many 95 % intervals hold the truth with what 95 % allow, by chance once in 1000 quantities on either side."""
    for key, value in truth.items():
        intervals = results.loc[key]
        held = int(((intervals["low"] <= value) & (value <= intervals["high"])).sum())
        low, high = stats.binom.ppf([0.001, 0.999], len(intervals), 0.95)
        assert low <= held <= high, (key, held, len(intervals))


def make_panel(patients: int, sessions: int, **columns: np.ndarray) -> pd.DataFrame:
    """Return a panel from columns (patient, session)."""
    patient = np.repeat(np.arange(patients), sessions)
    return pd.DataFrame(
        {
            "patient": [f"P{number:04d}" for number in patient],
            "therapist": "T1",
            "session": np.tile(np.arange(1, sessions + 1), patients),
            **{name: values.ravel() for name, values in columns.items()},
        }
    )


WITHIN, BETWEEN = -0.20, -0.60
SLOPE_SD, SLOPE_COVARIANCE = 0.3, -0.045
STATIC = {
    ("x -> m", "a", "within"): 0.5,
    ("m -> y", "b", "within"): WITHIN,
    ("m -> y", "b", "between_patient"): BETWEEN,
    INDIRECT: 0.5 * WITHIN + SLOPE_COVARIANCE,
    ("x -> m -> y", "indirect_product", "within"): 0.5 * WITHIN,
    ("x -> y", "c_prime", "within"): 0.3,
}


def simulate_static(rng: np.random.Generator, patients: int = 60, sessions: int = 8) -> pd.DataFrame:
    """Simulate slopes that vary and covary, and means of m and y whose association is not that within patients."""
    covariance = np.array([[SLOPE_SD**2, SLOPE_COVARIANCE], [SLOPE_COVARIANCE, SLOPE_SD**2]])
    slopes = rng.multivariate_normal([0.5, WITHIN], covariance, patients)
    level = rng.normal(size=(patients, 1))
    x, e_m, e_y = rng.normal(size=(3, patients, sessions))
    m = level + slopes[:, [0]] * x + e_m
    y = (BETWEEN - WITHIN) * level + rng.normal(0, 0.6, (patients, 1)) + slopes[:, [1]] * m + 0.3 * x + e_y
    return make_panel(patients, sessions, x=x, m=m, y=y)


def test_effects_within_and_between_patients_are_recovered() -> None:
    spec = declare(
        {
            "m": {"on": ["x"], "vary": {"patient": ["intercept", "x"]}},
            "y": {"on": ["m", "x"], "vary": {"patient": ["intercept", "m"]}},
        }
    )
    results = recover(spec, simulate_static, 80)
    check_bias(results, STATIC)
    check_coverage(results, STATIC)


def simulate_short(rng: np.random.Generator) -> pd.DataFrame:
    """Simulate 200 patients with 5 sessions, which observed means would need to be many more for."""
    level, noise = rng.normal(0, 0.5, (200, 1)), rng.normal(size=(2, 200, 5))
    m = level + noise[0]
    y = WITHIN * m + (BETWEEN - WITHIN) * level + noise[1]
    return make_panel(200, 5, m=m, y=y)


def test_means_of_few_sessions_do_not_draw_the_effect_between_patients_to_the_one_within() -> None:
    spec = declare({"m": {"on": []}, "y": {"on": ["m"]}}, "m")
    truth = {("m -> y", "effect", "within"): WITHIN, ("m -> y", "effect", "between_patient"): BETWEEN}
    results = recover(spec, simulate_short, 40)
    check_bias(results, truth)
    check_coverage(results, truth)
    # Reliability of observed means is .25 / (.25 + 1 / 5) = .56, so they would give -.2 - .4 x .56 = -.42.
    assert results.loc["m -> y", "effect", "between_patient"]["estimate"].mean() < -0.52


def simulate_technique(rng: np.random.Generator) -> pd.DataFrame:
    """Simulate a cause whose means between patients are correlated with the intercepts of mediator and outcome."""
    covariance = np.array([[0.5, 0.3, 0.2], [0.3, 0.8, -0.3], [0.2, -0.3, 1.0]])
    u = rng.multivariate_normal(np.zeros(3), covariance, 400)
    e = rng.normal(size=(3, 400, 8))
    x = u[:, [0]] + e[0]
    m = u[:, [1]] + 0.30 * x + e[1]
    y = u[:, [2]] - 0.25 * m + 0.10 * x + e[2]
    return make_panel(400, 8, x=x, m=m, y=y)


def test_cause_with_an_equation_of_its_own_keeps_its_differences_between_patients_out() -> None:
    truth = {A: 0.30, B: -0.25, C_PRIME: 0.10}
    own = {"x": {"on": []}, "m": {"on": ["x"]}, "y": {"on": ["m", "x"]}}
    results = recover(declare(own), simulate_technique, 12)
    check_bias(results, truth)
    check_coverage(results, truth)
    del own["x"]
    mixed = recover(declare(own), simulate_technique, 12)
    # Without it x -> m is a mean of the effect within patients, .30, and that between observed means, .30 + .3 / (.5 + 1/8) = .78. Their
    # weights are the sums of squares within, 7, and between, 8 (.5 + 1/8) = 5, the latter times 1 / (1 + 8 x .656) = .16, with .656 the
    # variance of m's intercepts given x: (7 x .30 + .16 x 5 x .78) / (7 + .16 x 5) = .349. Twelve studies leave a standard error of .005.
    assert mixed.loc[A, "estimate"].mean() == pytest.approx(0.349, abs=0.015)
    # The direct effect takes the association of the intercepts of x and y.
    assert mixed.loc[C_PRIME, "estimate"].mean() > 0.10 + 0.02


AUTOREGRESSION = {"m": 0.40, "y": 0.30}
CROSS = {"m": -0.15, "y": -0.20}


def simulate_dynamic(rng: np.random.Generator, patients: int = 400, sessions: int = 8) -> pd.DataFrame:
    """Simulate two variables that depend on their own and each other's past, observed after twenty unseen sessions."""
    u = rng.multivariate_normal(np.zeros(2), [[0.5, -0.2], [-0.2, 0.5]], patients)
    m, y = np.zeros((2, patients, sessions + 20))
    for t in range(1, sessions + 20):
        e = rng.normal(size=(2, patients))
        m[:, t] = u[:, 0] + AUTOREGRESSION["m"] * m[:, t - 1] + CROSS["m"] * y[:, t - 1] + e[0]
        y[:, t] = u[:, 1] + AUTOREGRESSION["y"] * y[:, t - 1] + CROSS["y"] * m[:, t - 1] + e[1]
    seen = {"m": m[:, 20:], "y": y[:, 20:]}
    panel = make_panel(patients, sessions, **seen)
    for name, values in seen.items():
        lagged = np.roll(values, 1, axis=1)
        lagged[:, 0] = np.nan
        panel[f"{name}_lag"] = lagged.ravel()
        panel[f"{name}_baseline"] = np.repeat(values[:, 0], sessions)
    return panel


def test_effects_of_the_past_are_recovered_with_initial_values_as_covariates() -> None:
    past = ["m_lag", "y_lag", "m_baseline", "y_baseline"]
    spec = declare({"m": {"on": past}, "y": {"on": past}}, "m")
    truth = {
        (f"{cause}_lag -> {outcome}", "coefficient", "within"): AUTOREGRESSION[outcome]
        if cause == outcome
        else CROSS[outcome]
        for outcome in ("m", "y")
        for cause in ("m", "y")
    }
    results = recover(spec, simulate_dynamic, 12)
    check_bias(results, truth)
    check_coverage(results, truth)


def simulate_three_levels(rng: np.random.Generator) -> pd.DataFrame:
    """Simulate 40 therapists x 8 patients x 5 sessions with another effect at each level: -.20, -.60 and .50."""
    patients, sessions, owner = 320, 5, np.arange(320) // 8
    of_therapist, of_patient = rng.normal(0, 0.7, 40)[owner], rng.normal(size=patients)
    e = rng.normal(size=(2, patients, sessions))
    m = (of_therapist + of_patient)[:, None] + e[0]
    shift = (0.50 - WITHIN) * of_therapist + (BETWEEN - WITHIN) * of_patient
    y = WITHIN * m + (shift + rng.normal(0, 0.3, 40)[owner] + rng.normal(0, 0.6, patients))[:, None] + e[1]
    panel = make_panel(patients, sessions, m=m, y=y)
    return panel.assign(therapist=np.repeat([f"T{number:02d}" for number in owner], sessions))


def test_effects_of_three_levels_are_told_apart() -> None:
    by_both = {"patient": ["intercept"], "therapist": ["intercept"]}
    spec = declare({"m": {"on": [], "vary": by_both}, "y": {"on": ["m"], "vary": by_both}}, "m")
    truth = {
        ("m -> y", "effect", "within"): WITHIN,
        ("m -> y", "effect", "between_patient"): BETWEEN,
        ("m -> y", "effect", "between_therapist"): 0.50,
        ("intercept -> m", "sd", "patient"): 1.0,
        ("intercept -> m", "sd", "therapist"): 0.7,
    }
    results = recover(spec, simulate_three_levels, 40)
    check_bias(results, truth)
    check_coverage(results, truth)
