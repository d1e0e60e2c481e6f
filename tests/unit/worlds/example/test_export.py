"""Clean tables, and what the export does to them."""

from collections import Counter

import pandas as pd
import pytest

from alliance.errors import ConfigError
from alliance.worlds.example.dirt import MISSING_CODES, ORPHAN
from alliance.worlds.example.export import csv_of, export_study
from alliance.worlds.example.study import record_study, simulate_study
from alliance.worlds.study import rows_of
from tests.unit.worlds.settings_for_tests import LITTLE_DIRT, small_example

SETTINGS = small_example()
NO_DIRT = dict.fromkeys(LITTLE_DIRT, 0)


@pytest.fixture(scope="module")
def study():
    return simulate_study(SETTINGS)


@pytest.fixture(scope="module")
def exported(study):
    return export_study(study, SETTINGS)


def _items(table: pd.DataFrame, stem: str, count: int) -> pd.DataFrame:
    return table[[f"{stem}_{number}" for number in range(1, count + 1)]]


def test_items_of_the_tables_add_up_to_the_totals_of_the_panel(study) -> None:
    people, course, _ = record_study(SETTINGS)
    panel = rows_of(people, course)[course.observed.ravel()]
    assert _items(study.sessions, "wai", 12).sum(axis=1).tolist() == panel["alliance"].tolist()
    assert _items(study.sessions, "phq", 9).sum(axis=1).tolist() == panel["symptoms"].tolist()
    helping = study.sessions[["tech_collaborative", "tech_supportive"]].mean(axis=1)
    assert helping.tolist() == panel["technique"].tolist()


def test_dates_follow_the_session_numbers(study) -> None:
    gaps = study.sessions.groupby("client_id")["session_date"].diff().dt.days.dropna()
    assert gaps.min() >= 6


def test_cultural_match_compares_patient_and_therapist(study) -> None:
    joined = study.patients.merge(study.therapists, on="therapist_id", suffixes=("", "_therapist"))
    same = joined["background"] == joined["background_therapist"]
    assert joined["cultural_match"].map({"yes": True, "no": False}).tolist() == same.tolist()


def test_without_dirt_the_export_holds_the_clean_study() -> None:
    settings = small_example(dirt=NO_DIRT)
    clean = simulate_study(settings)
    tables, counts = export_study(clean, settings)
    assert len(tables["sessions"]) == len(clean.sessions)
    assert not any(counts["sessions"].values())
    back = tables["sessions"].astype({"session_no": int}).sort_values(["client_id", "session_no"])
    expected = clean.sessions.sort_values(["client_id", "session_no"])
    assert back["wai_3"].astype(int).tolist() == expected["wai_3"].tolist()


def test_the_counts_are_those_asked_for(exported) -> None:
    _, counts = exported
    assert counts["sessions"] == {key: value for key, value in LITTLE_DIRT.items() if not key.startswith("patient_")}
    assert counts["patients"] == {"missing_codes": 2, "blanks": 3, "out_of_range": 1}


def test_missing_codes_and_impossible_values_are_found_in_the_files(exported) -> None:
    tables, _ = exported
    cells = Counter(tables["sessions"].drop(columns=["session_no", "session_date"]).to_numpy().ravel().tolist())
    assert sum(cells[code] for code in MISSING_CODES) == LITTLE_DIRT["missing_codes"]
    wai = _items(tables["sessions"], "wai", 12).replace(["", *MISSING_CODES], "3").astype(int)
    phq = _items(tables["sessions"], "phq", 9).replace(["", *MISSING_CODES], "0").astype(int)
    found = int((wai > 5).sum().sum() + (wai < 1).sum().sum() + (phq > 3).sum().sum())
    assert 0 < found <= LITTLE_DIRT["out_of_range"]


def test_an_unfinished_copy_has_fewer_answers_than_the_row_it_contradicts(exported) -> None:
    tables, _ = exported
    known = tables["sessions"][tables["sessions"]["client_id"] != ORPHAN]
    distinct = known[~known.duplicated()]
    twice = distinct[distinct.duplicated(["client_id", "session_no"], keep=False)]
    assert len(twice) == 2 * LITTLE_DIRT["conflicting_duplicates"]
    blanks = (twice == "").sum(axis=1)
    by_row = blanks.groupby([twice["client_id"], twice["session_no"]])
    assert (by_row.max() - by_row.min() == 4).all()


def test_the_orphan_is_in_no_table_of_patients(exported) -> None:
    tables, _ = exported
    assert (tables["sessions"]["client_id"] == ORPHAN).sum() == LITTLE_DIRT["orphan_rows"]
    assert ORPHAN not in set(tables["patients"]["client_id"])


def test_misspelled_ids_are_still_the_ids_of_known_patients(study, exported) -> None:
    tables, _ = exported
    ids = tables["sessions"]["client_id"]
    known = set(study.patients["client_id"]) | {ORPHAN}
    odd = ids[~ids.isin(known)]
    restored = odd.str.strip().str.upper().map(lambda text: text[0] + text[1:].zfill(4))
    assert len(odd) > 0
    assert set(restored) <= known


def test_rows_stand_in_the_order_of_their_dates_written_day_first(exported) -> None:
    tables, _ = exported
    days = pd.to_datetime(tables["sessions"]["session_date"], format="%d.%m.%Y")
    assert days.is_monotonic_increasing


def test_csv_has_unix_line_ends_and_no_index(exported) -> None:
    text = csv_of(exported[0]["therapists"])
    assert text.startswith("therapist_id,clinic,experience_years")
    assert "\r" not in text
    assert text.count("\n") == 1 + SETTINGS.size.therapists


def test_more_dirt_than_the_study_can_hold_is_refused(study) -> None:
    settings = small_example(dirt={**NO_DIRT, "blanks": 10**6})
    with pytest.raises(ConfigError, match="1000000 dirty cells are too many"):
        export_study(study, settings)
    settings = small_example(dirt={**NO_DIRT, "identical_duplicates": 10**4})
    with pytest.raises(ConfigError, match="added rows are too many"):
        export_study(study, settings)
