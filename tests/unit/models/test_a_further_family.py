"""A family that is one package and one entry: declared, fitted at every depth, estimated, flagged and checked for influence."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alliance.config import ModelSpec
from alliance.facts.depths import DEPTHS, Depth
from alliance.facts.families import FAMILIES, Family
from alliance.inference import depths
from alliance.models.container import marks_of
from alliance.models.fitting import fit_declared
from alliance.results.estimates import summarise_estimates
from tests.unit.inference.toy import draw_around_the_mode
from tests.unit.models.joint_study import make_settings

SETTINGS = make_settings() | {"sampling": {"chains": 2, "draws": 1000, "tune": 300, "target_accept": 0.8}}


@pytest.fixture(autouse=True)
def counts(monkeypatch: pytest.MonkeyPatch) -> None:
    family = Family("counts", "tests.unit.models.counts", joint=False, has_settings=True, sections=("sampling",))
    monkeypatch.setitem(FAMILIES, "counts", family)


def declare(**changes: object) -> ModelSpec:
    return ModelSpec.model_validate(
        {
            "label": "Ruptures",
            "family": "counts",
            "equations": {"rupture": {"on": ["arm"]}},
            "effects": {"from": "arm", "to": "rupture"},
        }
        | changes
    )


def simulate() -> pd.DataFrame:
    """Simulate sessions with and without ruptures; arms share therapists."""
    rng = np.random.default_rng(1)
    patient = np.repeat(np.arange(80), 6)
    arm = patient % 2
    return pd.DataFrame(
        {
            "patient": [f"P{number:03d}" for number in patient],
            "therapist": [f"T{number % 8}" for number in patient // 2],
            "session": np.tile(np.arange(1, 7), 80),
            "arm": arm,
            "rupture": rng.poisson(np.array([0.2, 0.4])[arm]),
        }
    )


PANEL = simulate()


@pytest.mark.parametrize("depth", ["ml", "laplace", "nuts"])
def test_estimate_and_interval_are_those_of_the_closed_form(depth: str) -> None:
    spec = declare(depth=depth)
    tree = fit_declared(PANEL, "ruptures", spec, SETTINGS).tree
    (row,) = summarise_estimates(tree, marks_of(tree), 0.9).to_dict("records")
    counted = PANEL.groupby("arm")["rupture"].agg(["sum", "size"]).to_numpy().T
    if depth == "ml":
        assert row["estimate"] == pytest.approx(np.log(counted[0, 1] / counted[1, 1] * counted[1, 0] / counted[0, 0]))
        ends = row["estimate"] + np.sqrt(np.sum(1 / counted[0])) * stats.norm.ppf([0.05, 0.95])
    else:
        # Two gamma posteriors under priors Gamma(1, 1), by their own draws.
        rates = np.random.default_rng(2).gamma(1 + counted[0], 1 / (1 + counted[1]), (400_000, 2))
        ratio = np.log(rates[:, 1] / rates[:, 0])
        ends = np.quantile(ratio, [0.05, 0.95])
        assert row["estimate"] == pytest.approx(ratio.mean(), abs=0.1 * ratio.std())
    # Quantiles of some thousand draws.
    assert [row["low"], row["high"]] == pytest.approx(ends, abs=0.15 * row["sd"])
    assert (row["family"], row["n_patients"], row["flag"]) == ("counts", 80, "")


def test_influence_and_diagnostics_come_along() -> None:
    tree = fit_declared(PANEL, "ruptures", declare(depth="ml", influence=True), SETTINGS).tree
    assert set(tree["influence"]["unit"].to_numpy().tolist()) == {"patient", "therapist"}
    assert {mark.caution for mark in marks_of(tree)} == {"convergence", "second_maximum", "influential_unit"}


def test_a_further_depth_is_declared_and_fitted_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="there is no depth 'normal'"):
        declare(depth="normal")
    monkeypatch.setitem(DEPTHS, "normal", Depth("normal", posterior=True))
    monkeypatch.setattr(depths, "draw_normal", draw_around_the_mode, raising=False)
    tree = fit_declared(PANEL, "ruptures", declare(depth="normal"), SETTINGS).tree
    (row,) = summarise_estimates(tree, marks_of(tree), 0.9).to_dict("records")
    counted = PANEL.groupby("arm")["rupture"].agg(["sum", "size"]).to_numpy().T + 1  # priors Gamma(1, 1)
    # At the mode of log rates the inverse curvature is 1 / shape; a mean of 1,000 draws.
    assert row["estimate"] == pytest.approx(np.diff(np.log(counted[0] / counted[1]))[0], abs=4 * row["sd"] / 1000**0.5)
    assert row["sd"] == pytest.approx(np.sqrt(np.sum(1 / counted[0])), rel=0.1)
    assert (row["engine"], row["interval_kind"]) == ("normal approximation", "credible")


def test_settings_are_the_familys_own() -> None:
    with pytest.raises(ValueError, match=r"no 'random_effects'; remove it, or use family multilevel_path"):
        declare(random_effects=True)
    assert declare().depth == "laplace"  # type: ignore[attr-defined]
