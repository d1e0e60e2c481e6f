"""Where estimates can be corrected for unreliable scores by a formula, and why not elsewhere (`alliance.models.quantities.unreliable`)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import numpy as np

from alliance.config import ModelSpec, Variable
from alliance.config.timing import parse_term
from alliance.facts.columns import VARIABILITY
from alliance.facts.effects import EFFECT_LEVELS, EFFECTS, SURFACE
from alliance.facts.marks import Mark
from alliance.models.design.arrays import INTERCEPT, Design
from alliance.models.quantities.corrected import Known
from alliance.models.quantities.unreliable import children_of

CORRECTED, UNCORRECTED = "corrected_error", "uncorrected_error"
_LITTLE: Final = "little_reliability"
_CONSTRUCT: Final = {"within": [np.nan, 0.0], "between": [np.nan, 0.0]}  # its error is estimated
_OF_SCORES: Final = (
    "this family takes a composite as it is; a model of family multilevel_path fits what its parts have in common"
)
FITTED: Final = "corrected estimates, with all its true values as unknowns of the model, stand beside"
NOTHING_LEFT: Final = "error may be all that is left of it"
NONE_CORRECTED: Final = "no effect that the model reports can be corrected for it"
_NOT_ALONE: Final = "another score of the model cannot be corrected, and correcting for one alone helps nobody"


@dataclass(frozen=True)
class TrueScore:
    """What became of the true values of a variable, as unknowns of a second fit.

    Parameters
    ----------
    reason
        Why there was none; empty where its estimates are among the groups of the container.
    reliability
        Of the score within patients, where the fit tells it.
    told
        What else it tells, in words.
    """

    reason: str = ""
    reliability: float = float("nan")
    told: str = ""


_NOT_FITTED: Final[Mapping[str, TrueScore]] = MappingProxyType({})


def mark_unreliable(
    design: Design, variables: Mapping[str, Variable], known: Known, true_scores: Mapping[str, TrueScore] = _NOT_FITTED
) -> list[Mark]:
    """Say of each unreliable score of a model whether estimates are corrected for its error, and if not, why.

    Parameters
    ----------
    known
        Reliability of the columns that one is declared of.
    true_scores
        See `alliance.models.joint.Findings`.
    """
    marks = []
    constructs = {name: _CONSTRUCT for name, variable in variables.items() if variable.latent}
    for name, of in {**known, **constructs}.items():
        values = [of[level][0] for level in ("within", "between")]
        predicted = predicted_by(design, name)
        if name not in design.equations and not predicted:
            continue
        reason = f"its reliability could not be computed from its items ({of['note']})" if None in values else ""
        value = np.nan if reason else min(values)
        if not reason and of["within"][0] < 1:
            reason = "" if name in constructs else find_obstacle(design, name, variables)
        if name in constructs and name not in true_scores:
            reason = _OF_SCORES
        fitted = true_scores.get(name, TrueScore(reason))
        reason, value = fitted.reason, value if np.isnan(fitted.reliability) else fitted.reliability
        if not reason and not predicted and name not in constructs:
            marks.append(Mark("unreliable_outcome", name, value))
            continue
        marks.append(
            Mark(
                UNCORRECTED if reason else CORRECTED,
                name,
                value,
                reason or (FITTED + fitted.told if name in true_scores else "corrected estimates stand beside"),
                outcomes=predicted,
                effects=EFFECTS.names(
                    lambda effect: effect.kind != "component" or effect.name in ("coefficient", *SURFACE)
                ),
                levels=EFFECT_LEVELS,
            )
        )
    if any(mark.caution == UNCORRECTED for mark in marks):  # all of them or none
        marks = take_back(marks, _NOT_ALONE)
    for mark in [mark for mark in marks if mark.caution == CORRECTED]:
        marks.append(Mark(_LITTLE, mark.subject, mark.value, outcomes=(*mark.outcomes, mark.subject)))
    return marks


def take_back(marks: Sequence[Mark], reason: str) -> list[Mark]:
    """Say of scores that estimates would be corrected for that they are not, and why; nothing is then said of corrected estimates."""
    left = [mark for mark in marks if mark.caution != _LITTLE]
    return [replace(mark, caution=UNCORRECTED, detail=reason) if mark.caution == CORRECTED else mark for mark in left]


def predicted_by(design: Design, name: str) -> tuple[str, ...]:
    """List the outcomes that a variable predicts, at whichever session and in whichever product."""
    return tuple(
        outcome
        for outcome, equation in design.equations.items()
        if any(name in (origin.base, *(f.base for f in origin.factors)) for origin in equation.origins.values())
    )


def mark_separate(spec: ModelSpec, variables: Mapping[str, Variable]) -> list[Mark]:
    """Say of each score with a declared reliability that equations fitted one after the other are not corrected for it."""
    marks = []
    for name, variable in variables.items():
        if variable.reliability is None and not variable.latent:
            continue
        terms = {
            outcome: [parse_term(term, dict(variables)) for term in each.on] for outcome, each in spec.equations.items()
        }
        predicted = tuple(o for o, found in terms.items() if any(t is not None and t.variable == name for t in found))
        if predicted:
            reason = "equations are fitted one after the other, which nothing corrects; a model of family multilevel_path can be corrected"
            marks.append(Mark(UNCORRECTED, name, np.nan, reason, outcomes=predicted))
    return marks


def find_obstacle(design: Design, name: str, variables: Mapping[str, Variable]) -> str:
    """Return why the error of single sessions of a variable has no formula in a model; empty where it has one.

    Parameters
    ----------
    name
        A column that a reliability within patients below one is known of.
    """
    return next(_obstacles(design, name, variables), "")


def _obstacles(design: Design, name: str, variables: Mapping[str, Variable]) -> Iterator[str]:
    arrows = [
        (o, term, origin) for o, equation in design.equations.items() for term, origin in equation.origins.items()
    ]
    for outcome, term, origin in sorted(arrows, key=lambda arrow: not arrow[2].lagged):  # earlier values say it best
        if any(factor.base == name for factor in origin.factors):
            yield f"it is a factor of the product '{term}' in the equation of '{outcome}'"
        if origin.base == name and term != name:
            yield (
                f"'{term}' predicts '{outcome}', and the error of a value that is not the session's own has no formula; a model in "
                f"which '{name}' predicts at its own session only is corrected"
            )
    children = children_of(design, name)
    if not children:
        return
    if name not in design.equations:
        yield (
            f"it predicts '{children[0]}' and has no equation of its own; give it one with the predictors of its session, at least "
            f"'{name}: {{on: [session], vary: {{patient: [intercept]}}}}'"
        )
        return
    for outcome in (name, *children):
        if outcome in design.series:
            yield f"residuals of '{outcome}' depend on the one before; take it out of 'autocorrelation'"
        if outcome in design.variable:
            yield f"patients differ in how far '{outcome}' lies from what is expected; take '{VARIABILITY}' out of 'vary' there"
    latent = [(outcome, how) for outcome in (name, *children) if (how := design.equations[outcome].answered)]
    if latent:
        yield f"'{latent[0][0]}' is {latent[0][1]}, and the propensity behind its answers has a scale of its own that error would change"
    if design.occasions.held:
        yield "a residual correlation is held, and is one of scores with error; take 'residual_correlations' out of the model"
    known = parse_term(name, dict(variables))
    if known is not None and known.variable is not None and variables[known.variable].censored:
        yield "it is declared censored, and the reliability is that of the scores as they are"
    for child in children:
        yield from _missing_in(design, name, child)
    for child in children:
        near = [other for other in children if {child, other} & _joined(design, child, other)]
        if near and any(e.outcome == child and e.term == name for effects in design.varying.values() for e in effects):
            yield (
                f"its slope varies in the equation of '{child}' while '{near[0]}', which it predicts too, is joined with '{child}' by an "
                f"arrow; take '{name}' out of 'vary' there"
            )


def _joined(design: Design, one: str, other: str) -> set[str]:
    """Return the two outcomes if one predicts the other at the session, nothing otherwise."""
    found = one != other and (other in children_of(design, one) or one in children_of(design, other))
    return {one, other} if found else set()


def _missing_in(design: Design, name: str, child: str) -> Iterator[str]:
    """Say what stands in the equation of a variable and not in that of an outcome that it predicts."""
    for term in design.equations[name].terms:
        if term not in design.equations[child].terms:
            yield f"'{term}' predicts '{name}' but not '{child}'; add it to 'on' of '{child}'"
    for level, effects in design.varying.items():
        known = {effect.term for effect in effects if effect.outcome == child}
        for effect in effects:
            if effect.outcome == name and effect.term not in known:
                what = "the intercept" if effect.term == INTERCEPT else f"the slope of '{effect.term}'"
                yield (
                    f"{what} varies between {level}s in the equation of '{name}' but not in that of '{child}'; let it vary there too"
                )
