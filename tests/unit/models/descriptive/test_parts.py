"""How parts go together: correlations that data were made with, with and without error, early and late, and shares at the ceiling."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.config import ModelSpec, Variable
from alliance.errors import ModelError
from alliance.models.container import marks_of, quantities_of, rows_of
from alliance.models.descriptive.parts import FIRST, IN_BETTER, IN_OTHERS, LAST, MIDDLE
from alliance.models.fitting import fit_declared

PARTS = ["bond", "goal"]
SESSIONS = 9
ENDS = {name: [0.0, 10.0] for name in PARTS}
OMEGA = {"within": [0.5, 0.0], "between": [0.8, 0.0], "note": ""}


def study(patients: int = 200, seed: int = 1) -> pd.DataFrame:
    """Return two parts that are one but for error within patients; error shrinks late, in every second patient only, who gets better."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), SESSIONS)
    session = np.tile(np.arange(1, SESSIONS + 1), patients)
    better = patient % 2 == 0
    late = session > 6
    common = rng.normal(0, 1, len(patient))
    lasting = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], patients)[patient]
    error = np.where(late & better, 0.1, 1.0)[:, None] * rng.normal(0, 1, (len(patient), 2))
    values = 5 + lasting + common[:, None] + error
    panel = pd.DataFrame({"patient": patient.astype(str), "therapist": None, "session": session})
    panel[PARTS] = values
    return panel.assign(symptoms=np.where(better & (session == SESSIONS), 10.0, 30.0) + rng.normal(0, 0.1, len(panel)))


def fit(panel: pd.DataFrame, **settings: Any) -> tuple[pd.DataFrame, Any]:
    declared = {"label": "parts", "family": "descriptive", "analysis": "parts", "variables": ["symptoms", *PARTS]}
    spec = ModelSpec.model_validate(declared | {"samples": 200, "options": {"of": "alliance"}})
    variables = {
        name: Variable(label=name, column=name, measured="after", higher_is="worse").model_dump(mode="json")
        for name in ("symptoms", *PARTS)
    }
    meanings = {
        "symptoms": {"higher_is": "worse", "change_value": 5.0, "change_level": 0.95, "change_source": "so it is"}
    }
    known = {"seed": 1, "lag": 1, "variables": variables, "reliability": {}, "meanings": meanings, "ends": ENDS}
    tree = fit_declared(panel, "parts", spec, known | {"planned_sessions": None} | settings).tree
    paths = tree["paths"]
    draws = paths["draws"].to_numpy()[0]
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    found = quantities_of(paths).assign(estimate=paths["point"].to_numpy(), low=low, high=high)
    return found.set_index(["effect", "level", "horizon"]), tree


@pytest.fixture(scope="module")
def found() -> pd.DataFrame:
    return fit(study(), reliability=dict.fromkeys(PARTS, OMEGA))[0]


def test_correlations_of_each_third_are_those_the_data_were_made_with(found: pd.DataFrame) -> None:
    # Within patients var(common) / (var(common) + error): 1 / 2, and 1 / 1.01 where the error is a tenth. Three standard errors of
    # correlations of some 200 (patients) times 2 (rows less one) deviations.
    for when, expected in (
        (FIRST, 0.5),
        (f"{FIRST}, {IN_BETTER}", 0.5),
        (f"{LAST}, {IN_BETTER}", 1 / 1.01),
        (f"{LAST}, {IN_OTHERS}", 0.5),
    ):
        assert found.loc[("mean_correlation", "session", when), "estimate"] == pytest.approx(
            expected, abs=3 * 0.75 / np.sqrt(200)
        )
    # Each rests on its own patients and sessions, three of each patient in a third.
    for when, size in ((FIRST, 200), (f"{LAST}, {IN_BETTER}", 100)):
        own = found.loc[("mean_correlation", "session", when)]
        assert (own["n_patients"], own["n_sessions"]) == (size, 3 * size)
    assert found.loc[("mean_correlation_change", "session", IN_OTHERS), "n_patients"] == 100
    contrast = found.loc[("mean_correlation_contrast", "session", "")]
    assert contrast["low"] < 1 / 1.01 - 0.5 < contrast["high"]
    assert (contrast["n_patients"], contrast["n_sessions"]) == (100, 300)  # the smaller of both groups, in one third
    # Of lasting levels .6, whatever the error of single sessions.
    between = found.loc[("mean_correlation", "patient", FIRST)]
    assert between["low"] < 0.6 < between["high"]


def test_correlations_without_error_are_divided_by_the_root_of_reliabilities_of_their_level(
    found: pd.DataFrame,
) -> None:
    for level, omega in (("session", 0.5), ("patient", 0.8)):
        scored, true = (found.loc[(effect, level, ""), "estimate"] for effect in ("correlation", "correlation_true"))
        assert true == pytest.approx(scored / omega)


def test_uncertainty_of_a_reliability_widens_the_correlation_without_error_and_leaves_the_estimate() -> None:
    panel = study(60)
    sure = fit(panel, reliability=dict.fromkeys(PARTS, OMEGA))[0]
    doubtful = fit(panel, reliability=dict.fromkeys(PARTS, OMEGA | {"within": [0.5, 0.5]}))[0]
    one, other = (each.loc[("correlation_true", "session", "")] for each in (sure, doubtful))
    assert other["estimate"] == one["estimate"]
    assert other["high"] - other["low"] > 1.5 * (one["high"] - one["low"])


def test_share_of_scores_at_the_top_is_counted_by_third_and_marked() -> None:
    panel = study(40)
    panel["bond"] = panel["bond"].clip(upper=9.5)
    top = (panel["session"] > 6) & (panel["patient"].astype(int) < 10)
    panel.loc[top, "bond"] = 10.0
    panel.loc[panel["patient"].astype(int).between(5, 9) & (panel["session"] == 1), "bond"] = 10.0
    shares, tree = fit(panel)
    shares = shares[shares["outcome"] == "bond"]
    assert shares.loc[("share_at_top", "overall", LAST), "estimate"] == pytest.approx(10 / 40)
    assert shares.loc[("share_at_top", "overall", FIRST), "estimate"] == pytest.approx(5 / 120)
    assert shares.loc[("share_at_top", "overall", FIRST), "n_sessions"] == 120
    assert ("share_at_top", "overall", MIDDLE) not in shares.index
    mark = next(mark for mark in marks_of(tree) if mark.subject == "bond")
    assert (mark.caution, mark.value, mark.passed) == ("scores_at_an_end", pytest.approx(0.25), False)
    assert LAST in mark.detail


def test_shares_of_few_patients_at_the_top_are_not_told() -> None:
    panel = study(40)
    panel["bond"] = panel["bond"].clip(upper=9.5)
    panel.loc[panel["patient"].isin(["1", "2", "3"]), "bond"] = 10.0
    assert "share_at_top" in fit(panel)[0].index.get_level_values("effect")
    assert "share_at_top" not in fit(panel, privacy={"minimum_cell": 5})[0].index.get_level_values("effect")


def test_parts_that_drift_from_each_other_are_found() -> None:
    panel = study(80)
    panel["bond"] += 0.4 * panel["session"]
    table = rows_of(fit(panel)[1]["invariance"])
    assert set(table["variable"]) == {"alliance"}
    drift = table[(table["indicator"] == "bond") & (table["part"] == "intercept")].iloc[0]
    # Over the 8 sessions of the course bond rises by 3.2 points, and by half of that compared with both parts together.
    assert drift["change"] == pytest.approx(1.6, abs=3 * drift["sd"])
    assert drift["verdict"] == "drifts"


def test_groups_of_few_patients_are_left_out_and_all_patients_stay() -> None:
    when = fit(study(30))[0].loc["mean_correlation"].index.get_level_values("horizon")
    assert set(when) == {FIRST, LAST}


def test_a_single_part_is_refused() -> None:
    panel = study(20)
    declared = {"label": "parts", "family": "descriptive", "analysis": "parts", "variables": ["symptoms", "bond"]}
    with pytest.raises(ModelError, match="an outcome is named, and then two parts or more"):
        fit_declared(panel, "parts", ModelSpec.model_validate(declared), {"variables": {}, "reliability": {}})
