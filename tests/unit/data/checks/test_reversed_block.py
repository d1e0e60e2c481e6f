"""Reversed items that were not turned round are found as a block, also where a factor of wording hides every single item."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.config.cleaning import Cleaning
from alliance.config.instruments import read_instruments
from alliance.config.schema import Source, Variable
from alliance.data.checks.finding import Finding
from alliance.data.checks.items import check_against_scale
from alliance.data.export.mapping import measures_of, type_table
from alliance.data.export.raw import RawTable
from alliance.data.export.tables import Export
from tests.unit.data.checks.study import CLEANING, ROOT

WAI = read_instruments([ROOT / "config/instruments/wai.yaml"])["wai"]
SOURCE = {"path": "t.csv", "keys": {"patient": "id", "session": "no"}}


def answers(*, wording: float = 0.9, alliance: float = 0.5, seed: int = 4, rows: int = 400) -> pd.DataFrame:
    """Return answers to the WAI as people give them: negatively worded items share a factor of their own."""
    rng = np.random.default_rng(seed)
    level, style = rng.normal(size=(2, rows, 1))
    truth = 5.2 + alliance * level + rng.normal(scale=0.9, size=(rows, WAI.items))
    negative = np.isin(np.arange(1, WAI.items + 1), WAI.reversed)
    truth[:, negative] += wording * style
    given = np.where(negative, 8 - truth, truth)
    return pd.DataFrame(np.clip(np.round(given), 1, 7), columns=range(1, WAI.items + 1))


def look(table: pd.DataFrame, **settings: Any) -> list[Finding]:
    variable = Variable.model_validate(
        {"label": "a", "kind": "scale", "instrument": "wai", "items": "w{item}", "measured": "after"} | settings
    )
    frame = table.rename(columns=lambda item: f"w{item}")
    frame.insert(0, "id", [str(row // 8) for row in range(len(frame))])
    frame.insert(1, "no", [row % 8 + 1 for row in range(len(frame))])
    instruments = {"wai": WAI}
    rules, source = Cleaning.model_validate(CLEANING), Source.model_validate(SOURCE)
    raw = RawTable("sessions", "t.csv", frame.set_axis(range(2, len(frame) + 2), axis="index"))
    typed = type_table(raw, source, measures_of("sessions", {"a": variable}, instruments), rules)
    return check_against_scale(Export({"sessions": typed}, None, {"a": variable}, rules, instruments))  # type: ignore[arg-type]


def turned(table: pd.DataFrame, items: list[int]) -> pd.DataFrame:
    changed = table.copy()
    changed[items] = 8 - changed[items]
    return changed


@pytest.mark.parametrize("wording", [0.0, 0.9, 1.2])
def test_block_that_was_turned_round_already_is_found_and_the_remedy_works(wording: float) -> None:
    table = turned(answers(wording=wording), WAI.reversed)
    [finding] = look(table)
    assert "stored_reversed: true" in finding.remedy and finding.count == len(WAI.reversed)
    assert look(table, stored_reversed=True) == []


@pytest.mark.parametrize("wording", [0.9, 1.2])
def test_block_that_was_not_turned_round_is_found_and_the_remedy_works(wording: float) -> None:
    table = answers(wording=wording)
    [finding] = look(table, stored_reversed=True)
    assert "stored_reversed: false" in finding.remedy
    assert look(table) == []


def test_block_that_is_not_the_key_s_is_found() -> None:
    block = [2, 4, 5, 6, 8, 13, 14, 16]
    [finding] = look(turned(answers(wording=0.3), block))
    assert finding.count == len(block) and "Recode" in finding.remedy


def test_block_is_found_where_no_row_is_complete() -> None:
    table = turned(answers(), WAI.reversed)
    blank = np.random.default_rng(2).random(table.shape) < 0.15
    assert len(look(table.mask(blank))) == 1


@pytest.mark.parametrize("seed", range(5))
def test_wording_alone_is_no_finding(seed: int) -> None:
    assert look(answers(wording=1.2, seed=seed)) == []
