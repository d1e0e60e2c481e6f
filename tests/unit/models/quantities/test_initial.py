"""Initial values between patients of a therapist and between therapists, against what made them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from alliance.config import ModelSpec
from alliance.models.design.arrays import Design
from alliance.models.quantities.initial import initial_spread
from tests.unit.models.joint_study import make_spec
from tests.unit.models.populations import design_of, population_of

OF_PATIENTS = np.array([[1.0, 0.3], [0.3, 0.5]])
OF_THERAPISTS = np.array([[0.4, -0.2], [-0.2, 0.3]])
VARY = {"patient": ["intercept"], "therapist": ["intercept"]}


def spec_with(vary: dict[str, list[str]]) -> ModelSpec:
    on = ["m_baseline", "y_baseline", "arm"]
    equations = {name: {"on": on, "vary": vary} for name in ("m", "y")}
    return make_spec(equations=equations, effects={"from": "arm", "to": "y"})


def design_with(
    seed: int, sizes: np.ndarray, of_therapists: np.ndarray, vary: dict[str, list[str]] = VARY, unit: float = 1.0
) -> Design:
    """Two sessions of each patient; the arm moves the initial values, unevenly over therapists, who have `sizes` patients."""
    rng = np.random.default_rng(seed)
    therapist = np.repeat(np.arange(len(sizes)), sizes)
    arm = (rng.random(len(therapist)) < 0.2 + 0.6 * (therapist % 2)).astype(float)
    shared = rng.multivariate_normal(np.zeros(2), of_therapists, len(sizes))[therapist]
    c = shared + rng.multivariate_normal(np.zeros(2), OF_PATIENTS, len(therapist)) + arm[:, None] * [1.5, -1.0]
    patients = pd.DataFrame(
        {
            "patient": [f"P{i:06d}" for i in range(len(therapist))],
            "therapist": [f"T{i:05d}" for i in therapist],
            "m_baseline": unit * c[:, 0],
            "y_baseline": c[:, 1],
            "arm": arm,
        }
    )
    rows = patients.loc[patients.index.repeat(2)].reset_index(drop=True)
    values = {name: rng.normal(size=len(rows)) for name in ("m", "y")}
    return design_of(spec_with(vary), rows.assign(session=np.tile([2, 3], len(patients)), **values))


def spread_of(design: Design, draws: int | None = None) -> dict[str, np.ndarray]:
    """Return the covariance of the initial values at each level: its estimate, or draws."""
    population = population_of(design, {}, {}, draws or 1)
    rng = None if draws is None else np.random.default_rng(1)
    return {level: found.among for level, found in initial_spread(design, population, rng).items()}


def test_patients_and_therapists_are_told_apart_given_what_else_moves_initial_values() -> None:
    sizes = np.tile([2, 5, 12, 21], 500)
    found = spread_of(design_with(1, sizes, OF_THERAPISTS))
    # 2,000 therapists with 20,000 patients leave standard errors of .01 (patients) and .02 (therapists).
    np.testing.assert_allclose(found["patient"][0], OF_PATIENTS, atol=0.04)
    np.testing.assert_allclose(found["therapist"][0], OF_THERAPISTS, atol=0.06)


def test_without_effects_of_therapists_all_differences_are_between_patients() -> None:
    design = design_with(1, np.full(2000, 8), OF_THERAPISTS, vary={"patient": ["intercept"]})
    found = spread_of(design)
    assert list(found) == ["patient"]
    np.testing.assert_allclose(found["patient"][0], OF_PATIENTS + OF_THERAPISTS, atol=0.06)


def test_moments_are_those_of_balanced_groups_without_covariates() -> None:
    """Equal groups whose covariate is the same everywhere within a pair of them: textbook mean squares with fewer degrees."""
    sizes = np.full(40, 5)
    design = design_with(3, sizes, OF_THERAPISTS)
    found = spread_of(design)["patient"][0]
    rows = design.equations["m"].rows.drop_duplicates("patient")
    columns = rows[["m_baseline", "y_baseline", "arm"]]
    centred = (columns - columns.groupby(rows["therapist"]).transform("mean")).to_numpy()
    c, arm = centred[:, :2], centred[:, 2:]
    left = c - arm @ np.linalg.lstsq(arm, c, rcond=None)[0]
    np.testing.assert_allclose(found, left.T @ left / (200 - 40 - 1), rtol=1e-10)


def test_therapists_who_do_not_differ_have_no_negative_variance_in_any_unit() -> None:
    found = {}
    for unit in (1.0, 1000.0):
        design = design_with(5, np.full(12, 6), np.zeros((2, 2)), unit=unit)
        found[unit] = spread_of(design)["therapist"][0]
        assert np.linalg.eigvalsh(found[unit])[0] >= -1e-9 * unit**2
    np.testing.assert_allclose(found[1000.0], found[1.0] * np.outer([1000, 1], [1000, 1]), rtol=1e-6, atol=1e-9)


def test_draws_are_around_the_estimate_and_as_wide_as_studies_differ() -> None:
    sizes = np.full(40, 8)
    studies = [spread_of(design_with(seed, sizes, OF_THERAPISTS)) for seed in range(60)]
    drawn = spread_of(design_with(100, sizes, OF_THERAPISTS), 4000)
    for level, truth in (("patient", OF_PATIENTS), ("therapist", OF_THERAPISTS)):
        spread = np.std([study[level][0] for study in studies], axis=0)
        # 60 studies leave standard deviations known to a tenth; posterior and sampling distribution differ by as much with 40 therapists.
        assert np.diag(drawn[level].std(axis=0)) == pytest.approx(np.diag(spread), rel=0.45)
        assert np.mean([study[level][0] for study in studies], axis=0) == pytest.approx(truth, abs=0.08)


def test_what_rows_say_is_computed_once_of_a_design_and_anew_of_another() -> None:
    counted: list[int] = []

    def count(of: Design) -> int:
        counted.append(sum(len(equation.y) for equation in of.equations.values()))
        return counted[-1]

    design = design_with(3, np.tile([2, 3], 5), OF_THERAPISTS)
    assert design.once(count) == design.once(count) == 100
    some = replace(design, equations={"m": design.equations["m"]})
    assert some.once(count) == 50
    assert counted == [100, 50]
