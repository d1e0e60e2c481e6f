"""Clean tables made safe to pass on: nobody can be told by what others may know of them, and no date is left.

What somebody could know of a person from elsewhere (`privacy.identifying`) is shared by at least `privacy.minimum_cell` people in every
combination, k-anonymity [1]_: numbers become ranges, labels of few people are blanked, and so are the values of people whose combination is
still rare. Codes are drawn at random, days since the first session become whole weeks, and session numbers that few patients reached are
left out. Answers and scores of sessions stay as they are: nobody else knows them.

References
----------
.. [1] Samarati (2001), Protecting respondents' identities in microdata release. IEEE Transactions on Knowledge and Data Engineering, 13,
   1010-1027.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd

from alliance.config import Config
from alliance.errors import DataError
from alliance.facts.columns import DAYS, PATIENT, SESSION, THERAPIST, WEEKS

WEEK = "week"
_BANDS = (5, 4, 3, 2)  # how many ranges are tried for each number that could identify somebody


@dataclass
class Protected:
    """Tables for others, and what was changed in them.

    Parameters
    ----------
    tables
        By name.
    identifying
        Columns of each table that somebody could know from elsewhere.
    bands
        Columns that hold ranges now -> the ranges in order.
    changes
        Sentences.
    """

    tables: dict[str, pd.DataFrame]
    identifying: dict[str, list[str]]
    bands: dict[str, list[str]] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)


def protect_tables(tables: Mapping[str, pd.DataFrame], config: Config) -> Protected:
    """Return the tables of sessions, patients and therapists as others may have them.

    Raises
    ------
    DataError
        There are fewer patients than the smallest cell that may be shown.
    """
    minimum = config.privacy.minimum_cell
    patients = tables["patients"]
    if len(patients) < minimum:
        raise DataError(
            f"privacy.share_data: there are {len(patients)} patients, fewer than privacy.minimum_cell ({minimum}), so any of them could be "
            "told. Data of so few people cannot be shared: set privacy.share_data to false."
        )
    known = identifying_in(tables, config)
    result = Protected({}, known)
    sessions = _without_late_sessions(_in_weeks(tables["sessions"], minimum, result), minimum, result)
    sessions, patients, therapists = _with_random_codes(
        sessions, patients, tables["therapists"], config.run.seed, result
    )
    sessions, patients = _without_small_caseloads(sessions, patients, minimum, result)
    therapists = therapists[therapists[THERAPIST].isin(patients[THERAPIST].dropna())].reset_index(drop=True)
    for name, table in (("sessions", sessions), ("patients", patients), ("therapists", therapists)):
        key = THERAPIST if name == "therapists" else PATIENT
        rare = _without_rare_labels(table, key, minimum, name, result)
        result.tables[name] = _anonymous(rare, known[name], minimum, name, result) if known[name] else rare
        check_combinations(result.tables[name], known[name], minimum)
    return result


def identifying_in(tables: Mapping[str, pd.DataFrame], config: Config) -> dict[str, list[str]]:
    """Return what could identify people, by table: what is declared, else all that patients and therapists have but for random groups.

    Raises
    ------
    DataError
        A declared variable is not in the tables of patients and therapists.
    """
    own = {
        name: [] if name == "sessions" else [c for c in table.columns if c not in (PATIENT, THERAPIST)]
        for name, table in tables.items()
    }
    declared = config.privacy.identifying
    if declared is None:
        return {name: [c for c in columns if c not in config.study.randomised] for name, columns in own.items()}
    elsewhere = sorted(set(declared) - {column for columns in own.values() for column in columns})
    if elsewhere:
        raise DataError(
            f"privacy.identifying: {', '.join(elsewhere)}: not in the tables of patients and therapists. There are: "
            f"{', '.join(column for columns in own.values() for column in columns) or 'none'}."
        )
    return {name: [c for c in declared if c in columns] for name, columns in own.items()}


def count_rare(table: pd.DataFrame, columns: Sequence[str], minimum: int) -> int:
    """Return how many rows share their values in these columns with fewer rows than the minimum, themselves included.

    Nobody can be told by columns that hold nothing at all.
    """
    if not columns or table[list(columns)].isna().all(axis=None):
        return 0
    sizes = table.groupby(list(columns), dropna=False)[columns[0]].transform("size")
    return int((sizes < minimum).sum())


def check_combinations(table: pd.DataFrame, columns: Sequence[str], minimum: int) -> None:
    """Refuse a table in which few people share what could identify them.

    Raises
    ------
    DataError
        A combination is shared by fewer people than the minimum.
    """
    rare = count_rare(table, columns, minimum)
    if rare:
        raise DataError(
            f"privacy.share_data: {rare} people could be told by {', '.join(columns)}, which fewer than {minimum} share "
            "(privacy.minimum_cell). Take such columns out of the export, or set privacy.share_data to false."
        )


def _in_weeks(sessions: pd.DataFrame, minimum: int, result: Protected) -> pd.DataFrame:
    """Replace days since the first session by whole weeks, no longer than those that enough patients reached."""
    table = sessions.drop(columns=[DAYS, WEEKS], errors="ignore")
    if DAYS not in sessions:
        return table
    weeks = np.floor(sessions[DAYS] / 7)
    last = weeks.groupby(sessions[PATIENT]).max().dropna().sort_values(ascending=False)
    longest = float(last.iloc[minimum - 1]) if len(last) >= minimum else -1.0
    table.insert(2, WEEK, weeks.where(weeks <= longest).astype("Int64"))
    result.changes.append("Dates are whole weeks since a patient's first session.")
    if (weeks > longest).any():
        result.changes.append(f"Weeks that fewer than {minimum} patients reached are blank.")
    return table


def _without_late_sessions(sessions: pd.DataFrame, minimum: int, result: Protected) -> pd.DataFrame:
    """Leave out session numbers that few patients have."""
    held = sessions.groupby(SESSION)[PATIENT].nunique()
    kept = sessions[sessions[SESSION].isin(held.index[held >= minimum])]
    if len(kept) < len(sessions):
        result.changes.append(f"Session numbers that fewer than {minimum} patients have are left out.")
    return kept.reset_index(drop=True)


def _with_random_codes(
    sessions: pd.DataFrame, patients: pd.DataFrame, therapists: pd.DataFrame, seed: int, result: Protected
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Replace codes by others in a random order, and put the rows in that order."""
    random = np.random.default_rng([seed, len(sessions)])
    coded = [sessions.copy(), patients.copy(), therapists.copy()]
    for key, listed, letter in ((PATIENT, patients, "p"), (THERAPIST, therapists, "t")):
        codes = sorted(listed[key].dropna())
        width = len(str(len(codes)))
        places = random.permutation(len(codes)) + 1
        new = {code: f"{letter}{place:0{width}d}" for code, place in zip(codes, places, strict=True)}
        for table in coded:
            if key in table:
                table[key] = table[key].map(new)
    result.changes.append("Codes of patients and therapists are drawn at random for this data set.")
    orders = ([PATIENT, SESSION], [PATIENT], [THERAPIST])
    ordered = [table.sort_values(by, ignore_index=True) for table, by in zip(coded, orders, strict=True)]
    return ordered[0], ordered[1], ordered[2]


def _without_small_caseloads(
    sessions: pd.DataFrame, patients: pd.DataFrame, minimum: int, result: Protected
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Blank therapists with few patients, who could be told by whom they treated."""
    seen = pd.concat([table[[PATIENT, THERAPIST]] for table in (sessions, patients) if THERAPIST in table])
    treated = seen.dropna().drop_duplicates().groupby(THERAPIST)[PATIENT].nunique()
    few = treated.index[treated < minimum]
    if len(few):
        result.changes.append(f"Therapists with fewer than {minimum} patients are blank.")
    return tuple(  # type: ignore[return-value]
        table.assign(**{THERAPIST: table[THERAPIST].mask(table[THERAPIST].isin(few))}) if THERAPIST in table else table
        for table in (sessions, patients)
    )


def _without_rare_labels(table: pd.DataFrame, key: str, minimum: int, name: str, result: Protected) -> pd.DataFrame:
    """Blank labels that few people have."""
    safe = table.copy()
    for column in table.columns:
        if column in (PATIENT, THERAPIST) or pd.api.types.is_numeric_dtype(table[column]):
            continue
        people = table.groupby(column)[key].nunique()
        rare = people.index[people < minimum]
        if len(rare):
            safe[column] = table[column].mask(table[column].isin(rare))
            result.changes.append(f"Table of {name}: labels of {column} that fewer than {minimum} have are blank.")
    return safe


def _anonymous(table: pd.DataFrame, columns: Sequence[str], minimum: int, name: str, result: Protected) -> pd.DataFrame:
    """Make every combination of values one that enough people share, with as few blanks as ranges of one width allow."""
    before = count_rare(table, columns, minimum)
    best: tuple[int, pd.DataFrame, dict[str, list[str]]] | None = None
    for number in _BANDS:
        banded, bands = table.copy(), {}
        for column in columns:
            if pd.api.types.is_numeric_dtype(table[column]):
                banded[column], bands[column] = _banded(table[column].astype(float), number, minimum)
        blanked = _blank_rare(banded, columns, minimum)
        lost = int((blanked[list(columns)].isna() & table[list(columns)].notna()).to_numpy().sum())
        if best is None or lost < best[0]:
            best = lost, blanked, bands
    assert best is not None
    lost, safe, bands = best
    result.bands |= bands
    shown = f"{lost:,}" if lost >= minimum else f"fewer than {minimum}"
    result.changes.append(
        f"Table of {name}: {', '.join(columns)} could tell who somebody is. "
        + ("Nobody" if not before else f"{before:,} people" if before >= minimum else f"Fewer than {minimum} people")
        + f" shared their combination with fewer than {minimum}. "
        + (f"Numbers became ranges ({', '.join(bands)}). " if bands else "")
        + (f"{shown[:1].upper()}{shown[1:]} values are blank." if lost else "No value had to be blanked.")
    )
    return safe


def _banded(column: pd.Series, number: int, minimum: int) -> tuple[pd.Series, list[str]]:
    """Return a column of numbers as ranges with open ends, each held by enough people, and the ranges in order."""
    values = column.dropna().to_numpy()
    inner = np.quantile(values, np.arange(1, number) / number) if len(values) else np.array([])
    limits = sorted({float(f"{limit:.2g}") for limit in inner})
    while limits:
        counts = np.bincount(np.searchsorted(limits, values, side="right"), minlength=len(limits) + 1)
        small = int(counts.argmin())
        if counts[small] >= minimum:
            break
        del limits[min(small, len(limits) - 1)]
    if not limits:
        return pd.Series(pd.NA, index=column.index, dtype="str"), []
    said = [f"{limit:g}" for limit in limits]
    bands = [f"below {said[0]}", *(f"{low} to below {high}" for low, high in pairwise(said))]
    bands.append(f"{said[-1]} or more")
    places = np.searchsorted(limits, column.to_numpy(dtype=float), side="right")
    labels = pd.Series(np.array(bands, dtype=object)[places], index=column.index, dtype="str")
    return labels.where(column.notna()), bands


def _blank_rare(table: pd.DataFrame, columns: Sequence[str], minimum: int) -> pd.DataFrame:
    """Blank values of people whose combination few share: the last column first, then more, until enough share what is left."""
    safe = table.copy()
    for column in reversed(columns):
        sizes = safe.groupby(list(columns), dropna=False)[columns[0]].transform("size")
        rare = sizes < minimum
        if not rare.any():
            return safe
        safe.loc[rare, column] = pd.NA
    # Those of whom nothing is left may be few themselves: others join them, the smallest combination first.
    while count_rare(safe, columns, minimum):
        known = safe[list(columns)].notna().any(axis=1).to_numpy()
        held = safe.groupby(list(columns), dropna=False)[columns[0]].transform("size").to_numpy()
        combination = safe.groupby(list(columns), dropna=False).ngroup().to_numpy()
        smallest = combination[known][held[known].argmin()]
        joining = pd.Series(combination == smallest, index=safe.index)
        for column in columns:
            safe[column] = safe[column].mask(joining)
    return safe
