"""Settings of the recovery studies, small enough for tests."""

from pathlib import Path
from typing import Any

from alliance.certify.settings import Certification
from alliance.config.schema import Inference, Priors, Sampling
from alliance.worlds.settings import read_settings

ROOT = Path(__file__).parents[3]
FILE = ROOT / "config" / "recovery.yaml"
PRIORS = Priors(slope_sd=1.0, intercept_sd=1.0, residual_sd=1.0, varying_sd=0.5, correlations="uniform")
INFERENCE = Inference(
    interval=0.95, monte_carlo_draws=1000, rhat_max=1.5, ess_min=10, divergences_max=0
)  # limits that short runs can meet
SAMPLING = Sampling(chains=2, draws=60, tune=100, target_accept=0.8)


def settings(**changes: Any) -> Certification:
    """Return the project's own settings with small studies."""
    small = {"monte_carlo_draws": 200, "sampling": SAMPLING.model_dump()}
    return read_settings(FILE, Certification, small | changes)
