"""Bulk ESS per second against brms and NumPyro: two equations, four random effects of patients, all correlated."""

import statistics
from typing import Any

from children import Bench
from draws import Draws, compare, largest_rhat, read_arrays, read_brms, smallest_ess
from model import PRIORS
from simulate import Study, simulate, standardise

CHAINS, CORES = 4, 2
_REPETITIONS = 5  # of ours; a run of brms takes minutes
_LIMIT = 3600.0


def measure(bench: Bench) -> dict[str, Any]:
    """Sample the same model with both engines at two sizes."""
    studies = [Study(20, 8)] if bench.quick else [Study(100, 20), Study(300, 20)]
    length = {"tune": 200, "draws": 200} if bench.quick else {"tune": 1000, "draws": 1000}
    rows, agreement = [], []
    for study in studies:
        data = bench.folder / f"standard_{study.patients}.csv"
        standardise(simulate(study)).to_csv(data, index=False)
        sampling = {"chains": CHAINS, "cores": CORES, "target_accept": 0.8, **length}
        shared = {"study": vars(study), "data": str(data), **sampling}
        ours, of_ours = _run_ours(bench, shared)
        rows.append({"size": study.text, **ours})
        for run in (_run_brms, _run_numpyro):
            peer, of_peer = run(bench, shared)
            rows.append({"size": study.text, **peer})
            if of_ours and of_peer:
                agreement.append({"size": study.text, "engine": peer["engine"], **compare(of_ours, of_peer)})
    return {"rows": rows, "agreement": agreement, **length, "chains": CHAINS}


def describe_draws(result: dict[str, Any], draws: Draws) -> dict[str, Any]:
    """Return effective sample size and its rates, sampling only and for the whole process."""
    parameter, size = smallest_ess(draws)
    return {
        **result,
        "parameters": len(draws),
        "worst_parameter": parameter,
        "ess": size,
        "rhat": largest_rhat(draws),
        "per_second_sampling": size / result["seconds_sampling"],
        "per_second_whole": size / result["process_seconds"],
    }


def _run_ours(bench: Bench, shared: dict[str, Any]) -> tuple[dict[str, Any], Draws]:
    """Run several processes after one that warms the cache; report the run with the median rate."""
    file = bench.folder / "ours.npz"
    runs, drawn = [], []
    for seed in range(2 if bench.quick else 1 + _REPETITIONS):
        result = bench.run_ours("sample", {**shared, "seed": seed, "draws_file": str(file)})
        if result["status"] != "ok":
            return {"engine": "alliance", **result}, {}
        if seed > 0:
            drawn.append(read_arrays(file))
            runs.append(describe_draws(result, drawn[-1]))
    rates = [run["per_second_sampling"] for run in runs]
    chosen = rates.index(statistics.median_low(rates))
    spread = {
        name: [min(run[name] for run in runs), max(run[name] for run in runs)]
        for name in ("per_second_sampling", "per_second_whole")
    }
    row = {"engine": "alliance", **runs[chosen], "repetitions": len(runs), "range": spread}
    families = [bench.run_ours("family", {**shared, "seed": seed}) for seed in range(len(runs) // 2 + 1)]
    if all(family["status"] == "ok" for family in families):
        row["seconds_pipeline"] = statistics.median(family["process_seconds"] for family in families)
        row["per_second_pipeline"] = row["ess"] / row["seconds_pipeline"]
    return row, drawn[chosen]


def _run_brms(bench: Bench, shared: dict[str, Any]) -> tuple[dict[str, Any], Draws]:
    file = bench.folder / "brms.csv"
    result = bench.run_peer("brms.R", {**shared, "priors": PRIORS, "seed": 1, "draws_file": str(file)}, _LIMIT)
    if result["status"] != "ok":
        return {"engine": "brms", **result}, {}
    draws = read_brms(file)
    return {"engine": "brms", **describe_draws(result, draws), "repetitions": 1}, draws


def _run_numpyro(bench: Bench, shared: dict[str, Any]) -> tuple[dict[str, Any], Draws]:
    file = bench.folder / "numpyro.npz"
    job = {**shared, "priors": PRIORS, "seed": 1, "draws_file": str(file)}
    result = bench.run_apart("numpyro_peer.py", job, _LIMIT)
    if result["status"] != "ok":
        return {"engine": "numpyro", **result}, {}
    draws = read_arrays(file)
    return {"engine": "numpyro", **describe_draws(result, draws), "repetitions": 1}, draws
