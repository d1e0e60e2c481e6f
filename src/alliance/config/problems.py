"""What is wrong with settings, in the words of somebody who writes YAML: each problem with its dotted key and what to do."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from alliance.errors import suggest

# Defaults that depend on other settings are not computed where these are wrong, which pydantic lists like a problem.
_ITS_OWN = "default_factory_not_called"
# Pydantic's names of types, and what should stand there instead.
_WANTED = {
    "bool_type": "expected true or false",
    "dict_type": "expected settings, each as 'name: value'",
    "model_type": "expected settings, each as 'name: value'",
    "list_type": "expected a list in square brackets, such as [a, b]",
    "tuple_type": "expected two numbers in square brackets, such as [0, 6]",
    "int_parsing_size": "expected a smaller whole number",
    "string_type": "expected text; put quotes around it",
    "string_pattern_mismatch": "expected letters, digits and . _ -, beginning with a letter or digit",
}
_LIMITS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("of at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("of at most", "le"),
}

_NAMES = (
    "missing",
    "extra_forbidden",
)  # problems whose last part is the name of a setting, whether it stands there or not


@dataclass(frozen=True)
class _Problem:
    """What is wrong at one place; `choice` is the place, if any, at which settings may be of several types."""

    said: Mapping[str, Any]
    place: tuple[str | int, ...]
    choice: tuple[str | int, ...] | None


def explain(error: ValidationError, settings: object, schema: type[BaseModel], example: str) -> list[str]:
    """List the problems that a schema found in settings, one for each place.

    Parameters
    ----------
    settings
        What was validated.
    schema
        The model the settings were validated against; names it knows are suggested for those it does not.
    example
        Where a missing setting can be seen, e.g. ``config/config.yaml shows an example``.
    """
    found = [_located(problem, settings) for problem in error.errors() if problem["type"] != _ITS_OWN]
    sentences, told = [], set()
    for problem in found:
        if problem.choice is None:
            sentences.append(_sentence([problem], schema, example))
        elif problem.choice not in told:
            told.add(problem.choice)
            meant = _meant([one for one in found if one.choice == problem.choice])
            for place in dict.fromkeys(one.place for one in meant):
                sentences.append(_sentence([one for one in meant if one.place == place], schema, example))
    return sentences


def _located(problem: Mapping[str, Any], settings: object) -> _Problem:
    """Find the place of a problem in the settings: where there are several types, pydantic adds the name of each that it tried."""
    place: list[str | int] = []
    choice, inside = None, settings
    # Pydantic adds "[key]" where a name itself, not its value, is wrong.
    location = [part for part in problem["loc"] if part != "[key]"]
    for number, part in enumerate(location, start=1):
        held = dict(enumerate(inside)) if isinstance(inside, list) else inside
        if isinstance(held, Mapping) and part in held:
            inside = held[part]
        elif choice is None and not (problem["type"] in _NAMES and number == len(location)):
            choice = tuple(place)
            continue
        elif problem["type"] not in _NAMES or number < len(location):
            continue
        place.append(part)
    return _Problem(problem, tuple(place), choice)


def _meant(alike: list[_Problem]) -> list[_Problem]:
    """Choose the problems of the type that was meant: the one that fits down to the deepest place, or whose value alone is wrong."""
    depth = max(len(one.place) for one in alike)
    deepest = [one for one in alike if len(one.place) == depth]
    return [one for one in deepest if one.said["type"] == "value_error"] or deepest


def _sentence(problems: list[_Problem], schema: type[BaseModel], example: str) -> str:
    problem, location = problems[0].said, problems[0].place
    place = ".".join(map(str, location)) or "(top level)"
    kind, found = problem["type"], problem.get("input")
    if kind == "extra_forbidden":
        hint = suggest(str(location[-1]), _names_at(schema, location[:-1]))
        return f"{place}: this setting is unknown.{hint} Remove it or correct its name."
    if kind == "missing":
        return f"{place}: this setting is missing. Add it ({example})."
    messages = dict.fromkeys(_message(one.said["type"], one.said) for one in problems)
    said = repr(found)
    shown = "" if isinstance(found, dict | BaseModel) else f" (found: {said if len(said) <= 80 else said[:80] + '...'})"
    choices = re.findall("'([^']*)'", str(problem["ctx"]["expected"])) if kind == "literal_error" else []
    return f"{place}: {'; or '.join(messages)}{shown}.{suggest(str(found), choices)}"


def _message(kind: str, problem: Mapping[str, Any]) -> str:
    """Return what should stand there, in the words of YAML instead of those of Python."""
    context = problem.get("ctx", {})
    if kind in ("too_long", "too_short") and context.get("field_type") == "Tuple":
        kind = "tuple_type"
    elif kind in ("too_long", "too_short"):
        limit = f"at most {context['max_length']}" if kind == "too_long" else f"at least {context['min_length']}"
        return f"expected {limit} entries"
    if kind == "string_too_long":
        return f"expected at most {context['max_length']} characters"
    if kind in _LIMITS:
        how, limit = _LIMITS[kind]
        return f"expected a number {how} {context[limit]:g}"
    said = str(problem["msg"]).removeprefix("Value error, ")
    return _WANTED.get(kind) or said.replace("Input should be", "expected", 1)


def _names_at(schema: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    """Return the names of settings that a schema allows at a place."""
    inside: Any = schema
    for part in location:
        inside = _below(inside, part)
    section = _section_in(inside)
    return list(_fields(section)) if section else []


def _below(annotation: Any, part: str | int) -> Any:
    """Return the type of what lies under one name, or at one place of a list; None if there is nothing."""
    section = _section_in(annotation) if isinstance(annotation, type) else None
    if section is not None:
        fields = _fields(section)
        return fields[part].annotation if isinstance(part, str) and part in fields else None
    arguments = get_args(annotation)
    if getattr(annotation, "__origin__", None) in (dict, list):
        return arguments[-1]
    return next((found for argument in arguments if (found := _below(argument, part)) is not None), None)


def _fields(section: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields of a section by the names settings have for them.

    Some sections are read by one of their subclasses, as declarations of models are by that of their family.
    """
    sections = (section, *section.__subclasses__())
    return {field.alias or name: field for one in sections for name, field in one.model_fields.items()}


def _section_in(annotation: Any) -> type[BaseModel] | None:
    """Return the section an annotation stands for: itself, or the one that is not None of `Section | None`."""
    if isinstance(annotation, type):
        return annotation if issubclass(annotation, BaseModel) else None
    if getattr(annotation, "__origin__", None) in (dict, list):
        return None  # its names are free
    return next((found for argument in get_args(annotation) if (found := _section_in(argument)) is not None), None)
