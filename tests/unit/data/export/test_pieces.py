"""A file is gone through some rows at a time: where the cuts fall changes nothing of what is read and said."""

from pathlib import Path

import pandas as pd
import pytest

from alliance.config.schema import Source
from alliance.data.export import grid, text
from alliance.data.export.read import read_table
from alliance.errors import DataError

FILES = {
    "plain": "id,no\na,1\nb,2\nc,3\n",
    "without a last line end": "id,no\r\na,1\r\nb,2",
    "old Mac": "id,no\ra,1\rb,2\r",
    "line breaks in cells": 'id,no\n"a\nb",1\n"c\r\n""d""",2\n',
    "blank rows": "id,no\n,\n\na,1\n , \nb,2\n,\n",
    "blank beyond the names": "id,no\na,1,,\nb,2\nc,3, \n",
    "lines below": "id,no\na,1\nb,2\nTotal\nn = 2\n,\n",
    "a line of two cells below": "id,no,x\na,1,2\nTotal,3\n",
    "short above": "id,no\na\nb,2\n",
    "short and long": "id,no\na,1\nb\nc,3,4\nd\n",
    "no row that has all": "id,no\na\nb\n",
    "names again": "id,no\na,1\nid,no\nb,2\n",
    "a title": "Our study\nid,no\na,1\nb,2\n",
    "ids of questions": 'id,no\nWho,Which\n"{""ImportId"":""a""}","{""ImportId"":""b""}"\na,1\n',
    "quoted as a whole": '"id;no"\n"a;""1"""\n"b;2"\n',
    "semicolons and commas": "id;no;x\na;1;2,5\nb;2;3\n",
    "a point below the commas": "id;no;x\na;1;2,5\nb;2;3\nc;3;1.5\n",
    "sep": "sep=;\nid;no\na;1\nb;2\n",
    "a quotation mark too many": 'id,no\na,1\n"b"c,2\nd,3\n',
    "a title above a broken cell": 'Our study\nid,no\na,1\n"b"c,2\n',
    "a quotation mark that is not closed": 'id,no\na,1\n"b,2\nc,3\n',
    "end of a file as in DOS": "id,no\na,1\n\x1a",
    "marks that are not seen": "id,no\n\u00a0a,1\nb,\u200b2\na,1\n",
    "a short line far below": "id,no\n" + "a,1\n" * 60 + "b\n" + "c,2\n" * 3,
}


def outcome(path: Path) -> tuple[object, ...]:
    """Read a file; return its cells, the numbers of its rows and what is said of it."""
    try:
        raw = read_table(
            path, Source(path=str(path), keys={"patient": "id", "session": "no"}), "sessions", {"id", "no"}
        )
    except DataError as error:
        return (str(error),)
    cells = {name: [None if pd.isna(cell) else cell for cell in raw.frame[name]] for name in raw.frame}
    return cells, list(raw.frame.index), raw.notes, raw.decimal, [str(dtype) for dtype in raw.frame.dtypes]


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_cuts_between_pieces_change_nothing(content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sessions.csv"
    path.write_bytes(content.encode())
    whole = outcome(path)
    for rows, characters in ((1, 1), (2, 3), (3, 10)):
        monkeypatch.setattr(grid, "_ROWS_AT_A_TIME", rows)
        monkeypatch.setattr(text, "_PIECE", characters)
        assert outcome(path) == whole


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("short above", "1 rows of .* do not have the 2 cells of the header .first: row 2 with 1."),
        ("short and long", "2 rows of .* do not have the 2 cells of the header .first: row 3 with 1."),
        ("no row that has all", "2 rows of .* do not have the 2 cells of the header .first: row 2 with 1."),
        ("a line of two cells below", "1 rows of .* do not have the 3 cells of the header .first: row 3 with 2."),
        ("a short line far below", "1 rows of .* do not have the 2 cells of the header .first: row 62 with 1."),
        ("a title", "row 1 does not name the columns, row 2 does"),
        ("a title above a broken cell", "is not a readable table"),
        ("a quotation mark that is not closed", "is not a readable table"),
    ],
)
def test_what_is_wrong_is_counted_over_all_pieces(
    name: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sessions.csv"
    path.write_bytes(FILES[name].encode())
    monkeypatch.setattr(grid, "_ROWS_AT_A_TIME", 2)
    with pytest.raises(DataError, match=said):
        read_table(path, Source(path=str(path), keys={"patient": "id", "session": "no"}), "sessions", {"id", "no"})


def test_rows_keep_their_numbers_over_all_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sessions.csv"
    path.write_bytes(FILES["blank rows"].encode())
    monkeypatch.setattr(grid, "_ROWS_AT_A_TIME", 2)
    cells, rows, notes, *_ = outcome(path)
    assert cells == {"id": ["a", "b"], "no": ["1", "2"]}
    assert rows == [4, 6]
    assert notes == ("4 rows are entirely blank and were not read.",)
