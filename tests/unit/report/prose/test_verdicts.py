"""Each possible outcome has its sentence: what is clear is answered, what is not is said with what it leaves open."""

import pytest

from alliance.config import Config
from alliance.report.prose.licence import Licence
from alliance.report.prose.verdicts import judge_path, judge_several, judge_single
from tests.unit.report.prose.rows import estimate, of_design

FREE = Licence("association", "technique", "symptoms")
ASSIGNED = Licence("effect", "arm", "symptoms")
MORE = "one point more of alliance-helping technique than usual for the same patient"
AGAINST = "the interval leaves out more in either direction."


@pytest.fixture(scope="module")
def config() -> Config:
    return of_design("randomised_arms")


def row(low: float, high: float, effect: str = "indirect", **further: object) -> dict[str, object]:
    path = "technique -> alliance -> symptoms" if effect == "indirect" else "technique -> symptoms"
    at = {"estimate": (low + high) / 2, "low": low, "high": high}
    return estimate(path=path, effect=effect, **at | further)


CLEAR, OPEN, BACK = (-0.3, -0.1), (-0.3, 0.1), (0.1, 0.3)
PATHS = {
    "a part of it": (
        CLEAR, (-0.6, -0.2), (-0.4, -0.1),
        f"Yes, a part: {MORE} was followed by symptoms 0.40 points lower (better) at the next session, and about 0.20 of that goes along "
        "with working alliance.",
    ),
    "a part or all of it": (
        CLEAR, (-0.6, -0.2), OPEN,
        f"Yes: {MORE} was followed by symptoms 0.40 points lower (better) at the next session, and about 0.20 of that goes along with "
        "working alliance; whether that is a part or all of it stays open.",
    ),
    "more than all of it": (
        CLEAR, (-0.25, -0.05), BACK,
        f"Yes, and more than all of it: {MORE} was followed by symptoms 0.15 points lower (better) at the next session, and about 0.20 of "
        "that goes along with working alliance; what is left beside it has the other direction.",
    ),
    "nothing known beside it": (
        CLEAR, (-0.6, -0.2), None,
        f"Yes: {MORE} was followed by symptoms 0.40 points lower (better) at the next session, and about 0.20 of that goes along with "
        "working alliance.",
    ),
    "against the whole": (
        BACK, (-0.6, -0.2), (-0.8, -0.4),
        f"Yes, but against the whole: {MORE} was followed by symptoms 0.40 points lower (better) at the next session, although what goes "
        "along with working alliance is 0.20 points higher (worse).",
    ),
    "path open": (
        OPEN, (-0.6, -0.2), CLEAR,
        f"Open: {MORE} was followed by symptoms 0.40 points lower (better) at the next session, but it is not known whether any of that "
        "goes along with working alliance: anything from 0.30 points lower (better) to 0.10 points higher (worse) may; " + AGAINST,
    ),
    "whole open": (
        CLEAR, OPEN, OPEN,
        f"Yes, but in all no difference is shown: with {MORE}, what goes along with working alliance is 0.20 points lower (better) at the "
        "next session, while symptoms in all may be anything from 0.30 points lower (better) to 0.10 points higher (worse).",
    ),
    "both open": (
        OPEN, OPEN, OPEN,
        f"Open: with {MORE}, symptoms may be anything from 0.30 points lower (better) to 0.10 points higher (worse) at the next session in "
        "all, and anything from 0.30 points lower (better) to 0.10 points higher (worse) may be what goes along with working alliance; "
        + AGAINST,
    ),
    "no whole, clear": (
        CLEAR, None, None,
        f"Yes: {MORE} was followed by symptoms 0.20 points lower (better) at the next session, as far as it goes along with working "
        "alliance.",
    ),
    "no whole, open": (
        OPEN, None, None,
        f"Open: with {MORE}, symptoms may be anything from 0.30 points lower (better) to 0.10 points higher (worse) at the next session, "
        f"as far as it goes along with working alliance; {AGAINST}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("outcome", PATHS)
def test_path_is_judged_by_its_interval_by_the_whole_and_by_what_is_beside_it(outcome: str, config: Config) -> None:
    part, total, direct, expected = PATHS[outcome]
    whole = row(*total, "total") if total else None
    beside = row(*direct, "direct") if direct else None
    assert judge_path(row(*part), whole, beside, ["working alliance"], FREE, config) == expected


def test_only_what_was_assigned_at_random_runs_through_anything(config: Config) -> None:
    total = row(-0.6, -0.2, "total")
    said = judge_path(row(*CLEAR), total, None, ["working alliance"], ASSIGNED, config)
    assert said.endswith("of that runs through working alliance (if nothing else moves it and symptoms).")
    assert "runs through" not in judge_path(row(*CLEAR), total, None, ["working alliance"], FREE, config)


def test_all_ways_together_are_named(config: Config) -> None:
    part = row(*CLEAR, "indirect_total")
    assert "with working alliance and agency." in judge_path(
        part, None, None, ["working alliance", "agency"], FREE, config
    )


def test_single_difference_is_told_with_its_direction_or_left_open(config: Config) -> None:
    assert judge_single(row(*CLEAR, "effect"), FREE, config) == (
        f"Yes: {MORE} was followed by symptoms 0.20 points lower (better) at the next session."
    )
    assert judge_single(row(*BACK, "effect"), FREE, config).endswith("0.20 points higher (worse) at the next session.")
    assert judge_single(row(*OPEN, "effect"), FREE, config) == (
        f"Open: with {MORE}, symptoms may be anything from 0.30 points lower (better) to 0.10 points higher (worse) at the next session; "
        + AGAINST
    )


def trait(name: str, low: float, high: float, p_direction: float = 0.999) -> dict[str, object]:
    further = {"outcome": "alliance", "level": "overall", "horizon": "at session 15", "p_direction": p_direction}
    return estimate(
        path=f"{name} -> alliance",
        effect="intention_to_treat",
        estimate=(low + high) / 2,
        low=low,
        high=high,
        **further,
    )


def test_of_several_causes_those_are_named_that_are_clear_and_the_rest_stays_open(config: Config) -> None:
    clear, unclear = trait("empathy", 0.2, 0.6), trait("experience", -0.1, 0.3, 0.8)
    assert judge_several([clear, unclear], config) == (
        "1 of 2 goes along with working alliance, each interval by itself: therapist empathy (0.40 points higher (better)); after allowing "
        "for their number this holds too. For therapist experience that stays open."
    )
    assert judge_several([clear, trait("experience", -0.3, -0.1)], config).startswith("2 of 2 go along")
    assert judge_several([unclear, unclear], config).startswith("Open: of therapist experience and therapist exp")


@pytest.mark.parametrize(
    ("chances", "expected"),
    [
        ((0.98, 0.98), "after allowing for their number none is left."),  # 2 (1 - 0.98) = .04, twice that .08
        ((0.98, 0.999), "after allowing for their number all of this holds too."),  # .002 and then .04 (Holm 1979)
        ((0.96, 0.999), "after allowing for their number therapist experience is left."),
    ],
)
def test_what_is_left_after_allowing_for_how_many_were_looked_at_is_said(
    chances: tuple[float, float], expected: str, config: Config
) -> None:
    rows = [trait(name, 0.2, 0.6, chance) for name, chance in zip(("empathy", "experience"), chances, strict=True)]
    assert judge_several(rows, config).endswith(expected)


def test_several_paths_are_named_with_what_they_run_through(config: Config) -> None:
    assert "goes along with symptoms through working alliance" in judge_several([row(*CLEAR), row(*OPEN)], config)
