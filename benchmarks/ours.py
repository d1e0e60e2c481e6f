"""The jobs of this project's engine, each run in a process of its own: ``python ours.py job.json result.json``."""

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from model import NAME, PREDICTORS, PRIORS, make_settings, make_spec, read_design
from simulate import Study, simulate, standardise

from alliance.config import ModelSpec
from alliance.inference.maximum import find_maximum
from alliance.models.design.names import pairs
from alliance.models.path.layout import LEVELS, Natural
from alliance.models.path.maximum import PathMaximum, log_likelihood_of
from alliance.models.path.target import PathTarget, make_target

_EVALUATIONS = 200


def fit_maximum(job: dict[str, Any]) -> dict[str, Any]:
    """Time maximum likelihood, the data frame to the maximum with its curvature, jointly and equation by equation."""
    study = Study(**job["study"])
    panel = simulate(study)
    therapists = study.therapists > 0
    joint = [make_spec(therapists=therapists)]
    separate = [make_spec(therapists=therapists, outcomes=(outcome,)) for outcome in PREDICTORS]
    results = {}
    for name, specs in (("joint", joint), ("separate", separate)):
        _fit(panel, specs)  # compiled code is read from the cache here
        runs = [_fit(panel, specs) for _ in range(job["repetitions"])]
        found = runs[-1][0]
        results[name] = {
            "seconds": statistics.median(sum(times) for _, times in runs),
            "seconds_call": statistics.median(times[1] + times[2] for _, times in runs),
            "seconds_search": statistics.median(times[2] for _, times in runs),
            "log_likelihood": sum(log_likelihood_of(maximum) for maximum in found),
            "converged": all(maximum.converged for maximum in found),
        }
    return {**results, "memory_gb": _peak_memory()}


def time_density(job: dict[str, Any]) -> dict[str, Any]:
    """Time one evaluation of log-likelihood and gradient, and the joint maximum, at one size."""
    study = Study(**job["study"])
    target = make_target(read_design(simulate(study), make_spec(therapists=study.therapists > 0)))
    maximum = find_maximum(target)
    position = maximum.top.position
    evaluations = [_seconds(lambda: target.value(position)) for _ in range(_EVALUATIONS)]
    fits = [_seconds(lambda: find_maximum(target)) for _ in range(job["repetitions"])]
    return {
        "seconds_evaluation": statistics.median(evaluations),
        "seconds_maximum": statistics.median(fits),
        "parameters": len(position),
        "converged": maximum.converged,
    }


def sample(job: dict[str, Any]) -> dict[str, Any]:
    """Draw from the posterior and time it: data frame to summaries, and the sampler without start-up and compiling.

    The sampler's time includes the search for the mode, which stands in for a part of its warm-up.
    """
    # Imported here: the other tasks do without the sampler, and its import is part of the start-up.
    from alliance.inference.mode import find_mode
    from alliance.inference.nuts import sample_positions
    from alliance.models.path.posterior import PathPosterior

    study = Study(**job["study"])
    panel = pd.read_csv(job["data"]) if "data" in job else standardise(simulate(study))
    target = make_target(read_design(panel, make_spec(therapists=study.therapists > 0)))
    start = time.perf_counter()
    posterior = PathPosterior(target, PRIORS)
    mode = find_mode(posterior, find_maximum(target))
    seconds_mode = time.perf_counter() - start
    positions, statistics_ = sample_positions(mode, job, job["seed"], NAME)
    seconds_sampling = time.perf_counter() - start
    chains, kept, size = positions.shape
    natural = posterior.natural(positions.reshape(-1, size))
    draws = {name: values.reshape(chains, kept) for name, values in _name_draws(target, natural).items()}
    np.savez(job["draws_file"], allow_pickle=False, **draws)
    return {
        "seconds_sampling": seconds_sampling,
        "seconds_mode": seconds_mode,
        "gradients_per_draw": float(statistics_["n_steps"].mean()),
        "divergent": int(statistics_["diverging"].sum()),
        "memory_gb": _peak_memory(),
    }


def fit_family(job: dict[str, Any]) -> dict[str, Any]:
    """Fit as the pipeline does: draws, every effect of the diagram, priors in words and predictive checks."""
    from alliance.models.path.fit import fit

    panel = pd.read_csv(job["data"])
    settings = make_settings(**{key: job[key] for key in ("chains", "tune", "draws", "seed")})
    tree = fit(panel, NAME, make_spec(therapists=False), settings).tree
    return {"quantities": int(tree["paths"].sizes["quantity"])}


def _name_draws(target: PathTarget, natural: Natural) -> dict[str, np.ndarray]:
    """Return draws of every population parameter by the names all engines share, (draw,) each."""
    draws: dict[str, np.ndarray] = {}
    for number, (outcome, equation) in enumerate(target.design.equations.items()):
        coefficients = natural.beta[:, target.layout.of(outcome)]
        for term, values in zip(("intercept", *equation.terms), coefficients.T, strict=True):
            draws[f"{outcome}: {term}"] = values
        draws[f"sd residual {outcome}"] = natural.residual[:, number]
    for level in LEVELS:
        effects = [effect.text for effect in target.design.varying.get(level, [])]
        if not effects:
            continue
        covariance = natural.covariances[level]
        sd = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
        for position, effect in enumerate(effects):
            draws[f"sd {level} {effect}"] = sd[:, position]
        for i, j in pairs(len(effects)):
            both = " with ".join(sorted((effects[i], effects[j])))
            draws[f"correlation {level} {both}"] = covariance[:, i, j] / (sd[:, i] * sd[:, j])
    return draws


def _fit(panel: pd.DataFrame, specs: list[ModelSpec]) -> tuple[list[PathMaximum], tuple[float, float, float]]:
    """Return the maxima and the seconds for rows and arrays, for cross-products, and for the search."""
    times = [time.perf_counter()]
    designs = [read_design(panel, spec) for spec in specs]
    times.append(time.perf_counter())
    targets = [make_target(design) for design in designs]
    times.append(time.perf_counter())
    found = [find_maximum(target) for target in targets]
    times.append(time.perf_counter())
    data, products, search = np.diff(times).tolist()
    return found, (data, products, search)


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _peak_memory() -> float:
    """Return the most memory this process has held, in GB (the kernel counts in units of 1,024 bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


TASKS = {"maximum": fit_maximum, "density": time_density, "sample": sample, "family": fit_family}

if __name__ == "__main__":
    given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    result = TASKS[given.pop("task")](given)
    Path(sys.argv[2]).write_text(json.dumps(result), encoding="utf-8")
