"""What the sites of one study say together, each fitted by itself: beside products of sites, which take all else to be the same in them."""

from typing import Any, Final

from alliance.config import Config
from alliance.facts.quantity import nodes_of
from alliance.report.labels import label_effect, label_of, label_path, label_value
from alliance.report.numbers import format_estimate, format_percent
from alliance.report.prose.passage import Inputs, Passage, Point, caution, rows_of, table_of, text
from alliance.report.prose.synthesis import tell_another, tell_spread
from alliance.report.prose.wording import capitalise, count_of, join_words
from alliance.synthesis.combine import FEW

_STEPS: Final = ("a", "b", "effect", "indirect")

_Rows = list[dict[str, Any]]


def describe_sites(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe the mean over sites and how far they differ, path by path, and what so many sites cannot tell."""
    passages = []
    for model in models_of_sites(config):
        pooled = told_pooled(inputs, model)
        if not pooled:
            continue
        left = [row for row in rows_of(table_of(inputs, "sites"), model=model) if row["reason"]]
        points = tuple(
            Point(f"{capitalise(label_path(row['path'], config))} ({label_effect(row['effect'])})", _tell(row))
            for row in pooled
        )
        passages += [
            text(
                f"The model was also fitted to each {_kind(model, config)} alone, so that nothing is taken to be the same in all of them, "
                "and the estimates were put together as those of separate studies are (random-effects meta-analysis). What the others "
                "tell of a site draws its own estimate towards the mean: partial pooling."
            ),
            Passage(points, kind="list"),
            *([text(f"Without estimates of their own: {_left_out(left, config)}.")] if left else []),
        ]
        passages += [caution(said) for said in [_limit(min(row["sites"] for row in pooled))] if said]
    return passages


def tell_pooled(inputs: Inputs, config: Config) -> str:
    """Say in a sentence what the sites say together of the longest path; empty where they were not put together."""
    for model in models_of_sites(config):
        pooled = told_pooled(inputs, model)
        if pooled:
            row = pooled[-1]
            mean = format_estimate(row["estimate"], row["low"], row["high"])
            tau = format_estimate(row["tau"], row["tau_low"], row["tau_high"])
            how = "they agree more closely than their own errors let expect"
            said = how if row["tau_high"] == 0 else f"their standard deviation is {tau}"
            few = f", and {count_of(row['sites'], 'site')} tell next to nothing of how far such sites differ"
            alone = f"With each {_kind(model, config)} fitted alone, the mean over them is {mean}; {said}"
            return f"{alone}{few if row['sites'] < FEW else ''}."
    return ""


def models_of_sites(config: Config) -> list[str]:
    """Name the fitted models whose sites are fitted alone too."""
    return [name for name in config.models.fit if getattr(config.models.specs[name], "pooled_over", [])]


def told_pooled(inputs: Inputs, model: str) -> _Rows:
    """Return what the sites of a model say together, the steps first and the path through them last."""
    rows = rows_of(table_of(inputs, "pooled"), model=model)
    return sorted((row for row in rows if row["effect"] in _STEPS), key=lambda row: len(nodes_of(row["path"])))


def _tell(row: dict[str, Any]) -> str:
    mean = format_estimate(row["estimate"], row["low"], row["high"])
    return (
        f"{mean} on average over {count_of(row['sites'], 'site')} ({format_percent(row['interval'])} interval). {tell_spread(row)} "
        f"{tell_another(row)}"
    )


def _kind(model: str, config: Config) -> str:
    """Name what the sites are: ``clinic``."""
    column = config.models.specs[model].pooled_over[0]  # type: ignore[attr-defined]
    return label_of(column, config).partition(":")[0]


def _left_out(rows: _Rows, config: Config) -> str:
    return join_words([f"{label_value(row['moderator'], row['value'], config)} ({row['reason']})" for row in rows])


def _limit(sites: int) -> str:
    """Say what few sites cannot tell; empty where there are enough."""
    if sites >= FEW:
        return ""
    return (
        f"{count_of(sites, 'site')} say next to nothing about how far sites differ: an estimate of zero does not mean that they are alike, "
        "and what another site would find is open. Where the estimate is zero, partial pooling gives every site the mean, and its interval "
        "then takes them to be the same."
    )
