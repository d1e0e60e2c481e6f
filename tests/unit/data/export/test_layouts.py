"""Names of columns and sessions as programs write them; grouped cells; what SPSS says about its columns."""

import datetime
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow
import pyarrow.parquet
import pyreadstat
import pytest
import yaml

from alliance.data.checks import check_export
from alliance.data.export.cells import as_date
from alliance.errors import ConfigError, DataError
from tests.unit.data.export.small import MOOD, read, text
from tests.unit.data.export.test_headers import remedy

PHQ: dict[str, Any] = {"label": "symptoms", "kind": "scale", "instrument": "phq_9", "items": "phq_{item}"}
COLUMNS = {
    "leading zeros": [f"phq_{item:02d}" for item in range(1, 10)],
    "three digits": [f"phq_{item:03d}" for item in range(1, 10)],
    "capitals": ["PHQ_1", "Phq_2", *(f"phq_{item}" for item in range(3, 10))],
    "no marks": [f"PHQ{item}" for item in range(1, 10)],
}


@pytest.mark.parametrize("columns", COLUMNS.values(), ids=list(COLUMNS))
def test_items_named_otherwise_are_found_and_the_remedy_works(tmp_path: Path, columns: list[str]) -> None:
    path = text(tmp_path / "t.csv", f"id,no,{','.join(columns)}\na,1,0,1,2,3,0,1,2,3,0\n")
    _, (finding,) = read(path, {"symptoms": PHQ})
    items = yaml.safe_load(re.search(r"items: (\[.*\]|\".*\")", finding.remedy).group(1))  # type: ignore[union-attr]
    export, errors = read(path, {"symptoms": {**PHQ, "items": items}})
    assert not errors
    assert export.tables["sessions"].values.iloc[0].tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 0]


def test_list_of_items_must_have_the_length_of_the_questionnaire(tmp_path: Path) -> None:
    path = text(tmp_path / "t.csv", "id,no,x\na,1,0\n")
    with pytest.raises(ConfigError, match=r"variables\.symptoms\.items: 2 columns are listed, but .* has 9 items"):
        read(path, {"symptoms": {**PHQ, "items": ["x", "y"]}})


def test_wide_patterns_with_leading_zeros_are_suggested_and_work(tmp_path: Path) -> None:
    path = text(tmp_path / "t.csv", "id,mood_t01,mood_t02,mood_t10\na,1,2,3\n")
    keys = {"patient": "id"}
    sessions = [1, 2, 10]
    with pytest.raises(DataError, match=re.escape('write "mood_t{session:02d}"')):
        read(path, keys=keys, wide={"columns": {"mood": "mood_t{session}"}, "sessions": sessions})
    export, errors = read(path, keys=keys, wide={"columns": {"mood": "mood_t{session:02d}"}, "sessions": sessions})
    assert not errors
    assert export.tables["sessions"].values["mood"].tolist() == [1, 2, 3]


def test_wide_names_without_a_rule_are_a_list(tmp_path: Path) -> None:
    path = text(tmp_path / "t.csv", "id,pre,mid,post,wai2\na,1,2,3,7\nb,4,,6,8\n")
    wide = {"columns": {"mood": ["pre", "mid", "post"], "wai": [None, "wai2", None]}, "sessions": [0, 6, 12]}
    export, errors = read(path, {**MOOD, "bond": {"label": "bond", "column": "wai"}}, keys={"patient": "id"}, wide=wide)
    assert not errors
    values = export.tables["sessions"].values.fillna(-1)
    assert values["mood"].tolist() == [1, 2, 3, 4, -1, 6]
    assert values["bond"].tolist() == [-1, 7, -1, -1, 8, -1]


def test_wide_patterns_may_hold_items(tmp_path: Path) -> None:
    columns = [f"PHQ{item:02d}_T{session}" for session in (1, 2) for item in range(1, 10)]
    path = text(tmp_path / "t.csv", f"id,{','.join(columns)},note\na,{','.join('012301230' * 2)},x\n")
    wide = {"columns": {"phq_{item}": "PHQ{item:02d}_T{session}"}, "sessions": [1, 2]}
    export, errors = read(path, {"symptoms": PHQ}, keys={"patient": "id"}, wide=wide)
    assert not errors
    assert export.tables["sessions"].values.to_numpy().tolist() == [[0, 1, 2, 3, 0, 1, 2, 3, 0]] * 2


@pytest.mark.parametrize(
    "names",
    [["S1", "S2", "S10"], ["Sitzung 01", "Sitzung 02", "Sitzung 10"], ["1. Sitzung", "2. Sitzung", "10. Sitzung"]],
)
def test_names_of_sessions_have_a_pattern(tmp_path: Path, names: list[str]) -> None:
    path = text(tmp_path / "t.csv", "id,no,mood\n" + "".join(f"a,{name},{place}\n" for place, name in enumerate(names)))
    _, (finding,) = read(path)
    export, errors = read(path, **remedy(finding.remedy))
    assert not errors
    assert export.tables["sessions"].keys["session"].tolist() == [1, 2, 10]


def test_each_name_of_a_session_may_have_its_number(tmp_path: Path) -> None:
    path = text(tmp_path / "t.csv", "id,no,mood\na,pre,1\na,3,2\na,Post,3\n")
    export, errors = read(path, session_names={"pre": 0, "Post": 12})
    assert not errors
    assert export.tables["sessions"].keys["session"].tolist() == [0, 3, 12]


def grouped(path: Path, merged: bool) -> Path:
    """Write sessions whose therapist, and whose patient, stand in the first row of their block only."""
    rows = [
        [t if (p, s) == (0, 1) else "", f"{t}{p}" if s == 1 or not merged else "", s, p + s]
        for t in "AB"
        for p in range(3)
        for s in (1, 2, 3)
    ]
    pd.DataFrame(rows, columns=["ther", "id", "no", "mood"]).to_excel(path, index=False)
    return path


@pytest.mark.parametrize("merged", [False, True])
def test_grouped_cells_are_suspected_and_fill_down_works(tmp_path: Path, merged: bool) -> None:
    path = grouped(tmp_path / "t.xlsx", merged)
    keys = {"patient": "id", "session": "no", "therapist": "ther"}
    if not merged:  # a therapist stands in the first row of each patient
        frame = pd.read_excel(path)
        frame["ther"] = [name[0] if no == 1 else None for name, no in zip(frame["id"], frame["no"], strict=True)]
        frame.to_excel(path, index=False)
    found = next(finding for finding in read(path, keys=keys)[1] if finding.rule == "grouped")
    export, errors = read(path, keys=keys, **remedy(found.remedy))
    assert not errors
    assert export.tables["sessions"].keys["therapist"].tolist() == ["a"] * 9 + ["b"] * 9
    assert export.tables["sessions"].keys["patient"].nunique() == 6
    assert any("fill_down" in note for note in export.tables["sessions"].raw.notes)
    assert not [finding for finding in read(path, keys=keys, fill_down=[])[1] if finding.rule == "grouped"]


def test_label_in_the_first_row_of_each_patient_is_suspected(tmp_path: Path) -> None:
    lines = "".join(f"{p},{s},{s},{'ab'[p % 2] if s == 1 else ''}\n" for p in range(6) for s in (1, 2, 3))
    arm = {"label": "arm", "kind": "category", "column": "arm", "levels": {"a": 0, "b": 1}}
    path = text(tmp_path / "t.csv", "id,no,mood,arm\n" + lines)
    _, (finding,) = read(path, {**MOOD, "arm": arm})
    assert not read(path, {**MOOD, "arm": arm}, **remedy(finding.remedy))[1]


def test_a_patient_without_a_value_of_their_own_does_not_get_the_one_of_the_patient_above(tmp_path: Path) -> None:
    lines = "".join(f"{p},{s},{s},{p if s == 1 and p != 4 else ''}\n" for p in range(9) for s in (1, 2, 3))
    path = text(tmp_path / "t.csv", "id,no,mood,start\n" + lines)
    export, errors = read(path, {**MOOD, "start": {"label": "start", "column": "start"}}, fill_down=["start"])
    assert not errors
    filled = export.tables["sessions"].values["start"].groupby(export.tables["sessions"].keys["patient"])
    assert filled.agg(["min", "max"]).loc["4"].isna().all()
    assert (filled.nunique().drop("4") == 1).all()
    assert any("16 blank cells" in note and "3 stayed blank" in note for note in export.tables["sessions"].raw.notes)


def test_rows_that_repeat_the_names_or_hold_nothing_in_use_are_not_read(tmp_path: Path) -> None:
    lines = [f"a,{n},{n},x" for n in (1, 2, 3)]
    path = text(
        tmp_path / "t.csv", "\n".join(["id,no,mood,note", *lines[:2], "id,no,mood,note", ",,,x", lines[2]]) + "\n\x1a"
    )
    export, errors = read(path)
    assert not errors
    table = export.tables["sessions"]
    assert table.values["mood"].tolist() == [1, 2, 3]
    assert list(table.rows) == [2, 3, 6]
    assert len([note for note in table.raw.notes if note.startswith("1 row ")]) == 2


def test_rows_about_the_patient_only_are_no_sessions(tmp_path: Path) -> None:
    lines = "".join(f"{p},,,{'ab'[p % 2]}\n" + "".join(f"{p},{s},{s},\n" for s in (1, 2)) for p in range(4))
    export, errors = read(text(tmp_path / "t.csv", "id,no,mood,arm\n" + lines))
    assert not errors
    assert len(export.tables["sessions"].keys) == 8
    assert "4 rows have no session number, date or value of a session" in " ".join(export.tables["sessions"].raw.notes)
    _, errors = read(text(tmp_path / "t.csv", "id,no,mood,arm\n" + lines + "3,,2,\n"))
    assert [finding.rule for finding in errors] == ["session_number"]


def test_lines_that_are_quoted_as_a_whole_are_read_by_their_cells(tmp_path: Path) -> None:
    export, errors = read(text(tmp_path / "t.csv", '"id,no,mood"\n"a,1,3"\n"a,2,4"\n'))
    assert not errors
    assert export.tables["sessions"].values["mood"].tolist() == [3, 4]
    assert any("in quotation marks as a whole" in note for note in export.tables["sessions"].raw.notes)
    export, errors = read(text(tmp_path / "t.csv", '"id","no","mood"\n"a","1","3"\n'))
    assert not errors
    assert not export.tables["sessions"].raw.notes


def test_a_line_below_the_table_is_told_and_rows_that_are_cut_stop(tmp_path: Path) -> None:
    table = "id,no,mood\na,1,3\na,2,4\n"
    export, errors = read(text(tmp_path / "t.csv", table + "\nExported by somebody\n"))
    assert not errors
    assert any(note.startswith("1 line of one cell below") for note in export.tables["sessions"].raw.notes)
    with pytest.raises(DataError, match="cells of the header"):
        read(text(tmp_path / "t.csv", table + "a,3\n"))


def test_sessions_that_a_pattern_fits_and_nobody_lists_are_told(tmp_path: Path) -> None:
    path = text(tmp_path / "t.csv", "id,mood_1,mood_2,mood_3\na,1,2,3\nb,2,3,4\n")
    wide = {"columns": {"mood": "mood_{session}"}, "sessions": [1, 2]}
    export, errors = read(path, keys={"patient": "id"}, wide=wide)
    assert not errors
    assert any("mood_3" in note and "does not list 3" in note for note in export.tables["sessions"].raw.notes)
    wide["columns"] = {"mood": ["mood_1", "mood_1"]}
    with pytest.raises(ValueError, match="a column at two sessions"):
        read(path, keys={"patient": "id"}, wide=wide)


def test_blank_cells_here_and_there_are_no_groups(tmp_path: Path) -> None:
    lines = "".join(f"{p},{s},{s},{'T' if (p * 7 + s * 3) % 5 > 1 else ''}\n" for p in range(8) for s in (1, 2, 3, 4))
    path = text(tmp_path / "t.csv", "id,no,mood,ther\n" + lines)
    assert not read(path, keys={"patient": "id", "session": "no", "therapist": "ther"})[1]


def test_fill_down_names_columns_that_are_there(tmp_path: Path) -> None:
    path = text(tmp_path / "t.csv", "id,no,mood\na,1,3\n")
    with pytest.raises(DataError, match=r"data\.sessions\.fill_down: .* Did you mean 'mood'"):
        read(path, fill_down=["moods"])


def test_parquet_dates_with_a_time_zone_keep_their_local_day(tmp_path: Path) -> None:
    zone = datetime.timezone(datetime.timedelta(hours=-8))
    days = [datetime.datetime(2024, 3, 1, 23, 30, tzinfo=zone), datetime.datetime(2024, 3, 9, 0, 30, tzinfo=zone)]
    day = pyarrow.array(days, type=pyarrow.timestamp("us", tz="-08:00"))
    table = pyarrow.table({"id": ["a", "a"], "no": [1, 2], "mood": [1.5, 2.0], "day": day})
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet")
    export, errors = read(tmp_path / "t.parquet", keys={"patient": "id", "session": "no", "date": "day"})
    assert not errors
    assert as_date(export.tables["sessions"].column("day"), None)[0].dt.day.tolist() == [1, 9]


def test_what_spss_says_about_a_column_is_used_and_shown(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["a", "a", "b"], "no": [1.0, 2, 1], "mood": [2.0, 98, 1]})
    pyreadstat.write_sav(
        frame, str(tmp_path / "t.sav"), missing_ranges={"mood": [{"lo": 90, "hi": 99}]}, column_labels={"mood": "Mood today"},
        variable_value_labels={"mood": {1.0: "calm", 2.0: "tense"}}, variable_measure={"mood": "nominal"},
    )  # fmt: skip
    export, errors = read(tmp_path / "t.sav")
    assert not errors
    sessions = export.tables["sessions"]
    assert sessions.values["mood"].isna().tolist() == [False, True, False]
    assert (sessions.raw.titles["mood"], sessions.raw.levels["mood"]) == ("Mood today", "nominal")
    shown = {finding.rule: finding.message for finding in check_export(export)}
    assert "1 cell of column mood holds what SPSS declares as missing" in shown["read_as"]
    assert "names its codes (1, 2)" in shown["measure_level"]


@pytest.mark.parametrize("numbers", [["1", "", "3"], ["1", "1.5", "2"], ["-1", "2", "3"]])
def test_sessions_are_counted_by_date_where_that_is_declared(tmp_path: Path, numbers: list[str]) -> None:
    days = ["2024-01-08", "2024-01-15", "2024-01-29"]
    lines = "".join(f"{patient},{no},{day},3\n" for patient in "ab" for no, day in zip(numbers, days, strict=True))
    path = text(tmp_path / "t.csv", "id,no,day,mood\n" + lines)
    keys = {"patient": "id", "session": "no", "date": "day"}
    found = next(finding for finding in read(path, keys=keys)[1] if finding.rule == "session_number")
    assert "data.sessions.number_sessions: by_date" in found.remedy
    export, errors = read(path, keys=keys, number_sessions="by_date")
    assert not errors
    assert export.tables["sessions"].keys["session"].tolist() == [1, 2, 3] * 2
    assert not read(path, keys={"patient": "id", "date": "day"}, number_sessions="by_date")[1]


def test_sessions_without_a_date_are_found_where_dates_are_counted(tmp_path: Path) -> None:
    path = text(tmp_path / "t.csv", "id,day,mood\na,2024-01-08,3\na,,4\n")
    (finding,) = read(path, keys={"patient": "id", "date": "day"}, number_sessions="by_date")[1]
    assert (finding.rule, finding.row, finding.column) == ("session_number", 3, "day")


def test_whole_numbers_with_decimals_are_sessions_where_that_is_said(tmp_path: Path) -> None:
    path = text(tmp_path / "t.csv", "id,no,mood\na,1.000,3\na,2.000,4\n")
    assert "thousands: none" in read(path)[1][0].remedy
    assert read(path, thousands="none")[0].tables["sessions"].keys["session"].tolist() == [1, 2]
