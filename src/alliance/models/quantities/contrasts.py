"""What several paths together say: the total indirect effect, differences between specific ones, the share of the total effect.

The share, indirect / total, has no meaning where the total may be zero or where the two have opposite signs, and is then left out.
"""

from itertools import combinations

import numpy as np

from alliance.facts.cautions import CAUTIONS
from alliance.facts.marks import Mark
from alliance.facts.quantity import join_contrast
from alliance.models.diagram import Path, outcomes_of
from alliance.models.quantities.pairs import Pair, Quantities

_SETTLED = 0.975  # share of draws of the total effect that must lie on one side of zero


def add_contrasts(
    quantities: Quantities, pair: Pair, parts: dict[Path, np.ndarray], level: str, total: np.ndarray | None
) -> None:
    """Add what several indirect effects of one pair together say.

    Parameters
    ----------
    parts
        Path -> draws of its effect at this level, (draw,); the direct path may be among them.
    total
        Draws of the total effect, None where it is not defined.
    """
    indirect = {path: values for path, values in parts.items() if len(path.edges) > 1}
    if not indirect:
        return
    horizons = {pair.horizon(path) for path in indirect}
    together: np.ndarray = np.sum(list(indirect.values()), axis=0)
    if len(indirect) > 1 and len(horizons) == 1:
        quantities.add(pair.text, "indirect_total", level, together, outcomes_of(list(indirect)), *horizons)
    for one, other in combinations(indirect, 2):
        if pair.horizon(one) == pair.horizon(other):
            text, values = join_contrast(one.text, other.text), indirect[one] - indirect[other]
            quantities.add(text, "contrast", level, values, outcomes_of([one, other]), pair.horizon(one))
    if total is not None:
        text = pair.text if len(indirect) > 1 else next(iter(indirect)).text
        _add_proportion(quantities, pair, text, together, total, level)


def _add_proportion(
    quantities: Quantities, pair: Pair, text: str, indirect: np.ndarray, total: np.ndarray, level: str
) -> None:
    settled = max(np.mean(total > 0), np.mean(total < 0)) >= _SETTLED
    same = float(np.mean(np.sign(indirect) == np.sign(total)))
    if settled and same >= CAUTIONS["undefined_proportion"].threshold:
        horizon = pair.horizon(pair.paths[0])
        quantities.add(text, "proportion", level, indirect / total, outcomes_of(pair.paths), horizon)
        return
    reason = (
        "the total effect may be zero" if not settled else "indirect and total effect do not surely have the same sign"
    )
    quantities.marks.append(
        Mark(
            "undefined_proportion",
            f"{text} ({level.replace('_', ' ')})",
            same,
            reason,
        )
    )
