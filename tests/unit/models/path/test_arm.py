"""A fitted joint model finds what an arm has done by the end of treatment, in data simulated without this package."""

import numpy as np
import pandas as pd
import xarray as xr

from alliance.config import ModelSpec
from alliance.data.panel import make_panel
from alliance.models.container import marks_of
from alliance.models.fitting import fit_declared
from tests.unit.models.joint_study import VARIABLES, make_settings

PATIENTS, SESSIONS = 240, 8
MEASURED = VARIABLES | {
    name: VARIABLES[name].model_copy(update={"measured": when}) for name, when in (("m", "after"), ("y", "before"))
}
SPEC = ModelSpec.model_validate(
    {
        "label": "arm through m",
        "family": "multilevel_path",
        "depth": "ml",
        "equations": {
            "m": {"on": ["arm", "y", "m_lag", "m_baseline", "y_baseline"], "vary": {"patient": ["intercept"]}},
            "y": {"on": ["m_lag", "arm", "y_lag", "m_baseline", "y_baseline"], "vary": {"patient": ["intercept"]}},
        },
        "effects": {"from": "arm", "to": "y"},
    }
)


def simulate(patients: int, noise: float, seed: int, cut: bool = False) -> pd.DataFrame:
    """Simulate y before and m after each session; the arm acts on m from the first session on, and on y from the second."""
    rng = np.random.default_rng(seed)
    arm = np.arange(patients) % 2
    of_m, of_y = noise * 0.7 * rng.normal(size=(2, patients))
    rows, m, y = [], np.zeros(patients), np.zeros(patients)
    for session in range(1, SESSIONS + 1):
        first = session == 1
        y = (
            of_y
            + (0.0 if first else -0.3 * (0.0 if cut else m) - 0.4 * arm + 0.4 * y)
            + noise * rng.normal(size=patients)
        )
        m = of_m + 1.0 * arm - 0.2 * y + (0.0 if first else 0.3 * m) + noise * rng.normal(size=patients)
        rows.append(pd.DataFrame({"patient": np.arange(patients), "session": session, "m": m, "y": y, "arm": arm}))
    return pd.concat(rows, ignore_index=True)


def fit(planned: int) -> xr.DataTree:
    """Fit the model to a simulated study whose treatment is planned to end at a session."""
    rows = simulate(PATIENTS, 1.0, seed=5).assign(patient=lambda table: "P" + (1000 + table["patient"]).astype(str))
    patients = rows.drop_duplicates("patient")[["patient", "arm"]].assign(therapist="T1")
    scores = rows.drop(columns="arm").assign(therapist="T1", days=np.nan, weeks=np.nan)
    panel = make_panel(scores, patients, pd.DataFrame({"therapist": ["T1"]}), MEASURED, lag=1, max_gap_days=None)
    variables = {key: variable.model_dump(mode="json") for key, variable in MEASURED.items()}
    settings = make_settings() | {"variables": variables, "planned_sessions": planned, "max_gap_days": None}
    return fit_declared(panel, "arm", SPEC, settings).tree


def test_total_and_parts_at_the_end_are_found() -> None:
    tree = fit(SESSIONS)
    assert "beyond_data" not in {mark.caution for mark in marks_of(tree)}
    paths = tree.children["paths"]
    at_end = paths["horizon"].to_numpy() == f"at session {SESSIONS}"
    draws = paths["draws"].to_numpy().reshape(-1, len(at_end))[:, at_end]
    curve = [str(name).startswith("accumulated") for name in paths["effect"].to_numpy()[at_end]]
    found = pd.DataFrame(draws, columns=paths["effect"].to_numpy()[at_end]).loc[:, ~np.array(curve)]

    def difference(cut: bool) -> float:
        last = simulate(2, 0.0, 1, cut)["y"].to_numpy()[-2:]
        return float(last[1] - last[0])

    truth = {"total": difference(False), "direct": difference(True)}
    truth["indirect"] = truth["total"] - truth["direct"]
    for effect, value in truth.items():
        assert abs(found[effect].mean() - value) < 3 * found[effect].std(), effect
        assert found[effect].std() < 0.4 * abs(truth["total"])


def test_effects_at_sessions_that_nobody_reached_are_flagged_alone() -> None:
    tree = fit(SESSIONS + 3)
    (mark,) = [mark for mark in marks_of(tree) if mark.caution == "beyond_data"]
    assert (mark.value, mark.passed) == (3, False)
    assert f"session {SESSIONS + 3} is asked for, and session {SESSIONS} is the last" in mark.detail
    horizons = tree["paths"]["horizon"].to_numpy()
    later = {f"at session {SESSIONS + more}" for more in (1, 2, 3)}
    assert mark.positions == tuple(np.flatnonzero([horizon in later for horizon in horizons]))
