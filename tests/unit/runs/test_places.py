"""What results say of where files lie."""

from pathlib import Path

import pytest

from alliance.runs.places import clear_log, place_in_results


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("data/raw/export.csv", "data/raw/export.csv"),
        ("./data/x.csv", "./data/x.csv"),
        ("/studies/one/data/x.csv", "data/x.csv"),
        ("data/../data/x.csv", "data/x.csv"),
        ("../two/x.csv", "x.csv"),
        ("/home/dr-secret/x.csv", "x.csv"),
        ("/studies/one-more/x.csv", "x.csv"),
    ],
)
def test_place_in_the_project_or_a_name(path: str, told: str) -> None:
    assert place_in_results(path, Path("/studies/one")) == told


def test_log_keeps_what_was_said_without_the_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    secret = "/home/dr-secret/export of May.csv"
    log = tmp_path / "x.log"
    log.write_text(f"{secret} has no column 'x'. {tmp_path}/results/main/x.csv\n/usr and/or\n", encoding="utf-8")
    clear_log(log, {"data": {"sessions": {"path": secret}}, "files": [secret], "number": 3, "share": "/"})
    assert log.read_text(encoding="utf-8") == "export of May.csv has no column 'x'. results/main/x.csv\n/usr and/or\n"
