"""Writers: whole files or none, and no cell that a spreadsheet would run."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from alliance.runs.files import remove_unfinished, replacing, write_csv, write_parquet, write_parquet_pieces, write_text


def write_half(target: Path) -> None:
    with replacing(target) as temporary:
        temporary.write_text("half of it", encoding="utf-8")
        raise OSError("disk full")


def test_failed_writing_leaves_the_earlier_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "panel.csv"
    write_text("earlier", target)
    with pytest.raises(OSError, match="disk full"):
        write_half(target)
    assert target.read_text(encoding="utf-8") == "earlier"
    assert [path.name for path in tmp_path.iterdir()] == ["panel.csv"]


def test_folders_are_made(tmp_path: Path) -> None:
    write_text("x", tmp_path / "a/b/c.txt")
    assert (tmp_path / "a/b/c.txt").read_text(encoding="utf-8") == "x"


def test_leftovers_of_killed_jobs_are_removed_and_named(tmp_path: Path) -> None:
    leftover = tmp_path / "data/.unfinished-12-panel.parquet"
    leftover.parent.mkdir()
    leftover.write_bytes(b"PAR1")
    write_text("kept", tmp_path / "data/panel.csv")
    assert remove_unfinished(tmp_path) == [leftover]
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["panel.csv"]


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+cmd", "-cmd|' /C calc'!A0", "\t=1", "\r=1"])
def test_no_cell_starts_a_formula(tmp_path: Path, cell: str) -> None:
    write_csv(pd.DataFrame({"value": [cell]}), tmp_path / "t.csv")
    assert pd.read_csv(tmp_path / "t.csv")["value"][0].startswith("'")


@pytest.mark.parametrize("dtype", ["str", "object", "category"])
def test_only_the_cells_with_formulas_are_changed(tmp_path: Path, dtype: str) -> None:
    write_csv(
        pd.DataFrame({"value": ["WAI", None, "=1", "WAI", "=1"], "n": 1}).astype({"value": dtype}), tmp_path / "t.csv"
    )
    assert (tmp_path / "t.csv").read_text(encoding="utf-8") == "value,n\nWAI,1\n,1\n'=1,1\nWAI,1\n'=1,1\n"


@pytest.mark.parametrize("cell", ["-0.25 [-0.40, -0.10]", "+1", "-.5", "WAI", "a=b", ""])
def test_signed_numbers_and_plain_words_are_left_alone(tmp_path: Path, cell: str) -> None:
    write_csv(pd.DataFrame({"value": [cell]}), tmp_path / "t.csv")
    assert pd.read_csv(tmp_path / "t.csv", keep_default_na=False, dtype=str)["value"][0] == cell


def test_numbers_and_gaps_come_back_as_they_were(tmp_path: Path) -> None:
    table = pd.DataFrame({"n": [1, 2], "x": [0.1 + 0.2, float("nan")], "s": ["ä", None]})
    write_csv(table, tmp_path / "t.csv")
    back = pd.read_csv(tmp_path / "t.csv")
    # Exact: floats are written with all the digits that tell them apart.
    assert back["x"][0] == 0.1 + 0.2
    assert back["x"].isna().tolist() == [False, True]
    assert back["s"].isna().tolist() == [False, True]
    assert back["s"][0] == "ä"


def test_caller_keeps_its_table(tmp_path: Path) -> None:
    table = pd.DataFrame({"value": ["=1"]})
    write_csv(table, tmp_path / "t.csv")
    assert table["value"][0] == "=1"


def test_parquet_keeps_types(tmp_path: Path) -> None:
    table = pd.DataFrame({"patient": ["P001"], "session": [1], "alliance": [40.5]})
    write_parquet(table, tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "t.parquet"), table)


def test_parquet_in_pieces_is_the_whole_table(tmp_path: Path) -> None:
    table = pd.DataFrame({"patient": pd.Series(["P001", None, "P002"], dtype="str"), "alliance": [40.5, None, None]})
    write_parquet_pieces((table.iloc[place : place + 1] for place in range(3)), tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "t.parquet"), table)


def test_parquet_of_pieces_that_stop_half_way_is_no_file(tmp_path: Path) -> None:
    def pieces() -> Iterator[pd.DataFrame]:
        yield pd.DataFrame({"alliance": [40.5]})
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        write_parquet_pieces(pieces(), tmp_path / "t.parquet")
    assert list(tmp_path.iterdir()) == []
