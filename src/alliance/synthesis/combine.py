"""Several cards put together: what of them is the same quantity, in which unit, and what all sites say of it.

The second stage of a two-stage synthesis (Flückiger et al. 2020): every site has estimated the same effect on its own data, and
`alliance.inference.random_effects` puts the estimates together. Quantities are the same where question, path, effect, level and time
agree. Points are put together where all sites used the same measures, standard deviations wherever two sites have them, correlations on
Fisher's scale (on which their spread between sites stays). What cannot be compared is refused by name.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any, Final

import pandas as pd

from alliance.errors import DataError
from alliance.facts.literature import is_alliance
from alliance.facts.quantity import ends_of, nodes_of
from alliance.inference.random_effects import pool
from alliance.synthesis.card import Card, Measure, Quantity, key_of

POINTS: Final = "points"
DEVIATIONS: Final = "standard deviations"
CORRELATIONS: Final = "correlations"
FEW: Final = 5  # sites; with fewer their spread is hardly known
KEY: Final = ["question", "path", "effect", "level", "horizon"]
TREATMENT: Final = "treatment"
MEDIATOR: Final = "mediator"
_ON_SCALE: Final = ("estimate", "low", "high", "predicted_low", "predicted_high", "common", "common_low", "common_high")
_BETWEEN: Final = " | "  # cautions of one row


@dataclass(frozen=True)
class Synthesis:
    """What several cards say together.

    Parameters
    ----------
    pooled
        One row per quantity and unit: `KEY`, unit, n_patients, n_sessions, the numbers of `alliance.inference.random_effects.Pooled`
        without the weights, and `cautions` (see `cautions_of`), each a sentence
        without its full stop.
    sites
        One row per site of each of these: `KEY`, unit, site, estimate, sd, low, high (normal), weight, n_patients, n_sessions, flags.
    refused
        One row per quantity that was not put together: `KEY`, unit, reason.
    labels
        What people call the nodes of paths: their label where all sites agree, the part they play elsewhere.
    randomised
        Whether all sites assigned the treatment at random.
    """

    pooled: pd.DataFrame
    sites: pd.DataFrame
    refused: pd.DataFrame
    labels: Mapping[str, str]
    randomised: bool


def cautions_of(row: Mapping[Any, Any]) -> list[str]:
    """Return the cautions of a row of `Synthesis.pooled`."""
    return [caution for caution in str(row["cautions"]).split(_BETWEEN) if caution]


@dataclass(frozen=True)
class _Entry:
    """One card's estimate of a quantity."""

    card: Card
    quantity: Quantity

    @property
    def site(self) -> str:
        return self.card.site

    def measures(self) -> list[tuple[str, Measure]]:
        """Return what both ends of the path were measured with; points of an effect are points of these."""
        return [(node, self.card.measures[node]) for node in ends_of(self.quantity.path)]


def combine(cards: Sequence[Card], interval: float = 0.95) -> Synthesis:
    """Put cards together.

    Raises
    ------
    DataError
        There are fewer than two, two are of the same site, or no quantity stands in two of them.
    """
    _check_sites(cards)
    found: dict[tuple[str, ...], list[_Entry]] = {}
    for card in cards:
        for quantity in card.quantities:
            found.setdefault(key_of(quantity), []).append(_Entry(card, quantity))
    pooled, sites, refused = [], [], []
    for key, entries in found.items():
        named = dict(zip(KEY, key, strict=True))
        for unit, usable, reason in _units(entries):
            if reason:
                refused.append({**named, "unit": unit, "reason": reason})
            if len(usable) > 1:
                row, rows = _pool(usable, unit, interval)
                pooled.append(named | row)
                sites += [named | one for one in rows]
    if not pooled:
        reasons = "\n".join(f"  - {row['path']} ({row['effect']}, {row['level']}): {row['reason']}" for row in refused)
        raise DataError(
            f"No quantity could be put together:\n{reasons}\nSites have to ask the same questions ('questions' in their configuration), of "
            "variables that play the same parts ('role')."
        )
    return Synthesis(
        pooled=pd.DataFrame(pooled),
        sites=pd.DataFrame(sites),
        refused=pd.DataFrame(refused, columns=[*KEY, "unit", "reason"]),
        labels=_labels(cards),
        randomised=all(TREATMENT in card.study.randomised for card in cards),
    )


def _labels(cards: Sequence[Card]) -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for card in cards:
        for node, measure in card.measures.items():
            found.setdefault(node, set()).add(measure.label)
    return {node: next(iter(labels)) if len(labels) == 1 else node for node, labels in found.items()}


def _check_sites(cards: Sequence[Card]) -> None:
    if len(cards) < 2:
        raise DataError(
            f"A synthesis takes two effect cards or more, and {len(cards)} was given. Name the cards of all sites."
        )
    for place, card in enumerate(cards):
        if not card.quantities:
            raise DataError(
                f"The card of site '{card.site}' holds no estimate: no question of its configuration was answered. Leave it out, "
                "or ask the site to run with 'questions'."
            )
        for other in cards[:place]:
            if other.model_dump(exclude={"site"}) == card.model_dump(exclude={"site"}):
                raise DataError(
                    f"The cards of '{other.site}' and '{card.site}' hold the same numbers, so the same patients would count twice. "
                    "Give each card once."
                )
            if other.site == card.site:
                raise DataError(
                    f"Two cards are of site '{card.site}'. If they are two runs of the same patients, give one of them; if they are two "
                    "sites, have one of them run under another 'run.name'."
                )


def _units(entries: Sequence[_Entry]) -> Iterator[tuple[str, list[_Entry], str]]:
    """Give the units in which entries may be put together, those that have it, and why others do not, or none can."""
    if len(entries) < 2:
        yield "", [], f"it stands in the card of '{entries[0].site}' only"
        return
    if differ := _contrasts_that_differ(entries) or _processes_that_differ(entries):
        yield "", [], differ
        return
    if entries[0].quantity.correlation:
        yield CORRELATIONS, list(entries), ""
        return
    reason = next((one for other in entries[1:] if (one := _units_that_differ(entries[0], other))), "")
    yield POINTS, [] if reason else list(entries), reason
    able = [entry for entry in entries if entry.quantity.standardised is not None]
    lacking = [entry.site for entry in entries if entry.quantity.standardised is None]
    if able and lacking:
        yield DEVIATIONS, able, f"left out, since their cards give no standard deviations: {', '.join(lacking)}"
    elif able:
        yield DEVIATIONS, able, ""


def _contrasts_that_differ(entries: Sequence[_Entry]) -> str:
    """Say which treatments are compared where sites do not compare the same; there is no unit that would make them so."""
    if TREATMENT not in nodes_of(entries[0].quantity.path):
        return ""
    told = {entry.site: _contrast_of(entry) for entry in entries}
    if len(set(told.values())) == 1:
        return ""
    listed = "; ".join(f"{site}: {contrast}" for site, contrast in told.items())
    return f"sites compare different treatments ({listed}). If they are the same, give them the same 'levels'"


def _processes_that_differ(entries: Sequence[_Entry]) -> str:
    """Say which processes are studied where some sites have the alliance and others another one; they are no measures of the same."""
    if MEDIATOR not in nodes_of(entries[0].quantity.path):
        return ""
    told = {entry.site: entry.card.measures[MEDIATOR] for entry in entries}
    if len({is_alliance("", measure.label, measure.instrument) for measure in told.values()}) == 1:
        return ""
    listed = "; ".join(f"{site}: {measure.label}" for site, measure in told.items())
    return f"some sites study the alliance and others another process ({listed}). If they are the same, say so in the 'label'"


def _names_that_differ(entries: Sequence[_Entry]) -> Iterator[str]:
    """Name the measures that sites call differently and that are no common questionnaire."""
    for node in nodes_of(entries[0].quantity.path):
        told = {entry.site: entry.card.measures[node] for entry in entries}
        labels = {measure.label.casefold() for measure in told.values()}
        if len(labels) > 1 and (
            len({one.instrument for one in told.values()}) > 1 or None in {one.instrument for one in told.values()}
        ):
            listed = ", ".join(f"{measure.label} at {site}" for site, measure in told.items())
            yield f"whether these are the same is not told by the cards: {listed}"


def _contrast_of(entry: _Entry) -> str:
    measure = entry.card.measures.get(TREATMENT)
    levels = measure.levels if measure is not None and measure.levels else {}
    return ", ".join(f"{label} = {value:g}" for label, value in sorted(levels.items(), key=lambda one: one[1])) or "?"


def _units_that_differ(one: _Entry, other: _Entry) -> str:
    """Say why points of two sites are not the same; empty where they are."""
    for (node, first), (_, second) in zip(one.measures(), other.measures(), strict=True):
        if (first.instrument, first.part, first.metric) != (second.instrument, second.part, second.metric):
            return f"{node} was measured with {_name(first)} at '{one.site}' and with {_name(second)} at '{other.site}'"
        if first.higher_is != second.higher_is:
            return f"higher scores of {node} are {first.higher_is} at '{one.site}' and {second.higher_is} at '{other.site}'"
        alike = (first.label, first.range, first.kind) == (second.label, second.range, second.kind)
        if first.instrument is None and first.kind != "category" and not alike:
            return (
                f"{node} ('{first.label}' at '{one.site}', '{second.label}' at '{other.site}') is no questionnaire that both name, and "
                "label or range differ"
            )
    return ""


def _name(measure: Measure) -> str:
    if measure.instrument is None:
        return f"'{measure.label}'"
    part = f", {measure.part}" if measure.part else ""
    return f"{measure.instrument}{part} ({measure.metric})"


def _pool(entries: Sequence[_Entry], unit: str, interval: float) -> tuple[dict[str, object], list[dict[str, object]]]:
    """Return the row of what sites say together, and the rows of the sites."""
    first = entries[0]
    values, turned = [], []
    for entry in entries:
        quantity = entry.quantity
        source = quantity if unit != DEVIATIONS or quantity.standardised is None else quantity.standardised
        sign = -1.0 if unit != POINTS and _is_turned(first, entry) else 1.0
        turned += [entry.site] if sign < 0 else []
        values.append(_to_scale(sign * source.estimate, source.sd, unit))
    found = asdict(pool([value for value, _ in values], [sd for _, sd in values], interval))
    weights = found.pop("weights")
    normal = NormalDist().inv_cdf((1 + interval) / 2)
    rows = [
        {
            "unit": unit, "site": entry.site, "estimate": _from_scale(value, unit), "sd": _error_of(value, sd, unit),
            "low": _from_scale(value - normal * sd, unit), "high": _from_scale(value + normal * sd, unit), "weight": weight,
            "n_patients": entry.quantity.n_patients, "n_sessions": entry.quantity.n_sessions, "flags": "; ".join(entry.quantity.flags),
        }
        for entry, (value, sd), weight in zip(entries, values, weights, strict=True)
    ]  # fmt: skip
    row = {
        "unit": unit,
        **found,
        "error": _error_of(found["estimate"], found["error"], unit),
        **{name: _from_scale(found[name], unit) for name in _ON_SCALE},
        "interval": interval,
        "n_patients": sum(entry.quantity.n_patients for entry in entries),
        "n_sessions": sum(entry.quantity.n_sessions for entry in entries),
        "cautions": _BETWEEN.join(_cautions(entries, found, turned)),
    }
    return row, rows


def _to_scale(estimate: float, sd: float, unit: str) -> tuple[float, float]:
    """Return an estimate and its error on the scale on which sites are put together: Fisher's z = artanh r for correlations.

    The error of z is that of r over 1 - r^2 (delta method), so it is what the site found and not 1 / sqrt(n - 3).
    """
    if unit != CORRELATIONS:
        return estimate, sd
    return math.atanh(estimate), sd / (1 - estimate**2)


def _from_scale(value: float, unit: str) -> float:
    return math.tanh(value) if unit == CORRELATIONS else value


def _error_of(value: float, error: float, unit: str) -> float:
    return error * (1 - math.tanh(value) ** 2) if unit == CORRELATIONS else error


def _is_turned(first: _Entry, entry: _Entry) -> bool:
    """Whether an odd number of ends is scored the other way round than at the first site."""
    pairs = zip(first.measures(), entry.measures(), strict=True)
    return sum(one.higher_is != other.higher_is for (_, one), (_, other) in pairs) % 2 == 1


def _cautions(entries: Sequence[_Entry], found: Mapping[str, float], turned: Sequence[str]) -> Iterator[str]:
    """Give what a reader must know beside the number."""
    if len(entries) < FEW:
        yield f"{len(entries)} sites say little about how far sites differ"
    if found["scale"] < 1:
        yield "the sites agree better than one common effect would let expect, so the interval is not narrowed by how well they agree"
    if len({entry.quantity.model.fingerprint for entry in entries}) > 1:
        differ = _predictors_that_differ(entries)
        yield f"the models of the sites differ{f' (predictors that not all have: {differ})' if differ else ''}"
    if len({(entry.card.study.lag, entry.card.study.max_gap_days) for entry in entries}) > 1:
        yield "the sites differ in what counts as the session before (panel.lag, panel.max_gap_days)"
    if len({entry.card.study.design for entry in entries}) > 1:
        yield "the sites have different designs"
    yield from _names_that_differ(entries)
    if turned:
        yield f"signs turned, since scores run the other way round: {', '.join(turned)}"
    flagged = [entry.site for entry in entries if entry.quantity.flags]
    if flagged:
        flags = sorted({flag for entry in entries for flag in entry.quantity.flags})
        yield f"flagged at {', '.join(flagged)}: {', '.join(flags)}"


def _predictors_that_differ(entries: Sequence[_Entry]) -> str:
    sets = [frozenset(entry.quantity.model.adjusts_for) for entry in entries]
    return ", ".join(sorted(frozenset[str]().union(*sets) - sets[0].intersection(*sets)))
