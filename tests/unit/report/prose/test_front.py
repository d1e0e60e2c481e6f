"""What people read first: sizes beside what they know, warnings in their words, and both directions in one answer."""

import pandas as pd
import pytest

from alliance.config import Config
from alliance.facts.artefacts import ARTEFACTS
from alliance.facts.cautions import CAUTIONS
from alliance.facts.cautions.declared import INFORMATION
from alliance.report.prose.claims import describe_claim
from alliance.report.prose.front import Answered, answer_questions
from alliance.report.prose.headline import describe_headline
from alliance.report.prose.licence import Licence
from alliance.report.prose.size import describe_share
from alliance.report.prose.tells import TELLS
from alliance.report.prose.told import Number, Told
from alliance.report.prose.warnings import count_warned, describe_warnings, join_places, share_warnings
from tests.artefacts import builders
from tests.unit.report.prose.rows import estimate, inputs, of_design

ERROR = "scores hold error of measurement, so that what they predict looks smaller than it is"


@pytest.fixture(scope="module")
def config() -> Config:
    return builders.arms_config()


def known(change: float | None) -> dict[str, pd.DataFrame]:
    codebook = pd.DataFrame([{"variable": "symptoms", "low": 0.0, "high": 27.0}])
    meaning = {"variable": "symptoms", "scale": "total", "change_value": change, "higher_is": "worse"}
    return {
        "codebook": codebook,
        "meanings": pd.DataFrame([meaning], columns=ARTEFACTS["meanings"].header).astype({"change_value": float}),
    }


def test_size_is_told_beside_the_range_and_a_reliable_change_where_they_are_known(config: Config) -> None:
    row = estimate(estimate=-1.5)
    assert describe_share(row, known(6.0), config) == (
        "6% of the range (0 to 27), 0.25 of a reliable change (6 points)"
    )
    assert describe_share(row, known(None), config) == "6% of the range (0 to 27)"
    assert describe_share(row, {}, config) == ""
    assert describe_share(estimate(estimate=-0.01), known(6.0), config).endswith(
        "less than 0.01 of a reliable change (6 points)"
    )


@pytest.mark.parametrize(
    ("flags", "corrected", "expected"),
    [
        (["", ""], "", "No warning concerns these answers."),
        (["measurement error", ""], "", f"No warning concerns these answers but one: {ERROR}."),
        (
            ["measurement error", ""], "−0.3",
            f"No warning concerns these answers but one: {ERROR}; numbers without that error stand beside.",
        ),
        (["R-hat", ""], "", "Warnings concern 1 of 2 answers and stand with it."),
        (
            ["R-hat; measurement error", "few patients"], "",
            f"Warnings concern 2 of 2 answers and stand with them. Besides, {ERROR}.",
        ),
    ],
)  # fmt: skip
def test_warnings_are_counted_by_answers_and_error_of_scores_is_told_once(
    flags: list[str], corrected: str, expected: str
) -> None:
    told = [Told("Yes.", (estimate(flag=flag),), (Number("", "−0.2", "", corrected),)) for flag in flags]
    assert count_warned(told) == [expected]


FEW = "There are few patients, so intervals may be too narrow: this concerns"


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["few patients"] * 4, [f"{FEW} all answers."]),
        (
            ["few patients; R-hat", "few patients", "few patients", ""],
            [f"{FEW} answers 1 to 3.", "Further warnings concern 1 of 4 answers and stand with it."],
        ),
        (["few patients", "measurement error", "few patients", "few patients"], [f"{FEW} answers 1, 3 and 4.", f"Besides, {ERROR}."]),
        (["few patients", "few patients", "", ""], ["Warnings concern 2 of 4 answers and stand with them."]),  # no more than half
        (["few patients"] * 3, ["Warnings concern 3 of 3 answers and stand with them."]),  # of three, each says it itself
    ],
)  # fmt: skip
def test_what_warns_of_most_answers_is_told_once_with_the_answers_it_concerns(
    flags: list[str], expected: list[str]
) -> None:
    assert count_warned([Told("Yes.", (estimate(flag=flag),)) for flag in flags]) == expected


def test_answers_that_were_not_given_keep_their_place_among_those_that_a_warning_concerns() -> None:
    told = [Told("Not answered.", ()), *(Told("Yes.", (estimate(flag="few patients"),)) for _ in range(4))]
    assert share_warnings(told) == {"there are few patients, so intervals may be too narrow": [2, 3, 4, 5]}
    assert count_warned([told[0], *told[1:4], Told("Yes.", (estimate(),))]) == [f"{FEW} answers 2 to 4."]


def test_places_are_listed_as_people_write_them() -> None:
    assert join_places([1]) == "1"
    assert join_places([1, 2]) == "1 and 2"
    assert join_places([1, 2, 3, 5, 7, 8]) == "1 to 3, 5, 7 and 8"


@pytest.mark.parametrize(("flag", "lead"), [("few patients", "1. "), ("", "Does it?")])
def test_terminal_numbers_its_answers_where_a_warning_names_them(
    flag: str, lead: str, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Answered("technique", "Does it?", Told("Yes.", (estimate(flag=flag),)), "technique_jointly")
    monkeypatch.setattr("alliance.report.prose.headline.answer_questions", lambda *_: [one] * 4)
    lines = list(map(str, describe_headline({}, config)))
    assert lines[0].startswith(lead)
    assert not any("Warning:" in line for line in lines)
    assert (f"{FEW} all answers." in lines) == bool(flag)


def test_answers_that_were_not_given_are_not_counted() -> None:
    assert count_warned([Told("Not answered.", ())]) == []


def test_warnings_are_told_in_plain_words() -> None:
    told = Told("Yes.", (estimate(flag="few therapists; measurement error"), estimate(flag="R-hat")))
    assert describe_warnings(told) == (
        "there are few therapists, so how they differ is poorly known and intervals may be too narrow; the computation has not settled; "
        "sample longer"
    )


def test_every_flag_that_an_estimate_can_carry_has_plain_words_of_its_own() -> None:
    for caution in CAUTIONS.values():
        if caution.concerns != INFORMATION and caution.passes != "always":
            assert caution.plain, caution.name
    words: dict[str, set[str]] = {}
    for caution in CAUTIONS.values():
        if caution.plain:
            words.setdefault(caution.title, set()).add(caution.plain)
    assert all(len(said) == 1 for said in words.values())


def test_difference_in_a_propensity_is_told_in_probability_too(config: Config) -> None:
    further = {"model": "technique_jointly", "effect": "probability", "path": "technique -> symptoms"}
    found = inputs(estimate(model="technique_jointly"), estimate(**further, estimate=0.03, low=0.01, high=0.05))
    told = next(one.told for one in answer_questions(found, config) if one.name == "technique")
    assert told.numbers[-1] == Number("in the probability of symptoms", "3.0 [1.0, 5.0] percentage points")
    assert told.rows[-1]["effect"] == "probability"


FORTH = {"model": "both_jointly", "path": "alliance -> symptoms", "effect": "effect"}
BACK = {"model": "both_jointly", "path": "symptoms -> alliance", "effect": "effect", "outcome": "alliance"}


@pytest.mark.parametrize(
    ("forth", "back", "expected"),
    [
        ((-0.3, -0.1), (-0.3, -0.1), "Each predicts the other: one point more of working alliance than usual for the same patient was"),
        ((-0.3, -0.1), (-0.3, 0.1), "Working alliance predicts symptoms: one point more of working alliance than usual for the same"),
        ((-0.3, 0.1), (-0.3, -0.1), "Symptoms predicts working alliance: one point more of symptoms than usual for the same patient was"),
        ((-0.3, 0.1), (-0.3, 0.1), "Open in both directions: with one point more of working alliance than usual for the same patient, "),
    ],
)  # fmt: skip
def test_both_directions_are_answered_together_as_far_as_each_is_clear(
    forth: tuple[float, float], back: tuple[float, float], expected: str, config: Config
) -> None:
    rows = [
        estimate(**kind, estimate=sum(ends) / 2, low=ends[0], high=ends[1])
        for kind, ends in ((BACK, back), (FORTH, forth))
    ]
    told = TELLS["tell_first"](inputs(*rows), config)
    assert told is not None
    assert told.answer.startswith(expected)
    assert [number.of for number in told.numbers] == ["Working alliance → symptoms", "Symptoms → working alliance"]
    assert told.change == "Something outside the model that changes along with the one and moves the other."
    assert ("the interval leaves out more" in told.answer) == (not (forth[1] < 0 and back[1] < 0))


def test_direction_that_its_model_did_not_give_leaves_the_other_to_be_told_alone(config: Config) -> None:
    told = TELLS["tell_first"](inputs(estimate(**FORTH)), config)
    assert told is not None
    assert told.answer.startswith("Yes: one point more of working alliance")
    assert TELLS["tell_first"](inputs(), config) is None


@pytest.mark.parametrize(
    ("licence", "row", "expected"),
    [
        (Licence("effect", "arm", "symptoms"), {}, "Effect of an assignment at random. The part through working alliance is an effect"),
        (Licence("adjusted", "arm", "symptoms", ("technique",)), {}, "Random assignment of treatment arm, but alliance-helping technique"),
        (Licence("association", "technique", "symptoms"), {}, "Association in time, without random assignment:"),
        (Licence("association", "technique", "symptoms", signed_off=True), {}, "Association; that the one came before the other was not"),
        (Licence("association", "technique", "symptoms"), {"level": "between_patient"}, "Association of averages, without random"),
        (Licence("single_group", "experience", "symptoms"), {"path": "experience -> symptoms"}, "Association, without random assignment."),
    ],
)  # fmt: skip
def test_claim_is_no_stronger_than_the_design(licence: Licence, row: dict[str, str], expected: str) -> None:
    design = of_design("randomised_arms")
    assert describe_claim(estimate(**row), ["working alliance"], licence, design).startswith(expected)
