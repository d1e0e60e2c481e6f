"""What a reader must know of effects that vary between units: some hardly do, and some are determined by the others."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from alliance.facts.cautions import CAUTIONS
from alliance.facts.columns import VARIABILITY
from alliance.facts.effects import EFFECTS, of_kind
from alliance.facts.marks import Mark
from alliance.facts.quantity import BETWEEN_LEVELS, join_nodes
from alliance.models.covariances import split_covariance
from alliance.models.design.arrays import INTERCEPT, Design, Varying
from alliance.models.quantities.latent import latent_means
from alliance.models.quantities.population import Population

_TAIL = 0.025


def mark_covariances(design: Design, covariances: Mapping[str, np.ndarray]) -> list[Mark]:
    """Mark varying effects that do not vary, and those that the other effects of their level determine.

    Parameters
    ----------
    covariances
        Level -> covariance of all in which its units differ, in standard units, (draw, effect, effect): draws from a posterior; for maximum
        likelihood the maximum alone (one draw), since draws around a boundary lie off it.
    """
    marks = []
    for level, covariance in covariances.items():
        effects = design.differing[level]
        sd = np.median(split_covariance(covariance)[0], axis=0)
        for effect, value in zip(effects, sd, strict=True):
            marks.append(mark_varying("boundary_sd", effect, level, float(value), "sd", "correlation"))
        moving = [int(i) for i in np.flatnonzero(sd >= CAUTIONS["boundary_sd"].threshold)]
        marks += _mark_correlations(effects, moving, level, sd, split_covariance(covariance)[1].mean(axis=0))
    return marks


def _mark_correlations(
    effects: list[Varying], moving: list[int], level: str, sd: np.ndarray, correlations: np.ndarray
) -> list[Mark]:
    """Mark effects that the others determine, one for each tie among them: of those in it the one that varies least.

    Its rows tell least about it. Without it the others are what they are, so nothing that is computed from them rests on the edge.
    """
    marks, left = [], list(moving)
    while len(left) > 1:
        together = _multiple_correlations(correlations[np.ix_(left, left)])
        tied = np.flatnonzero(together > CAUTIONS["boundary_correlation"].threshold)
        chosen = tied[[np.argmin(sd[left][tied])]] if len(tied) else np.arange(len(left))
        for i in chosen:
            others = [j for j in left if j != left[i]]
            partner = effects[others[int(np.argmax(np.abs(correlations[left[i], others])))]]
            found = mark_varying("boundary_correlation", effects[left[i]], level, float(together[i]), "correlation")
            marks.append(replace(found, detail=f"most of all with {partner.text}"))
        left = [each for i, each in enumerate(left) if i not in chosen]
    return marks


def _multiple_correlations(correlations: np.ndarray) -> np.ndarray:
    """Return how each effect goes along with all others, R^2 = 1 - 1 / (C^-1)_ii for correlations C: (effect,)."""
    inverse = np.diag(np.linalg.inv(correlations + np.finfo(float).eps ** 0.5 * np.eye(len(correlations))))
    together: np.ndarray = np.sqrt(np.clip(1 - 1 / inverse, 0.0, 1.0))
    return together


def mark_varying(caution: str, effect: Varying, level: str, value: float, *components: str) -> Mark:
    """Mark the estimates that rest on an effect's variance or its correlations.

    Differences between intercepts make effects between units, those between slopes the covariance in an indirect effect.
    """
    computed: tuple[str, ...]
    if effect.term == VARIABILITY:
        computed, where = (), level
    elif effect.term == INTERCEPT:
        computed, where = of_kind("step", "path"), BETWEEN_LEVELS[level]
    else:
        computed, where = EFFECTS.names(lambda effect: effect.of_slopes), "within"
    return Mark(
        caution,
        f"{effect.text} between {level}s",
        value,
        outcomes=(effect.outcome,),
        effects=(*components, *computed),
        varying=join_nodes(effect.term, effect.outcome),
        levels=(level, where),
    )


def mark_latent_means(design: Design, population: Population) -> list[Mark]:
    """Mark predictors whose latent means hardly differ between units: effects between units then divide by almost nothing."""
    sources = {o.base for e in design.equations.values() for o in e.origins.values() if o.session_level}
    marks = []
    for level, means in latent_means(design, population, None).items():
        for outcome in means.outcomes:
            sd = np.sqrt(np.clip(means.variance(outcome), 0.0, None)) / population.residuals[outcome]
            smallest = float(np.quantile(sd, _TAIL))
            if outcome in sources and sd.any():
                name = BETWEEN_LEVELS[level]
                marks.append(Mark("latent_spread", f"means of {outcome} between {level}s", smallest, levels=(name,)))
    return marks
