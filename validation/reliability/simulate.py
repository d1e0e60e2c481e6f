"""Estimates as they are and corrected for unreliable scores, in studies with known truth.

100 patients with 10 sessions, x -> m -> y at the session, a = .3, b = -.25, c' = .1 within patients; lasting levels go together by
themselves. Residuals of m and y have variance 1 and .81. Fits are those of `depth: ml`; corrected estimates and intervals are those of
`estimates/corrected.csv`, and with a residual correlation those of `alliance.models.quantities.confounding` on the same draws.

``mediator``    reliability of m within patients .7
``varying``     the same, and a and b vary between patients (sd .2 each, correlation -.5), so that the correction is not exact
``cause``       reliability within .8 of x, .7 of m, .8 of y
``lasting``     reliability of m .7 within and .8 between patients
``items``       m is the sum of four items, omega about .7 within and .8 between, computed from them with its error
``confounded``  residuals of m and y are correlated by -.2, which is known; scores are reliable
``both``        the same, and m has reliability .7 within

Each study is added to `results/reliability/<world>.csv`, and a run that was stopped goes on. Counts are of what is there:

    nice python -m validation.reliability.simulate 100            # studies of each world
"""

import sys
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alliance.config import ModelSpec, Variable
from alliance.config.schema import Inference
from alliance.data.scoring.reliability import logit_errors, omega_between, omega_within, split_levels
from alliance.facts.columns import PATIENT, SESSION, THERAPIST
from alliance.inference.depths import explore
from alliance.models.joint import Task, prepare_task
from alliance.models.path.basis import request_for
from alliance.models.path.fit import fit
from alliance.models.path.maximum import maximise
from alliance.models.path.posterior import PathPosterior
from alliance.models.quantities.confounding import Mediation, mediation_within
from alliance.models.quantities.pairs import make_pairs
from alliance.models.quantities.population import Population, make_population
from alliance.models.quantities.unreliable import correct_within
from alliance.results.fits import tabulate_fit
from validation.resumed import add_studies

HERE = Path(__file__).parent
KEPT = HERE.parents[1] / "results/reliability"
PATIENTS, SESSIONS, SEED = 100, 10, 1
A, B, DIRECT, SLOPE_SD, SLOPES = 0.3, -0.25, 0.1, 0.2, -0.5
LEVELS = np.array([[0.5, 0.2, -0.1], [0.2, 0.6, -0.2], [-0.1, -0.2, 0.5]])  # of x, and of what is left of m and y
RHO = -0.2
WITHIN = {
    "mediator": {"m": 0.7},
    "varying": {"m": 0.7},
    "cause": {"x": 0.8, "m": 0.7, "y": 0.8},
    "lasting": {"m": 0.7},
    "both": {"m": 0.7},
}
BETWEEN = {"lasting": {"m": 0.8}}
WORLDS = ("mediator", "varying", "cause", "lasting", "items", "confounded", "both")
VARIABLES = {name: Variable(label=name, column=name, measured="during") for name in "xmy"}
LIMITS = Inference(interval=0.95, monte_carlo_draws=2000, rhat_max=1.01, ess_min=400, divergences_max=0)
SHOWN = ("a", "b", "c_prime", "indirect", "total", "cov_ab")


def spec_of(world: str) -> ModelSpec:
    slopes = (
        {"x": ["intercept", "x"], "m": ["intercept", "m", "x"]}
        if world == "varying"
        else {"x": ["intercept"], "m": ["intercept"]}
    )
    equations = {
        "x": {"on": [], "vary": {"patient": ["intercept"]}},
        "m": {"on": ["x"], "vary": {"patient": slopes["x"]}},
        "y": {"on": ["m", "x"], "vary": {"patient": slopes["m"]}},
    }
    declared = {"label": world, "family": "multilevel_path", "depth": "ml", "missing": "drop", "trends": False}
    return ModelSpec.model_validate(declared | {"equations": equations, "effects": {"from": "x", "to": "y"}})


def truth_of(world: str) -> dict[tuple[str, str], float]:
    """Return the true effects by effect and level."""
    together = SLOPES * SLOPE_SD**2 if world == "varying" else 0.0
    indirect = A * B + together
    within = {"a": A, "b": B, "c_prime": DIRECT, "indirect": indirect, "total": indirect + DIRECT, "cov_ab": together}
    root = np.linalg.inv(np.eye(3) - np.array([[0, 0, 0], [A, 0, 0], [DIRECT, B, 0]]))
    c = root @ LEVELS @ root.T
    a = c[1, 0] / c[0, 0]
    direct, b = np.linalg.solve(c[:2, :2], c[2, :2])
    between = {"a": a, "b": b, "c_prime": direct, "indirect": a * b, "total": c[2, 0] / c[0, 0]}
    return {(e, "within"): v for e, v in within.items()} | {(e, "between_patient"): v for e, v in between.items()}


def simulate(world: str, rng: np.random.Generator) -> tuple[pd.DataFrame, dict[str, dict[str, Any]]]:
    """Return a panel and what is known of reliabilities."""
    shape = (PATIENTS, SESSIONS)
    varying = SLOPE_SD if world == "varying" else 0.0
    spread = varying**2 * np.array([[1, SLOPES], [SLOPES, 1]])
    a, b = (np.array([A, B]) + rng.multivariate_normal([0, 0], spread, PATIENTS)).T[:, :, None]
    of_x, of_m, of_y = rng.multivariate_normal(np.zeros(3), LEVELS, PATIENTS).T[:, :, None]
    rho = RHO if world in ("confounded", "both") else 0.0
    e_x, (e_m, e_y) = (
        rng.normal(size=shape),
        rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], shape).transpose(2, 0, 1),
    )
    mean_x, moved_m = of_x, a * e_x + e_m
    mean_m = of_m + A * of_x
    mean_y = of_y + B * mean_m + DIRECT * of_x
    parts = {
        "x": (mean_x, e_x),
        "m": (mean_m, moved_m),
        "y": (mean_y, b * moved_m + DIRECT * e_x + 0.9 * e_y),
    }
    variances = {
        "x": (LEVELS[0, 0], 1.0),
        "m": (A**2 * 0.5 + 2 * A * 0.2 + 0.6, 1 + A**2 + varying**2),
        "y": (np.nan, B**2 + 0.81 + 2 * B * 0.9 * rho + (A * B + DIRECT) ** 2),
    }
    known: dict[str, dict[str, Any]] = {}
    scores = {name: mean + moved for name, (mean, moved) in parts.items()}
    for level, (declared, size) in enumerate(((BETWEEN, (PATIENTS, 1)), (WITHIN, shape))):
        for name, omega in declared.get(world, {}).items():
            known.setdefault(name, {"within": [1.0, 0.0], "between": [1.0, 0.0], "note": ""})
            known[name][("between", "within")[level]][0] = omega
            scores[name] = scores[name] + np.sqrt(variances[name][level] * (1 / omega - 1)) * rng.normal(size=size)
    if world == "items":
        within, between = (np.sqrt(4 * variances["m"][k] * (1 / omega - 1)) for k, omega in ((1, 0.7), (0, 0.8)))
        items = (
            scores["m"][..., None] + within * rng.normal(size=(*shape, 4)) + between * rng.normal(size=(PATIENTS, 1, 4))
        )
        flat, groups = items.reshape(-1, 4) / 4, np.repeat(np.arange(PATIENTS), SESSIONS)
        levels, errors = split_levels(flat, groups), logit_errors(flat, groups)
        omegas = omega_within(levels).value, omega_between(levels).value
        known["m"] = {"within": [omegas[0], errors[0]], "between": [omegas[1], errors[1]], "note": ""}
        scores["m"] = flat.sum(axis=1).reshape(shape)
    keys = {
        PATIENT: np.repeat([f"P{number:03d}" for number in range(PATIENTS)], SESSIONS),
        THERAPIST: "T",
        SESSION: np.tile(np.arange(1, SESSIONS + 1), PATIENTS),
    }
    return pd.DataFrame(keys | {name: values.ravel() for name, values in scores.items()}), known


def settings_of(known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "seed": SEED, "lag": 1, "monte_carlo_draws": 2000, "predictive_draws": 2, "sampling": {}, "priors": PRIORS, "reliability": known,
        "variables": {name: variable.model_dump(mode="json") for name, variable in VARIABLES.items()},
    }  # fmt: skip


PRIORS = {"slope_sd": 1.0, "intercept_sd": 1.0, "residual_sd": 1.0, "varying_sd": 0.5, "correlations": "uniform"}


def fit_study(world: str, study: int) -> pd.DataFrame:
    """Return each effect of a simulated study as it is and corrected, with limits."""
    rng = np.random.default_rng([SEED, WORLDS.index(world), study])
    return pd.DataFrame(estimates_of(world, *simulate(world, rng))).assign(study=study)


def estimates_of(world: str, panel: pd.DataFrame, known: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each effect as it is and corrected, with limits."""
    if world not in ("confounded", "both"):
        table = tabulate_fit(fit(panel, world, spec_of(world), settings_of(known)).tree, LIMITS)["corrected"]
        table = table[table["effect"].isin(SHOWN)]
        columns = ["estimate", "low", "high", "estimate_corrected", "low_corrected", "high_corrected"]
        return [dict(row) for row in table[["effect", "level", *columns]].to_dict("records")]
    task = prepare_task(panel, world, spec_of(world), settings_of(known))
    maximum = maximise(task.design)
    found = explore("ml", request_for(task, task.spec), maximum, PathPosterior(maximum.target, PRIORS))
    point = np.atleast_2d(found.point)
    whole = [make_population(task.design, maximum.target.named(each)) for each in (point, found.positions)]
    omega = {name: each["within"][0] for name, each in known.items()}
    before, after = (_mediations(task, whole, omega if corrected else {}, RHO * corrected) for corrected in (0, 1))
    rows = []
    for name, effect in zip(("a", "b", "direct", "indirect", "total"), SHOWN, strict=False):
        row: dict[str, Any] = {"effect": effect, "level": "within"}
        for suffix, (at_point, drawn) in (("", before), ("_corrected", after)):
            low, high = np.quantile(getattr(drawn, name), [0.025, 0.975])
            row |= {f"estimate{suffix}": float(getattr(at_point, name)[0]), f"low{suffix}": low, f"high{suffix}": high}
        rows.append(row)
    return rows


def _mediations(task: Task, whole: list[Population], omega: dict[str, float], rho: float) -> list[Mediation]:
    found = []
    for population in whole:
        size = len(population.residuals["m"])
        chosen = population
        if omega:
            corrected = correct_within(
                task.design, population, {name: np.full(size, value) for name, value in omega.items()}
            )
            assert corrected.population is not None
            chosen = corrected.population
        pair = make_pairs(task.design, chosen, task.groups, task.variables, 1, None)[0]
        found.append(mediation_within(chosen, pair, "m").confounded(rho))
    return found


def summarise(world: str, table: pd.DataFrame) -> list[dict[str, Any]]:
    """Count bias and coverage of each effect as it is and corrected."""
    rows, truth = [], truth_of(world)
    for (effect, level), part in table.groupby(["effect", "level"], sort=False):
        true = truth[str(effect), str(level)]
        row: dict[str, Any] = {"world": world, "effect": effect, "level": level, "truth": true, "n": len(part)}
        for suffix in ("", "_corrected"):
            values = part[f"estimate{suffix}"]
            row[f"mean{suffix}"] = values.mean()
            row[f"error{suffix}"] = values.std(ddof=1) / np.sqrt(len(part))
            row[f"covered{suffix}"] = int(((part[f"low{suffix}"] <= true) & (true <= part[f"high{suffix}"])).sum())
        rows.append(row)
    return rows


def main(studies: int) -> None:
    """Add what is missing, and write the counts."""
    for study, world in product(range(studies), WORLDS):
        add_studies(KEPT / f"{world}.csv", [{"study": study}], partial(fit_study, world))
    counts = [row for world in WORLDS for row in summarise(world, pd.read_csv(KEPT / f"{world}.csv"))]
    pd.DataFrame(counts).round(4).to_csv(HERE / "counts.csv", index=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
