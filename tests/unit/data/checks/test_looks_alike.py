"""Ids that look alike make one patient or two only where somebody says so; ids that a spreadsheet has shortened stop the run."""

from typing import Any

import pytest

from alliance.data.cleaning.clean import clean_tables
from tests.unit.data.checks.study import CLEANING, Frames, clean_frames, export_of, findings

ONE_OF = 3  # each third row of a patient is spelled otherwise
SPELLINGS = {
    "full width": lambda text: text.replace("C", "\uff23"),
    "another alphabet": lambda text: text.replace("C", "\u0421"),
    "a hyphen": lambda text: text.replace("C", "C-"),
    "a kind of dash": lambda text: text.replace("C", "C\u2013"),
    "a blank inside": lambda text: text.replace("C", "C "),
    "a formula": lambda text: f'="{text}"',
    "an apostrophe": lambda text: f"'{text}",
    "an accent": lambda text: text.replace("C", "\u0106"),
}


def respelled(spell: Any) -> Frames:
    frames = clean_frames()
    ids = frames["sessions"]["client"]
    frames["sessions"]["client"] = [spell(text) if row % ONE_OF == 0 else text for row, text in enumerate(ids)]
    return frames


def with_marks(fold: bool | None) -> dict[str, Any]:
    return {**CLEANING, "ids": {**CLEANING["ids"], "fold_marks": fold}}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_ids_that_look_alike_stop_the_run_until_somebody_says_what_they_are(spell: Any) -> None:
    frames = respelled(spell)
    (found,) = findings("id_alike", frames)
    assert found.severity == "error"
    assert "cleaning.ids.fold_marks: true" in found.remedy
    same = export_of(frames, cleaning=with_marks(True))
    assert [one.severity for one in findings("id_alike", frames, cleaning=with_marks(True))] == ["warning"]
    clean = clean_tables(same.tables, same.cleaning)
    assert clean.patients["patient"].nunique() == clean_frames()["patients"]["client"].nunique()
    assert not findings("id_alike", frames, cleaning=with_marks(False))
    assert not findings("largest_share", frames, cleaning=with_marks(True))


def test_a_number_with_a_point_and_zero_looks_like_the_number() -> None:
    frames = clean_frames()
    for name in ("sessions", "patients"):
        frames[name]["client"] = frames[name]["client"].str.removeprefix("C")
    frames["sessions"]["client"] += ".0"
    assert [found.table for found in findings("id_alike", frames)] == ["patients"]


def test_marks_between_digits_tell_people_apart() -> None:
    frames = clean_frames()
    for name in ("sessions", "patients"):
        frames[name]["client"] = frames[name]["client"].map(
            lambda text: f"1-{int(text[1:])}" if int(text[1:]) > 10 else f"1{int(text[1:])}"
        )
    assert not findings("id_alike", frames)


@pytest.mark.parametrize(
    "ids", [lambda n: f"{1.03 + n / 100:.2f}E+16", lambda n: f"{1030 + n}000000000000"], ids=["exponent", "zeros"]
)
def test_ids_of_which_a_spreadsheet_kept_the_first_digits_stop_the_run(ids: Any) -> None:
    frames = clean_frames()
    frames["sessions"]["client"] = frames["sessions"]["client"].map(lambda text: ids(int(text[1:])))
    (found,) = findings("id_shortened", frames)
    assert found.severity == "error"
    assert found.count == len(frames["sessions"])


def test_long_ids_in_full_are_ids() -> None:
    frames = clean_frames()
    frames["sessions"]["client"] = frames["sessions"]["client"].map(lambda text: f"9007199254740{text[1:]}")
    assert not findings("id_shortened", frames)
