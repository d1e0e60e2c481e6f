"""The posterior of a path model is that of the model declared in PyMC (family `direct`), its random effects integrated out.

Given the parameters, the logarithm of PyMC's density is exactly quadratic in the standardised effects z, so with gradient g at zero and
curvature P the integral is  log p(y, z = 0) + g'P^-1 g / 2 - log|P| / 2 + n / 2 log 2 pi.  All of these come from PyMC.
"""

import numpy as np
import pymc as pm
import pytensor
import pytest

from alliance.models.design.arrays import Design
from alliance.models.design.names import intercept_name, residual_name, slopes_name
from alliance.models.direct.build import build_model
from alliance.models.path.posterior import PathPosterior
from alliance.models.path.target import make_target
from tests.unit.models.joint_study import make_settings
from tests.unit.models.path.path_study import BY_PATIENT, BY_THERAPIST, design_by, panel_with_therapists

PRIORS = make_settings()["priors"]


def integrate(model: pm.Model, effects: list[str], point: dict[str, np.ndarray]) -> float:
    """Return the log density of a model with its standardised effects integrated out."""
    value = model.compile_logp(jacobian=False, mode="FAST_COMPILE")
    slope = model.compile_dlogp(vars=[model[name] for name in effects], jacobian=False, mode="FAST_COMPILE")
    sizes = [point[name].size for name in effects]

    def at(z: np.ndarray) -> dict[str, np.ndarray]:
        parts = np.split(z, np.cumsum(sizes)[:-1])
        return point | {name: part.reshape(point[name].shape) for name, part in zip(effects, parts, strict=True)}

    zero = np.zeros(sum(sizes))
    gradient = slope(at(zero))
    curvature = np.array([gradient - slope(at(unit)) for unit in np.eye(len(zero))])
    moved = gradient @ np.linalg.solve(curvature, gradient)
    return float(value(at(zero)) + (moved - np.linalg.slogdet(curvature)[1] + len(zero) * np.log(2 * np.pi)) / 2)


def declared_at(design: Design, posterior: PathPosterior, position: np.ndarray) -> tuple[float, float]:
    """Return the log density of the declared model, and the logarithm of the Jacobian of this family's coordinates."""
    layout, model, jacobian = posterior.target.layout, build_model(design, PRIORS), 0.0
    point: dict[str, np.ndarray] = {}
    for k, outcome in enumerate(design.equations):
        point[intercept_name(outcome)], *slopes = position[layout.of(outcome)]
        point[slopes_name(outcome)] = np.array(slopes)
        log_sd = position[layout.residuals][k]
        point[f"{residual_name(outcome)}_log__"] = log_sd
        jacobian += log_sd
    effects = []
    for level, names in design.varying.items():
        q = len(names)
        signed, partial = np.split(position[layout.between(level)], [q])
        z, factor, used = np.tanh(partial), np.eye(q), 0
        for i in range(q):
            for j in range(i):
                left = np.sqrt(1 - np.sum(factor[i, :j] ** 2))
                factor[i, j] = left * z[used]
                jacobian += np.log(left * (1 - z[used] ** 2))  # PyMC's density is one of the entries below the diagonal
                used += 1
            factor[i, i] = np.sqrt(1 - np.sum(factor[i, :i] ** 2))
        root = model[f"{level}_root"]
        inner = model.rvs_to_transforms[root].forward(pytensor.tensor.as_tensor(factor))
        point[model.rvs_to_values[root].name] = inner.eval(mode="FAST_COMPILE")
        point[f"{level}_signed"] = signed
        point[f"{level}_standard"] = np.zeros((q, len(design.units[level])))
        effects.append(f"{level}_standard")
    return integrate(model, effects, point), jacobian


@pytest.mark.parametrize("equations", [BY_PATIENT, BY_THERAPIST], ids=["patients", "patients and therapists"])
def test_density_is_that_of_the_declared_model_without_its_random_effects(equations: dict[str, object]) -> None:
    design = design_by(equations, panel_with_therapists(patients=7, sessions=4, therapists=3))
    posterior = PathPosterior(make_target(design), PRIORS)
    rng = np.random.default_rng(1)
    with pytensor.config.change_flags(cxx=""):
        for _ in range(2):
            position = rng.normal(scale=0.5, size=posterior.target.layout.size)
            density, jacobian = declared_at(design, posterior, position)
            # Sums of some hundred terms of order one, and a determinant of 30 rows.
            assert posterior.value(position)[0] == pytest.approx(density + jacobian, rel=1e-9)
