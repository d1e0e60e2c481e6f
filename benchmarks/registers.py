"""Registers of any size with a known truth, written in chunks as an export, with the configuration that reads them.

    python benchmarks/registers.py FOLDER --patients 650000              # some 10 million sessions with scale scores
    python benchmarks/registers.py FOLDER --patients 20000 --items       # 400,000 sessions with the items of two questionnaires
    make run CONFIG=FOLDER/study.yaml

For session t of patient i, deviations from the levels that the patient settles at:

    symptoms  y_t = .4 y_(t-1) + b_i m_(t-1) - .5 x_(t-1) + e        before the session
    technique x_t = e                                              during it
    alliance  m_t = a_i x_t + r_i y_t + .3 m_(t-1) + e               after it

with a_i, b_i and r_i normal around A, B and R, and therapists who differ in all three levels. Half of the patients are in each of two arms;
the arm moves the level of the alliance. Patients miss sessions and leave answers blank as in routine care, and stay for 2 to 40 sessions.

Scores are rounded and end where their scales do. That brings estimates of B 1.3 % nearer to zero (300,000 sessions, the same seed with and
without): with millions of sessions intervals leave out B for that reason.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.csv
import yaml

A, B, R, C_PRIME = 1.2, -0.25, -0.1, -0.5
SD_A, SD_B, SD_R = 0.4, 0.08, 0.08
_INERTIA, _CARRY = 0.4, 0.3
_ARM = 1.6  # points of the alliance
_THERAPISTS = (1.0, 1.0, 0.2)  # how much they differ: points of alliance, symptoms and technique
_ERROR = {"symptoms": 2.5, "technique": 0.8, "alliance": 3.2}
_LONGEST = 40
_MISSED, _BLANK = 0.03, 0.05  # shares of sessions and of answers
_CHUNK = 25_000  # patients
_PER_THERAPIST = 30  # patients
_WAI, _PHQ = 12, 9  # items


def main() -> None:
    """Write an export and its configuration into a folder."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--patients", type=int, required=True)
    parser.add_argument(
        "--sessions", type=float, default=15.4, help="attended on average; all that are planned with --items"
    )
    parser.add_argument(
        "--items", action="store_true", help="answers to items in place of scores; every session is attended"
    )
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(chosen.seed)
    sessions: pyarrow.csv.CSVWriter | None = None
    people = []
    for first in range(0, chosen.patients, _CHUNK):
        patients = _patients(rng, np.arange(first, min(first + _CHUNK, chosen.patients)), chosen.patients)
        people.append(patients[["client_id", "therapist_id", "arm", "age"]])
        table = pyarrow.Table.from_pandas(_sessions(rng, patients, chosen.sessions, chosen.items), preserve_index=False)
        sessions = sessions or pyarrow.csv.CSVWriter(
            chosen.folder / "sessions.csv", table.schema, write_options=pyarrow.csv.WriteOptions(quoting_style="none")
        )
        sessions.write_table(table)
    assert sessions is not None
    sessions.close()
    everybody = pd.concat(people)
    everybody.to_csv(chosen.folder / "patients.csv", index=False)
    therapists = pd.Series(everybody["therapist_id"].unique(), name="therapist_id").to_frame()
    therapists["experience"] = rng.integers(0, 40, len(therapists))
    therapists.to_csv(chosen.folder / "therapists.csv", index=False)
    (chosen.folder / "study.yaml").write_text(_configuration(chosen.folder.resolve(), chosen.items), encoding="utf-8")


def _patients(rng: np.random.Generator, numbers: np.ndarray, of: int) -> pd.DataFrame:
    size, therapists = len(numbers), max(of // _PER_THERAPIST, 1)
    owner = rng.integers(0, therapists, size)
    levels = np.random.default_rng(0).normal(0, _THERAPISTS, (therapists, 3))[owner]
    arm = rng.integers(0, 2, size)
    return pd.DataFrame(
        {
            "client_id": [f"C{number + 1:07d}" for number in numbers],
            "therapist_id": [f"T{number + 1:05d}" for number in owner],
            "arm": np.where(arm == 1, "alliance_focused", "standard"),
            "age": rng.integers(18, 80, size),
            "alliance": 40 + _ARM * arm + 3.0 * rng.normal(size=size) + levels[:, 0],
            "symptoms": 12 + 3.5 * rng.normal(size=size) + levels[:, 1],
            "technique": 3 + 0.4 * rng.normal(size=size) + levels[:, 2],
            "a": A + SD_A * rng.normal(size=size),
            "b": B + SD_B * rng.normal(size=size),
            "r": R + SD_R * rng.normal(size=size),
        }
    )


def _sessions(rng: np.random.Generator, patients: pd.DataFrame, mean: float, items: bool) -> pd.DataFrame:
    """Simulate all sessions of some patients, those attended in the order of patients and sessions."""
    size = len(patients)
    longest = round(mean) if items else _LONGEST
    lasts = np.full(size, longest) if items else 2 + rng.binomial(_LONGEST - 2, _share(rng, mean, size))
    level = {name: patients[name].to_numpy() for name in _ERROR}
    a, b, r = (patients[name].to_numpy() for name in "abr")
    y, x, m = (
        4.0 * np.ones(size),
        np.zeros(size),
        np.zeros(size),
    )  # patients begin with more symptoms than they settle at
    start = rng.integers(0, 3650, size)
    rows = []
    for session in range(1, longest + 1):
        past = y if session == 1 else _INERTIA * y + b * m + C_PRIME * x
        y = past + _ERROR["symptoms"] * rng.normal(size=size)
        x = _ERROR["technique"] * rng.normal(size=size)
        m = a * x + r * y + _CARRY * m + _ERROR["alliance"] * rng.normal(size=size)
        attended = np.flatnonzero((session <= lasts) & (items | (rng.random(size) >= _MISSED) | (session == 1)))
        scores = {
            "symptoms": (level["symptoms"] + y)[attended],
            "technique": (level["technique"] + x)[attended],
            "alliance": (level["alliance"] + m)[attended],
        }
        rows.append(
            pd.DataFrame(
                {
                    "place": attended,
                    "session_no": session,
                    "day": start[attended] + 7 * session,
                    **(_items(rng, scores) if items else _rounded(rng, scores)),
                }
            )
        )
    table = pd.concat(rows).sort_values(["place", "session_no"], kind="stable")
    place = table.pop("place").to_numpy()
    days = np.datetime64("2015-01-01") + table.pop("day").to_numpy().astype("timedelta64[D]")
    table.insert(0, "client_id", patients["client_id"].to_numpy()[place])
    table.insert(1, "therapist_id", patients["therapist_id"].to_numpy()[place])
    table.insert(3, "session_date", days.astype(str))
    return table


def _share(rng: np.random.Generator, mean: float, size: int) -> np.ndarray:
    centre = (mean / (1 - _MISSED) - 2) / (_LONGEST - 2)
    return rng.beta(4 * centre, 4 * (1 - centre), size)


def _rounded(rng: np.random.Generator, scores: dict[str, np.ndarray]) -> dict[str, pd.Series]:
    ranges = {"symptoms": (0, 27, 1), "technique": (0, 6, 10), "alliance": (12, 60, 1)}
    found = {}
    for name, values in scores.items():
        low, high, places = ranges[name]
        column = pd.Series(np.round(np.clip(values, low, high) * places) / places)
        column[rng.random(len(column)) < _BLANK] = np.nan
        found[name] = column if places > 1 else column.astype("Int64")
    return found


def _items(rng: np.random.Generator, scores: dict[str, np.ndarray]) -> dict[str, pd.Series]:
    found: dict[str, pd.Series] = {}
    for name, prefix, number, low, high in (("alliance", "wai", _WAI, 1, 5), ("symptoms", "phq", _PHQ, 0, 3)):
        noise = rng.normal(0, 0.5, (number, len(scores[name])))
        for item in range(number):
            answer = pd.Series(np.clip(np.round(scores[name] / number + noise[item]), low, high)).astype("Int64")
            answer[rng.random(len(answer)) < _BLANK / number] = pd.NA
            found[f"{prefix}_{item + 1}"] = answer
    return {**found, **_rounded(rng, {"technique": scores["technique"]})}


def _configuration(folder: Path, items: bool) -> str:
    """Return the overlay that reads an export, in YAML."""
    keys = {"patient": "client_id", "therapist": "therapist_id"}
    alliance = {"label": "working alliance", "role": "mediator", "measured": "after", "higher_is": "better"}
    symptoms = {"label": "symptoms", "role": "outcome", "measured": "before", "higher_is": "worse"}
    if items:
        alliance |= {"kind": "scale", "instrument": "wai_sr", "items": "wai_{item}", "reliability": "items"}
        symptoms |= {"kind": "scale", "instrument": "phq_9", "items": "phq_{item}", "reliability": "items"}
    else:
        alliance |= {"column": "alliance", "range": [12, 60]}
        symptoms |= {"column": "symptoms", "range": [0, 27]}
    arms = {"standard": 0, "alliance_focused": 1}
    settings = {
        "run": {"name": folder.name, "title": "A simulated register"},
        "study": {"description": "Simulated register.", "design": "randomised_arms", "randomised": ["arm"]},
        "data": {
            "sessions": {
                "path": str(folder / "sessions.csv"),
                "keys": {**keys, "session": "session_no", "date": "session_date"},
            },
            "patients": {"path": str(folder / "patients.csv"), "keys": keys},
            "therapists": {"path": str(folder / "therapists.csv"), "keys": {"therapist": "therapist_id"}},
        },
        "variables": {
            "alliance": {**alliance, "rater": "patient"},
            "symptoms": {**symptoms, "rater": "patient"},
            "technique": {
                "label": "technique",
                "role": "technique",
                "column": "technique",
                "range": [0, 6],
                "measured": "during",
                "rater": "observer",
            },
            "arm": {
                "label": "treatment arm",
                "role": "treatment",
                "table": "patients",
                "kind": "category",
                "column": "arm",
                "levels": arms,
            },
            "age": {"label": "age", "role": "patient", "table": "patients", "column": "age", "range": [16, 100]},
            "experience": {
                "label": "experience",
                "role": "therapist",
                "table": "therapists",
                "column": "experience",
                "range": [0, 60],
            },
        },
    }
    return str(yaml.safe_dump(settings, sort_keys=False))


if __name__ == "__main__":
    main()
