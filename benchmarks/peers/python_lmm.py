"""What the peers with formulas like those of lme4 share: ``python X_peer.py job.json result.json``, two separate models, timed."""

import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

_BUDGET = 60.0
_EQUATIONS = {"alliance ~ technique": "technique_own", "symptoms ~ alliance + technique": "alliance_own"}


def formulas(*, therapists: bool) -> list[str]:
    """Return both equations; intercept and one slope vary, with a full covariance at each level."""
    levels = ("patient", "therapist") if therapists else ("patient",)
    return [
        f"{equation} + {' + '.join(f'({slope} | {level})' for level in levels)}"
        for equation, slope in _EQUATIONS.items()
    ]


def measure(fit: Callable[[str, pd.DataFrame], Any], log_likelihood: Callable[[Any], float]) -> None:
    """Time the fits after a warm-up; a first fit of more than a minute is the measurement."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    data = pd.read_csv(job["data"])
    equations = formulas(therapists=job["therapists"])
    warnings.simplefilter("ignore")  # what they say of boundaries is not what is measured here
    times: list[float] = []
    for _ in range(1 + job["repetitions"]):
        start = time.perf_counter()
        found = [fit(equation, data) for equation in equations]
        times.append(time.perf_counter() - start)
        if times[0] > _BUDGET or sum(times[1:]) > _BUDGET:
            break
    measured = times[1:] or times
    result = {
        "seconds": statistics.median(measured),
        "repetitions": len(measured),
        "log_likelihood": sum(log_likelihood(one) for one in found),
    }
    Path(sys.argv[2]).write_text(json.dumps(result), encoding="utf-8")
