"""Words for the propensity behind answers: a table does not call it by the answers' name, which may stand in another model."""

import pandas as pd

from alliance.config import Config
from alliance.report.figures import load_figure
from alliance.report.propensity import bare_name_in, name_in, path_in
from alliance.report.tables import load_table
from tests.artefacts import builders

CONFIG = builders.arms_config()


def with_propensity() -> Config:
    """Return a study in which technique is yes/no and has an equation in one model."""
    answers = CONFIG.variables["technique"].model_copy(
        update={"kind": "number", "column": "t", "of": [], "yes_no": True}
    )
    joint = CONFIG.models.specs["technique_jointly"]
    equations = {**joint.equations, "technique": joint.equations["alliance"]}
    specs = CONFIG.models.specs | {"technique_jointly": joint.model_copy(update={"equations": equations})}
    models = CONFIG.models.model_copy(update={"specs": specs})
    return CONFIG.model_copy(update={"variables": CONFIG.variables | {"technique": answers}, "models": models})


def test_outcome_that_is_a_propensity_is_called_one_in_its_model_only() -> None:
    config, label = with_propensity(), CONFIG.variables["technique"].label
    assert name_in("technique_lag", "technique_jointly", config) == f"the propensity for {label}, previous session"
    path = path_in("technique -> alliance", "technique_jointly", config)
    assert path == f"propensity for {label} → working alliance"
    assert bare_name_in("technique", "technique_by_arm", config) == label


def test_path_diagram_says_in_which_unit_a_propensity_is() -> None:
    inputs = {"estimates": builders.artefacts(CONFIG)["estimates"]}
    module = load_figure("path_diagram")
    assert "standard deviation by which sessions differ" in module.draw(inputs, with_propensity()).notes
    assert "propensity" not in module.draw(inputs, CONFIG).notes


def test_notes_of_tables_explain_only_what_their_rows_hold() -> None:
    config, estimates = with_propensity(), builders.artefacts(CONFIG)["estimates"]

    def notes(name: str, rows: pd.DataFrame) -> str:
        return " ".join(load_table(name).make({"estimates": rows}, config).notes)

    of_model = estimates.head(1).assign(outcome="technique", path="", level="session", model="technique_jointly")
    for name, rows in (("coefficients", estimates), ("components", of_model.assign(effect="sd"))):
        assert "propensity behind the answers. " in notes(name, rows)
        assert "probability" not in notes(name, rows) and "hresholds" not in notes(name, rows)
    thresholds = of_model.assign(effect="threshold", path="1 -> technique")
    assert "Thresholds of ordered answers count from the first" in notes("components", thresholds)
