"""The example's truth between and within patients, beside thousands of patients over hundreds of sessions in plain NumPy."""

from pathlib import Path

import numpy as np
import pytest
import yaml

TRUTH = Path(__file__).parents[2] / "data" / "example" / "truth.yaml"
PATIENTS, SESSIONS, SETTLING = 4000, 300, 40
# Everything is written down here once more, from the description of the study and not from its settings: technique, alliance, symptoms.
OF_PATIENTS = np.array([[1.0, 0.3, 0.1], [0.3, 1.0, 0.2], [0.1, 0.2, 1.0]]) * np.outer(
    [0.45, 2.9, 1.6], [0.45, 2.9, 1.6]
)
OF_SLOPES = np.array([[0.8**2, -0.036], [-0.036, 0.09**2]])  # alliance on technique, symptoms on alliance


def simulate(rng: np.random.Generator) -> np.ndarray:
    """Return technique, alliance and symptoms once the series have settled, in one arm without a trend: (session, variable, patient)."""
    level = rng.multivariate_normal(np.zeros(3), OF_PATIENTS, PATIENTS, method="cholesky").T
    of_technique, of_alliance = rng.multivariate_normal([1.2, -0.13], OF_SLOPES, PATIENTS, method="cholesky").T
    technique, alliance, symptoms = level.copy()  # distances from the centres
    kept = np.empty((SESSIONS, 3, PATIENTS))
    for session in range(-SETTLING, SESSIONS):
        chance = rng.standard_normal((3, PATIENTS))
        symptoms = of_alliance * alliance - 0.28 * technique + 0.4 * symptoms + level[2] + 2.13 * chance[2]
        technique = level[0] + 0.8 * chance[0]
        alliance = of_technique * technique - 0.18 * symptoms + 0.3 * alliance + level[1] + 3.37 * chance[1]
        if session >= 0:
            kept[session] = technique, alliance, symptoms
    return kept


def slopes_of_patients(outcome: np.ndarray, *predictors: np.ndarray) -> np.ndarray:
    """Return each patient's own least-squares slopes, (patient, predictor); arrays are (session, patient)."""
    columns = np.stack([np.ones_like(outcome), *predictors], axis=-1)
    squares, products = np.einsum("sip,siq->ipq", columns, columns), np.einsum("sip,si->ip", columns, outcome)
    return np.linalg.solve(squares, products[..., None])[:, 1:, 0]


@pytest.fixture(scope="module")
def truth() -> dict[tuple[str, str, str], float]:
    rows = yaml.safe_load(TRUTH.read_text(encoding="utf-8"))["quantities"]
    return {(row["path"], row["effect"], row["level"]): row["value"] for row in rows}


@pytest.fixture(scope="module")
def course() -> np.ndarray:
    return simulate(np.random.default_rng(20261126))


PATH = "technique -> alliance -> symptoms"


def test_effects_within_patients_are_averages_of_their_own_regressions(
    course: np.ndarray, truth: dict[tuple[str, str, str], float]
) -> None:
    technique, alliance, symptoms = course.transpose(1, 0, 2)
    first = slopes_of_patients(alliance[1:], technique[1:], symptoms[1:], alliance[:-1])
    second = slopes_of_patients(symptoms[1:], alliance[:-1], technique[:-1], symptoms[:-1])
    found = {
        ("technique -> alliance", "a"): first[:, 0], ("symptoms -> alliance", "effect"): first[:, 1],
        ("alliance -> symptoms", "b"): second[:, 0], ("technique -> symptoms", "c_prime"): second[:, 1],
        (PATH, "indirect"): first[:, 0] * second[:, 0],
        ("technique -> symptoms", "total"): first[:, 0] * second[:, 0] + second[:, 1],
    }  # fmt: skip
    for (path, effect), values in found.items():
        # Three standard errors of 4,000 patients, and the 2 % by which a series of 300 sessions is too short for its own past.
        expected = truth[path, effect, "within"]
        assert abs(values.mean() - expected) < 3 * values.std() / PATIENTS**0.5 + 0.02 * abs(expected), (path, effect)


def test_effects_between_patients_are_regressions_of_their_averages(
    course: np.ndarray, truth: dict[tuple[str, str, str], float]
) -> None:
    means = course.mean(axis=0)
    samples = np.random.default_rng(1).integers(0, PATIENTS, (200, PATIENTS))  # patients of bootstrap samples
    estimates, spread = regress(means), np.std([list(regress(means[:, one]).values()) for one in samples], axis=0)
    for (key, value), error in zip(estimates.items(), spread, strict=True):
        assert abs(value - truth[*key, "between_patient"]) < 3 * error, (key, value, error)


def regress(means: np.ndarray) -> dict[tuple[str, str], float]:
    """Return the effects between patients by their path and name, from averages (variable, patient)."""
    c = np.cov(means)
    a = c[0, 1] / c[0, 0]
    c_prime, b = np.linalg.solve(c[:2, :2], c[:2, 2])
    return {
        ("technique -> alliance", "a"): a,
        ("alliance -> symptoms", "b"): b,
        ("technique -> symptoms", "c_prime"): c_prime,
        (PATH, "indirect"): a * b,
        ("technique -> symptoms", "total"): c_prime + a * b,
        ("alliance -> symptoms", "effect"): c[1, 2] / c[1, 1],
        ("symptoms -> alliance", "effect"): c[1, 2] / c[2, 2],
    }
