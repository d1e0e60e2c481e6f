"""Artefacts come back as they were written: text as text, numbers as numbers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alliance.runs.artefacts import read_artefact, write_artefact
from alliance.runs.files import write_csv
from tests.artefacts import builders


def round_trip(table: pd.DataFrame, folder: Path) -> pd.DataFrame:
    path = folder / "table.csv"
    write_csv(table, path)
    return read_artefact(path)


def test_empty_text_stays_text_even_in_a_column_without_any(tmp_path: Path) -> None:
    table = pd.DataFrame({"model": ["one", "two"], "flag": ["", ""], "estimate": [0.5, np.nan]})
    back = round_trip(table, tmp_path)

    assert back["flag"].tolist() == ["", ""]
    assert back["estimate"].isna().tolist() == [False, True]


def test_words_that_look_like_missing_values_stay_words(tmp_path: Path) -> None:
    table = pd.DataFrame({"reason": ["None", "NA", "null"], "n_sessions": [1, 2, 3]})
    back = round_trip(table, tmp_path)

    assert back["reason"].tolist() == ["None", "NA", "null"]
    assert back["n_sessions"].tolist() == [1, 2, 3]


def test_text_columns_of_comparisons_are_known_by_their_side(tmp_path: Path) -> None:
    back = round_trip(pd.DataFrame({"flag_base": [""], "horizon_this": [""], "sd_this": [0.1]}), tmp_path)

    assert back.loc[0].tolist() == ["", "", 0.1]


def test_model_named_like_a_number_is_text(tmp_path: Path) -> None:
    assert round_trip(pd.DataFrame({"setting": ["1"], "base": ["01"], "this": ["1e3"]}), tmp_path).loc[0].tolist() == [
        "1",
        "01",
        "1e3",
    ]


def test_parquet_is_read_as_it_is(tmp_path: Path) -> None:
    table = pd.DataFrame({"patient": ["P001"], "alliance": [40.5]})
    table.to_parquet(tmp_path / "panel.parquet", index=False)

    pd.testing.assert_frame_equal(read_artefact(tmp_path / "panel.parquet"), table)


def test_columns_have_their_declared_kinds_also_where_there_are_no_rows(tmp_path: Path) -> None:
    table = builders.diagnostics(builders.arms_config())
    write_artefact("diagnostics", table, tmp_path / "diagnostics.csv")
    back = read_artefact(tmp_path / "diagnostics.csv", "diagnostics")
    write_artefact("diagnostics", table.head(0), tmp_path / "none.csv")
    none = read_artefact(tmp_path / "none.csv", "diagnostics")

    pd.testing.assert_frame_equal(back, table, check_dtype=False)
    assert back["passed"].dtype == bool and back["value"].dtype == float
    assert back.dtypes.equals(none.dtypes)


def test_text_that_looks_like_a_number_stays_text_where_it_is_declared(tmp_path: Path) -> None:
    row = {
        "severity": "error",
        "rule": "out_of_range",
        "table": "sessions",
        "row": np.nan,
        "column": "7",
        "value": "01",
        "count": 2,
    }
    table = pd.DataFrame([row | {"message": "m", "remedy": "r"}])
    write_artefact("checks", table, tmp_path / "checks.csv")
    back = read_artefact(tmp_path / "checks.csv", "checks")

    assert (back.loc[0, "value"], back.loc[0, "column"], back.loc[0, "count"]) == ("01", "7", 2)
    assert np.isnan(back.loc[0, "row"]) and back["count"].dtype == "int64"


def test_table_with_other_columns_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'differences' has the columns"):
        write_artefact("differences", pd.DataFrame({"setting": ["a"], "base": ["1"]}), tmp_path / "x.csv")
    assert not (tmp_path / "x.csv").exists()
