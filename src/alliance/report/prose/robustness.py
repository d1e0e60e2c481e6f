"""Sentences on how robust the results are: to the method, to the priors, and to single patients and therapists."""

from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.facts.effects import EFFECTS
from alliance.facts.verdicts import told_sign
from alliance.report.labels import (
    join_units,
    label_effect,
    label_level_of,
    label_model,
    label_names,
    label_of,
    label_path,
)
from alliance.report.numbers import (
    common_decimals,
    format_count,
    format_estimate,
    format_number,
    format_probability,
    format_value,
)
from alliance.report.prose.passage import Inputs, Passage, Point, rows_of, table_of, text
from alliance.report.prose.wording import capitalise, count_of, describe_flag, join_words
from alliance.results.comparison import SIDES, compare_methods
from alliance.results.disclosure import publish_influence
from alliance.results.estimates import MOVED, main_rows, moved_by_priors

_LEFT_OUT = {
    "patients": "Each patient",
    "therapists": "Each therapist with all patients",
    "patients and therapists": "Each patient, and each therapist with all patients,",
}


def describe_methods(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe whether separate equations and joint models agree about the paths that both estimate."""
    estimates = table_of(inputs, "estimates")
    pairs = rows_of(compare_methods(estimates, config)) if len(estimates) else []
    if not pairs:
        return []
    apart = [row for row in pairs if row["apart"]]
    passages = [
        text(
            f"{capitalise(count_of(len(pairs), 'pair'))} of estimates, one from separate equations and one from a joint model, can be "
            f"compared; {format_count(len(apart)) if apart else 'none'} of them {'lie' if len(apart) > 1 else 'lies'} more than two "
            "standard errors of the joint estimate apart."
        )
    ]
    if apart:
        passages.append(
            Passage(
                tuple(_describe_pair(row, config) for row in apart), heading="Where the methods lie apart", kind="list"
            )
        )
    return [
        *passages,
        text(
            "Both rest on the same data, so a distance describes how much the method matters and is no test. Separate equations centre on "
            "observed means and take the steps for independent; joint models do neither. Their equations can also differ in what they "
            "hold equal."
        ),
    ]


def describe_sensitivity(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe which steps and paths depend on the priors, and about which the data say little."""
    table = table_of(inputs, "sensitivity")
    rows = [row for row in rows_of(table) if EFFECTS[row["effect"]].weighed]
    priors = [row for row in rows if row["component"] == "prior"]
    if not priors:
        return []
    found = [row for row in priors if row["value"] > row["threshold"]]
    # The table says of the data when they move an estimate; here, when they say little about it. Where neither priors nor data move it, the
    # spread decides.
    found += [row for row in rows if row["component"] == "likelihood" and not row["informed"]]
    limits = sorted({row["threshold"] for row in priors})
    limit = format_number(limits[0], 2) + (
        ", and more than draws that are paired at random, where these move further" if len(limits) > 1 else ""
    )
    models = count_of(len({row["model"] for row in priors}), "Bayesian model")
    beside = _describe_moved(table_of(inputs, "estimates"), config)
    if not found:
        largest = format_number(max(row["value"] for row in priors))
        return [
            text(
                f"In {models} every block of priors was given slightly more and slightly less weight: no step and no path follows any "
                f"of them noticeably (largest sensitivity {largest}, threshold {limit})."
            ),
            *beside,
        ]
    lead = text(
        f"In {models} every block of priors, and the data, were given slightly more and slightly less weight. What stands out "
        f"(threshold {limit}):"
    )
    return [lead, Passage(tuple(_describe_sensitive(row, config) for row in found), kind="list"), *beside]


def _describe_moved(estimates: pd.DataFrame, config: Config) -> list[Passage]:
    """Put what the data say without priors beside the answers that lie far from it."""
    answers = estimates if estimates.empty else main_rows(estimates)
    rows = [] if answers.empty else rows_of(answers[moved_by_priors(answers)])
    if not rows:
        return []
    points = [
        Point(
            f"{capitalise(label_path(row['path'], config))}, {label_effect(row['effect'])}, {label_level_of(row, config)}",
            f"{format_number(row['estimate'])} with priors, {format_number(row['without_priors'])} without "
            f"({label_model(row['model'], config)}).",
        )
        for row in rows
    ]
    lead = text(
        f"The priors move {count_of(len(rows), 'answer')} by more than {MOVED:g} standard errors from what restricted maximum likelihood "
        f"says, which uses none:"
    )
    return [lead, Passage(tuple(points), kind="list")]


def describe_trends(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe what becomes of each model when patients may have trends of their own."""
    table = table_of(inputs, "trends")
    if table.empty:
        return []
    tests = {row["model"]: row for row in rows_of(table_of(inputs, "diagnostics"), caution="person_trends")}
    points = [
        Point(
            label_model(model, config),
            _describe_trends([row for row in rows_of(table) if row["model"] == model], tests.get(model), config),
        )
        for model in dict.fromkeys(table["model"])
    ]
    return [
        text(
            "Where an outcome is predicted by its own past, a drift of patients over sessions can pass for that past. These models were "
            "fitted again with a trend of each patient's own."
        ),
        Passage(tuple(points), kind="list"),
    ]


def _describe_trends(rows: list[dict[str, Any]], test: dict[str, Any] | None, config: Config) -> str:
    """Say whether the data ask for trends, and which estimate moves most with them."""
    most = max(rows, key=lambda row: abs(row["change"]))
    places = common_decimals([most["without"], most["with_trends"]], most["sd"])
    before, after = (format_number(most[side], places) for side in ("without", "with_trends"))
    moved = (
        f"Most of all moves {label_path(most['path'], config)}, {label_effect(most['effect'])}, {label_level_of(most, config)}: {before} "
        f"without trends, {after} with them ({format_number(abs(most['change']))} standard errors)."
    )
    if test is None or pd.isna(test["value"]):
        return moved
    asked = test["value"] < test["threshold"]
    chance = format_probability(test["value"])
    chance = f"p {chance[0]} {chance[1:]}" if chance[0] in "<>" else f"p = {chance}"
    return f"The data {'ask' if asked else 'do not ask'} for trends ({chance}). {moved}"


def describe_autocorrelation(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe how far what equations leave of outcomes lasts, and what becomes of the estimates without that."""
    lasting = rows_of(table_of(inputs, "estimates"), effect="autocorrelation")
    if not lasting:
        return []
    table = rows_of(table_of(inputs, "autocorrelation"))
    tests = {row["model"]: row for row in rows_of(table_of(inputs, "diagnostics"), caution="lasting_residuals")}
    points = []
    for model in dict.fromkeys(row["model"] for row in lasting):
        told = [
            f"Residuals of {label_of(row['outcome'], config)} {row['horizon']} are correlated by "
            f"{format_estimate(row['estimate'], row['low'], row['high'])}{describe_flag(row)}."
            for row in lasting
            if row["model"] == model
        ]
        told += _describe_independent([row for row in table if row["model"] == model], tests.get(model), config)
        points.append(Point(label_model(model, config), " ".join(told)))
    return [
        text(
            "What an equation leaves of an outcome may last: a patient who is worse than expected at one session still is at the next. "
            "Residuals that are taken for independent though they last make intervals of slow changes too narrow, and something else that "
            "lasts can appear to have an effect. Where a model lets them last, it was also fitted with independent residuals."
        ),
        Passage(tuple(points), kind="list"),
    ]


def _describe_independent(rows: list[dict[str, Any]], test: dict[str, Any] | None, config: Config) -> list[str]:
    """Say whether the data tell residuals that last from independent ones, and which estimate moves most without."""
    told = []
    if test is not None and not pd.isna(test["value"]):
        told.append(
            f"If they were independent, letting them last would explain the data as much better as it does with a probability of "
            f"{_name_chance(test['value'])}."
        )
    if rows:
        most = max(rows, key=lambda row: abs(row["change"]))
        places = common_decimals([most["lasting"], most["independent"]], most["sd"])
        own, other = (format_number(most[side], places) for side in ("lasting", "independent"))
        errors = common_decimals([most["sd"], most["sd_independent"]], most["sd"])
        sds = (format_number(most[side], errors) for side in ("sd", "sd_independent"))
        told.append(
            f"With independent residuals most of all moves {label_path(most['path'], config)}, {label_effect(most['effect'])}, "
            f"{label_level_of(most, config)}: {own} as the model has it, {other} then ({format_number(abs(most['change']))} standard "
            f"errors; these are {' and '.join(sds)})."
        )
        told.append(_describe_turned(rows, config))
    return told


def _describe_turned(rows: list[dict[str, Any]], config: Config) -> str:
    """Say which estimates only one of two accounts tells from zero, or each in another direction."""
    turned = []
    for row in rows:
        own, other = told_sign(row["lasting"], row["sd"]), told_sign(row["independent"], row["sd_independent"])
        if own != other:
            places = common_decimals([row["lasting"], row["independent"]], row["sd"])
            values = [format_number(row[side], places) for side in ("lasting", "independent")]
            when = "in opposite directions" if own and other else f"only {'as the model has it' if own else 'then'}"
            where = [
                label_path(row["path"], config),
                label_effect(row["effect"]),
                label_level_of(row, config),
                row["horizon"],
            ]
            turned.append(
                f"{', '.join(filter(None, where))}, {when} ({values[0]} as the model has it, {values[1]} then)"
            )
    if not turned:
        return "No estimate is more than 1.96 standard errors from zero in one of the two accounts only."
    return f"The choice matters: more than 1.96 standard errors from zero is {'; '.join(turned)}."


def _name_chance(probability: float) -> str:
    found = format_probability(probability)
    return f"less than {found[1:].strip()}" if found[0] == "<" else found


def describe_influence(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe how far leaving out a patient or therapist moves each path, of single ones only where the table shows them."""
    table = table_of(inputs, "influence")
    if table.empty:
        return []
    privacy = config.privacy
    rows = rows_of(publish_influence(main_rows(table), privacy.single_patients, privacy.minimum_cell))
    if not rows:
        return []
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["model"], row["path"], row["level"]), []).append(row)
    turned = sum(
        any(min(row["lowest"] * row["estimate"], row["highest"] * row["estimate"]) <= 0 for row in found)
        for found in groups.values()
    )
    verdict = (
        "Nobody turns the direction of any of them."
        if not turned
        else f"In {format_count(turned)} of {format_count(len(groups))} leaving out one of them turns the direction."
    )
    points = [_describe_most_influential(found, config) for found in groups.values()]
    return [
        text(f"{_LEFT_OUT[join_units({row['unit'] for row in rows})]} was left out in turn. {verdict}"),
        Passage(tuple(points), kind="list"),
    ]


def _describe_pair(row: dict[str, Any], config: Config) -> Point:
    sides = []
    for side in SIDES:
        estimate = format_estimate(row[f"estimate_{side}"], row[f"low_{side}"], row[f"high_{side}"])
        flag = describe_flag({"flag": row[f"flag_{side}"]})
        sides.append(f"{side} {estimate}{flag} ({label_model(row[f'model_{side}'], config)})")
    return Point(
        f"{capitalise(label_path(row['path'], config))}, {label_effect(row['effect'])}, {label_level_of(row, config)}",
        f"{capitalise(sides[0])}, {sides[1]}: {format_number(abs(row['distance']))} standard errors apart.",
    )


def _describe_sensitive(row: dict[str, Any], config: Config) -> Point:
    # Blocks are named as in the table of priors; a sentence speaks of effects only where the design allows it.
    block = "slopes" if row["block"] == "effects" else row["block"]
    what = "the data" if row["component"] == "likelihood" else f"priors of {block}"
    return Point(
        f"{capitalise(label_path(row['path'], config))}, {label_effect(row['effect'])}, {label_level_of(row, config)}, and {what}",
        f"Sensitivity {format_number(row['value'])} ({label_model(row['model'], config)}). {label_names(str(row['meaning']), config)}",
    )


def _describe_most_influential(rows: list[dict[str, Any]], config: Config) -> Point:
    first = [row for row in rows if row["rank"] == 1]
    values = [first[0]["estimate"], *(row[end] for row in first for end in ("lowest", "highest"))]
    errors = [abs((_furthest(row) - row["estimate"]) / row["change"]) for row in first if row["change"]]
    digits = common_decimals(values, max(errors, default=None))
    moved = [_describe_without(row, digits) for row in first]
    return Point(
        f"{capitalise(label_path(rows[0]['path'], config))}, {label_level_of(rows[0], config)}",
        f"{format_number(values[0], digits)} with everybody, {join_words(moved)} ({label_model(rows[0]['model'], config)}).",
    )


def _furthest(row: dict[str, Any]) -> float:
    """Return the estimate without one unit that lies furthest from that with everybody."""
    return max((float(row[end]) for end in ("lowest", "highest")), key=lambda end: abs(end - row["estimate"]))


def _describe_without(row: dict[str, Any], digits: int) -> str:
    if pd.notna(row["without"]):
        far = format_number(abs(row["change"]))
        return f"{format_number(row['without'], digits)} without the most influential {row['unit']} ({far} standard errors)"
    low, high = (format_number(row[end], digits) for end in ("lowest", "highest"))
    return f"{low} to {high} without any one {row['unit']} (at most {format_value(row['change'])} standard errors away)"
