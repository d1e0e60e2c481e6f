"""The smallest overlay for data of one's own: nothing of the example study is in it, and a model is ready made."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from alliance import Study
from alliance.config import merge_with_base, read_yaml, validate_config
from alliance.config.text import parse_yaml
from alliance.errors import ConfigError
from alliance.models.rows import select_rows
from alliance.runs import plan

ROOT = Path(__file__).parents[2]
BASE = read_yaml(ROOT / "config/config.yaml")
README = (ROOT / "config/README.md").read_text(encoding="utf-8")
SMALLEST = README.split("```yml\n")[1].split("```")[0]


def merged(text: str, *more: dict[str, Any]) -> dict[str, Any]:
    return merge_with_base(BASE, [parse_yaml(text), *more])


def small_study(folder: Path) -> Path:
    """Write 30 patients with 8 sessions each, one missing answer coded 99 among values that may be 99."""
    rng = np.random.default_rng(5)
    rows = pd.DataFrame({"patient": np.repeat(np.arange(1, 31), 8), "session": np.tile(np.arange(1, 9), 30)})
    person = rng.normal(0, 5, 31)[rows["patient"]]
    rows["alliance"] = (60 + person + rng.normal(0, 6, len(rows))).round(1)
    rows["symptoms"] = (40 - person + rng.normal(0, 6, len(rows))).round(1)
    rows.loc[3, "alliance"] = 99
    rows.to_csv(folder / "sessions.csv", index=False)
    return folder


def test_smallest_overlay_holds_nothing_of_the_example_study() -> None:
    config = validate_config(merged(SMALLEST))
    assert len(SMALLEST.splitlines()) <= 15
    assert {name for name, variable in config.variables.items() if not variable.is_made} == {"alliance", "symptoms"}
    assert config.data.patients is None and config.data.therapists is None
    assert config.study.truth is None and config.study.design == "single_group"
    assert config.cleaning.missing_codes == [] and config.panel.max_gap_days is None
    words = yaml.safe_dump(plan.plain(config))
    example = ["example", "Simulated", "technique", "randomised_arms", BASE["run"]["title"], "client_id", "wai"]
    assert not [word for word in example if word in words.replace("technique_by", "")]


def test_ready_made_model_holds_both_directions_initial_values_and_the_own_past() -> None:
    spec = validate_config(merged(SMALLEST)).models.specs["both_jointly"]
    on = {outcome: equation.on for outcome, equation in spec.equations.items()}
    first = ["alliance_baseline", "symptoms_baseline"]
    assert on["alliance"] == [
        "symptoms",
        "alliance_lag",
        "session",
        *first,
    ]  # symptoms are measured before, at the same session
    assert on["symptoms"] == ["alliance_lag", "symptoms_lag", "session", *first]
    assert [(pair.source, pair.target) for pair in spec.every_effects()] == [
        ("alliance", "symptoms"),
        ("symptoms", "alliance"),
    ]


def test_measures_of_the_same_moment_predict_each_other_one_session_later() -> None:
    text = SMALLEST.replace("measured: after", "measured: before").replace("alliance:", "rumination:")
    spec = validate_config(merged(text)).models.specs["both_jointly"]
    assert [equation.on[0] for equation in spec.equations.values()] == ["symptoms_lag", "rumination_lag"]
    assert spec.effects is not None and spec.effects.source == "rumination"


def test_therapists_of_the_export_are_in_the_ready_made_model() -> None:
    spec = validate_config(merged(SMALLEST.replace("session: session", "session: session, therapist: t"))).models.specs[
        "both_jointly"
    ]
    assert all(equation.vary["therapist"] == ["intercept"] for equation in spec.equations.values())


def test_dates_keep_the_default_of_a_pause() -> None:
    dated = SMALLEST.replace("session: session", "session: session, date: day")
    assert validate_config(merged(dated)).panel.max_gap_days == BASE["panel"]["max_gap_days"]


def test_smallest_overlay_has_a_panel_no_finding_of_the_example_and_rows_for_its_model(tmp_path: Path) -> None:
    overlay = parse_yaml(SMALLEST)
    overlay["data"]["sessions"]["path"] = str(small_study(tmp_path) / "sessions.csv")
    study = Study(overlay, root=ROOT)
    assert len(study.panel) == 240
    assert study.panel["alliance"].max() == 99
    assert not study.findings["severity"].eq("error").any()
    rows, _ = select_rows(study.panel, "both_jointly", study.specs["both_jointly"])
    assert {outcome: len(part) for outcome, part in rows.items()} == {"alliance": 210, "symptoms": 210}


def test_declared_models_are_taken_and_all_fitted_unless_named() -> None:
    model = {"label": "V", "family": "textbook", "analysis": "variance", "variables": ["alliance"]}
    models = validate_config(merged(SMALLEST, {"models": {"specs": {"mine": model}}})).models
    assert models.fit == ["mine"] and set(models.specs) == {"mine"}


def test_more_measures_without_a_model_are_refused_and_the_remedy_is_accepted() -> None:
    text = SMALLEST.replace("alliance:", "bond:") + "  hope: {column: hope, measured: before}\n"
    with pytest.raises(ConfigError, match=r"models\.specs.*bond, symptoms, hope"):
        merged(text)
    validate_config(merged(text.replace("bond:", "alliance:")))


def test_overlay_with_replace_is_merged_as_it_says() -> None:
    settings = merged("replace: [study, data, variables, models]\n" + SMALLEST)
    assert settings["cleaning"]["missing_codes"] == BASE["cleaning"]["missing_codes"]
    assert set(settings["models"]["specs"]) == set(merged(SMALLEST)["models"]["specs"]) - set(BASE["models"]["specs"])
    assert {"both_jointly", "variance"} <= set(settings["models"]["specs"])
    assert settings["run"]["title"] == BASE["run"]["title"]


def test_replace_of_what_is_not_inherited_anyway_is_allowed() -> None:
    assert validate_config(merged("replace: [variables, models.specs]\n" + SMALLEST)) == validate_config(
        merged(SMALLEST)
    )


def test_overlay_with_another_file_of_the_same_layout_inherits_the_rest() -> None:
    settings = merged("run: {name: later}\ndata: {sessions: {path: other.csv}}\n")
    assert settings["variables"] == BASE["variables"]


@pytest.mark.parametrize(
    "wrong",
    [
        "variables: 3",
        "models: [a]",
        "data: {sessions: {path: 1, keys: 2}}",
        "panel: 7",
        "study: x",
        "variables: {alliance: 1, symptoms: 2}",
    ],
)
def test_overlay_of_the_wrong_shape_ends_in_a_message(wrong: str) -> None:
    with pytest.raises(ConfigError):
        validate_config(merged(SMALLEST, parse_yaml(wrong)))
