"""The columns of a response surface: squares and product of two ratings of the same thing, on a common metric.

    y = ... + b1 X + b2 Y + b3 X^2 + b4 X Y + b5 Y^2        X = 10 (x - low_x) / (high_x - low_x) - c,  Y likewise

Both ratings are tenths of the range of their own scale, so that formats of answers that differ can be compared, and both are centred at one
point c, the mean of all ratings of both raters: X = Y means the same place on both scales, whatever the raters' own means are (Edwards &
Parry 1993; Shanock et al. 2010, doi 10.1007/s10869-010-9183-4). Factors of other products are deviations from a patient's mean; here that
would take away what is compared.

X and Y stay in the equation as they were scored, with latent means where they are outcomes themselves: only the three new columns are made
of observed values. Given the past they are known numbers, so the likelihood stays exact and no mean of a patient enters it. Error of
measurement draws all five towards zero, the three products most.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from alliance.config.timing import parse_term
from alliance.errors import ModelError
from alliance.facts.columns import LAG

if TYPE_CHECKING:
    from alliance.config import Variable
    from alliance.models.path.settings import Spec

PARTS: Final = 10.0  # of the range of a scale, the unit of both ratings
KEY: Final = "surface"


@dataclass(frozen=True)
class Grounds:
    """What a surface stands on.

    Parameters
    ----------
    terms
        The two predictors.
    names
        Their variables.
    outcome
        The outcome.
    products
        Square of the first, product, square of the second: columns of the equation.
    ends
        Lowest and highest possible score of each rating.
    centre
        The common point, in tenths of the range.
    """

    terms: tuple[str, str]
    names: tuple[str, str]
    outcome: str
    products: tuple[str, str, str]
    ends: tuple[tuple[float, float], tuple[float, float]]
    centre: float

    @property
    def tenths(self) -> tuple[float, float]:
        """A tenth of the range of each rating, in its own units."""
        (one, other) = self.ends
        return (one[1] - one[0]) / PARTS, (other[1] - other[0]) / PARTS

    def row(self, model: str) -> dict[str, Any]:
        """Return the row of the artefact `surface`."""
        (low, high), (other_low, other_high) = self.ends
        return {
            "model": model, "outcome": self.outcome, "first": self.names[0], "second": self.names[1], "lowest_first": low,
            "highest_first": high, "lowest_second": other_low, "highest_second": other_high, "centre": self.centre,
        }  # fmt: skip


def in_tenths(values: pd.Series, ends: tuple[float, float]) -> pd.Series:
    """Return scores in tenths of the range of their scale, counted from its lowest."""
    low, high = ends
    return PARTS * (values - low) / (high - low)


def with_surface(
    panel: pd.DataFrame, name: str, spec: "Spec", settings: Mapping[str, Any], variables: Mapping[str, "Variable"]
) -> tuple[pd.DataFrame, "Spec", dict[str, Any]]:
    """Add the columns of a surface to the panel, to the equation, and to the variables of the settings; `Grounds` under `KEY`.

    Raises
    ------
    ModelError
        The ends of a scale are not known, a term is no measure of sessions, or a name is taken.
    """
    assert spec.surface is not None
    outcome = spec.surface.to
    terms = (spec.surface.of[0], spec.surface.of[1])
    found = [parse_term(term, dict(variables)) for term in terms]
    one, other = (term.base if term is not None else "" for term in found)
    for term, parsed in zip(terms, found, strict=True):
        if parsed is None or parsed.variable is None or parsed.suffix not in ("", LAG):
            raise ModelError(
                f"models.specs.{name}.surface.of: '{term}' is not measured at sessions. Name two ratings of sessions."
            )
    ends = (ends_of(one, name, settings), ends_of(other, name, settings))
    lag = LAG if all(term.endswith(LAG) for term in terms) else ""
    bases = (f"{one}_squared", f"{one}_by_{other}", f"{other}_squared")
    taken = [column for base in bases for column in (base, base + lag) if column in panel.columns]
    if taken:
        raise ModelError(
            f"models.specs.{name}.surface: '{taken[0]}' is already a column of the panel. Rename that variable."
        )
    missing = [term for term in terms if term not in panel.columns]
    if missing:
        raise ModelError(
            f"models.specs.{name}.surface.of: the panel has no column '{missing[0]}'. Name a score of sessions."
        )
    first, second = (in_tenths(panel[term], end) for term, end in zip(terms, ends, strict=True))
    both = first.notna() & second.notna()
    centre = float((first[both].mean() + second[both].mean()) / 2)
    first, second = first - centre, second - centre
    made = {base + lag: values for base, values in zip(bases, (first**2, first * second, second**2), strict=True)}
    equation = spec.equations[outcome]
    wider = equation.model_copy(update={"on": [*equation.on, *made]})
    declared = {
        base: settings["variables"][_owner(one, variables)] | {"label": base, "reliability": None} for base in bases
    }
    grounds = Grounds(terms, (one, other), outcome, (bases[0] + lag, bases[1] + lag, bases[2] + lag), ends, centre)
    return (
        panel.assign(**made),
        spec.model_copy(update={"equations": {**spec.equations, outcome: wider}}),
        {**settings, "variables": {**settings["variables"], **declared}, KEY: grounds},
    )


def _owner(name: str, variables: Mapping[str, "Variable"]) -> str:
    term = parse_term(name, dict(variables))
    assert term is not None and term.variable is not None
    return term.variable


def ends_of(name: str, model: str, settings: Mapping[str, Any]) -> tuple[float, float]:
    """Return the lowest and the highest possible score of a measure.

    Raises
    ------
    ModelError
        They are not known.
    """
    low, high = settings.get("ends", {}).get(name, (float("nan"), float("nan")))
    if not high > low:
        raise ModelError(
            f"models.specs.{model}: nothing says from where to where scores of '{name}' can go, so they have no common metric with those "
            f"of another rater. Give variables.{name}.range: [lowest, highest], or an instrument."
        )
    return float(low), float(high)
