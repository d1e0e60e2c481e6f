"""Where does the alliance rupture, is it repaired, and what follows?"""

from typing import Any, Final

from alliance.facts.columns import BETWEEN, SESSION
from alliance.facts.detectors import DETECTORS, OBSERVER
from alliance.facts.roles import MOMENTS
from alliance.questions.cast import Cast, Player
from alliance.questions.declared import Posed, Question
from alliance.questions.equations import begin, equation, first_of, named, names, short

_STATES: Final = {"open": "open rupture", "repaired": "rupture repaired now"}
ANALYSIS: Final = "ruptures"


def pose(cast: Cast) -> Posed:
    """Pose how often ruptures are told and repaired, and under each detector what follows at the next session.

    Whether a rupture will be repaired is known only later, and what happens until then would be its cause too. So predictors are what is
    known at the session: a rupture is open, or the score has returned. The alliance of that session is held equal: a low score tends to
    rise by itself, and symptoms follow the alliance whether it ruptured or not.
    """
    mediator, outcome = cast.one("mediator"), cast.one("outcome")
    code = first_of(cast, "rupture")
    seen = () if code is None else (OBSERVER,)
    told = {detector: _marks(detector, mediator, code) for detector in (*DETECTORS, *seen)}
    measures = {name: mark for marks in told.values() for name, mark in marks.items()}
    counted = named("ruptures", "of", mediator.name)
    specs: dict[str, dict[str, Any]] = {
        counted: {
            "label": begin("ruptures of", short(mediator)),
            "family": "descriptive",
            "analysis": ANALYSIS,
            "variables": [mediator.name, *measures, *names(*cast.all("strategy"))],
        }
    }
    specs |= {
        named("after", "rupture", detector): _following(detector, list(marks), mediator, outcome, cast)
        for detector, marks in told.items()
    }
    return Posed(specs, counted, measures)


def _marks(detector: str, mediator: Player, code: Player | None) -> dict[str, dict[str, Any]]:
    """Return the two measures of one detector: a rupture is open, and it is repaired."""
    seen = detector == OBSERVER and code is not None
    of = [mediator.name, code.variable or code.name] if seen and code is not None else [mediator.name]
    way = "observers" if seen else DETECTORS[detector].label
    moment = next((name for name, at in MOMENTS.items() if at == mediator.moment), "after")
    return {
        f"{state}_by_{detector}": {
            "label": f"{words} ({way})",
            "kind": "rupture_mark",
            "of": of,
            "detector": detector,
            "state": state,
            "measured": moment,
        }
        for state, words in _STATES.items()
    }


def _following(detector: str, marks: list[str], mediator: Player, outcome: Player, cast: Cast) -> dict[str, Any]:
    """Return the model of the outcome at the next session."""
    held = [mediator.before(outcome), outcome.past, SESSION, *names(first_of(cast, "treatment"))]
    ahead = detector != OBSERVER and DETECTORS[detector].ahead
    way = "observers" if detector == OBSERVER else DETECTORS[detector].label
    terms = [Player(name, name, "rupture", True, mediator.moment).before(outcome) for name in marks]
    means = [f"{name}{BETWEEN}" for name in (*marks, mediator.name)]
    first, second = ({"from": name, "to": outcome.name} for name in marks)
    return {
        "label": begin(short(outcome), "after ruptures:", way, *(["(looks ahead)"] if ahead else [])),
        "family": "multilevel_path",
        "depth": "ml",
        "missing": "drop",
        "trends": False,
        "equations": {outcome.name: equation([*terms, *held, *means], cast)},
        "effects": first,
        "further_effects": [second],
    }


QUESTION = Question(
    name="ruptures",
    title="Where does {mediator} rupture, is it repaired, and what follows for {outcome}?",
    needs=("mediator", "outcome"),
    pose=pose,
    figures=("ruptures",),
    tables=("ruptures", "after_ruptures"),
    tells="tell_ruptures",
    drops=True,
    follows=("Stiles et al. 2004", "Strauss et al. 2006", "Lipner et al. 2022"),
)
