"""What is said of this run beside one other, and beside several."""

import pandas as pd

from alliance.facts.artefacts import ARTEFACTS
from alliance.report.prose.compared import describe_comparison
from alliance.results.comparison import compare_runs
from tests.artefacts import builders
from tests.unit.report.prose.rows import estimate, inputs, said

CONFIG = builders.arms_config(run={"name": "other", "title": "Other", "seed": 2, "compare_to": "main"})
THIS = inputs(estimate(estimate=-0.114, low=-0.21, high=-0.02))["estimates"]
BASE = inputs(estimate())["estimates"]
UNITS = {"variables": {"symptoms": {"metric": "mean"}}}


def differences(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=ARTEFACTS["differences"].header)


def test_comparison_counts_settings_and_names_the_largest_move_with_both_intervals() -> None:
    table = compare_runs({"main": (BASE, {})}, THIS, {})
    settings = differences(("main", "run.name", "main", "other"), ("main", "panel.lag", "1", "2"))
    sentences = said(describe_comparison({"comparison": table, "differences": settings}, CONFIG))

    assert "1 setting differs from run “main”" in sentences
    assert "The largest move is 2.00 standard deviations of the estimate" in sentences
    assert "from −0.21 (95% Monte Carlo confidence interval −0.31 to −0.12; 281 patients" in sentences
    assert "to −0.11 (95% Monte Carlo confidence interval −0.21 to −0.02; 281 patients" in sentences


def test_each_of_several_runs_is_told_by_its_own_settings_and_moves() -> None:
    others = {"zebra": (BASE, {}), "alone": (THIS, {}), "means": (BASE, UNITS)}
    table = compare_runs(others, THIS, {"variables": {"symptoms": {"metric": "sum"}}})
    settings = differences(("zebra", "panel.lag", "1", "2"), ("zebra", "priors.slope_sd", "1", "2.5"))
    sentences = said(describe_comparison({"comparison": table, "differences": settings}, CONFIG))

    assert "beside 3 others" in sentences
    assert "Run “zebra”: 2 settings differ." in sentences
    assert "Run “alone”: No setting differs." in sentences
    assert sentences.index("“zebra”") < sentences.index("“alone”") < sentences.index("“means”")  # as declared
    assert "0 estimates can be compared; 1 is in other units and not subtracted." in sentences.split("“means”")[1]


def test_run_without_comparison_says_nothing_about_one() -> None:
    assert describe_comparison(inputs(estimate()), builders.arms_config()) == []
