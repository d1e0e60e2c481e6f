"""What scores of a questionnaire mean: the declared cut-off of caseness and the reliable change, in the units the scores are in."""

from collections.abc import Mapping

import pandas as pd

from alliance.config import Variable
from alliance.config.instruments import Cutoff, Instrument, ReliableChange
from alliance.facts.artefacts import ARTEFACTS


def describe_meanings(variables: Mapping[str, Variable], instruments: Mapping[str, Instrument]) -> pd.DataFrame:
    """Describe every scale of the questionnaires in use: its source, what counts as a case, and which change is reliable.

    Only facts that somebody has verified are given. A cut-off or change that is declared for sums is divided by the number of items where
    scores are means of items, and one declared for ten times the mean (CORE) is turned into either.

    Returns
    -------
    pandas.DataFrame
        The columns of the artefact ``meanings``, one row per scale of each questionnaire; numbers in the units of the scores.
    """
    rows: list[dict[str, object]] = []
    for name, variable in variables.items():
        if variable.instrument is None:
            continue
        instrument = instruments[variable.instrument]
        for scale, items in instrument.scales().items():
            row: dict[str, object] = {
                "variable": name,
                "scale": scale,
                "instrument": instrument.name,
                "citation": instrument.citation,
                "higher_is": instrument.higher_is,
                "case_rule": "",
                "case_source": "",
                "change_source": "",
            }
            if (cutoff := _verified(instrument.cutoffs, scale, caseness=True)) is not None:
                row |= {
                    "case_rule": cutoff.rule,
                    "case_value": _in_units(cutoff, variable, len(items)),
                    "case_source": cutoff.source,
                }
            if (change := _verified(instrument.reliable_change, scale)) is not None:
                row |= {
                    "change_value": _in_units(change, variable, len(items)),
                    "change_level": change.level,
                    "change_source": change.source,
                }
            rows.append(row)
    return pd.DataFrame(rows, columns=ARTEFACTS["meanings"].header)


def _verified[F: (Cutoff, ReliableChange)](facts: list[F], scale: str, **wanted: bool) -> F | None:
    """Return the first verified fact of a scale."""
    return next(
        (
            fact
            for fact in facts
            if fact.verified
            and fact.scale == scale
            and all(getattr(fact, key) == value for key, value in wanted.items())
        ),
        None,
    )


def _in_units(fact: Cutoff | ReliableChange, variable: Variable, items: int) -> float:
    """Turn a declared value into the units of the scores."""
    mean = {"sum": fact.value / items, "mean": fact.value, "ten_times_mean": fact.value / 10}[fact.metric]
    return mean if variable.metric == "mean" else mean * items
