"""What the terminal shows of a check: errors first, everything with what to do, within the width of the window."""

import pandas as pd
import pytest

from alliance.report.codebook.terminal import show_codebook, show_findings
from alliance.report.words import Speech
from tests.artefacts import builders

SPEECH = Speech(builders.arms_config())


@pytest.fixture(scope="module")
def findings() -> pd.DataFrame:
    found = builders.checks()
    found.loc[1, "severity"] = "error"
    return found


@pytest.mark.parametrize("width", [40, 72, 100, 400])
def test_errors_stand_first_each_with_its_remedy(findings: pd.DataFrame, width: int) -> None:
    text = show_findings(findings, SPEECH, width)
    assert text.startswith("1 error that would stop a run:")
    assert text.index("1 label is not declared.") < text.index("1 warning") < text.index("3 values lie outside")
    assert text.count("What to do: ") == text.count("What to do or know: ") == 1
    assert max(map(len, text.splitlines())) <= width


def test_nothing_found_is_said(findings: pd.DataFrame) -> None:
    assert show_findings(findings.head(0), SPEECH, 80) == "The checks found nothing to correct."


@pytest.mark.parametrize("width", [40, 72, 100, 160])
def test_codebook_fits_the_window(width: int) -> None:
    config = builders.arms_config()
    text = show_codebook(builders.codebook(config), SPEECH, width)
    assert max(map(len, text.splitlines())) <= width
    lines = {line.split("  ")[0].split(" (")[0] for line in text.replace("\n  ", "\n").splitlines()}
    assert set(config.variables) <= lines  # no name is broken
    assert "mean 3.2" in " ".join(text.split())


def test_codebook_is_a_list_of_variables_where_a_table_would_break_words() -> None:
    codebook = builders.codebook(builders.arms_config())
    narrow, wide = (show_codebook(codebook, SPEECH, width).splitlines() for width in (60, 160))
    assert wide[0].split() == ["Variable", "What", "it", "is", "Columns", "Values", "Missing", "Distribution"]
    assert "Missing" not in narrow[0] and any(line.startswith("    columns: ") for line in narrow)
