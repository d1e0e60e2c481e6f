"""What several paths together say: the total indirect effect, differences between specific ones, the share of the total effect.

The share, indirect / total, has no meaning where the total may be close to zero, where the two have opposite signs or where indirect is
larger than the total, and is then withheld.
"""

from itertools import combinations

import numpy as np

from alliance.facts.cautions import CAUTIONS
from alliance.facts.effects import LEVELS
from alliance.facts.marks import Mark
from alliance.facts.quantity import join_contrast, join_level
from alliance.models.diagram import Path, outcomes_of
from alliance.models.quantities.pairs import Pair, Quantities

_TAIL = 0.025
_TAIL_OF_TOTAL = (
    0.005  # a total has no side it must stay on, so a share has wild draws long before an interval of 95 % reaches zero
)


def find_margin(denominator: np.ndarray, tail: float = _TAIL) -> float:
    """Return how near the draws of a denominator come to zero: a low quantile on its side, as a share of the median.

    Below a tenth, or where the sign is open, the ratio has no mean and its draws say little.
    """
    median = float(np.median(denominator))
    return float(np.quantile(denominator / median, tail)) if median else 0.0


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
        add_share(quantities, text, level, (together, total), outcomes_of(pair.paths), pair.horizon(pair.paths[0]))


def add_share(
    quantities: Quantities,
    text: str,
    level: str,
    draws: tuple[np.ndarray, np.ndarray],
    of: tuple[str, ...],
    horizon: str,
) -> None:
    """Add a share of the total effect, or say why there is none.

    Parameters
    ----------
    draws
        Of the indirect effect and of the total effect, (draw,) each.
    of
        Outcomes of the equations concerned.
    """
    indirect, total = draws
    same = float(np.mean(np.sign(indirect) == np.sign(total)))
    settled = find_margin(total, _TAIL_OF_TOTAL) >= CAUTIONS["withheld"].threshold
    part = bool(np.median(indirect / total) <= 1) if settled else False
    if not quantities.drawn or (part and same >= CAUTIONS["undefined_proportion"].threshold):
        quantities.add(text, "proportion", level, indirect / total, of, horizon)
        return
    reason = "indirect and total do not surely have the same sign"
    if not part:
        reason = "indirect is larger than the total" if settled else "the total is too close to zero"
    quantities.marks.append(Mark("undefined_proportion", join_level(text, LEVELS[level].label), same, reason))
