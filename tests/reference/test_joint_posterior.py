"""Posteriors of joint models against brms, on recorded values (see ``joint/bayes.R``), and against the family `direct` on the same data.

All parameters are compared in standard units, in which the priors are declared.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

from alliance.inference.laplace import draw_laplace
from alliance.inference.mode import find_mode
from alliance.models.design.arrays import Equation
from alliance.models.design.names import correlation_name, intercept_name, pairs, residual_name, sd_name, slopes_name
from alliance.models.direct import fit as direct
from alliance.models.path import fit as path
from alliance.models.path.maximum import maximise
from alliance.models.path.posterior import PathPosterior
from tests.reference.joint.studies import HERE, VARIABLES, design_of, sessions_of, spec_of

pytestmark = pytest.mark.slow

SETTINGS: dict[str, Any] = {
    "seed": 1,
    "lag": 1,
    "monte_carlo_draws": 1000,
    "variables": {key: variable.model_dump(mode="json") for key, variable in VARIABLES.items()},
    "sampling": {"chains": 4, "draws": 1000, "tune": 500, "target_accept": 0.9},
    "priors": {"slope_sd": 0.3, "intercept_sd": 1.0, "residual_sd": 1.0, "varying_sd": 0.5, "correlations": 2.0},
}
# Differences in units of their Monte Carlo standard errors; a normal one of 17 is beyond 4 once in a thousand seeds.
MOST_ERRORS = 4
# Monte Carlo standard errors of standard deviations are 1 to 3 %.
LIKE_SD = 0.1
# Monte Carlo error of a 2.5 % quantile of a normal distribution in units of that of its mean, sqrt(p (1 - p)) / density at the quantile.
TAIL_ERROR = np.sqrt(0.025 * 0.975) / stats.norm.pdf(stats.norm.ppf(0.025))


@pytest.fixture(scope="module", autouse=True)
def slopes_of_raw_scores() -> Iterator[None]:
    """Let varying slopes multiply raw scores, as in the recorded posterior: what is compared is the engines, which take any column."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Equation, "varying_column", Equation.column)
        yield


@pytest.fixture(scope="module")
def brms() -> pd.DataFrame:
    return pd.read_csv(HERE / "posterior.csv").set_index("parameter")


@pytest.fixture(scope="module")
def nuts() -> pd.DataFrame:
    # Draws are cheap here, and upper ends of standard deviations near zero, which are skewed, need more than the rest.
    settings = {**SETTINGS, "sampling": {**SETTINGS["sampling"], "draws": 5000}}
    fitted = path.fit(sessions_of("bayes"), "bayes", spec_of("bayes", depth="nuts"), settings)
    return summarise_chains(fitted.tree["posterior"].to_dataset())


@pytest.fixture(scope="module")
def explicit() -> pd.DataFrame:
    spec = spec_of("bayes", family="direct", depth="nuts")
    return summarise_chains(direct.fit(sessions_of("bayes"), "bayes", spec, SETTINGS).tree["posterior"].to_dataset())


def name_draws(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Take draws of the model's variables, (draw, ...), apart: name of the parameter in posterior.csv -> (draw,)."""
    design = design_of("bayes")
    effects = [effect.text for effect in design.varying["patient"]]
    parameters = {
        sd_name("patient"): [f"sd patient {effect}" for effect in effects],
        correlation_name("patient"): [
            f"correlation patient {effects[i]} with {effects[j]}" for i, j in pairs(len(effects))
        ],
    }
    for outcome, equation in design.equations.items():
        parameters[intercept_name(outcome)] = [f"{outcome}: intercept"]
        parameters[slopes_name(outcome)] = [f"{outcome}: {term}" for term in equation.terms]
        parameters[residual_name(outcome)] = [f"sd residual {outcome}"]
    return {
        name: values[variable].reshape(len(values[variable]), -1)[:, column]
        for variable, names in parameters.items()
        for column, name in enumerate(names)
    }


def summarise(draws: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return mean, sd and the ends of the central 95 %."""
    table = pd.DataFrame(draws)
    ends = {"low": table.quantile(0.025), "high": table.quantile(0.975)}
    return pd.DataFrame({"mean": table.mean(), "sd": table.std(ddof=1), **ends})


def summarise_chains(posterior: xr.Dataset) -> pd.DataFrame:
    """Return the summary of a sample in chains, with the Monte Carlo error of the mean and R-hat."""
    arrays = {
        str(name): values.transpose("chain", "draw", ...).to_numpy() for name, values in posterior.data_vars.items()
    }
    chains = next(iter(arrays.values())).shape[0]
    draws = name_draws({name: values.reshape(-1, *values.shape[2:]) for name, values in arrays.items()})
    by_chain = {name: values.reshape(chains, -1) for name, values in draws.items()}
    return summarise(draws).assign(
        mcse_mean=[float(az.mcse(values, method="mean")) for values in by_chain.values()],
        rhat=[float(az.rhat(values)) for values in by_chain.values()],
    )


def assert_same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Compare two posteriors parameter by parameter."""
    assert set(one.index) == set(other.index)
    one = one.loc[other.index]
    errors: pd.Series = (one["mean"] - other["mean"]).abs() / np.hypot(one["mcse_mean"], other["mcse_mean"])
    assert errors.max() < MOST_ERRORS, errors.sort_values()
    np.testing.assert_allclose(one["sd"], other["sd"], rtol=LIKE_SD)
    for end in ("low", "high"):
        of_quantile = TAIL_ERROR * np.hypot(one["mcse_mean"], other["mcse_mean"])
        assert ((one[end] - other[end]).abs() < MOST_ERRORS * of_quantile).all(), end


def test_joint_posterior_is_that_of_brms(nuts: pd.DataFrame, brms: pd.DataFrame) -> None:
    assert nuts["rhat"].max() < 1.01
    assert_same(nuts, brms)


def test_joint_posterior_is_that_of_explicit_random_effects(nuts: pd.DataFrame, explicit: pd.DataFrame) -> None:
    assert_same(nuts, explicit)


def test_explicit_random_effects_have_the_posterior_of_brms(explicit: pd.DataFrame, brms: pd.DataFrame) -> None:
    assert_same(explicit, brms)


def test_joint_laplace_approximation_is_the_posterior_of_brms(brms: pd.DataFrame) -> None:
    maximum = maximise(design_of("bayes"))
    posterior = PathPosterior(maximum.target, SETTINGS["priors"])
    drawn = draw_laplace(find_mode(posterior, maximum), 8000, np.random.default_rng(1))
    assert drawn.mark.passed
    table = summarise(name_draws(posterior.named(drawn.positions)))
    assert_same(table.assign(mcse_mean=table["sd"] / np.sqrt(drawn.size)), brms)
