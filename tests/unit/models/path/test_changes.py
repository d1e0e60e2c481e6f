"""Patients who change therapist in fits: degrees of freedom, missing cells, effects of units, and what is refused."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.errors import ModelError
from alliance.inference.bootstrap import draw_bootstrap
from alliance.inference.robust import robust_covariance
from alliance.models.container import marks_of
from alliance.models.path.fit import fit
from alliance.models.path.maximum import maximise
from alliance.models.path.precision import measure_precision
from alliance.models.path.target import make_target
from tests.unit.models.joint_study import make_spec
from tests.unit.models.path.path_study import BY_PATIENT, BY_THERAPIST, design_by, panel_with_therapists
from tests.unit.models.path.test_filled import settings

ONE = {"y": {"on": ["x"], "vary": {"patient": ["intercept"], "therapist": ["intercept"]}}}


def changed_panel(patients: int = 60, **size: int) -> pd.DataFrame:
    """Return a panel in which every fifth patient has another therapist from the fourth session on."""
    panel = panel_with_therapists(patients, **size)
    number = panel["patient"].str[1:].astype(int)
    codes = sorted(panel["therapist"].unique())
    moved = (number % 5 == 0) & (panel["session"] > 3)
    panel.loc[moved, "therapist"] = [codes[(one // 5) % len(codes)] for one in number[moved]]
    return panel


def test_degrees_of_freedom_of_balanced_crossing_are_units_less_one() -> None:
    """Every patient sees every therapist once, so that differences between therapists are free of those between patients."""
    patients, therapists, rng = 10, 7, np.random.default_rng(1)
    patient, therapist = np.repeat(np.arange(patients), therapists), np.tile(np.arange(therapists), patients)
    panel = pd.DataFrame(
        {
            "patient": [f"P{one:02d}" for one in patient],
            "therapist": [f"T{one:02d}" for one in therapist],
            "session": np.tile(np.arange(1, therapists + 1), patients),
            "y": rng.normal(size=patients)[patient]
            + rng.normal(size=therapists)[therapist]
            + rng.normal(size=len(patient)),
        }
    )
    design = design_by({"y": {"on": [], "vary": ONE["y"]["vary"]}}, panel)
    target = make_target(design)
    position = np.zeros(target.layout.size)
    position[target.layout.diagonals] = [0.6, 0.5]
    natural = target.natural(position[None])
    found = measure_precision(design, target.statistics, natural)["therapist"]
    assert found.freedom[0] == pytest.approx(therapists - 1, rel=1e-9)
    # Each therapist is seen with an error of 1 / patients.
    assert found.spread[0, 0] == pytest.approx(0.25 + 1 / patients, rel=1e-9)


def explored(depth: str, panel: pd.DataFrame | None = None, **declared: Any) -> Any:
    spec = make_spec(family="multilevel_path", equations=BY_THERAPIST, depth=depth, **declared)
    return fit(changed_panel() if panel is None else panel, "study", spec, settings())


def table_of(result: Any) -> pd.DataFrame:
    paths = result.tree["paths"].to_dataset()
    draws = paths["draws"].to_numpy().reshape(-1, paths.sizes["quantity"])
    names = {name: paths[name].to_numpy() for name in ("effect", "level", "path")}
    return pd.DataFrame({**names, "mean": draws.mean(axis=0), "sd": draws.std(axis=0)})


def test_fit_has_effects_of_units_and_influence() -> None:
    result = explored("ml", influence=True, random_effects=True)
    assert "influence" in result.tree.children
    sd = table_of(result).query("effect == 'sd' and level == 'therapist'").set_index("path")["mean"]
    assert len(sd) == 2
    assert not [mark for mark in marks_of(result.tree) if mark.declared.title == "not converged"]


def test_filled_cells_and_another_depth_change_little() -> None:
    panel = changed_panel()
    blank = panel.assign(m=panel["m"].mask(np.random.default_rng(4).random(len(panel)) < 0.08))
    whole = table_of(explored("ml"))
    for other in (table_of(explored("ml", blank, missing="fill")), table_of(explored("laplace"))):
        both = whole.merge(other, on=["effect", "level", "path"]).query("effect == 'coefficient'")
        assert len(both) == 5
        assert (both["mean_x"] != both["mean_y"]).all()
        assert (np.abs(both["mean_x"] - both["mean_y"]) < both["sd_x"]).all()


def test_neither_patients_nor_therapists_are_clusters_where_patients_changed() -> None:
    maximum = maximise(design_by(BY_THERAPIST, changed_panel()))
    for chosen in (None, "patient", "therapist"):
        with pytest.raises(
            ModelError, match=r"cleaning\.therapist_change \(first or most_sessions\), or leave 'standard_errors'"
        ):
            robust_covariance(maximum, chosen)
    with pytest.raises(ModelError, match=r"cleaning\.therapist_change"):
        draw_bootstrap(maximum, "patient", 5, np.random.default_rng(1))
    of_patients = maximise(design_by(BY_PATIENT, changed_panel()))
    assert np.isfinite(robust_covariance(of_patients, "patient")).all()


def test_scores_of_patients_sum_to_the_gradient_by_coefficients() -> None:
    target = make_target(design_by(BY_THERAPIST, changed_panel()))
    position = np.random.default_rng(3).normal(0, 0.3, target.layout.size)
    fixed = target.layout.fixed
    scores = target.scores(position, target.clusters("patient"))
    np.testing.assert_allclose(scores[:, fixed].sum(axis=0), target.value(position)[1][fixed], rtol=1e-9, atol=1e-9)
