"""Statistics of ruptures, against the same numbers worked out from marks row by row."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.config import ModelSpec, Variable
from alliance.data.ruptures.episodes import follow, retrace
from alliance.data.ruptures.series import Usual
from alliance.errors import ModelError
from alliance.models.container import marks_of
from alliance.models.fitting import fit_declared
from alliance.results.estimates import summarise_estimates

USUAL = Usual(42.0, 0.0, 4.0, 3.0, 0.2, low=12.0, high=60.0, step=1.0)
PATIENTS, SESSIONS = 120, 9
BOND = {"label": "bond", "column": "bond", "measured": "after"}
HELP = {"label": "help", "column": "help", "role": "strategy", "measured": "during"}
SEEN = {"label": "seen", "column": "seen", "measured": "during"}


def mark(detector: str, state: str) -> dict[str, Any]:
    of = ["bond", "seen"] if detector == "observer" else ["bond"]
    told = {"kind": "rupture_mark", "of": of, "detector": detector, "state": state, "measured": "after"}
    return told | {"label": f"{detector} {state}"}


MARKS = {
    f"{state}_{detector}": mark(detector, state)
    for detector in ("sd_drop", "observer")
    for state in ("open", "repaired")
}
VARIABLES = {
    name: Variable.model_validate(one).model_dump(mode="json")
    for name, one in {"bond": BOND, "help": HELP, **MARKS}.items()
}
SETTINGS: dict[str, Any] = {"seed": 3, "variables": VARIABLES, "reliability": {}, "lag": 1}
SPEC = ModelSpec.model_validate(
    {"label": "r", "family": "descriptive", "analysis": "ruptures", "variables": ["bond", *MARKS, "help"], "samples": 200}
)  # fmt: skip


@pytest.fixture(scope="module")
def study() -> tuple[pd.DataFrame, dict[str, Any]]:
    """Simulate a panel whose marks are chance, and what follows from them."""
    rng = np.random.default_rng(1)
    last = np.where(rng.random(PATIENTS) < 0.4, rng.integers(3, SESSIONS, PATIENTS), SESSIONS)
    seen = (rng.random((PATIENTS, SESSIONS)) > 0.1) & (np.arange(SESSIONS) < last[:, None])
    seen[:, 0] = True
    values = USUAL.simulate(seen, rng)
    first = rng.random(values.shape) < 0.12
    marks = {
        "sd_drop": first,
        "observer": np.where(rng.random(values.shape) < 0.5, first, rng.random(values.shape) < 0.12),
    }
    followed = {name: follow(values, np.where(seen, one.astype(float), np.nan), USUAL) for name, one in marks.items()}
    rated = rng.integers(0, 7, values.shape).astype(float)
    i, t = np.nonzero(seen)
    panel = pd.DataFrame(
        {"patient": [f"P{n:03d}" for n in i], "therapist": None, "session": t + 1, "bond": values[i, t]}
    )
    for name, found in followed.items():
        panel[f"open_{name}"], panel[f"repaired_{name}"] = found.open[i, t], found.returned[i, t]
    return panel.assign(help=rated[i, t]), {"values": values, "followed": followed, "rated": rated}


@pytest.fixture(scope="module")
def found(study: tuple[pd.DataFrame, dict[str, Any]]) -> pd.DataFrame:
    tree = fit_declared(study[0], "r", SPEC, SETTINGS).tree
    return summarise_estimates(tree, marks_of(tree), 0.95).set_index(["path", "effect"])


def test_ruptures_are_read_from_states_as_they_were_followed(study: tuple[pd.DataFrame, dict[str, Any]]) -> None:
    for told in study[1]["followed"].values():
        again = retrace(study[1]["values"], told.open, told.returned)
        for name in ("patient", "session", "depth", "length", "repaired", "open", "returned"):
            np.testing.assert_array_equal(getattr(again, name), getattr(told, name))


def test_shares_and_depths_are_those_of_the_ruptures(
    study: tuple[pd.DataFrame, dict[str, Any]], found: pd.DataFrame
) -> None:
    told = study[1]["followed"]["sd_drop"]
    judged = np.isfinite(told.open).any(axis=1).sum()
    at = found.loc["open_sd_drop"]["estimate"]
    assert at["ruptured"] == pytest.approx(len(np.unique(told.patient)) / judged)
    assert at["depth"] == pytest.approx(told.depth.mean())
    assert at["repaired"] == pytest.approx(np.nanmean(told.repaired))


def test_kappa_is_that_of_the_table_of_sessions_in_which_ruptures_begin(
    study: tuple[pd.DataFrame, dict[str, Any]], found: pd.DataFrame
) -> None:
    begins = []
    for told in study[1]["followed"].values():
        one = np.where(np.isfinite(told.open), 0.0, np.nan)
        one[told.patient, told.session] = 1
        begins.append(one)
    both = np.isfinite(begins[0]) & np.isfinite(begins[1])
    x, y = (one[both] for one in begins)
    agreed, chance = (x == y).mean(), x.mean() * y.mean() + (1 - x.mean()) * (1 - y.mean())
    row = found.loc[("open_sd_drop, open_observer", "kappa")]
    assert row["estimate"] == pytest.approx((agreed - chance) / (1 - chance))
    assert row["low"] < row["estimate"] < row["high"]


def test_who_leaves_is_compared_within_strata_of_level_and_course(
    study: tuple[pd.DataFrame, dict[str, Any]], found: pd.DataFrame
) -> None:
    panel = study[0]
    last = panel.groupby("patient")["session"].transform("max")
    ends = panel.groupby("patient")["session"].max().value_counts() / PATIENTS
    stays = last.isin(ends.index[ends >= 0.1])
    edges = np.nanquantile(study[1]["values"], [0.2, 0.4, 0.6, 0.8], method="inverted_cdf")
    rows = panel.assign(
        left=(~stays & (last < panel["session"] + 2)).astype(float),
        stratum=np.searchsorted(edges, panel["bond"]) * 10 + (panel["session"] - 1) * 3 // SESSIONS,
    ).dropna(subset=["open_sd_drop"])
    total, weights = 0.0, 0.0
    for _, part in rows.groupby("stratum"):
        one, other = (part.loc[part["open_sd_drop"] == state, "left"] for state in (1, 0))
        if len(one) and len(other):
            weight = len(one) * len(other) / len(part)
            total, weights = total + weight * (one.mean() - other.mean()), weights + weight
    assert found.loc[("open_sd_drop", "leaving"), "estimate"] == pytest.approx(total / weights)


@pytest.mark.parametrize(("name", "held"), [("sd_drop", True), ("observer", False)])
def test_what_shortens_is_a_least_squares_slope(
    name: str, held: bool, study: tuple[pd.DataFrame, dict[str, Any]], found: pd.DataFrame
) -> None:
    values, told, rated = study[1]["values"], study[1]["followed"][name], study[1]["rated"]
    rows = []
    for i, t, depth, length in zip(told.patient, told.session, told.depth, told.length, strict=True):
        later = [s for s in range(t + 1, SESSIONS) if np.isfinite(values[i, s])]
        if later:
            rows.append([1.0, rated[i, t], *([depth] if held else []), float(length <= later[0] - t)])
    table = np.array(rows)
    expected = np.linalg.lstsq(table[:, :-1], table[:, -1], rcond=None)[0][1]
    assert found.loc[(f"help -> open_{name}", "sooner"), "estimate"] == pytest.approx(expected)


def test_marks_that_no_session_has_leave_out_their_numbers_and_no_others(
    study: tuple[pd.DataFrame, dict[str, Any]],
) -> None:
    panel = study[0].assign(open_sd_drop=0.0, repaired_sd_drop=0.0)
    tree = fit_declared(panel, "r", SPEC, SETTINGS).tree
    paths = set(summarise_estimates(tree, marks_of(tree), 0.95)["path"])
    assert paths == {"open_observer", "help -> open_observer"}


def test_nothing_marked_at_all_is_said_with_what_to_do(study: tuple[pd.DataFrame, dict[str, Any]]) -> None:
    with pytest.raises(ModelError, match=r"no way to tell ruptures marks 10 patients.*take the model"):
        fit_declared(study[0].assign(**dict.fromkeys(MARKS, 0.0)), "r", SPEC, SETTINGS)
