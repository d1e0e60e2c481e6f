"""What is told of techniques, processes and moderators: what intervals say, in the order of declaration, with nothing ranked by results."""

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


def tell(question: str, rows: list[dict], config: Config = MAIN) -> Told:
    told = TELLS[str(QUESTIONS[question].tells)]({"estimates": pd.DataFrame(rows)}, config)
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


def test_every_process_is_told_in_the_order_of_declaration_and_none_is_said_to_carry_most() -> None:
    names = ["engagement", "homework", "motivation", "self_efficacy", "agency"]
    rows = [
        row(f"alliance_through_{name}", f"alliance -> {name} -> symptoms", "indirect", OPEN) for name in reversed(names)
    ]
    assert (
        "engagement, homework adherence, motivation, self-efficacy or agency stays open"
        in tell("processes", rows).answer
    )
    rows[-1] |= {"estimate": -0.5, "low": -0.9, "high": -0.1}
    found = tell("processes", rows)
    assert found.answer.startswith(
        "Higher working alliance is followed by lower symptoms by way of engagement at the next session"
    )
    assert [one["model"] for one in found.rows] == [f"alliance_through_{name}" for name in names]
    assert "which of them carries most is not said" in found.change


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
