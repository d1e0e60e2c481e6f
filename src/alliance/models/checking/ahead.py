"""What a reader must know of marks of ruptures among the predictors: some are set by what follows."""

from collections.abc import Mapping

from alliance.config import Variable
from alliance.config.rupture import RUPTURE_MARK
from alliance.facts.detectors import DETECTORS, OBSERVER
from alliance.facts.marks import Mark
from alliance.facts.quantity import join_nodes
from alliance.models.design.arrays import Design


def mark_ahead(design: Design, variables: Mapping[str, Variable]) -> list[Mark]:
    """Mark effects of ruptures that are told by later sessions too."""
    return [
        Mark("judged_ahead", join_nodes(term, outcome), outcomes=(outcome,), arrow=join_nodes(term, outcome))
        for outcome, equation in design.equations.items()
        for term, origin in equation.origins.items()
        if origin.session_level and (found := variables.get(origin.base)) is not None and found.kind == RUPTURE_MARK
        if found.detector != OBSERVER and DETECTORS[str(found.detector)].ahead
    ]
