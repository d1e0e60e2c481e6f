"""What a response surface says of agreement and of the direction of disagreement, see `alliance.models.design.surface`.

Along the line of congruence, Y = X, the surface is b0 + a1 X + a2 X^2; along that of incongruence, Y = -X, it is b0 + a3 X + a4 X^2:

    a1 = b1 + b2    a2 = b3 + b4 + b5    a3 = b1 - b2    a4 = b3 - b4 + b5    a5 = b3 - b5

(Edwards & Parry 1993; Shanock et al. 2010). a5 is zero where the ridge of the surface runs along the line of congruence, a condition of an
effect of congruence itself (Humberg, Nestler & Back 2019, doi 10.1177/1948550618757600). At the common point a3 is also the slope of the
first rating minus that of the second: actor against partner.
"""

import numpy as np

from alliance.facts.effects import SURFACE
from alliance.facts.quantity import join_names, join_nodes, name_horizon
from alliance.models.design.arrays import Design
from alliance.models.design.surface import Grounds
from alliance.models.quantities.pairs import Quantities
from alliance.models.quantities.population import Population

_LEVEL = "within"


def add_surface(quantities: Quantities, design: Design, population: Population, grounds: Grounds, lag: int) -> None:
    """Add the five coefficients on the common metric and what follows from them; the products stand nowhere else."""
    equation = design.equations[grounds.outcome]
    slopes = population.slopes[grounds.outcome]
    linear = [
        slopes[:, equation.terms.index(term)] * tenth for term, tenth in zip(grounds.terms, grounds.tenths, strict=True)
    ]
    values = surface_parameters(*linear, *(slopes[:, equation.terms.index(term)] for term in grounds.products))
    quantities.leave_out({join_nodes(term, grounds.outcome) for term in grounds.products})
    path = join_nodes(join_names(*grounds.names), grounds.outcome)
    horizon = name_horizon(lag * any(equation.origins[term].lagged for term in grounds.terms))
    for effect, drawn in zip(SURFACE, values, strict=True):
        quantities.add(path, effect, _LEVEL, drawn, (grounds.outcome,), horizon)


def surface_parameters(
    b1: np.ndarray, b2: np.ndarray, b3: np.ndarray, b4: np.ndarray, b5: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Return b1 to b5 and a1 to a5, in the order of `SURFACE`."""
    return b1, b2, b3, b4, b5, b1 + b2, b3 + b4 + b5, b1 - b2, b3 - b4 + b5, b3 - b5
