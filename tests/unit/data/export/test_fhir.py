"""FHIR questionnaire responses become rows, and nothing else of a bundle is looked at."""

import json
from pathlib import Path
from typing import Any

import pytest

from alliance.config.schema import Source
from alliance.data.export.raw import RawTable
from alliance.data.export.read import read_table
from alliance.errors import DataError


def response(
    patient: str, day: str, items: list[dict[str, Any]], questionnaire: str = "phq-9", **more: Any
) -> dict[str, Any]:
    return {
        "resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": f"http://x.org/Questionnaire/{questionnaire}|2",
        "subject": {"reference": f"Patient/{patient}"}, "authored": f"{day}T09:30:00+02:00", "item": items, **more,
    }  # fmt: skip


def item(link: str, **answer: Any) -> dict[str, Any]:
    return {"linkId": link, "answer": [answer]}


def read(path: Path, *resources: dict[str, Any]) -> RawTable:
    lines = path.suffix == ".ndjson"
    bundle = {"resourceType": "Bundle", "entry": [{"resource": one} for one in resources]}
    path.write_text("\n".join(map(json.dumps, resources)) if lines else json.dumps(bundle), encoding="utf-8")
    return read_table(path, Source(path=str(path), keys={"patient": "patient"}), "sessions")


@pytest.mark.parametrize("name", ["a.json", "a.ndjson"])
def test_response_is_a_row(tmp_path: Path, name: str) -> None:
    coded = {"code": "LA6569-3", "display": "Several days"}
    scored = {
        **coded,
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/ordinalValue", "valueDecimal": 1}],
    }
    nested = {
        "linkId": "g",
        "item": [item("/1", valueInteger=2), item("2", valueCoding=coded), item("3", valueCoding=scored)],
    }
    person = {"resourceType": "Patient", "id": "7", "name": [{"family": "Mustermann"}]}
    raw = read(tmp_path / name, person, response("7", "2024-05-02", [nested, item("4", valueDecimal=1.5)]))
    assert raw.frame.astype(object).to_dict("records") == [
        {"patient": "7", "date": "2024-05-02T09:30:00+02:00", "1": 2, "2": "Several days", "3": 1, "4": 1.5}
    ]


def test_questionnaires_of_one_day_share_a_row(tmp_path: Path) -> None:
    raw = read(
        tmp_path / "a.json",
        response("7", "2024-05-02", [item("1", valueInteger=2)]),
        response("7", "2024-05-02", [item("1", valueInteger=5)], "wai-sr"),
        response("7", "2024-05-09", [item("1", valueInteger=3)]),
    )
    assert raw.frame["phq-9_1"].tolist() == [2, 3]
    assert raw.frame["wai-sr_1"].dropna().tolist() == [5]
    assert any("3 responses make 2 rows" in note for note in raw.notes)


def test_two_responses_to_one_questionnaire_stay_two_rows(tmp_path: Path) -> None:
    raw = read(
        tmp_path / "a.json",
        response("7", "2024-05-02", [item("1", valueInteger=2)]),
        response("7", "2024-05-02", [item("1", valueInteger=3)]),
    )
    assert raw.frame["1"].tolist() == [2, 3]


def test_response_entered_in_error_is_left_out_and_told(tmp_path: Path) -> None:
    wrong = response("7", "2024-05-02", [item("1", valueInteger=2)], status="entered-in-error")
    raw = read(tmp_path / "a.json", wrong, response("7", "2024-05-09", [item("1", valueInteger=3)]))
    assert raw.frame["1"].tolist() == [3]
    assert any("entered in error" in note for note in raw.notes)


@pytest.mark.parametrize(
    ("content", "words"), [("{", "cannot be read as JSON"), ('{"a": 1}', "holds no QuestionnaireResponse")]
)
def test_other_json_is_refused(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=words):
        read_table(path, Source(path=str(path), keys={"patient": "patient"}), "sessions")
