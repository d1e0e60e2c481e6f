"""What the module of a figure gives."""

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Drawing:
    """A figure, the values it shows, its description for people who cannot see it, and notes below its caption."""

    figure: object
    values: pd.DataFrame
    alt: str
    notes: str = ""
