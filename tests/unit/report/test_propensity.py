"""Words for the propensity behind answers: a table does not call it by the answers' name, which may stand in another model."""

from alliance.report.propensity import bare_name_in, name_in, path_in
from tests.artefacts import builders

CONFIG = builders.arms_config()


def test_outcome_that_is_a_propensity_is_called_one_in_its_model_only() -> None:
    answers = CONFIG.variables["technique"].model_copy(
        update={"kind": "number", "column": "t", "of": [], "yes_no": True}
    )
    joint = CONFIG.models.specs["technique_jointly"]
    equations = {**joint.equations, "technique": joint.equations["alliance"]}
    specs = CONFIG.models.specs | {"technique_jointly": joint.model_copy(update={"equations": equations})}
    models = CONFIG.models.model_copy(update={"specs": specs})
    config = CONFIG.model_copy(update={"variables": CONFIG.variables | {"technique": answers}, "models": models})
    assert name_in("technique_lag", "technique_jointly", config) == (
        f"the propensity for {answers.label}, previous session"
    )
    path = path_in("technique -> alliance", "technique_jointly", config)
    assert path == f"propensity for {answers.label} → working alliance"
    assert bare_name_in("technique", "technique_by_arm", config) == answers.label
