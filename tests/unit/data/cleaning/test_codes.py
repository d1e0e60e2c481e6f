"""Codes and repeated rows of millions of rows are those of the plain definitions, which compare every row with every other."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from alliance.data.cleaning.codes import content_codes
from alliance.data.cleaning.duplicates import identical_rows, joined_rows, most_complete_rows, therapist_of_patient

Contents = Mapping[str, list[tuple[float | str, ...]]]


@pytest.fixture(scope="module", params=range(12))
def study(request: pytest.FixtureRequest) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Sessions, patients and therapists, many of them alike, with blanks, in no order."""
    rng = np.random.default_rng(request.param)
    people = [f"p{n}" for n in range(9)]
    held = [(name, number) for name in people for number in range(1, int(rng.integers(2, 5)))]
    sessions = pd.DataFrame(held, columns=["patient", "session"]).sample(frac=1, random_state=request.param)
    sessions["therapist"] = pd.Series(rng.choice(["x", "y", None], len(held)), index=sessions.index, dtype="str")
    sessions["score"] = rng.choice([1.0, 2.0, np.nan], len(held), p=[0.7, 0.2, 0.1])
    # Together these columns have more values than whole numbers can tell apart.
    for column in range(22):
        sessions[f"item_{column}"] = np.arange(len(held)) % 8 * (sessions["session"] > 2) / 4.0
    patients = pd.DataFrame({"patient": people, "therapist": rng.choice(["x", "y", "z"], 9)}).astype("str")
    patients["arm"] = pd.Series(rng.choice(["a", "b", None], 9), dtype="str")
    return (
        sessions,
        patients,
        pd.DataFrame({"therapist": pd.Series(["x", "z", "y"], dtype="str"), "years": [1.0, 2, 1]}),
    )


def contents(table: pd.DataFrame, key: str) -> Contents:
    """Return the sorted rows of each id; a missing value comes after all others."""
    own = table.drop(columns=key)
    places = {c: {value: place for place, value in enumerate(sorted(own[c].dropna().unique()))} for c in own}
    found: dict[str, list[tuple[float | str, ...]]] = {name: [] for name in table[key]}
    for name, (_, row) in zip(table[key], own.iterrows(), strict=True):
        found[name].append(tuple(np.inf if pd.isna(row[c]) else places[c][row[c]] for c in own))
    return {name: sorted(rows) for name, rows in found.items()}


def test_codes_follow_the_sorted_rows_of_patients_and_therapists(
    study: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> None:
    sessions, patients, therapists = study
    codes, leaders = content_codes(sessions, patients, therapists)
    seen, known = (
        contents(sessions.drop(columns="therapist"), "patient"),
        contents(patients.drop(columns="therapist"), "patient"),
    )
    ranks = sorted({(tuple(seen[name]), tuple(known[name])) for name in known})
    rank = {name: ranks.index((tuple(seen[name]), tuple(known[name]))) for name in known}
    pairs = {
        (name, leader)
        for table in (patients, sessions)
        for name, leader in table[["patient", "therapist"]].dropna().values
    }
    years = contents(therapists, "therapist")
    led = {leader: (sorted(rank[name] for name, own in pairs if own == leader), years[leader]) for leader in years}
    assert [led[leader] for leader in leaders] == sorted(led.values())
    place = {leader: place for place, leader in enumerate(leaders)}
    of = dict(zip(patients["patient"], patients["therapist"], strict=True))
    assert [(rank[name], place[of[name]]) for name in codes] == sorted((rank[name], place[of[name]]) for name in codes)
    assert list(codes.values()) == [f"P{number:03d}" for number in range(1, 10)]


def test_rows_that_stand_alone_are_as_they_were_beside_rows_that_are_repeated() -> None:
    sessions = pd.DataFrame(
        {
            "patient": pd.Series(list("aabbbcdd"), dtype="str"),
            "session": [1.0, 2, 1, 1, 1, 1, np.nan, np.nan],
            "score": [1.0, np.nan, 3, 3, np.nan, np.nan, 2, 2],
            "other": [1.0, 2, np.nan, np.nan, 5, np.nan, 1, 1],
        }
    ).set_axis([0, 1, 2, 4, 5, 7, 8, 9])
    assert list(sessions.index[identical_rows(sessions)]) == [4, 9]
    keyed = sessions.dropna(subset="session")
    assert list(most_complete_rows(keyed, ["score", "other"]).index) == [0, 1, 2, 7]
    joined = joined_rows(keyed, ["score", "other"])
    assert list(joined.index) == [0, 1, 2, 7]
    assert list(joined.loc[2, ["score", "other"]]) == [3.0, 5.0]
    pd.testing.assert_frame_equal(joined.drop(index=2), keyed.drop(index=[2, 4, 5]))


def test_only_patients_of_several_therapists_are_counted_and_all_sessions_count() -> None:
    sessions = pd.DataFrame(
        {
            "patient": pd.Series(list("aabbccc"), dtype="str"),
            "therapist": pd.Series(["x", "y", "y", "y", "x", "x", None], dtype="str"),
            "session": [1.0, 1, 1, 2, 1, 2, 3],
        }
    )
    assert therapist_of_patient(sessions, "most_sessions").to_dict() == {"a": "x", "b": "y", "c": "x"}
    more = pd.concat([sessions, pd.DataFrame({"patient": ["d"], "therapist": ["y"], "session": [1.0]})])
    assert therapist_of_patient(more, "first").to_dict() == {"a": "y", "b": "y", "c": "x", "d": "y"}
