"""What single units contribute to the effects that a model is asked for, so that effects of several models can be compared.

With s_c the derivatives of the log-likelihood of unit c at the maximum, H the observed information and J the derivatives of the effects by
the parameters, an estimate moves to first order by

    m_c = J H^-1 s_c

with unit c counting once more. Units are those that are independent of each other. The sum of m_c m_c' over the units is the sandwich
covariance of the estimates; of two models fitted to the same units, the sum of the products of their m_c is the covariance of the estimates
of one with those of the other, as if their estimating equations had been solved together (White 1982, doi 10.2307/1912526; Weesie 1999,
Stata Technical Bulletin 52, 34-47: seemingly unrelated estimation). A unit that one of the models does not use moves nothing in it. Where
values are filled in, all this is of the completed data set nearest to the estimate; where there are priors, of the likelihood alone.
"""

import numpy as np
import xarray as xr

from alliance.errors import ModelError
from alliance.facts.marks import Mark
from alliance.inference.robust import independent_clusters
from alliance.models.container import CONTRIBUTIONS
from alliance.models.joint import Task
from alliance.models.path.maximum import PathMaximum
from alliance.models.path.robustness import effects_of, positions_asked
from alliance.models.quantities.pairs import Quantities


def find_contributions(
    task: Task, maximum: PathMaximum, quantities: Quantities, compared: str
) -> tuple[dict[str, xr.Dataset], list[Mark]]:
    """Return the group ``contributions`` of the container: how far units move the effects that the model is asked for.

    Parameters
    ----------
    quantities
        Those of the container.
    compared
        Name of the models that are compared with each other.
    """
    target, chosen = maximum.target, positions_asked(quantities.table())
    try:
        clusters = independent_clusters(target, target.independent, "contrasts")
    except ModelError as error:
        return {}, [Mark("not_contrasted", compared, detail=str(error))]
    steps = target.scores(maximum.top.position, clusters) @ maximum.covariance
    moves = steps @ maximum.jacobian(effects_of(task, maximum, quantities, chosen)).T
    codes = np.array(clusters.codes, dtype=object)
    group = xr.Dataset(
        {"moves": (("unit", "effect"), moves), "code": ("unit", codes), "position": ("effect", np.array(chosen))},
        attrs={"compared": compared, "level": clusters.level, "seed": task.seed},
    )
    return {CONTRIBUTIONS: group}, []
