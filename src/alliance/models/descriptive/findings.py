"""What an analysis is asked, and what it hands back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from alliance.config import Variable
from alliance.facts.marks import Mark
from alliance.models.descriptive.settings import Spec


@dataclass(frozen=True)
class Task:
    """An analysis to be done.

    Parameters
    ----------
    name
        Of the model.
    panel
        One row per patient and session, see `alliance.data.panel`.
    rows
        Variable -> its rows of the panel, those in which it is observed.
    spec
        The declaration.
    variables
        The variables it names, and column -> the variable whose group or subscale that is.
    settings
        What `alliance.models.fitting.settings_for` gives.
    """

    name: str
    panel: pd.DataFrame
    rows: Mapping[str, pd.DataFrame]
    spec: Spec
    variables: Mapping[str, Variable]
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Key:
    """What a number is about, see `alliance.models.container.Quantities.add`."""

    path: str
    effect: str
    level: str
    of: tuple[str, ...]
    horizon: str = ""
    moderator: str = ""
    value: float = float("nan")


@dataclass(frozen=True)
class Findings:
    """What an analysis computes.

    Parameters
    ----------
    keys
        What each number is about.
    statistic
        Weights of the rows of the panel, (row,), how often each was drawn -> the numbers, (key,); a number that cannot be had of a sample
        is NaN. With all weights one it gives the estimates.
    counts
        Outcome -> patients, sessions and therapists, where they are not those of `Task.rows`.
    marks
        What is to be said of the numbers.
    groups
        Tables beside them, see `alliance.models.container.pack_rows`.
    """

    keys: Sequence[Key]
    statistic: Callable[[np.ndarray], np.ndarray]
    counts: Mapping[str, dict[str, int]] = field(default_factory=dict)
    marks: Sequence[Mark] = ()
    groups: Mapping[str, xr.Dataset] = field(default_factory=dict)
