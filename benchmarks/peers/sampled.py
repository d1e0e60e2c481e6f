"""What the Python peers that sample share: a job in; draws, times and versions out. Needs nothing of this project."""

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import nutpie
import pandas as pd


def read_job() -> tuple[dict[str, Any], pd.DataFrame]:
    """Return the job and its data."""
    job: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    return job, pd.read_csv(job["data"])


def watch_sampler() -> list[float]:
    """Return a list that receives the seconds of each call of the sampler, without building and compiling the model."""
    seconds: list[float] = []
    sampler = nutpie.sample

    def timed(*arguments: Any, **options: Any) -> Any:
        start = time.perf_counter()
        result = sampler(*arguments, **options)
        seconds.append(time.perf_counter() - start)
        return result

    nutpie.sample = timed
    return seconds


def finish(job: dict[str, Any], draws: dict[str, Any], seconds: list[float], package: str) -> None:
    """Write draws of the population parameters, (chain, draw) each, and the result."""
    arrays: dict[str, np.ndarray] = {}
    for name, values in draws.items():
        flat = values.transpose("chain", "draw", ...).to_numpy()
        flat = flat.reshape(*flat.shape[:2], -1)
        for position in range(flat.shape[2]):
            arrays[name if flat.shape[2] == 1 else f"{name}[{position}]"] = flat[:, :, position]
    np.savez(job["draws_file"], allow_pickle=False, **arrays)
    result = {
        "seconds_sampling": sum(seconds),
        "versions": {name: version(name) for name in (package, "pymc", "nutpie")},
    }
    Path(sys.argv[2]).write_text(json.dumps(result), encoding="utf-8")
