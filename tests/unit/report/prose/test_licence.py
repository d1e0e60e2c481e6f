"""What the design of a study allows to claim."""

import pytest

from alliance.report.prose.licence import licence_of
from tests.artefacts import builders
from tests.unit.report.prose.rows import of_design, with_models

VARY = {"patient": ["intercept"]}


def licence(config, name: str, mediators: tuple[str, ...] = ("alliance",)):
    return licence_of(config.models.specs[name], set(mediators), config)


def test_random_assignment_without_later_adjustment_licenses_an_effect() -> None:
    found = licence(builders.arms_config(), "arm_by_steps")

    assert (found.kind, found.source, found.target, found.adjusted_for) == ("effect", "arm", "symptoms", ())


def test_holding_later_measurements_equal_takes_the_total_effect_away() -> None:
    found = licence(builders.arms_config(), "arm_jointly")

    assert found.kind == "adjusted"
    # A joint model follows the arm through its own outcomes, their past and their first values; technique is none of them.
    assert set(found.adjusted_for) == {"technique", "technique_lag", "technique_between"}


def test_mediator_as_predictor_of_the_outcome_is_no_adjustment() -> None:
    equations = {
        "alliance": {"on": ["arm", "session"], "vary": VARY},
        "symptoms": {"on": ["alliance_lag", "arm", "symptoms_baseline"], "vary": VARY},
    }
    config = with_models(builders.arms_config(), arm_by_steps={"equations": equations})

    assert licence(config, "arm_by_steps").kind == "effect"


def test_cause_that_was_not_assigned_licenses_association_even_in_a_trial() -> None:
    assert licence(builders.arms_config(), "technique_by_steps").kind == "association"


@pytest.mark.parametrize(
    ("design", "kind"), [("observational_groups", "association"), ("single_group", "single_group")]
)
def test_design_without_random_assignment_licenses_no_effect(design: str, kind: str) -> None:
    assert licence(of_design(design), "arm_by_steps").kind == kind


def test_signed_off_time_order_is_remembered() -> None:
    config = with_models(builders.arms_config(), technique_by_steps={"time_order_signed_off": "Rated together."})

    assert licence(config, "technique_by_steps").signed_off
    assert not licence(config, "technique_jointly").signed_off


def test_variance_decomposition_has_no_cause_to_license() -> None:
    with pytest.raises(ValueError, match="no cause"):
        licence(builders.arms_config(), "variance")
