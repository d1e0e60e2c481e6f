"""pathmc and bambi on the nearest model they can fit, from a throw-away environment."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from children import PEERS, Bench
from draws import read_arrays
from model import PRIORS
from simulate import Study, simulate, standardise

from parts.nuts_brms import CHAINS, CORES, describe_draws

_LIMIT = 3600.0
PACKAGES = ("pathmc", "bambi", "nutpie")
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
        if bench.peers_python is None:
            reason = "run with --peers-env DIR, which installs it into an environment of its own"
            rows.append({**row, "status": "not installed", "reason": reason})
            continue
        file = bench.folder / f"{engine}.npz"
        job = {
            "data": str(data), "priors": PRIORS, "chains": CHAINS, "cores": CORES, "seed": 1, "draws_file": str(file), **length
        }  # fmt: skip
        command = [str(bench.peers_python), str(PEERS / f"{engine}_peer.py")]
        for _ in range(2):  # the first run fills the cache of compiled code
            result = bench.run(command, job, _LIMIT)
        if result["status"] == "ok":
            result = describe_draws(result, read_arrays(file))
        rows.append({**row, **result})
    return {"rows": rows, **length}


def make_environment(folder: Path) -> Path:
    """Make a virtual environment with pathmc and bambi, unless it is there, and return its interpreter.

    Raises
    ------
    RuntimeError
        The packages could not be installed.
    """
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES]
    found = subprocess.run(install, capture_output=True, text=True, check=False)
    if found.returncode:
        raise RuntimeError(f"pathmc and bambi could not be installed: {found.stderr.strip().splitlines()[-1]}")
    return python
