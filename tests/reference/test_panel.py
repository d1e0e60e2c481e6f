"""Cross-lagged diagrams against lavaan's random-intercept cross-lagged panel models, on recorded values (see ``panel/riclpm.R``).

Here the first session is conditioned on, whatever it is. lavaan's model does the same as soon as first deviations may go with the random
intercepts; then both maximise the same likelihood, apart from the density of the first session, which is free in both. The model of
Hamaker, Kuiper & Grasman (2015) forbids it, which is right only if series start as far from their levels as chance takes them.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alliance.config import ModelSpec, Variable
from alliance.data.panel import make_panel
from alliance.facts.columns import DAYS, PATIENT, THERAPIST, WEEKS
from alliance.models.design.arrays import make_design
from alliance.models.path.maximum import PathMaximum, log_likelihood_of, maximise, table_of
from alliance.models.rows import select_rows

HERE = Path(__file__).with_name("panel")
VARIABLES = {name: Variable(label=name, column=name, measured="before") for name in ("x", "y")}
PREDICTORS = ["x_lag", "y_lag", "x_baseline", "y_baseline"]
SPEC = ModelSpec.model_validate(
    {
        "label": "cross-lagged",
        "family": "multilevel_path",
        "equations": {"x": {"on": PREDICTORS}, "y": {"on": PREDICTORS}},
        "effects": {"from": "x", "to": "y"},
    }
)
NAMES = {"xx": "x: x_lag", "xy": "x: y_lag", "yx": "y: x_lag", "yy": "y: y_lag"}


@pytest.fixture(scope="module")
def sessions() -> pd.DataFrame:
    return pd.read_csv(HERE / "panel.csv").assign(**{THERAPIST: "T1", DAYS: np.nan, WEEKS: np.nan})


@pytest.fixture(scope="module")
def maximum(sessions: pd.DataFrame) -> PathMaximum:
    units = sessions.drop_duplicates(PATIENT)[[PATIENT, THERAPIST]]
    panel = make_panel(sessions, units, pd.DataFrame({THERAPIST: ["T1"]}), VARIABLES, lag=1, max_gap_days=None)
    return maximise(make_design("panel", SPEC, select_rows(panel, "panel", SPEC)[0], VARIABLES))


def recorded(model: str) -> pd.DataFrame:
    values = pd.read_csv(HERE / "riclpm.csv")
    return values[values["model"] == model].set_index("parameter")


def test_cross_lagged_effects_and_their_errors_are_those_of_lavaan(maximum: PathMaximum) -> None:
    table, lavaan = table_of(maximum).set_index("parameter"), recorded("free_start")
    for label, name in NAMES.items():
        # lavaan stops where the fit changes by 1e-10, up to 2e-4 standard errors away.
        assert table.loc[name, "estimate"] == pytest.approx(
            lavaan.loc[label, "estimate"], abs=5e-4 * lavaan.loc[label, "se"]
        )
        assert table.loc[name, "se"] == pytest.approx(lavaan.loc[label, "se"], rel=1e-3)


def test_innovations_and_what_they_share_are_those_of_lavaan(maximum: PathMaximum) -> None:
    table, lavaan = table_of(maximum).set_index("parameter")["estimate"], recorded("free_start")["estimate"]
    assert table["sd residual x"] == pytest.approx(np.sqrt(lavaan["vx"]), rel=1e-4)
    assert table["sd residual y"] == pytest.approx(np.sqrt(lavaan["vy"]), rel=1e-4)
    (correlation,) = table.filter(regex="^correlation residual")
    assert correlation == pytest.approx(lavaan["cxy"] / np.sqrt(lavaan["vx"] * lavaan["vy"]), rel=1e-4)


def test_likelihoods_differ_by_the_density_of_the_first_session(maximum: PathMaximum, sessions: pd.DataFrame) -> None:
    first = sessions[sessions["session"] == 1][["x", "y"]]
    density = stats.multivariate_normal(first.mean(), np.cov(first.T, bias=True)).logpdf(first).sum()
    assert log_likelihood_of(maximum) + density == pytest.approx(
        recorded("free_start").loc["loglik", "estimate"], abs=1e-4
    )


def test_a_start_that_says_nothing_of_the_levels_is_another_model(maximum: PathMaximum) -> None:
    table, strict = table_of(maximum).set_index("parameter"), recorded("riclpm")
    gain = recorded("free_start").loc["loglik", "estimate"] - strict.loc["loglik", "estimate"]
    assert gain > 0
    for label, name in NAMES.items():
        # Both are right of these data, so they differ by no more than what the four parameters more cost and bring.
        assert abs(table.loc[name, "estimate"] - strict.loc[label, "estimate"]) < 2 * strict.loc[label, "se"]
