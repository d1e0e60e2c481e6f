"""One small fit, looked at from all sides."""

import numpy as np
import nutpie
import pandas as pd
import pytensor
import pytest
import xarray as xr
from scipy import stats

from alliance.config import ModelSpec
from alliance.config.schema import Inference
from alliance.errors import ModelError
from alliance.facts.artefacts import ARTEFACTS
from alliance.facts.quantity import QUANTITY_COLUMNS
from alliance.inference.sampling import draw_prior, sample_posterior
from alliance.models.checking.design import mark_design
from alliance.models.checking.priors import describe_priors
from alliance.models.container import FitResult, marks_of, pack_rows, quantities_of
from alliance.models.design.arrays import Design, make_design
from alliance.models.diagram import every_path
from alliance.models.direct.build import build_model
from alliance.models.direct.fit import fit
from alliance.models.path.posterior import PathPosterior
from alliance.models.path.target import make_target
from alliance.models.quantities.population import make_population, names_of_population
from alliance.models.rows import select_rows
from alliance.results.estimates import summarise_priors
from alliance.results.fits import tabulate_fit
from alliance.runs.files import write_tree
from tests.unit.models.joint_study import VARIABLES, make_settings, make_spec, simulate
from tests.unit.models.path.cross_lagged import cross_lagged_design, simulate_measures

PANEL = simulate(30, 5, seed=4, raw_scale=20.0)
PRIORS = make_settings()["priors"]
LIMITS = Inference(interval=0.95, monte_carlo_draws=1000, rhat_max=1.01, ess_min=400, divergences_max=0)


def make_small_design(panel: pd.DataFrame = PANEL) -> Design:
    rows, _ = select_rows(panel, "study", make_spec())
    return make_design("study", make_spec(), rows, VARIABLES)


MEANS_ONLY = {"x": {"on": []}, "m": {"on": ["x"]}, "y": {"on": ["m"]}}
MODERATED = {
    "m": {"on": ["x", "arm", "x_by_arm", "course"], "vary": {"patient": ["intercept", "x_by_arm"]}},
    "y": {"on": ["m", "course"], "vary": {"patient": ["intercept", "course"], "therapist": ["intercept", "m"]}},
}
DERIVED = {
    "products": {"x_by_arm": ["x", "arm"]},
    "bases": {"course": {"of": "session", "kind": "natural_spline", "df": 2}},
}


@pytest.fixture(scope="module")
def fitted() -> FitResult:
    """Fit the fullest of the models, since compiling each takes longer than drawing from it."""
    return fit(PANEL, "study", make_spec(equations=MODERATED, **DERIVED), make_settings())


def test_every_quantity_has_finite_draws_of_each_chain(fitted: FitResult):
    values = fitted.tree["paths"]["draws"]
    assert values.sizes["chain"] == 2
    assert values.sizes["draw"] == 60
    assert np.isfinite(values.to_numpy()).all()
    assert not quantities_of(fitted.tree["paths"])[QUANTITY_COLUMNS].duplicated().any()


def test_kept_posterior_describes_the_population_and_no_patient(fitted: FitResult):
    sizes = fitted.tree["posterior"].sizes
    assert "patient" not in sizes
    assert not [
        name
        for name in fitted.tree["posterior"].data_vars
        if set(str(name).split("_")) & {"standard", "root", "signed", "squares", "below"}
    ]
    assert {"diverging", "energy"} <= set(fitted.tree["sample_stats"].data_vars)


def test_no_kept_parameter_is_constant(fitted: FitResult):
    spread = fitted.tree["posterior"].to_dataset().std(("chain", "draw"))
    assert min(float(spread[name].min()) for name in spread.data_vars) > 0


def test_container_survives_the_file(fitted: FitResult, tmp_path):
    write_tree(fitted.tree, str(tmp_path / "draws.nc"))
    with xr.open_datatree(tmp_path / "draws.nc", engine="h5netcdf") as found:
        np.testing.assert_array_equal(found["paths"]["draws"], fitted.tree["paths"]["draws"])
        assert marks_of(found) == marks_of(fitted.tree)


def test_tables_of_the_fit_have_the_columns_of_the_contract(fitted: FitResult):
    found = tabulate_fit(fitted.tree, LIMITS)
    assert [*found["priors"]] == ARTEFACTS["priors"].header
    assert [*found["predictive"]] == ARTEFACTS["predictive"].header
    assert set(found["predictive"]["kind"]) == {"prior", "posterior"}


@pytest.mark.slow
def test_same_seed_gives_the_same_draws_whatever_the_spelling_of_codes(fitted: FitResult):
    renamed = PANEL.assign(patient="X" + PANEL["patient"])
    again = fit(renamed, "study", make_spec(equations=MODERATED, **DERIVED), make_settings())
    np.testing.assert_array_equal(again.tree["paths"]["draws"], fitted.tree["paths"]["draws"])
    assert marks_of(again.tree) == marks_of(fitted.tree)
    for group in ("posterior", "sample_stats"):
        xr.testing.assert_identical(again.tree[group].to_dataset(), fitted.tree[group].to_dataset())


THERAPISTS = {
    "m": {"on": ["x"], "vary": {"patient": ["intercept", "x"], "therapist": ["intercept"]}},
    "y": {"on": ["m", "x"], "vary": {"patient": ["intercept", "m"], "therapist": ["intercept", "x"]}},
}


@pytest.mark.parametrize(
    "spec",
    [
        make_spec(),
        make_spec(equations=THERAPISTS),
        make_spec(equations=MEANS_ONLY),
        make_spec(equations=MODERATED, **DERIVED),
    ],
    ids=["patients", "patients and therapists", "latent means of the cause", "products and smooths"],
)
def test_model_has_the_density_of_the_equations_in_raw_units(spec: ModelSpec):
    rows, _ = select_rows(PANEL, "study", spec)
    design = make_design("study", spec, rows, VARIABLES)
    model = build_model(design, PRIORS)
    rng = np.random.default_rng(1)
    point = {name: rng.normal(scale=0.3, size=np.shape(value)) for name, value in model.initial_point().items()}
    factors = {level: f"{level}_root" for level in design.varying}
    with pytensor.config.change_flags(cxx=""):
        density = model.compile_fn(model.logp(vars=model.observed_RVs), mode="FAST_COMPILE", on_unused_input="ignore")
        found = float(density(point))
        for level, name in factors.items():
            value = model.rvs_to_values[model[name]]
            back = model.rvs_to_transforms[model[name]].backward(value)
            factors[level] = back.eval({value: point[value.name]}, mode="FAST_COMPILE")

    # The same by hand, from untransformed values in raw units.
    plain = {name.removesuffix("_log__"): np.exp(v) if name.endswith("_log__") else v for name, v in point.items()}
    draws = {name: np.asarray(plain[name])[None] for name in names_of_population(design) if name in plain}
    effects = {}
    for level, factor in factors.items():
        below = np.tril_indices(len(factor), -1)
        signed = plain[f"{level}_signed"]
        turned = np.sign(signed)[:, None] * factor
        draws[f"{level}_sd"] = np.abs(signed)[None]
        draws[f"{level}_correlation"] = (turned @ turned.T)[below][None]
        effects[level] = (signed * design.scales(level))[:, None] * (factor @ plain[f"{level}_standard"])
    population = make_population(design, draws)
    for level, factor in factors.items():
        root = (plain[f"{level}_signed"] * design.scales(level))[:, None] * factor
        np.testing.assert_allclose(population.covariances[level][0], root @ root.T, rtol=1e-9)
    expected = 0.0
    for outcome, equation in design.equations.items():
        slopes = population.slopes[outcome][0]
        mean = population.intercepts[outcome][0] + equation.rows[list(equation.terms)].to_numpy() @ slopes
        for level, names in design.varying.items():
            units = pd.Index(design.units[level]).get_indexer(pd.Index(PANEL[level]))
            for position, effect in enumerate(names):
                if effect.outcome == outcome:
                    values = equation.rows.get(effect.term)
                    of_patient = equation.rows["patient"]
                    column = 1.0 if values is None else values - values.groupby(of_patient).transform("mean")
                    mean = mean + effects[level][position][units] * column
        expected += stats.norm(mean, population.residuals[outcome][0]).logpdf(PANEL[outcome]).sum()
        expected += len(PANEL) * np.log(equation.y_sd)  # density per standard unit instead of raw unit
    # Two ways of adding 300 terms of order one.
    assert found == pytest.approx(expected, rel=1e-9)


def test_uniform_correlations_have_the_distribution_of_the_other_joint_family():
    design, priors = make_small_design(), PRIORS | {"correlations": "uniform"}
    found = draw_prior(build_model(design, priors), names_of_population(design), 2000, seed=1)["patient_correlation"]
    posterior = PathPosterior(make_target(design), priors)
    other = posterior.named(posterior.draw_prior(2000, np.random.default_rng(1)))["patient_correlation"]
    for column in found.T:
        assert stats.kstest(column, stats.uniform(-1, 2).cdf).pvalue > 1e-3
    # Beyond the margins: all six squared correlations together. One of a thousand seeds fails each of these, and the seed is fixed.
    assert stats.ks_2samp((found**2).sum(axis=1), (other**2).sum(axis=1)).pvalue > 1e-3
    assert (
        stats.ks_2samp((found[:, 0] * found[:, 2] * found[:, 1]), (other[:, 0] * other[:, 2] * other[:, 1])).pvalue
        > 1e-3
    )


@pytest.mark.parametrize("correlations", [2.0, "uniform"])
def test_prior_draws_have_the_spread_that_is_announced(correlations: float | str):
    design, priors = make_small_design(), PRIORS | {"correlations": correlations}
    model = build_model(design, priors)
    population = make_population(design, draw_prior(model, names_of_population(design), 400, seed=1))
    described = summarise_priors(xr.DataTree(pack_rows(describe_priors(design, priors))), 0.95)
    announced = {row["parameter"]: row for row in described.to_dict("records")}
    slope, sd = population.slopes["y"][:, 0], np.sqrt(population.covariances["patient"][:, 3, 3])
    correlation = population.covariances["patient"][:, 3, 1] / np.sqrt(
        population.covariances["patient"][:, 3, 3] * population.covariances["patient"][:, 1, 1]
    )
    for values, parameter in ((slope, "m -> y"), (sd, "y: m"), (correlation, "y: m with m: x")):
        row = announced[parameter]
        inside = np.mean((values > row["raw_low"]) & (values < row["raw_high"]))
        # 95 % of 400 draws: standard error .011.
        assert inside == pytest.approx(0.95, abs=0.045), parameter


def test_share_between_patients_is_looked_at_for_a_cause_without_means_of_its_own():
    spec = make_spec(equations={"m": {"on": ["x"]}, "y": {"on": ["m", "x", "x_between"]}})
    rows, _ = select_rows(PANEL, "study", spec)
    marks = mark_design(make_design("study", spec, rows, VARIABLES), every_path("study", spec, VARIABLES))
    assert [(mark.declared.title, mark.subject, mark.passed) for mark in marks] == [("mixed levels", "x -> m", True)]


def test_moderated_model_with_a_smooth_and_effects_that_vary_by_therapist_has_its_quantities(fitted: FitResult):
    quantities = quantities_of(fitted.tree["paths"])
    found = set(zip(quantities["path"], quantities["effect"], quantities["level"], strict=True))
    assert {
        ("x -> m -> y", "conditional", "within"),
        ("x -> m -> y", "index", "within"),
        ("course_2 -> y", "sd", "patient"),
        ("m -> y", "sd", "therapist"),
    } <= found


def test_failing_sampler_becomes_one_clear_message(monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("All initialization points failed")

    design = make_small_design()
    monkeypatch.setattr(nutpie, "compile_pymc_model", lambda *_, **__: None)
    monkeypatch.setattr(nutpie, "sample", refuse)
    with pytest.raises(ModelError, match=r"models\.specs\.study: the sampler could not explore .*initialization"):
        sample_posterior(
            build_model(design, PRIORS), names_of_population(design), make_settings()["sampling"], 1, "study"
        )


def test_three_outcomes_of_one_occasion_are_refused():
    declared = {outcome: {"on": ["arm"], "vary": {"patient": ["intercept"]}} for outcome in ("x", "m", "y")}
    spec = make_spec(equations=declared, effects={"from": "arm", "to": "y"})
    with pytest.raises(ModelError, match="observed at the same sessions as two other outcomes"):
        fit(PANEL, "study", spec, make_settings())


def test_two_outcomes_of_one_occasion_have_the_density_of_the_compiled_likelihood():
    """Without varying effects, where the likelihood integrates nothing."""
    design = cross_lagged_design(simulate_measures(40, 5, 2, seen=0.7))
    model, target = build_model(design, PRIORS), make_target(design)
    position = np.random.default_rng(1).normal(scale=0.3, size=target.layout.size)
    position[target.layout.between("patient")] = 0.0
    named = target.named(position[None])
    free = {model.rvs_to_values[variable]: variable for variable in model.free_RVs}
    at = {}
    starts = model.initial_point()
    with pytensor.config.change_flags(cxx=""):
        for value, variable in free.items():
            drawn = named.get(str(variable.name))
            plain = np.zeros_like(starts[value.name]) if drawn is None else drawn[0]
            transform = model.rvs_to_transforms[variable]
            if drawn is None or transform is None:
                at[value.name] = plain
            else:
                at[value.name] = transform.forward(plain, *variable.owner.inputs).eval(mode="FAST_COMPILE")
        density = model.logp(vars=model.observed_RVs)
        found = model.compile_fn(density, mode="FAST_COMPILE", on_unused_input="ignore")(at)
    assert float(found) == pytest.approx(target.value(position)[0], rel=1e-8)
