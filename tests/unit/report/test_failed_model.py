"""A model that could not be fitted has no rows anywhere; everything else of the report is made without it."""

from importlib import import_module

import matplotlib.pyplot as plt
import pytest

from alliance.report.figures import FIGURES
from alliance.report.prose import SENTENCES, describe_headline
from alliance.report.tables import TABLES
from tests.artefacts import builders

CONFIG = builders.arms_config()
FAILED = ("technique_jointly", "variance")


@pytest.fixture(scope="module", params=FAILED)
def without(request: pytest.FixtureRequest) -> dict:
    whole = builders.artefacts(CONFIG) | builders.compared(CONFIG)
    return {
        name: table[table["model"] != request.param].reset_index(drop=True) if "model" in table else table
        for name, table in whole.items()
    }


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_drawn(without: dict, name: str) -> None:
    drawing = import_module(FIGURES[name]).draw(without, CONFIG)
    assert drawing.alt
    plt.close(drawing.figure)


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_made(without: dict, name: str) -> None:
    module = import_module(TABLES[name])
    if set(module.NEEDS) <= set(without):
        assert module.make(without, CONFIG).caption


@pytest.mark.parametrize("name", SENTENCES)
def test_sentences_are_said(without: dict, name: str) -> None:
    SENTENCES[name](without, CONFIG)
    assert describe_headline(without, CONFIG)
