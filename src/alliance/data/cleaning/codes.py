"""Codes such as P001 and T01 in place of ids, given in an order that depends on the content of the clean data only.

Two patients get the same codes whatever their ids were, however they were spelled, and in whatever order the rows came.
"""

import numpy as np
import pandas as pd

from alliance.facts.columns import PATIENT, THERAPIST


def content_codes(
    sessions: pd.DataFrame, patients: pd.DataFrame, therapists: pd.DataFrame
) -> tuple[dict[str, str], dict[str, str]]:
    """Return id -> code for patients and for therapists.

    Patients are ordered by their session data, then by their own data; therapists by the data of their patients, then
    by their own. Patients with the same data are told apart by their therapist's place; two who are still alike are
    interchangeable, so that which of them comes first changes nothing in any table.

    Parameters
    ----------
    sessions, patients, therapists
        Clean tables with ids in the key columns, one row per session, patient and therapist.
    """
    patient_content = _join(
        _contents(sessions.drop(columns=THERAPIST, errors="ignore"), PATIENT),
        _contents(patients.drop(columns=THERAPIST), PATIENT),
    )
    patient_rank = _rank(patient_content)
    of_patient = patients.set_index(PATIENT)[THERAPIST]
    seen = [table[[PATIENT, THERAPIST]] for table in (patients, sessions) if THERAPIST in table]
    # Patients who keep several therapists have one of them in their own table.
    led = pd.concat(seen).dropna().drop_duplicates()
    led["patient_rank"] = [patient_rank[patient] for patient in led[PATIENT]]
    therapist_content = _join(_contents(led.drop(columns=PATIENT), THERAPIST), _contents(therapists, THERAPIST))
    therapist_place = {name: place for place, name in enumerate(_ordered(therapist_content), start=1)}
    place_of_patient = {patient: therapist_place.get(of_patient[patient], 0) for patient in of_patient.index}
    ordered = sorted(patient_rank, key=lambda patient: (patient_rank[patient], place_of_patient[patient]))
    return _named("P", ordered, 3), _named("T", list(therapist_place), 2)


def _contents(table: pd.DataFrame, key: str) -> dict[str, bytes]:
    """Describe the rows of each key by bytes that sort like the rows' values."""
    ids = table[key].to_numpy()
    columns = [_ranks(table[column]) for column in table.columns if column != key]
    if not columns or not len(table):
        return dict.fromkeys(ids, b"")
    matrix = np.column_stack(columns)
    ordered = np.lexsort(matrix.T[::-1])
    found: dict[str, list[bytes]] = {}
    for row in ordered:
        found.setdefault(ids[row], []).append(matrix[row].astype(">u4").tobytes())
    return {name: b"".join(rows) for name, rows in found.items()}


def _ranks(column: pd.Series) -> np.ndarray:
    """Replace values by their place among the distinct values; missing values come last."""
    codes, distinct = pd.factorize(column, sort=True)
    return np.where(codes < 0, len(distinct), codes).astype(np.uint32)


def _join(first: dict[str, bytes], second: dict[str, bytes]) -> dict[str, tuple[bytes, bytes]]:
    names = dict.fromkeys([*first, *second])
    return {name: (first.get(name, b""), second.get(name, b"")) for name in names}


def _rank(contents: dict[str, tuple[bytes, bytes]]) -> dict[str, int]:
    distinct = {content: rank for rank, content in enumerate(sorted(set(contents.values())))}
    return {name: distinct[content] for name, content in contents.items()}


def _ordered(contents: dict[str, tuple[bytes, bytes]]) -> list[str]:
    return sorted(contents, key=lambda name: contents[name])


def _named(letter: str, ordered: list[str], digits: int) -> dict[str, str]:
    width = max(digits, len(str(len(ordered))))
    return {name: f"{letter}{place:0{width}d}" for place, name in enumerate(ordered, start=1)}
