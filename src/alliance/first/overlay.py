"""The draft as an overlay that people read: at most 30 lines, each guess with what it rests on."""

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

from alliance.first.draft import Draft

LONGEST = 30  # lines
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ .()-]*[A-Za-z0-9_)]|[A-Za-z_]")
_AT = 48  # column at which comments stand, where there is room


def overlay_text(draft: Draft, name: str, paths: Mapping[str, str]) -> str:
    """Write the overlay.

    Parameters
    ----------
    name
        Name of the run.
    paths
        Table -> path of its file, as the overlay names it.
    """
    lines = [
        "# Written by `alliance new` from the columns of the export. Comments say what a guess rests on: read them, correct what is wrong.",
        "# What is not named here is taken from config.yaml; more settings: config/README.md.",
        _line(0, f"run: {{name: {_text(name)}}}", f"results go to results/{name}/"),
    ]
    if draft.study:
        lines.append(_line(0, f"study: {_flow(draft.study)}", draft.why.get("study", "")))
    lines.append("data:")
    for table, keys in draft.keys.items():
        lines += _table(draft, table, keys, paths[table])
    lines.append("variables:")
    for variable, settings in draft.variables.items():
        lines.append(_line(2, f"{variable}: {_flow(settings)}", draft.why.get(f"variables.{variable}", "")))
    codes = [*draft.words, *(int(code) if code.is_integer() else code for code in draft.codes)]
    if codes:
        lines.append(_line(0, f"cleaning: {{missing_codes: {_flow(codes)}}}", draft.why.get("missing_codes", "")))
    if draft.models:
        lines.append(_line(0, f"models: {_flow(draft.models)}", draft.why.get("models", "")))
    return "\n".join(lines) + "\n"


def _table(draft: Draft, table: str, keys: Mapping[str, Any], path: str) -> list[str]:
    settings = draft.settings.get(table, {})
    lines = [f"  {table}:", _line(4, f"path: {_text(path)}", draft.why.get(f"{table}.path", ""))]
    if table == "sessions":
        lines.append("    keys:")
        lines += [_line(6, f"{key}: {_flow(column)}", draft.why.get(f"keys.{key}", "")) for key, column in keys.items()]
    else:
        lines.append(_line(4, f"keys: {_flow(keys)}", ""))
    lines += [
        _line(4, f"{setting}: {_flow(value)}", draft.why.get(setting, "") if table == "sessions" else "")
        for setting, value in settings.items()
    ]
    return lines


def _line(indent: int, content: str, comment: str) -> str:
    text = " " * indent + content
    return f"{text:<{_AT}} # {comment}" if comment else text


def _flow(value: Any) -> str:
    """Write a value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.12g}"
    return str(value) if isinstance(value, int) else _text(str(value))


def _text(text: str) -> str:
    """Quote a text unless YAML reads it as the same text without quotes."""
    if _PLAIN.fullmatch(text) and yaml.safe_load(text) == text:
        return text
    if re.fullmatch(r"[\w./ -]+", text) and yaml.safe_load(text) == text and not text.startswith(("-", " ")):
        return text
    return json.dumps(text, ensure_ascii=False)
