"""Simulated studies one by one: what was fitted is kept, and a run that was stopped goes on."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

Rows = pd.DataFrame | Iterable[Mapping[str, Any]]


def add_studies(kept: Path, studies: Iterable[Mapping[str, Any]], fit: Callable[..., Rows]) -> pd.DataFrame:
    """Fit the studies that are not kept yet, each written as soon as it is there, and return the rows of all.

    Parameters
    ----------
    kept
        CSV file of every study.
    studies
        What tells a study from the others, e.g. ``{"world": "equal", "study": 3}``: arguments of `fit`, and columns of its rows.
    fit
        Returns the rows of a study.
    """
    kept.parent.mkdir(parents=True, exist_ok=True)
    wanted = list(studies)
    done = set()
    if wanted and kept.exists():
        done = set(pd.read_csv(kept)[list(wanted[0])].itertuples(index=False, name=None))
    for study in wanted:
        if tuple(study.values()) not in done:
            pd.DataFrame(fit(**study)).round(5).to_csv(kept, mode="a", header=not kept.exists(), index=False)
    return pd.read_csv(kept)
