"""The models that questions pose, put where hand-written ones stand, so that the merged configuration hides nothing.

What somebody writes under the name of a posed model changes it: an entry with a ``family`` takes its place, any other changes the settings
that it names. ``models.fit`` and ``models.answers`` that somebody writes are taken as they are.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from alliance.errors import ConfigError, suggest
from alliance.facts.roles import ROLES
from alliance.questions import QUESTIONS, Cast, Posed, cast_of, measures_of

POSSIBLE: Final = "possible"
KEY: Final = "questions"


def pose_questions(settings: Mapping[str, Any], therapists: bool, own: Collection[str]) -> dict[str, Any]:
    """Return settings with the models of the questions that are asked.

    Parameters
    ----------
    settings
        Merged, not validated yet.
    therapists
        Whether the export names therapists, so that intercepts vary between them too.
    own
        Names of models that an overlay declares as a whole; they are fitted too where ``models.fit`` names none.

    Raises
    ------
    ConfigError
        A question is unknown or cannot be asked of these variables, or no model is declared and none can be posed.
    """
    models, variables = settings.get("models", {}), settings.get("variables", {})
    if not isinstance(models, Mapping) or not isinstance(variables, Mapping):
        return dict(settings)  # the schema says what is wrong
    written = models.get("specs", {})
    if not isinstance(written, Mapping):
        return dict(settings)
    cast = cast_of(variables, therapists)
    posed = {name: QUESTIONS[name].pose(cast) for name in _asked(settings.get(KEY, POSSIBLE), cast)}
    specs = {name: spec for one in posed.values() for name, spec in one.specs.items()}
    fit = [*specs, *(name for name in own if name not in specs)]
    if not fit and not written and "fit" not in models:
        raise ConfigError(_nothing_to_fit(variables))
    answers = {question: one.answer for question, one in posed.items() if one.answer in models.get("fit", fit)}
    return {
        **settings,
        "models": {
            "fit": fit,
            **models,
            "answers": _answers(answers, posed) | dict(models.get("answers") or {}),
            "specs": {name: _changed(specs.get(name), written.get(name)) for name in dict.fromkeys([*specs, *written])},
        },
    }


def _asked(questions: Any, cast: Cast) -> list[str]:
    """Name the questions that are asked, in the order in which the report answers them."""
    if questions == POSSIBLE:
        return [name for name, question in QUESTIONS.items() if not cast.lacks(question.needs)]
    if not isinstance(questions, Sequence) or isinstance(questions, str):
        return []  # the schema says what is wrong
    problems = []
    for name in questions:
        if name not in QUESTIONS:
            known = ", ".join(QUESTIONS)
            problems.append(
                f"{KEY}: there is no question '{name}'.{suggest(str(name), QUESTIONS)} Known questions: {known}."
            )
        elif lacking := cast.lacks(QUESTIONS[name].needs):
            wanted = "; ".join(f"'role: {role}' ({ROLES[role].meaning})" for role in lacking)
            problems.append(
                f"{KEY}: '{name}' cannot be asked, since no variable has {wanted}. Say at a variable which part it plays, or take the "
                "question out."
            )
    if problems:
        raise ConfigError("\n".join(problems))
    return [name for name in QUESTIONS if name in questions]


def _answers(answers: Mapping[str, str], posed: Mapping[str, Posed]) -> dict[str, str]:
    """Leave out questions whose model compares no cause with an outcome: there is no one number that answers them."""
    return {name: model for name, model in answers.items() if "effects" in posed[name].specs[model]}


def _changed(posed: Mapping[str, Any] | None, written: Any) -> Any:
    if posed is None or (isinstance(written, Mapping) and "family" in written):
        return written
    return {**posed, **written} if isinstance(written, Mapping) else dict(posed)


def _nothing_to_fit(variables: Mapping[str, Any]) -> str:
    return (
        "models.specs: no model is declared, and no question can be asked of these variables. Say which of them is the process and which "
        f"the outcome ('role: mediator', 'role: outcome'; measured at sessions: {', '.join(measures_of(variables)) or 'none'}), or declare "
        "a model as in config/README.md."
    )
