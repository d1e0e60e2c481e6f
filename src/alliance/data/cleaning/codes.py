"""Codes such as P001 and T01 in place of ids, given in an order that depends on the content of the clean data only.

Two patients get the same codes whatever their ids were, however they were spelled, and in whatever order the rows came.
"""

import numpy as np
import pandas as pd

from alliance.facts.columns import PATIENT, THERAPIST

_RANK, _TURN = "rank", "turn"
_LARGEST = 2**62  # of whole numbers that stand for several columns


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
    ranked = _joined(
        _contents(sessions.drop(columns=THERAPIST, errors="ignore"), PATIENT),
        _contents(patients.drop(columns=THERAPIST), PATIENT),
    )
    seen = [table[[PATIENT, THERAPIST]].drop_duplicates() for table in (patients, sessions) if THERAPIST in table]
    # Patients who keep several therapists have one of them in their own table.
    led = pd.concat(seen).dropna().drop_duplicates()
    led = led.assign(**{_RANK: ranked[_RANK].reindex(led[PATIENT]).to_numpy()})
    leaders = _joined(_contents(led.drop(columns=PATIENT), THERAPIST), _contents(therapists, THERAPIST))
    leaders = leaders.sort_values([_RANK, _TURN])
    place = pd.Series(np.arange(1, len(leaders) + 1), index=leaders.index)
    own = place.reindex(patients[THERAPIST]).fillna(0).set_axis(pd.Index(patients[PATIENT]))
    ordered = ranked.assign(place=own.reindex(ranked.index)).sort_values([_RANK, "place", _TURN])
    return _named("P", ordered.index, 3), _named("T", leaders.index, 2)


def _contents(table: pd.DataFrame, key: str) -> pd.DataFrame:
    """Order the ids of a table by their rows, and these by their values; ids without values are alike.

    Returns
    -------
    pandas.DataFrame
        By id: `rank`, the larger the later its rows come and the same if they are the same; `turn`, the position of its first row, by
        which ids are ordered that are alike.
    """
    ids, names = pd.factorize(table[key], use_na_sentinel=False)
    values = _row_ranks(table.drop(columns=key))
    order = np.lexsort((values, ids))
    counts = np.bincount(ids, minlength=len(names))
    starts = np.cumsum(counts) - counts
    has_values = table.shape[1] > 1
    ranks = _rank_sequences(values[order], starts, counts) if has_values else np.full(len(names), -1)
    return pd.DataFrame({_RANK: ranks, _TURN: order[starts]}, index=pd.Index(names))


def _row_ranks(table: pd.DataFrame) -> np.ndarray:
    """Return whole numbers that sort as the rows do, column by column, and are the same where rows are; missing values come last."""
    ranks, size = np.zeros(len(table), dtype=np.int64), 1
    for column in table:
        codes, distinct = pd.factorize(table[column], sort=True)
        if size * (len(distinct) + 1) > _LARGEST:
            ranks, known = pd.factorize(ranks, sort=True)
            size = len(known)
        ranks = ranks * (len(distinct) + 1) + np.where(codes < 0, len(distinct), codes)
        size *= len(distinct) + 1
    return ranks


def _rank_sequences(values: np.ndarray, starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Rank sequences as words in a dictionary: by the first element in which two differ, and what ends before the other comes first.

    Parameters
    ----------
    values
        Elements of all sequences, one sequence after the other.
    starts, counts
        Where each sequence begins, and how many elements it has.

    Returns
    -------
    numpy.ndarray
        For each sequence, how many come before it; the same for sequences that are the same.
    """
    ranks, alike, place = np.zeros(len(counts), dtype=np.int64), np.arange(len(counts)), 0
    while len(alike):
        known, ended = ranks[alike], counts[alike] <= place
        element = values[np.where(ended, 0, starts[alike] + place)]
        order = np.lexsort((element, ~ended, known))
        alike, known, ended, element = alike[order], known[order], ended[order], element[order]
        new_rank = np.append(True, known[1:] != known[:-1])
        new = new_rank | np.append(True, (ended[1:] != ended[:-1]) | (~ended[1:] & (element[1:] != element[:-1])))
        at = np.arange(len(alike))
        ranks[alike] = (
            known + np.maximum.accumulate(np.where(new, at, 0)) - np.maximum.accumulate(np.where(new_rank, at, 0))
        )
        alone = new & np.append(new[1:], True)
        alike, place = alike[~alone & ~ended], place + 1
    return ranks


def _joined(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Order ids by their contents in one table, then in another; those that a table lacks come first."""
    names = first.index.append(second.index).unique()
    one, other = first.reindex(names), second.reindex(names)
    ranks = [table[_RANK].fillna(-1).to_numpy(dtype=np.int64) + 1 for table in (one, other)]
    turn = one[_TURN].fillna(other[_TURN] + (first[_TURN].max() + 1 if len(first) else 0))
    return pd.DataFrame({_RANK: ranks[0] * (ranks[1].max(initial=0) + 1) + ranks[1], _TURN: turn}, index=names)


def _named(letter: str, ordered: pd.Index, digits: int) -> dict[str, str]:
    width = max(digits, len(str(len(ordered))))
    return {name: f"{letter}{place:0{width}d}" for place, name in enumerate(ordered, start=1)}
