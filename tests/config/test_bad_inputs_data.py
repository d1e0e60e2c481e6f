"""Bad data files and bad tables: each ends in one clear message with place and remedy, and earlier results stay.

Faults of a file stop `check_data`; faults inside a readable table are listed in the findings and stop `accept_data`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from alliance.errors import AllianceError, DataError
from alliance.steps.prepare import accept_data, check_data, clean_data
from tests.unit.data.checks.study import CLEANING, DATA, INSTRUMENTS, STRICT, VARIABLES, Frames, clean_frames

OUTPUTS = {
    "sessions": "sessions.parquet",
    "patients": "patients.parquet",
    "therapists": "therapists.parquet",
    "cleaning": "cleaning.csv",
    "flow_data": "flow.csv",
}


@dataclass
class Study:
    """A study on disk, to be spoiled: tables, their files, and settings."""

    folder: Path
    frames: Frames = field(default_factory=clean_frames)
    data: dict[str, Any] = field(default_factory=lambda: {name: dict(part) for name, part in DATA.items()})
    cleaning: dict[str, Any] = field(default_factory=lambda: dict(CLEANING))
    variables: dict[str, Any] = field(default_factory=lambda: {name: dict(part) for name, part in VARIABLES.items()})
    files: dict[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.files = {name: self.folder / f"{name}.csv" for name in self.frames}

    def write(self) -> None:
        for name, frame in self.frames.items():
            frame.to_csv(self.files[name], index=False)

    def run(self, results: Path) -> None:
        checks, typed = str(results / "checks.csv"), str(self.folder / "typed.pickle")
        check_data(
            **{name: str(path) for name, path in self.files.items()},
            instruments=INSTRUMENTS,
            checks=checks,
            typed=typed,
            data=self.data,
            variables=self.variables,
            cleaning=self.cleaning,
            smallest_groups={},  # no category here has labels
        )
        accept_data(checks=checks, accepted=str(results / "accepted.txt"))
        clean_data(typed=typed, **{name: str(results / file) for name, file in OUTPUTS.items()})


Spoil = Callable[[Study], None]


def content(payload: bytes | str, table: str = "sessions") -> Spoil:
    """Replace a file's content."""
    data = payload if isinstance(payload, bytes) else payload.encode()
    return lambda study: study.files[table].write_bytes(data) and None


def edit(change: Callable[[str], str]) -> Spoil:
    """Change the text of the file of sessions."""

    def spoil(study: Study) -> None:
        study.files["sessions"].write_text(
            change(study.files["sessions"].read_text(encoding="utf-8")), encoding="utf-8"
        )

    return spoil


def file(name: str, payload: bytes | None = None, table: str = "sessions") -> Spoil:
    """Point to another file, with some content or without being there."""

    def spoil(study: Study) -> None:
        study.files[table] = study.folder / name
        if payload is not None:
            study.files[table].write_bytes(payload)

    return spoil


def setting(table: str, **changes: Any) -> Spoil:
    return lambda study: study.data[table].update(changes)


def cells(table: str, change: Callable[[pd.DataFrame], Any]) -> Spoil:
    """Change a table in place (or return another one) and write it again."""

    def spoil(study: Study) -> None:
        changed = change(study.frames[table])
        if isinstance(changed, pd.DataFrame):
            study.frames[table] = changed
        study.write()

    return spoil


def put(table: str, row: int, column: str, value: str) -> Spoil:
    return cells(table, lambda frame: frame.__setitem__(column, frame[column].where(frame.index != row - 2, value)))


def both(*spoils: Spoil) -> Spoil:
    def spoil(study: Study) -> None:
        for one in spoils:
            one(study)

    return spoil


def strict(study: Study) -> None:
    study.cleaning = dict(STRICT)


def workbook(study: Study) -> None:
    study.files["sessions"] = study.folder / "sessions.xlsx"
    study.frames["sessions"].to_excel(study.files["sessions"], sheet_name="Daten", index=False)


def wide(pattern: str, sessions: list[int]) -> Spoil:
    """Declare the sessions as wide: warmth_1, warmth_2 exist."""

    def spoil(study: Study) -> None:
        table = study.frames["sessions"]
        flat = (
            table.pivot(index="client", columns="no", values="warmth").iloc[:, :2].add_prefix("warmth_").reset_index()
        )
        flat.to_csv(study.files["sessions"], index=False)
        study.data["sessions"] = {
            "path": "sessions.csv",
            "keys": {"patient": "client"},
            "wide": {"columns": {"warmth": pattern}, "sessions": sessions},
        }
        study.variables = {name: VARIABLES[name] for name in ("warmth", "arm", "age", "years")}

    return spoil


UNREADABLE: dict[str, tuple[Spoil, tuple[str, ...]]] = {
    "file is not there": (file("sesions.csv"), ("sesions.csv does not exist", "Did you mean 'sessions.csv'?", "data.sessions.path")),
    "folder is not there": (file("export/sessions.csv"), ("folder", "does not exist", "data.sessions.path")),
    "a folder instead of a file": (lambda s: s.files.update(sessions=s.folder), ("is a folder", "data.sessions.path")),
    "unknown ending": (file("sessions.ods", b"x"), ("'.ods'", ".xlsx", "data.sessions.path")),
    "no ending": (file("sessions", b"x"), ("'none'", ".csv")),
    "empty file": (content(b""), ("sessions.csv is empty", "Export the table again")),
    "only blanks": (content(b"\n \n\n"), ("sessions.csv is empty", "Export the table again")),
    "only a header": (edit(lambda t: t.splitlines()[0]), ("no rows", "Export the table again")),
    "only a header in patients": (content("client,leader,arm,age\n", "patients"), ("patients.csv", "data.patients.path")),
    "one column only": (edit(lambda t: t.replace(",", "^")), ("one column only", "data.sessions.delimiter")),
    "wrong delimiter declared": (setting("sessions", delimiter=";"), ("';'", "Set data.sessions.delimiter to ','")),
    "delimiter of two characters": (setting("sessions", delimiter=",,"), ("one character", "data.sessions.delimiter")),
    "wrong encoding declared": (
        both(edit(lambda t: t.replace("video", "vidéo")), setting("sessions", encoding="ascii")),
        ("not encoded as ascii", "data.sessions.encoding"),
    ),
    "encoding that garbles": (
        both(edit(lambda t: t.replace("video", "vidéo")), setting("sessions", encoding="cp1252")),
        ("is encoded as UTF-8", "data.sessions.encoding"),
    ),
    "encoding that does not exist": (setting("sessions", encoding="utf-9"), ("'utf-9'", "data.sessions.encoding")),
    "binary file called CSV": (content(b"PK\x03\x04\x00\x00\x08\x00"), ("not a text file", "true format")),
    "rows of unequal length": (edit(lambda t: t.replace("C003,", "C003,x,")), ("4 rows of", "27 cells of the header", "row 10 with 28")),
    "quotation mark not closed": (edit(lambda t: t.replace("in person", '"in person', 1)), ("quotation mark",)),
    "column name twice": (edit(lambda t: t.replace("warmth", "phq_1", 1)), ("more than one column named 'phq_1'", "Rename")),
    "column without a name": (edit(lambda t: t.replace("warmth", "", 1)), ("row 1", "position 5")),
    "damaged Excel file": (file("sessions.xlsx", b"PK\x03\x04 broken"), ("Excel workbook", "data.sessions.path")),
    "CSV called Excel": (file("sessions.xlsx", b"a,b\n1,2\n"), ("Excel workbook", "wrongly named")),
    "damaged Parquet file": (file("sessions.parquet", b"PAR1 broken PAR1"), ("Parquet file", "export it again")),
    "damaged SPSS file": (file("sessions.sav", b"$FL2 broken"), ("SPSS file", "export it again")),
    "damaged Stata file": (file("sessions.dta", b"<stata_dta> broken"), ("Stata file", "export it again")),
    "sheet that is not there": (both(workbook, setting("sessions", sheet="Data")), ("'Data'", "It has 1 sheet.", "data.sessions.sheet")),
    "sheet number too high": (both(workbook, setting("sessions", sheet=3)), ("no sheet 3", "counted from 1")),
    "wide pattern without columns": (wide("warm_{session}", [1, 2]), ("warm_1, warm_2", "Did you mean 'warmth_1'?", "wide.columns.warmth")),
    "wide pattern with some columns": (wide("warmth_{session}", [1, 2, 3]), ("warmth_3", "data.sessions.wide.sessions")),
}  # fmt: skip


def patients_inside_the_sessions(study: Study) -> None:
    """Take the patients from the file of sessions, where one of them has two ages."""
    characteristics = study.frames.pop("patients").drop(columns="leader")
    sessions = study.frames["sessions"].merge(characteristics, on="client")
    sessions.loc[6, "age"] = "70"
    study.frames["sessions"] = sessions
    study.write()
    study.files["patients"] = study.files["sessions"]
    study.data["patients"] = {"path": "sessions.csv", "keys": {"patient": "client"}}


def shift(stem: str, items: int, by: int) -> Spoil:
    def change(frame: pd.DataFrame) -> None:
        for item in range(1, items + 1):
            frame[f"{stem}_{item}"] = (frame[f"{stem}_{item}"].astype(int) + by).astype("str")

    return cells("sessions", change)


WRONG: dict[str, tuple[Spoil, tuple[str, ...]]] = {
    "columns missing": (
        cells("sessions", lambda f: f.rename(columns={"phq_1": "phq1", "warmth": "warm"})),
        ("'phq_1'", "Did you mean 'phq1'?", "'warmth'", "variables.warmth.column"),
    ),
    "key column missing": (setting("patients", keys={"patient": "id"}), ("patients.csv has no column 'id'", "data.patients.keys.patient")),
    "text in a number": (put("sessions", 12, "warmth", "very"), ("column warmth", "text of 4 characters", "cleaning.missing_codes")),
    "decimal comma in a comma file": (put("sessions", 12, "warmth", "3,5"), ("row 12", "data.sessions.decimal")),
    "error value of a spreadsheet": (put("sessions", 12, "warmth", "#DIV/0!"), ("row 12", "#DIV/0!", "Correct the cells")),
    "column without values": (cells("sessions", lambda f: f.assign(warmth="")), ("warmth holds no value", "variables.warmth")),
    "impossible date": (put("sessions", 7, "day", "30.02.2024"), ("row 7, column day", "99.99.9999", "Correct these dates")),
    "month and day confused": (setting("sessions", date_format="%m.%d.%Y"), ("row", "column day", "data.sessions.date_format")),
    "date in another century": (put("sessions", 7, "day", "12.02.0204"), ("row 7", "Correct")),
    "date against the session number": (put("sessions", 5, "day", "02.01.2024"), ("row 5", "before an earlier session")),
    "negative session": (put("sessions", 9, "no", "-2"), ("row 9, column no", "negative session number", "cleaning.exclude.patients")),
    "half session": (put("sessions", 9, "no", "1.5"), ("row 9", "not whole")),
    "no session number": (put("sessions", 9, "no", ""), ("row 9", "no session number", "Correct the file")),
    "no patient id": (put("sessions", 9, "client", ""), ("row 9, column client", "no patient id")),
    "no therapist id in therapists": (put("therapists", 3, "leader", ""), ("therapists.csv", "row 3", "no therapist id")),
    "unknown label": (put("patients", 6, "arm", "control"), ("row 6, column arm", "text of 7 characters", "variables.arm.levels")),
    "labels of two spellings": (put("sessions", 6, "delivery", "In Person"), ("'In Person'", "'in person'", "one way")),
    "reference that never occurs": (
        cells("sessions", lambda f: f.assign(delivery="video")), ("'in person'", "variables.delivery.reference")
    ),
    "no patient in common": (cells("patients", lambda f: f.assign(client="Z" + f["client"])), ("no patient id in common", "keys.patient")),
    "no therapist in common": (cells("therapists", lambda f: f.assign(leader="Z" + f["leader"])), ("no therapist id in common",)),
    "patient with two records": (
        cells("patients", lambda f: pd.concat([f, f.iloc[[4]].assign(age="44")])), ("patients.csv", "row 6", "one row per patient")
    ),
    "patient who contradicts himself from session to session": (
        patients_inside_the_sessions, ("2 rows of sessions.csv (first: row 6)", "one row per patient")
    ),
    "wrong version of an instrument": (shift("phq", 9, 1), ("PHQ-9", "one step higher", "variables.symptoms.instrument")),
    "item against its scale": (
        cells("sessions", lambda f: f.assign(phq_4=(3 - f["phq_4"].astype(int)).astype("str"))), ("phq_4 runs against", "Recode")
    ),
    "reversed items stored reversed": (
        lambda s: s.variables["bond"].update(stored_reversed=True), ("wai_4, wai_10", "variables.bond.stored_reversed: false")
    ),
    "out of range where that stops": (both(strict, put("sessions", 8, "warmth", "60")), ("row 8", "0 to 6", "cleaning.out_of_range")),
    "repeated row where that stops": (
        both(strict, cells("sessions", lambda f: pd.concat([f, f.iloc[[3]]]))), ("row 82", "cleaning.duplicates.identical")
    ),
    "contradiction where that stops": (
        both(strict, cells("sessions", lambda f: pd.concat([f, f.iloc[[3]].assign(warmth="")]))), ("cleaning.duplicates.conflicting",),
    ),
    "orphan where that stops": (both(strict, put("sessions", 8, "client", "C999")), ("row 8", "cleaning.orphans: drop")),
    "two therapists where that stops": (both(strict, put("sessions", 8, "leader", "T04")), ("cleaning.therapist_change: most_sessions",)),
    "ids in two spellings where that stops": (both(strict, put("sessions", 8, "client", "c002")), ("row 8", "cleaning.ids")),
}  # fmt: skip


def results_of(study: Study, folder: Path) -> dict[str, bytes]:
    """Run the study without faults and return what was written."""
    folder.mkdir()
    study.run(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("name", UNREADABLE)
def test_unreadable_file_stops_the_checks(name: str, tmp_path: Path) -> None:
    spoil, says = UNREADABLE[name]
    study, results = Study(tmp_path), tmp_path / "results"
    study.write()
    earlier = results_of(study, results)
    spoil(study)
    with pytest.raises(DataError) as problem:
        study.run(results)
    assert all(part in str(problem.value) for part in says), str(problem.value)
    assert {path.name: path.read_bytes() for path in results.iterdir()} == earlier


@pytest.mark.parametrize("name", WRONG)
def test_wrong_table_stops_the_cleaning(name: str, tmp_path: Path) -> None:
    spoil, says = WRONG[name]
    study, results = Study(tmp_path), tmp_path / "results"
    study.write()
    earlier = results_of(study, results)
    spoil(study)
    with pytest.raises(DataError, match=r"errors? in the data stop") as problem:
        study.run(results)
    assert all(part in str(problem.value) for part in says), str(problem.value)
    now = {path.name: path.read_bytes() for path in results.iterdir()}
    # The list of findings is new, the results of the earlier run are as they were.
    assert {name: kept for name, kept in now.items() if name != "checks.csv"} == {
        name: kept for name, kept in earlier.items() if name != "checks.csv"
    }
    assert "error," in (results / "checks.csv").read_text(encoding="utf-8")


def test_instrument_that_is_not_given_is_named_with_its_setting(tmp_path: Path) -> None:
    study = Study(tmp_path)
    study.write()
    study.variables["symptoms"]["instrument"] = "phq_99"
    with pytest.raises(AllianceError, match=r"variables\.symptoms\.instrument.*Did you mean 'phq_9'\?"):
        study.run(tmp_path)
    assert not (tmp_path / "checks.csv").exists()
