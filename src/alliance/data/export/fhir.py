"""Read questionnaires as clinics exchange them: a FHIR bundle (or a list, or lines) of QuestionnaireResponse resources.

One row per response: ``linkId`` becomes the column, ``authored`` the date, ``subject`` the patient, ``encounter`` the session it belongs
to. Responses to different questionnaires that a patient gave at one encounter, or on one day, stand in one row. Other resources, among
them those with names of patients, are not looked at.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from alliance.config.schema import Source
from alliance.data.export.columns import column_of
from alliance.data.export.grid import column_names
from alliance.data.export.raw import RawTable, damaged, decimal_mark
from alliance.errors import DataError

_RESPONSE = "QuestionnaireResponse"
_PATIENT, _DATE, _ENCOUNTER, _SOURCE = "patient", "date", "encounter", "source"
_KEYS = (_PATIENT, _DATE, _ENCOUNTER, _SOURCE)
_SCORES = ("ordinalValue", "itemWeight")  # extensions that give the number an answer stands for
_WHOLE = re.compile(r"-?[0-9]{1,15}")
_DELETED = "entered-in-error"


def read_questionnaire_responses(path: Path, source: Source, table: str, used: Collection[str] | None) -> RawTable:
    """Read a `.json` or `.ndjson` file of FHIR resources.

    Raises
    ------
    DataError
        The file is no JSON, or holds no QuestionnaireResponse; a used column's name is not unique.
    """
    responses = [resource for resource in _resources(path, table) if resource.get("resourceType") == _RESPONSE]
    kept = [response for response in responses if response.get("status") != _DELETED]
    if not kept:
        raise DataError(
            f"{path} holds no {_RESPONSE}; of JSON files only these FHIR resources are read. Export the table as CSV, or correct "
            f"data.{table}.path."
        )
    several = len({_questionnaire(response) for response in kept}) > 1
    titles: dict[str, str] = {}
    rows = [_row(response, several, titles) for response in kept]
    merged = _merged(rows, [_questionnaire(response) for response in kept])
    found = list(dict.fromkeys(column for row in merged.values() for column in row))
    columns = [*(key for key in _KEYS if key in found), *(column for column in found if column not in _KEYS)]
    names = column_names(columns, path, used)
    frame = pd.DataFrame(
        {name: column_of([row.get(key) for row in merged.values()]) for name, key in zip(names, columns, strict=True)}
    )
    frame.index = pd.Index(list(merged), dtype="int64")
    notes = []
    if len(kept) < len(responses):
        notes.append(f"{len(responses) - len(kept)} responses were entered in error and were not read.")
    if len(merged) < len(rows):
        notes.append(
            f"{len(rows):,} responses make {len(merged):,} rows: those to different questionnaires by a patient at one encounter, or on "
            "one day, stand in one row."
        )
    return RawTable(table, str(path), frame, titles=titles, decimal=decimal_mark(source), notes=tuple(notes))


def _resources(path: Path, table: str) -> list[Mapping[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix.lower() == ".ndjson":
            content: Any = [json.loads(line) for line in text.splitlines() if line.strip()]
        else:
            content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise damaged(path, "JSON", table, error) from None
    if isinstance(content, Mapping) and isinstance(content.get("entry"), list):
        content = [entry.get("resource") for entry in content["entry"] if isinstance(entry, Mapping)]
    elif isinstance(content, Mapping):
        content = [content]
    return [one for one in content if isinstance(one, Mapping)] if isinstance(content, list) else []


def _questionnaire(response: Mapping[str, Any]) -> str:
    """Return the last part of a questionnaire's address, without its version."""
    return str(response.get("questionnaire") or "").partition("|")[0].rstrip("/").rpartition("/")[2]


def _row(response: Mapping[str, Any], several: bool, titles: dict[str, str]) -> dict[str, Any]:
    subject = response.get("subject")
    row: dict[str, Any] = {
        _PATIENT: _tail(subject) or _identifier(subject),
        _DATE: response.get("authored"),
        _ENCOUNTER: _tail(response.get("encounter")),
        _SOURCE: str(source["reference"]).rpartition("/")[0].rpartition("/")[2] or None
        if isinstance(source := response.get("source"), Mapping) and "reference" in source
        else None,
    }
    row = {key: value for key, value in row.items() if isinstance(value, str)}
    before = f"{_questionnaire(response)}_" if several else ""
    for item in _items(response):
        values = [_value(answer) for answer in _parts(item, "answer")]
        values = [value for value in values if isinstance(value, str | int | float)]
        link = str(item.get("linkId", "")).strip("/")
        column = f"{before}{link}" if f"{before}{link}" not in _KEYS else f"item_{link}"
        if isinstance(item.get("text"), str):
            titles.setdefault(column, item["text"])
        if values:
            row[column] = values[0] if len(values) == 1 else "; ".join(map(str, values))
    return row


def _tail(reference: Any) -> str | None:
    if not isinstance(reference, Mapping) or not isinstance(reference.get("reference"), str):
        return None
    return str(reference["reference"]).rpartition("/")[2] or None


def _identifier(reference: Any) -> str | None:
    named = reference.get("identifier") if isinstance(reference, Mapping) else None
    return str(named["value"]) if isinstance(named, Mapping) and named.get("value") is not None else None


def _items(part: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield items with answers, those inside groups and below answers too."""
    for item in _parts(part, "item"):
        answers = _parts(item, "answer")
        if answers:
            yield item
        for below in (item, *answers):
            yield from _items(below)


def _parts(parent: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """Return what stands in a list of a resource; nothing where it is none."""
    found = parent.get(key)
    return [part for part in found if isinstance(part, Mapping)] if isinstance(found, list) else []


def _value(answer: Mapping[str, Any]) -> Any:
    """Return the number an answer stands for where the file says so, otherwise what it says."""
    kind = next((key for key in answer if key.startswith("value")), None)
    if kind is None:
        return None
    value = answer[kind]
    if not isinstance(value, Mapping):
        return value
    if kind == "valueQuantity":
        return value.get("value")
    for extension in [*_parts(value, "extension"), *_parts(answer, "extension")]:
        number = next((extension[key] for key in ("valueDecimal", "valueInteger") if key in extension), None)
        if number is not None and str(extension.get("url", "")).endswith(_SCORES):
            return number
    code = str(value.get("code", ""))
    return int(code) if _WHOLE.fullmatch(code) else value.get("display") or code or None


def _merged(rows: list[dict[str, Any]], questionnaires: list[str]) -> dict[int, dict[str, Any]]:
    """Join rows of one patient and occasion if each is of another questionnaire; return them by the number of the first response."""
    occasions = [
        (row.get(_PATIENT), row.get(_ENCOUNTER) or str(row.get(_DATE) or "")[:10], row.get(_SOURCE)) for row in rows
    ]
    seen = Counter(zip(occasions, questionnaires, strict=True))
    once = dict.fromkeys(occasions, True)
    for (occasion, _), count in seen.items():
        once[occasion] = once[occasion] and count == 1
    merged: dict[int, dict[str, Any]] = {}
    first: dict[Any, int] = {}
    for number, (occasion, row) in enumerate(zip(occasions, rows, strict=True), start=1):
        complete = occasion[0] is not None and occasion[1]
        place = first.setdefault(occasion, number) if once[occasion] and complete else number
        merged[place] = {**row, **merged.get(place, {})}
    return merged
