"""A small study as a clinic would export it, to be spoiled, and how it is written as a file of each kind."""

# Tables of choices, wrapped by hand.
# fmt: off

import copy
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pyreadstat
import yaml

ROOT = Path(__file__).parents[2]
PATIENTS, SESSIONS = 24, 6
ITEMS = [f"GAD{item}" for item in range(1, 8)]
NUMBERS = ["WAI", "PHQ", "TECH", *ITEMS]
KINDS = ("csv", "xlsx", "sav", "parquet", "dta")

OVERLAY: dict[str, Any] = {
    "run": {"name": "fuzz", "title": "A clinic", "seed": 7, "compare_to": None},
    "study": {
        "description": "Made up.", "design": "randomised_arms", "randomised": ["arm"], "planned_sessions": None, "limits": [],
    },
    "data": {
        "sessions": {"path": "", "keys": {"patient": "PID", "therapist": "THER", "session": "SITZ", "date": "DATUM"}},
        "patients": {"path": "", "keys": {"patient": "PID", "therapist": "THER"}},
    },
    "variables": {
        "alliance": {"label": "alliance", "column": "WAI", "range": [1, 7], "measured": "after", "rater": "patient", "higher_is": "better"},
        "anxiety": {
            "label": "anxiety", "kind": "scale", "instrument": "gad_7", "items": "GAD{item}", "measured": "before", "rater": "patient",
            "higher_is": "worse",
        },
        "symptoms": {"label": "symptoms", "column": "PHQ", "range": [0, 27], "measured": "before", "rater": "patient",
            "higher_is": "worse"},
        "technique": {"label": "technique", "column": "TECH", "measured": "during", "rater": "observer"},
        "arm": {"label": "arm", "table": "patients", "kind": "category", "column": "ARM", "levels": {"üblich": 0, "neu": 1}},
    },
    "cleaning": {
        "ids": {"strip": True, "fold_case": True, "strip_leading_zeros": True}, "missing_codes": [99, "k.A."],
        "duplicates": {"identical": "drop", "conflicting": "keep_most_complete"}, "out_of_range": "set_missing", "orphans": "drop",
        "therapist_change": "most_sessions", "minimum_sessions": 1, "exclude": {"patients": []}, "new_episode_after_days": None,
        "largest_session": None, "largest_share": {"ids": 0.05, "orphans": 0.05},
    },
    "panel": {"lag": 1, "max_gap_days": 21},
    "models": {
        "fit": ["variance", "steps", "joint"],
        "answers": {"arm": "joint"},
        "specs": {
            "variance": {"label": "variance", "family": "textbook", "analysis": "variance", "variables": ["alliance", "symptoms"]},
            "steps": {
                "label": "steps", "family": "textbook",
                "equations": {
                    "alliance": {"on": ["technique", "session"], "vary": {"patient": ["intercept", "technique"]}},
                    "symptoms": {"on": ["alliance_lag", "technique_lag", "session"], "vary": {"patient": ["intercept"]}},
                },
                "effects": {"from": "technique", "to": "symptoms"},
            },
            "joint": {
                "label": "joint", "family": "multilevel_path", "depth": "ml", "missing": "fill", "trends": False, "influence": False,
                "bases": {"course": {"of": "session", "kind": "polynomial", "df": 2}},
                "products": {"arm_by_course": ["arm", "course"]},
                "equations": {
                    "alliance": {"on": ["arm", "course", "arm_by_course", "alliance_lag"], "vary": {"patient": ["intercept"]}},
                    "symptoms": {"on": ["alliance_lag", "arm", "symptoms_lag", "session"], "vary": {"patient": ["intercept"]}},
                },
                "effects": {"from": "arm", "to": "symptoms"},
            },
        },
    },
    "sampling": {"chains": 4, "draws": 1000, "tune": 500, "target_accept": 0.8},
    "priors": {"slope_sd": 0.3, "intercept_sd": 1.0, "residual_sd": 1.0, "varying_sd": 0.5, "correlations": "uniform"},
    "inference": {
        "interval": 0.95, "monte_carlo_draws": 20000, "rhat_max": 1.01, "ess_min": 400, "divergences_max": 0,
    },
    "privacy": {"original_ids": False, "minimum_cell": 5, "single_patients": False},
    "output": {"figures": ["flow", "forest"], "tables": ["effects", "checks"], "figure_dpi": 200},
}


def clean_frame() -> pd.DataFrame:
    """Return the sessions as the clinic holds them: text, numbers and dates, a few blanks, a note that nobody uses."""
    rng = np.random.default_rng(20)
    rows = []
    for patient in range(PATIENTS):
        level, burden = rng.normal(4.5, 0.8), rng.normal(1.4, 0.4)
        for session in range(1, SESSIONS + 1):
            mood = burden - 0.1 * session + rng.normal(0, 0.3)
            items = np.clip(np.round(mood + rng.normal(0, 0.6, len(ITEMS))), 0, 3).astype(int)
            rows.append(
                {
                    "PID": f"{'MÜ' if patient % 3 else 'K'}-{patient + 1:02d}",
                    "THER": f"T{patient % 4 + 1}",
                    "SITZ": session,
                    "DATUM": pd.Timestamp(2024, 1, 8) + pd.Timedelta(days=7 * session + patient),
                    "WAI": round(float(np.clip(level + 0.1 * session + rng.normal(0, 0.7), 1, 7)), 1),
                    "PHQ": int(np.clip(np.round(7 * mood + rng.normal(0, 1.5)), 0, 27)),
                    "TECH": round(float(np.clip(rng.normal(3, 1), 0, 6)), 1),
                    **{name: int(value) for name, value in zip(ITEMS, items, strict=True)},
                    "ARM": "neu" if patient % 2 else "üblich",
                    "FREI": int(rng.integers(0, 50)),
                    "NOTIZ": f"Gespräch {session}",
                }
            )
    frame = pd.DataFrame(rows).astype(object)
    for row, column in ((3, "WAI"), (17, "PHQ"), (40, "TECH"), (61, "GAD4"), (90, "WAI"), (121, "PHQ")):
        frame.at[row, column] = None
    return frame


def overlay() -> dict[str, Any]:
    """Return a copy of the settings."""
    return copy.deepcopy(OVERLAY)


def cell_text(cell: Any) -> str:
    """Write a cell as an export would."""
    if cell is None or cell is pd.NaT or cell != cell:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, pd.Timestamp):
        return cell.strftime("%Y-%m-%d")
    return str(cell)


def csv_text(frame: pd.DataFrame, delimiter: str = ",", end: str = "\n", decimal: str = ".") -> str:
    """Write a table as delimited text; cells with a delimiter, a quotation mark or a line break are quoted."""

    def quoted(cell: Any) -> str:
        text = cell_text(cell)
        if decimal != "." and isinstance(cell, float):
            text = text.replace(".", decimal)
        special = any(mark in text for mark in (delimiter, '"', "\n", "\r"))
        return '"' + text.replace('"', '""') + '"' if special else text

    lines = [delimiter.join(quoted(name) for name in frame.columns)]
    lines += [delimiter.join(quoted(cell) for cell in row) for row in frame.itertuples(index=False, name=None)]
    return end.join(lines) + end


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table in the format that the path's ending names."""
    kind = path.suffix.removeprefix(".")
    if kind == "csv":
        path.write_text(csv_text(frame), encoding="utf-8", newline="")
    elif kind == "xlsx":
        book = openpyxl.Workbook()
        for place, row in enumerate([list(frame.columns), *frame.itertuples(index=False, name=None)], start=1):
            for column, cell in enumerate(row, start=1):
                value = cell.to_pydatetime() if isinstance(cell, pd.Timestamp) else cell
                book.active.cell(place, column).value = value
        book.save(path)
    elif kind == "parquet":
        columns = {str(name): _arrow(list(frame.iloc[:, place])) for place, name in enumerate(frame.columns)}
        pa.parquet.write_table(pa.table(columns), path)
    else:
        _write_statistics(frame, path, kind)


def _arrow(cells: list[Any]) -> pa.Array:
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds <= {int, float}:
        return pa.array([None if cell is None else float(cell) for cell in cells] if float in kinds else cells)
    if kinds == {pd.Timestamp}:
        return pa.array([None if cell is None else cell.date() for cell in cells])
    if kinds == {bool}:
        return pa.array(cells)
    return pa.array([None if cell is None else cell_text(cell) for cell in cells], type=pa.string())


def _write_statistics(frame: pd.DataFrame, path: Path, kind: str) -> None:
    plain = {}
    for place, name in enumerate(frame.columns):
        cells = list(frame.iloc[:, place])
        kinds = {type(cell) for cell in cells if cell is not None}
        if kinds <= {int, float, bool}:
            plain[str(name)] = pd.Series([np.nan if cell is None else float(cell) for cell in cells], dtype="float64")
        elif kinds == {pd.Timestamp}:
            plain[str(name)] = pd.Series([None if cell is None else cell.date() for cell in cells], dtype=object)
        else:
            plain[str(name)] = pd.Series([cell_text(cell) for cell in cells], dtype=object)
    table = pd.DataFrame(plain)
    if kind == "sav":
        pyreadstat.write_sav(table, path)
    else:
        pyreadstat.write_dta(table, path)


def write_overlay(settings: dict[str, Any], path: Path) -> None:
    """Write settings as a user's file."""
    path.write_text(yaml.safe_dump(settings, allow_unicode=True, sort_keys=False), encoding="utf-8")
