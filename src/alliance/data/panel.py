"""The panel: one row per patient and session, with earlier values, person means and deviations, and baselines.

Raw scores keep their own names, uncentred, so that models with latent means can use them; observed means and deviations
stand beside them.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd

from alliance.config import Variable
from alliance.config.instruments import Instrument
from alliance.data.scoring.tables import score_table
from alliance.errors import ConfigError, DataError
from alliance.facts.columns import (
    BASELINE,
    BETWEEN,
    BETWEEN_THERAPIST,
    DAYS,
    ENDINGS,
    LAG,
    PATIENT,
    SESSION,
    THERAPIST,
    WEEKS,
    WITHIN,
)

_KEYS = [PATIENT, THERAPIST, SESSION, DAYS, WEEKS]
_DAYS_PER_WEEK = 7.0
_PIECE: Final = 200_000  # rows that are built at a time
_NO_INSTRUMENTS: Mapping[str, Instrument] = {}


def make_panel(
    scores: pd.DataFrame,
    patients: pd.DataFrame,
    therapists: pd.DataFrame,
    variables: Mapping[str, Variable],
    lag: int,
    max_gap_days: float | None,
    instruments: Mapping[str, Instrument] = _NO_INSTRUMENTS,
) -> pd.DataFrame:
    """Build the panel from scores of sessions and the tables of patients and therapists.

    With x_it the score of patient i at session t:

    - ``x_lag``: x_i,t-lag if session t-lag was observed and, where both are dated, lies at most ``lag * max_gap_days``
      before and never after; a gap is not a lag. Session numbers are compared, not row positions.
    - ``x_between``: mean of the patient's observed x. ``x_within``: x minus ``x_between``.
    - ``x_between_therapist``: mean of ``x_between`` over the therapist's patients, each counted once.
    - ``x_baseline``: x at the patient's first session (`first_sessions`), never at a later one: missing where it was not observed there.

    Parameters
    ----------
    scores
        ``patient, therapist, session, days, weeks`` and one float column per session-level score.
    patients
        ``patient, therapist`` and the variables of the patients; its therapist goes before that of the sessions, unless these
        name several.
    therapists
        ``therapist`` and the variables of the therapists; may be empty.
    lag
        How many sessions earlier a lagged value lies.
    max_gap_days
        Longest pause between neighbouring sessions, in days; None allows any.
    instruments
        Instruments by key, for questionnaires in the tables of patients or therapists.

    Returns
    -------
    pandas.DataFrame
        Sorted by patient and session. Neither the order of rows nor the spelling of ids changes a value.

    Raises
    ------
    DataError
        A patient has the same session twice, or a patient or therapist has several rows in its table.
    ConfigError
        Two columns of the panel would have the same name.
    """
    pieces = panel_pieces(scores, patients, therapists, variables, lag, max_gap_days, instruments)
    return pd.concat(pieces, ignore_index=True)


def panel_pieces(
    scores: pd.DataFrame,
    patients: pd.DataFrame,
    therapists: pd.DataFrame,
    variables: Mapping[str, Variable],
    lag: int,
    max_gap_days: float | None,
    instruments: Mapping[str, Instrument] = _NO_INSTRUMENTS,
    rows: int = _PIECE,
) -> Iterator[pd.DataFrame]:
    """Build the panel as `make_panel` does, some patients after the other: a panel is several times as wide as its scores.

    Parameters
    ----------
    rows
        How many a piece has, about: patients are whole. There is at least one piece.
    """
    frame, codes = _in_order(scores)
    _refuse_repeated_keys(
        int((_continues(codes) & _continues(frame[SESSION].to_numpy())).sum()), "patient and session", "sessions"
    )
    _refuse_repeated_keys(int(patients.duplicated([PATIENT]).sum()), PATIENT, "patients")
    _refuse_repeated_keys(int(therapists.duplicated([THERAPIST]).sum()), THERAPIST, "therapists")
    therapist = _therapist_of_rows(frame, codes, patients)
    measured = frame.columns.drop(_KEYS)
    means = _group_means(frame[measured], codes)
    of_therapists = _therapist_means(therapist, codes, means)
    own = [
        _constants(patients, PATIENT, variables, "patients", instruments),
        _constants(therapists, THERAPIST, variables, "therapists", instruments),
    ]
    starts = np.flatnonzero(~_continues(codes))
    first = frame[SESSION].iloc[starts].clip(upper=_usual_start(frame[SESSION].iloc[starts])).to_numpy()
    for begin, end in _cuts(starts, len(frame), rows):
        piece, code = frame.iloc[begin:end].reset_index(drop=True), codes[begin:end]
        piece[THERAPIST] = therapist.iloc[begin:end].array
        x, mean = piece[measured], means.take(code).set_axis(piece.index)
        parts = [
            piece[_KEYS],
            x,
            _earlier(piece, code, x, lag, max_gap_days).add_suffix(LAG),
            mean.add_suffix(BETWEEN),
            (x - mean).add_suffix(WITHIN),
            of_therapists.reindex(piece[THERAPIST]).set_axis(piece.index).add_suffix(BETWEEN_THERAPIST),
            _at_session(piece, code, x, first).add_suffix(BASELINE),
            *(
                constants.reindex(piece[key]).set_axis(piece.index)
                for key, constants in zip((PATIENT, THERAPIST), own, strict=True)
            ),
        ]
        panel = pd.concat(parts, axis=1)
        repeated = panel.columns[panel.columns.duplicated()]
        if len(repeated):
            raise ConfigError(
                f"variables: the panel would have two columns '{repeated[0]}'. Rename the variable of that name; names "
                f"that end in {', '.join(ENDINGS)} are made by the panel."
            )
        yield panel


def sessions_held(panel: pd.DataFrame, variables: Mapping[str, Variable]) -> pd.Series:
    """Say for each row whether anything was observed at its session: a row with an id and a number alone is no session that was held."""
    names = tuple(name for name, variable in variables.items() if variable.table == "sessions")
    measured = [
        column
        for column in panel.columns
        if column in names or (column.startswith(tuple(f"{name}_" for name in names)) and not column.endswith(ENDINGS))
    ]
    return panel[measured].notna().any(axis="columns")


def first_sessions(frame: pd.DataFrame) -> pd.Series:
    """Return for each row the number of its patient's first session.

    Where more than half of the patients start at the same session, treatment starts there: a patient whose rows start later has
    missed it. Otherwise, and for patients who start earlier, it is the patient's own lowest number.

    Parameters
    ----------
    frame
        ``patient, session``, in any order.
    """
    own = frame.groupby(PATIENT)[SESSION].transform("min")
    return own.clip(upper=_usual_start(own[~frame.duplicated(PATIENT)]))


def _usual_start(starts: pd.Series) -> float:
    """Return the session at which more than half of the patients start, of the first one of each; infinite where there is none."""
    counts = starts.value_counts()
    return float(counts.index[0]) if len(counts) and 2 * counts.iloc[0] > counts.sum() else np.inf


def _in_order(scores: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the rows sorted by patient and session, and the number of each row's patient, in that order."""
    codes = np.asarray(pd.factorize(scores[PATIENT], sort=True, use_na_sentinel=False)[0])
    number = scores[SESSION].to_numpy()
    steps = np.diff(codes)
    if ((steps > 0) | ((steps == 0) & (np.diff(number) > 0))).all():
        return scores, codes
    order = np.lexsort((number, codes))
    return scores.take(order), codes[order]


def _continues(values: np.ndarray) -> np.ndarray:
    """Return where a value is that of the row before."""
    return np.concatenate([np.zeros(min(len(values), 1), dtype=bool), values[1:] == values[:-1]])


def _cuts(starts: np.ndarray, size: int, rows: int) -> Iterator[tuple[int, int]]:
    """Cut rows between patients, who begin at `starts`, into pieces of about so many."""
    places = np.searchsorted(starts, np.arange(rows, size, rows))
    inner = starts[places[places < len(starts)]]
    return pairwise(dict.fromkeys([0, *map(int, inner), size])) if size else iter([(0, 0)])


def _refuse_repeated_keys(repeated: int, keys: str, name: str) -> None:
    if repeated:
        raise DataError(
            f"{repeated:,} rows of the table {name} repeat an earlier {keys}. "
            f"Let cleaning.duplicates drop them, or correct the export."
        )


def _therapist_of_rows(frame: pd.DataFrame, codes: np.ndarray, patients: pd.DataFrame) -> pd.Series:
    own = np.asarray(pd.factorize(frame[THERAPIST])[0])
    known = own >= 0
    size = codes.max(initial=-1) + 1
    lowest, highest = np.full(size, len(frame)), np.full(size, -1)
    np.minimum.at(lowest, codes[known], own[known])
    np.maximum.at(highest, codes[known], own[known])
    assigned = frame[PATIENT].map(patients.set_index(PATIENT)[THERAPIST])
    return frame[THERAPIST].where(assigned.isna() | (highest > lowest)[codes], assigned)


def _earlier(
    frame: pd.DataFrame, codes: np.ndarray, measured: pd.DataFrame, lag: int, max_gap_days: float | None
) -> pd.DataFrame:
    """Look up the row of the same patient `lag` sessions earlier; rows are in order."""
    number = frame[SESSION].to_numpy()
    number = number - number.min(initial=0)
    # One whole number for patient and session, in the order of the rows.
    place = codes * (number.max(initial=0) + lag + 1) + number
    position = np.minimum(np.searchsorted(place, place - lag), max(len(place) - 1, 0))
    elapsed = frame[DAYS].fillna(frame[WEEKS] * _DAYS_PER_WEEK).to_numpy(dtype=float)
    pause = elapsed - elapsed[position]
    longest = np.inf if max_gap_days is None else max_gap_days * lag
    # An undated pause compares as False: the session numbers alone decide.
    found = (place[position] == place - lag) & ~(pause > longest) & ~(pause < 0)
    values = measured.to_numpy(dtype=float)[position]
    values[~found] = np.nan
    return pd.DataFrame(values, index=measured.index, columns=measured.columns)


def _at_session(frame: pd.DataFrame, codes: np.ndarray, measured: pd.DataFrame, session: np.ndarray) -> pd.DataFrame:
    """Return the values at one session of each patient, in all their rows; NaN where it was not held."""
    rows = np.flatnonzero(frame[SESSION].to_numpy() == session[codes])
    at = np.full(len(session), -1)
    at[codes[rows]] = rows
    found = at[codes]
    values = measured.to_numpy(dtype=float)[found]
    values[found < 0] = np.nan
    return pd.DataFrame(values, index=measured.index, columns=measured.columns)


def _therapist_means(therapist: pd.Series, codes: np.ndarray, means: pd.DataFrame) -> pd.DataFrame:
    """Average the patients' means by therapist, who are the index; a patient counts once for each therapist."""
    of_therapist, names = pd.factorize(therapist)
    once = ~pd.DataFrame({"patient": codes, "therapist": of_therapist}).duplicated().to_numpy()
    averages = _group_means(means.take(codes[once]), np.asarray(of_therapist[once]))
    return averages.set_axis(pd.Index(names, dtype=therapist.dtype))


def _group_means(values: pd.DataFrame, groups: np.ndarray) -> pd.DataFrame:
    """Mean of the observed values of each group, which are numbered; NaN where it has no value. Rows of group -1 do not count.

    Values are added in the order of their size: neither the order of rows nor the spelling of groups can change a bit
    (the group means of pandas depend on the order of the groups in the last digit).
    """
    means = {}
    size = groups.max(initial=-1) + 1
    for column in values:
        observed = values[column].to_numpy(dtype=float)
        rows = np.flatnonzero(~np.isnan(observed) & (groups >= 0))
        rows = rows[np.argsort(observed[rows])]
        totals = np.bincount(groups[rows], weights=observed[rows], minlength=size)
        counts = np.bincount(groups[rows], minlength=size)
        means[column] = np.divide(totals, counts, out=np.full(size, np.nan), where=counts > 0)
    return pd.DataFrame(means, index=pd.RangeIndex(size), columns=values.columns, dtype=float)


def _constants(
    table: pd.DataFrame,
    key: str,
    variables: Mapping[str, Variable],
    level: str,
    instruments: Mapping[str, Instrument],
) -> pd.DataFrame:
    """Return the values of each patient or therapist, who are the index."""
    return score_table(table, variables, level, instruments).scores.set_axis(pd.Index(table[key]))
