"""Checks of questionnaires against their key: may it score them, is it this version, and does every item point where the key says?"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance.config.cleaning import LargestShare
from alliance.config.instruments import Instrument, problems_of_use
from alliance.config.schema import Variable
from alliance.data.checks.codes import suspected_codes
from alliance.data.checks.finding import Finding, Severity
from alliance.data.checks.place import about_table
from alliance.data.export.mapping import Measure, Typed
from alliance.data.export.tables import Export
from alliance.facts.quoting import means_missing
from alliance.facts.wordings import run_of_codes

_SLIPS = LargestShare().out_of_range  # a shift by one step is no slip, however many slips a study declares
_WIDESPREAD = 0.5  # share of items concerned from which a pattern is one of the whole form
_ENOUGH_ANSWERS = 200
_ENOUGH_ROWS = 30
_Z_99_9 = 3.29  # an item counts as reversed if even the upper end of a 99.9 % interval of its correlation is below zero


@dataclass(frozen=True)
class Form:
    """The answers to one questionnaire."""

    name: str
    variable: Variable
    instrument: Instrument
    table: Typed
    measures: list[Measure]
    answers: pd.DataFrame  # rows x items, columns are item numbers
    slips: float  # largest share of answers outside the range that may be slips of the finger

    @property
    def low(self) -> float:
        """Lowest answer of the key."""
        return self.instrument.range[0]

    @property
    def high(self) -> float:
        """Highest answer of the key."""
        return self.instrument.range[1]


def forms(export: Export) -> Iterator[Form]:
    """Go through the questionnaires with at least one item in the export."""
    for name, variable in export.variables.items():
        if variable.kind != "scale" or variable.table not in export.tables:
            continue
        table = export.tables[variable.table]
        measures = [measure for measure in table.measures if measure.variable == name]
        if measures:
            answers = pd.DataFrame({measure.item: table.values[measure.name] for measure in measures})
            instrument = export.instruments[variable.instrument or ""]
            slips = export.cleaning.largest_share.out_of_range
            yield Form(name, variable, instrument, table, measures, answers, slips)


def check_instrument_use(export: Export) -> list[Finding]:
    """Find questionnaires whose key may not score the answers: scoring, after the cleaning, would stop the run."""
    return [
        about_table(form.table, "instrument_use", problem.what, problem.remedy, column=form.measures[0].column)
        for form in forms(export)
        for problem in problems_of_use(form.name, form.variable, form.instrument)
    ]


def check_instrument_version(export: Export) -> list[Finding]:
    """Compare the observed answers with the key: another number of steps, or steps counted from another number."""
    findings = []
    for form in forms(export):
        problem = _version_problem(form)
        if problem is None:
            continue
        severity, what = problem
        observed = form.answers.stack()
        findings.append(
            about_table(
                form.table, "instrument_version",
                f"{export.file(form.table.name)}: the items of '{form.name}' {what}, but {form.instrument.name} "
                f"is answered from {form.low:g} to {form.high:g}.",
                f"Name the version used under variables.{form.name}.instrument, or recode the items in the export.",
                severity=severity, column=form.measures[0].column, value=f"{observed.min():g} to {observed.max():g}",
            )
        )  # fmt: skip
    return findings


def check_labels_against_key(export: Export) -> list[Finding]:
    """Find questionnaires whose value labels, in the file, run the other way than the numbers are scored."""
    findings = []
    for form in forms(export):
        if any(measure.answers for measure in form.measures):
            continue  # the labels decide
        told = ((measure.item, run_of_codes(_answer_labels(form.table, measure))) for measure in form.measures)
        runs = {item: run for item, run in told if run}  # of items whose labels are in a known order
        keyed = {item for item in runs if item in form.instrument.reversed}
        falling = {item for item, run in runs.items() if run < 0}
        columns = [measure.column for measure in form.measures if measure.item in falling]
        stored, place = form.variable.stored_reversed, f"variables.{form.name}"
        if keyed and falling == keyed and not stored:
            what = "the items that the key reverses are labelled the other way round than the others, so they were turned round already"
            remedy = f"Set {place}.stored_reversed: true."
        elif keyed and not falling and stored:
            what = "the items that the key reverses are labelled like the others, so they were not turned round"
            columns = [measure.column for measure in form.measures if measure.item in keyed]
            remedy = f"Set {place}.stored_reversed: false."
        elif falling and falling != keyed:
            what = f"the labels of {len(falling)} items fall while their codes rise: the highest number is the lowest answer"
            remedy = (
                f"List the labels of the file from the lowest to the highest answer, {place}.answers: [first, second, ...]: then "
                "the labels count, and not the codes."
            )
        else:
            continue
        findings.append(
            about_table(
                form.table, "labels_against_key",
                f"{export.file(form.table.name)}: '{form.name}' (first: column {columns[0]}): {what}.",
                remedy, column=columns[0], count=len(columns),
            )
        )  # fmt: skip
    return findings


def _answer_labels(table: Typed, measure: Measure) -> dict[float, str]:
    """Return the labels that a file gives to possible answers."""
    labels = table.raw.labels.get(measure.column, {})
    codes = {float(code): label for code, label in labels.items() if isinstance(code, int | float)}
    return {
        code: label
        for code, label in codes.items()
        if not measure.outside(pd.Series([code])).any() and not means_missing(label)
    }


def of_another_version(export: Export) -> set[str]:
    """Name the variables whose answers as a whole do not fit their instrument."""
    problems = {form.name: _version_problem(form) for form in forms(export)}
    return {name for name, problem in problems.items() if problem is not None and problem[0] == "error"}


def _version_problem(form: Form) -> tuple[Severity, str] | None:
    answers = form.answers.to_numpy(dtype=float)
    known = answers[np.isfinite(answers)]
    if not known.size:
        return None
    step_above = np.isclose(answers, form.high + 1)
    step_below = np.isclose(answers, form.low - 1)
    if _many(step_above, known, _SLIPS) and not np.any(known == form.low) and not np.any(known < form.low):
        return "error", f"run from {form.low + 1:g} to {form.high + 1:g} (one step higher than the key)"
    if _many(step_below, known, _SLIPS) and not np.any(known == form.high) and not np.any(known > form.high):
        return "error", f"run from {form.low - 1:g} to {form.high - 1:g} (one step lower than the key)"
    codes = [code for measure in form.measures for code in suspected_codes(form.table, measure)]
    outside = ((answers < form.low) | (answers > form.high)) & ~np.isin(answers, codes)
    if _many(outside, known, form.slips):
        known = known[~np.isin(known, codes)]
        usual = np.quantile(known, [0.001, 0.999], method="nearest")
        return "error", f"run from {usual[0]:g} to {usual[1]:g}"
    if known.size >= _ENOUGH_ANSWERS and known.max() < form.high - 1:
        return "warning", f"never exceed {known.max():g}"
    return None


def _many(where: np.ndarray, known: np.ndarray, slips: float) -> bool:
    """Whether so many answers, in so many items, are concerned that they cannot be slips."""
    return bool(where.sum() > slips * known.size and where.any(axis=0).mean() >= _WIDESPREAD)


def check_against_scale(export: Export) -> list[Finding]:
    """Find items that correlate negatively with the rest of their scale after the key's reversals.

    The corrected item-rest correlation r_j = cor(x_j, sum of the other items) of an item that is scored in the right
    direction is positive. An item is reported when even the upper end of its 99.9 % interval,
    tanh(atanh(r) + 3.29 / sqrt(n - 3)), is below zero. Items of one wording go with each other, so that a whole block of them can
    run against the others while no single item does: the same holds for the mean of a block and the mean of the other items.
    """
    findings = []
    for form in forms(export):
        against = _against(form) or _block_against(form)
        if not against:
            continue
        keyed = {item for item in form.instrument.reversed if item in form.answers}
        place = f"variables.{form.name}.stored_reversed"
        if (len(keyed) > 1 and set(against) <= keyed and 2 * len(against) > len(keyed)) or set(against) == keyed:
            stored = "as they were answered" if form.variable.stored_reversed else "turned round already"
            remedy = (
                f"They are the items that the key of {form.instrument.name} reverses. If the export holds them {stored}, set "
                f"{place}: {str(not form.variable.stored_reversed).lower()}; if another version was used, "
                f"name it under variables.{form.name}.instrument."
            )
        else:
            remedy = (
                "Recode them in the export (they seem to be reversed twice or not at all), or name the version used "
                f"under variables.{form.name}.instrument."
            )
        columns = [measure.column for measure in form.measures if measure.item in against]
        run = "runs" if len(columns) == 1 else "run"
        findings.append(
            about_table(
                form.table, "against_scale",
                f"{export.file(form.table.name)}: {', '.join(columns)} {run} against the other items of '{form.name}' "
                f"(correlation with them {min(against.values()):.2f}).",
                remedy, column=columns[0], value=f"{against[min(against)]:.2f}", count=len(columns),
            )
        )  # fmt: skip
    return findings


def _keyed(form: Form) -> pd.DataFrame:
    """Return the answers with reversed items turned round as the config says, impossible ones blank."""
    answers = form.answers.where((form.answers >= form.low) & (form.answers <= form.high))
    if not form.variable.stored_reversed:
        turned = [item for item in form.instrument.reversed if item in answers]
        answers[turned] = form.low + form.high - answers[turned]
    return answers


def _is_below_zero(r: float, rows: int) -> bool:
    upper = np.arctanh(np.clip(r, -0.999999, 0.999999)) + _Z_99_9 / np.sqrt(rows - 3)
    return bool(upper < 0)


def _block_against(form: Form) -> dict[int, float]:
    """Item number -> correlation of the block with the other items, for a block of items that runs against its scale.

    Two blocks are tried: the items that the key reverses, and those that the first principal component sets against the others.
    """
    answers = _keyed(form)
    answers = answers.loc[:, answers.std() > 0]
    if answers.shape[1] < 4 or len(answers) < _ENOUGH_ROWS:
        return {}
    items = {int(str(item)) for item in answers}
    first = np.linalg.eigh(answers.corr().fillna(0).to_numpy())[1][:, -1]
    fewer = first < 0 if (first < 0).sum() <= (first > 0).sum() else first > 0
    apart = {int(str(item)) for item, below in zip(answers, fewer, strict=True) if below}
    for block in (items & set(form.instrument.reversed), apart):
        others = items - block
        if len(block) < 2 or len(others) < 2:
            continue
        means = pd.DataFrame(
            {"block": answers[sorted(block)].mean(axis=1), "others": answers[sorted(others)].mean(axis=1)}
        )
        means = means.dropna()
        if len(means) < _ENOUGH_ROWS or (means.std() == 0).any():
            continue
        r = float(np.corrcoef(means["block"], means["others"])[0, 1])
        if _is_below_zero(r, len(means)):
            return dict.fromkeys(sorted(block), r)
    return {}


def _against(form: Form) -> dict[int, float]:
    """Item number -> item-rest correlation, for items that run against their scale."""
    answers = _keyed(form).dropna()
    if len(answers) < _ENOUGH_ROWS or answers.shape[1] < 3:
        return {}
    total = answers.sum(axis="columns")
    found = {}
    for item in answers:
        rest = total - answers[item]
        if answers[item].std() == 0 or rest.std() == 0:
            continue
        r = float(np.corrcoef(answers[item], rest)[0, 1])
        if _is_below_zero(r, len(answers)):
            found[int(str(item))] = r
    return found
