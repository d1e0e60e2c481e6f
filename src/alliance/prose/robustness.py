"""Sentences on how robust the results are: without single people, under other priors, and with another kind of model."""

from collections.abc import Hashable, Sequence
from typing import Any

import pandas as pd

from alliance.comparison import compare_methods
from alliance.config import Config
from alliance.estimates import main_rows
from alliance.labels import label_effect, label_level, label_model, label_path
from alliance.numbers import format_count, format_number
from alliance.prose.passage import Inputs, Passage, Point, caution, rows_of, table_of, text
from alliance.prose.wording import capitalise, count_of, join_words, tell_apart

_KEYS = ["model", "path", "effect", "level"]
_STEPS = ("a", "b", "effect", "indirect")  # whose dependence on priors is spoken of


def describe_influence(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe how far the results move without the most influential patient and without the most influential therapist."""
    table = table_of(inputs, "influence")
    if table.empty:
        return []
    points = [
        Point(_place(key, config), _describe_left_out(part)) for key, part in main_rows(table).groupby(_KEYS, sort=False)
    ]
    return [Passage(tuple(points), heading="Without single patients and therapists", kind="list")]


def describe_sensitivity(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe which results depend on which priors, and which ones the data say little about."""
    table = table_of(inputs, "sensitivity")
    if table.empty:
        return []
    rows = rows_of(table[table["effect"].isin(_STEPS)])
    priors = [row for row in rows if row["component"] == "prior"]
    data = [row for row in rows if row["component"] == "likelihood"]
    moved = [row for row in priors if row["value"] > row["threshold"]]
    silent = [row for row in data if row["value"] <= row["threshold"]]
    limit = format_number(max(row["threshold"] for row in rows))
    verb = "does" if len(moved) == 1 else "do"
    lead = (
        f"Each part of the priors was given a little more and a little less weight. Of {count_of(len(priors), 'pair')} of an estimate and "
        f"a part of the priors, {format_count(len(moved)) if moved else 'none'} {verb if moved else 'does'} move by more than {limit}."
    )
    if not silent:
        lead += " All of these estimates are informed by the data."
    passages = [Passage((lead,), heading="Under other priors")]
    points = [_describe_sensitive(key, moved, silent, config) for key in dict.fromkeys(map(_key, [*moved, *silent]))]
    return [*passages, Passage(tuple(points), kind="list")] if points else passages


def describe_methods(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe where separate and joint models of the same path disagree, or that they do not."""
    estimates = table_of(inputs, "estimates")
    pairs = compare_methods(estimates) if len(estimates) else estimates
    if pairs.empty:
        return []
    apart = rows_of(pairs[pairs["apart"]])
    lead = (
        f"{capitalise(count_of(len(pairs), 'pair'))} of estimates of the same path, from separate and from joint models, can be compared. "
    )
    if not apart:
        largest = float(pairs["distance"].abs().max())
        lead += f"None lies more than 2 standard errors apart; the largest distance is {format_number(largest)}."
        return [Passage((lead,), heading="With another kind of model")]
    verb = "lies" if len(apart) == 1 else "lie"
    lead += f"{format_count(len(apart))} {verb} more than 2 standard errors of the joint estimate apart."
    return [
        Passage((lead,), heading="With another kind of model"),
        Passage(tuple(_describe_apart(row, config) for row in apart), kind="list"),
        caution(
            "Where the two differ, the joint model is the better guide: separate models take observed means for true ones and cannot hold "
            "what two equations share. Their predictors can differ as well."
        ),
    ]


def _place(key: Hashable, config: Config) -> str:
    assert isinstance(key, tuple)
    model, path, effect, level = key
    shown = label_path(path, config) if effect in ("indirect", "effect") else f"{label_effect(effect)}, {label_path(path, config)}"
    return f"{label_model(model, config)}: {shown}, {label_level(level)}"


def _key(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in _KEYS)


def _describe_left_out(part: pd.DataFrame) -> str:
    first = part.iloc[0]
    whole = float(first["estimate"])
    sentences = []
    for unit in dict.fromkeys(part["unit"]):
        top: Any = part[part["unit"] == unit].sort_values("rank", kind="stable").iloc[0]
        without, before = tell_apart(float(top["without"]), whole)
        sentences.append(
            f"Without the most influential {unit} the estimate is {without} instead of {before} "
            f"({format_number(abs(top['change']))} standard errors)."
        )
    turned = part[part["without"] * whole < 0]
    units = list(dict.fromkeys(part["unit"]))
    if turned.empty:
        sentences.append(f"No single {join_words(units, 'or')} turns its direction.")
    else:
        sentences.append(f"It turns its direction without one {join_words(list(dict.fromkeys(turned['unit'])), 'or')}.")
    return " ".join(sentences)


def _describe_sensitive(
    key: tuple[str, ...], moved: Sequence[dict[str, Any]], silent: Sequence[dict[str, Any]], config: Config
) -> Point:
    own = [row for row in moved if _key(row) == key]
    little = any(_key(row) == key for row in silent)
    parts = []
    if own:
        named = join_words([f"{row['block']} ({tell_apart(row['value'], row['threshold'])[0]})" for row in own])
        parts.append(f"Depends on the priors of {named}.")
    parts.append("The data say little about it." if little else "The data inform it as well.")
    return Point(_place(key, config), " ".join(parts))


def _describe_apart(row: dict[str, Any], config: Config) -> Point:
    separate, joint = tell_apart(row["estimate_textbook"], row["estimate_joint"])
    where = f"{label_effect(row['effect'])}, {label_path(row['path'], config)}, {label_level(row['level'])}"
    models = f"{label_model(row['model_textbook'], config)} and {label_model(row['model_joint'], config)}"
    return Point(
        capitalise(where),
        f"{separate} in the separate and {joint} in the joint model, {format_number(abs(row['distance']))} standard errors apart ({models}).",
    )
