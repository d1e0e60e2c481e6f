"""Sites of one study: each is fitted as if it were a study of its own, and small ones are not told."""

import pandas as pd
import pytest

from alliance.errors import ModelError
from alliance.inference.random_effects import pool
from alliance.models.container import rows_of
from alliance.models.fitting import fit_declared
from alliance.results.sites import summarise_pooled, summarise_sites
from tests.reference.test_responsiveness import ROWS, SETTINGS, spec_of

PRIVATE = SETTINGS | {"privacy": {"original_ids": False, "minimum_cell": 5, "single_patients": False}}
VARY = {"patient": ["intercept"], "therapist": ["intercept"]}
SPEC = spec_of(pooled_over=["site_b", "site_c"], equations={"y": {"on": ["x"], "vary": VARY}})


def in_sites(*ends: str) -> pd.DataFrame:
    """Return the rows with sites a, b and c, the therapists up to two codes in the first two."""
    first, second = ends
    of_b, of_c = ROWS["therapist"].between(first, second, inclusive="left"), ROWS["therapist"] >= second
    return ROWS.assign(site_b=of_b.astype(float), site_c=of_c.astype(float))


@pytest.fixture(scope="module")
def tree():
    return fit_declared(in_sites("T07", "T13"), "sites", SPEC, PRIVATE).tree


def test_a_site_says_what_it_would_say_as_a_study_of_its_own(tree) -> None:
    rows = rows_of(tree["sites"])
    assert rows[["moderator", "value"]].to_numpy().tolist() == [["site_b", 0.0], ["site_b", 1.0], ["site_c", 1.0]]
    panel = in_sites("T07", "T13")
    alone = fit_declared(panel[panel["site_b"] == 1], "sites", spec_of(equations=SPEC.equations), SETTINGS).tree[
        "paths"
    ]
    place = alone["effect"].to_numpy().tolist().index("effect")
    site = rows[(rows["moderator"] == "site_b") & (rows["value"] == 1)].iloc[0]
    assert site["estimate"] == pytest.approx(float(alone["point"][place]), abs=1e-8)
    assert site["sd"] == pytest.approx(float(alone["draws"][0, :, place].std()), rel=0.06)  # 2000 and 4000 draws
    assert (site["n_patients"], site["n_sessions"]) == (36, 288)


def test_what_sites_say_together_is_the_second_stage_of_what_they_say_alone(tree) -> None:
    sites, pooled = summarise_sites(tree["sites"], 0.9), summarise_pooled(tree["sites"], 0.9).iloc[0]
    found = pool(sites["estimate"].to_list(), sites["sd"].to_list(), 0.9)
    assert (pooled["estimate"], pooled["tau"], pooled["sites"]) == pytest.approx((found.estimate, found.tau, 3))
    assert pooled["n_patients"] == 120 and sites["weight"].sum() == pytest.approx(1)
    between = sites[["estimate"]].assign(mean=found.estimate).agg(["min", "max"], axis=1)
    assert ((sites["shrunk"] >= between["min"]) & (sites["shrunk"] <= between["max"])).all()
    assert ((sites["shrunk_low"] < sites["shrunk"]) & (sites["shrunk"] < sites["shrunk_high"])).all()


def test_a_site_of_few_patients_is_left_out_and_nobody_can_compute_how_many_it_has() -> None:
    panel = in_sites("T07", "T13")
    few = panel[
        (panel["site_c"] == 0) | panel["patient"].isin(sorted(panel.loc[panel["site_c"] == 1, "patient"].unique())[:4])
    ]
    tree = fit_declared(few, "sites", SPEC, PRIVATE).tree
    sites = summarise_sites(tree["sites"], 0.95)
    left = sites[sites["reason"] != ""]
    assert left["reason"].to_list() == ["it has fewer than 5 patients"] and left["estimate"].isna().all()
    assert sites["n_patients"].isna().all() and summarise_pooled(tree["sites"], 0.95)["n_patients"].isna().all()
    assert summarise_pooled(tree["sites"], 0.95)["sites"].to_list() == [2]


def test_one_site_cannot_be_put_together_and_an_unknown_column_is_named() -> None:
    with pytest.raises(ModelError, match=r"pooled_over: 1 of 1 sites can be fitted alone"):
        fit_declared(ROWS.assign(site_b=0.0, site_c=0.0), "sites", SPEC, PRIVATE)
    with pytest.raises(ModelError, match=r"pooled_over: the panel has no column 'site_b'"):
        fit_declared(ROWS, "sites", SPEC, PRIVATE)


def test_sites_are_fitted_by_maximum_likelihood_of_complete_rows_and_the_remedy_is_accepted() -> None:
    with pytest.raises(ValueError, match=r"'pooled_over'.*'depth: ml'.*'missing: drop'"):
        spec_of(pooled_over=["site_b"], missing="fill")
    assert spec_of(pooled_over=["site_b"], missing="drop").pooled_over == ["site_b"]
