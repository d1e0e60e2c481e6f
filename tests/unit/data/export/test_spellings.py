"""Texts that look the same are the same, in data and in settings."""

from pathlib import Path

import pandas as pd
import pytest

from alliance.config.schema import Cleaning, Source, Variable
from alliance.facts.plain import plain_text
from tests.unit.data.checks.study import CLEANING
from tests.unit.data.export.small import read, text

SAME = {
    "letters made of two": ("Mu\u0308ller", "Müller"),
    "no-break blank": ("A\u00a017", "A 17"),
    "narrow blank": ("A\u202f17", "A 17"),
    "zero-width blank": ("A\u200b17", "A17"),
    "byte order mark": ("\ufeffA17", "A17"),
    "soft hyphen": ("A\u00ad17", "A17"),
    "control character": ("A\x0717", "A17"),
    "mark of direction": ("A17\u200e", "A17"),
    "line break": ("A\n17", "A 17"),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=list(SAME))
def test_ids_labels_and_names_that_look_the_same_are_the_same(tmp_path: Path, one: str, other: str) -> None:
    table = f'id,no,mood,"{one}"\n"{one}",1,3,"{one}"\n{other},2,4,{other}\n'
    variables = {
        "mood": {"label": "mood", "column": "mood"},
        "arm": {"label": "arm", "kind": "category", "column": other, "levels": {one: 0, "none": 1}},
    }
    export, errors = read(text(tmp_path / "t.csv", table), variables)
    assert not errors
    sessions = export.tables["sessions"]
    assert sessions.keys["patient"].nunique() == 1
    assert sessions.values["arm"].nunique() == 1
    assert "\n" in one or any("read as they look" in note for note in sessions.raw.notes)


def test_sheets_and_settings_are_spelled_in_the_same_way(tmp_path: Path) -> None:
    assert Source.model_validate({"path": "t", "keys": {"patient": "Mu\u0308ller"}}).keys["patient"] == "Müller"
    assert Cleaning.model_validate({**CLEANING, "exclude": {"patients": ["A\u00a01"]}}).exclude.patients == ["A 1"]
    assert Variable.model_validate({"label": "x", "column": "\ufeffx", "table": "patients"}).column == "x"
    with pd.ExcelWriter(tmp_path / "t.xlsx") as book:
        pd.DataFrame({"id": ["a"], "no": [1], "mood": [2]}).to_excel(book, sheet_name="U\u0308bersicht", index=False)
    assert not read(tmp_path / "t.xlsx", sheet="Übersicht")[1]


def test_plain_text_is_left_alone() -> None:
    for written in ("Ärztin", "a-1_B/2", "İstanbul", "5 µg", "日本"):
        assert plain_text(written) == written
        assert plain_text(plain_text(written)) == plain_text(written)
