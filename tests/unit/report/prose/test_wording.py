"""Words for one number: direction, judgement, units, interval, N and flag."""

import pytest

from alliance.report.labels import label_of
from alliance.report.prose import wording
from tests.artefacts import builders
from tests.unit.report.prose.rows import estimate

CONFIG = builders.arms_config()


@pytest.mark.parametrize(
    ("value", "path", "expected"),
    [
        (-0.214, "technique -> symptoms", "0.21 points lower (better)"),
        (0.214, "technique -> symptoms", "0.21 points higher (worse)"),
        (0.214, "technique -> alliance", "0.21 points higher (better)"),
        (-0.214, "technique -> alliance", "0.21 points lower (worse)"),
        (0.214, "alliance -> collaborative", "0.21 points higher"),
        (0.0, "technique -> symptoms", "0.00 points different"),
    ],
)
def test_direction_comes_from_the_sign_and_judgement_from_what_higher_is(
    value: float, path: str, expected: str
) -> None:
    assert wording.describe_difference(value, estimate(path=path), CONFIG) == expected


def test_digits_follow_the_width_of_the_interval() -> None:
    narrow = estimate(estimate=-0.0214, low=-0.0314, high=-0.0114)

    assert wording.describe_difference(-0.0214, narrow, CONFIG) == "0.021 points lower (better)"


def test_interval_is_called_what_it_is() -> None:
    assert "95% Monte Carlo confidence interval" in wording.describe_evidence(estimate())
    assert "90% credible interval" in wording.describe_evidence(estimate(interval=0.9, interval_kind="credible"))


def test_evidence_gives_interval_and_every_n() -> None:
    expected = "(95% Monte Carlo confidence interval −0.31 to −0.12; 281 patients, 3,012 sessions, 30 therapists)"

    assert wording.describe_evidence(estimate()) == expected


def test_counts_are_singular_for_one_and_therapists_are_left_out_where_there_are_none() -> None:
    row = estimate(n_patients=1, n_sessions=1, n_therapists=0)

    assert wording.describe_size(row) == "1 patient, 1 session"


def test_flag_follows_the_number_and_an_empty_one_leaves_no_trace() -> None:
    assert wording.describe_flag(estimate(flag="R-hat; bulk ESS")) == " [flagged: R-hat; bulk ESS]"
    assert wording.describe_flag(estimate(flag="")) == ""
    assert wording.describe_flag(estimate(flag=float("nan"))) == ""


def test_difference_in_probability_keeps_its_flag_and_is_not_rounded_away() -> None:
    row = estimate(effect="effect")
    beside = row | {"effect": "probability", "estimate": 0.123, "low": 0.05, "high": 0.2, "flag": "rare answer"}
    said = wording.describe_probability(row, [row, beside], CONFIG)
    assert "12.3 percentage points [flagged: rare answer] (95% Monte Carlo confidence interval 5.0 to 20.0)" in said
    small = wording.describe_probability(row, [beside | {"estimate": 0.0003, "low": -0.0002, "high": 0.0009}], CONFIG)
    assert "0.03 percentage points" in small and "−0.02 to 0.09" in small
    assert not wording.describe_probability(row, [beside | {"level": "overall"}], CONFIG)
    assert f"In probability of {label_of('symptoms', CONFIG)}, on average" in said
    ordered = CONFIG.variables["symptoms"].model_copy(update={"kind": "number", "column": "s", "ordered": True})
    in_order = CONFIG.model_copy(update={"variables": CONFIG.variables | {"symptoms": ordered}})
    named = f"In probability of the highest answer given to {label_of('symptoms', CONFIG)}, on average"
    assert named in wording.describe_probability(row, [row, beside], in_order)


@pytest.mark.parametrize(
    ("low", "high", "inside"), [(-0.3, -0.1, False), (-0.3, 0.0, True), (-0.3, 0.1, True), (0.1, 0.3, False)]
)
def test_zero_at_the_end_of_an_interval_counts_as_inside(low: float, high: float, inside: bool) -> None:
    assert wording.includes_zero(estimate(low=low, high=high)) is inside


def test_interval_with_zero_says_what_it_is_compatible_with_and_never_that_there_is_nothing() -> None:
    sentence = wording.describe_openness(estimate(estimate=-0.05, low=-0.20, high=0.10), CONFIG)

    assert "compatible with no difference" in sentence
    assert "from 0.20 points lower (better) to 0.10 points higher (worse)" in sentence
    assert "no effect" not in sentence


def test_interval_without_zero_needs_no_such_sentence() -> None:
    assert wording.describe_openness(estimate(), CONFIG) == ""


@pytest.mark.parametrize(
    ("path", "level", "expected"),
    [
        ("alliance -> symptoms", "within", "one point more of working alliance than usual for the same patient"),
        (
            "alliance -> symptoms",
            "between_patient",
            "a difference of one point in average working alliance between patients",
        ),
        (
            "alliance -> symptoms",
            "between_therapist",
            "a difference of one point in average working alliance between therapists",
        ),
        ("arm -> symptoms", "overall", "treatment arm “alliance focused” rather than “standard”"),
        ("arm -> symptoms", "between_patient", "treatment arm “alliance focused” rather than “standard”"),
        ("delivery_video -> symptoms", "within", "delivery “video” rather than “in person”"),
        ("gender_non_binary -> symptoms", "overall", "gender “non binary” rather than “woman”"),
        (
            "synchrony -> symptoms",
            "within",
            "one percentage point more of nonverbal synchrony than usual for the same patient",
        ),
        ("age -> symptoms", "overall", "a difference of one year in age between patients"),
        ("age -> symptoms", "within", "a difference of one year in age between patients"),
        ("experience -> symptoms", "overall", "a difference of one year in therapist experience between therapists"),
        (
            "alliance -> symptoms",
            "overall",
            "a difference of one point in working alliance between sessions, of the same patient or of others",
        ),
        ("session -> symptoms", "within", "one more session"),
    ],
)
def test_contrast_names_the_difference_at_its_level(path: str, level: str, expected: str) -> None:
    assert wording.describe_contrast(estimate(path=path, level=level), CONFIG) == expected


def test_patients_with_one_session_each_have_no_usual_level() -> None:
    row = estimate(path="alliance -> symptoms", n_patients=300, n_sessions=300)
    assert wording.describe_contrast(row, CONFIG) == "a difference of one point in working alliance between patients"


@pytest.mark.parametrize(
    ("horizon", "level", "expected"),
    [
        ("same session", "within", " in the same session"),
        ("next session", "within", " at the next session"),
        ("2 sessions later", "within", " 2 sessions later"),
        ("", "within", ""),
        ("next session", "between_patient", ""),
    ],
)
def test_time_is_named_within_patients_and_averages_have_none(horizon: str, level: str, expected: str) -> None:
    assert wording.describe_when(estimate(horizon=horizon, level=level), CONFIG) == expected


def test_words_are_joined_as_a_list_is_read() -> None:
    assert wording.join_words(["a"]) == "a"
    assert wording.join_words(["a", "b"]) == "a and b"
    assert wording.join_words(["a", "b", "c"]) == "a, b and c"
