"""The nearest model pathmc can fit: ``python pathmc_peer.py job.json result.json``.

Both equations at once, but effects of patients are uncorrelated, and only slopes of exogenous predictors vary: naming alliance in `pooling`
ends in a KeyError (0.4.0), so b cannot. A slope named there varies in every equation, so technique's effect on symptoms varies too; its own
coefficient is fixed at zero, because the mean of the varying slope stands in for it and only their sum is identified.
"""

import pathmc
from pymc_extras.prior import Prior
from sampled import finish, read_job, watch_sampler

EQUATIONS = """
alliance ~ 0*technique
symptoms ~ alliance + 0*technique
"""
OUTCOMES = ("alliance", "symptoms")


def make_priors(priors: dict[str, float]) -> dict[str, Prior]:
    """Return the priors of the other engines under pathmc's names; there is none for correlations."""
    made = {}
    for outcome in OUTCOMES:
        made[f"sigma_{outcome}"] = Prior("HalfNormal", sigma=priors["residual_sd"])
        made[f"mu_alpha_{outcome}"] = Prior("Normal", mu=0, sigma=priors["intercept_sd"])
        made[f"sigma_alpha_{outcome}"] = Prior("HalfNormal", sigma=priors["varying_sd"])
        made[f"mu_slope_{outcome}_technique"] = Prior("Normal", mu=0, sigma=priors["slope_sd"])
        made[f"sigma_slope_{outcome}_technique"] = Prior("HalfNormal", sigma=priors["varying_sd"])
    return made


def main() -> None:
    """Sample the model."""
    job, data = read_job()
    sampling = {
        "draws": job["draws"],
        "tune": job["tune"],
        "chains": job["chains"],
        "cores": job["cores"],
        "random_seed": job["seed"],
    }
    model = pathmc.model(
        EQUATIONS,
        data=data,
        panel={"unit": "patient", "time": "session"},
        pooling={"intercept": True, "slopes": ["technique"]},
        priors=make_priors(job["priors"]),
    )
    seconds = watch_sampler()
    fitted = model.fit(compute_log_likelihood=False, progressbar=False, nuts_sampler="nutpie", **sampling)
    kept = ("mu_alpha", "sigma_", "mu_slope", "beta_")
    draws = {
        str(name): values
        for name, values in fitted["posterior"].data_vars.items()
        if str(name).startswith(kept) and "unit" not in values.dims
    }
    finish(job, draws, seconds, "pathmc")


if __name__ == "__main__":
    main()
