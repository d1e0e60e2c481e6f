"""From a design to the likelihood's arrays, and from its free parameters back to names."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alliance.errors import ModelError
from alliance.models.path.layout import Natural
from alliance.models.path.posterior import PathPosterior
from alliance.models.path.target import PathTarget, make_target
from alliance.models.quantities.population import make_population, names_of_population
from tests.unit.models.joint_study import make_settings
from tests.unit.models.path.path_study import BY_PATIENT, BY_THERAPIST, design_by, panel_with_therapists, small_maximum

PANEL = panel_with_therapists(patients=20, sessions=4, therapists=5)
PRIORS = make_settings()["priors"]


def test_target_counts_what_the_design_declares() -> None:
    target = make_target(design_by(BY_THERAPIST, PANEL))
    assert target.layout.fixed.stop == 2 + 3
    assert target.layout.effects == {"patient": 4, "therapist": 2}
    assert target.layout.size == 5 + 2 + 10 + 3
    assert len(target.patients) == PANEL["patient"].nunique()
    assert len(target.therapists) == 5


def test_density_of_the_target_is_that_of_the_rows() -> None:
    design = design_by(BY_THERAPIST, PANEL)
    target = make_target(design)
    position = np.random.default_rng(1).normal(scale=0.5, size=target.layout.size)
    natural = target.natural(position[None])
    blocks = []
    for number, (outcome, equation) in enumerate(design.equations.items()):
        x = np.column_stack([np.ones(len(equation.y)), equation.x])
        block = equation.rows[["patient", "therapist"]].assign(
            left=equation.y - x @ natural.beta[0, target.layout.of(outcome)], sd=natural.residual[0, number]
        )
        for level, effects in design.varying.items():
            for place, effect in enumerate(effects):
                block[f"{level} {place}"] = 0.0
                if effect.outcome == outcome and effect.term == "intercept":
                    block[f"{level} {place}"] = 1.0
                elif effect.outcome == outcome:
                    of_patient = equation.rows.groupby("patient")[effect.term]
                    scale = equation.x_sd[equation.terms.index(effect.term)]
                    block[f"{level} {place}"] = (equation.rows[effect.term] - of_patient.transform("mean")) / scale
        blocks.append(block)
    table = pd.concat(blocks)
    covariance = np.diag(table["sd"].to_numpy() ** 2)
    for level, effects in design.varying.items():
        z = table[[f"{level} {place}" for place in range(len(effects))]].to_numpy()
        units = table[level].to_numpy()
        covariance += (z @ natural.covariances[level][0] @ z.T) * (units[:, None] == units)
    expected = stats.multivariate_normal.logpdf(table["left"], np.zeros(len(table)), covariance)
    assert target.value(position)[0] == pytest.approx(float(expected), rel=1e-8)


def test_target_does_not_depend_on_the_order_of_rows() -> None:
    target = make_target(design_by(BY_THERAPIST, PANEL))
    shuffled = make_target(design_by(BY_THERAPIST, PANEL.sample(frac=1, random_state=1)))
    position = np.random.default_rng(1).normal(scale=0.5, size=target.layout.size)
    # Sums in another order: rounding only.
    assert shuffled.value(position)[0] == pytest.approx(target.value(position)[0], rel=1e-10)


def test_patients_with_two_therapists_keep_both() -> None:
    panel = PANEL.copy()
    second = panel["patient"].isin(["P0001", "P0005"]) & (panel["session"] > 2)
    panel.loc[second, "therapist"] = "T007"
    crossed = make_target(design_by(BY_THERAPIST, panel)).statistics.crossed
    assert crossed is not None
    assert [len(set(pair)) for pair in crossed.therapists.tolist()] == [2, 2]


def test_therapists_whom_too_many_changes_connect_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = PANEL.copy()
    panel.loc[panel["session"] > 2, "therapist"] = np.roll(panel["therapist"], 9)[panel["session"] > 2]
    monkeypatch.setattr("alliance.likelihood.crossed.MOST_CONNECTED", 3)
    with pytest.raises(
        ModelError, match=r"changes connect \d+ effects of therapists; up to 3 .* cleaning\.therapist_change"
    ):
        make_target(design_by(BY_THERAPIST, panel))
    settled = panel.assign(therapist=panel.groupby("patient")["therapist"].transform("first"))
    assert make_target(design_by(BY_THERAPIST, settled)).statistics.crossed is None


@pytest.mark.parametrize("signed", [True, False])
def test_natural_parameters_have_proper_covariances(signed: bool) -> None:
    target = make_target(design_by(BY_THERAPIST, PANEL))
    positions = np.random.default_rng(2).normal(size=(50, target.layout.size))
    natural = (PathPosterior(target, PRIORS) if signed else target).natural(positions)
    assert natural.beta.shape == (50, 5)
    assert (natural.residual > 0).all()
    for level, q in {"patient": 4, "therapist": 2}.items():
        assert natural.covariances[level].shape == (50, q, q)
        # Rounding of products of numbers near one.
        assert np.linalg.eigvalsh(natural.covariances[level]).min() > -1e-12


def test_named_draws_are_what_a_population_is_made_of() -> None:
    design = design_by(BY_THERAPIST, PANEL)
    target = make_target(design)
    positions = np.random.default_rng(2).normal(size=(50, target.layout.size))
    natural = PathPosterior(target, PRIORS).natural(positions)
    draws = natural.named
    assert set(draws) == set(names_of_population(design))
    population = make_population(design, draws)
    for level, covariance in natural.covariances.items():
        scale = design.scales(level)
        np.testing.assert_allclose(population.covariances[level], covariance * np.outer(scale, scale), rtol=1e-10)


def test_correlations_of_an_effect_that_does_not_vary_are_zero() -> None:
    target = make_target(design_by(BY_PATIENT, PANEL))
    position = np.zeros((1, target.layout.size))
    draws = target.natural(position).named
    np.testing.assert_array_equal(draws["patient_correlation"], 0.0)
    np.testing.assert_array_equal(draws["patient_sd"], 0.0)


def test_draws_from_the_priors_have_the_moments_of_the_priors() -> None:
    target = make_target(design_by(BY_THERAPIST, PANEL))
    size = 20_000
    posterior = PathPosterior(target, PRIORS)
    draws = posterior.named(posterior.draw_prior(size, np.random.default_rng(1)))
    expected = {
        "m_intercept": stats.norm(0, PRIORS["intercept_sd"]),
        "m_slopes": stats.norm(0, PRIORS["slope_sd"]),
        "y_slopes": stats.norm(0, PRIORS["slope_sd"]),
        "y_residual_sd": stats.halfnorm(scale=PRIORS["residual_sd"]),
        "patient_sd": stats.halfnorm(scale=PRIORS["varying_sd"]),
        "therapist_sd": stats.halfnorm(scale=PRIORS["varying_sd"]),
    }
    for level, q in {"patient": 4, "therapist": 2}.items():
        # Each correlation under LKJ(eta) is 2 Beta(shape, shape) - 1 (Lewandowski, Kurowicka & Joe 2009).
        shape = PRIORS["correlations"] - 1 + q / 2
        expected[f"{level}_correlation"] = stats.beta(shape, shape, loc=-1, scale=2)
    for name, prior in expected.items():
        for column in draws[name].reshape(size, -1).T:
            # 17 columns at 1e-4: one of 600 seeds fails, and the seed is fixed.
            assert stats.kstest(column, prior.cdf).pvalue > 1e-4, name


def test_priors_are_read_in_the_order_of_the_likelihood() -> None:
    priors = {"correlations": 5.0, "slope_sd": 2.0, "varying_sd": 4.0, "intercept_sd": 1.0, "residual_sd": 3.0}
    posterior = PathPosterior(make_target(design_by(BY_PATIENT, PANEL)), priors)
    np.testing.assert_array_equal(posterior.prior, [1.0, 2.0, 3.0, 4.0, 5.0])


def signed_from(target: PathTarget, position: np.ndarray) -> Natural:
    posterior = PathPosterior(target, PRIORS)
    return posterior.natural(posterior.start(position, np.eye(len(position))).position[None])


def test_signed_coordinates_of_a_maximum_are_its_parameters_half_way_to_independence() -> None:
    maximum = small_maximum("therapist")
    target, position = maximum.target, maximum.top.position
    plain = target.natural(position[None])
    signed = signed_from(target, position)
    # Log and exponential of the residual sds: rounding.
    np.testing.assert_allclose(signed.beta, plain.beta, rtol=1e-12)
    np.testing.assert_allclose(signed.residual, plain.residual, rtol=1e-12)
    for level, covariance in plain.covariances.items():
        sd = np.sqrt(np.diagonal(covariance[0]))
        assert sd.min() > 0.05, "below it sds are pulled up, which this test is not about"
        halved = 0.5 * covariance[0] + 0.5 * np.diag(sd**2)
        np.testing.assert_allclose(signed.covariances[level][0], halved, rtol=1e-9, atol=1e-12)


def test_signed_coordinates_of_the_boundary_are_inside() -> None:
    target = make_target(design_by(BY_PATIENT, PANEL))
    position = np.zeros(target.layout.size)
    free = target.layout.fixed.stop + 2
    position[free + np.array([0, 1])] = [1.0, -0.7]  # the second effect is a multiple of the first, the others are zero
    found = signed_from(target, position).covariances["patient"][0]
    sd = np.sqrt(np.diagonal(found))
    np.testing.assert_allclose(sd, [1.0, 0.7, 0.05, 0.05], rtol=1e-12)
    assert found[0, 1] / (sd[0] * sd[1]) == pytest.approx(-0.5)
