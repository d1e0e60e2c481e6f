"""Effects: what is declared of one reaches every place that treats effects alike."""

import re

import numpy as np
import pandas as pd
import pytest

from alliance.facts.effects import COMPONENT_LEVELS, EFFECT_LEVELS, EFFECTS, LEVELS, Effect
from alliance.facts.marks import Mark
from alliance.models.container import Quantities, make_tree
from alliance.report.labels import label_effect
from alliance.report.tables.effects import make
from alliance.results.comparison import compare_estimates
from alliance.results.estimates import flag_of, main_rows, summarise_estimates, thin_draws
from tests.artefacts import builders

CONFIG = builders.arms_config()
COUNTS = {"y": {"n_patients": 30, "n_sessions": 300, "n_therapists": 0}}


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> str:
    """Declare an effect, as a newcomer would: one entry."""
    declared = Effect("toy", "toy of the middle", "path", signed=False, central=True, several_paths=True)
    monkeypatch.setitem(EFFECTS, "toy", declared)
    return "toy"


def estimates_of(*effects: str, values: np.ndarray) -> pd.DataFrame:
    tree = tree_of(*effects, values=values)
    return summarise_estimates(tree, [], 0.9)


def tree_of(*effects: str, values: np.ndarray):
    quantities = Quantities(COUNTS)
    for effect in effects:
        quantities.add("x -> y", effect, "within", values, ("y",))
    return make_tree(
        model=CONFIG.models.fit[0],
        family="toy",
        engine="toy",
        interval_kind="credible",
        paths=quantities.pack(),
        groups={},
    )


def test_declared_effect_reaches_estimates_draws_flags_tables_and_comparisons(toy: str) -> None:
    values = np.linspace(0.5, 1.5, 101)
    estimates = estimates_of("effect", toy, values=values)
    row = estimates.set_index("effect").loc[toy]

    assert row["estimate"] == pytest.approx(1.0) and np.isnan(row["p_direction"])
    assert set(thin_draws(tree_of("effect", toy, values=values))["effect"]) == {"effect", toy}
    assert list(make({"estimates": estimates}, CONFIG).shown["Quantity"]) == ["Slope", "Toy of the middle"]
    assert label_effect(toy) == "toy of the middle"
    assert list(compare_estimates(estimates, estimates)["change"]) == ["same direction", "has no direction"]
    mark = Mark("mixed_levels", "m", verdict=False, outcomes=("m",))
    quantity = {"outcome": "y", "path": "x -> y", "effect": toy, "level": "within"}
    assert flag_of(quantity, 0, [mark], ["x -> m -> y"]) == "mixed levels"


def test_effect_that_nobody_declared_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no effect 'toy'"):
        Quantities(COUNTS).add("x -> y", "toy", "within", np.zeros(3), ("y",))


def test_model_answers_with_its_indirect_paths_or_else_with_its_slopes() -> None:
    rows = [("one", "a"), ("one", "effect"), ("one", "indirect"), ("two", "effect"), ("two", "coefficient")]
    table = pd.DataFrame(rows, columns=["model", "effect"])

    assert list(main_rows(table).itertuples(index=False, name=None)) == [("one", "indirect"), ("two", "effect")]
    assert main_rows(table.head(0)).empty


def test_effects_are_named_in_words_that_every_design_licenses() -> None:
    for effect in EFFECTS.values():
        assert not re.search(r"mediat|caus|effect", f"{effect.label} {effect.symbol}")
        assert effect.label != effect.name.replace("_", " ") or effect.name.isalpha()


def test_levels_of_effects_and_of_components_are_all_levels() -> None:
    assert {*EFFECT_LEVELS, *COMPONENT_LEVELS} == set(LEVELS)
    assert COMPONENT_LEVELS == ("session", "patient", "therapist")  # from the inside out, as figures stack them
