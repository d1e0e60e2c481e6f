"""Small studies for the tests of the simulator."""

from pathlib import Path
from typing import Any

from alliance.worlds.settings import StudySettings, read_settings

ROOT = Path(__file__).resolve().parents[3]
FILE = ROOT / "config/example_study.yaml"
LITTLE_DIRT = {
    "missing_codes": 8, "blanks": 9, "out_of_range": 7, "patient_missing_codes": 2, "patient_blanks": 3,
    "patient_out_of_range": 1, "identical_duplicates": 4, "conflicting_duplicates": 5, "orphan_rows": 3,
    "therapist_changes": 2, "id_blanks": 6, "id_case": 5, "id_zeros": 4,
}  # fmt: skip


def small_settings(**changes: Any) -> StudySettings:
    """The settings of the example study with 40 patients and little dirt; keyword arguments replace sections."""
    size = {"patients": 40, "therapists": 6, "sessions": 8, "planned": {8: 0.5, 6: 0.5, 16: 0.0, 12: 0.0}}
    return read_settings(FILE, {"seed": 3, "size": size, "dirt": LITTLE_DIRT, **changes})
