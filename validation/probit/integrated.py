"""The world `mediator` of `validation.probit.simulate` by the likelihood itself, integrated by quadrature, beside stochastic EM.

m is answered by yes and no, and y follows the propensity m* behind it. Given the intercepts u of a patient, y is normal and m* given y too,

    y ~ N(mu_y, s^2 + B^2)        m* | y ~ N(eta_m + B (y - mu_y) / (s^2 + B^2), s^2 / (s^2 + B^2))

with mu_y = c + D x + B eta_m + u_y, so that p(y, m) is a density times a normal probability, and u is integrated by 15 x 15 points of
Gauss-Hermite quadrature. Nothing is shared with the package. Maxima of the same studies stand beside the estimates that
`validation.probit.simulate` has kept, which are near restricted maxima:

    nice python -m validation.probit.integrated 12      # the first studies, into integrated.csv
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import log_ndtr, logsumexp

from validation.probit.simulate import KEPT, LEVEL, PATIENTS, SESSIONS, A, B, simulate

WORLD = "mediator"
HERE = Path(__file__).parent
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
FIRST, SECOND = (nodes.ravel() for nodes in np.meshgrid(NODES, NODES, indexing="ij"))
LOG_WEIGHTS = np.log(np.outer(WEIGHTS, WEIGHTS).ravel() / WEIGHTS.sum() ** 2)
NAMES = {
    "intercept -> m sd patient": lambda p: abs(p[6]),
    "intercept -> y sd patient": lambda p: np.hypot(p[7], p[8]),
    "m -> y coefficient within": lambda p: p[3],
    "x -> y direct within": lambda p: p[4],
    "x -> m -> y indirect within": lambda p: p[1] * p[3],
}


def minus_log_likelihood(p: np.ndarray, data: pd.DataFrame) -> float:
    """Return minus the log-likelihood of the answers m and the scores y; patients have their rows one after the other."""
    m_level, a, y_level, b, direct, log_sd, *factor = p
    x, y, yes = (data[name].to_numpy()[:, None] for name in ("x", "y", "m"))
    eta = m_level + a * x + factor[0] * FIRST
    variance = np.exp(2 * log_sd) + b**2
    left = y - (y_level + direct * x + b * eta + factor[1] * FIRST + factor[2] * SECOND)
    spread = np.sqrt(np.exp(2 * log_sd) / variance)
    chance = log_ndtr(np.where(yes > 0, 1, -1) * (eta + b / variance * left) / spread)
    each = -(left**2) / variance / 2 - np.log(variance) / 2 + chance
    by_patient = each.reshape(PATIENTS, SESSIONS, -1).sum(axis=1)
    return -float(logsumexp(by_patient + LOG_WEIGHTS, axis=1).sum())


def compare(studies: int) -> Iterator[dict[str, Any]]:
    """Yield both estimates of each quantity of a study."""
    kept = pd.read_csv(KEPT).query("world == @WORLD and depth == 'ml'").set_index(["study", "estimand"])["estimate"]
    start = np.array([0, A, 0, B, 0.3, 0, 0.8, -0.25, 0.75])
    for study in range(studies):
        data = simulate(WORLD, PATIENTS, np.random.default_rng([list(LEVEL).index(WORLD), study]))
        found = minimize(minus_log_likelihood, start, args=(data,), method="L-BFGS-B").x
        for name, value in NAMES.items():
            yield {"study": study, "estimand": name, "integrated": value(found), "estimate": kept[study, name]}


if __name__ == "__main__":
    pd.DataFrame(compare(int(sys.argv[1]))).round(4).to_csv(HERE / "integrated.csv", index=False)
