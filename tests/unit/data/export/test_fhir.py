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


@pytest.mark.parametrize(
    ("answer", "cell"),
    [
        ({"valueCoding": {"code": "²", "display": "two"}}, "two"),
        ({"valueCoding": {"code": "--5"}}, "--5"),
        ({"valueCoding": {"code": "-5"}}, -5),
        ({"valueCoding": {"code": "9" * 5000}}, "9" * 5000),
        ({"valueCoding": {"code": "x", "extension": [{"url": "http://x.org/itemWeight", "valueInteger": 2}]}}, 2),
        ({"valueCoding": {"code": "x", "extension": [{"url": "http://x.org/itemWeight"}]}}, "x"),
        ({"valueCoding": {"code": "3", "extension": None}, "extension": 1}, 3),
    ],
)
def test_code_is_a_number_only_where_it_is_one(tmp_path: Path, answer: dict[str, Any], cell: object) -> None:
    items = [item("1", **answer), item("2", valueInteger=1)]
    assert read(tmp_path / "a.json", response("7", "2024-05-02", items)).frame["1"].tolist() == [cell]


@pytest.mark.parametrize(
    "broken",
    [
        {"item": None},
        {"item": 3},
        {"item": {"linkId": "1"}},
        {"authored": {"at": 1}},
        {"subject": 4},
        {"encounter": []},
    ],
)
def test_parts_that_are_not_what_they_should_be_hold_nothing(tmp_path: Path, broken: dict[str, Any]) -> None:
    odd = {"linkId": "3", "answer": [{"valueString": ["a"]}, None], "item": None}
    sound = response("8", "2024-05-02", [item("1", valueInteger=2), {"linkId": "2", "answer": None}, odd])
    raw = read(tmp_path / "a.json", {**response("7", "2024-05-02", []), **broken}, sound)
    assert raw.frame["1"].tolist()[-1] == 2
    assert len(raw.frame) == 2


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
