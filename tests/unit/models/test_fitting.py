"""What a fit depends on beside the panel: reliabilities that are declared, and those that items say."""

import json

import numpy as np
import pandas as pd

from alliance.errors import ModelError
from alliance.facts.artefacts import ARTEFACTS
from alliance.models.filling.readings import Error
from alliance.models.fitting import needs_items, settings_for, with_reliability
from alliance.runs.artefacts import write_artefact
from alliance.steps.fit import fit_model
from tests.artefacts import builders


def settings(declared):
    config = builders.arms_config()
    said = {"alliance": declared, "symptoms": None}
    variables = {
        name: type(config.variables[name]).model_validate(config.variables[name].model_dump() | {"reliability": one})
        for name, one in said.items()
    }
    config = config.model_copy(update={"variables": config.variables | variables})
    return settings_for(config.models.specs["technique_jointly"], config)


def table(omega_between: float = 0.9) -> pd.DataFrame:
    rows = [
        {"variable": "alliance", "scale": scale, "omega_within": omega, "omega_between": omega_between, "omega_within_error": 0.1,
         "omega_between_error": 0.2, "note": "" if omega_between == omega_between else "patients hardly differ"}
        for scale, omega in (("total", 0.8), ("bond", 0.6))
    ]  # fmt: skip
    other = {"variable": "symptoms", "scale": "total", "omega_within": 0.7, "omega_between": 0.9, "note": ""}
    return pd.DataFrame([*rows, other], columns=ARTEFACTS["reliability"].header)


def test_nothing_is_said_of_scores_without_a_declared_reliability() -> None:
    assert settings(None)["reliability"] == {} and not needs_items(settings(None))


def test_numbers_are_known_without_error() -> None:
    declared = settings({"within": 0.7})
    assert declared["reliability"]["alliance"] == {"within": [0.7, 0.0], "between": [1.0, 0.0], "note": ""}
    assert not needs_items(declared)


def test_items_say_the_reliability_of_total_and_subscales_of_what_asks_for_it() -> None:
    declared = settings("items")
    assert needs_items(declared) and declared["reliability"]["alliance"]["within"][0] is None
    found = with_reliability(declared, table())["reliability"]
    assert set(found) == {"alliance", "alliance_bond"}
    assert found["alliance_bond"] == {"within": [0.6, 0.1], "between": [0.9, 0.2], "note": ""}


def test_ends_of_scales_are_known_where_a_fit_compares_scales_and_nowhere_else() -> None:
    scored = table().assign(lowest=12.0, highest=60.0)
    scored.loc[scored["variable"] == "symptoms", "lowest"] = float("nan")  # nobody said them
    assert "ends" not in with_reliability(settings("items"), scored)
    comparing = settings(None) | {"ends": {}}
    assert needs_items(comparing)
    assert with_reliability(comparing, scored)["ends"] == {"alliance": [12.0, 60.0], "alliance_bond": [12.0, 60.0]}


def test_omega_that_could_not_be_computed_is_none_with_the_reason_and_settings_stay_plain() -> None:
    found = with_reliability(settings("items"), table(float("nan")))
    assert found["reliability"]["alliance"]["between"][0] is None
    assert found["reliability"]["alliance"]["note"] == "patients hardly differ"
    assert "NaN" not in json.dumps(found)


def test_step_hands_what_items_say_to_the_fit(tmp_path, monkeypatch) -> None:
    known = []

    def stop(_panel, _model, _spec, given):
        known.append(given["reliability"])
        raise ModelError("seen enough")

    monkeypatch.setattr("alliance.steps.fit.fit_declared", stop)
    write_artefact("reliability", table(), tmp_path / "reliability.csv")
    pd.DataFrame({"patient": ["P001"]}).to_parquet(tmp_path / "panel.parquet")
    spec = builders.arms_config().models.specs["technique_jointly"].model_dump(mode="json", by_alias=True)
    files = {name: str(tmp_path / file) for name, file in {"draws": "draws.nc", "flow": "flow.csv"}.items()}
    fit_model(
        panel=str(tmp_path / "panel.parquet"),
        model="technique_jointly",
        spec=spec,
        settings=settings("items"),
        reliability=str(tmp_path / "reliability.csv"),
        **files,
    )
    assert known[0]["alliance"] == {"within": [0.8, 0.1], "between": [0.9, 0.2], "note": ""}


def test_omega_at_the_edge_has_no_error_and_is_taken_as_known() -> None:
    at_edge = table(1.0).assign(omega_between_error=float("nan"))
    assert with_reliability(settings("items"), at_edge)["reliability"]["alliance"]["between"] == [1.0, 0.0]
    error = Error((1.0, 1.0), (0.8, 1.0), (0.1, 0.0))
    assert error.variances(np.random.default_rng(1))[1] == 0.0
