"""What is told of groups: each beside its reference, and what intervals leave open."""

from math import nan
from typing import Any

import pandas as pd

from alliance.config import merge_with_base, read_yaml, validate_config
from alliance.questions import QUESTIONS
from alliance.report.prose.tells import TELLS
from alliance.report.prose.told import Told
from tests.artefacts.builders import ROOT

MAIN = validate_config(
    merge_with_base(read_yaml(ROOT / "config/config.yaml"), [{"questions": ["delivery", "populations"]}])
)
OPEN, LOWER = (0.01, -0.1, 0.1), (-0.5, -0.9, -0.1)
WAY = "technique -> alliance -> symptoms"


def row(
    model: str, path: str, effect: str, numbers: tuple[float, float, float], moderator: str = "", value: float = nan
) -> dict[str, Any]:
    estimate, low, high = numbers
    about = {"model": model, "path": path, "effect": effect, "level": "within", "horizon": "next session"}
    known = {"estimate": estimate, "low": low, "high": high, "interval": 0.95, "interval_kind": "confidence"}
    size = {"n_patients": 200, "n_sessions": 2000, "n_therapists": 20, "flag": ""}
    return about | known | size | {"outcome": path.split(" -> ")[-1], "moderator": moderator, "value": value}


def tell(question: str, rows: list[dict[str, Any]]) -> Told | None:
    return TELLS[str(QUESTIONS[question].tells)]({"estimates": pd.DataFrame(rows)}, MAIN)


def ways(level: tuple[float, float, float]) -> list[dict[str, Any]]:
    model, rows = "delivery_through_alliance", []
    for name, numbers in (("delivery_video", level), ("delivery_text", OPEN)):
        rows += [
            row(model, f"{name} -> alliance", "a", numbers),
            row(model, f"{name} -> alliance -> symptoms", "indirect", OPEN),
        ]
    return rows


def test_each_way_of_meeting_is_compared_with_the_reference_and_what_is_not_told_stays_open() -> None:
    beside = "alliance_steps_by_delivery"
    step = row(beside, "technique_by_delivery_video -> alliance", "coefficient", LOWER)
    told = tell("delivery", [*ways(LOWER), step, row(beside, "session -> alliance", "coefficient", LOWER)])
    assert told is not None
    assert told.answer == (
        "Working alliance of the session is lower with video rather than in person; whether working alliance of the session "
        "differs with text rather than in person stays open. Whether the part of symptoms that runs by way of working alliance "
        "differs with video rather than in person or text rather than in person stays open. Steps to or from working alliance "
        "differ with how a patient usually meets: alliance-helping technique × delivery: video (patient's mean) → working "
        "alliance."
    )
    assert len(told.rows) == 5


def test_delivery_without_all_its_estimates_is_not_told() -> None:
    assert tell("delivery", ways(OPEN)[:-1]) is None


def in_clinics(east: tuple[float, float, float]) -> list[dict[str, Any]]:
    model, rows = "path_by_clinic", []
    for name, difference in (("clinic_south", OPEN), ("clinic_east", east)):
        rows += [
            row(model, WAY, "conditional", OPEN, name, 0.0),
            row(model, WAY, "conditional", LOWER, name, 1.0),
            row(model, WAY, "index", difference, name),
            row(model, "technique -> alliance", "conditional", LOWER, name, 1.0),
        ]
    return rows


def test_every_site_is_told_once_and_only_what_differs_beyond_chance_is_said_to_differ() -> None:
    told = tell("populations", in_clinics(OPEN))
    assert told is not None
    places = ("clinic: north", "clinic: south", "clinic: east")
    assert [told.answer.count(f"({place})") for place in places] == [1, 1, 1]
    assert told.answer.startswith("What runs from alliance-helping technique through working alliance to symptoms is ")
    assert "→" not in told.answer
    assert told.answer.endswith("Whether it differs between clinic: north and the others stays open.")
    other = tell("populations", in_clinics(LOWER))
    assert other is not None and other.answer.endswith("It differs between clinic: north and clinic: east.")
    assert told.claim.startswith("Of these groups only those by treatment arm were assigned at random")
    assert [number.of for number in told.numbers] == list(places)
