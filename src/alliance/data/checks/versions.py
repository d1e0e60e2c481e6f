"""Two versions of a questionnaire in one file: in columns of their own, or in rows that another column tells apart."""

import re
from collections.abc import Iterator

import pandas as pd

from alliance.data.checks.finding import Finding
from alliance.data.checks.items import Form, forms
from alliance.data.checks.place import found
from alliance.data.export.cells import as_text
from alliance.data.export.mapping import mapped_columns
from alliance.data.export.tables import Export
from alliance.facts.columns import PATIENT

_NUMBERED = re.compile(r"(.*?\D)0*\d+(\D*)")
_WORD = re.compile(r"[^\W\d_]{2,}")
_SAYS_VERSION = re.compile(r"(?<!con)version|fassung|edition|variante?|(?<![^\W\d_])form(?![^\W\d_])")
_MOST = 0.8  # share of the answers elsewhere that stand where the questionnaire is blank
_ENOUGH_ROWS = 10
_MOST_KINDS = 12
# Answers that are lacking: their share elsewhere, and how many there would be; share of the last step here; patients.
_OFTEN, _EXPECTED, _HEAP, _ENOUGH_PEOPLE = 0.05, 30, 0.1, 5


def check_two_versions(export: Export) -> list[Finding]:
    """Find answers that look like another version of a questionnaire: nobody joins its columns, and nothing tells its rows apart."""
    return [
        finding for form in forms(export) for finding in (*_in_columns(form), *(_in_rows(form) or _in_values(form)))
    ]


def _in_columns(form: Form) -> Iterator[Finding]:
    """Find unused columns, named alike, that are answered where all items are blank."""
    table = form.table
    blank = form.answers.isna().all(axis="columns") & ~table.excluded
    if blank.sum() < _ENOUGH_ROWS:
        return
    words = _words(form.measures[0].column)
    series: dict[tuple[str, str], list[str]] = {}
    for column in _unused(form):
        numbered = _NUMBERED.fullmatch(column)
        if numbered is not None and words & _words(column):
            series.setdefault((numbered[1], numbered[2]), []).append(column)
    for columns in series.values():
        answered = pd.concat([as_text(table.column(column)).notna() for column in columns], axis="columns").any(
            axis="columns"
        )
        instead = answered & blank
        if len(columns) < form.instrument.items / 2 or instead.sum() < max(_ENOUGH_ROWS, _MOST * answered.sum()):
            continue
        yield from found(
            table, "two_versions", instead, form.measures[0].column,
            f"hold no answer to the items of '{form.name}', but answers in {len(columns)} columns that are not used ({columns[0]} to "
            f"{columns[-1]}), as another version of the questionnaire would",
            "If it is the same questionnaire under other names, write both into the same columns; if it is another version, declare it "
            "as a variable of its own. Otherwise do nothing.",
            severity="warning",
        )  # fmt: skip


def _in_rows(form: Form) -> list[Finding]:
    """Find an unused column that, by its name, says of answered rows which version they hold."""
    findings = []
    table = form.table
    answered = form.answers.notna().any(axis="columns") & ~table.excluded
    for column in _unused(form):
        if not _SAYS_VERSION.search(column.casefold()):
            continue
        kinds = as_text(table.column(column)).where(answered)
        if not 2 <= kinds.nunique() <= _MOST_KINDS:
            continue
        findings += found(
            table, "two_versions", kinds.notna(), column,
            f"are of {kinds.nunique()} kinds by this column, and the items of '{form.name}' are scored as one version of "
            f"{form.instrument.name} in all of them",
            f"If these are versions that differ in items, order or steps, choose the rows of one by data.{table.name}.where: "
            f"{{{column}: ...}}. Otherwise do nothing.",
            severity="warning",
        )  # fmt: skip
    return findings


def _in_values(form: Form) -> list[Finding]:
    """Find a column of few kinds of rows of which one kind stops short of answers that the others give, at a step that it uses itself.

    A shorter or shifted range ends in a heap; people who only feel better thin out towards the end. So the last step of the kind must be
    frequent, and the answers that it lacks so frequent elsewhere that it would hold many of them.
    """
    table, answers = form.table, form.answers
    patient = table.keys[PATIENT] if PATIENT in table.keys else pd.Series("", index=answers.index)
    answered = (answers.notna().any(axis="columns") & ~table.excluded).to_numpy()
    high, low = answers.max(axis="columns").to_numpy(dtype=float), answers.min(axis="columns").to_numpy(dtype=float)
    cells = answers.to_numpy(dtype=float)
    best: tuple[int, str, pd.Series, pd.Series, pd.Series] | None = None
    for column in [*_unused(form), *(measure.column for measure in table.measures if measure.kind == "category")]:
        codes, kinds = pd.factorize(as_text(table.column(column)))
        if not 2 <= len(kinds) <= _MOST_KINDS:
            continue
        known = answered & (codes >= 0)
        for kind in range(len(kinds)):
            mine, others_are = known & (codes == kind), known & (codes != kind)
            # Quickly: most kinds of most columns reach both ends.
            if not mine.any() or not others_are.any():
                continue
            if high[mine].max() >= high[others_are].max() and low[mine].min() <= low[others_are].min():
                continue
            rows, rest = pd.Series(mine, index=answers.index), pd.Series(others_are, index=answers.index)
            here, others = (pd.Series(cells[where].ravel()).dropna() for where in (mine, others_are))
            people = min(patient[rows].nunique(), patient[rest].nunique())
            if people >= _ENOUGH_PEOPLE and _stops_short(here, others) and (best is None or rows.sum() > best[0]):
                best = (int(rows.sum()), column, rows, here, others)
    if best is None:
        return []
    _, column, rows, here, others = best
    return found(
        table, "two_versions", rows, column,
        f"are of one kind by this column, and their answers to the items of '{form.name}' run from {here.min():g} to {here.max():g}, those "
        f"of the other rows from {others.min():g} to {others.max():g}: perhaps another version",
        f"If it is one with other steps, choose the rows of one version by data.{table.name}.where: {{{column}: ...}}, or recode them in "
        "the export. Otherwise do nothing.",
        severity="warning",
    )  # fmt: skip


def _stops_short(here: pd.Series, others: pd.Series) -> bool:
    """Whether answers of one kind of rows stop short, at either end, of those of the others."""
    for end, beyond in ((here.max(), others > here.max()), (here.min(), others < here.min())):
        lacking = float(beyond.mean()) if len(others) else 0.0
        if lacking >= _OFTEN and lacking * len(here) >= _EXPECTED and (here == end).mean() >= _HEAP:
            return True
    return False


def _unused(form: Form) -> list[str]:
    table = form.table
    used = {*mapped_columns(table.source, list(table.measures)), *table.source.where}
    return [str(column) for column in table.raw.frame.columns if column not in used]


def _words(column: str) -> set[str]:
    return set(_WORD.findall(column.casefold()))
