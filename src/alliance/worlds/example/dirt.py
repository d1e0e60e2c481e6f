"""What goes wrong between a clinic and a file: every kind of dirt is put in completely at random, and counted.

Tables are tables of text here, as they will stand in the file. No cell is dirtied twice and rows that are copied carry no other
dirt, so that a cleaning that works restores the study except for the cells that became missing.
"""

import numpy as np
import pandas as pd

from alliance.errors import ConfigError
from alliance.worlds.example.settings import Dirt

MISSING_CODES = ("99", "-9")
ORPHAN = "C0000"  # an id that no patient has: their numbers start at 1
LABELS = ("delivery", "rupture", "arm", "clinic", "gender", "background", "cultural_match")
# Recorded by machines and taken from registers, so that nobody slips; what is appended here leaves the dirt of all else as it is.
SPARED = ("synchrony", "socioeconomic_status", "life_strain")
KEYS = ("client_id", "therapist_id", "session_no", "session_date")
LONG_ENOUGH, AFTER_CHANGE = 6, 2  # sessions of a patient whose therapist changes, and how many came after it
_BLANKED, _CHANGED = 4, 3  # cells of a conflicting copy
# What a slip of the finger makes of an answer, by the first words of the column's name.
_IMPOSSIBLE = {
    "wai_therapist_total": ("8", "95", "540"),
    "wai": ("0", "6", "11", "44"),
    "phq": ("4", "5", "11", "22"),
    "tech": ("7", "8", "33"),
    "strat": ("7", "8", "33"),
    "age": ("3", "208"),
    "interpersonal_problems": ("5", "44"),
}
_IMPOSSIBLE_OF_TEN = ("11", "12", "55")


def soil_sessions(
    clean: pd.DataFrame, therapists: pd.DataFrame, dirt: Dirt, rng: np.random.Generator
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Dirty the sessions.

    Parameters
    ----------
    clean
        Sessions as text, blank where nothing is known.
    therapists
        Therapists as text; a new therapist works in the same clinic as the one before.

    Returns
    -------
    pandas.DataFrame
        All rows, the added ones at the end.
    dict of str to int
        How much there is of each kind.

    Raises
    ------
    ConfigError
        The study is too small for this much dirt.
    """
    table = clean.copy()
    counts: dict[str, int] = {"therapist_changes": _change_therapists(table, therapists, dirt.therapist_changes, rng)}
    rows = rng.permutation(len(table))
    wanted = dirt.identical_duplicates + dirt.conflicting_duplicates + dirt.orphan_rows
    if wanted > len(table) // 2:
        raise ConfigError(f"dirt: {wanted} added rows are too many for {len(table)} sessions. Lower the numbers.")
    copied, other = rows[:wanted], rows[wanted:]
    identical, rest = np.split(copied, [dirt.identical_duplicates])
    conflicting, strangers = np.split(rest, [dirt.conflicting_duplicates])
    counts |= _soil_cells(table, other, dirt.missing_codes, dirt.blanks, dirt.out_of_range, rng)
    # Only where the usual spelling stays the most frequent one, so that what is unusual can be told.
    often = other[table.groupby("client_id")["client_id"].transform("size").to_numpy()[other] >= LONG_ENOUGH]
    spellings = {"id_blanks": dirt.id_blanks, "id_case": dirt.id_case, "id_zeros": dirt.id_zeros}
    counts |= _misspell_ids(table, often, spellings, rng)
    added = [table.iloc[identical], _conflicting(table.iloc[conflicting], rng), _orphans(table.iloc[strangers])]
    counts |= {
        "identical_duplicates": len(identical),
        "conflicting_duplicates": len(conflicting),
        "orphan_rows": len(strangers),
    }
    return pd.concat([table, *added], ignore_index=True), counts


def soil_patients(clean: pd.DataFrame, dirt: Dirt, rng: np.random.Generator) -> tuple[pd.DataFrame, dict[str, int]]:
    """Dirty the patients' characteristics; the arm and the clinic, which were assigned, are always known."""
    table = clean.copy()
    known = table[["arm", "clinic"]].copy()
    soiled = table.drop(columns=["arm", "clinic"])
    rows = rng.permutation(len(soiled))
    counts = _soil_cells(soiled, rows, dirt.patient_missing_codes, dirt.patient_blanks, dirt.patient_out_of_range, rng)
    return pd.concat([soiled, known], axis=1)[list(clean.columns)], counts


def _soil_cells(
    table: pd.DataFrame, rows: np.ndarray, codes: int, blanks: int, impossible: int, rng: np.random.Generator
) -> dict[str, int]:
    """Put missing codes, blanks and impossible values into answered cells of some rows."""
    numbers = [column for column in table.columns if column not in (*KEYS, *LABELS, *SPARED)]
    answered = [(row, column) for row in np.sort(rows) for column in numbers if table.at[row, column] != ""]
    wanted = codes + blanks + impossible
    if wanted > len(answered) // 2:
        raise ConfigError(f"dirt: {wanted} dirty cells are too many for {len(answered)} answers. Lower the numbers.")
    chosen = [answered[place] for place in rng.permutation(len(answered))[:wanted]]
    for place, (row, column) in enumerate(chosen):
        if place < codes:
            # Somebody can be 99 years old, so an unknown age is never coded so.
            table.at[row, column] = MISSING_CODES[1 if column == "age" else place % len(MISSING_CODES)]
        elif place < codes + blanks:
            table.at[row, column] = ""
        else:
            known = (values for stem, values in _IMPOSSIBLE.items() if f"{column}_".startswith(f"{stem}_"))
            slips = next(known, _IMPOSSIBLE_OF_TEN)
            table.at[row, column] = slips[int(rng.integers(len(slips)))]
    return {"missing_codes": codes, "blanks": blanks, "out_of_range": impossible}


def _misspell(kind: str, name: str) -> str:
    if kind == "id_blanks":
        return f" {name}" if int(name[-1]) % 2 else f"{name} "
    return name.lower() if kind == "id_case" else name[0] + name[1:].lstrip("0")


def _misspell_ids(
    table: pd.DataFrame, rows: np.ndarray, wanted: dict[str, int], rng: np.random.Generator
) -> dict[str, int]:
    """Spell the patient's or the therapist's id another way, each row at most once."""
    order = [(int(row), KEYS[int(rng.integers(2))]) for row in rng.permutation(rows)]
    used: set[int] = set()
    counts: dict[str, int] = {}
    for kind, number in wanted.items():
        counts[kind] = 0
        for row, key in order:
            if counts[kind] == number:
                break
            name = str(table.at[row, key])
            if row not in used and _misspell(kind, name) != name:
                table.at[row, key] = _misspell(kind, name)
                used.add(row)
                counts[kind] += 1
    return counts


def _change_therapists(table: pd.DataFrame, therapists: pd.DataFrame, wanted: int, rng: np.random.Generator) -> int:
    """Give the last sessions of a few patients to a colleague in the same clinic."""
    clinic = dict(zip(therapists["therapist_id"], therapists["clinic"], strict=True))
    sizes = table.groupby("client_id").size()
    changed = 0
    for patient in rng.permutation(sizes.index[sizes >= LONG_ENOUGH].to_numpy()):
        if changed == wanted:
            break
        own = table.index[table["client_id"] == patient]
        before = str(table.at[own[0], "therapist_id"])
        colleagues = [name for name, place in clinic.items() if place == clinic[before] and name != before]
        if colleagues:
            table.loc[own[-AFTER_CHANGE:], "therapist_id"] = colleagues[int(rng.integers(len(colleagues)))]
            changed += 1
    return changed


def _conflicting(rows: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Copy rows as a first, unfinished entry: some answers missing, some different but possible."""
    copies = rows.copy()
    items = [column for column in rows.columns if column.startswith("wai_") and column != "wai_therapist_total"]
    for row in copies.index:
        chosen = [items[place] for place in rng.permutation(len(items))[: _BLANKED + _CHANGED]]
        copies.loc[row, chosen[:_BLANKED]] = ""
        for column in chosen[_BLANKED:]:
            copies.at[row, column] = str(int(str(copies.at[row, column])) % 5 + 1)
    return copies


def _orphans(rows: pd.DataFrame) -> pd.DataFrame:
    """Copy rows to the first sessions of a patient who is in no other table."""
    copies = rows.copy()
    copies["client_id"] = ORPHAN
    copies["session_no"] = [str(number + 1) for number in range(len(copies))]
    return copies
