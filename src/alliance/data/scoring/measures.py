"""Scores of the sessions, and the table that says how reliable they are."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from alliance.config import Variable
from alliance.config.instruments import TOTAL, Instrument
from alliance.data.scoring.reliability import (
    cronbach_alpha,
    logit_errors,
    omega_between,
    omega_within,
    split_levels,
)
from alliance.data.scoring.tables import ScoredTable, score_column, score_table
from alliance.facts.artefacts import ARTEFACTS
from alliance.facts.columns import DAYS, PATIENT, SESSION, THERAPIST, WEEKS

_ENDS = ("lowest", "highest")


def score_sessions(
    sessions: pd.DataFrame, variables: Mapping[str, Variable], instruments: Mapping[str, Instrument]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Score every session-level variable.

    Parameters
    ----------
    sessions
        Cleaned sessions, one row per patient and session.

    Returns
    -------
    scores
        ``patient, therapist, session, days, weeks`` and one float column per score, sorted by patient and session.
    reliability
        Columns of the artefact `reliability`, one row per scale of each variable that is one number.

    Raises
    ------
    AllianceError
        As `scoring.tables.score_table`.
    """
    ordered = sessions.sort_values([PATIENT, SESSION], ignore_index=True)
    scored = score_table(ordered, variables, "sessions", instruments)
    keys = pd.DataFrame(
        {
            PATIENT: ordered[PATIENT],
            THERAPIST: ordered[THERAPIST] if THERAPIST in ordered else pd.Series(np.nan, ordered.index, dtype="str"),
            SESSION: ordered[SESSION],
            DAYS: ordered[DAYS].astype(float) if DAYS in ordered else np.nan,
            WEEKS: ordered[WEEKS].astype(float) if WEEKS in ordered else np.nan,
        }
    )
    return pd.concat([keys, scored.scores], axis=1), describe_scales(scored, ordered[PATIENT], variables, instruments)


def describe_scales(
    scored: ScoredTable, patients: pd.Series, variables: Mapping[str, Variable], instruments: Mapping[str, Instrument]
) -> pd.DataFrame:
    """Describe every scale: how many scores, their mean and spread, how reliable they are, and at which level.

    Alpha and omega use the rows in which every item of the scale is answered; they are those of the sum of the items.
    The parts of a composite count as its items. A ready-made number has no items, so no reliability. Where models use it, omega has
    the standard error of its logit. `note` says why a number is missing.
    """
    rows: list[dict[str, object]] = []
    for name, variable in variables.items():
        if name in scored.scales:
            scales = scored.scales[name]
            label = instruments[str(variable.instrument)].name
            for scale, numbers in scales.members.items():
                ends = instruments[str(variable.instrument)].score_range(variable.metric, scale)
                known: dict[str, object] = {"variable": name, "scale": scale, "instrument": label}
                known |= zip(_ENDS, ends, strict=True)
                if scale in scales.refused:
                    rows.append(known | {"note": scales.refused[scale]})
                    continue
                row = _describe(scored.scores[score_column(name, scale)], scales.items[numbers], patients, variable)
                rows.append(row | known | {"prorated": scales.prorated[scale]})
        elif name in scored.scores:
            parts = scored.scores[variable.of]
            rows.append(
                _describe(scored.scores[name], parts, patients, variable)
                | {"variable": name, "scale": TOTAL, "instrument": ""}
                | dict(zip(_ENDS, _ends_of(name, variables, instruments), strict=True))
            )
    return pd.DataFrame(rows, columns=ARTEFACTS["reliability"].header)


def _ends_of(
    name: str, variables: Mapping[str, Variable], instruments: Mapping[str, Instrument]
) -> tuple[float, float]:
    """Return the lowest and the highest possible score of a variable; missing where somebody did not say them."""
    variable = variables.get(name)
    if variable is None:  # a subscale that a composite is made of
        return np.nan, np.nan
    if variable.instrument is not None:
        return instruments[variable.instrument].score_range(variable.metric)
    if variable.kind != "composite":
        return variable.range or (np.nan, np.nan)
    ends = np.array([_ends_of(part, variables, instruments) for part in variable.of])
    low, high = ends.sum(axis=0) if variable.metric == "sum" else ends.mean(axis=0)
    return float(low), float(high)


def _describe(score: pd.Series, items: pd.DataFrame, patients: pd.Series, variable: Variable) -> dict[str, object]:
    observed = score.notna()
    row: dict[str, object] = {
        "n_patients": int(patients[observed].nunique()),
        "n_sessions": int(observed.sum()),
        "mean": score.mean(),
        "sd": score.std(),
        "missing": int((~observed).sum()),
        "note": "",
    }
    if not items.shape[1]:
        return row
    complete = items.notna().all(axis=1)
    answers = items[complete].to_numpy(dtype=float)
    groups = np.asarray(pd.factorize(patients[complete])[0])
    levels = split_levels(answers, groups)
    found = {
        "alpha": cronbach_alpha(answers),
        "omega_within": omega_within(levels),
        "omega_between": omega_between(levels),
    }
    reasons = [coefficient.reason for coefficient in found.values() if coefficient.reason]
    row |= {"n_items": items.shape[1], "note": "; ".join(reasons)}
    if variable.reliability == "items":
        row["omega_within_error"], row["omega_between_error"] = logit_errors(answers, groups)
    return row | {name: coefficient.value for name, coefficient in found.items()}
