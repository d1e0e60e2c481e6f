"""What rows of the same patient and session are that are no slips: found from their dates, therapists and other columns."""

import re
from dataclasses import dataclass

import pandas as pd

from alliance.data.export.cells import as_text
from alliance.data.export.mapping import DATE, WEEK, Typed, key_parts
from alliance.facts.columns import PATIENT, SESSION, THERAPIST

_MOST = 0.8
_FEW_KINDS = 12
_ATTEMPT = re.compile(r"progress|finished|fortschritt|beendet|attempt|versuch")
_CROWD = 4  # rows of one patient and session: more than raters or courses would make
_SAME_OCCASION = 3.0  # days


@dataclass(frozen=True)
class Looks:
    """What the rows look like, as the end of "They look like ...", and the settings that read them as that."""

    like: str
    remedy: str


def what_they_look_like(table: Typed) -> Looks:
    """Say what the rows of the sessions that share patient and session number look like.

    Rows on the same days are raters; courses that follow one another in time are treatment episodes; courses side by side are
    patients of the same id; where a key has almost no values or another column fits better, the key is wrong. Columns are looked
    for that tell the rows apart, so that the remedy can name them.
    """
    rows = _shared_keys(table)
    wrong = _wrong_key(table, rows)
    if wrong is not None:
        return wrong
    if _complement(table, rows):
        return Looks(
            "rows that complete one another, as several questionnaires of the same session do: none fills in what another one says",
            "Set cleaning.duplicates.conflicting: join to make one row of them.",
        )
    splitting = [column for column in _free_columns(table) if _splits(rows, table.raw.frame[column])]
    attempts = [column for column in splitting if _ATTEMPT.search(column.casefold())]
    if attempts:
        return Looks(
            f"several attempts at the same session, of which some were not finished: column '{attempts[0]}' tells them apart",
            f"Choose the finished ones by the value they have there: data.sessions.where: {{{attempts[0]}: ...}}.",
        )
    column = splitting[0] if splitting else None
    alike = _same(rows, THERAPIST)
    together = _same(rows, "_days")
    if together is None:
        together = alike if column is not None and alike is not None else None
    if together is None and column is not None:
        if _only_some_have_several(table, column):
            return (
                _patients(table, column)
                if not _one_kind_otherwise(table, rows, column)
                else _episodes(table, rows, column)
            )
        return Looks(
            f"two raters (or other kinds of rows), or patients who have the same ids: column '{column}' tells them apart",
            f"{_raters(column).remedy} {_patients(table, column).remedy}",
        )
    if together is not None and together >= _MOST and (alike is None or alike >= 1 - _MOST):
        return _raters(column)
    follow = together is not None and "_days" in rows and _follow_in_time(rows)
    if follow and (column is None or _one_kind_otherwise(table, rows, column)):
        return _episodes(table, rows, column)
    return _patients(table, column)


def _complement(table: Typed, rows: pd.DataFrame) -> bool:
    """Whether nearly all rows of the same session fill in different measures."""
    values = table.values.loc[rows.index].groupby([rows[PATIENT], rows[SESSION]]).nunique()
    several = rows.groupby([PATIENT, SESSION]).size() > 1
    filled = table.values.loc[rows.index].notna().groupby([rows[PATIENT], rows[SESSION]]).sum()
    apart = (filled[several] <= 1).all(axis="columns") & (values[several].sum(axis="columns") > 1)
    return bool(len(apart)) and bool(apart.mean() >= _MOST)


def _shared_keys(table: Typed) -> pd.DataFrame:
    """Keys of the rows of patients of whom some session has several rows, with days since the first of all dates."""
    keys = table.keys[~table.excluded].dropna(subset=[PATIENT, SESSION])
    if DATE in keys and keys[DATE].notna().any():
        keys = keys.assign(_days=(keys[DATE] - keys[DATE].min()).dt.days)
    elif WEEK in keys and keys[WEEK].notna().any():
        keys = keys.assign(_days=7.0 * keys[WEEK])
    keys = keys.assign(_size=keys.groupby([PATIENT, SESSION])[SESSION].transform("size"))
    return keys[keys.groupby(PATIENT)["_size"].transform("max") > 1]


def _free_columns(table: Typed) -> list[str]:
    """Columns that may say what a row is: neither keys nor measured numbers."""
    numbers = {measure.column for measure in table.measures if measure.kind == "number"}
    taken = numbers | {part for parts in key_parts(table.source).values() for part in parts}
    return [column for column in table.raw.frame.columns if column not in taken and column not in table.raw.patterns]


def _cells(rows: pd.DataFrame, column: pd.Series) -> pd.Series:
    return as_text(column.reset_index(drop=True)).loc[rows.index]


def _splits(rows: pd.DataFrame, column: pd.Series) -> bool:
    """Whether a column of few kinds tells nearly all rows of the same patient and session apart."""
    kinds = _cells(rows, column)
    if not 2 <= kinds.nunique() <= _FEW_KINDS or kinds.isna().mean() > 1 - _MOST:
        return False
    again = rows.duplicated([PATIENT, SESSION]).sum()
    return bool(rows.assign(_kind=kinds).duplicated([PATIENT, SESSION, "_kind"]).sum() <= (1 - _MOST) / 2 * again)


def _same(rows: pd.DataFrame, column: str) -> float | None:
    """Share of the sessions with several rows whose rows agree in a column; None where nothing can be compared."""
    if column not in rows:
        return None
    groups = rows[rows["_size"] > 1].dropna(subset=[column]).groupby([PATIENT, SESSION])[column]
    compared = groups.size() > 1
    if not compared.any():
        return None
    if column == "_days":
        apart = groups.max() - groups.min()
        return float((apart[compared] <= _SAME_OCCASION).mean())
    return float((groups.nunique()[compared] == 1).mean())


def _wrong_key(table: Typed, rows: pd.DataFrame) -> Looks | None:
    keys = table.keys[~table.excluded].dropna(subset=[PATIENT, SESSION])
    patient, session = table.key_column(PATIENT), table.key_column(SESSION)
    if keys.groupby(PATIENT)[SESSION].nunique().median() == 1 and rows["_size"].median() > 2:
        near = _fits(table, keys, PATIENT)
        return Looks(
            f"a wrong key: column '{session}' hardly changes within a patient and numbers no sessions",
            f"Correct data.sessions.keys.session{f' (column {near!r} would do)' if near else ''}.",
        )
    if rows.groupby([PATIENT, SESSION]).size().median() < _CROWD:
        return None
    near = _fits(table, keys, SESSION)
    return Looks(
        f"a wrong key: column '{patient}' has {keys[PATIENT].nunique():,} different ids for {len(keys):,} rows, too few for patients",
        f"Correct data.sessions.keys.patient{f' (column {near!r} would do)' if near else ''}.",
    )


def _fits(table: Typed, keys: pd.DataFrame, kept: str) -> str | None:
    """Find a column with which the other key makes each row one of its kind, and whose values come back."""
    for column in _free_columns(table):
        cells = _cells(keys, table.raw.frame[column])
        if cells.isna().any() or cells.nunique() > len(keys) / 2:
            continue
        if kept == PATIENT and not pd.to_numeric(cells, errors="coerce").notna().all():
            continue
        if keys.assign(_cell=cells).duplicated([kept, "_cell"]).mean() <= 1 - _MOST:
            return column
    return None


def _only_some_have_several(table: Typed, column: str) -> bool:
    kinds = _cells(table.keys, table.raw.frame[column])
    return bool((kinds.groupby(table.keys[PATIENT]).nunique() > 1).mean() < _MOST)


def _one_kind_otherwise(table: Typed, rows: pd.DataFrame, column: str) -> bool:
    """Whether all who have a single course have the same kind of it (episode 1), as places of treatment would not."""
    kinds = _cells(table.keys, table.raw.frame[column])[~table.keys[PATIENT].isin(rows[PATIENT])]
    if len(kinds):
        return bool(kinds.nunique() == 1)
    first = rows.assign(_kind=_cells(rows, table.raw.frame[column]))
    if "_days" in first:
        first = first.sort_values("_days", kind="stable")
    return bool(first.drop_duplicates(PATIENT)["_kind"].nunique() == 1)


def _runs(rows: pd.DataFrame) -> pd.DataFrame:
    """Sort the rows of each patient by time; say where session numbers start again, and the pause before each row."""
    ordered = rows.dropna(subset=["_days"]).sort_values([PATIENT, "_days", SESSION], kind="stable")
    by = ordered.groupby(PATIENT)
    return ordered.assign(_again=by[SESSION].diff() <= 0, _pause=by["_days"].diff())


def _follow_in_time(rows: pd.DataFrame) -> bool:
    """Whether the courses of nearly all patients follow one another: session numbers rise, and start again a few times."""
    runs = _runs(rows)
    starts, sizes = runs.groupby(PATIENT)["_again"].sum(), runs.groupby(PATIENT).size()
    several = rows.groupby(PATIENT)["_size"].max().reindex(sizes.index)
    return bool((starts <= (several - 1).clip(lower=1)).mean() >= _MOST)


def _episodes(table: Typed, rows: pd.DataFrame, column: str | None) -> Looks:
    people = rows[PATIENT].nunique()
    like = f"two or more treatment episodes of {people:,} patients: their session numbers start again"
    if column is not None:
        both = ", ".join([*key_parts(table.source)[PATIENT], column])
        return Looks(
            f"{like} where column '{column}' changes",
            f"Set data.sessions.keys.episode: {column} to analyse the first episode of each patient, or "
            f"data.sessions.keys.patient: [{both}] to make each episode a course of its own.",
        )
    runs = _runs(rows)
    shortest, longest = runs.loc[runs["_again"], "_pause"].min(), runs.loc[~runs["_again"], "_pause"].max()
    remedy = (
        f"Set cleaning.new_episode_after_days: {int((shortest + longest) / 2)} to analyse the first episode of each patient; "
        if shortest > longest + 1
        else ""
    )
    return Looks(
        f"{like} after a pause of {shortest:.0f} days or more",
        f"{remedy}{'or number' if remedy else 'Number'} the episodes in a column and name it under data.sessions.keys.episode.",
    )


def _raters(column: str | None) -> Looks:
    if column is None:
        return Looks(
            "two raters (or sessions entered twice) as rows: they are of the same days, and no column tells them apart",
            "Add a column that says which rows are whose, and choose by it, e.g. data.sessions.where: {RATER: patient}.",
        )
    return Looks(
        f"two raters (or other kinds) as rows of the same session: column '{column}' tells them apart",
        f"Choose the rows to be analysed by the value they have there: data.sessions.where: {{{column}: ...}}.",
    )


def _patients(table: Typed, column: str | None) -> Looks:
    like = "patients who have the same id, such as ids given out by two clinics: their courses lie side by side"
    if column is None:
        return Looks(
            like, "Name the columns that make up the id, e.g. data.sessions.keys.patient: [CLINIC, ID], here and in data.patients.",
        )  # fmt: skip
    both = ", ".join(dict.fromkeys([column, *key_parts(table.source)[PATIENT]]))
    return Looks(
        f"{like}, and column '{column}' tells them apart",
        f"Make the id of both columns, data.sessions.keys.patient: [{both}], and so under data.patients if there is such a table.",
    )
