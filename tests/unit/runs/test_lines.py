"""Lines are as wide as the terminal, and what stands in a file as wide as it is read with ease."""

import pytest

from alliance.runs.lines import before_command, hanging, line_width, terminal_width


@pytest.mark.parametrize(("columns", "text", "whole"), [("20", 40, 40), ("80", 80, 80), ("300", 110, 300)])
def test_lines_are_as_wide_as_the_terminal_within_what_can_be_read(
    columns: str, text: int, whole: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert (line_width(), terminal_width()) == (text, whole)


def test_lines_of_a_file_have_one_hundred_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr("os.get_terminal_size", lambda _: (_ for _ in ()).throw(OSError))
    assert line_width() == terminal_width() == 100


def test_further_lines_are_indented_and_paths_stay_whole() -> None:
    path = "results/main/models/technique_jointly/draws.nc"
    assert hanging(f"file {path} and more", 30, 4, "1  ") == ["1  file", f"    {path}", "    and more"]


def test_command_to_be_copied_stands_in_one_line() -> None:
    assert before_command("Check it again:", "make check CONFIG=config/local_mine.yaml", 60) == [
        "Check it again: make check CONFIG=config/local_mine.yaml"
    ]
    assert before_command("Check it again:", "make check CONFIG=config/local_mine.yaml", 40) == [
        "Check it again:",
        "  make check CONFIG=config/local_mine.yaml",
    ]
