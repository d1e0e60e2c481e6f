"""A construct with three indicators against lavaan, which integrates over it, on recorded values (see ``latent/twolevel.R``)."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.config import ModelSpec, Variable
from alliance.data.panel import make_panel
from alliance.models.filling.grid import make_grid
from alliance.models.filling.measured import ERROR, INTERCEPT, LASTING, LOADING
from alliance.models.filling.readings import Indicator
from alliance.models.joint import prepare_task
from alliance.models.path.filled import Completion, complete, standardise_observed
from alliance.models.path.maximum import table_at

HERE = Path(__file__).parent / "latent"
PARTS = ("i1", "i2", "i3")
VARIABLES = {
    "x": Variable(label="cause", column="x", measured="before"),
    **{part: Variable(label=part, column=part, measured="during") for part in PARTS},
    "f": Variable(label="construct", kind="composite", of=list(PARTS), metric="mean", measured="during"),
    "y": Variable(label="outcome", column="y", measured="after"),
}
VARY = {"patient": ["intercept"]}
DECLARED: dict[str, Any] = {
    "label": "x to y",
    "family": "multilevel_path",
    "depth": "ml",
    "equations": {"f": {"on": ["x"], "vary": VARY}, "y": {"on": ["f", "x"], "vary": VARY}},
    "effects": {"from": "x", "to": "y"},
}


@pytest.fixture(scope="module")
def completion() -> Completion:
    data = pd.read_csv(HERE / "indicators.csv").assign(therapist="T01")
    data = data.assign(days=7.0 * data["session"], weeks=data["session"] - 1.0, f=data[list(PARTS)].mean(axis=1))
    patients = data[["patient", "therapist"]].drop_duplicates()
    panel = make_panel(data, patients, pd.DataFrame({"therapist": ["T01"]}), VARIABLES, 1, None)
    spec = ModelSpec.model_validate(DECLARED)
    settings = {"seed": 1, "lag": 1, "variables": {k: v.model_dump(mode="json") for k, v in VARIABLES.items()}}
    grid = make_grid(panel, spec, VARIABLES, 1, None, {"f": [Indicator(part, weight=1 / 3) for part in PARTS]})
    assert grid is not None
    task = prepare_task(panel, "study", spec, settings, grid)
    return complete(standardise_observed(task.design, grid), grid, 1, np.random.default_rng(3))


def test_estimates_are_those_of_the_integrated_likelihood(completion: Completion) -> None:
    """But for the chance of 200 rounds, half of whose information is missing: .1 standard errors, up to .5 for unique variances."""
    names, values = table_at(completion.sets[0].maximum, completion.point[None])
    own = dict(zip(names, values[0], strict=True))
    told = completion.described[0].mean(axis=0)
    lasting, level = own["sd patient y: intercept"], own["sd patient f: intercept"]
    together = own["correlation patient y: intercept with f: intercept"] * lasting * level
    found = {
        "a": own["f: x"],
        "b": own["y: f"],
        "direct": own["y: x"],
        "m": own["f: intercept"],
        "sf": own["sd residual f"] ** 2,
        "sy": own["sd residual y"] ** 2,
        "vf": level**2,
        # Levels of y: what they have of their own, and what those of the construct bring along.
        "c": together + own["y: f"] * level**2,
        "v": lasting**2 + own["y: f"] ** 2 * level**2 + 2 * own["y: f"] * together,
    }
    for name, column in (("l", LOADING), ("n", INTERCEPT), ("e", ERROR), ("u", LASTING)):
        found |= {f"{name}{number + 1}": told[number, column] for number in range(len(PARTS))}
    theirs = pd.read_csv(HERE / "twolevel.csv").set_index("label")
    off = (pd.Series(found)[theirs.index] - theirs["est"]) / theirs["se"]
    assert off.abs().max() < 0.6
    assert off[["a", "b", "direct", "m", "sf", "sy", "vf", "c", "v"]].abs().max() < 0.15
