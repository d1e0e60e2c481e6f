"""`make new` hands on the files that are named, also where blanks stand in their names."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("data", "files"),
    [
        ("{0}", ["{0}"]),
        ("'{0}' {1}", ["{0}", "{1}"]),
        ("{1} {1}", ["{1}", "{1}"]),
    ],
)
def test_files_with_blanks_in_their_names_are_handed_on(tmp_path: Path, data: str, files: list[str]) -> None:
    names = [str(tmp_path / "our data.csv"), str(tmp_path / "t.csv")]
    for name in names:
        Path(name).write_text("id\n", encoding="utf-8")
    command = tmp_path / "alliance"
    command.write_text('#!/bin/sh\nfor one in "$@"; do echo "$one"; done\n', encoding="utf-8")
    command.chmod(0o755)
    made = subprocess.run(
        ["make", "-s", "new", "READY=", f"BIN={tmp_path}", f"DATA={data.format(*names)}"],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert made.stdout.splitlines() == ["new", "--", *(file.format(*names) for file in files)]
