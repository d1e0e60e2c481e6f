"""pathmc and bambi on the nearest model they can fit, from a throw-away environment."""

from typing import Any

from children import Bench
from draws import read_arrays
from model import PRIORS
from simulate import Study, simulate, standardise

from parts.nuts_brms import CHAINS, CORES, describe_draws

_LIMIT = 3600.0
# What is missing compared with the model of the other engines.
CANNOT = {
    "bambi": "one outcome per model, so two separate fits; effects of patients are uncorrelated (bambi issues 108, 702, 1024)",
    "pathmc": "effects of patients are uncorrelated; only slopes of exogenous predictors vary, so b does not; one grouping factor",
}


def measure(bench: Bench) -> dict[str, Any]:
    """Sample the nearest models, with the sampler this project uses (nutpie): what differs is the model's form."""
    study = Study(20, 8) if bench.quick else Study(100, 20)
    length = {"tune": 100, "draws": 100} if bench.quick else {"tune": 1000, "draws": 1000}
    data = bench.folder / "peers.csv"
    standardise(simulate(study)).to_csv(data, index=False)
    rows = []
    for engine, cannot in CANNOT.items():
        row = {"engine": engine, "size": study.text, "cannot": cannot}
        file = bench.folder / f"{engine}.npz"
        job = {
            "data": str(data), "priors": PRIORS, "chains": CHAINS, "cores": CORES, "seed": 1, "draws_file": str(file), **length
        }  # fmt: skip
        for _ in range(2):  # the first run fills the cache of compiled code
            result = bench.run_apart(f"{engine}_peer.py", job, _LIMIT)
        if result["status"] == "ok":
            result = describe_draws(result, read_arrays(file))
        rows.append({**row, **result})
    return {"rows": rows, **length}
