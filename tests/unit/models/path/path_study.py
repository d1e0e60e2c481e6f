"""A study with therapists and its maximum of the joint likelihood, for the tests of what follows from a maximum."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from alliance.models.design.arrays import Design
from alliance.models.path.maximum import PathMaximum, maximise
from tests.unit.models.joint_study import make_spec, simulate
from tests.unit.models.populations import design_of

BY_THERAPIST = {
    "m": {"on": ["x"], "vary": {"patient": ["intercept", "x"], "therapist": ["intercept"]}},
    "y": {"on": ["m", "x"], "vary": {"patient": ["intercept", "m"], "therapist": ["intercept"]}},
}
BY_PATIENT = {
    outcome: {"on": equation["on"], "vary": {"patient": equation["vary"]["patient"]}}  # type: ignore[index]
    for outcome, equation in BY_THERAPIST.items()
}


def panel_with_therapists(patients: int = 60, sessions: int = 6, therapists: int = 12, seed: int = 3) -> pd.DataFrame:
    """Simulate a panel whose therapists differ in the levels of m and y; some patients miss some sessions."""
    panel = simulate(patients, sessions, seed)
    rng = np.random.default_rng(seed + 1000)
    number = panel["patient"].str[1:].astype(int).to_numpy() % therapists
    shift = rng.normal(size=(therapists, 2))
    panel["therapist"] = [f"T{one + 1:03d}" for one in number]
    panel["m"] += shift[number, 0]
    panel["y"] += shift[number] @ [0.3, 0.8]
    missing = rng.random((len(panel), 2)) < 0.15
    panel["y"] = panel["y"].mask(missing[:, 0])
    return panel[~missing[:, 1]].reset_index(drop=True)


def design_by(equations: dict[str, Any], panel: pd.DataFrame) -> Design:
    """Return the design of equations such as `BY_PATIENT`."""
    return design_of(make_spec(equations=equations), panel)


@cache
def small_maximum(level: str) -> PathMaximum:
    """Return the maximum of the small study with effects that vary up to a level."""
    equations = BY_PATIENT if level == "patient" else BY_THERAPIST
    return maximise(design_by(equations, panel_with_therapists()))
