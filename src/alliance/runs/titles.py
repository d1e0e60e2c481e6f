"""What files of SPSS and Stata call their columns: the labels of variables that the configuration gives none."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alliance.config.own import Titles
from alliance.facts.plain import folded_text, plain_text

_ENDINGS = (".sav", ".zsav", ".dta")
_LONGEST = 60  # characters; longer ones are wordings of questions, and no label of an axis


def titles_from(root: Path) -> Titles:
    """Return a function from settings to the titles of variables; paths of the settings are relative to `root`.

    Only ready-made columns get the title of their file: what a file calls an item is its wording. Titles that are long, that stand at
    several variables, or that are a label already are not used.
    """

    def titles(settings: Mapping[str, Any]) -> dict[str, str]:
        variables = {str(name): v for name, v in settings.get("variables", {}).items() if isinstance(v, Mapping)}
        silent = {name: variable for name, variable in variables.items() if "label" not in variable}
        found = {name: title for name, variable in silent.items() if (title := _title(variable, settings, root))}
        shown = [str(variables[name]["label"]) for name in variables if name not in silent]
        shown += [name.replace("_", " ") for name in silent if name not in found]
        said = [folded_text(label) for label in (*shown, *found.values())]
        return {name: title for name, title in found.items() if said.count(folded_text(title)) == 1}

    return titles


def _title(variable: Mapping[str, Any], settings: Mapping[str, Any], root: Path) -> str:
    data, column = settings.get("data"), variable.get("column")
    source = data.get(variable.get("table", "sessions")) if isinstance(data, Mapping) else None
    if not isinstance(source, Mapping) or source.get("wide") is not None:
        return ""  # in a wide file the title of one session would be that of all
    path = source.get("path")
    if not isinstance(path, str) or not isinstance(column, str) or Path(path).suffix.lower() not in _ENDINGS:
        return ""
    from alliance.data.export.statistics_file import read_titles  # with pandas, which most studies do not need here

    title = plain_text(read_titles(root / path, str(source.get("encoding") or "")).get(column, "")).strip()
    return title if len(title) <= _LONGEST else ""
