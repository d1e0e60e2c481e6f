"""Drifts of intercepts against lavaan, which maximises a two-level likelihood (see ``latent/drift.R``)."""

from pathlib import Path

import numpy as np
import pandas as pd

from alliance.models.checking.invariance import INTERCEPT, find_drifts

HERE = Path(__file__).parent / "latent"
PARTS = ["i1", "i2", "i3"]


def test_drifts_and_loadings_are_those_of_the_two_level_likelihood() -> None:
    """Moments with other indicators as instruments are not the maximum, but within .05 standard errors of it, which agree within 5 %."""
    data = pd.read_csv(HERE / "indicators.csv")
    data["i2"] += 0.05 * data["session"]
    patient, session = pd.factorize(data["patient"])[0], data["session"].to_numpy()
    course = find_drifts(data[PARTS].to_numpy(), patient, session, np.full(3, 1 / 3))
    theirs = pd.read_csv(HERE / "drift.csv").set_index("label")
    for number, drift in enumerate(drift for drift in course.drifts if drift.part == INTERCEPT):
        loading, slope = theirs.loc[f"l{number + 1}"], theirs.loc[f"drift{number + 1}"]
        assert abs(drift.loading - loading["est"]) < 0.05 * loading["se"]
        assert abs(drift.change / course.length - slope["est"]) < 0.05 * slope["se"]
        assert abs(drift.error / course.length / slope["se"] - 1) < 0.05
