"""Artefacts: declarations that can be followed from the fit to the reader."""

from pathlib import PurePosixPath

import pytest

from alliance.facts.artefacts import ARTEFACTS, COUNT, TEXT, Artefact, made_by
from alliance.report.figures import FIGURES
from alliance.report.tables import TABLES
from alliance.runs import plan
from alliance.runs.fingerprint import read_constant
from alliance.steps import STEPS
from tests.artefacts import builders


@pytest.mark.parametrize("artefact", ARTEFACTS.values(), ids=list(ARTEFACTS))
def test_declaration_names_a_step_and_a_file_of_its_own(artefact: Artefact) -> None:
    assert artefact.made_by in STEPS
    assert [other.path for other in ARTEFACTS.values()].count(artefact.path) == 1
    # Only Parquet keeps what kind a column is, so text files have to declare it.
    assert artefact.columns or PurePosixPath(artefact.path).suffix == ".parquet"


@pytest.mark.parametrize("name", made_by("collect_estimates"))
def test_rows_are_named_after_their_model(name: str) -> None:
    assert ARTEFACTS[name].columns["model"] == TEXT


def test_every_artefact_is_read_by_the_report_a_figure_a_table_or_a_later_step() -> None:
    needed = {need for module in (*FIGURES.values(), *TABLES.values()) for need in read_constant(module, "NEEDS")}
    between = {"sessions", "patients", "therapists", "scores"}  # steps hand them on
    assert (
        set(ARTEFACTS) - needed - between - {name for name, artefact in ARTEFACTS.items() if artefact.in_report}
        == set()
    )


def test_artefacts_of_tests_have_the_declared_columns() -> None:
    for name, table in builders.artefacts(builders.arms_config()).items():
        assert not ARTEFACTS[name].columns or list(table.columns) == ARTEFACTS[name].header, name


def test_declared_table_is_expected_of_every_run_and_given_to_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    toy = Artefact("toy", "estimates/toy.csv", "collect_estimates", {"model": TEXT, "hits": COUNT}, from_fit=True)
    monkeypatch.setitem(ARTEFACTS, "toy", toy)
    config = builders.arms_config()

    assert toy.path in plan.expected_files(config)
    assert toy in plan.artefacts_of(config)
    assert "toy" in made_by("collect_estimates")  # what the rule's outputs are


def test_comparison_belongs_only_to_a_run_that_is_compared() -> None:
    alone = builders.arms_config()
    compared = alone.model_copy(update={"run": alone.run.model_copy(update={"compare_to": "other"})})

    assert {artefact.name for artefact in plan.artefacts_of(compared)} == set(ARTEFACTS)
    assert set(ARTEFACTS) - {artefact.name for artefact in plan.artefacts_of(alone)} == set(made_by("compare_runs"))
