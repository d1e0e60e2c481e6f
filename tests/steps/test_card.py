"""The effect card of a run as a file, also where there is nothing to tell."""

from pathlib import Path

import pandas as pd

from alliance.config import read_yaml
from alliance.facts.artefacts import ARTEFACTS
from alliance.runs.files import write_csv, write_parquet
from alliance.steps.card import write_card
from alliance.synthesis.card import parse_card
from tests.unit.synthesis.cards import ARMS, DATA, card_of


def test_card_is_written_and_read_back(tmp_path: Path) -> None:
    for name, estimates in {
        "all": DATA["estimates"],
        "none": pd.DataFrame(columns=ARTEFACTS["estimates"].header),
    }.items():
        write_csv(estimates, tmp_path / "estimates.csv")
        write_parquet(DATA["panel"], tmp_path / "panel.parquet")
        card = tmp_path / f"{name}.yaml"
        write_card(
            estimates=str(tmp_path / "estimates.csv"),
            panel=str(tmp_path / "panel.parquet"),
            card=str(card),
            settings=ARMS.model_dump(mode="json", by_alias=True),
        )
        found = parse_card(read_yaml(card), str(card))
        assert found.quantities == (card_of().quantities if name == "all" else [])
        assert list(found.software) == ["alliance"]
