"""Settings of a simulated study."""

from pathlib import Path

import pytest

from alliance.errors import ConfigError
from alliance.worlds.settings import read_settings

FILE = Path(__file__).resolve().parents[3] / "config/example_study.yaml"


def test_changes_replace_single_settings_and_keep_the_rest() -> None:
    changed = read_settings(FILE, {"seed": 7, "size": {"patients": 60}})
    default = read_settings(FILE)
    assert (changed.seed, changed.size.patients) == (7, 60)
    assert changed.alliance == default.alliance
    assert changed.size.therapists == default.size.therapists


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"alliance": {"autoregresion": 0.3}}, "alliance.autoregresion"),
        ({"alliance": {"autoregression": 1.0}}, "alliance.autoregression"),
        ({"size": {"patients": 1}}, "size.patients"),
        ({"size": {"planned": {16: 0.9}}}, "must add up to 1"),
        ({"attendance": {"dropout": 0}}, "attendance.dropout"),
        ({"dirt": {"blanks": -1}}, "dirt.blanks"),
    ],
)
def test_an_unusable_setting_is_named(changes: dict[str, object], place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings(FILE, changes)
    assert place in str(caught.value)
    assert "example_study.yaml" in str(caught.value)
