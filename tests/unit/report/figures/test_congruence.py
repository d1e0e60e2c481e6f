"""The surface of two raters: where it is shown, and what it never shows."""

import numpy as np
import pandas as pd
import pytest

from alliance.config import Config
from alliance.report.figures import load_figure
from alliance.report.figures.congruence import count_cells, surface_at
from alliance.report.figures.drawing import Drawing
from tests.artefacts import builders
from tests.unit.report.prose.rows import estimate

CONFIG = builders.arms_config()
B = {"b1": -0.6, "b2": 0.1, "b3": -0.1, "b4": 0.1, "b5": 0.0}
FOUND = B | {"a1": -0.5, "a2": 0.0, "a3": -0.7, "a4": -0.2, "a5": -0.1}
PATH = "alliance, alliance_therapist -> symptoms"
SURFACE = pd.DataFrame(
    {
        "model": ["alliance_congruence"], "outcome": ["symptoms"], "first": ["alliance"], "second": ["alliance_therapist"],
        "lowest_first": [12.0], "highest_first": [60.0], "lowest_second": [12.0], "highest_second": [84.0], "centre": [6.0],
    }
)  # fmt: skip


def panel(patients: int = 200, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    shared = rng.normal(0.6, 0.12, patients * 4)
    both = [np.clip(shared + rng.normal(0, 0.06, len(shared)), 0, 1) for _ in range(2)]
    return pd.DataFrame(
        {
            "patient": np.repeat(np.arange(patients), 4).astype(str),
            "alliance_lag": 12 + 48 * both[0],
            "alliance_therapist_lag": 12 + 72 * both[1],
        }
    )


def draw(rows: pd.DataFrame, config: Config = CONFIG) -> Drawing:
    config = config.model_copy(
        update={
            "models": config.models.model_copy(
                update={
                    "specs": config.models.specs | {"alliance_congruence": next(iter(config.models.specs.values()))}
                }
            )
        }
    )
    estimates = pd.DataFrame(
        [
            estimate(model="alliance_congruence", path=PATH, effect=f"surface_{name}", estimate=value)
            for name, value in FOUND.items()
        ]
    )
    drawing: Drawing = load_figure("congruence").draw(
        {"panel": rows, "estimates": estimates, "surface": SURFACE}, config
    )
    return drawing


def test_values_are_those_of_the_surface_where_enough_patients_were_rated_alike() -> None:
    values = draw(panel()).values
    x, y = values["first"] / 10 - 6, values["second"] / 10 - 6
    expected = B["b1"] * x + B["b2"] * y + B["b3"] * x**2 + B["b4"] * x * y
    assert values["outcome"].to_numpy() == pytest.approx(expected.to_numpy())
    assert surface_at(np.array([60.0]), np.array([60.0]), np.array(list(B.values())), 6.0) == pytest.approx(0)


def test_squares_of_few_patients_are_not_shown_and_counts_are_multiples_of_the_minimum() -> None:
    cells = count_cells(panel(), next(SURFACE.itertuples()), 5)
    every = count_cells(panel(), next(SURFACE.itertuples()), 1)
    assert 0 < len(cells) < len(every) and (cells["sessions"] % 5 == 0).all() and cells["sessions"].min() >= 5


def test_too_few_data_are_no_surface() -> None:
    assert list(draw(panel(6)).values.columns) == ["not_available"]
