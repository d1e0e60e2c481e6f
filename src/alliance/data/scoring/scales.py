"""Score one questionnaire: turn items round, join them to scales, deal with missing items."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from alliance.config import Variable
from alliance.config.instruments import TOTAL, Instrument, problems_of_use
from alliance.errors import DataError, InstrumentError
from alliance.facts.columns import ITEM

Metric = Literal["sum", "mean"]


@dataclass(frozen=True)
class ScaleScores:
    """Scores of one questionnaire.

    Parameters
    ----------
    scores
        One column per scale (``total``, subscales, alternative readings), rows as in the table; NaN where too many
        items are missing.
    items
        The items after turning the reversed ones round, columns are item numbers; missing ones stay missing.
    members
        Scale -> its item numbers, including the scales that were refused.
    prorated
        Scale -> number of rows scored although items were missing.
    refused
        Scale -> why it was not scored.
    """

    scores: pd.DataFrame
    items: pd.DataFrame
    members: dict[str, list[int]]
    prorated: dict[str, int]
    refused: dict[str, str]


def item_columns(table: pd.DataFrame, name: str, instrument: Instrument) -> pd.DataFrame:
    """Return the items of a variable with their numbers as column names.

    Raises
    ------
    DataError
        An item of the instrument has no column.
    """
    columns = {ITEM.format(variable=name, item=item): item for item in instrument.scales()[TOTAL]}
    absent = [str(item) for column, item in columns.items() if column not in table.columns]
    if absent:
        raise DataError(
            f"variables.{name}.items: {instrument.name} has items 1 to {instrument.items}, but the data have no column "
            f"for item {', '.join(absent)}. Correct the pattern, or renumber the columns of the export."
        )
    return table[list(columns)].rename(columns=columns).astype(float)


def score_variable(table: pd.DataFrame, name: str, variable: Variable, instrument: Instrument) -> ScaleScores:
    """Score the items of one variable of kind ``scale``.

    Raises
    ------
    InstrumentError
        The instrument may not score this variable, see `instruments.problems_of_use`.
    DataError
        An item has no column or lies outside the instrument's range.
    """
    problems = problems_of_use(name, variable, instrument)
    if problems:
        raise InstrumentError("\n  - ".join(["An instrument may not score these data:", *map(str, problems)]))
    items = item_columns(table, name, instrument)
    _refuse_values_out_of_range(items, name, instrument)
    scored = score_items(items, instrument, metric=variable.metric, stored_reversed=variable.stored_reversed)
    if instrument.subscales_verified() or variable.instrument_confirmed:
        return scored
    reason = (
        f"not scored: its items are not verified ({instrument.facts['subscales'].source}); check them, then set "
        f"variables.{name}.instrument_confirmed: true"
    )
    refused = {scale: reason for scale in scored.members if scale != TOTAL}
    return ScaleScores(scored.scores[[TOTAL]], scored.items, scored.members, scored.prorated, refused)


def score_items(
    items: pd.DataFrame, instrument: Instrument, metric: Metric = "sum", stored_reversed: bool = False
) -> ScaleScores:
    """Score a questionnaire from its items.

    A reversed item x becomes ``low + high - x``. With m answered of k items, a sum is ``k * (sum of answered) / m``
    and a mean ``(sum of answered) / m``, as long as the instrument's rule allows ``k - m`` missing items. The rule
    ``subscale_mean`` first completes each subscale with the rounded (half up) mean of its answered items.

    Parameters
    ----------
    items
        Answers, one row per administration, columns 1 to the number of items; NaN for a missing answer.
    stored_reversed
        The data already hold reversed items turned round.
    """
    keyed = items if stored_reversed else turn_round(items, instrument)
    completed = _complete_subscales(keyed, instrument) if instrument.missing.rule == "subscale_mean" else keyed
    scores, prorated = {}, {}
    members = instrument.scales()
    for scale, numbers in members.items():
        # After completion nothing may be missing: what the rule left open is open for good.
        allowed = 0 if instrument.missing.rule == "subscale_mean" else instrument.allowed_missing(scale)
        scores[scale] = _join(completed[numbers], allowed, metric)
        prorated[scale] = int((keyed[numbers].isna().any(axis=1) & scores[scale].notna()).sum())
    return ScaleScores(pd.DataFrame(scores, index=items.index), keyed, members, prorated, {})


def turn_round(items: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    """Turn the reversed items round: ``low + high - x``."""
    keyed = items.copy()
    for item in instrument.reversed:
        low, high = instrument.item_range(item)
        keyed[item] = low + high - keyed[item]
    return keyed


def _complete_subscales(keyed: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    completed = keyed.copy()
    for scale, numbers in instrument.subscales.items():
        answers = keyed[numbers]
        rounded = np.floor(answers.mean(axis=1) + 0.5)
        few = answers.isna().sum(axis=1) <= instrument.allowed_missing(scale)
        for item in numbers:
            completed[item] = answers[item].where(answers[item].notna() | ~few, rounded)
    return completed


def _join(answers: pd.DataFrame, allowed: int, metric: Metric) -> pd.Series:
    answered = answers.notna().sum(axis=1)
    enough = (answers.shape[1] - answered <= allowed) & (answered > 0)
    weight = answers.shape[1] if metric == "sum" else 1
    # Multiplying before dividing keeps whole-number sums exact.
    return (answers.sum(axis=1) * weight / answered.where(enough)).astype(float)


def _refuse_values_out_of_range(items: pd.DataFrame, name: str, instrument: Instrument) -> None:
    for item in instrument.scales()[TOTAL]:
        low, high = instrument.item_range(item)
        outside = items.loc[(items[item] < low) | (items[item] > high), item]
        if len(outside):
            raise DataError(
                f"variables.{name}: {len(outside)} answers to item {item} lie outside {low:g} to {high:g}, the range "
                f"of {instrument.name} (first: {outside.iloc[0]:g}). Check variables.{name}.instrument, or recode the "
                f"export."
            )
