"""The step that gathers what the models found."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from alliance.errors import ModelError
from alliance.facts.artefacts import ARTEFACTS, COUNT, NUMBER, TEXT, TRUTH, Artefact, Columns, made_by
from alliance.models.container import make_tree, pack_draws, pack_rows
from alliance.runs.artefacts import read_artefact
from alliance.runs.files import write_csv, write_tree
from alliance.steps.collect import collect_estimates
from alliance.steps.fit import fit_model

LIMITS = {"interval": 0.95, "monte_carlo_draws": 1000, "rhat_max": 1.01, "ess_min": 400, "divergences_max": 0}
ROW = {
    "path": "x -> y", "effect": "effect", "level": "within", "unit": "patient", "rank": 1,
    "estimate": 0.5, "without": np.nan, "change": 0.1,
}  # fmt: skip


def fitted(folder: Path, model: str, **groups: xr.Dataset) -> None:
    quantities = pd.DataFrame(
        [
            {
                "outcome": "y", "path": "x -> y", "effect": "effect", "level": "within", "horizon": "", "moderator": "", "value": np.nan,
                "n_patients": 9, "n_sessions": 90, "n_therapists": 0,
            }
        ]
    )  # fmt: skip
    tree = make_tree(
        model=model,
        family="multilevel_path",
        engine="maximum likelihood",
        interval_kind="bootstrap confidence",
        paths=pack_draws(quantities, np.random.default_rng(3).normal(size=(1, 50, 1))),
        groups=groups,
    )
    write_tree(tree, folder / f"{model}.nc")
    write_csv(pd.DataFrame(columns=ARTEFACTS["flow"].header), folder / f"{model}.csv")


@pytest.fixture
def collected(tmp_path: Path) -> dict[str, pd.DataFrame]:
    fitted(tmp_path, "first")
    fitted(tmp_path, "second", influence=pack_rows([ROW]))
    return collect(tmp_path)


def collect(tmp_path: Path) -> dict[str, pd.DataFrame]:
    """Collect the models `first` and `second`, and read what was written."""
    flow = pd.DataFrame([dict.fromkeys(ARTEFACTS["flow"].header, 0)])
    write_csv(flow, tmp_path / "flow.csv")
    paths = {name: str(tmp_path / "out" / ARTEFACTS[name].path) for name in made_by("collect_estimates")}
    collect_estimates(
        model_draws=[str(tmp_path / f"{name}.nc") for name in ("first", "second")],
        model_flows=[str(tmp_path / f"{name}.csv") for name in ("first", "second")],
        flow_data=str(tmp_path / "flow.csv"),
        inference=LIMITS,
        **paths,
    )
    return {name: read_artefact(path, name) for name, path in paths.items()}


@pytest.mark.parametrize("name", ["shrinkage", "sensitivity", "moderation", "predictive", "priors"])
def test_table_that_no_model_adds_to_has_its_columns_and_no_rows(collected: dict[str, pd.DataFrame], name: str) -> None:
    assert list(collected[name].columns) == ARTEFACTS[name].header
    assert collected[name].empty


def test_rows_of_a_fit_are_named_after_its_model(collected: dict[str, pd.DataFrame]) -> None:
    (row,) = collected["influence"].to_dict("records")
    assert row["model"] == "second"
    assert (row["unit"], row["rank"], row["estimate"]) == ("patient", 1, 0.5)
    assert np.isnan(row["without"])


def test_kind_of_interval_is_the_engines_own(collected: dict[str, pd.DataFrame]) -> None:
    assert set(collected["estimates"]["interval_kind"]) == {"bootstrap confidence"}


def test_table_that_is_only_declared_is_collected_from_the_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns: Columns = {"model": TEXT, "unit": TEXT, "size": NUMBER, "hits": COUNT, "kept": TRUTH}
    toy = Artefact("toy", "estimates/toy.csv", "collect_estimates", columns, from_fit=True)
    monkeypatch.setitem(ARTEFACTS, "toy", toy)
    rows = [{"unit": "1", "size": 0.5, "hits": 3, "kept": True}, {"unit": "", "size": np.nan, "hits": 4, "kept": False}]
    fitted(tmp_path, "first")
    fitted(tmp_path, "second", toy=pack_rows(rows))
    table = collect(tmp_path)["toy"]

    expected = pd.DataFrame([{"model": "second", **row} for row in rows])
    pd.testing.assert_frame_equal(table, expected)


def test_model_that_could_not_be_fitted_costs_its_own_rows_and_no_others(tmp_path: Path) -> None:
    fitted(tmp_path, "first")
    unfitted(tmp_path, "second")
    tables = collect(tmp_path)

    assert set(tables["estimates"]["model"]) == {"first"} and len(tables["influence"]) == 0
    (row,) = tables["diagnostics"].query("model == 'second'").to_dict("records")
    assert (row["caution"], row["passed"]) == ("not_fitted", False)
    assert "the panel has no column 'elsewhere'" in row["detail"]


def test_run_without_any_fitted_model_stops_with_the_reasons(tmp_path: Path) -> None:
    for name in ("first", "second"):
        unfitted(tmp_path, name)
    with pytest.raises(
        ModelError, match=r"None of the models could be fitted:\n  - models.specs.first: the panel has no column"
    ):
        collect(tmp_path)


def unfitted(folder: Path, model: str) -> None:
    """Ask for a model with a column that the panel does not have."""
    panel = pd.DataFrame({"patient": ["P001", "P002"], "therapist": "T01", "session": 1, "y": [1.0, 2.0]})
    panel.to_parquet(folder / "panel.parquet")
    spec = {
        "label": "m",
        "family": "textbook",
        "equations": {"y": {"on": ["elsewhere"]}},
        "effects": {"from": "elsewhere", "to": "y"},
    }
    fit_model(
        panel=str(folder / "panel.parquet"),
        draws=str(folder / f"{model}.nc"),
        flow=str(folder / f"{model}.csv"),
        model=model,
        spec=spec,
        settings={"seed": 1, "lag": 1, "monte_carlo_draws": 1000, "variables": {}},
    )
