"""What an overlay for data of its own takes from the base file: the defaults of every study, and nothing of the example study.

Whoever names the file and the columns of the sessions (``data.sessions.path`` and ``keys``) describes another study. Then nothing in
`OF_THE_EXAMPLE` is inherited, and what is not said is filled in: the design that licenses least, no missing codes. Which questions are
asked, and so which models are fitted, follows from the variables (`alliance.config.posing`).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from alliance.config.load import REPLACE, merge_configs
from alliance.config.posing import KEY, POSSIBLE, names_therapists, pose_questions
from alliance.questions import cast_of

# Places of the base file that describe the example study; all others are defaults of any study.
OF_THE_EXAMPLE = (
    "run.title",
    "study",
    "data",
    "variables",
    "models",
    "questions",
    "cleaning.missing_codes",
    "cleaning.exclude",
)


# Settings -> variable -> what its file calls it.
Titles = Callable[[Mapping[str, Any]], Mapping[str, str]]

# Declaration of a variable -> the ways to divide it into parts, each a list of subscales.
Parts = Callable[[Mapping[str, Any]], list[list[str]]]


def merge_with_base(
    base: Mapping[str, Any],
    overlays: Sequence[Mapping[str, Any]],
    titles: Titles | None = None,
    parts: Parts | None = None,
) -> dict[str, Any]:
    """Merge overlays into the base file, one after the other.

    Where one of them describes data of its own, nothing of the example study is inherited. One that lists ``data`` under ``replace`` says
    itself what is not inherited. A variable without a label then has the one of `titles`, or its name. A mediator that does not say its
    parts has those of `parts`.

    Raises
    ------
    ConfigError
        `replace` names what is no setting, a question cannot be asked of these variables, or no model is declared and none can be posed.
    """
    own = any(map(_describes_data, overlays))
    settings = _defaults(base) if own else dict(base)
    for overlay in overlays:
        settings = merge_configs(settings, {**overlay, **_still_there(overlay)} if own else overlay)
    written = _models_of(overlays)
    if own:
        gap_named = any(
            isinstance(panel := overlay.get("panel"), Mapping) and "max_gap_days" in panel for overlay in overlays
        )
        settings = _filled(settings, gap_named, titles)
    if (own or "models" not in base or any(map(_replaces_variables, overlays))) and not any(
        KEY in overlay for overlay in overlays
    ):
        # The questions of the base file are about its variables; who writes models for others asks what these ask.
        settings = {**settings, KEY: [] if any(written.values()) else POSSIBLE}
    if parts is not None:
        settings = _divided(settings, parts)
    return pose_questions(settings, names_therapists(settings), written)


def _divided(settings: dict[str, Any], parts: Parts) -> dict[str, Any]:
    """Return settings in which mediators say their parts."""
    variables = settings.get("variables")
    if not isinstance(variables, Mapping):
        return settings  # the schema says what is wrong
    found = {
        player.name: {**variables[player.name], "parts": divided}
        for player in cast_of(variables, therapists=False).all("mediator")
        if "parts" not in variables[player.name] and (divided := parts(variables[player.name]))
    }
    return {**settings, "variables": {**variables, **found}}


def _models_of(overlays: Sequence[Mapping[str, Any]]) -> dict[str, bool]:
    """Name the models that overlays write, and whether as a whole or as changes of a model that a question poses."""
    specs = [
        models["specs"]
        for overlay in overlays
        if isinstance(models := overlay.get("models"), Mapping) and isinstance(models.get("specs"), Mapping)
    ]
    written: dict[str, bool] = {}
    for one in specs:
        for name, spec in one.items():
            written[str(name)] = written.get(str(name), False) or not isinstance(spec, Mapping) or "family" in spec
    return written


def _describes_data(overlay: Mapping[str, Any]) -> bool:
    data, replaced = overlay.get("data"), overlay.get(REPLACE)
    sessions = data.get("sessions") if isinstance(data, Mapping) else None
    said = isinstance(sessions, Mapping) and {"path", "keys"} <= set(sessions)
    return said and not (isinstance(replaced, list) and "data" in replaced)


def _replaces_variables(overlay: Mapping[str, Any]) -> bool:
    replaced = overlay.get(REPLACE)
    return isinstance(replaced, list) and "variables" in replaced


def _defaults(base: Mapping[str, Any]) -> dict[str, Any]:
    kept = dict(base)
    for place in OF_THE_EXAMPLE:
        section, _, key = place.partition(".")
        if key and section in kept:
            kept[section] = {name: value for name, value in kept[section].items() if name != key}
        elif not key:
            kept.pop(section, None)
    return kept


def _still_there(overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``replace`` of an overlay without what is not inherited anyway."""
    listed = overlay.get(REPLACE)
    if not isinstance(listed, list):
        return {}
    return {
        REPLACE: [
            place
            for place in listed
            if not (str(place).startswith(tuple(f"{gone}." for gone in OF_THE_EXAMPLE)) or place in OF_THE_EXAMPLE)
        ]
    }


def _filled(settings: Mapping[str, Any], gap_named: bool, titles: Titles | None) -> dict[str, Any]:
    """Fill in what a study of one's own does not have to say."""
    parts: dict[str, Any] = {
        key: dict(value) if isinstance(value, Mapping) else value for key, value in settings.items()
    }
    if not all(
        isinstance(parts.get(key, {}), dict) for key in ("run", "study", "variables", "cleaning", "panel", "models")
    ):
        return parts  # the schema says what is wrong
    parts.setdefault("models", {})
    variables = parts.get("variables", {})
    called = titles(parts) if titles is not None else {}
    for name, variable in variables.items():
        if isinstance(variable, Mapping):
            variables[name] = {"label": called.get(name) or str(name).replace("_", " "), **variable}
    study = parts.setdefault("study", {})
    study.setdefault("description", "Data of one's own, described by an overlay.")
    study.setdefault("design", "randomised_arms" if study.get("randomised") else "single_group")
    run = parts.setdefault("run", {})
    run.setdefault("title", str(run.get("name", "")).replace("_", " "))
    parts.setdefault("cleaning", {}).setdefault("missing_codes", [])
    keys = parts["data"]["sessions"]["keys"]
    if isinstance(keys, Mapping) and not {"date", "week"} & set(keys) and not gap_named:
        parts["panel"]["max_gap_days"] = None  # without dates no pause has a length
    return parts
