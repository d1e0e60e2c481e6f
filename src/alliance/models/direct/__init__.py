"""Joint Bayesian models with explicit random effects (PyMC): the plain reading of a path diagram.

`design` makes the arrays, `build` the model, `sample` the draws; `population` turns them into raw units, `latent` and `quantities` into
effects; `priors`, `predictive` and `caution` say what was assumed, how well it fits, and what to bear in mind.
"""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from alliance.config import ModelSpec, Variable
from alliance.models.container import FitRecord, FitResult, make_tree
from alliance.models.diagram import every_path
from alliance.models.direct.build import build_model
from alliance.models.direct.sample import draw_prior, sample_posterior
from alliance.models.joint.caution import mark_design, mark_latent_means
from alliance.models.joint.design import Design, make_design
from alliance.models.joint.population import Population, make_population, names_of_population
from alliance.models.joint.predictive import check_predictive
from alliance.models.joint.priors import describe_priors
from alliance.models.joint.quantities import compute_quantities
from alliance.models.montecarlo import generator_for
from alliance.models.rows import select_rows

ENGINE = "PyMC, NUTS (nutpie)"
INTERVAL_KIND = "credible"
_PREDICTIVE_DRAWS = 300


def fit(panel: pd.DataFrame, name: str, spec: ModelSpec, settings: dict[str, Any]) -> FitResult:
    """Fit all equations of a path diagram at once.

    Parameters
    ----------
    panel
        One row per patient and session, see `alliance.panel`.
    settings
        seed, lag, variables, sampling and priors, see `alliance.models.settings_for`.

    Raises
    ------
    ModelError
        Rows or predictors do not allow the model, no path leads from the cause to the outcome, or the sampler failed.
    """
    variables = {key: Variable.model_validate(value) for key, value in settings["variables"].items()}
    seed, lag = settings["seed"], settings["lag"]
    rows, flow = select_rows(panel, name, spec)
    pairs = every_path(name, spec, variables)
    design = make_design(name, spec, rows, variables)
    model = build_model(design, settings["priors"])
    kept = names_of_population(design)

    groups = sample_posterior(model, kept, settings["sampling"], _integer(seed, name, "posterior"), name)
    posterior, shape = _flat(groups["posterior"])
    population = make_population(design, posterior)
    quantities = compute_quantities(
        design, population, pairs, variables, lag, generator_for(seed, name, "initial values")
    )

    prior = make_population(design, draw_prior(model, kept, _PREDICTIVE_DRAWS, _integer(seed, name, "prior")))
    edges = list(
        {(edge.source, edge.outcome): edge for paths in pairs for path in paths for edge in path.edges}.values()
    )
    predictive = [
        row
        for kind, drawn in (("prior", prior), ("posterior", _thinned(design, posterior, shape[0] * shape[1])))
        for row in check_predictive(
            kind, panel, design, drawn, edges, variables, lag, generator_for(seed, name, kind, "predictive")
        )
    ]
    marks = [*mark_design(design, pairs), *mark_latent_means(design, population), *quantities.marks]
    tree = make_tree(
        model=name,
        family=spec.family,
        engine=ENGINE,
        interval_kind=INTERVAL_KIND,
        quantities=quantities.table(),
        draws=np.stack(quantities.draws, axis=-1).reshape(*shape, -1),
        record=FitRecord(marks, describe_priors(design, settings["priors"]), predictive),
        groups=groups,
    )
    return FitResult(tree, flow)


def _integer(seed: int, *names: str) -> int:
    return int(generator_for(seed, *names).integers(2**31 - 1))


def _flat(posterior: xr.Dataset) -> tuple[dict[str, np.ndarray], tuple[int, int]]:
    shape = (posterior.sizes["chain"], posterior.sizes["draw"])
    arrays = {
        str(name): values.transpose("chain", "draw", ...).to_numpy() for name, values in posterior.data_vars.items()
    }
    return {name: values.reshape(-1, *values.shape[2:]) for name, values in arrays.items()}, shape


def _thinned(design: Design, posterior: dict[str, np.ndarray], size: int) -> Population:
    chosen = np.unique(np.linspace(0, size - 1, _PREDICTIVE_DRAWS).astype(int))
    return make_population(design, {name: values[chosen] for name, values in posterior.items()})
