"""Cards are put together where they are about the same, and refused by name where they are not."""

import numpy as np
import pytest

from alliance.errors import DataError
from alliance.inference.random_effects import pool
from alliance.synthesis.combine import CORRELATIONS, DEVIATIONS, POINTS, combine
from tests.unit.synthesis.cards import card_of, site

FIRST = {"question": "first", "path": "outcome -> mediator", "level": "within"}


def only(table, **values):
    for column, value in values.items():
        table = table[table[column] == value]
    return table


def test_same_measures_are_put_together_in_points_and_in_standard_deviations() -> None:
    cards = [site("north", -1.0), site("south", 0.5), site("east", 1.0)]
    found = combine(cards)
    rows = only(found.pooled, **FIRST)
    assert list(rows["unit"]) == [POINTS, DEVIATIONS]
    sites = only(found.sites, **FIRST, unit=POINTS)
    direct = pool(sites["estimate"], sites["sd"])
    assert rows["estimate"].iloc[0] == direct.estimate and rows["low"].iloc[0] == direct.low
    assert sites["weight"].sum() == pytest.approx(1.0)
    assert rows["n_patients"].iloc[0] == sites["n_patients"].sum()
    assert "3 sites say little about how far sites differ" in rows["cautions"].iloc[0]


def test_another_questionnaire_leaves_standard_deviations_only_and_is_named() -> None:
    found = combine([site("north"), site("south", 1.0, outcome={"instrument": "core_10"})])
    assert list(only(found.pooled, **FIRST)["unit"]) == [DEVIATIONS]
    reason = only(found.refused, **FIRST)["reason"].iloc[0]
    assert "phq_9 (sum) at 'north'" in reason and "core_10 (sum) at 'south'" in reason


def test_scores_that_run_the_other_way_round_change_the_sign_and_are_named() -> None:
    turned = site("south", 1.0, outcome={"instrument": "core_10", "higher_is": "better"})
    found = combine([site("north"), turned])
    sites = only(found.sites, **FIRST)
    assert sites["estimate"].iloc[0] * sites["estimate"].iloc[1] < 0
    assert "signs turned" in only(found.pooled, **FIRST)["cautions"].iloc[0]


def test_other_treatments_are_not_put_together_in_any_unit() -> None:
    found = combine([site("north"), site("south", 1.0, treatment={"levels": {"waiting": 0.0, "cbt": 1.0}})])
    assert not found.pooled["path"].str.contains("treatment").any()
    assert (
        "different treatments (north: standard = 0"
        in only(found.refused, path="treatment -> mediator")["reason"].iloc[0]
    )


def test_another_process_than_the_alliance_is_not_put_together_with_it() -> None:
    found = combine([site("north"), site("south", 1.0, mediator={"label": "rumination", "instrument": None})])
    assert not found.pooled["path"].str.contains("mediator").any()
    assert "north: working alliance; south: rumination" in only(found.refused, **FIRST)["reason"].iloc[0]


def test_outcomes_of_other_names_are_a_caution() -> None:
    found = combine([site("north"), site("south", 1.0, outcome={"label": "distress", "instrument": "core_10"})])
    assert "symptoms at north, distress at south" in only(found.pooled, **FIRST)["cautions"].iloc[0]


def test_correlations_are_put_together_on_the_scale_of_fisher() -> None:
    cards = []
    for name, r, sd in (("north", -0.25, 0.05), ("south", -0.40, 0.06), ("east", -0.10, 0.08)):
        card = site(name)
        one = card.quantities[0].model_copy(
            update={"path": "mediator -> outcome", "estimate": r, "sd": sd, "correlation": True, "standardised": None}
        )
        cards.append(card.model_copy(update={"quantities": [one]}))
    row = combine(cards).pooled.iloc[0]
    direct = pool(np.arctanh([-0.25, -0.40, -0.10]), [0.05 / (1 - 0.25**2), 0.06 / (1 - 0.16), 0.08 / (1 - 0.01)])
    assert row["unit"] == CORRELATIONS and row["tau"] == direct.tau
    assert [row["estimate"], row["low"]] == pytest.approx([np.tanh(direct.estimate), np.tanh(direct.low)])


def test_what_one_site_has_is_said_to_stand_there_only() -> None:
    one = card_of()
    fewer = site("south", 1.0).model_copy(update={"quantities": site("south", 1.0).quantities[1:]})
    found = combine([one, fewer])
    assert f"it stands in the card of '{one.site}' only" in set(found.refused["reason"])


def test_flags_of_sites_and_other_models_are_cautions() -> None:
    other = site("south", 1.0)
    model = other.quantities[0].model.model_copy(update={"fingerprint": "x", "adjusts_for": ["mood"]})
    changed = [one.model_copy(update={"model": model, "flags": ["few patients"]}) for one in other.quantities]
    cautions = combine([site("north"), other.model_copy(update={"quantities": changed})]).pooled["cautions"].iloc[0]
    assert "the models of the sites differ (predictors that not all have:" in cautions and "mood" in cautions
    assert "few patients" in cautions


def asking_something_else():
    card = site("south", 1.0)
    return card.model_copy(update={"quantities": [card.quantities[0].model_copy(update={"question": "mine"})]})


@pytest.mark.parametrize(
    ("cards", "said"),
    [
        ([site("north")], "takes two effect cards or more"),
        ([site("north"), site("south")], "the same patients would count twice"),
        ([site("north"), site("north", 1.0)], "Two cards are of site 'north'"),
        ([site("north"), site("south", 1.0).model_copy(update={"quantities": []})], "holds no estimate"),
        ([site("north"), asking_something_else()], "No quantity could be put together"),
    ],
)  # fmt: skip
def test_cards_that_cannot_be_put_together_are_refused(cards, said: str) -> None:
    with pytest.raises(DataError, match=said):
        combine(cards)
