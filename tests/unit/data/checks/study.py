"""A small study as a team would export it, to be spoiled by the tests."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alliance.config.cleaning import Cleaning
from alliance.config.instruments import read_instruments
from alliance.config.schema import Data, Variable
from alliance.data.checks import CHECKS
from alliance.data.checks.finding import Finding
from alliance.data.export.left_out import leave_out
from alliance.data.export.mapping import measures_of, type_table
from alliance.data.export.raw import RawTable
from alliance.data.export.tables import Export

ROOT = Path(__file__).parents[4]
INSTRUMENTS = [str(ROOT / f"config/instruments/{key}.yaml") for key in ("phq_9", "wai_s")]
PATIENTS, SESSIONS = 20, 4

DATA: dict[str, Any] = {
    "sessions": {
        "path": "sessions.csv",
        "keys": {"patient": "client", "therapist": "leader", "session": "no", "date": "day"},
        "date_format": "%d.%m.%Y",
    },
    "patients": {"path": "patients.csv", "keys": {"patient": "client", "therapist": "leader"}},
    "therapists": {"path": "therapists.csv", "keys": {"therapist": "leader"}},
}
VARIABLES: dict[str, Any] = {
    "symptoms": {"label": "symptoms", "kind": "scale", "instrument": "phq_9", "items": "phq_{item}", "measured": "before"},
    "bond": {"label": "bond", "kind": "scale", "instrument": "wai_s", "items": "wai_{item}", "measured": "after"},
    "warmth": {"label": "warmth", "column": "warmth", "range": [0, 6], "measured": "during"},
    "delivery": {
        "label": "delivery", "kind": "category", "column": "delivery", "reference": "in person", "measured": "during",
    },
    "arm": {"label": "arm", "table": "patients", "kind": "category", "column": "arm", "levels": {"a": 0, "b": 1}},
    "age": {"label": "age", "table": "patients", "column": "age", "range": [16, 100]},
    "years": {"label": "years", "table": "therapists", "column": "years", "range": [0, 60]},
}  # fmt: skip
CLEANING: dict[str, Any] = {
    "ids": {"strip": True, "fold_case": True, "strip_leading_zeros": True},
    "missing_codes": [99, -9, "n/a"],
    "duplicates": {"identical": "drop", "conflicting": "keep_most_complete"},
    "out_of_range": "set_missing",
    "orphans": "drop",
    "therapist_change": "most_sessions",
    "minimum_sessions": 1,
}
STRICT = {
    **CLEANING,
    "ids": {"strip": False, "fold_case": False, "strip_leading_zeros": False},
    "duplicates": {"identical": "stop", "conflicting": "stop"},
    "out_of_range": "stop",
    "orphans": "stop",
    "therapist_change": "stop",
}

Frames = dict[str, pd.DataFrame]


def clean_frames(seed: int = 1) -> Frames:
    """Return three tables of text without any fault."""
    rng = np.random.default_rng(seed)
    rows = []
    for patient in range(PATIENTS):
        level = rng.normal()
        for session in range(1, SESSIONS + 1):
            mood = level + rng.normal(scale=0.7)
            phq = np.clip(np.round(1.5 + mood + rng.normal(scale=0.6, size=9)), 0, 3)
            wai = np.clip(np.round(4 - mood + rng.normal(scale=0.8, size=12)), 1, 7)
            wai[[3, 9]] = 8 - wai[[3, 9]]  # items 4 and 10 are worded negatively
            day = pd.Timestamp(2024, 1, 8) + pd.Timedelta(days=7 * session + patient)
            rows.append(
                {
                    "client": f"C{patient + 1:03d}", "leader": f"T{patient % 4 + 1:02d}", "no": str(session),
                    "day": day.strftime("%d.%m.%Y"), "warmth": str(int(rng.integers(7))),
                    "delivery": ["in person", "video"][int(rng.integers(2))],
                    **{f"phq_{i}": str(int(value)) for i, value in enumerate(phq, start=1)},
                    **{f"wai_{i}": str(int(value)) for i, value in enumerate(wai, start=1)},
                }
            )  # fmt: skip
    patients = [
        {"client": f"C{p + 1:03d}", "leader": f"T{p % 4 + 1:02d}", "arm": "ab"[p % 2], "age": str(20 + p)}
        for p in range(PATIENTS)
    ]
    therapists = [{"leader": f"T{t + 1:02d}", "years": str(3 * t)} for t in range(4)]
    return {
        name: pd.DataFrame(content, dtype="str")
        for name, content in (("sessions", rows), ("patients", patients), ("therapists", therapists))
    }


def export_of(
    frames: Frames,
    *,
    cleaning: dict[str, Any] | None = None,
    data: dict[str, Any] | None = None,
    variables: dict[str, Any] | None = None,
    smallest_group: int = 5,
) -> Export:
    """Map and type tables that are in memory."""
    declared = Data.model_validate({name: part for name, part in (data or DATA).items() if name in frames})
    measured = {name: Variable.model_validate(content) for name, content in (variables or VARIABLES).items()}
    rules = Cleaning.model_validate(cleaning or CLEANING)
    instruments = read_instruments(INSTRUMENTS)
    tables = {}
    for name, frame in frames.items():
        blank = frame.where(frame != "")
        raw = RawTable(name, f"{name}.csv", blank.set_axis(range(2, len(frame) + 2), axis="index"))
        source = getattr(declared, name)
        tables[name] = type_table(raw, source, measures_of(name, measured, instruments), rules)
    return Export(
        leave_out(tables, rules), declared, measured, rules, instruments, dict.fromkeys(measured, smallest_group)
    )


def findings(check: str, frames: Frames, **settings: Any) -> list[Finding]:
    """Run one check."""
    return CHECKS[check](export_of(frames, **settings))
