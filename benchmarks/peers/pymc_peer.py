"""Patients who differ in variability, in PyMC with all effects explicit: ``python pymc_peer.py job.json result.json``.

The model is the one of this project: y = level_i + effect x + e, log variance of e v + v_i, (level_i, v_i) normal.
"""

import json
import sys
import time
from pathlib import Path

import nutpie
import pandas as pd
import pymc as pm
from pytensor.configdefaults import config


def main() -> None:
    """Compile, then sample and time it."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    data, priors = pd.read_csv(job["data"]), job["priors"]
    patient, names = pd.factorize(data["patient"])
    x, y = (data[name].to_numpy() for name in ("technique", "uneven"))
    with pm.Model() as model:
        effect = pm.Normal("effect", 0, priors["slope_sd"] * y.std() / x.std())
        intercept = pm.Normal("intercept", y.mean(), priors["intercept_sd"] * y.std())
        residual = pm.HalfNormal("residual", priors["residual_sd"] * y.std())
        level_sd = pm.HalfNormal("sd of levels", priors["varying_sd"] * y.std())
        variance_sd = pm.HalfNormal("sd of log variances", priors["varying_sd"])
        # The one correlation of two effects under LKJ(eta).
        correlation = 2 * pm.Beta("share", priors["correlations"], priors["correlations"]) - 1
        first, second = pm.Normal("first", shape=len(names)), pm.Normal("second", shape=len(names))
        level = level_sd * first
        log_variance = variance_sd * (correlation * first + pm.math.sqrt(1 - correlation**2) * second)
        scale = residual * pm.math.exp(log_variance[patient] / 2)
        pm.Normal("y", intercept + effect * x + level[patient], scale, observed=y)
    # Without a C compiler helper functions are not compiled a second way; the density itself is compiled with Numba.
    with config.change_flags(cxx=""):
        compiled = nutpie.compile_pymc_model(model)
    start = time.perf_counter()
    trace = nutpie.sample(
        compiled, chains=4, draws=job["draws"], tune=job["tune"], cores=2, seed=1, progress_bar=False
    )  # fmt: skip
    seconds = time.perf_counter() - start
    posterior = trace["posterior"]
    names_of = ("effect", "sd of levels", "sd of log variances")
    result = {
        "seconds": seconds,
        "repetitions": 1,
        "estimates": {name: float(posterior[name].mean()) for name in names_of},
        "errors": {name: float(posterior[name].std()) for name in names_of},
    }
    Path(sys.argv[2]).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
