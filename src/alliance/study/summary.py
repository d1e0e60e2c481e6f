"""A fit as text for a console: what people who know R or SPSS expect to see, for every family alike."""

import math
import textwrap
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from alliance.config import ModelSpec
from alliance.facts.columns import records
from alliance.facts.effects import THRESHOLD, of_kind
from alliance.facts.families import FAMILIES
from alliance.facts.quantity import ends_of, join_together, name_condition, nodes_of
from alliance.study.show import write_formula

_WIDTH = 100
_NUMBER = 10  # width of a column of numbers
_LEAST_NAME = 30
_FIXED_FROM, _FIXED_TO = 1e-3, 1e6  # sizes that are written with four decimals
_COLUMNS = ["estimate", "std err", "low", "high"]
_UNEXPLAINED = "session"  # level of the differences that an equation leaves

_NONE: Mapping[Hashable, Any] = {}

Row = tuple[str, Sequence[str], set[int]]  # name, numbers, numbers of notes


def summarise_fit(
    spec: ModelSpec, estimates: pd.DataFrame, diagnostics: pd.DataFrame, attributes: Mapping[Hashable, Any] = _NONE
) -> str:
    """Write the estimates of one model.

    Parameters
    ----------
    estimates, diagnostics
        Its rows of the tables of the same names.
    attributes
        Attributes of its container, see `alliance.models.container`.

    Returns
    -------
    str
        Head, with AIC = 2 k - 2 l and BIC = k log N - 2 l of k parameters where a likelihood l was maximised (N are patients, since
        rows of one patient are not independent); coefficients of each equation; paths and effects by level; standard deviations
        between patients and between therapists with their correlations, and within patients. A failed diagnostic is a numbered note,
        and its number stands behind every estimate it concerns.
    """
    failed = diagnostics[~diagnostics["passed"].astype(bool)]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(failed["diagnostic"]), 1)}
    marks = pd.Series(
        [{numbers[name] for name in flag.split("; ") if name} for flag in estimates["flag"]], estimates.index
    )
    lines = [*_head(spec, estimates, attributes), *_blocks(spec, estimates.assign(marks=marks)), "=" * _WIDTH]
    for name, number in numbers.items():
        for meaning, rows in failed[failed["diagnostic"] == name].groupby("meaning", sort=False):
            lines += _wrapped(f"[{number}] {name}: {meaning}")
            for row in records(rows):
                lines += _wrapped(f"    {row.subject}{f': {row.detail}' if row.detail else ''}")
    return "\n".join(lines)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent="    ")


def _head(spec: ModelSpec, estimates: pd.DataFrame, attributes: Mapping[Hashable, Any]) -> list[str]:
    first, counts = estimates.iloc[0], estimates[["n_patients", "n_sessions", "n_therapists"]].max()
    left = {
        "Family": first["family"],
        "Engine": first["engine"],
        "Intervals": f"{100 * first['interval']:.4g}%, {first['interval_kind']}",
    }
    facts = [f"{f'{name}:':<11}{text}" for name, text in left.items()]
    sizes = [f"{f'{str(name).removeprefix("n_").capitalize()}:':<12}{int(count):>8,}" for name, count in counts.items()]
    lines = [f"{spec.label} ({first['model']})", "=" * _WIDTH]
    lines += [f"{one:<54}{other}" for one, other in zip(facts, sizes, strict=True)]
    if "log_likelihood" in attributes:
        top, size = float(attributes["log_likelihood"]), int(attributes["parameters"])
        bic = size * math.log(counts["n_patients"]) - 2 * top
        lines.append(
            f"Log-likelihood: {top:.3f} with {size} parameters   AIC: {2 * size - 2 * top:.3f}   BIC: {bic:.3f}"
        )
    return lines


def _blocks(spec: ModelSpec, estimates: pd.DataFrame) -> Iterator[str]:
    for outcome in spec.equations:
        chosen = (estimates["effect"] == "coefficient") & (estimates["outcome"] == outcome)
        rows = [(_term(row.path), _numbers(row), row.marks) for row in records(estimates[chosen])]
        yield from _block(write_formula(outcome, spec), _COLUMNS, rows)
    effects = estimates[~estimates["effect"].isin(of_kind("component"))]
    for level in effects["level"].unique():
        title = f"Paths and effects, {level.replace('_', ' ')}"
        yield from _block(title, _COLUMNS, list(_effect_rows(effects[effects["level"] == level])))
    if not spec.equations:
        rows = [(f"{row.outcome}: {row.effect}, {row.level}", _numbers(row), row.marks) for row in records(estimates)]
        yield from _block(f"Variance of {', '.join(spec.variables)}", _COLUMNS, rows)
        return
    for level in estimates.loc[estimates["effect"] == "sd", "level"].unique():
        title = "Within patients, not explained" if level == _UNEXPLAINED else f"Between {level}s"
        yield from _spread(title, estimates[estimates["level"] == level])
    yield from _units(spec, estimates)
    lasting = records(estimates[estimates["effect"] == "autocorrelation"])
    ends = records(estimates[estimates["effect"] == THRESHOLD])
    yield from _block(
        "Thresholds between answers, the first being zero",
        _COLUMNS,
        [(row.path, _numbers(row), row.marks) for row in ends],
    )
    rows = [(f"{row.outcome}: residuals {row.horizon}", _numbers(row), row.marks) for row in lasting]
    yield from _block("Correlation of residuals with the one before", _COLUMNS, rows)


def _units(spec: ModelSpec, estimates: pd.DataFrame) -> Iterator[str]:
    """Say what outcomes are whose equations leave nothing that is estimated: propensities."""
    left = estimates.loc[(estimates["effect"] == "sd") & (estimates["level"] == _UNEXPLAINED), "outcome"]
    for outcome in spec.equations:
        if FAMILIES[spec.family].propensities and outcome not in set(left):
            yield from _wrapped(
                f"{outcome} is the propensity behind the answers. Its unit is the standard deviation of what its equation leaves between "
                "sessions."
            )


def _effect_rows(effects: pd.DataFrame) -> Iterator[Row]:
    """Yield effects; of one that stands at several horizons only the first and the last."""
    for _, rows in effects.groupby(["effect", "path", "moderator", "value"], sort=False, dropna=False):
        several, first = len(rows) > 1, rows.iloc[0]
        name = f"{first['effect']}  {first['path']}{name_condition(first['moderator'], first['value'])}"
        for row in records(rows.iloc[[0, -1]] if several else rows):
            yield f"{name}{f', {row.horizon}' if several else ''}", _numbers(row), row.marks


def _spread(title: str, rows: pd.DataFrame) -> Iterator[str]:
    """Write the standard deviations between the units of a level, and the lower triangle of their correlations."""
    effects = list(records(rows[rows["effect"] == "sd"]))
    found = {row.path: row for row in records(rows[rows["effect"] == "correlation"])}
    shown = []
    for number, row in enumerate(effects):
        pairs = [found.get(_pair(other.path, row.path)) for other in effects[:number]] if found else []
        # A correlation that is not estimated is zero.
        numbers = [_write(row.estimate), _write(row.sd), *(f"{pair.estimate:.3f}" if pair else "0" for pair in pairs)]
        marks = set().union(*(one.marks for one in (row, *pairs) if one))
        shown.append((f"({number + 1}) {row.outcome}: {_term(row.path)}", numbers, marks))
    columns = [f"({number})" for number in range(1, len(effects))] if found else []
    yield from _block(title, ["sd", "std err", *columns], shown)


def _pair(one: str, other: str) -> str:
    """Return how the correlation of two varying effects is called."""
    return join_together(ends_of(one), ends_of(other))


def _term(path: str) -> str:
    return nodes_of(path)[0]


def _block(title: str, columns: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    """Write a title and rows of numbers; a name that is too long for its column has a line of its own."""
    if not rows:
        return
    room = max(_LEAST_NAME, _WIDTH - (_NUMBER + 1) * max(4, len(columns)) - 4)
    yield "-" * _WIDTH
    yield from _wrapped(title)
    for name, numbers, marks in [("", columns, set[int]()), *rows]:
        cells = "".join(f" {number:>{_NUMBER}}" for number in numbers)
        if len(name) > room:
            yield name
        yield f"{'' if len(name) > room else name:<{room}}{cells} {''.join(f'[{mark}]' for mark in sorted(marks))}".rstrip()


def _numbers(row: Any) -> list[str]:
    return [_write(value) for value in (row.estimate, row.sd, row.low, row.high)]


def _write(value: float) -> str:
    return f"{value:.4f}" if value == 0 or _FIXED_FROM <= abs(value) < _FIXED_TO else f"{value:.3e}"
