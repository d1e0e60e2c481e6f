"""The models that questions pose, put where hand-written ones stand, so that the merged configuration hides nothing.

What somebody writes under the name of a posed model changes it: an entry with a ``family`` takes its place, any other changes the settings
that it names. ``models.fit`` and ``models.answers`` that somebody writes are taken as they are.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import Any, Final

from alliance.config.adjusting import ON, adjust_models
from alliance.config.role import check_role, known_role
from alliance.config.schema import Config
from alliance.errors import ConfigError, suggest
from alliance.facts.roles import ROLES
from alliance.questions import QUESTIONS, Cast, Posed, cast_of, measures_of

POSSIBLE: Final = "possible"
KEY: Final = "questions"
WATCH: Final = "watch"  # setting and figure


def pose_questions(settings: Mapping[str, Any], therapists: bool, own: Mapping[str, bool]) -> dict[str, Any]:
    """Return settings with the models of the questions that are asked.

    Parameters
    ----------
    settings
        Merged, not validated yet.
    therapists
        Whether the export names therapists, so that intercepts vary between them too.
    own
        Models that overlays write, and whether as a whole; such are fitted too where ``models.fit`` names none.

    Raises
    ------
    ConfigError
        A part or a question is unknown or cannot be had of these variables, an overlay changes a model that is not posed, or no model is
        declared and none can be posed.
    """
    models, variables = settings.get("models", {}), settings.get("variables", {})
    if not isinstance(models, Mapping) or not isinstance(variables, Mapping):
        return dict(settings)  # the schema says what is wrong
    written = models.get("specs", {})
    if not isinstance(written, Mapping):
        return dict(settings)
    _check_roles(variables)
    cast = cast_of(variables, therapists)
    posed = {name: QUESTIONS[name].pose(cast) for name in _asked(settings.get(KEY, POSSIBLE), cast)}
    specs = {name: spec for one in posed.values() for name, spec in one.specs.items()}
    lost = [name for name, whole in own.items() if not whole and name not in specs]
    if lost:
        raise ConfigError(_changes_nothing(lost[0], specs))
    kept = {
        name: spec
        for name, spec in written.items()
        if name in specs or not isinstance(spec, Mapping) or _is_whole(spec)
    }
    fit = [*specs, *(name for name, whole in own.items() if whole and name not in specs)]
    if not fit and not kept and not {"fit", "specs"} & set(models):
        raise ConfigError(_nothing_to_fit(variables))
    merged = {name: _changed(specs.get(name), kept.get(name)) for name in dict.fromkeys([*specs, *kept])}
    merged = adjust_models(merged, models.get(ON))
    answers = _answers(posed, merged, models.get("fit", fit), models.get("answers"))
    measures = {name: measure for one in posed.values() for name, measure in one.measures.items()}
    rest = {key: value for key, value in models.items() if key != ON}
    return {
        **settings,
        **_with_outputs(settings.get("output"), list(posed)),
        "variables": {**variables, **{name: measures[name] for name in measures if name not in variables}},
        "models": {"fit": fit, **rest, "answers": answers, "specs": merged},
    }


def _with_outputs(output: Any, asked: Sequence[str]) -> dict[str, Any]:
    """Return the section on figures and tables with what the sections of the asked questions hold, and with what is asked for by name."""
    if not isinstance(output, Mapping):
        return {}
    found = dict(output)
    for kind in ("figures", "tables"):
        if isinstance(listed := output.get(kind), list):
            wanted = [name for question in asked for name in getattr(QUESTIONS[question], kind)]
            wanted += [WATCH] if kind == "figures" and output.get(WATCH) is True else []
            found[kind] = [*listed, *(name for name in dict.fromkeys(wanted) if name not in listed)]
    return {"output": found}


def _check_roles(variables: Mapping[str, Any]) -> None:
    for name, variable in variables.items():
        if isinstance(variable, Mapping) and isinstance(variable.get("role"), str):
            try:
                check_role(known_role(variable["role"]), str(variable.get("table", "sessions")))
            except ValueError as error:
                raise ConfigError(f"variables.{name}.role: {error}.") from None
    players = cast_of(variables, therapists=False)
    for role in ROLES.names(lambda role: role.alone):
        if len(found := [player.name for player in players.all(role)]) > 1:
            raise ConfigError(
                f"variables.{found[1]}.role: '{found[0]}' has 'role: {role}' too, and questions ask for one variable that plays it. Take "
                "the role from one of them, or make both one variable (kind: composite)."
            )
        for name, variable in variables.items():
            if isinstance(variable, Mapping) and variable.get("role") == role and variable.get("labels") and not found:
                raise ConfigError(
                    f"variables.{name}.labels: there are more than two groups, and 'role: {role}' is one comparison. Join labels so that "
                    "two groups are left, as in labels: {waiting: control, usual care: control, therapy: therapy}, or take the role away."
                )


def cast_in(config: Config) -> Cast:
    """Return who plays which part in a configuration."""
    settings = config.model_dump(include={"variables", "data"}, mode="json")
    return cast_of(settings["variables"], names_therapists(settings))


def names_therapists(settings: Mapping[str, Any]) -> bool:
    """Whether a table of the export says who the therapist is."""
    tables = settings["data"].values() if isinstance(settings.get("data"), Mapping) else ()
    keys = [table.get("keys") for table in tables if isinstance(table, Mapping)]
    return any(isinstance(named, Mapping) and "therapist" in named for named in keys)


def asked_in(config: Config) -> list[str]:
    """Name the questions that a configuration asks, in the order in which the report answers them."""
    return _asked(config.questions, cast_in(config))


def speaker_of(question: str, config: Config) -> str:
    """Name the model that answers a question that is asked: the one that is declared, else the one that is posed."""
    return config.models.answers.get(question) or QUESTIONS[question].pose(cast_in(config)).answer


def models_of(question: str, config: Config) -> list[str]:
    """Name the fitted models of a question that is asked: the one that answers, and those that stand beside it."""
    own = {speaker_of(question, config), *QUESTIONS[question].pose(cast_in(config)).specs}
    return [name for name in config.models.fit if name in own]


def named_in(config: Config) -> list[str]:
    """Name the questions that have a name and a fitted model: those that somebody made up, and those of the field that are asked.

    A question of the field whose model speaks for one that somebody made up is not asked again.
    """
    fitted = {name: config.models.specs[name] for name in config.models.fit}
    declared = {name for name, model in config.models.answers.items() if model in fitted}
    spoken = {*config.models.answers.values()}
    told = {
        name
        for name in asked_in(config)
        if (model := speaker_of(name, config)) in fitted.keys() - spoken
        and (fitted[model].effects is None or QUESTIONS[name].tells)
    }
    of_field = [name for name in QUESTIONS if name in declared | told]
    return [*(name for name in config.models.answers if name in declared and name not in QUESTIONS), *of_field]


def speakers_in(config: Config) -> list[str]:
    """Name the fitted models that answer a question, in the order of the questions; all fitted models where nothing is asked by name."""
    asked = [speaker_of(question, config) for question in asked_in(config)]
    named = dict.fromkeys([*asked, *config.models.answers.values()])
    return [name for name in named if name in config.models.fit] or list(config.models.fit)


def heard_in(config: Config) -> list[str]:
    """Name the fitted models whose numbers stand in answers, in the order of the questions: those that answer, and those that add to it."""
    cast = cast_in(config)
    asked = [[speaker_of(question, config), *QUESTIONS[question].pose(cast).adds] for question in asked_in(config)]
    named = dict.fromkeys([*chain.from_iterable(asked), *speakers_in(config)])
    return [name for name in named if name in config.models.fit]


def _possible(cast: Cast) -> list[str]:
    """Name the questions whose parts are all played."""
    return [
        name
        for name, question in QUESTIONS.items()
        if not cast.lacks(question.needs) and question.hindrance(cast) is None
    ]


def _asked(questions: Any, cast: Cast) -> list[str]:
    """Name the questions that are asked, in the order in which the report answers them."""
    if questions == POSSIBLE:
        return _possible(cast)
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
            wanted = "; ".join(f"'role: {role}' ({cast.describe(role)})" for role in lacking)
            problems.append(
                f"{KEY}: '{name}' cannot be asked, since no variable that holds numbers has {wanted}. Say at a variable which part it "
                "plays (a category needs 'levels' or 'labels' for that), or take the question out."
            )
        elif (hindrance := QUESTIONS[name].hindrance(cast)) is not None:
            problems.append(
                f"{KEY}: '{name}' cannot be asked, since {hindrance.found}. {hindrance.remedy}, or take the question out."
            )
    if problems:
        raise ConfigError("\n".join(problems))
    return [name for name in QUESTIONS if name in questions]


def _answers(posed: Mapping[str, Posed], specs: Mapping[str, Any], fit: Any, written: Any) -> Any:
    """Say which model answers which question: those that somebody declares first, then those of the questions that are left.

    Questions whose model compares no cause with an outcome are left out: there is no one number that answers them. So are those about a
    cause and an outcome for which another model speaks already; they tell their answer themselves.
    """
    if not isinstance(written, Mapping | None):
        return written  # the schema says what is wrong
    declared = dict(written or {})
    taken = set(declared.values())
    spoken = [_about(specs.get(name)) for name in declared.values()]
    left: dict[str, str] = {}
    for question, one in posed.items():
        about = _about(specs[one.answer])
        if one.answer in fit and one.answer not in taken and about is not None and about not in spoken:
            left[question] = one.answer
            spoken.append(about)
    return left | declared


def _about(spec: Any) -> tuple[Any, Any] | None:
    """Return cause and outcome that a declared model compares, and the direction; None where it compares none."""
    found = spec.get("effects") if isinstance(spec, Mapping) else None
    return None if found is None else (found, spec.get("direction", "forward"))


def _is_whole(written: Any) -> bool:
    """Whether an entry declares a model as a whole."""
    return isinstance(written, Mapping) and "family" in written


def _changed(posed: Mapping[str, Any] | None, written: Any) -> Any:
    if posed is None or _is_whole(written):
        return written
    return {**posed, **written} if isinstance(written, Mapping) else dict(posed)


def _changes_nothing(name: str, posed: Collection[str]) -> str:
    return (
        f"models.specs.{name}: there is no 'family', so this changes settings of a model that a question poses, but no question that is "
        f"asked poses '{name}'.{suggest(name, posed)} Posed: {', '.join(posed) or 'none'}. Correct the name, or declare the model as a "
        "whole."
    )


def _nothing_to_fit(variables: Mapping[str, Any]) -> str:
    return (
        "models.specs: no model is declared, and no question can be asked of these variables. Say which of them is the process and which "
        f"the outcome ('role: mediator', 'role: outcome'; measured at sessions: {', '.join(measures_of(variables)) or 'none'}), or declare "
        "a model as in config/README.md."
    )
