"""Scores of sessions and the table of their reliability."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.config import Variable
from alliance.config.instruments import Fact, read_instruments
from alliance.data.scoring.measures import score_sessions
from alliance.facts.artefacts import ARTEFACTS

INSTRUMENTS = read_instruments([Path(__file__).parents[4] / "config" / "instruments" / "wai_sr.yaml"])
DECLARED: dict[str, dict[str, Any]] = {
    "alliance": {"kind": "scale", "instrument": "wai_sr", "items": "wai_{item}"},
    "collaborative": {"column": "c"},
    "supportive": {"column": "s"},
    "technique": {"kind": "composite", "of": ["collaborative", "supportive"], "metric": "mean"},
    "delivery": {"kind": "category", "column": "d", "reference": "room"},
}
VARIABLES = {
    name: Variable.model_validate({"label": name, "measured": "during", **settings})
    for name, settings in DECLARED.items()
}


def sessions(seed: int = 7, patients: int = 40, each: int = 6) -> pd.DataFrame:
    """Forty patients with six sessions; items share a stable and a moving part; some answers are blank."""
    draw = np.random.default_rng(seed)
    rows = patients * each
    stable, moving = np.repeat(draw.normal(size=patients), each), draw.normal(size=rows)
    raw = 3 + stable[:, None] + 0.7 * moving[:, None] + draw.normal(size=(rows, 12))
    table = pd.DataFrame(np.clip(np.round(raw), 1, 5), columns=[f"alliance__{item}" for item in range(1, 13)])
    table = table.mask(draw.random(table.shape) < 0.02)
    keys = pd.DataFrame(
        {
            "patient": np.repeat([f"P{number:03d}" for number in range(patients)], each),
            "session": np.tile(np.arange(1, each + 1), patients),
            "days": np.tile(7.0 * np.arange(each), patients),
        }
    )
    ready = pd.DataFrame(draw.integers(0, 7, size=(rows, 2)).astype(float), columns=["collaborative", "supportive"])
    delivery = pd.DataFrame({"delivery": draw.choice(["room", "video"], rows)})
    return pd.concat([keys, table, ready, delivery], axis=1)


def test_scores_hold_keys_then_one_column_per_score() -> None:
    scores, _ = score_sessions(sessions(), VARIABLES, INSTRUMENTS)
    assert list(scores) == [
        *("patient", "therapist", "session", "days", "weeks"),
        *("alliance", "alliance_task", "alliance_bond", "alliance_goal", "alliance_agreement"),
        *("collaborative", "supportive", "technique", "delivery_video"),
    ]
    assert scores["therapist"].isna().all() and scores["weeks"].isna().all()
    assert all(dtype == np.float64 for dtype in scores.dtypes.iloc[3:])


def test_order_of_rows_and_columns_changes_nothing() -> None:
    table = sessions()
    shuffled = table.sample(frac=1, random_state=1)[sorted(table.columns)]
    for one, other in zip(
        score_sessions(table, VARIABLES, INSTRUMENTS), score_sessions(shuffled, VARIABLES, INSTRUMENTS), strict=True
    ):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_reliability_has_a_row_for_every_scale_that_is_one_number() -> None:
    _, reliability = score_sessions(sessions(), VARIABLES, INSTRUMENTS)
    assert list(reliability) == ARTEFACTS["reliability"].header
    assert list(zip(reliability["variable"], reliability["scale"], strict=True)) == [
        *(("alliance", scale) for scale in ("total", "task", "bond", "goal", "agreement")),
        *((name, "total") for name in ("collaborative", "supportive", "technique")),
    ]


def test_counts_of_prorated_and_missing_scores_add_up() -> None:
    table = sessions()
    scores, reliability = score_sessions(table, VARIABLES, INSTRUMENTS)
    total = reliability.set_index(["variable", "scale"]).loc[("alliance", "total")]
    blanks = table.filter(like="alliance__").isna().sum(axis=1)
    assert total["prorated"] == blanks.between(1, 2).sum() > 0  # at most a fifth of twelve items
    assert total["missing"] == (blanks > 2).sum()
    assert total["n_sessions"] + total["missing"] == len(table)
    assert total["mean"] == pytest.approx(scores["alliance"].mean(), rel=1e-12)
    assert total["instrument"] == "WAI-SR" and total["n_items"] == 12


def test_reliability_within_patients_is_below_that_between_patients() -> None:
    _, reliability = score_sessions(sessions(), VARIABLES, INSTRUMENTS)
    total = reliability.iloc[0]
    assert 0 < total["omega_within"] < total["alpha"] < 1
    assert total["omega_within"] < total["omega_between"] <= 1


def test_ready_made_number_is_described_without_a_reliability() -> None:
    _, reliability = score_sessions(sessions(), VARIABLES, INSTRUMENTS)
    row = reliability.set_index("variable").loc["collaborative"]
    assert row[["n_items", "alpha", "omega_within", "omega_between", "prorated"]].isna().all()
    assert row["n_sessions"] == 240


def test_composite_of_two_has_alpha_and_says_why_it_has_no_omega() -> None:
    _, reliability = score_sessions(sessions(), VARIABLES, INSTRUMENTS)
    row = reliability.set_index("variable").loc["technique"]
    assert row["n_items"] == 2 and np.isfinite(row["alpha"]) and np.isnan(row["omega_within"])
    assert "needs at least 3 items" in row["note"]


def test_refused_scale_is_listed_with_the_reason_and_not_among_the_scores() -> None:
    sure = INSTRUMENTS["wai_sr"]
    fact = Fact(source="hearsay", confidence="low", verified=False)
    doubtful = {"wai_sr": sure.model_copy(update={"facts": {**sure.facts, "subscales": fact}})}
    scores, reliability = score_sessions(sessions(), VARIABLES, doubtful)
    assert "alliance_bond" not in scores
    bond = reliability.set_index("scale").loc["bond"]
    assert np.isnan(bond["mean"]) and "instrument_confirmed" in bond["note"]


def test_reliability_has_an_error_where_models_correct_for_it() -> None:
    declared = VARIABLES | {"alliance": VARIABLES["alliance"].model_copy(update={"reliability": "items"})}
    _, reliability = score_sessions(sessions(), declared, INSTRUMENTS)
    errors = reliability.set_index(["variable", "scale"])[["omega_within_error", "omega_between_error"]]
    assert errors.loc[("alliance", "total")].gt(0).all()
    assert errors.drop(index="alliance").isna().all(axis=None)
