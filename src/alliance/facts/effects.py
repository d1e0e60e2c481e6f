"""The named effects, and the levels they stand at, each declared once.

Every estimate is one of these at one level. What is said, drawn, compared and flagged of an effect follows from its declaration. To add
one: one entry here, and whoever computes its draws.
"""

from dataclasses import dataclass
from typing import Final, Literal

from alliance.facts.registry import Registry

# A single arrow of a path diagram; what several arrows make together; either at a value of a moderator; what equations are made from.
# A statistic is of models without a path diagram.
Kind = Literal["step", "path", "moderated", "component", "statistic"]


@dataclass(frozen=True)
class Effect:
    """A named effect.

    Parameters
    ----------
    name
        What estimates call it.
    label
        Plain words that every design licenses; sentences decide whether they may say "effect".
    kind
        What it is made from; components come after the effects in comparisons, and stand in tables of their own.
    symbol
        What it is called where its path need not be told; empty where the path has to be.
    signed
        Whether it can be negative.
    ratio
        Whether it is a share of another effect: its estimate is a median, since a mean may not exist, and its sign no finding.
    answer
        Whether it is what a model is fitted for. A model answers with the first of these that it has.
    central
        Whether its draws are kept for figures, separate and joint models are compared by it, and its dependence on priors is computed.
    weighed
        Whether its dependence on priors is told and flagged.
    arrow
        Whether one arrow of the diagram stands for it. Where several do, the first is drawn.
    several_paths
        Whether it sums over paths, so that what concerns any of them concerns it.
    of_slopes
        Whether the covariance of slopes that vary is a part of it.
    splits
        Whether it tells what runs through a mediator from what does not.
    curve
        Whether it is one of many over sessions: a figure shows them all, tables the last one.
    correlates
        Whether it is a correlation between patients that a study answers with, and several studies put together on Fisher's scale.
    within_one
        Whether it is a correlation, which cannot exceed 1 in size.
    share
        Whether it is a share or a probability, or a difference of two. Results hold it as a part of one; people read percent, and of a
        difference percentage points.
    """

    name: str
    label: str
    kind: Kind
    symbol: str = ""
    signed: bool = True
    ratio: bool = False
    answer: bool = False
    central: bool = False
    weighed: bool = False
    arrow: bool = False
    several_paths: bool = False
    of_slopes: bool = False
    splits: bool = False
    curve: bool = False
    correlates: bool = False
    within_one: bool = False
    share: bool = False

    @property
    def directed(self) -> bool:
        """Whether its sign is a finding."""
        return self.signed and not self.ratio

    @property
    def in_points(self) -> bool:
        """Whether it is a difference of shares, which people read in percentage points."""
        return self.share and self.directed


COVARIANCE: Final = "cov_ab"  # of the two slopes of a path
SLOPE_SHARE: Final = "slope_share"  # of the variance of a slope, between therapists
THRESHOLD: Final = "threshold"  # between two ordered answers

# Of two ratings of the same thing, on a common metric and centred at a common point, see `alliance.models.quantities.surface`.
_OF_SURFACES: Final = {
    "surface_b1": "slope of the first rating (b1)",
    "surface_b2": "slope of the second rating (b2)",
    "surface_b3": "square of the first rating (b3)",
    "surface_b4": "product of both ratings (b4)",
    "surface_b5": "square of the second rating (b5)",
    "surface_a1": "slope along agreement (a1)",
    "surface_a2": "curvature along agreement (a2)",
    "surface_a3": "slope along disagreement (a3)",
    "surface_a4": "curvature along disagreement (a4)",
    "surface_a5": "tilt of the ridge (a5)",
}
SURFACE: Final = tuple(_OF_SURFACES)

EFFECTS: Final = Registry(
    Effect("a", "first step (a)", "step", symbol="a", central=True, weighed=True, arrow=True),
    Effect("b", "second step (b)", "step", symbol="b", central=True, weighed=True, arrow=True),
    Effect("c_prime", "direct (c′)", "step", symbol="c′", central=True, arrow=True, splits=True),
    Effect(
        "indirect",
        "indirect",
        "path",
        symbol="indirect",
        answer=True,
        central=True,
        weighed=True,
        of_slopes=True,
        splits=True,
    ),
    Effect("effect", "slope", "step", answer=True, central=True, weighed=True, arrow=True),
    Effect("coefficient", "coefficient", "component", arrow=True),
    Effect("direct", "direct", "path", arrow=True, splits=True),
    Effect("total", "total", "path", symbol="total", central=True, several_paths=True, of_slopes=True),
    Effect(
        "indirect_product",
        "indirect, product without the covariance",
        "path",
        symbol="indirect, product only",
        splits=True,
    ),
    Effect(COVARIANCE, "covariance of a and b", "path", symbol="cov(a, b)", of_slopes=True),
    Effect(
        "indirect_total",
        "indirect, all ways together",
        "path",
        several_paths=True,
        of_slopes=True,
        splits=True,
    ),
    Effect("contrast", "difference of two indirect paths", "path", of_slopes=True, splits=True),
    Effect(
        "proportion",
        "indirect as a share of the total",
        "path",
        ratio=True,
        share=True,
        several_paths=True,
        of_slopes=True,
        splits=True,
    ),
    Effect(
        "intention_to_treat",
        "whole difference, without anything between",
        "path",
        answer=True,
        central=True,
        weighed=True,
        arrow=True,
    ),
    Effect(
        "probability",
        "difference in the probability of a yes, or of the highest answer given, in percentage points",
        "path",
        several_paths=True,
        of_slopes=True,
        share=True,
    ),
    Effect("accumulated", "indirect, accumulated over sessions", "path", of_slopes=True, curve=True),
    Effect("accumulated_direct", "direct, accumulated over sessions", "path", of_slopes=True, curve=True),
    Effect("accumulated_total", "total, accumulated over sessions", "path", of_slopes=True, curve=True),
    Effect("conditional", "at a value of the moderator", "moderated", of_slopes=True),
    Effect("index", "change per unit of the moderator", "moderated", of_slopes=True),
    Effect("icc", "share of variance", "component", signed=False, share=True),
    Effect("variance", "variance", "component", signed=False),
    Effect("sd", "standard deviation", "component", signed=False),
    Effect(
        SLOPE_SHARE,
        "share of the slope's variance that lies between therapists",
        "component",
        signed=False,
        share=True,
    ),
    Effect("correlation", "correlation", "component", within_one=True),
    Effect("autocorrelation", "correlation with the one before", "component", within_one=True),
    Effect("ruptured", "share of patients with a rupture", "statistic", signed=False, share=True),
    Effect("depth", "depth of ruptures", "statistic", signed=False),
    Effect("repaired", "share of ruptures repaired", "statistic", signed=False, share=True),
    Effect("kappa", "agreement where ruptures begin (kappa)", "statistic", within_one=True),
    Effect("leaving", "more who leave within two sessions, in percentage points", "statistic", share=True),
    Effect("sooner", "more ruptures over at the next session, in percentage points per unit", "statistic", share=True),
    Effect(THRESHOLD, "threshold", "component", signed=False),
    # Of two raters, on the range of their scales, see `alliance.models.descriptive.raters`.
    Effect("discrepancy", "second rating minus the first, in percent of the range", "component"),
    Effect("discrepancy_change", "its change per session", "component"),
    Effect("distance", "distance of the two ratings, in percent of the range", "component", signed=False),
    Effect("distance_change", "change of the distance per session", "component"),
    Effect("correlation_change", "change of the correlation from the first to the last session", "component"),
    *(Effect(name, label, "component") for name, label in _OF_SURFACES.items()),
    # How parts of a construct go together, see `alliance.models.descriptive.parts`.
    Effect("correlation_true", "correlation without the error of scores", "statistic"),
    Effect("mean_correlation", "mean correlation of all pairs", "statistic"),
    Effect("mean_correlation_change", "its change from the first third of the course to the last", "statistic"),
    Effect(
        "mean_correlation_contrast", "that change in patients reliably better, minus that in the others", "statistic"
    ),
    Effect("share_at_top", "share of scores that are the highest possible", "statistic", signed=False, share=True),
    # How a process develops.
    Effect("average", "average", "statistic", signed=False, curve=True),
    Effect("spread", "standard deviation of patients' own courses", "statistic", signed=False, curve=True),
    Effect("average_change", "change of the average since the first session", "statistic"),
    Effect("bend", "average halfway, above the straight line between the ends", "statistic"),
    Effect("trend", "average change per session, in a straight line", "statistic"),
    Effect("trend_sd", "standard deviation of patients' changes per session", "statistic", signed=False),
    Effect("start_level", "average over the first sessions", "statistic", signed=False),
    Effect("start_slope", "average change per session over the first sessions", "statistic"),
    Effect("share_risen", "share of patients who rose reliably", "statistic", signed=False, share=True),
    Effect("share_kept", "share of patients without a reliable change", "statistic", signed=False, share=True),
    Effect("share_fallen", "share of patients who fell reliably", "statistic", signed=False, share=True),
    Effect("share_turned", "share of patients who fell and returned", "statistic", signed=False, share=True),
    Effect(
        "share_turned_by_chance",
        "the same, by chance, if all changed in a line",
        "statistic",
        signed=False,
        share=True,
    ),
    Effect("r_start", "correlation of the early level with the end", "statistic", correlates=True, within_one=True),
    Effect(
        "r_start_held", "the same, first value of the outcome held equal", "statistic", correlates=True, within_one=True
    ),
    Effect(
        "r_slope_held",
        "correlation of the early slope with the end, early level and first value held equal",
        "statistic",
        within_one=True,
    ),
    # Who changes.
    Effect("share_better", "share of patients who are reliably better", "statistic", signed=False, share=True),
    Effect("share_recovered", "share of patients who recovered", "statistic", signed=False, share=True),
    Effect(
        "share_improved",
        "share of patients who improved and did not recover",
        "statistic",
        signed=False,
        share=True,
    ),
    Effect("share_unchanged", "share of patients without a reliable change", "statistic", signed=False, share=True),
    Effect("share_deteriorated", "share of patients who deteriorated", "statistic", signed=False, share=True),
    Effect("share_cases", "share of patients who are cases", "statistic", signed=False, share=True),
    Effect(
        "difference_share_better",
        "difference in the share of patients who are reliably better, in percentage points",
        "statistic",
        share=True,
    ),
    Effect(
        "difference_share_recovered",
        "difference in the share of patients who recovered, in percentage points",
        "statistic",
        share=True,
    ),
    Effect("odds_ratio_better", "odds ratio of being reliably better", "statistic", signed=False),
    Effect("odds_ratio_recovered", "odds ratio of recovering, of cases", "statistic", signed=False),
    Effect(
        "probability_better",
        "difference in the probability of being reliably better, in percentage points",
        "statistic",
        share=True,
    ),
    Effect(
        "probability_recovered",
        "difference in the probability of recovering, of cases, in percentage points",
        "statistic",
        share=True,
    ),
)


@dataclass(frozen=True)
class Level:
    """Where an effect stands: between what its cause differs, or between what a component varies.

    Parameters
    ----------
    name
        What estimates call it.
    label
        The same for people.
    of_components
        Whether variances, shares and correlations stand at it, and not effects.
    """

    name: str
    label: str
    of_components: bool = False


LEVELS: Final = Registry(
    Level("within", "within patients"),
    Level("between_patient", "between patients"),
    Level("between_therapist", "between therapists"),
    Level("overall", "overall"),
    Level("session", "between sessions", of_components=True),
    Level("patient", "between patients", of_components=True),
    Level("therapist", "between therapists", of_components=True),
)
EFFECT_LEVELS: Final = LEVELS.names(lambda level: not level.of_components)
COMPONENT_LEVELS: Final = LEVELS.names(lambda level: level.of_components)


def of_kind(*kinds: Kind) -> tuple[str, ...]:
    """Name the effects of some kinds."""
    return EFFECTS.names(lambda effect: effect.kind in kinds)


def name_step(position: int, steps: int, ways: int) -> str:
    """Name one step of a path: ``a`` and ``b`` of two steps, ``c_prime`` or ``effect`` of one, ``effect`` otherwise.

    Parameters
    ----------
    position
        Place of the step, counted from 0.
    steps
        Number of steps of the path.
    ways
        Number of paths between its ends.
    """
    if steps == 1:
        return "effect" if ways == 1 else "c_prime"
    return ("a", "b")[position] if steps == 2 else "effect"
