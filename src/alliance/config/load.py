"""Merge configuration files, refuse what is unknown or contradictory, and say where."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from alliance.config.answers import check_answers
from alliance.config.conditions import check_conditions
from alliance.config.empty import check_meaning
from alliance.config.initial import with_initial_values
from alliance.config.latent import check_indicators
from alliance.config.names import check_names_of_things
from alliance.config.problems import explain
from alliance.config.rupture import check_parts_of_mark
from alliance.config.schema import Config
from alliance.config.sizes import check_sizes
from alliance.config.text import parse_yaml
from alliance.config.timing import check_model, owner_of_part
from alliance.errors import ConfigError, suggest

_CODES, _INHERITED = "missing_codes", "missing_codes_inherited"
REPLACE = "replace"  # key of an overlay: sections of the base that it replaces as a whole


def read_yaml(path: Path) -> dict[str, Any]:
    """Read one configuration file.

    Raises
    ------
    ConfigError
        The file is missing, is not YAML, or is not a mapping of settings.
    """
    try:
        content = parse_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"The configuration file {path} does not exist. Check the spelling of the path.") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not a text file in UTF-8. Save it as UTF-8 and run again.") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be opened ({error.strerror}). Name a file that you may read.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
        raise ConfigError(
            f"{path}{where}: this is not valid YAML: {problem}. Check indentation and quotes there."
        ) from None
    if not isinstance(content, dict):
        raise ConfigError(f"{path} holds no settings. It must contain lines of the form 'name: value'.")
    return content


def merge_configs(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Merge an overlay into a base: mappings are merged by key, lists and values are replaced.

    An overlay for other data lists under its top-level key ``replace`` the settings it does not want to inherit at all,
    e.g. ``replace: [study, data, variables, models]`` or ``models.specs``; the merged settings no longer hold that key.

    Raises
    ------
    ConfigError
        `replace` is not a list of settings of the base.
    """
    listed = overlay.get(REPLACE, [])
    if not isinstance(listed, list):
        raise ConfigError(f"{REPLACE}: expected a list of settings such as [data, variables] (found: {listed!r}).")
    kept: Mapping[str, Any] = base
    for place in listed:
        kept = _without(kept, str(place).split("."), str(place))
    merged = _merge(kept, {key: value for key, value in overlay.items() if key != REPLACE})
    return _with_origin_of_codes(merged, overlay)


def _with_origin_of_codes(merged: dict[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Say whether codes for "missing" were declared for these data, or for those of the base."""
    cleaning, own = merged.get("cleaning"), overlay.get("cleaning")
    if not isinstance(cleaning, Mapping) or _CODES not in cleaning:
        return merged
    if isinstance(own, Mapping) and _CODES in own:
        inherited = own.get(_INHERITED, False)
    elif "data" in overlay:
        inherited = True
    else:
        return merged
    rest = {key: value for key, value in cleaning.items() if key != _INHERITED}
    return {**merged, "cleaning": rest | ({} if inherited is False else {_INHERITED: inherited})}


def _without(settings: Mapping[str, Any], path: list[str], place: str) -> dict[str, Any]:
    key, *rest = path
    if key not in settings or (rest and not isinstance(settings[key], Mapping)):
        raise ConfigError(f"{REPLACE}: '{place}' is not a setting of the base configuration.{suggest(key, settings)}")
    if rest:
        return {**settings, key: _without(settings[key], rest, place)}
    return {name: value for name, value in settings.items() if name != key}


def _merge(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in overlay.items():
        present = merged.get(key)
        if isinstance(present, Mapping) and isinstance(value, Mapping):
            merged[key] = _merge(present, value)
        else:
            merged[key] = value
    return merged


def difference_of_configs(base: Mapping[str, Any], other: Mapping[str, Any], prefix: str = "") -> list[dict[str, str]]:
    """List every setting whose value differs, with its dotted key and both values."""
    rows: list[dict[str, str]] = []
    for key in [*base, *(key for key in other if key not in base)]:
        left, right, name = base.get(key), other.get(key), f"{prefix}{key}"
        if isinstance(left, Mapping) and isinstance(right, Mapping):
            rows += difference_of_configs(left, right, f"{name}.")
        elif left != right:
            rows.append({"setting": name, "base": _shown(key, base), "this": _shown(key, other)})
    return rows


def _shown(key: str, config: Mapping[str, Any]) -> str:
    if key not in config:
        return "(not set)"
    text: str = yaml.safe_dump(config[key], default_flow_style=True, width=10_000)
    return text.removesuffix("...\n").strip()


def validate_config(settings: Mapping[str, Any]) -> Config:
    """Turn merged settings into a `Config`, or list every problem with its dotted key.

    Joint models with lagged outcomes come out with their initial values (`alliance.config.initial`), as the run and the report show them.

    Raises
    ------
    ConfigError
        A key is unknown, missing, of the wrong type or out of range, or settings contradict each other.
    """
    try:
        config = Config.model_validate(settings)
    except ValidationError as error:
        raise ConfigError(_listed(explain(error, settings, Config, "config/config.yaml shows an example"))) from None
    specs = {name: with_initial_values(spec) for name, spec in config.models.specs.items()}
    config = config.model_copy(update={"models": config.models.model_copy(update={"specs": specs})})
    problems = _contradictions(config)
    if problems:
        raise ConfigError(_listed(problems))
    return config


def _listed(problems: list[str]) -> str:
    unique = list(dict.fromkeys(problems))
    head = "1 setting cannot be used:" if len(unique) == 1 else f"{len(unique)} settings cannot be used:"
    return "\n  - ".join([head, *unique])


def _contradictions(config: Config) -> list[str]:
    problems = [*check_names_of_things(config), *check_sizes(config)]
    for place, name in enumerate(config.models.fit):
        if name in config.models.fit[:place]:
            problems.append(f"models.fit: '{name}' is named twice. Remove one.")
        if name not in config.models.specs:
            hint = suggest(name, config.models.specs)
            problems.append(
                f"models.fit: '{name}' is not declared under models.specs.{hint} Declare it there, or take it out."
            )
    for name, variable in config.variables.items():
        problems += check_indicators(
            name, variable, config.variables, partial(owner_of_part, variables=config.variables)
        )
        problems += check_parts_of_mark(name, variable, config.variables)
        for part in variable.of:
            owner = owner_of_part(part, config.variables)
            if owner is None:
                problems.append(
                    f"variables.{name}.of: '{part}' is not a variable.{suggest(part, config.variables)} Correct the name, or declare it."
                )
            elif config.variables[owner].table != variable.table:
                problems.append(
                    f"variables.{name}.of: '{part}' belongs to another table than '{name}'. Name parts of one table."
                )
        if variable.table != "sessions" and getattr(config.data, variable.table) is None:
            problems.append(
                f"variables.{name}.table: there is no data.{variable.table}. Declare the file or remove the variable."
            )
    for place, name in enumerate(config.study.randomised):
        if name in config.study.randomised[:place]:
            problems.append(f"study.randomised: '{name}' is named twice. Remove one.")
        specs = [config.models.specs[one] for one in config.models.fit if one in config.models.specs]
        if any(name in spec.equations for spec in specs):
            problems.append(
                f"study.randomised: '{name}' has an equation in a fitted model, and what is assigned at random follows from nothing. "
                "Name the variable that was assigned, or remove that equation."
            )
        if name not in config.variables:
            problems.append(
                f"study.randomised: '{name}' is not a variable.{suggest(name, config.variables)} Correct the name, or declare it."
            )
    if config.study.design == "randomised_arms" and not config.study.randomised:
        problems.append(
            "study.randomised: design 'randomised_arms' must name the variable that was assigned at random."
        )
    if config.study.design != "randomised_arms" and config.study.randomised:
        problems.append(
            f"study.randomised: design '{config.study.design}' has nothing randomised. Empty the list or change study.design."
        )
    for name in config.models.fit:
        if name in config.models.specs:
            problems += check_model(name, config.models.specs[name], config)
            problems += check_meaning(name, config.models.specs[name], config)
    problems += check_answers(config)
    if "watch" in config.output.figures and not config.output.watch:
        problems.append(
            "output.figures: 'watch' draws courses of single patients. Write 'output.watch: true' if those who treat them are to have it, "
            "or take it out."
        )
    problems += check_conditions("cleaning.exclude.where", config.cleaning.exclude.where, config.variables)
    problems += check_conditions("cleaning.only", config.cleaning.only, config.variables)
    if config.run.name in config.run.compare_to:
        problems.append(f"run.compare_to: a run cannot be compared with itself ('{config.run.name}').")
    return problems
