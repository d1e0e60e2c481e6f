"""The steps to and from the mediator, therapist by therapist, without ids."""

from collections.abc import Mapping

import pandas as pd

from alliance.config import Config
from alliance.report.figures.drawing import Drawing
from alliance.report.figures.shrinkage import asked_for, draw_units

TITLE = "The steps of therapists"
CAPTION = (
    "Each step, and the path through both, for therapists from the smallest to the largest. Points and bars: estimates and their "
    "intervals, drawn towards the average (dashed line) as far as a therapist's own sessions tell little."
)
NEEDS = ("shrinkage",)


def draw(inputs: Mapping[str, pd.DataFrame], config: Config) -> Drawing:
    """Draw one panel per step."""
    table = inputs["shrinkage"]
    return draw_units(table[asked_for(table, config)], config)
