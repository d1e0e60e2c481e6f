"""Sites put together as metafor puts them (`tests/reference/synthesis/synthesis.R`), and as statsmodels and closed forms do."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.meta_analysis import combine_effects

from alliance.inference.random_effects import pool, restricted_variance, shrink

HERE = Path(__file__).parent / "synthesis"
SITES = dict(iter(pd.read_csv(HERE / "sites.csv").groupby("set")))
SHRUNK = dict(iter(pd.read_csv(HERE / "shrunk.csv").groupby("set")))
RECORDED = pd.read_csv(HERE / "pooled.csv").set_index("set")


@pytest.mark.parametrize("name", RECORDED.index)
def test_everything_is_what_metafor_says(name: str) -> None:
    found = asdict(pool(SITES[name]["estimate"], SITES[name]["error"]))
    recorded = RECORDED.loc[name].drop("error_plain")
    assert {key: found[key] for key in recorded.index} == pytest.approx(recorded.to_dict(), abs=1e-6)


@pytest.mark.parametrize("name", RECORDED.index)
def test_error_without_the_bound_is_that_of_hartung_and_knapp(name: str) -> None:
    found = pool(SITES[name]["estimate"], SITES[name]["error"])
    plain = found.error * np.sqrt(found.scale / max(1.0, found.scale))
    assert plain == pytest.approx(RECORDED.loc[name, "error_plain"], abs=1e-6)


@pytest.mark.parametrize("name", RECORDED.index)
def test_partial_pooling_is_that_of_metafor(name: str) -> None:
    estimates, errors = SITES[name]["estimate"].to_list(), SITES[name]["error"].to_list()
    found = pd.DataFrame(map(asdict, shrink(estimates, errors, pool(estimates, errors))))
    np.testing.assert_allclose(found, SHRUNK[name][list(found)], atol=1e-6, rtol=0)


def test_heterogeneity_and_common_effect_are_those_of_statsmodels() -> None:
    sites = SITES["bcg"]
    other = combine_effects(sites["estimate"].to_numpy(), sites["error"].to_numpy() ** 2, method_re="dl")
    found = pool(sites["estimate"], sites["error"])
    assert (found.q, found.common) == (pytest.approx(other.q), pytest.approx(other.mean_effect_fe))


def test_equal_errors_have_a_closed_form() -> None:
    y = np.array([0.1, 0.5, -0.2, 0.9])
    assert restricted_variance(y, np.full(4, 0.04)) == pytest.approx(y.var(ddof=1) - 0.04)
    assert restricted_variance(y, np.full(4, 4.0)) == 0.0
    found = pool(y, np.full(4, 0.2))
    assert (found.estimate, found.error) == (pytest.approx(y.mean()), pytest.approx(y.std(ddof=1) / 2))


def test_units_and_order_of_sites_change_nothing_else() -> None:
    sites = SITES["sites"]
    found, turned = (pool(rows["estimate"], rows["error"]) for rows in (sites, sites.iloc[::-1]))
    scaled = pool(1000 * sites["estimate"], 1000 * sites["error"])
    assert (turned.low, turned.tau) == (pytest.approx(found.low, rel=1e-9), pytest.approx(found.tau, rel=1e-9))
    assert (scaled.low / 1000, scaled.tau / 1000, scaled.share) == pytest.approx((found.low, found.tau, found.share))


def test_two_sites_predict_no_third() -> None:
    found = pool([0.1, 0.2], [0.05, 0.05])
    assert np.isnan(found.predicted_low) and np.isnan(found.predicted_high)
    with pytest.raises(ValueError, match="two sites or more"):
        pool([0.1], [0.05])
