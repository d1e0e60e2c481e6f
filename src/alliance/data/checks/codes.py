"""Checks of codes for "missing": declared ones that blank answers, and numbers and labels that look like undeclared ones."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance.config.cleaning import Cleaning
from alliance.data.checks.finding import Finding
from alliance.data.checks.place import found
from alliance.data.export.cells import as_number, as_text, is_code
from alliance.data.export.mapping import Measure, Typed, key_parts, numbers_of
from alliance.data.export.tables import Export
from alliance.facts.quoting import means_missing

_LOOKS_LIKE_A_CODE = re.compile(r"-?([6-9])\1+|-[5-9]|-?9+[678]")
_ENOUGH = 10  # other values from which it can be told what is usual
_HEAP = 5  # cells that make a heap, and
_TIMES = 4  # as many times more than any value around it has


def looks_like_a_code(value: float) -> bool:
    """Whether a number is one that people take for missing answers (-9, 77, 99, 998, 9999)."""
    return _LOOKS_LIKE_A_CODE.fullmatch(f"{value:.12g}") is not None


def codes_setting(
    cleaning: Cleaning, measure: Measure, more: Iterable[float | str] = (), less: Iterable[float | str] = ()
) -> str:
    """Write the setting of a variable that adds codes to those that hold for it, or takes some away, to be copied."""
    without = list(less)
    held = cleaning.missing_codes if measure.codes is None else list(measure.codes)
    return f"variables.{measure.variable}.missing_codes: {_listed([code for code in [*held, *more] if code not in without])}"


def all_codes_setting(cleaning: Cleaning, more: Iterable[float | str] = ()) -> str:
    """Write the setting of all measures, with codes added."""
    return f"cleaning.missing_codes: {_listed([*cleaning.missing_codes, *more])}"


CODES_OUT = "take it out of cleaning.missing_codes and give the variables that need it missing_codes of their own."


def _listed(codes: Iterable[float | str]) -> str:
    shown = [f"{code:.12g}" if not isinstance(code, str) else "'" + code.replace("'", "''") + "'" for code in codes]
    return f"[{', '.join(dict.fromkeys(shown))}]"


def coded_key(export: Export, table: Typed, key: str) -> tuple[pd.Series, str]:
    """Return where a key is blank only because its cell holds a declared code for "missing", and which codes these are."""
    where = table.keys[key].isna() & ~table.bad.get(table.key_column(key), pd.Series(False, index=table.keys.index))
    parts = [table.column(part) for part in key_parts(table.source)[key]]
    for part in parts:
        where &= as_text(part).fillna("").str.strip() != ""
    numbers = [as_number(part, table.raw.decimal)[0] for part in parts]
    codes = [
        code
        for code in export.cleaning.missing_codes
        if any((where & is_code(part, number, [code])).any() for part, number in zip(parts, numbers, strict=True))
    ]
    return where, _listed(codes)[1:-1]


def check_codes_that_are_answers(export: Export) -> list[Finding]:
    """Find declared codes for "missing" where they are possible answers: they are blanked, and nobody may have meant that."""
    findings = []
    for table, measure in _measures(export):
        answered = _could_be_answers(table, measure)
        for code in sorted(answered.dropna().unique()):
            findings += _blanked(export, table, measure, code, answered == code)
        findings += _both_label_and_code(export, table, measure)
    return findings


def _could_be_answers(table: Typed, measure: Measure) -> pd.Series:
    """Return the blanked numbers that the range, or else the other values of the column, would allow."""
    column = table.column(measure.column)
    nothing = pd.Series(np.nan, index=column.index)
    if measure.kind == "category" or not table.codes[measure.name].any():
        return nothing
    numbers = numbers_of(column, measure, table.raw, table.source)[0].where(table.codes[measure.name])
    low, high, others = measure.low, measure.high, table.values[measure.name].dropna()
    if not np.isfinite(high - low):
        if len(others) < _ENOUGH:
            return nothing
        margin = 0.1 * float(others.max() - others.min())
        low, high = max(low, float(others.min()) - margin), min(high, float(others.max()) + margin)
    return numbers.where(numbers.between(low, high))


def _blanked(export: Export, table: Typed, measure: Measure, code: float, where: pd.Series) -> list[Finding]:
    inherited = measure.codes is None and export.cleaning.missing_codes_inherited
    allowed = (
        f"its range {measure.low:g} to {measure.high:g}"
        if np.isfinite(measure.high - measure.low)
        else "the column's other values"
    )
    what = f"hold {code:g}, which counts as missing although '{measure.variable}' can take it by {allowed}"
    answer = codes_setting(export.cleaning, measure, less=[code])
    if inherited:
        remedy = (
            f"The code is inherited from config/config.yaml, these data may mean an answer. If {code:g} means missing, set "
            f"{all_codes_setting(export.cleaning)}; if it is an answer, set {answer}."
        )
    else:
        remedy = f"If {code:g} is an answer there, set {answer}; otherwise do nothing."
    return found(
        table, "code_is_answer", where, measure.column, what, remedy,
        severity="error" if inherited else "warning", value=f"{code:g}",
    )  # fmt: skip


def _both_label_and_code(export: Export, table: Typed, measure: Measure) -> list[Finding]:
    """Find labels of a category that are declared both as labels and as missing."""
    if measure.kind != "category" or measure.codes is not None:
        return []
    codes = {_plain(code): code for code in export.cleaning.missing_codes}
    findings = []
    for label in measure.labels:
        if _plain(label) in codes:
            findings += found(
                table, "code_is_answer", table.values[measure.name] == label, measure.column,
                f"hold '{label}', which is declared as a label of '{measure.variable}' and under cleaning.missing_codes",
                f"If it is a label, set {codes_setting(export.cleaning, measure, less=[codes[_plain(label)]])}; if it means "
                f"missing, remove it from variables.{measure.variable}.", value=label,
            )  # fmt: skip
    return findings


def _plain(code: float | str) -> str:
    return code.strip().casefold() if isinstance(code, str) else f"{code:.12g}"


@dataclass(frozen=True)
class _Suspect:
    """A number that looks like a code, and why."""

    why: str
    sure: bool  # whether it would be analysed as an answer and is certainly none


def check_code_suspected(export: Export) -> list[Finding]:
    """Find numbers and labels that look like codes for "missing" that nobody declared."""
    findings = []
    for table, measure in _measures(export):
        values = table.values[measure.name]
        if measure.kind == "category":
            findings += _suspected_labels(export, table, measure, values)
            continue
        for code, suspect in suspected_codes(table, measure).items():
            remedy = (
                f"If {code:g} means missing, set {codes_setting(export.cleaning, measure, [code])}, or for all measures "
                f"{all_codes_setting(export.cleaning, [code])}."
            )
            if not measure.outside(pd.Series([code])).any():
                remedy += f" If it is an answer, set {codes_setting(export.cleaning, measure)}."
            findings += found(
                table, "code_suspected", values == code, measure.column, f"hold {code:g}, {suspect.why}", remedy,
                severity="error" if suspect.sure else "warning", value=f"{code:g}",
            )  # fmt: skip
    return findings


def suspected_codes(table: Typed, measure: Measure) -> dict[float, _Suspect]:
    """Return the numbers of a measure that look like codes for "missing"."""
    values = table.values[measure.name].where(~table.excluded).dropna()
    labelled = _labelled_as_missing(table, measure)
    declared = measure.codes is not None  # then somebody has looked at this measure
    found_codes = {}
    counts = values.value_counts()
    codes = [float(code) for code in counts.index if looks_like_a_code(code) or code in labelled or code < 0]
    if not np.isfinite(measure.high) and not declared:
        codes += [code for code in _heaps_beyond(counts) if code not in codes]
    others = values[~values.isin([code for code in codes if looks_like_a_code(code) or code in labelled])]
    for code in sorted(codes):
        impossible = bool(measure.outside(pd.Series([code])).any())
        if code in labelled:
            found_codes[code] = _Suspect("whose label in the file says that there is no answer", not impossible)
        elif impossible and (looks_like_a_code(code) or measure.low >= 0 > code):
            found_codes[code] = _Suspect("which the measure cannot take and which looks like a code for missing", False)
        elif not declared and code in _heaps_beyond(counts):
            found_codes[code] = _Suspect(
                "which lies apart from all other values, always the same, as a code for missing would", True
            )
        elif declared or impossible or not looks_like_a_code(code) or len(others) < _ENOUGH:
            continue
        elif not np.isfinite(measure.high - measure.low) and _is_apart(code, others):
            found_codes[code] = _Suspect(
                "which lies apart from all other values and looks like a code for missing", True
            )
        elif _is_heap(code, counts, measure):
            found_codes[code] = _Suspect(
                "far more often than the values around it, as a code for missing would be", False
            )
    return found_codes


def _labelled_as_missing(table: Typed, measure: Measure) -> set[float]:
    labels = table.raw.labels.get(measure.column, {})
    return {float(code) for code, label in labels.items() if isinstance(code, int | float) and means_missing(label)}


def _is_apart(code: float, others: pd.Series) -> bool:
    low, high = float(others.min()), float(others.max())
    if code < 0:
        return low >= 0
    return code > high + max(0.5 * (high - low), 1.0)


def _heaps_beyond(counts: pd.Series) -> list[float]:
    """Return the largest value if it is frequent and further from all others than they are from each other."""
    values = sorted(float(value) for value in counts.index)
    if len(values) < _ENOUGH or counts[values[-1]] < _HEAP:
        return []
    apart = values[-1] - values[-2] > max(values[-2] - values[0], 1.0)
    return [values[-1]] if apart else []


def _is_heap(code: float, counts: pd.Series, measure: Measure) -> bool:
    """Whether a value is many times as frequent as those around it; ends of a range may be frequent themselves."""
    values = counts.index.to_numpy(dtype=float)
    near = np.abs(values - code) <= max(3.0, 0.1 * float(values.max() - values.min()))
    around = counts[near & (values != code) & (values != measure.low) & (values != measure.high)]
    if code in (measure.low, measure.high):
        return False
    return bool(counts[code] >= _HEAP and counts[code] > _TIMES * (around.max() if len(around) else 1))


def _suspected_labels(export: Export, table: Typed, measure: Measure, labels: pd.Series) -> list[Finding]:
    """Find labels that mean "missing" and would count as a group of their own; undeclared labels have a check of their own."""
    if measure.closed or measure.codes is not None:
        return []
    findings = []
    for label in sorted(labels.dropna().unique()):
        if label not in measure.labels and means_missing(label):
            findings += found(
                table, "code_suspected", labels == label, measure.column,
                f"hold the label '{label}', which would count as a group of its own",
                f"If it means missing, set {codes_setting(export.cleaning, measure, [label])}, or for all measures "
                f"{all_codes_setting(export.cleaning, [label])}. If it is a group, set {codes_setting(export.cleaning, measure)}.",
                value=label,
            )  # fmt: skip
    return findings


def _measures(export: Export) -> Iterator[tuple[Typed, Measure]]:
    for table in export.tables.values():
        for measure in table.measures:
            yield table, measure
