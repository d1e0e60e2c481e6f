"""Which rows of the panel each equation uses, and why the others are left out."""

import numpy as np
import pandas as pd

from alliance.config import ModelSpec
from alliance.config.propensity import NO_AND_YES, WHICH_IS_WHICH, YES_NO
from alliance.data.panel import first_sessions
from alliance.errors import ModelError, suggest
from alliance.facts.analyses import ANALYSES, DESCRIPTIVE, PATH
from alliance.facts.artefacts import ARTEFACTS
from alliance.facts.columns import BASELINE, BETWEEN, FILLED, LAG, PATIENT, SESSION, THERAPIST
from alliance.facts.families import FAMILIES
from alliance.models.checking.scores import kind_of_scores
from alliance.models.design.arrays import Design
from alliance.models.filling.grid import Grid
from alliance.models.filling.propensity import Answers

PANEL_ORDER = 100  # the stages before it belong to cleaning
MODEL_ORDER = 200
CENSORED = "censored"
NO_EARLIER = "no earlier session"
AT_FIRST = "first session: its values are the initial values"
EARLIER_BLANK = "earlier session held, its value not observed"
_FEWEST_PATIENTS = 5
_MOST_SHOWN = 3
_MOST_ANSWERS = 10  # in order; more of them are scores
_SELDOM = 0.02  # share of the sessions that have an earlier value: of fewer nothing is learned
_EMPTY = 1e-9  # of the range of a variable: means that differ by less differ by rounding


def select_rows(
    panel: pd.DataFrame, name: str, spec: ModelSpec, grid: Grid | None = None
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Return the rows of each equation and the patient flow from the panel to them.

    Parameters
    ----------
    panel
        One row per patient and session, see `alliance.data.panel`.
    grid
        The panel without holes, where missing cells are unknowns of the model: its rows are selected then.

    Returns
    -------
    rows
        Outcome -> rows in which the outcome and every predictor are observed or filled in, with the panel's columns and order. Rows of
        a grid say in the column ``filled`` where the outcome is not observed; these are not counted as sessions.
    flow
        Rows with the columns of the artefact `flow`; removals are counted one reason after the other, so they add up.

    Raises
    ------
    ModelError
        A column is missing, no rows are left, too few patients are left, or a variable is constant.
    """
    needs = {
        outcome: list(
            dict.fromkeys([outcome, *(column for term in equation.on for column in spec.columns_behind(term))])
        )
        for outcome, equation in spec.equations.items()
    }
    by_therapist = {outcome: bool(equation.vary.get(THERAPIST)) for outcome, equation in spec.equations.items()}
    if spec.analysis != PATH:
        needs = {variable: [variable] for variable in spec.variables}
        by_therapist = dict.fromkeys(needs, False)
    later = panel[SESSION] > first_sessions(panel) if any(c.endswith(LAG) for n in needs.values() for c in n) else None
    rows: dict[str, pd.DataFrame] = {}
    flow: list[dict[str, object]] = []
    for outcome, columns in needs.items():
        unknown = [column for column in columns if column not in panel.columns]
        if unknown:
            raise ModelError(
                f"models.specs.{name}: the panel has no column '{unknown[0]}' (equation of '{outcome}')."
                f"{suggest(unknown[0], panel.columns)} Name a score, a subscale or a label of a category as the panel has it, or declare "
                f"it among 'products' or 'bases'."
            )
        if later is not None:
            _check_earlier(panel, later, name, outcome, columns)
        kept = panel if grid is None else grid.panel.assign(**{FILLED: ~grid.held})
        if grid is not None and outcome in grid.answers.given:
            _check_answers(panel, outcome, grid.answers)
        flow.append(_stage(kept, kept, name, outcome, "panel", "", len(flow)))
        initial = [other for other in spec.equations if f"{other}{BASELINE}" in columns]
        if FAMILIES[spec.family].joint and initial:
            left = kept[~_hold_initial_values(kept, initial)]
            flow.append(_stage(kept, left, name, outcome, "left out", AT_FIRST, len(flow)))
            kept = left
        required = [*columns, THERAPIST] if by_therapist[outcome] else columns
        for column in required:
            there = np.ones(len(kept), dtype=bool)
            for reason, missing in _why_missing(column, kept):
                if missing.any():
                    left = kept[~missing.to_numpy()[there]]
                    there &= ~missing.to_numpy()
                    flow.append(_stage(kept, left, name, outcome, "left out", reason, len(flow)))
                    kept = left
        if grid is not None:
            kept = _use_filled(kept, grid, name, outcome, flow)
        flow.append(_stage(kept, kept, name, outcome, "analysed", "", len(flow)))
        if not ANALYSES[spec.analysis].sparse:
            _check_rows(kept, name, outcome, columns)
        normal = spec.family != DESCRIPTIVE and spec.discrete_signed_off is None
        if normal and (grid is None or outcome not in grid.answers.given):
            _check_scores(kept, name, spec, outcome)
        rows[outcome] = kept
    return rows, pd.DataFrame(flow, columns=ARTEFACTS["flow"].header)


def _check_earlier(panel: pd.DataFrame, later: pd.Series, name: str, outcome: str, columns: list[str]) -> None:
    """Refuse earlier values that hardly any session has: filled in, they would be what the model assumes and nothing else.

    Parameters
    ----------
    later
        Whether a session comes after its patient's first one, (row,).
    """
    sessions = int(later.sum())
    for column in columns:
        if not column.endswith(LAG) or not sessions:
            continue
        known = int((panel[column].notna() & later).sum())
        if known < _SELDOM * sessions:
            numbers = sorted(panel[SESSION].unique())
            shown = ", ".join(str(number) for number in numbers[:4]) + (", ..." if len(numbers) > 4 else "")
            raise ModelError(
                f"models.specs.{name}: '{column}' is known at {known:,} of {sessions:,} sessions after the first ones, so the equation "
                f"of '{outcome}' can learn nothing from it. Sessions are numbered {shown}; an earlier value is the one `panel.lag` numbers "
                "before. If the measurement before is meant, number the sessions one by one (data.sessions.session_names: "
                '{"0": 0, "4": 1, "8": 2}, for instance, or number_sessions: by_date), or set panel.lag to the usual step.'
            )


def _hold_initial_values(rows: pd.DataFrame, outcomes: list[str]) -> np.ndarray:
    """Say which rows are the first session, whose values are predictors already; none where the panel starts after it."""
    first = (rows[SESSION] <= first_sessions(rows)).to_numpy()
    for outcome in outcomes:
        pair = rows.loc[first, [outcome, f"{outcome}{BASELINE}"]].dropna()
        if not np.array_equal(pair[outcome], pair[f"{outcome}{BASELINE}"]):
            return np.zeros(len(rows), dtype=bool)
    return first


def _use_filled(rows: pd.DataFrame, grid: Grid, name: str, outcome: str, flow: list[dict[str, object]]) -> pd.DataFrame:
    """Leave out products of two missing values, and stop counting sessions at which the outcome was filled in."""
    left = rows[~grid.nonlinear[outcome][rows.index]]
    if len(left) < len(rows):
        reason = "product of two values that may both be missing"
        flow.append(_stage(rows, left, name, outcome, "left out", reason, len(flow)))
    marked = left
    if outcome in grid.of:
        marked = left.assign(**{FILLED: left[FILLED] | grid.unseen(outcome)[left.index]})
    if marked[FILLED].any():
        flow.append(_stage(left, marked, name, outcome, "filled in", f"not observed: {outcome}", len(flow)))
    if grid.censored(outcome)[left.index].any():
        flow.append(
            _stage(marked, marked, name, outcome, CENSORED, f"scores at an end of the scale: {outcome}", len(flow))
        )
    return marked


def _why_missing(column: str, rows: pd.DataFrame) -> list[tuple[str, pd.Series]]:
    """Return the reasons why a column can be missing, each with the rows in which it is.

    An earlier session was held if anything at all was observed in it, whichever of its values is blank.
    """
    missing = rows[column].isna()
    if column.endswith(LAG):
        held = rows[[name for name in rows.columns if name.endswith(LAG)]].notna().any(axis="columns")
        return [
            (f"{NO_EARLIER}: {column}", missing & ~held),
            (f"{EARLIER_BLANK}: {column}", missing & held),
        ]
    if column == THERAPIST:
        return [("no therapist known", missing)]
    at_first = " at the first session" if column.endswith(BASELINE) else ""
    return [(f"not observed{at_first}: {column}", missing)]


def _stage(
    before: pd.DataFrame, after: pd.DataFrame, model: str, outcome: str, stage: str, reason: str, order: int
) -> dict[str, object]:
    counts, others = count_rows(after), count_rows(before)
    return {
        "order": MODEL_ORDER + order,
        "stage": stage,
        "model": model,
        "outcome": outcome,
        "reason": reason,
        **counts,
        "removed_patients": others["n_patients"] - counts["n_patients"],
        "removed_sessions": others["n_sessions"] - counts["n_sessions"],
    }


def count_rows(rows: pd.DataFrame) -> dict[str, int]:
    """Count patients, sessions and therapists in rows of the panel; filled-in rows are no sessions."""
    return {
        "n_patients": int(rows[PATIENT].nunique()),
        "n_sessions": int((~rows[FILLED]).sum()) if FILLED in rows else len(rows),
        "n_therapists": int(rows[THERAPIST].nunique()),
    }


def count_equations(design: Design) -> dict[str, dict[str, int]]:
    """Count what each equation of a design is fitted to, see `count_rows`: outcome -> counts."""
    return {outcome: count_rows(equation.rows) for outcome, equation in design.equations.items()}


def observed_scores(rows: pd.DataFrame, outcome: str) -> np.ndarray:
    """Return the scores of an outcome in rows of its equation, without those that were filled in."""
    observed = rows[~rows[FILLED]] if FILLED in rows else rows
    return observed[outcome].to_numpy(dtype=float)


def _check_scores(rows: pd.DataFrame, name: str, spec: ModelSpec, outcome: str) -> None:
    """Refuse scores that normal residuals are out of the question for."""
    kind = kind_of_scores(observed_scores(rows, outcome))
    if kind:
        key = "yes_no" if kind == YES_NO else "ordered"
        raise ModelError(
            f"models.specs.{name}: the outcome '{outcome}' is {kind}, and family '{spec.family}' takes residuals for normal. "
            f"To go on, declare variables.{outcome}.{key}: true in a model of family multilevel_path, leave the equation out or use "
            f"'{outcome}' as a predictor; or accept it with a reason under models.specs.{name}.discrete_signed_off, which flags every "
            f"estimate of the model."
        )


def _check_answers(panel: pd.DataFrame, outcome: str, answers: Answers) -> None:
    """Refuse answers that are all the same, other than 0 and 1 of an outcome that is declared yes/no, or too many in order."""
    given, ordered = answers.given[outcome], outcome in answers.ordered
    others = [] if ordered else sorted(set(panel[outcome].dropna().unique().tolist()) - set(NO_AND_YES))
    if others:
        shown = ", ".join(f"{value:g}" for value in others[:_MOST_SHOWN])
        raise ModelError(
            f"variables.{outcome}.yes_no: the column holds {shown}{' and more' if len(others) > _MOST_SHOWN else ''}, but no is 0 and yes "
            f"is 1. {WHICH_IS_WHICH}; or remove 'yes_no'."
        )
    told = np.unique(answers.cells[outcome][answers.cells[outcome] >= 0])
    if len(told) == 1:
        raise ModelError(
            f"variables.{outcome}.{'ordered' if ordered else 'yes_no'}: all answers at the sessions that the model can use are "
            f"{given[told[0]]:g}, so there is nothing to explain. Leave the equation of '{outcome}' out."
        )
    if len(given) > _MOST_ANSWERS:
        raise ModelError(
            f"variables.{outcome}.ordered: the sessions that the model can use hold {len(given)} different answers, and ordered answers "
            f"are two to {_MOST_ANSWERS}. Remove 'ordered', so that they are scores; or give 'kind: category' with levels that put some "
            f"together, as in {{none: 0, a bit: 1, partly: 1, done: 2}}."
        )


def _check_rows(rows: pd.DataFrame, name: str, outcome: str, columns: list[str]) -> None:
    patients = rows[PATIENT].nunique()
    if patients < _FEWEST_PATIENTS:
        raise ModelError(
            f"models.specs.{name}: only {patients} patients have all that the equation of '{outcome}' needs "
            f"({', '.join(columns)}). Remove the predictor that is rarely observed (see data/panel.parquet), or the model "
            f"from models.fit."
        )
    for column in columns:
        base = column.removesuffix(BETWEEN)
        if base != column and base in rows and np.ptp(rows[column]) < _EMPTY * np.ptp(rows[base].dropna()):
            raise ModelError(
                f"models.specs.{name}: patients do not differ in '{column}', as after centring by person, so the equation of '{outcome}' "
                f"can learn nothing from it. Remove it; '{base}' holds no differences between patients."
            )
        if column == outcome and (rows[column] == rows[column].iloc[0]).all():
            raise ModelError(
                f"models.specs.{name}: '{outcome}' has the same value in all {len(rows):,} rows that the model can use, so there is "
                f"nothing to explain. Leave it out of the model's outcomes."
            )
        if (rows[column] == rows[column].iloc[0]).all():
            raise ModelError(
                f"models.specs.{name}: '{column}' has the same value in all {len(rows):,} rows that the equation of '{outcome}' can "
                f"use, so it explains nothing. Remove it from the equation"
                + (
                    f", and say why under models.specs.{name}.initial_values_signed_off."
                    if column.endswith(BASELINE)
                    else "."
                )
            )
