"""Estimates are written in the unit that people read them in, wherever they stand."""

from alliance.facts.effects import EFFECTS
from alliance.report.accounts import in_read_unit, write_account, write_accounts, write_values
from alliance.report.labels import label_effect

ODDS = "odds_ratio_better"


def test_shares_are_percent_differences_percentage_points_and_all_else_stays() -> None:
    effects = ["share_better", "difference_share_better", ODDS, "share_cases", "probability_better"]
    accounts = [
        (0.353, 0.295, 0.412),
        (0.253, 0.157, 0.354),
        (1.333, 1.017, 1.762),
        (0.92, 0.89, 0.95),
        (0.03, -0.03, 0.1),
    ]
    assert write_accounts(effects, accounts) == [
        ["35% [30%, 41%]", "25.3 [15.7, 35.4]", "1.33 [1.02, 1.76]", "92% [89%, 95%]", "3.0 [−3.0, 10.0]"]
    ]  # fmt: skip


def test_columns_that_are_compared_have_the_same_decimals_of_each_unit() -> None:
    one, other = write_accounts(
        ["proportion", "indirect"], [(0.32, 0.2, 0.52), (-0.48, -0.69, -0.3)], [(0.005, 0.002, 0.3), None]
    )
    assert one == ["32.0% [20.0%, 52.0%]", "−0.48 [−0.69, −0.30]"]
    assert other == ["0.5% [0.2%, 30.0%]", ""]


def test_narrow_differences_of_shares_have_the_decimals_that_tell_their_ends_apart() -> None:
    assert write_account("leaving", (0.0123, 0.0121, 0.0125)) == "1.23 [1.21, 1.25]"


def test_values_without_intervals_have_the_same_units() -> None:
    assert write_values(["share_better", ODDS, "probability_better"], [0.378, 1.25, 0.0412]) == ["38%", "1.25", "4.1"]
    assert [in_read_unit(effect, 0.5) for effect in ("icc", "leaving", "correlation")] == [50, 50, 0.5]


def test_every_difference_of_shares_is_named_with_its_unit_and_no_other_estimate_is() -> None:
    named = {name for name in EFFECTS.names(lambda _: True) if "percentage points" in label_effect(name)}
    assert named == set(EFFECTS.names(lambda effect: effect.in_points)) > {"leaving", "sooner", "probability"}
