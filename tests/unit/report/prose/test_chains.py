"""What is told of techniques, processes and moderators: what intervals say, in the order of declaration, with nothing ranked by results."""

from collections.abc import Sequence

import pandas as pd
import pytest

from alliance.config import Config, merge_with_base, read_yaml, validate_config
from alliance.questions import QUESTIONS
from alliance.report.prose.tells import TELLS
from alliance.report.prose.told import Told
from tests.artefacts.builders import ROOT

MAIN = validate_config(
    merge_with_base(
        read_yaml(ROOT / "config/config.yaml"),
        [{"questions": ["techniques", "processes", "for_whom", "with_whom"]}],
    )
)
OPEN = (0.01, -0.1, 0.1)


def row(model: str, path: str, effect: str, numbers: tuple[float, float, float], p_direction: float = 0.5) -> dict:
    estimate, low, high = numbers
    about = {"model": model, "path": path, "effect": effect, "level": "within", "horizon": "next session"}
    known = {"estimate": estimate, "low": low, "high": high, "interval": 0.95, "interval_kind": "confidence"}
    size = {"n_patients": 200, "n_sessions": 2000, "n_therapists": 20, "flag": ""}
    return about | known | size | {"outcome": path.split(" -> ")[-1], "p_direction": p_direction}


def tell(question: str, rows: list[dict], config: Config = MAIN, contrasts: Sequence[dict] = ()) -> Told:
    found = {"estimates": pd.DataFrame(rows), "contrasts": pd.DataFrame(contrasts)}
    told = TELLS[str(QUESTIONS[question].tells)](found, config)
    assert told is not None
    return told


def test_technique_that_helps_and_one_that_strains_are_told_apart_and_where_each_leads() -> None:
    model, ways = "techniques_through_alliance", "{} -> alliance -> symptoms"
    rows = [
        row(model, "technique -> alliance", "a", (1.2, 1.0, 1.4)),
        row(model, "straining_technique -> alliance", "a", (-0.6, -0.8, -0.4)),
        row(model, ways.format("technique"), "indirect", (-0.2, -0.3, -0.1)),
        row(model, ways.format("straining_technique"), "indirect", OPEN),
    ]
    told = tell("techniques", rows)
    assert told.answer == (
        "More alliance-helping technique goes with higher working alliance of the session; more alliance-straining technique goes with "
        "lower working alliance of the session. Alliance-helping technique is followed by lower symptoms by way of working alliance; "
        "whether anything runs on from alliance-straining technique stays open."
    )
    assert len(told.rows) == 4


NAMES = ["engagement", "homework", "motivation", "self_efficacy", "agency"]
WAY = "alliance -> {} -> symptoms"


def between(one: str, other: str, numbers: tuple[float, float, float], p_direction: float) -> dict:
    path = f"{WAY.format(one)} minus {WAY.format(other)}"
    found = row(f"alliance_through_{one}", path, "contrast", numbers, p_direction)
    return found | {"model_other": f"alliance_through_{other}", "of": "indirect"}


def test_every_process_is_told_in_the_order_of_declaration() -> None:
    rows = [row(f"alliance_through_{name}", WAY.format(name), "indirect", OPEN) for name in reversed(NAMES)]
    assert (
        "engagement, homework adherence, motivation, self-efficacy or agency stays open"
        in tell("processes", rows).answer
    )
    rows[-1] |= {"estimate": -0.5, "low": -0.9, "high": -0.1}
    found = tell("processes", rows)
    assert found.answer.startswith(
        "Higher working alliance is followed by lower symptoms by way of engagement at the next session"
    )
    assert [one["model"] for one in found.rows] == [f"alliance_through_{name}" for name in NAMES]
    assert "carries most" not in found.answer  # nothing compares them
    assert "Which of them carries most is not said." in found.change


def test_which_process_carries_most_follows_from_differences_between_models() -> None:
    ways = [row(f"alliance_through_{name}", WAY.format(name), "indirect", (-0.2, -0.3, -0.1)) for name in NAMES]
    pairs = [(one, other) for place, one in enumerate(NAMES) for other in NAMES[place + 1 :]]
    none = [between(one, other, OPEN, 0.6) for one, other in pairs]
    told = tell("processes", ways, contrasts=none)
    assert told.answer.endswith(
        "Of the 10 differences between ways none is told from zero after allowing for their number, so which carries most is not known; "
        "the intervals leave up to 0.10 points possible. That is no proof that all carry alike."
    )
    assert len(told.rows) == 15
    assert "compared as they are" not in told.change
    assert "is not said" not in told.change
    some = [
        between(one, other, (0.2, 0.1, 0.3), 1.0)
        if other == "homework"
        else between(one, other, (-0.2, -0.3, -0.1), 1.0)
        if one == "homework"
        else between(one, other, OPEN, 0.6)
        for one, other in pairs
    ]
    ways[0] |= {"horizon": "same session"}
    told = tell("processes", ways, contrasts=some)
    assert (
        "Homework adherence carries most, with lower symptoms by way of it than by any other way, after allowing for the number of "
        "differences (10). For the other 6 differences that stays open, by up to 0.10 points." in told.answer
    )
    assert "Ways of different length in time are compared as they are." in told.change


@pytest.mark.parametrize(("question", "role"), [("for_whom", "patient"), ("with_whom", "therapist")])
def test_moderators_are_all_looked_at_and_allowed_for(question: str, role: str) -> None:
    model = f"alliance_depends_on_{role}"
    products = list(MAIN.models.specs[model].products)
    outcomes = {
        name: next(o for o, e in MAIN.models.specs[model].equations.items() if name in e.on) for name in products
    }
    rows = [row(model, f"{name} -> {outcomes[name]}", "coefficient", OPEN, 0.9) for name in products]
    # one in so many is no finding: 0.98 alone would be below .05 unadjusted
    rows[0]["p_direction"] = 0.98
    told = tell(question, rows)
    assert told.answer.startswith(f"It stays open: {len(products)} products")
    assert len(told.rows) == len(products)
    rows[0]["p_direction"] = 0.99999
    assert "this holds after allowing for that" in tell(question, rows).answer


def test_nothing_is_told_where_the_models_gave_nothing() -> None:
    for question in ("techniques", "processes", "for_whom", "with_whom"):
        empty = pd.DataFrame([row("other", "x -> y", "a", OPEN)])
        assert TELLS[str(QUESTIONS[question].tells)]({"estimates": empty}, MAIN) is None
