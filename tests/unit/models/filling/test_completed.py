"""Completed data sets keep what cells have changed, and give back the rows and the likelihood that they were found with."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.likelihood.layout import refill
from alliance.models.design.series import add_series
from alliance.models.filling.cells import Filled
from alliance.models.filling.grid import make_grid
from alliance.models.joint import prepare_task
from alliance.models.path import filled, lasting
from alliance.models.path.maximum import PathMaximum
from tests.unit.models.filling.study import EQUATIONS, VARIABLES, blank, make_spec, panel_of, simulate, skip
from tests.unit.models.filling.test_likelihood import SETTINGS

SLOPES: dict[str, Any] = EQUATIONS | {"y": EQUATIONS["y"] | {"vary": {"patient": ["intercept", "m"]}}}


@pytest.fixture(scope="module")
def found() -> tuple[filled.Completion, list[tuple[Filled, PathMaximum]]]:
    """Three completed data sets, and all rows and maxima that the chain came through."""
    panel = panel_of(blank(skip(simulate(60, 6, 1), 0.2, 2), "m", 0.1, 3))
    spec, seen = make_spec(SLOPES), []
    grid = make_grid(panel, spec, VARIABLES, 1, None)
    assert grid is not None
    design = filled.standardise_observed(prepare_task(panel, "study", spec, SETTINGS, grid).design, grid)
    own = filled._Chain.maximise

    def watched(self: Any, rows: Filled, near: PathMaximum, *, thorough: bool) -> PathMaximum:
        maximum = own(self, rows, near, thorough=thorough)
        seen.append((rows, maximum))
        return maximum

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(filled._Chain, "maximise", watched)
        completion = filled.complete(design, grid, 3, np.random.default_rng(4))
    return completion, seen[-5::2]


def test_rows_are_those_of_the_chain_to_the_last_bit(found) -> None:
    completion, seen = found
    for completed, (rows, maximum) in zip(completion.sets, seen, strict=True):
        again = completed.maximum
        for one, other in zip(completed.equations, rows.equations, strict=True):
            assert all(np.array_equal(getattr(one, part), getattr(other, part)) for part in ("y", "x", "z"))
        assert np.array_equal(completed.values, rows.values)
        position = maximum.top.position
        assert np.array_equal(again.top.position, position)
        assert again.target.value(position)[0] == maximum.target.value(position)[0]
    first, second = (completed.equations[1].x for completed in completion.sets[:2])
    assert not np.array_equal(first, second)


def test_the_maximum_of_a_data_set_is_that_of_its_own_rows_and_of_no_other(found) -> None:
    sets = found[0].sets
    assert sets[0].maximum.target.value(sets[0].top.position)[0] == pytest.approx(sets[0].top.value, abs=1e-6)
    first = sets[0].first
    other = refill(first.statistics, sets[1].equations)
    assert np.abs(other.products - sets[0].maximum.target.statistics.products).max() > 0.01


def test_what_is_kept_grows_with_cells_and_not_with_rows_or_places(found) -> None:
    one, other = found[0].sets[:2]
    own = [each for each in vars(one) if getattr(one, each) is not getattr(other, each)]
    assert sorted(own) == ["cells", "top", "values"]
    own = [each for each in vars(one.cells) if getattr(one.cells, each) is not getattr(other.cells, each)]
    assert own == ["auxiliary"]  # the error of measures whose reliability is not known for sure is drawn anew
    assert len(one.values) < sum(len(each.row) for each in one.cells.entries)


def test_panels_hold_the_values_of_their_data_set(found) -> None:
    completion = found[0]
    panel, grid = completion.panel(1), completion.cells.grid
    cell = pd.Series(grid.of["m"])
    assert panel["m"][cell >= 0].tolist() == completion.sets[1].values[cell[cell >= 0]].tolist()


def test_lasting_residuals_are_compared_as_if_the_likelihoods_of_all_data_sets_were_held(monkeypatch) -> None:
    panel = panel_of(blank(skip(simulate(40, 6, 1), 0.2, 2), "m", 0.1, 3))
    own = {"y": EQUATIONS["y"] | {"on": [term for term in EQUATIONS["y"]["on"] if term != "y_lag"]}}
    spec = make_spec(EQUATIONS | own, autocorrelation={"y": "sessions"})
    grid = make_grid(panel, spec, VARIABLES, 1, None)
    assert grid is not None
    design = prepare_task(panel, "study", spec, SETTINGS, grid).design
    design = filled.standardise_observed(add_series("study", spec.autocorrelation, design), grid)
    monkeypatch.setattr(filled, "schedule_for", lambda _: filled.Schedule(rounds=4, settled=2, between=1))
    sets = filled.complete(design, grid, 3, np.random.default_rng(4)).sets
    maxima = [each.maximum for each in sets]
    others = [lasting.maximise_independent(each, ["y"]) for each in maxima]
    remade = [lasting._OfSet(each, each.top) for each in sets], lasting._without(["y"], sets)
    assert lasting._compare(*remade) == lasting._compare(maxima, others)
    assert 0 < lasting.chance_of_lasting(*remade) < 1
    for each in (*remade[0], *remade[1]):  # what is kept of a data set is no likelihood
        assert each.target is not each.target
