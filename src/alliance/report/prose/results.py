"""Sentences on what the models found: within and between, by way of the mediator, and the other way round."""

from typing import Any

from alliance.config import Config
from alliance.config.answers import Direction, questions_of
from alliance.config.declared import Effects
from alliance.facts.cautions import CAUTIONS
from alliance.facts.quantity import ends_of, is_at_session, nodes_of, split_contrast, split_level
from alliance.report.labels import is_constant, label_level, label_model, label_names, label_of, label_path
from alliance.report.numbers import common_decimals, format_estimate, format_number, share_and_ends
from alliance.report.propensity import name_in, unit_in
from alliance.report.prose.licence import Licence, held_equal
from alliance.report.prose.passage import (
    Inputs,
    Passage,
    Point,
    caution,
    fitted_models,
    licence_for,
    rows_between,
    rows_of,
    table_of,
    text,
)
from alliance.report.prose.wording import (
    capitalise,
    count_of,
    describe_contrast,
    describe_difference,
    describe_evidence,
    describe_flag,
    describe_openness,
    describe_probability,
    describe_result,
    describe_size,
    describe_when,
    includes_zero,
    is_between,
    is_given_past,
    join_words,
    mediators_of,
    name_end,
    name_interval,
)

_PARTS = {
    "effect": {
        "indirect": "Indirect effect",
        "indirect_total": "Indirect effect",
        "direct": "Direct effect",
        "total": "Total effect",
    },
    "other": {
        "indirect": "Indirect association",
        "indirect_total": "Indirect association",
        "direct": "Remaining association",
        "total": "Overall association",
    },
    "single_group": {
        "indirect": "Indirect prediction",
        "indirect_total": "Indirect prediction",
        "direct": "Remaining prediction",
        "total": "Overall prediction",
    },
}


def describe_predictions(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe the models that ask whether one thing precedes another, without a mediator, at each level."""
    return _describe_single_paths(inputs, config, "forward")


def describe_indirect(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe, for each model with a mediator, the indirect, the remaining and the total at each level."""
    passages = _describe_mediated_paths(inputs, config, "forward")
    if not passages:
        passages.append(
            text(
                "No fitted model has a variable between its first and its last one, so there is no path through a third."
            )
        )
    return passages


def describe_agreement(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe whether several models of the same path agree; averages compared given the past are another quantity."""
    estimates = table_of(inputs, "estimates")
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in rows_of(estimates, effect="indirect") + rows_of(estimates, effect="effect"):
        if is_given_past(row, config):
            continue
        groups.setdefault((row["path"], row["level"], row["effect"]), []).append(row)
    sentences = [_describe_agreeing(rows, config) for rows in groups.values() if len(rows) > 1]
    if not sentences:
        return []
    return [Passage(tuple(sentences), heading="Do the models agree?", kind="list")]


def describe_reverse(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe the direction from the outcome back to the mediator; say so if nobody looked."""
    passages = _describe_single_paths(inputs, config, "reverse") + _describe_mediated_paths(inputs, config, "reverse")
    if not passages and has_no_reverse(config):
        return [
            text("What the models begin with is fixed for each patient, so there is no reverse direction to look at.")
        ]
    if not passages:
        return [
            caution(
                "No model of the reverse direction was estimated. So it stays open how much of what is reported above "
                "runs the other way, from the outcome back to what is meant to precede it."
            )
        ]
    return [
        *passages,
        text(
            "Both directions can hold at once. Their sizes cannot be compared as they stand: they are differences in "
            "different measures."
        ),
    ]


def has_no_reverse(config: Config) -> bool:
    """Whether nothing that is modelled could run back: every forward model is one equation with a constant cause."""
    specs = [config.models.specs[name] for name in fitted_models(config, "forward")]
    return all(
        len(spec.equations) == 1 and spec.effects is not None and is_constant(spec.effects.source, config)
        for spec in specs
    )


def _describe_single_paths(inputs: Inputs, config: Config, direction: Direction) -> list[Passage]:
    passages = []
    for name, pair in questions_of(config, direction):
        rows = rows_of(table_of(inputs, "estimates"), model=name)
        licence = licence_for(name, rows, config, pair)
        single = [row for effect in ("intention_to_treat", "effect") for row in select_answers(rows, effect, licence)]
        if single:
            sentences = [describe_part(row, rows, licence, config) for row in single]
            sentences += _describe_withheld(name, pair, inputs, config)
            passages += [Passage(tuple(sentences), heading=_head(name, pair, config), kind="list")]
            passages += [*_describe_averages(single, config), *_describe_end(single, config)]
            passages += describe_assumptions(licence, [], config)
    return passages


def _describe_mediated_paths(inputs: Inputs, config: Config, direction: Direction) -> list[Passage]:
    """Describe each pair of cause and outcome with a path between them; every pair has its own licence."""
    passages = []
    for name, pair in questions_of(config, direction):
        rows = rows_of(table_of(inputs, "estimates"), model=name)
        # What a constant cause has done by a session has sentences of its own, `alliance.report.prose.courses`.
        between = [row for row in rows_between(rows, pair) if not is_at_session(row["horizon"])]
        if any(row["effect"] == "indirect" for row in between):
            licence = licence_for(name, rows, config, pair)
            withheld = _describe_withheld(name, pair, inputs, config)
            passages += _describe_mediated_pair(_head(name, pair, config), between, withheld, licence, config)
    return passages


def _head(name: str, pair: Effects, config: Config) -> str:
    """Name a model, and the pair of cause and outcome where it has several."""
    heading = label_model(name, config)
    if len(config.models.specs[name].every_effects()) == 1:
        return heading
    return f"{heading}: {label_of(pair.source, config)} → {label_of(pair.target, config)}"


def _describe_mediated_pair(
    heading: str, rows: list[dict[str, Any]], withheld: list[Point], licence: Licence, config: Config
) -> list[Passage]:
    parts = [row for effect in ("indirect", "indirect_total", "direct") for row in rows if row["effect"] == effect]
    totals = [row for row in rows if row["effect"] == "total"]
    # A cause that is constant within patients has one total, however it is split.
    parts += totals[:1] if is_constant(licence.source, config) else totals
    points = [describe_part(row, rows, licence, config) for row in parts]
    points += [_describe_contrast_of_paths(row, licence, config) for row in rows if row["effect"] == "contrast"]
    points += [_describe_proportion(row, rows, licence, config) for row in rows if row["effect"] == "proportion"]
    mediators = list(dict.fromkeys(node for row in parts if row["effect"] == "indirect" for node in mediators_of(row)))
    return [
        Passage((*points, *withheld), heading=heading, kind="list"),
        *_describe_averages(parts, config),
        *describe_assumptions(licence, mediators, config),
    ]


def _describe_withheld(name: str, pair: Effects, inputs: Inputs, config: Config) -> list[Point]:
    """Say where a number of a pair would stand why it is not given."""
    points = []
    for row in rows_of(table_of(inputs, "diagnostics"), model=name):
        path, level = split_level(str(row["subject"]))
        if CAUTIONS[row["caution"]].withholds and ends_of(path) == (pair.source, pair.target):
            what = "The share of the total" if row["caution"] == "undefined_proportion" else "What would stand here"
            reason = f"{what} is not given: {label_names(row['detail'], config)}."
            points.append(Point(f"{capitalise(label_path(path, config))}, {level}", reason))
    return points


def _describe_averages(rows: list[dict[str, Any]], config: Config) -> list[Passage]:
    """Say what a comparison of averages is, if there is one."""
    compared = [row for row in rows if is_between(row, config)]
    if not compared:
        return []
    joint = "Averages are those at which a patient's sessions settle, free of the chance in single sessions. "
    past = "Given the past: with the value at the session before held equal, so averages themselves differ by more. "
    return [
        text(
            (past if any(is_given_past(row, config) for row in compared) else joint)
            + "They have no order in time: whatever lasts makes them differ, and so do both directions of influence."
        )
    ]


def _describe_contrast_of_paths(row: dict[str, Any], licence: Licence, config: Config) -> Point:
    """Describe the difference of two indirect paths."""
    ways = [
        join_words([label_of(node, config) for node in nodes_of(path)[1:-1]]) for path in split_contrast(row["path"])
    ]
    unit = unit_in(licence.target, row["model"], config)
    value = format_number(row["estimate"], common_decimals([row["low"], row["high"]], row["high"] - row["low"]))
    openness = " The data are compatible with two equal paths." if includes_zero(row) else ""
    return Point(
        f"By way of {ways[0]} minus by way of {ways[1]}, {label_level(row['level'])}",
        f"{value} {unit}{describe_flag(row)} {describe_evidence(row)}.{openness}",
    )


def _describe_proportion(row: dict[str, Any], rows: list[dict[str, Any]], licence: Licence, config: Config) -> Point:
    """Describe the indirect part as a share of the total; reported only where the total is away from zero."""
    total = _PARTS.get(licence.kind, _PARTS["other"])["total"].lower()
    share, low, high = share_and_ends(row["estimate"], row["low"], row["high"])
    return Point(
        f"Indirect share of the {total}, {label_level(row['level'])}{_condition(row, rows, licence, config)}",
        f"{share}{describe_flag(row)} ({name_interval(row)} {low} to {high}; {describe_size(row)}).",
    )


def select_answers(rows: list[dict[str, Any]], effect: str, licence: Licence) -> list[dict[str, Any]]:
    """Return the rows of one effect that lead from the model's cause to its outcome.

    In a model with several mediators in a row, single steps between them are called effects too.
    """
    ends = (licence.source, licence.target)
    return [row for row in rows if row["effect"] == effect and ends_of(row["path"]) == ends]


def describe_part(row: dict[str, Any], rows: list[dict[str, Any]], licence: Licence, config: Config) -> Point:
    """Describe an indirect, direct, total or single effect; what it is called is as strong as the design allows.

    Parameters
    ----------
    rows
        All estimates of the model, from which mediators and the product without the covariance are taken; empty to
        leave that product out.
    """
    outcome = name_in(nodes_of(row["path"])[-1], row["model"], config)
    name = _name_part(row, rows, licence, config)
    if licence.kind != "effect":
        result = describe_result(row, licence, config)
        return Point(name, result + _without_covariance(row, rows) + describe_probability(row, rows, config))
    condition = _condition(row, rows, licence, config)
    size = f"{describe_difference(row['estimate'], row, config)}{describe_flag(row)}{describe_when(row, config)}"
    contrast = describe_contrast(row, config)
    sentence = f"{capitalise(outcome)} {size} with {contrast} {describe_evidence(row)}."
    further = _without_covariance(row, rows) + describe_probability(row, rows, config)
    return Point(name + condition, sentence + describe_openness(row, config) + further)


def _condition(row: dict[str, Any], rows: list[dict[str, Any]], licence: Licence, config: Config) -> str:
    """Name what must hold for a part of an effect to be one; nothing where no effect is claimed, or of the total."""
    if licence.kind != "effect" or row["effect"] not in ("indirect", "indirect_total", "direct", "proportion"):
        return ""
    between = [row] if row["effect"] == "indirect" else [other for other in rows if other["effect"] == "indirect"]
    ways = list(dict.fromkeys(label_of(node, config) for one in between for node in mediators_of(one)))
    outcome = label_of(nodes_of(row["path"])[-1], config)
    return f", if nothing outside the model influences both {join_words(ways)} and {outcome}"


def _name_part(row: dict[str, Any], rows: list[dict[str, Any]], licence: Licence, config: Config) -> str:
    """Name effect, path and level; for a cause that is constant within patients the two versions of each are told apart."""
    level, constant = row["level"], is_constant(nodes_of(row["path"])[0], config)
    if row["effect"] in ("effect", "intention_to_treat"):
        if licence.kind == "effect":
            return f"Effect of {label_of(nodes_of(row['path'])[0], config)}"
        return capitalise(label_level(level))
    name = _PARTS.get(licence.kind, _PARTS["other"])[row["effect"]]
    if row["effect"] == "total":
        if constant and not is_at_session(row["horizon"]):
            return f"{name}, taken to be the same at every session"
        return name if level == "overall" or constant else f"{name}, {label_level(level)}"
    if row["effect"] == "indirect_total":
        return f"{name} by all ways together, {label_level(level)}"
    if row["effect"] == "direct":
        levels = {other["level"] for other in rows if other["effect"] == "direct"}
        if constant and len(levels) > 1:
            return f"{name} beside the path {label_level(level)}"
        return (
            f"{name} beside that path"
            if level == "overall" or constant
            else f"{name} beside that path, {label_level(level)}"
        )
    ways = join_words([name_in(node, row["model"], config) for node in mediators_of(row)])
    if is_between(row, config):
        return f"{name} by way of average {ways}, {label_level(level)}"
    if not constant:
        return f"{name} by way of {ways}, {label_level(level)}"
    outcome = label_of(nodes_of(row["path"])[-1], config)
    if is_at_session(row["horizon"]):
        return f"{name} by way of {ways}"
    if level in ("within", "overall"):
        return f"{name} by way of {ways} at each session, through the link of {ways} and {outcome} within patients"
    return f"{name} by way of {ways}, through the link of {ways} and {outcome} {label_level(level)}"


def _without_covariance(row: dict[str, Any], rows: list[dict[str, Any]]) -> str:
    """Give the product of the average steps where it is another number than the indirect path."""
    if row["effect"] != "indirect":
        return ""
    same = ("path", "level", "horizon")
    for other in rows:
        if other["effect"] == "indirect_product" and all(other[key] == row[key] for key in same):
            if other["estimate"] == row["estimate"]:
                return ""
            value = format_estimate(other["estimate"], other["low"], other["high"])
            return f" Product of the two average steps without their covariance: {value}{describe_flag(other)}."
    return ""


def _describe_end(rows: list[dict[str, Any]], config: Config) -> list[Passage]:
    """Say which session the effects of a constant cause are given at, if any is."""
    ends = [end for row in rows if (end := name_end(row, config))]
    return [text(f"{capitalise(ends[0])}.")] if ends else []


def describe_assumptions(licence: Licence, mediators: list[str], config: Config) -> list[Passage]:
    """Say what must hold for a model's numbers to mean what they are called."""
    source, target = label_of(licence.source, config), label_of(licence.target, config)
    if licence.kind == "single_group":
        return [
            caution(
                f"Nothing was assigned at random: whatever changes along with {source} may explain what it predicts."
            )
        ]
    if licence.kind == "association":
        return [
            caution(
                f"There was no random assignment of {source}: whatever changes along with it may explain what followed. "
                f"These are associations in time."
            )
        ]
    if licence.kind == "adjusted":
        held = join_words(held_equal(licence, config))
        return [
            caution(
                f"There was random assignment of {source}, but the equations also hold measurements made after it, which it "
                f"may have changed: {held} (of this or earlier sessions). The numbers are differences that remain when these "
                f"are equal, not the total effect of the assignment."
            )
        ]
    total = f"There was random assignment of {source}, so the total may be called an effect of the assignment."
    if not mediators:
        return [caution(total)]
    ways = join_words([label_of(node, config) for node in mediators])
    return [
        caution(
            f"{total} Its parts rest on an assumption, because there was no random assignment of {ways}: nothing outside "
            f"the model may influence both {ways} and {target} within patients, and nothing else that the assignment changed may do so "
            f"either. A part that uses the link between patients assumes the same of everything in which patients differ."
        )
    ]


def _describe_agreeing(rows: list[dict[str, Any]], config: Config) -> Point:
    path, level = label_path(rows[0]["path"], config), label_level(rows[0]["level"])
    lowest, highest = (end(row["estimate"] for row in rows) for end in (min, max))
    digits = common_decimals([lowest, highest])
    first, last = format_number(lowest, digits), format_number(highest, digits)
    spread = f"{first} in each" if first == last else f"from {first} to {last}"
    together = "both" if len(rows) == 2 else "all"
    direction = f"{together} in the same direction" if lowest * highest > 0 else "in different directions"
    overlap = max(row["low"] for row in rows) <= min(row["high"] for row in rows)
    overlapping = (
        "the intervals overlap" if overlap else f"the intervals do not {'' if len(rows) == 2 else 'all '}overlap"
    )
    with_zero = sum(includes_zero(row) for row in rows)
    zero = f"{with_zero or 'none'} of the intervals {'contain' if with_zero > 1 else 'contains'} zero"
    flagged = [f"{label_model(row['model'], config)}{describe_flag(row)}" for row in rows if describe_flag(row)]
    marks = f" {'; '.join(flagged)}." if flagged else ""
    return Point(
        f"{capitalise(path)}, {level}",
        f"{count_of(len(rows), 'model')} estimate it ({spread}), {direction}; {overlapping}; {zero}.{marks}",
    )
