"""Do two raters see the same alliance, such as patient and therapist, and whose view goes along with symptoms?"""

from typing import Any, Final

from alliance.facts.columns import PATIENT, SESSION
from alliance.questions.cast import Cast, Player
from alliance.questions.declared import Posed, Question
from alliance.questions.equations import begin, equation, first_of, named, names, observed, own_equation, short

_SAME: Final = "Both rate the same session, and neither rating is taken for a cause of the other: the slope says how closely one follows."


def pose(cast: Cast) -> Posed:
    """Pose how far both agree, what one rating tells of the other, both as predictors of what follows, and their congruence.

    What one tells of the other is the truth and bias model (West & Kenny 2011): the other's rating on the mediator's own, with latent
    means, so that following its ups and downs within patients comes apart from knowing which patients have more of it. Actor and partner
    are both ratings of the session before as predictors of the outcome and of each other (Zilcha-Mano et al. 2016). Congruence is the
    response surface of the outcome over both.
    """
    mediator, rater, outcome = (cast.one(role) for role in QUESTION.needs)
    together = _together(cast, mediator, rater, outcome)
    surface = {"of": [mediator.before(outcome), rater.before(outcome)], "to": outcome.name}
    agreement = named(mediator.name, "of", "two", "raters")
    return Posed(
        {
            agreement: {
                "label": begin("two raters of", short(mediator)) + ", agreement",
                "family": "descriptive",
                "analysis": "raters",
                "variables": [mediator.name, rater.name],
            },
            named(rater.name, "tracks", mediator.name): _tracking(cast, mediator, rater),
            named(mediator.name, "by", "two", "raters"): {
                "label": begin("two raters of", short(mediator)) + ", actor and partner",
                **together,
                "further_effects": [{"from": rater.name, "to": outcome.name}],
            },
            named(mediator.name, "congruence"): {
                "label": begin("two raters of", short(mediator)) + ", congruence",
                **together,
                "surface": surface,
            },
        },
        agreement,
    )


def _tracking(cast: Cast, mediator: Player, rater: Player) -> dict[str, Any]:
    follows = equation([mediator.name, SESSION], cast)
    follows["vary"][PATIENT].append(mediator.name)
    return {
        "label": begin(short(rater), "given", short(mediator)),
        "family": "multilevel_path",
        "depth": "ml",
        "missing": "drop",
        "equations": {mediator.name: own_equation(cast), rater.name: follows},
        "effects": {"from": mediator.name, "to": rater.name},
        "time_order_signed_off": _SAME,
    }


def _together(cast: Cast, mediator: Player, rater: Player, outcome: Player) -> dict[str, Any]:
    """Return the joint model of both ratings and the outcome, each with its own past and that of the other rating."""
    technique, arm = first_of(cast, "technique"), first_of(cast, "treatment")
    pasts = [mediator.past, rater.past]
    others = [SESSION, *names(arm)]
    return {
        "family": "multilevel_path",
        "depth": "ml",
        "missing": "drop",  # squares of what is filled in are not known
        "trends": False,
        "equations": {
            mediator.name: equation([*pasts, outcome.before(mediator), *observed(technique, mediator), *others], cast),
            rater.name: equation([*pasts, outcome.before(rater), *observed(technique, rater), *others], cast),
            outcome.name: equation(
                [mediator.before(outcome), rater.before(outcome), outcome.past, *observed(technique, outcome), *others],
                cast,
            ),
        },
        "effects": {"from": mediator.name, "to": outcome.name},
    }


QUESTION: Final = Question(
    name="raters",
    title="Do two raters see the same {mediator}, and whose view goes along with {outcome}?",
    needs=("mediator", "rater", "outcome"),
    pose=pose,
    sentences=("describe_raters",),
    figures=("raters", "congruence"),
    tables=("surface",),
    tells="tell_raters",
    follows=("West and Kenny 2011", "Zilcha-Mano et al. 2016", "Edwards and Parry 1993", "Shanock et al. 2010"),
)
