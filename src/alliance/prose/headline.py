"""The headline: a few lines of plain text that end a run and open the report."""

from typing import Any

from alliance.config import Config
from alliance.labels import label_of, label_path
from alliance.prose.licence import Licence
from alliance.prose.passage import (
    Inputs,
    count_flagged,
    fitted_models,
    licence_for,
    rows_of,
    table_of,
)
from alliance.prose.results import describe_part
from alliance.prose.wording import count_of, describe_result, nodes_of

_MOST_LINES = 2


def describe_headline(inputs: Inputs, config: Config) -> list[str]:
    """Return two to four lines: the main results, the reverse direction, and what is flagged.

    The first model in ``models.fit`` that answers a question speaks for it, whatever it found; a question is a pair of
    cause and outcome. Questions about a path through a mediator come before those about a single path, results within
    patients before the others. All results stand in the report.
    """
    estimates = table_of(inputs, "estimates")
    answers: dict[tuple[str, str], tuple[dict[str, Any], Licence]] = {}
    for effect in ("indirect", "effect"):
        for name in fitted_models(config, "forward"):
            rows = rows_of(estimates, model=name)
            found = _first_of(rows, effect)
            if found is not None:
                answers.setdefault(
                    (nodes_of(found)[0], nodes_of(found)[-1]),
                    (found, licence_for(name, rows, config)),
                )
    lines = [_line(row, licence, config) for row, licence in list(answers.values())[:_MOST_LINES]]
    if not lines:
        lines.append("No fitted model gave an estimate of what the study asks.")
    lines.append(_describe_other_direction(inputs, config))
    flagged = count_flagged(rows_of(estimates))
    if flagged:
        lines.append(
            f"{count_of(flagged, 'estimate')} of {len(estimates)} {'carries' if flagged == 1 else 'carry'} a flag; see the diagnostics in the report."
        )
    return lines


def _line(row: dict[str, Any], licence: Licence, config: Config) -> str:
    if row["effect"] == "indirect":
        return describe_part(row, [], licence, config)
    return f"{label_path(row['path'], config)}: {describe_result(row, licence, config)}"


def _describe_other_direction(inputs: Inputs, config: Config) -> str:
    for name in fitted_models(config, "reverse"):
        rows = rows_of(table_of(inputs, "estimates"), model=name)
        found = _first_of(rows, "effect") or _first_of(rows, "indirect")
        if found is not None:
            return f"Reverse direction: {describe_result(found, licence_for(name, rows, config), config)}"
    outcome = next(
        (spec.effects.target for spec in map(config.models.specs.get, config.models.fit) if spec and spec.effects),
        None,
    )
    subject = f"from {label_of(outcome, config)} backwards" if outcome else "the reverse direction"
    return f"No model was estimated that asks for {subject}."


def _first_of(rows: list[dict[str, Any]], effect: str) -> dict[str, Any] | None:
    candidates = [row for row in rows if row["effect"] == effect]
    return next(
        (row for row in candidates if row["level"] == "within"),
        candidates[0] if candidates else None,
    )
