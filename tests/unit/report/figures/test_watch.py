"""Sessions to watch are drawn only where somebody asks for them by name."""

import numpy as np
import pandas as pd
import pytest

from alliance.config import validate_config
from alliance.errors import ConfigError
from alliance.report.figures.watch import draw, sessions_to_watch
from tests.artefacts import builders


def panel() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    values = 40 + rng.normal(0, 2, (30, 10))
    values[0, 5] = 15
    values[1, 3:8] = 30 + rng.normal(0, 0.3, 5)
    rows = {"patient": np.repeat([f"P{i:03d}" for i in range(30)], 10), "session": np.tile(range(1, 11), 30)}
    return pd.DataFrame(rows | {"alliance": values.ravel()})


def test_drops_below_the_limit_and_scores_that_stay_low_are_to_be_watched() -> None:
    watched = sessions_to_watch(panel(), "alliance")
    marked = watched[watched["watch"] == 1].groupby("patient")["session"].agg(list)
    assert marked["P000"] == [6]
    assert marked["P001"] == [4, 5, 6, 7, 8]


def test_sigma_is_the_mean_moving_range_over_its_expectation() -> None:
    frame = panel()
    own = frame.loc[frame["patient"] == "P004", "alliance"]
    watched = sessions_to_watch(frame, "alliance")
    limit = watched.loc[watched["patient"] == "P004", "limit"].iloc[0]
    assert limit == pytest.approx(own.mean() - 3 * own.diff().abs().mean() / 1.128)


def test_single_patients_are_drawn_only_where_the_setting_says_so() -> None:
    config = builders.arms_config()
    assert "patient" not in draw({"panel": panel()}, config).values
    asked = config.model_copy(update={"output": config.output.model_copy(update={"watch": True})})
    assert set(draw({"panel": panel()}, asked).values["patient"]) >= {"P000", "P001"}


def test_the_figure_alone_is_refused_with_the_setting_that_allows_it() -> None:
    settings = builders.arms_config().model_dump(mode="json", by_alias=True)
    settings["output"]["figures"] = ["watch"]
    with pytest.raises(ConfigError, match=r"Write 'output.watch: true'"):
        validate_config(settings)
    settings["output"]["watch"] = True
    assert validate_config(settings).output.figures == ["watch"]
