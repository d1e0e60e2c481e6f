"""Sentences on what several sites say together: the mean, how far sites differ, and what that does not license."""

from collections.abc import Collection, Mapping
from typing import Any

from alliance.facts.quantity import ends_of
from alliance.report.numbers import (
    format_estimate,
    format_interval,
    format_number,
    format_percent,
    format_probability,
    share_and_ends,
)
from alliance.report.prose.passage import Passage, Point
from alliance.report.prose.wording import capitalise, count_of
from alliance.synthesis.combine import FEW, TREATMENT, Synthesis, cautions_of
from alliance.synthesis.names import PREDICTION, Row, name_quantity, name_unit, told_rows


def describe_synthesis(found: Synthesis) -> list[Passage]:
    """Tell the main quantities one by one, then what holds for all of them."""
    rows = told_rows(found.pooled).to_dict("records")
    told = [cautions_of(row) for row in rows]
    common = [caution for caution in told[0] if all(caution in others for others in told)]
    points = tuple(Point(name_quantity(row, found.labels), _tell(row, found.labels, common)) for row in rows)
    cautions = [f"{capitalise(caution)}." for caution in common]
    return [Passage(points, kind="list"), Passage((*cautions, *_limits(rows, found)), kind="caution")]


def _tell(row: Row, labels: Mapping[str, str], known: Collection[str]) -> str:
    """Tell one quantity with its cautions, but for those that are told of all."""
    said = [
        f"{format_estimate(row['estimate'], row['low'], row['high'])} {name_unit(row, labels)} "
        f"({format_percent(row['interval'])} interval; {count_of(row['sites'], 'site')}, {count_of(row['n_patients'], 'patient')}, "
        f"{count_of(row['n_sessions'], 'session')}).",
        tell_spread(row),
        tell_another(row),
        *(f"{capitalise(caution)}." for caution in cautions_of(row) if caution not in known),
    ]
    return " ".join(sentence for sentence in said if sentence)


def tell_spread(row: Row) -> str:
    """Say how far sites differ, and how much of what differs between their estimates that is."""
    if row["tau_high"] == 0:
        return (
            f"The sites agree more closely than their own standard errors let expect (Q = {format_number(row['q'], 1)}, "
            f"{row['sites'] - 1} degrees of freedom)."
        )
    share, low, high = share_and_ends(row["share"], row["share_low"], row["share_high"])
    return (
        f"Sites differ with a standard deviation of {format_estimate(row['tau'], row['tau_low'], row['tau_high'])}; "
        f"{share} of the variance of estimates is between sites (I², {low} to {high}; "
        f"Q = {format_number(row['q'], 1)}, p {_p(row['p_value'])})."
    )


def _p(value: float) -> str:
    text = format_probability(value)
    return text if text[0] in "<>" else f"= {text}"


def tell_another(row: Row) -> str:
    """Say where another site is expected."""
    if row["sites"] == 2:  # no degree of freedom is left
        return "Two sites do not tell what to expect of a third."
    return (
        f"At another site like these it is expected to lie in {format_interval(row['predicted_low'], row['predicted_high'])} "
        f"({format_percent(row['interval'])} prediction interval)."
    )


def _limits(rows: list[dict[Any, Any]], found: Synthesis) -> list[str]:
    """Say what a synthesis of cards does not license."""
    few = min(row["sites"] for row in rows)
    caused = [row for row in rows if ends_of(row["path"])[0] == TREATMENT]
    sentences = [
        "A synthesis licenses no more than the studies in it: where nothing was assigned at random, all sites may share a confounder, and "
        "a narrow interval says nothing about that.",
    ]
    if caused and found.randomised:
        sentences.append(
            "The treatment was assigned at random at all sites, so its total is an effect; what runs through the middle is not randomised."
        )
    elif caused:
        sentences.append(
            "Not all sites assigned the treatment at random, so differences between treatments need not be its effects."
        )
    if few < FEW:
        sentences.append(
            f"With {count_of(few, 'site')} the interval of the mean holds because it is wide; how far sites differ, and so what another "
            "site would find, is hardly known."
        )
    if any(row["sites"] > 2 for row in rows):
        sentences.append(PREDICTION)
    sentences.append(
        "Cards do not tell whether the same patients stand in two of them, nor whether sites that found nothing sent one."
    )
    return sentences
