"""Row order, column order and the spelling of ids change nothing (design.md, section 7)."""

import hashlib

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alliance.data.cleaning.clean import CleanStudy, clean_tables
from alliance.data.cleaning.codes import content_codes
from tests.unit.data.checks.study import Frames, clean_frames, export_of

SPELLINGS = [
    str,
    str.lower,
    lambda name: f" {name}",
    lambda name: f"{name} ",
    lambda name: name[0] + name[1:].lstrip("0"),
]


def spoiled() -> Frames:
    """A study in which every row-dropping rule has something to do."""
    frames = clean_frames()
    sessions = frames["sessions"]
    sessions.loc[5, "leader"] = "T04"
    sessions.loc[8, "phq_1"] = "99"
    twin = sessions.iloc[[12]]
    equal_but_other = sessions.iloc[[17]].assign(warmth=str((int(sessions.loc[17, "warmth"]) + 1) % 7))
    orphan = sessions.iloc[[3]].assign(client="C900")
    frames["sessions"] = pd.concat([sessions, twin, equal_but_other, orphan], ignore_index=True)
    # Two patients who are the same in everything but their therapist.
    for column in [c for c in sessions if c not in ("client", "leader")]:
        frames["sessions"].loc[24:27, column] = sessions.loc[20:23, column].to_numpy()
    frames["patients"].loc[6, ["arm", "age"]] = frames["patients"].loc[5, ["arm", "age"]].to_numpy()
    return frames


def results(frames: Frames) -> CleanStudy:
    export = export_of(frames)
    return clean_tables(export.tables, export.cleaning)


def digest(table: pd.DataFrame) -> str:
    return hashlib.sha256(table.to_csv(index=False).encode()).hexdigest()


def shuffled(frames: Frames, rng: np.random.Generator) -> Frames:
    return {
        name: frame.iloc[rng.permutation(len(frame)), rng.permutation(frame.shape[1])].reset_index(drop=True)
        for name, frame in frames.items()
    }


def renamed(frames: Frames, rng: np.random.Generator) -> Frames:
    """Give every patient and therapist another id, the same in all tables."""
    changed = {name: frame.copy() for name, frame in frames.items()}
    for key, letter in (("client", "X"), ("leader", "Y")):
        tables = [frame for frame in changed.values() if key in frame]
        names = sorted({name for frame in tables for name in frame[key]})
        new = dict(zip(names, [f"{letter}{number:04d}" for number in rng.permutation(len(names)) + 1], strict=True))
        for frame in tables:
            frame[key] = frame[key].map(new).astype("str")
    return changed


EXPECTED = results(spoiled())
SEEDS = st.integers(min_value=0, max_value=2**32 - 1)
FEW = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


@FEW
@given(seed=SEEDS)
def test_order_of_rows_and_columns_changes_nothing(seed: int) -> None:
    study = results(shuffled(spoiled(), np.random.default_rng(seed)))
    for name in ("sessions", "patients", "therapists", "report", "flow"):
        assert digest(getattr(study, name)) == digest(getattr(EXPECTED, name)), name


@FEW
@given(seed=SEEDS)
def test_other_ids_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    study = results(shuffled(renamed(spoiled(), rng), rng))
    for name in ("sessions", "patients", "therapists", "report", "flow"):
        assert digest(getattr(study, name)) == digest(getattr(EXPECTED, name)), name


@FEW
@given(seed=SEEDS)
def test_other_spellings_of_ids_change_only_the_count_of_spellings(seed: int) -> None:
    rng = np.random.default_rng(seed)
    frames = spoiled()
    for frame in frames.values():
        for key in {"client", "leader"} & set(frame):
            frame[key] = [SPELLINGS[rng.integers(len(SPELLINGS))](name) for name in frame[key]]
    study = results(frames)
    for name in ("sessions", "patients", "therapists", "flow"):
        assert digest(getattr(study, name)) == digest(getattr(EXPECTED, name)), name
    others = study.report[~study.report["rule"].str.startswith("ids_")]
    expected = EXPECTED.report[~EXPECTED.report["rule"].str.startswith("ids_")]
    assert digest(others) == digest(expected)


def test_patients_alike_in_everything_are_told_apart_by_their_therapist_only() -> None:
    patients = pd.DataFrame({"patient": list("abcd"), "therapist": list("xyxy")})
    sessions = pd.DataFrame({"patient": list("abcd"), "session": 1, "score": [1.0, 1.0, 2.0, 2.0]})
    therapists = pd.DataFrame({"therapist": list("xy")})
    for order in ([0, 1, 2, 3], [3, 2, 1, 0], [1, 2, 0, 3]):
        codes, leaders = content_codes(sessions.iloc[order], patients.iloc[order], therapists)
        led = [leaders[therapist] for therapist in patients["therapist"]]
        assert sorted(zip(codes.values(), [led["abcd".index(name)] for name in codes], strict=True)) == [
            ("P001", "T01"), ("P002", "T02"), ("P003", "T01"), ("P004", "T02"),
        ]  # fmt: skip


def test_codes_grow_with_the_number_of_patients() -> None:
    people = pd.DataFrame(
        {"patient": [f"p{n}" for n in range(1200)], "therapist": pd.Series([pd.NA] * 1200, dtype="str")}
    )
    sessions = people[["patient"]].assign(session=1, score=np.arange(1200.0))
    codes, leaders = content_codes(sessions, people, pd.DataFrame({"therapist": pd.Series(dtype="str")}))
    assert (codes["p0"], codes["p1199"], leaders) == ("P0001", "P1200", {})
