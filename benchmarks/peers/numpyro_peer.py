"""The joint model in NumPyro with the patients' effects integrated out: ``python numpyro_peer.py job.json result.json``.

As in Lai, Domke and Sheldon (2024, Advances in Neural Information Processing Systems 37): with W = Z F, F F' the covariance of a patient's
effects and D the residual variances of the rows, the determinant lemma and Woodbury's identity on M = I + W'D^-1 W turn the density
of each patient's rows into operations on matrices as small as the number of effects. Every patient has the same number of sessions here.
"""

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import pandas as pd
from numpyro import distributions as dist
from numpyro.infer import MCMC, NUTS

EFFECTS = ("alliance: intercept", "alliance: technique", "symptoms: intercept", "symptoms: alliance")
FIXED = (
    "alliance: intercept",
    "alliance: technique",
    "symptoms: intercept",
    "symptoms: alliance",
    "symptoms: technique",
)


def make_arrays(data: pd.DataFrame) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Return y (patient, row), X (patient, row, coefficient) and Z (patient, row, effect); rows of alliance come first."""
    patients = data["patient"].nunique()
    technique, alliance, symptoms, technique_own, alliance_own = (
        data[name].to_numpy().reshape(patients, -1)
        for name in ("technique", "alliance", "symptoms", "technique_own", "alliance_own")
    )
    one, zero = np.ones_like(technique), np.zeros_like(technique)
    x = [
        np.stack([one, technique, zero, zero, zero], axis=-1),
        np.stack([zero, zero, one, alliance, technique], axis=-1),
    ]
    z = [
        np.stack([one, technique_own, zero, zero], axis=-1),
        np.stack([zero, zero, one, alliance_own], axis=-1),
    ]
    y = np.concatenate([alliance, symptoms], axis=1)
    return jnp.array(y), jnp.array(np.concatenate(x, axis=1)), jnp.array(np.concatenate(z, axis=1))


def model(y: jax.Array, x: jax.Array, z: jax.Array, priors: dict[str, float]) -> None:
    """Declare priors and the marginal likelihood."""
    scales = jnp.array([priors["intercept_sd" if name.endswith("intercept") else "slope_sd"] for name in FIXED])
    beta = numpyro.sample("beta", dist.Normal(0, scales))
    residual = numpyro.sample("residual", dist.HalfNormal(priors["residual_sd"]).expand([2]))
    sd = numpyro.sample("sd", dist.HalfNormal(priors["varying_sd"]).expand([4]))
    root = numpyro.sample("root", dist.LKJCholesky(4, priors["correlations"]))
    sessions = y.shape[1] // 2
    precision = jnp.repeat(residual**-2, sessions)
    left = y - x @ beta
    w = z @ (sd[:, None] * root)
    inner = jnp.eye(4) + jnp.einsum("prk,r,prl->pkl", w, precision, w)
    factor = jnp.linalg.cholesky(inner)
    half = jax.scipy.linalg.solve_triangular(
        factor, jnp.einsum("prk,r,pr->pk", w, precision, left)[..., None], lower=True
    )
    fitted = jnp.sum(half**2) - jnp.sum(precision * left**2)
    determinants = y.shape[0] * jnp.sum(jnp.log(precision)) - 2 * jnp.sum(
        jnp.log(jnp.diagonal(factor, axis1=1, axis2=2))
    )
    numpyro.factor("likelihood", (fitted + determinants) / 2)


def name_draws(samples: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return draws (chain, draw) under the names all engines share."""
    draws = {name: samples["beta"][..., number] for number, name in enumerate(FIXED)}
    draws |= {f"sd residual {name}": samples["residual"][..., k] for k, name in enumerate(("alliance", "symptoms"))}
    draws |= {f"sd patient {name}": samples["sd"][..., number] for number, name in enumerate(EFFECTS)}
    correlations = samples["root"] @ np.swapaxes(samples["root"], -1, -2)
    for i in range(4):
        for j in range(i):
            both = " with ".join(sorted((EFFECTS[i], EFFECTS[j])))
            draws[f"correlation patient {both}"] = correlations[..., i, j]
    return draws


def main() -> None:
    """Compile, then sample and time it."""
    job: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    numpyro.set_host_device_count(job["chains"])
    numpyro.enable_x64()
    arrays = make_arrays(pd.read_csv(job["data"]))
    kernel = NUTS(model, target_accept_prob=job["target_accept"])
    mcmc = MCMC(kernel, num_warmup=job["tune"], num_samples=job["draws"], num_chains=job["chains"], progress_bar=False)
    key = jax.random.PRNGKey(job["seed"])
    start = time.perf_counter()
    mcmc.warmup(key, *arrays, job["priors"], extra_fields=("diverging",))
    mcmc.run(mcmc.post_warmup_state.rng_key, *arrays, job["priors"], extra_fields=("diverging",))
    samples = {name: np.asarray(values) for name, values in mcmc.get_samples(group_by_chain=True).items()}
    seconds = time.perf_counter() - start
    np.savez(job["draws_file"], allow_pickle=False, **name_draws(samples))
    result = {
        "seconds_sampling": seconds,  # with compiling, which JAX does while it samples
        "divergent": int(np.sum(mcmc.get_extra_fields()["diverging"])),
        "versions": {name: version(name) for name in ("numpyro", "jax")},
    }
    Path(sys.argv[2]).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
