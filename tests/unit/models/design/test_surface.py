"""The columns of a response surface, what it says at known coefficients, and what it cannot stand on."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from alliance.config import ModelSpec, Variable
from alliance.errors import ModelError
from alliance.models.design.surface import KEY, with_surface
from alliance.models.quantities.surface import surface_parameters

VARIABLES = {name: Variable(label=name, column=name, measured="after") for name in ("own", "view", "y")}
ENDS = {"own": [0.0, 10.0], "view": [0.0, 100.0]}
PANEL = pd.DataFrame({"own_lag": [2.0, 4.0, np.nan, 6.0], "view_lag": [40.0, 40.0, 90.0, 40.0]})


def declare(**changes: Any) -> ModelSpec:
    declared = {
        "label": "congruence",
        "family": "multilevel_path",
        "equations": {"y": {"on": ["own_lag", "view_lag"]}},
        "effects": {"from": "own", "to": "y"},
        "surface": {"of": ["own_lag", "view_lag"], "to": "y"},
    }
    return ModelSpec.model_validate(declared | changes)


def widen(panel: pd.DataFrame = PANEL, ends: dict[str, list[float]] = ENDS, **changes: Any) -> Any:
    settings = {"variables": {name: one.model_dump(mode="json") for name, one in VARIABLES.items()}, "ends": ends}
    return with_surface(panel, "study", declare(**changes), settings, VARIABLES)


def test_ratings_are_compared_in_tenths_of_their_ranges_around_one_point() -> None:
    panel, spec, settings = widen()
    # Complete rows hold 2, 4, 6 and 4, 4, 4 tenths, so the common point is 4.
    assert settings[KEY].centre == 4 and settings[KEY].tenths == (1.0, 10.0)
    assert panel["own_squared_lag"].tolist()[:2] == [4.0, 0.0]
    assert panel["own_by_view_lag"].tolist()[3] == 0.0 and np.isnan(panel["own_by_view_lag"][2])
    assert spec.equations["y"].on == ["own_lag", "view_lag", "own_squared_lag", "own_by_view_lag", "view_squared_lag"]


def test_along_both_lines_the_parameters_are_those_of_the_surface() -> None:
    b1, b2, b3, b4, b5 = values = (0.3, -0.7, 0.2, -0.1, 0.4)
    *_, a1, a2, a3, a4, a5 = surface_parameters(*map(np.array, values))
    for t in (-2.0, 0.5, 3.0):
        same, other = ((t, t), (t, -t))
        z = [b1 * x + b2 * y + b3 * x**2 + b4 * x * y + b5 * y**2 for x, y in (same, other)]
        assert z == pytest.approx([a1 * t + a2 * t**2, a3 * t + a4 * t**2])
    assert a5 == pytest.approx(b3 - b5)


def test_scale_whose_ends_nobody_said_is_refused_and_its_range_is_the_remedy() -> None:
    with pytest.raises(ModelError, match=r"scores of 'view' .*Give variables.view.range"):
        widen(ends={"own": [0.0, 10.0]})
    widen(ends=ENDS)


def test_column_that_has_the_name_of_a_product_is_refused() -> None:
    with pytest.raises(ModelError, match="'own_by_view' is already a column"):
        widen(PANEL.assign(own_by_view=1.0))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"surface": {"of": ["own_lag", "own_lag"], "to": "y"}}, "names 'own_lag' twice"),
        ({"surface": {"of": ["own_lag", "mood_lag"], "to": "y"}}, "names 'mood_lag', which is no measure among"),
        ({"surface": {"of": ["own_lag", "view_lag"], "to": "z"}}, "'surface.to' names 'z'"),
        ({"missing": "fill"}, "Write 'missing: drop'"),
    ],
)
def test_surface_of_other_things_than_two_predictors_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        declare(**changes)
    assert declare().missing == "drop"
