"""What is ambiguous is asked, at most five times; without an answer nothing is guessed that could be wrong in silence."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml

from alliance.errors import DataError
from alliance.first import ask
from alliance.first.contact import new
from alliance.first.draft import AT_MOST, Ask, Question
from tests.unit.first import exports


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = exports.project(tmp_path / "project")
    monkeypatch.chdir(folder)
    return folder


def answers(**wanted: str) -> tuple[Ask, list[str]]:
    """Answer questions that hold a word with what is wanted; note what was asked."""
    asked: list[str] = []

    def answer(question: Question) -> str | None:
        asked.append(question.text)
        return next((one for word, one in wanted.items() if word.replace("_", " ") in question.text), None)

    return answer, asked


def overlay(root: Path, table: pd.DataFrame, answer: Ask = ask.ask_nobody, **how: str) -> tuple[dict[str, dict], str]:  # type: ignore[type-arg]
    path = root / "data/raw/mine.csv"
    table.to_csv(path, index=False, **how)  # type: ignore[call-overload]
    said = new([path], "mine", answer)
    return yaml.safe_load((root / "config/local_mine.yaml").read_text(encoding="utf-8")), said


def scores() -> pd.DataFrame:
    return exports.sessions()[["patient", "session", "alliance", "symptoms"]].round(2)


def early_days() -> pd.DataFrame:
    """Sessions on the first twelve days of a month, which can be read as months too."""
    rows = scores()
    days = (rows["session"] + rows["patient"] % 4).to_numpy()
    return rows.assign(date=[f"{day:02d}/{day % 12 + 1:02d}/2024" for day in days]).query("session < 9")


def test_dates_that_can_be_read_in_two_ways_are_asked_for(root: Path) -> None:
    answer, asked = answers(day_or_the_month="%m/%d/%Y")
    found, _ = overlay(root, early_days(), answer)
    assert found["data"]["sessions"]["date_format"] == "%m/%d/%Y"
    assert sum("day or the month" in text for text in asked) == 1


def test_dates_that_can_be_read_in_two_ways_are_not_used_without_an_answer(root: Path) -> None:
    found, said = overlay(root, early_days())
    assert set(found["data"]["sessions"]["keys"]) == {"patient", "session"}
    assert "date_format" not in found["data"]["sessions"]
    assert "Left to do:" in said
    assert "dates that can be read in two ways" in said


def two_courses() -> pd.DataFrame:
    """Patients who all came back for a second course, in which sessions are numbered from 1 again."""
    rows = scores().assign(date=exports.sessions()["date"])
    return pd.concat([rows, rows.assign(date=rows["date"] + pd.Timedelta(days=400))])


def test_session_numbers_that_come_back_are_not_replaced_by_dates_in_silence(root: Path) -> None:
    found, said = overlay(root, two_courses())
    assert found["data"]["sessions"]["keys"]["session"] == "session"
    assert "number_sessions" not in found["data"]["sessions"]
    assert "Left to do:" in said
    assert "cleaning.new_episode_after_days" in said


def test_dates_count_where_somebody_says_that_session_numbers_are_wrong(root: Path) -> None:
    found, _ = overlay(root, two_courses(), answers(Is_the_column_wrong="date")[0])
    assert found["data"]["sessions"]["number_sessions"] == "by_date"


def grouped() -> pd.DataFrame:
    rows = scores()
    rows["alliance"] = (10 * rows["alliance"]).round().astype(int)
    return rows.assign(symptoms=[f"{1 + row % 9}.{100 + 17 * row % 800:03d}" for row in range(len(rows))])


@pytest.mark.parametrize(("answer", "setting"), [(".", "."), ("none", "none")])
def test_groups_of_three_digits_are_asked_for(root: Path, answer: str, setting: str) -> None:
    found, said = overlay(root, grouped(), answers(one_and_a_quarter=answer)[0])
    assert found["data"]["sessions"]["thousands"] == setting
    assert found["variables"]["symptoms"]["column"] == "symptoms"
    assert "Checked: no errors" in said, said


def test_groups_of_three_digits_are_left_out_without_an_answer(root: Path) -> None:
    found, said = overlay(root, grouped())
    assert set(found["variables"]) == {"alliance"}
    assert "Left to do:" in said
    assert "thousands" in said


def test_two_columns_that_could_be_patients_are_asked_for(root: Path) -> None:
    rows = scores()
    twins = rows.assign(client=rows["patient"] * 7 % 97)
    answer, _ = answers(whose_row_it_is="client")
    with pytest.raises(DataError, match="patient, client could"):
        overlay(root, twins)
    assert not list((root / "config").glob("local*"))
    found, _ = overlay(root, twins, answer)
    assert found["data"]["sessions"]["keys"]["patient"] == "client"


def test_order_within_the_session_is_asked_for(root: Path) -> None:
    found, _ = overlay(root, scores(), answers(measures_filled_in="before")[0])
    assert {variable["measured"] for variable in found["variables"].values()} == {"before"}


def test_second_measure_is_asked_for_among_several(root: Path) -> None:
    rows = scores().rename(columns={"alliance": "x1"}).assign(x9=lambda table: table["x1"] * 2 + 1)
    found, _ = overlay(root, rows, answers(process_in_question="x9")[0])
    assert {variable["column"] for variable in found["variables"].values()} == {"symptoms", "x9"}


def test_arms_are_randomised_only_if_somebody_says_so(root: Path) -> None:
    table = scores().assign(arm=exports.sessions()["arm"])
    found, _ = overlay(root, table, answers(at_random="yes")[0])
    assert found["study"] == {"design": "randomised_arms", "randomised": ["arm"]}
    (root / "config/local_mine.yaml").unlink()
    found, said = overlay(root, table)
    assert found["study"] == {"design": "observational_groups"}
    assert "Checked: no errors" in said


def test_no_more_than_five_questions_are_asked(root: Path) -> None:
    table = early_days().assign(arm=exports.sessions()["arm"], client=lambda rows: rows["patient"] * 7 % 97)
    answer, asked = answers(whose_row_it_is="patient")
    overlay(root, table, answer)
    assert len(asked) <= AT_MOST


@pytest.mark.parametrize(("typed", "expected"), [(["2"], "b"), ([""], None), (["9", "x", "1"], "a")])
def test_person_answers_by_number_or_not_at_all(
    typed: list[str], expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = iter(typed)
    monkeypatch.setattr("builtins.input", lambda _: next(said))
    assert ask.ask_person(Question("Which?", {"a": "first", "b": "second"}, "a")) == expected


def test_end_of_input_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", ended)
    assert ask.ask_person(Question("Which?", {"a": "first"}, "a")) is None


def _planted(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(
        patient="Geheim-" + table["patient"].astype(str) + "-Qx",
        therapist="Dr. Mustermann " + (table["patient"] % 5).map(lambda one: "ABCDE"[one]),
        notes="called by her sister Rosalinde on " + table["session"].astype(str),
        group=(table["patient"] % 13).map(lambda one: "Zausel" if one == 0 else "control"),
        arm=(table["patient"] == 3).map(lambda one: "Einzelfall Ottokar" if one else "standard"),
    )


@pytest.mark.parametrize(
    "change", [lambda table: table, lambda table: table.assign(symptoms="missing since Rosalinde left")]
)
def test_neither_screen_nor_overlay_quotes_ids_names_or_notes(
    root: Path, change: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    _, said = overlay(root, change(_planted(scores())))
    text = (root / "config/local_mine.yaml").read_text(encoding="utf-8") + said
    for secret in ("Geheim", "Mustermann", "Rosalinde", "Zausel", "Ottokar"):
        assert secret not in text
