"""The panel: one row per patient and session, with earlier values, person means and deviations, and baselines.

Raw scores keep their own names, uncentred, so that models with latent means can use them; observed means and deviations
stand beside them.
"""

from collections.abc import Mapping

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
    frame = scores.sort_values([PATIENT, SESSION], ignore_index=True)
    _refuse_repeated_keys(frame, [PATIENT, SESSION], "sessions")
    _refuse_repeated_keys(patients, [PATIENT], "patients")
    _refuse_repeated_keys(therapists, [THERAPIST], "therapists")
    frame[THERAPIST] = _therapist_of_rows(frame, patients)
    measured = frame.drop(columns=_KEYS)
    means = _group_means(measured, frame[PATIENT])
    parts = [
        frame[_KEYS],
        measured,
        _earlier(frame, measured, lag, max_gap_days).add_suffix(LAG),
        means.add_suffix(BETWEEN),
        (measured - means).add_suffix(WITHIN),
        _therapist_means(frame, means).add_suffix(BETWEEN_THERAPIST),
        _at_first_session(frame, measured).add_suffix(BASELINE),
        _constants(patients, PATIENT, frame[PATIENT], variables, "patients", instruments),
        _constants(therapists, THERAPIST, frame[THERAPIST], variables, "therapists", instruments),
    ]
    panel = pd.concat(parts, axis=1)
    repeated = panel.columns[panel.columns.duplicated()]
    if len(repeated):
        raise ConfigError(
            f"variables: the panel would have two columns '{repeated[0]}'. Rename the variable of that name; names "
            f"that end in {', '.join(ENDINGS)} are made by the panel."
        )
    return panel


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
    starts = own[~frame.duplicated(PATIENT)].value_counts()
    usual = starts.index[0] if len(starts) and 2 * starts.iloc[0] > starts.sum() else np.inf
    return own.clip(upper=usual)


def _refuse_repeated_keys(table: pd.DataFrame, keys: list[str], name: str) -> None:
    repeated = int(table.duplicated(keys).sum())
    if repeated:
        raise DataError(
            f"{repeated} rows of the table {name} repeat an earlier {' and '.join(keys)}. "
            f"Let cleaning.duplicates drop them, or correct the export."
        )


def _therapist_of_rows(frame: pd.DataFrame, patients: pd.DataFrame) -> pd.Series:
    assigned = frame[PATIENT].map(patients.set_index(PATIENT)[THERAPIST])
    several = frame.groupby(PATIENT)[THERAPIST].transform("nunique") > 1
    return frame[THERAPIST].where(assigned.isna() | several, assigned)


def _earlier(frame: pd.DataFrame, measured: pd.DataFrame, lag: int, max_gap_days: float | None) -> pd.DataFrame:
    """Look up the row of the same patient `lag` sessions earlier."""
    rows = pd.MultiIndex.from_arrays([frame[PATIENT], frame[SESSION]])
    position = rows.get_indexer(pd.MultiIndex.from_arrays([frame[PATIENT], frame[SESSION] - lag]))
    elapsed = frame[DAYS].fillna(frame[WEEKS] * _DAYS_PER_WEEK).to_numpy(dtype=float)
    pause = elapsed - elapsed[position]
    longest = np.inf if max_gap_days is None else max_gap_days * lag
    # An undated pause compares as False: the session numbers alone decide.
    found = (position >= 0) & ~(pause > longest) & ~(pause < 0)
    values = measured.to_numpy(dtype=float)[position]
    values[~found] = np.nan
    return pd.DataFrame(values, index=measured.index, columns=measured.columns)


def _at_first_session(frame: pd.DataFrame, measured: pd.DataFrame) -> pd.DataFrame:
    at_first = measured[frame[SESSION] == first_sessions(frame)]
    return at_first.set_axis(pd.Index(frame.loc[at_first.index, PATIENT])).reindex(frame[PATIENT]).set_axis(frame.index)


def _therapist_means(frame: pd.DataFrame, means: pd.DataFrame) -> pd.DataFrame:
    """Average the patients' means by therapist; a patient counts once for each therapist."""
    once = ~frame.duplicated([PATIENT, THERAPIST])
    averages = _group_means(means[once], frame.loc[once, THERAPIST]).set_axis(pd.Index(frame.loc[once, THERAPIST]))
    averages = averages[~averages.index.duplicated()]
    return averages.reindex(frame[THERAPIST]).set_axis(frame.index)


def _group_means(values: pd.DataFrame, groups: pd.Series) -> pd.DataFrame:
    """Mean of the observed values of each row's group; NaN where the row has no group or the group no value.

    Values are added in the order of their size: neither the order of rows nor the spelling of groups can change a bit
    (the group means of pandas depend on the order of the groups in the last digit).
    """
    codes, _ = pd.factorize(groups)
    means = {}
    for column in values:
        observed = values[column].to_numpy(dtype=float)
        rows = np.flatnonzero(~np.isnan(observed) & (codes >= 0))
        rows = rows[np.argsort(observed[rows])]
        size = codes.max(initial=-1) + 1
        totals = np.bincount(codes[rows], weights=observed[rows], minlength=size)
        counts = np.bincount(codes[rows], minlength=size)
        averages = np.divide(totals, counts, out=np.full(size, np.nan), where=counts > 0)
        # Code -1, a row without group, picks the last element.
        means[column] = np.append(averages, np.nan)[codes]
    return pd.DataFrame(means, index=values.index, columns=values.columns, dtype=float)


def _constants(
    table: pd.DataFrame,
    key: str,
    rows: pd.Series,
    variables: Mapping[str, Variable],
    level: str,
    instruments: Mapping[str, Instrument],
) -> pd.DataFrame:
    """Repeat the values of a patient or a therapist in each of their rows; NaN where the table lacks them."""
    scored = score_table(table, variables, level, instruments).scores
    scored.index = pd.Index(table[key])
    return scored.reindex(rows).set_axis(rows.index)
