"""What a reader must know of effects between units: how far the data tell them at all.

Patients are fewer than sessions and therapists are few, and of two averages that go together it can hardly be told which one matters. The
interval says so, but in units that a reader has to know; the mark says it in standard units of the level.
"""

from typing import Any, Final

import numpy as np

from alliance.facts.cautions import CAUTIONS
from alliance.facts.effects import EFFECTS, LEVELS
from alliance.facts.marks import Mark
from alliance.facts.quantity import BETWEEN_LEVELS, ends_of, split_contrast
from alliance.inference.montecarlo import central_limits
from alliance.models.container import Quantities
from alliance.models.design.arrays import Design
from alliance.models.quantities.latent import LatentMeans, latent_means
from alliance.models.quantities.population import Population

_NAME: Final = "hardly_known"


def mark_hardly_known(design: Design, centre: Population, quantities: Quantities) -> list[Mark]:
    """Mark the effects between units whose intervals are wider than from none to a large one.

    With C the covariance of the latent means (`alliance.models.quantities.latent`), the 95 % interval of an effect of one average x on
    another, y, is as wide in standard units as

        (high - low) sqrt(C_xx / C_yy)

    which does not depend on the units of the measures. Where the estimate of either variance is zero there are none, and nothing is known.

    Parameters
    ----------
    centre
        The estimate; all draws where their middle is the estimate.
    quantities
        Those of the container, in whose order flags are given.
    """
    marks = []
    for unit, means in latent_means(design, centre, None).items():
        level = BETWEEN_LEVELS[unit]
        widths = {
            place: _width(row, draws, means)
            for place, (row, draws) in enumerate(zip(quantities.rows, quantities.draws, strict=True))
            if row["level"] == level and not EFFECTS[row["effect"]].ratio
        }
        if widths:
            # One that has no width in standard units is the least known of all.
            worst = max(widths, key=lambda place: np.nan_to_num(widths[place], nan=np.inf))
            beyond = [place for place, width in widths.items() if not width <= CAUTIONS[_NAME].threshold]
            row = quantities.rows[worst]
            detail = f"most of all {EFFECTS[row['effect']].label} of {row['path']}"
            subject = f"estimates {LEVELS[level].label}"
            marks.append(Mark(_NAME, subject, widths[worst], detail, positions=tuple(beyond)))
    return marks


def _width(row: dict[str, Any], draws: np.ndarray, means: LatentMeans) -> float:
    """Return the width of an interval in standard units; NaN where averages do not differ by the estimate."""
    cause, outcome = ends_of(split_contrast(row["path"])[0])
    x, y = (float(np.median(np.sqrt(means.variance(name).clip(0.0)))) for name in (cause, outcome))
    low, high = central_limits(draws)
    return float((high - low) * x / y) if x > 0 and y > 0 else float("nan")
