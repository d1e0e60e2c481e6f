"""Agreement of two ratings: what it is known to be where data were made so, and what is refused with a remedy."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.config import ModelSpec, Variable
from alliance.errors import ModelError
from alliance.models.container import quantities_of
from alliance.models.fitting import fit_declared

ENDS = {"own": [0.0, 10.0], "view": [0.0, 100.0]}
SESSIONS = 6


def study(seed: int = 1, patients: int = 40, change: float = -2.0) -> pd.DataFrame:
    """Return ratings whose difference on the range of their scales is 12 percent at session 1 and changes by a fixed number."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), SESSIONS)
    session = np.tile(np.arange(1, SESSIONS + 1), patients)
    own = 50 + rng.normal(0, 10, patients)[patient] + rng.normal(0, 5, len(patient))
    view = own + 12 + change * (session - 1)
    panel = pd.DataFrame(
        {"patient": patient.astype(str), "therapist": None, "session": session, "own": own / 10, "view": view}
    )
    return panel[rng.random(len(panel)) < 0.9].reset_index(drop=True)


def fit(panel: pd.DataFrame, ends: dict[str, list[float]] = ENDS, **declared: Any) -> pd.DataFrame:
    spec = {"label": "two", "family": "descriptive", "analysis": "raters", "variables": ["own", "view"], "samples": 200}
    variables = {name: Variable(label=name, column=name, measured="after").model_dump(mode="json") for name in ENDS}
    settings = {"seed": 1, "lag": 1, "variables": variables, "reliability": {}, "ends": ends, "planned_sessions": None}
    paths = fit_declared(panel, "two", ModelSpec.model_validate(spec | declared), settings).tree["paths"]
    return quantities_of(paths).assign(estimate=paths["point"].to_numpy()).set_index(["effect", "level", "horizon"])


def test_fixed_discrepancy_and_its_change_are_found_exactly_whoever_misses_sessions() -> None:
    found = fit(study())["estimate"]
    # Every difference is the same in all patients: rounding only.
    assert found["discrepancy", "overall", "at session 1"] == pytest.approx(12)
    assert found["discrepancy", "overall", "at session 6"] == pytest.approx(2)
    assert found["discrepancy_change", "overall", ""] == pytest.approx(-2)
    assert found["distance_change", "overall", ""] == pytest.approx(-2)


def test_units_of_the_scales_change_nothing() -> None:
    panel = study()
    other = panel.assign(own=panel["own"] * 7 + 3)
    found, same = fit(panel)["estimate"], fit(other, ENDS | {"own": [3.0, 73.0]})["estimate"]
    assert same.to_numpy() == pytest.approx(found.to_numpy())


def test_scale_whose_ends_nobody_said_is_refused_and_its_range_is_the_remedy() -> None:
    with pytest.raises(ModelError, match=r"scores of 'own' .* Give variables.own.range"):
        fit(study(), {"view": [0.0, 100.0]})


def test_ratings_that_never_meet_twice_are_refused() -> None:
    panel = study()
    once = panel.assign(view=panel["view"].where(panel["session"] == 1))
    with pytest.raises(ModelError, match="no patient has two sessions at which own and view were both observed"):
        fit(once)


def test_three_ratings_are_refused() -> None:
    with pytest.raises(ModelError, match="two ratings of the same thing are compared, but there are 1"):
        fit(study(), variables=["own"])
