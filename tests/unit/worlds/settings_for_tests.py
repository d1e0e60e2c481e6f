"""Small studies for the tests of the simulator."""

from pathlib import Path
from typing import Any

from alliance.worlds.example.settings import ExampleStudy
from alliance.worlds.settings import World, read_settings

ROOT = Path(__file__).resolve().parents[3]
FILE = ROOT / "config/example_study.yaml"
LITTLE_DIRT = {
    "missing_codes": 8, "blanks": 9, "out_of_range": 7, "patient_missing_codes": 2, "patient_blanks": 3,
    "patient_out_of_range": 1, "identical_duplicates": 4, "conflicting_duplicates": 5, "orphan_rows": 3,
    "therapist_changes": 2, "id_blanks": 6, "id_case": 5, "id_zeros": 4,
}  # fmt: skip


def example(**changes: Any) -> ExampleStudy:
    """The settings of the example study; keyword arguments replace settings."""
    return read_settings(FILE, ExampleStudy, changes)


def small_example(**changes: Any) -> ExampleStudy:
    """The settings of the example study with 40 patients and little dirt; keyword arguments replace sections."""
    missing = {"planned": {"shares": {8: 0.5, 6: 0.5, 16: 0.0, 12: 0.0}}}
    size = {"patients": 40, "therapists": 6, "sessions": 8}
    return example(**{"seed": 3, "size": size, "missing": missing, "dirt": LITTLE_DIRT} | changes)


# x acts on m and both on y; m acts back on the next x. Slopes vary and go together; every level has differences of its own.
WORLD = {
    "seed": 1,
    "size": {"patients": 4000, "therapists": 400, "sessions": 6},
    "variables": {
        "x": {"measured": "before", "mean": 3.0, "sd": 0.8, "causes": {"m_lag": 0.1}, "first": {"mean": 3.0, "sd": 0.8}},
        "m": {"measured": "during", "mean": 10.0, "sd": 1.5, "causes": {"x": 1.2, "m_lag": 0.3}, "first": {"mean": 9.0, "sd": 2.0}},
        "y": {
            "measured": "after",
            "mean": 20.0,
            "sd": 2.0,
            "causes": {"m": -0.5, "x": -0.4, "y_lag": 0.4},
            "first": {"mean": 22.0, "sd": 2.0},
        },
    },
    "patients": {
        "sd": {"intercept -> x": 0.6, "intercept -> m": 1.0, "intercept -> y": 1.2, "x -> m": 0.4, "m -> y": 0.2},
        "correlation": {
            "intercept -> x, intercept -> m": 0.3,
            "intercept -> m, intercept -> y": -0.4,
            "x -> m, m -> y": -0.5,
        },
    },
    "therapists": {"sd": {"intercept -> x": 0.3, "intercept -> m": 0.5, "intercept -> y": 0.4, "m -> y": 0.1}},
}  # fmt: skip


def world(**changes: Any) -> World:
    """The world above; keyword arguments replace sections as a whole."""
    return World.model_validate(WORLD | changes)


def changed(section: str, key: str, **changes: Any) -> dict[str, Any]:
    """Return a section of the world above in which some settings of one entry are replaced."""
    whole: dict[str, Any] = dict(WORLD[section])  # type: ignore[call-overload]
    return {**whole, key: {**whole[key], **changes}}
