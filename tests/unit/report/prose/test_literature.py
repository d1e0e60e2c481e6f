"""What was published stands beside what it can be compared with, and beside nothing else."""

import pandas as pd

from alliance.facts.literature import PUBLISHED
from alliance.report.prose.literature import describe_literature, say_published
from tests.artefacts import builders

ARMS = builders.arms_config()
DATA = {"panel": builders.panel(ARMS), "estimates": builders.estimates(ARMS)}


def said(inputs: dict[str, pd.DataFrame], config=ARMS) -> str:
    return " ".join(str(sentence) for passage in describe_literature(inputs, config) for sentence in passage.sentences)


def test_alliance_stands_beside_a_published_size_with_interval_n_and_source() -> None:
    sentence = said(DATA)
    assert "the level of symptoms at the next session lies 0." in sentence and "both within patients (95% " in sentence
    assert "patients, " in sentence and "sessions, " in sentence
    assert "0.16 to 0.21" in sentence and "PMC7776120" in sentence
    assert "say what is usual, not what is right" in sentence


def test_another_unit_of_the_alliance_changes_nothing() -> None:
    panel, estimates = DATA["panel"].copy(), DATA["estimates"].copy()
    panel["alliance"] /= 100
    step = (estimates["path"] == "alliance -> symptoms") & (estimates["level"] == "within")
    estimates.loc[step, ["estimate", "sd", "low", "high"]] *= 100
    assert said({"panel": panel, "estimates": estimates}) == said(DATA)


def test_rumination_stands_beside_nothing_on_the_alliance() -> None:
    config = builders.single_config()
    frame = builders.panel(config)
    assert describe_literature({"panel": frame, "estimates": builders.estimates(config)}, config) == []


def test_published_size_is_said_with_its_interval_where_it_has_one() -> None:
    assert "r = 0.278 [0.256, 0.299] in a three-level meta-analysis of 295 studies" in say_published(
        PUBLISHED["alliance_outcome"]
    )
    assert "[" not in say_published(PUBLISHED["alliance_outcome_online"])
