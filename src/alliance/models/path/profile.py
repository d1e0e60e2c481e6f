"""Intervals of standard deviations and correlations of varying effects: what the likelihood says, not what a normal approximation does.

Near an edge, where a standard deviation is nearly zero or a correlation nearly one, estimate and standard error say little, and the
estimate may lie outside the interval they make. A profile (see `alliance.inference.profile`) has no such trouble. Each draw of the sampling
distribution keeps its rank p among the draws, and with it its ties to all other quantities; its value becomes the one whose signed root is
the p-th quantile of the standard normal distribution. So quantiles of the draws are profile limits, at any content of an interval.

With cluster-robust standard errors the root is divided by their ratio to those of the information (Royall & Tsou 2003, doi
10.1111/1467-9868.00392), which is one where neither has a spread.

A standard deviation of zero is another matter, since the effect's q - 1 correlations vanish with its variance: twice the fall of the
log-likelihood then follows a mixture of chi-square with q - 1 and with q degrees of freedom in equal shares (Self & Liang 1987, doi
10.2307/2289471; Stram & Lee 1994, doi 10.2307/2533455). The lower limit is zero where that mixture, or chi-square with one degree of
freedom, does not exclude it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from alliance.facts.columns import THERAPIST
from alliance.facts.effects import COVARIANCE, EFFECT_LEVELS, SLOPE_SHARE
from alliance.facts.marks import Mark
from alliance.facts.quantity import join_nodes, join_together
from alliance.inference.montecarlo import central_limits
from alliance.inference.profile import Curve, Profile, trace_profile
from alliance.models.container import Quantities
from alliance.models.covariances import split_covariance
from alliance.models.design.arrays import INTERCEPT, Design, Varying
from alliance.models.design.names import pairs
from alliance.models.path.curves import AngleCurve, SdCurve
from alliance.models.path.maximum import PathMaximum, name_correlation, name_sd, table_of
from alliance.models.quantities.population import Population
from alliance.report.numbers import format_number

_NEAR_ZERO: Final = 2.0  # standard errors
_PERHAPS_ZERO: Final = 4.0  # standard errors: above it zero was never compatible with simulated data
_TAILS: Final = np.array([0.025, 0.975])


@dataclass(frozen=True)
class Component:
    """A standard deviation or correlation and what the likelihood says about it.

    Parameters
    ----------
    effects
        The effect that varies, or the two that vary together, the later one first.
    raw
        Turns values of the profile into raw units.
    ratio
        Standard error that is reported, divided by that of the information.
    at_zero
        Probability of values that are zero.
    error
        Standard error, raw units.
    """

    level: str
    effects: tuple[Varying, ...]
    profile: Profile
    raw: Callable[[np.ndarray], np.ndarray]
    ratio: float
    at_zero: float
    error: float

    @property
    def key(self) -> tuple[str, str, str]:
        """Effect, level and path by which the quantities of a model know it."""
        names = [(effect.term, effect.outcome) for effect in self.effects]
        if len(names) == 1:
            return "sd", self.level, join_nodes(*names[0])
        return "correlation", self.level, join_together(*names[::-1])

    def quantiles(self, probabilities: np.ndarray) -> np.ndarray:
        """Return the values below which a share of the draws lies, raw units."""
        from scipy import special

        values = self.profile.value_at(special.ndtri(probabilities) * self.ratio)
        return self.raw(np.where(probabilities < self.at_zero, 0.0, values))

    def respread(self, draws: np.ndarray) -> np.ndarray:
        """Give draws the values that belong to their ranks: (draw,)."""
        count = len(draws)
        probabilities = np.clip(np.arange(count) / (count - 1), 0.25 / count, 1 - 0.25 / count)
        result = np.empty(count)
        result[np.argsort(draws, kind="stable")] = self.quantiles(probabilities)
        return result


def profile_components(maximum: PathMaximum, covariance: np.ndarray | None = None) -> list[Component]:
    """Profile every standard deviation and correlation of varying effects.

    Parameters
    ----------
    covariance
        Sampling covariance of the free parameters that is reported; the inverse observed information by default.
    """
    layout, design = maximum.target.layout, maximum.target.design
    table = table_of(maximum).set_index("parameter").assign(reported=table_of(maximum, covariance)["se"].to_numpy())

    def component(
        level: str, effects: tuple[Varying, ...], curve: Curve, raw: Callable[[np.ndarray], np.ndarray]
    ) -> Component:
        name = name_sd(level, *effects) if len(effects) == 1 else name_correlation(level, *effects)
        error, reported = float(table["se"][name]), float(table["reported"][name])
        profile = trace_profile(maximum, curve, error)
        ratio = reported / error if reported > 0 and error > 0 else 1.0
        near_zero = len(effects) == 1 and profile.values[0] == 0
        at_zero = _tail_at_zero(profile.roots[0] / ratio, layout.effects[level]) / 2 if near_zero else 0.0
        return Component(level, effects, profile, raw, ratio, at_zero, reported)

    found = []
    for level, effects in design.differing.items():
        rows = [layout.row(level, number) for number in range(len(effects))]
        for effect, row, scale in zip(effects, rows, design.scales(level), strict=True):
            found.append(component(level, (effect,), SdCurve(row), partial(np.multiply, float(scale))))
        for i, j in pairs(len(effects)):
            found.append(component(level, (effects[i], effects[j]), AngleCurve(rows[j], rows[i]), np.sin))
    return found


def follow_profiles(quantities: Quantities, components: Sequence[Component]) -> None:
    """Give the draws of standard deviations and correlations among the quantities the limits of their profiles."""
    known = {component.key: component for component in components}
    for position, row in enumerate(quantities.rows):
        component = known.get((row["effect"], row["level"], row["path"]))
        if component is not None:
            quantities.draws[position] = component.respread(quantities.draws[position])


def mark_near_zero(design: Design, components: Sequence[Component]) -> list[Mark]:
    """Mark standard deviations that may be zero, or are less than two standard errors from it, with their 95 % limits."""
    marks = []
    for component in components:
        if len(component.effects) == 1:
            estimate = float(component.raw(np.array(component.profile.estimate)))
            limits = component.quantiles(_TAILS)
            marks += _mark_sd(design, component.level, component.effects[0], estimate, component.error, limits)
    return marks


def open_correlations(design: Design, quantities: Quantities) -> None:
    """Let draws of correlations reach from end to end where an effect does not vary in a draw, since then any value is possible."""
    place = {(row["effect"], row["level"], row["path"]): number for number, row in enumerate(quantities.rows)}
    for level, effects in design.differing.items():
        names = [(effect.term, effect.outcome) for effect in effects]
        for i, j in pairs(len(effects)):
            here = place.get(("correlation", level, join_together(names[j], names[i])))
            sds = [place.get(("sd", level, join_nodes(*names[each]))) for each in (i, j)]
            if here is not None and None not in sds:
                still = np.flatnonzero(np.any([quantities.draws[sd] == 0 for sd in sds if sd is not None], axis=0))
                values = quantities.draws[here].copy()
                values[still] = np.where(np.arange(len(still)) % 2, 1.0, -1.0)
                quantities.draws[here] = values


def mark_small(design: Design, quantities: Quantities, estimate: Population) -> list[Mark]:
    """Mark the same where draws have the limits themselves: those of the restricted likelihood, or of a bootstrap."""
    draws = {
        (row["level"], row["path"]): values
        for row, values in zip(quantities.rows, quantities.draws, strict=True)
        if row["effect"] == "sd"
    }
    marks = []
    for level, effects in design.differing.items():
        sds = split_covariance(estimate.differing[level])[0][0]
        for effect, sd in zip(effects, sds, strict=True):
            values = draws.get((level, join_nodes(effect.term, effect.outcome)))
            if values is not None:
                marks += _mark_sd(design, level, effect, float(sd), float(values.std(ddof=1)), central_limits(values))
    return marks


def _mark_sd(
    design: Design, level: str, effect: Varying, estimate: float, error: float, limits: np.ndarray
) -> list[Mark]:
    low, high = (float(limit) for limit in limits)
    if estimate > (_NEAR_ZERO if low > 0 else _PERHAPS_ZERO) * error:
        return []
    arrow = _arrow_of(design, level, effect)
    shared = [SLOPE_SHARE] if level == THERAPIST else []
    detail = (
        f"estimated as {format_number(estimate)}, and values up to {format_number(high)} are compatible with the data"
    )
    return [
        Mark(
            "profiled_sd",
            f"{effect.text} by {level}",
            low,
            detail,
            outcomes=(effect.outcome,),
            effects=("sd", "correlation", *shared, *([COVARIANCE] if arrow else [])),
            varying=join_nodes(effect.term, effect.outcome),
            arrow=arrow,
            levels=(level, *(EFFECT_LEVELS if arrow else ())),
        )
    ]


def _arrow_of(design: Design, level: str, effect: Varying) -> str:
    """Return the arrow that an effect is the slope of, if another slope varies between the same units, so that the two may covary."""
    slopes = [other for other in design.varying[level] if other.term != INTERCEPT]
    if effect not in slopes or len(slopes) == 1:
        return ""
    return join_nodes(design.equations[effect.outcome].origins[effect.term].base, effect.outcome)


def _tail_at_zero(root: float, q: int) -> float:
    """Return the probability of as large a fall at zero of one of q effects that does not vary, at least that of chi-square(1)."""
    from scipy import special

    fall = root**2
    mixture = 0.0 if q == 1 else float(special.chdtrc([q - 1, q], fall).mean())
    return max(float(special.chdtrc(1, fall)), mixture)
