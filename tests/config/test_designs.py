"""Published designs in a few lines each: they load, say whom they follow, and their models fit."""

from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from alliance.config import Config
from alliance.models.container import quantities_of, reason_of_failure
from alliance.models.fitting import ENDS, fit_declared, settings_for
from alliance.runs.plan import merge_files
from tests.artefacts import builders

CONFIG = Path(__file__).parents[2] / "config"
DESIGNS = sorted((CONFIG / "designs").glob("*.yaml"))
# What would take long, or needs items, and is no part of the design.
LIGHT = {"depth": "ml", "missing": "drop", "trends": False, "influence": False, "random_effects": False}
AS_POSED = ("fluckiger_2020", "falkenstrom_2017")  # the model of a question, which other tests fit
LONGEST = 25  # lines without comments


@cache
def load(path: Path) -> Config:
    return merge_files(CONFIG / "config.yaml", [path], {})


@cache
def panel() -> pd.DataFrame:
    """Return a panel with the measures of all designs; that with ruptures has most."""
    return builders.panel(load(CONFIG / "designs/lipner_2022.yaml"), patients=50, last_session=8)


def test_readme_lists_every_design() -> None:
    text = (CONFIG / "designs" / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in DESIGNS if f"`{path.name}`" not in text] == []
    assert len(DESIGNS) == 12


@pytest.mark.parametrize("path", DESIGNS, ids=lambda path: path.stem)
def test_design_is_short_has_a_name_of_its_own_and_says_whom_it_follows(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("# After ") and lines[1].startswith("# ")
    assert sum(not line.lstrip().startswith("#") for line in lines if line.strip()) <= LONGEST
    assert load(path).run.name == path.stem


def test_early_sessions_only_are_those_of_the_two_stage_design() -> None:
    assert load(CONFIG / "designs/fluckiger_2020.yaml").cleaning.exclude.where["session"].above == 7


@pytest.mark.parametrize("path", [path for path in DESIGNS if path.stem not in AS_POSED], ids=lambda path: path.stem)
def test_last_model_of_a_design_fits_and_gives_what_it_asks(path: Path) -> None:
    config = load(path)
    name = config.models.fit[-1]
    spec = config.models.specs[name]
    spec = spec.model_copy(update={key: value for key, value in LIGHT.items() if key in type(spec).model_fields})
    settings = settings_for(spec, config)
    settings["variables"] = {key: one | {"reliability": None} for key, one in settings["variables"].items()}
    settings |= {"reliability": {}, "monte_carlo_draws": 200}
    settings |= {ENDS: {"alliance": [12, 60], "alliance_therapist": [12, 60]}} if ENDS in settings else {}
    tree = fit_declared(panel(), name, spec, settings).tree
    assert reason_of_failure(tree) == ""
    found = quantities_of(tree["paths"])
    for pair in spec.every_effects():
        ends = [path.split(" -> ") for path in found["path"]]
        assert any((nodes[0], nodes[-1]) == (pair.source, pair.target) for nodes in ends)
