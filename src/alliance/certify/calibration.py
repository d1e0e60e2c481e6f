"""Simulation-based calibration: parameters from the priors, data from the parameters, and their ranks among draws of the posterior.

If an engine draws from the posterior, the rank of the true value among L independent draws is uniform on 0 .. L, for every parameter
and every function of parameters and data (Talts et al. 2018, arXiv 1804.06788). The log-likelihood is among them: it sees errors
that leave the ranks of each parameter uniform (Modrák et al. 2023, doi 10.1214/23-BA1404).

The priors are about the standardised scale. Data are therefore simulated in standard units and not standardised again.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from alliance.certify.settings import Calibration
from alliance.certify.uniformity import extremeness, null_extremeness, tail_probability
from alliance.config import ModelSpec, Variable
from alliance.config.schema import Inference, Priors, Sampling
from alliance.facts.columns import PATIENT, SESSION, THERAPIST
from alliance.inference.depths import LAPLACE, Found, Request, explore
from alliance.inference.montecarlo import generator_for
from alliance.inference.multiple import adjust
from alliance.models.design.arrays import INTERCEPT, Design, Varying, make_design
from alliance.models.design.names import (
    RESIDUAL_CORRELATION,
    correlation_name,
    intercept_name,
    pairs,
    residual_name,
    sd_name,
    slopes_name,
)
from alliance.models.generator import generate_outcomes
from alliance.models.path.maximum import maximise
from alliance.models.path.posterior import PathPosterior
from alliance.models.path.target import make_target
from alliance.models.quantities.population import make_population

RANK_COLUMNS = ["engine", "data_set", "quantity", "rank", "draws", "flag"]
CALIBRATION_COLUMNS = [
    "engine", "quantity", "n_data_sets", "n_flagged", "draws", "mean_rank", "p_value", "p_adjusted", "verdict",
]  # fmt: skip
_CAUSE, _MEDIATOR, _OUTCOME = "technique", "alliance", "symptoms"


def calibration_panel(calibration: Calibration, seed: int) -> pd.DataFrame:
    """Return patients and sessions with a standard normal technique, the same in all data sets; outcomes are to be simulated."""
    patient = np.repeat(np.arange(calibration.patients), calibration.sessions)
    technique = generator_for(seed, "calibration", "design").standard_normal(len(patient))
    return pd.DataFrame(
        {
            PATIENT: [f"P{number + 1:03d}" for number in patient],
            THERAPIST: [f"T{number % calibration.therapists + 1:02d}" for number in patient],
            SESSION: np.tile(np.arange(1, calibration.sessions + 1), calibration.patients),
            _CAUSE: technique,
            # Something that varies, for the checks of a design.
            **{outcome: np.roll(technique, shift) for shift, outcome in enumerate((_MEDIATOR, _OUTCOME), start=1)},
        }
    )


def standard_design(calibration: Calibration, panel: pd.DataFrame) -> Design:
    """Return the arrays of a data set that is in standard units already."""
    declared = {"equations": calibration.equations, "effects": {"from": _CAUSE, "to": _OUTCOME}}
    spec = ModelSpec.model_validate({"label": "calibration", "family": "multilevel_path", **declared})
    variables = {
        name: Variable.model_validate({"label": name, "column": name, "measured": "during"})
        for name in (_CAUSE, _MEDIATOR, _OUTCOME)
    }
    design = make_design("calibration", spec, dict.fromkeys(spec.equations, panel), variables)
    equations = {}
    for outcome, equation in design.equations.items():
        zeros = np.zeros(len(equation.terms))
        y, x = panel[outcome].to_numpy(), panel[list(equation.terms)].to_numpy()
        equations[outcome] = replace(equation, y=y, x=x, y_mean=0.0, y_sd=1.0, x_mean=zeros, x_sd=zeros + 1)
    return replace(design, equations=equations)


def simulate_data_set(
    calibration: Calibration, panel: pd.DataFrame, priors: Mapping[str, float], rng: np.random.Generator
) -> tuple[np.ndarray, Design]:
    """Draw parameters from the priors and outcomes from the model given them.

    Returns
    -------
    numpy.ndarray
        The parameters, in the coordinates of the posterior, (1, parameter).
    Design
        The arrays of the data set.
    """
    design = standard_design(calibration, panel)
    before = PathPosterior(make_target(design), priors)
    truth = before.draw_prior(1, rng)
    outcomes = generate_outcomes(panel, design, make_population(design, before.named(truth)), 1, rng)
    simulated = panel.assign(**{outcome: values[:, 0] for outcome, values in outcomes.items()})
    return truth, standard_design(calibration, simulated)


def compare_quantities(posterior: PathPosterior, positions: np.ndarray) -> dict[str, np.ndarray]:
    """Return what is ranked, name -> (draw,): parameters, the indirect effect with and without covariance, the log-likelihood.

    Parameters
    ----------
    positions
        In the coordinates of the posterior, (draw, parameter). The signs of standard deviations carry no information and are dropped.
    """
    design, draws = posterior.target.design, posterior.named(positions)
    values = compare_parameters(design, draws)
    product = values[f"{_MEDIATOR}: {_CAUSE}"] * values[f"{_OUTCOME}: {_MEDIATOR}"]
    slopes = Varying(_MEDIATOR, _CAUSE), Varying(_OUTCOME, _MEDIATOR)
    values["indirect_product"] = product
    values["indirect"] = product + make_population(design, draws).covariance(*slopes)
    values["log-likelihood"] = posterior.log_likelihoods(positions)
    return values


def compare_parameters(design: Design, draws: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the parameters of a design, name -> (draw,), from draws by the names of `alliance.models.design.names`."""
    values: dict[str, np.ndarray] = {}
    for outcome, equation in design.equations.items():
        values[f"{outcome}: {INTERCEPT}"] = draws[intercept_name(outcome)]
        for column, term in enumerate(equation.terms):
            values[f"{outcome}: {term}"] = draws[slopes_name(outcome)][:, column]
        values[f"sd residual {outcome}"] = draws[residual_name(outcome)]
    for level, varying in design.differing.items():
        for column, effect in enumerate(varying):
            values[f"sd {level} {effect.text}"] = draws[sd_name(level)][:, column]
        for column, (i, j) in enumerate(pairs(len(varying))):
            name = f"correlation {level} {varying[j].text}, {varying[i].text}"
            values[name] = draws[correlation_name(level)][:, column]
    outcomes = list(design.equations)
    for column, (i, j) in enumerate(design.occasions.pairs):
        values[f"correlation residual {outcomes[i]}, {outcomes[j]}"] = draws[RESIDUAL_CORRELATION][:, column]
    return values


def rank_data_sets(
    calibration: Calibration,
    name: str,
    data_sets: range,
    seed: int,
    priors: Priors,
    sampling: Sampling,
    inference: Inference,
) -> pd.DataFrame:
    """Draw parameters and data, draw from the posterior, and rank the parameters among the draws.

    A data set depends on the seed and its number only, so every engine sees the same ones.

    Parameters
    ----------
    name
        Depth of inference, with whatever it falls back on when it fails by its own measure: ``nuts`` or ``laplace``.

    Returns
    -------
    pandas.DataFrame
        Columns `RANK_COLUMNS`, one row per data set and quantity. `flag` says what was wrong with the draws, or what made them instead.
    """
    settings = priors.model_dump()
    panel = calibration_panel(calibration, seed)
    rows = []
    for number in data_sets:
        rng = generator_for(seed, "calibration", str(number))
        truth, design = simulate_data_set(calibration, panel, settings, rng)
        maximum = maximise(design)
        posterior = PathPosterior(maximum.target, settings)
        request = Request("calibration", int(rng.integers(2**31 - 1)), 0, sampling.model_dump())
        found = explore(name, request, maximum, posterior)
        thinned = np.linspace(0, len(found.positions) - 1, calibration.draws).round().astype(int)
        drawn, true = compare_quantities(posterior, found.positions[thinned]), compare_quantities(posterior, truth)
        flag = _flag(found, name, inference)
        rows += [
            (name, number, quantity, int((drawn[quantity] < value[0]).sum()), calibration.draws, flag)
            for quantity, value in true.items()
        ]
    return pd.DataFrame(rows, columns=RANK_COLUMNS)


def _flag(found: Found, name: str, inference: Inference) -> str:
    diverging = 0 if found.statistics is None else int(found.statistics["diverging"].sum())
    if diverging > inference.divergences_max:
        return "divergences"
    return found.engine if name == "laplace" and found.engine != LAPLACE else ""


def summarise_calibration(ranks: pd.DataFrame, level: float, seed: int) -> pd.DataFrame:
    """Test whether the ranks of each quantity are uniform.

    The p-value is that of the most extreme point of the ranks' empirical distribution function (see `alliance.certify.uniformity`); for
    the verdict it is adjusted by Holm's method for the number of quantities of all engines.

    Parameters
    ----------
    ranks
        Rows of `rank_data_sets`, in any order.
    level
        1 - the probability that any quantity is called not uniform although all are.

    Returns
    -------
    pandas.DataFrame
        Columns `CALIBRATION_COLUMNS`; `mean_rank` is divided by the number of draws, so that .5 is in the middle.
    """
    rng = generator_for(seed, "calibration", "uniform ranks")
    null: dict[tuple[int, int], np.ndarray] = {}
    rows = []
    for (engine, quantity), group in ranks.groupby(["engine", "quantity"], sort=False):
        draws = int(group["draws"].iloc[0])
        size = (len(group), draws)
        if size not in null:
            null[size] = null_extremeness(*size, rng)
        found = group["rank"].to_numpy()
        rows.append(
            {
                "engine": engine,
                "quantity": quantity,
                "n_data_sets": len(group),
                "n_flagged": int((group["flag"] != "").sum()),
                "draws": draws,
                "mean_rank": float(found.mean()) / draws,
                "p_value": tail_probability(float(extremeness(found, draws)), null[size]),
            }
        )
    table = pd.DataFrame(rows)
    table["p_adjusted"] = adjust(table["p_value"].to_numpy())
    table["verdict"] = np.where(table["p_adjusted"] < 1 - level, "not uniform", "uniform")
    return table[CALIBRATION_COLUMNS]
