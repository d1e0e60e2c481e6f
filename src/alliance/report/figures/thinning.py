"""What a figure draws of many: patients by lot with the run's seed, never by what they show; points of a line evenly."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from alliance.config import Config
from alliance.inference.montecarlo import generator_for
from alliance.report.numbers import format_count

_MARKERS = 40  # on a line of half a page, of which none touches the next


def draw_lots(patients: Iterable[object], most: int, config: Config) -> Sequence[object]:
    """Return at most so many patients, in the order of their codes; the same ones in all figures that draw as many.

    Parameters
    ----------
    patients
        Their codes, in any order, repeated or not.
    most
        How many marks a reader can tell apart.
    """
    everyone = np.asarray(sorted(pd.unique(pd.Series(list(patients), dtype=object)), key=str), dtype=object)
    if len(everyone) <= most:
        return list(everyone)
    lots = generator_for(config.run.seed, "figures", "patients").permutation(len(everyone))[:most]
    return list(everyone[np.sort(lots)])


def note_of_lots(shown: int, everyone: int, subject: str = "Faint lines are", units: str = "patients") -> str:
    """Say how many of how many patients are drawn: ``Faint lines are 150 of 20,000 patients, drawn by lot.``"""
    if shown == everyone:
        return f"{subject} single {units}."
    return f"{subject} {format_count(shown)} of {format_count(everyone)} {units}, drawn by lot."


def every_marker(points: int) -> int:
    """Return that every n-th point of a line has a marker, so that they can be told apart; the line goes through all."""
    return max(1, -(-points // _MARKERS))
