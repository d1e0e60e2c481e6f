"""The nearest model bambi can fit: two separate equations, effects uncorrelated. ``python bambi_peer.py job.json result.json``."""

from typing import Any

import bambi
import pandas as pd
from sampled import finish, read_job, watch_sampler

EQUATIONS = {
    "alliance": "alliance ~ technique + (technique_own | patient)",
    "symptoms": "symptoms ~ alliance + technique + (alliance_own | patient)",
}


def build(outcome: str, data: pd.DataFrame, priors: dict[str, float]) -> bambi.Model:
    """Return one equation with the priors of the other engines; there is none for correlations."""

    def normal(sd: float) -> bambi.Prior:
        return bambi.Prior("Normal", mu=0, sigma=sd)

    varying = bambi.Prior("Normal", mu=0, sigma=bambi.Prior("HalfNormal", sigma=priors["varying_sd"]))
    declared: dict[str, Any] = {
        "Intercept": normal(priors["intercept_sd"]),
        "common": normal(priors["slope_sd"]),
        "group_specific": varying,
        "sigma": bambi.Prior("HalfNormal", sigma=priors["residual_sd"]),
    }
    return bambi.Model(EQUATIONS[outcome], data, priors=declared)


def main() -> None:
    """Sample both equations one after the other; their times add up."""
    job, data = read_job()
    sampling = {
        "draws": job["draws"],
        "tune": job["tune"],
        "chains": job["chains"],
        "cores": job["cores"],
        "random_seed": job["seed"],
    }
    draws, seconds = {}, watch_sampler()
    for outcome in EQUATIONS:
        model = build(outcome, data, job["priors"])
        fitted = model.fit(inference_method="nutpie", progressbar=False, **sampling)
        for name, values in fitted["posterior"].data_vars.items():
            # Effects of single patients are not population parameters.
            if not any("patient" in str(dimension) or "factor" in str(dimension) for dimension in values.dims):
                draws[f"{outcome}: {name}"] = values
    finish(job, draws, seconds, "bambi")


if __name__ == "__main__":
    main()
