"""Exports and settings that went wrong: each ends in a message with place and remedy, in findings, or is read as it looks.

Here one in seven is tried; all of them: ``python validation/fuzz/run.py``.
"""

import pytest

from tests.fuzz.config_mutations import CONFIG_MUTATIONS
from tests.fuzz.data_mutations import DATA_MUTATIONS
from tests.fuzz.door import same_panel
from tests.fuzz.judge import read_plainly
from tests.fuzz.sample import verdicts
from tests.fuzz.study import clean_frame, csv_text

EVERY = 2  # way of spoiling an export


def test_the_clean_study_passes_and_another_one_is_another() -> None:
    clean = read_plainly(None)
    assert clean.crash is None
    assert clean.refused is None
    assert set(clean.findings["rule"]) == {"column_unmapped"}
    frame = clean_frame()
    frame.at[7, "WAI"] = 1.1
    assert not same_panel(clean.panel, read_plainly(csv_text(frame)).panel)


@pytest.mark.parametrize("name", [way.__name__ for way in DATA_MUTATIONS[::EVERY]])
def test_a_spoiled_export_is_told_or_read_as_it_looks(name: str) -> None:
    for verdict in verdicts(name, 1):
        assert verdict.good, f"{verdict.end}\n{verdict.detail}"


@pytest.mark.parametrize("name", [way.__name__ for way in CONFIG_MUTATIONS])
def test_spoiled_settings_are_refused_or_taken_as_they_are_written(name: str) -> None:
    for verdict in verdicts(name, 2):
        assert verdict.good, f"{verdict.end}\n{verdict.detail}"
