"""Models that are ready made where an overlay for data of its own declares none: two measures that predict each other.

Each function here looks at the variables and returns what would stand under ``models``, so another question is another function.
"""

from collections.abc import Mapping
from typing import Any

from alliance.config.timing import MOMENTS
from alliance.errors import ConfigError
from alliance.facts.columns import LAG, PATIENT, SESSION, THERAPIST

VARIANCE, RECIPROCAL = "variance", "both_jointly"
_PREFERRED = ("alliance", "symptoms")


def ready_models(variables: Mapping[str, Any], therapists: bool) -> dict[str, Any]:
    """Return the models for two measures of sessions: how much varies between and within patients, and which predicts which.

    The second measure is the outcome, or the one called ``symptoms``. Each is predicted by its own past and by the other, at the same
    session where the order of measurement allows it and one session earlier otherwise; initial values come in by themselves.

    Parameters
    ----------
    variables
        The variables as they are declared, not validated yet.
    therapists
        Whether the export names therapists, so that intercepts vary between them too.

    Raises
    ------
    ConfigError
        There are not two such measures, nor ``alliance`` and ``symptoms`` among more.
    """
    cause, outcome = _pair(variables)
    labels = {name: str(variables[name].get("label", name)) for name in (cause, outcome)}
    equations = {}
    for this, other in ((cause, outcome), (outcome, cause)):
        predictor = other if _comes_first(variables[other], variables[this]) else f"{other}{LAG}"
        vary = {PATIENT: ["intercept", predictor], **({THERAPIST: ["intercept"]} if therapists else {})}
        equations[this] = {"on": [predictor, f"{this}{LAG}", SESSION], "vary": vary}
    return {
        "fit": [VARIANCE, RECIPROCAL],
        "specs": {
            VARIANCE: {
                "label": "Variance decomposition",
                "family": "textbook",
                "analysis": "variance",
                "variables": [cause, outcome],
            },
            RECIPROCAL: {
                "label": f"{labels[cause][:80]} and {labels[outcome][:80]}, each predicting the other",
                "family": "multilevel_path",
                "depth": "laplace",
                "equations": equations,
                "effects": {"from": cause, "to": outcome},
                "further_effects": [{"from": outcome, "to": cause}],
            },
        },
    }


def _pair(variables: Mapping[str, Any]) -> tuple[str, str]:
    measures = [
        str(name)
        for name, variable in variables.items()
        if isinstance(variable, Mapping)
        and variable.get("table", "sessions") == "sessions"
        and variable.get("kind", "number") != "category"
    ]
    if set(_PREFERRED) <= set(measures):
        return _PREFERRED
    if len(measures) != len(_PREFERRED):
        raise ConfigError(
            f"models.specs: no model is declared, and one is ready made only for two measures of sessions, or for variables called "
            f"'alliance' and 'symptoms' (found under variables: {', '.join(measures) or 'none'}). Give two of them these names, or "
            f"declare a model as in config/README.md."
        )
    first, second = measures
    return (second, first) if first == _PREFERRED[1] or second == _PREFERRED[0] else (first, second)


def _comes_first(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    first, second = (MOMENTS.get(str(variable.get("measured"))) for variable in (one, other))
    return first is not None and second is not None and first < second  # the schema says what is wrong
