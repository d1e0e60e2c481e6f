"""Two raters against lme4, nlme and lavaan on the same recorded ratings (see ``raters/raters.R``)."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.config import ModelSpec, Variable
from alliance.data.panel import make_panel
from alliance.facts.columns import DAYS, PATIENT, THERAPIST, WEEKS
from alliance.facts.effects import SURFACE
from alliance.models.container import quantities_of
from alliance.models.fitting import fit_declared

HERE = Path(__file__).with_name("raters")
ENDS = {"a": [12.0, 60.0], "v": [12.0, 84.0]}
VARIABLES = {
    name: Variable(label=name, column=name, measured="before" if name == "y" else "after") for name in ("a", "v", "y")
}
RECORDED = pd.read_csv(HERE / "raters.csv").set_index(["model", "parameter"])
# lavaan stops up to some thousandths of a standard error away from the maximum.
NEAR = 5e-3
PATIENTS = {"patient": ["intercept"]}


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    sessions = pd.read_csv(HERE / "ratings.csv").assign(**{DAYS: np.nan, WEEKS: np.nan})
    units = sessions.drop_duplicates(PATIENT)[[PATIENT, THERAPIST]]
    return make_panel(sessions, units, sessions[[THERAPIST]].drop_duplicates(), VARIABLES, lag=1, max_gap_days=None)


def estimate(panel: pd.DataFrame, **declared: Any) -> pd.DataFrame:
    """Fit a model and return its estimates and the standard deviations of their draws by path, effect, level and horizon."""
    spec = ModelSpec.model_validate({"label": "raters", "family": "multilevel_path", "missing": "drop"} | declared)
    settings = {
        "seed": 1, "lag": 1, "monte_carlo_draws": 20000, "reliability": {}, "ends": ENDS, "predictive_draws": 2,
        "variables": {name: variable.model_dump(mode="json") for name, variable in VARIABLES.items()},
        "sampling": {}, "priors": {"slope_sd": 1.0, "intercept_sd": 1.0, "residual_sd": 1.0, "varying_sd": 0.5, "correlations": "uniform"},
    }  # fmt: skip
    paths = fit_declared(panel, "raters", spec, settings).tree["paths"]
    found = quantities_of(paths).assign(estimate=paths["point"].to_numpy(), sd=paths["draws"].to_numpy()[0].std(axis=0))
    return found.set_index(["path", "effect", "level", "horizon"])


def test_agreement_is_that_of_a_mixed_model_and_of_regressions_with_an_intercept_for_each_patient(panel) -> None:
    found = estimate(
        panel, family="descriptive", analysis="raters", variables=["a", "v"], samples=200, missing="fill"
    ).droplevel("path")["estimate"]
    known = RECORDED.loc["agreement", "estimate"]
    for level in ("session", "patient"):
        # Data are complete, so moments are restricted maximum likelihood; nlme stops within 1e-6.
        assert found["correlation", level, ""] == pytest.approx(known[f"correlation {level}"], abs=1e-5)
    for name in ("discrepancy", "distance", "correlation"):
        for session in (1, 7):
            assert found[name, "overall", f"at session {session}"] == pytest.approx(known[f"{name} at {session}"])
    for name in ("discrepancy", "distance"):
        assert found[f"{name}_change", "overall", ""] == pytest.approx(known[f"{name} change"])


def test_tracking_within_and_between_patients_is_that_of_a_two_level_model(panel) -> None:
    found = estimate(
        panel,
        equations={"a": {"on": [], "vary": PATIENTS}, "v": {"on": ["a"], "vary": PATIENTS}},
        effects={"from": "a", "to": "v"},
        time_order_signed_off="raters of the same session",
        depth="ml",
        standard_errors="robust",
        trends=False,
    )["estimate"]
    for level, name in (("within", "within"), ("between_patient", "between")):
        recorded = RECORDED.loc["tracking", name]
        assert found["a -> v", "effect", level, "same session"] == pytest.approx(
            recorded["estimate"], abs=NEAR * recorded["se"]
        )


def test_actor_and_partner_are_those_of_a_two_level_model_given_first_values(panel) -> None:
    firsts = ["a_baseline", "v_baseline", "y_baseline"]
    found = estimate(
        panel,
        equations={
            "a": {"on": ["a_lag", "v_lag", "y", *firsts], "vary": PATIENTS},
            "v": {"on": ["a_lag", "v_lag", "y", *firsts], "vary": PATIENTS},
            "y": {"on": ["a_lag", "v_lag", "y_lag", *firsts], "vary": PATIENTS},
        },
        effects={"from": "a", "to": "y"},
        depth="ml",
        standard_errors="robust",
        trends=False,
    )["estimate"]
    for label in ("aa", "av", "va", "vv", "ya", "yv", "yy"):
        recorded = RECORDED.loc["partners", label]
        path = f"{label[1]}_lag -> {label[0]}"
        assert found[path, "coefficient", "within", "next session"] == pytest.approx(
            recorded["estimate"], abs=NEAR * recorded["se"]
        )


def test_surface_and_its_errors_are_those_of_a_mixed_model_with_squares(panel) -> None:
    found = estimate(
        panel,
        equations={
            "y": {"on": ["a_lag", "v_lag", "session"], "vary": {"patient": ["intercept"], "therapist": ["intercept"]}}
        },
        effects={"from": "a", "to": "y"},
        surface={"of": ["a_lag", "v_lag"], "to": "y"},
        depth="ml",
        trends=False,
    )
    for effect in SURFACE:
        one, recorded = found.loc[("a, v -> y", effect, "within", "next session")], RECORDED.loc["surface", effect[-2:]]
        assert one["estimate"] == pytest.approx(recorded["estimate"], abs=NEAR * recorded["se"])
        # Variances are drawn too, where lme4 takes them as known; 20,000 draws tell a standard deviation to .5 %.
        assert 0.98 <= one["sd"] / recorded["se"] <= 1.1
