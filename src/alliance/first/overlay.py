"""The draft as an overlay that people read: at most 30 lines, each guess with what it rests on."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from alliance.first.draft import Draft
from alliance.first.measures import ALLIANCE_NAME, OUTCOME_NAME

LONGEST = 30  # lines
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ .()-]*[A-Za-z0-9_)]|[A-Za-z_]")
_AT = 48  # column at which comments stand, where there is room
_LONG = 80  # characters of a line from which its comment stands above it
_HEADER = (
    "# Written by `alliance new` from the columns of the export. Comments say what a guess rests on: read them, correct what is wrong.",
    "# What is not named here is taken from config.yaml; more settings: config/README.md.",
)


@dataclass(frozen=True)
class _Line:
    indent: int
    content: str
    comment: str = ""


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
        _Line(0, f"run: {{name: {_text(name)}}}", f"results go to results/{name}/"),
        *([_Line(0, f"study: {_flow(draft.study)}", draft.why.get("study", ""))] if draft.study else []),
        _Line(0, "data:"),
        *(line for table, keys in draft.keys.items() for line in _table(draft, table, keys, paths[table])),
        _Line(0, "variables:"),
    ]
    for variable, settings in sorted(
        draft.variables.items(), key=lambda item: item[0] not in (ALLIANCE_NAME, OUTCOME_NAME)
    ):
        lines.append(_Line(2, f"{variable}: {_flow(settings)}", draft.why.get(f"variables.{variable}", "")))
    codes = [*draft.words, *(int(code) if code.is_integer() else code for code in sorted(draft.codes))]
    if codes:
        lines.append(_Line(0, f"cleaning: {{missing_codes: {_flow(codes)}}}", draft.why.get("missing_codes", "")))
    if draft.models:
        lines.append(_Line(0, f"models: {_flow(draft.models)}", draft.why.get("models", "")))
    return _laid_out(lines)


def _laid_out(lines: list[_Line]) -> str:
    """Put comments beside what they are about, those of long lines above it as long as there is room."""
    written = list(_HEADER)
    room = LONGEST - len(written) - len(lines)
    for line in lines:
        text = " " * line.indent + line.content
        above = bool(line.comment) and len(text) > _LONG and room > 0
        room -= above
        if above:
            written.append(f"{' ' * line.indent}# {line.comment}")
        written.append(text if above or not line.comment else f"{text:<{_AT}} # {line.comment}")
    return "\n".join(written) + "\n"


def _table(draft: Draft, table: str, keys: Mapping[str, Any], path: str) -> list[_Line]:
    lines = [_Line(2, f"{table}:"), _Line(4, f"path: {_text(path)}", draft.why.get(f"{table}.path", ""))]
    if table == "sessions":
        lines.append(_Line(4, "keys:"))
        lines += [_Line(6, f"{key}: {_flow(column)}", draft.why.get(f"keys.{key}", "")) for key, column in keys.items()]
    else:
        lines.append(_Line(4, f"keys: {_flow(keys)}"))
    lines += [
        _Line(4, f"{setting}: {_flow(value)}", draft.why.get(setting, "") if table == "sessions" else "")
        for setting, value in draft.settings.get(table, {}).items()
    ]
    return lines


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
