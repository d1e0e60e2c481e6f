"""Settings a user can get wrong: each ends in one message that names the key and says what to do."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from alliance.config import merge_with_base, read_yaml, validate_config
from alliance.errors import ConfigError

ROOT = Path(__file__).parents[2]
MAIN = merge_with_base(read_yaml(ROOT / "config/config.yaml"), [])
MAIN["models"]["fit"].append("technique_by_steps")

Settings = dict[str, Any]


def put(key: str, value: Any) -> Callable[[Settings], None]:
    """Return a change that sets a dotted key."""

    def change(settings: Settings) -> None:
        *parents, last = key.split(".")
        for parent in parents:
            settings = settings[parent]
        settings[last] = value

    return change


def drop(key: str) -> Callable[[Settings], None]:
    """Return a change that removes a dotted key."""

    def change(settings: Settings) -> None:
        *parents, last = key.split(".")
        for parent in parents:
            settings = settings[parent]
        del settings[last]

    return change


def equation(on: list[str], **more: Any) -> Settings:
    return {"on": on, **more}


SPEC = "models.specs.technique_by_steps"
OUTCOME = f"{SPEC}.equations.symptoms"

# name: (change, what the message must contain)
BAD = {
    "unknown section": (put("modles", {}), ["modles", "Did you mean 'models'?"]),
    "unknown setting": (put("panel.lagg", 2), ["panel.lagg", "Did you mean 'lag'?"]),
    "unknown setting deep down": (
        put("variables.alliance.intsrument", "x"),
        ["variables.alliance.intsrument", "Did you mean 'instrument'?"],
    ),
    "missing section": (drop("panel"), ["panel: this setting is missing"]),
    "missing setting": (drop("run.seed"), ["run.seed: this setting is missing"]),
    "text for a number": (put("panel.lag", "one"), ["panel.lag", "'one'"]),
    "range that is no list": (
        put("variables.homework.range", "0-10"),
        ["variables.homework.range", "square brackets", "'0-10'"],
    ),
    "number where a label is wanted": (
        put("variables.rupture.reference", 1),
        ["variables.rupture.reference", "quotes around it"],
    ),
    "lag of zero": (put("panel.lag", 0), ["panel.lag", "of at least 1"]),
    "negative gap": (put("panel.max_gap_days", -3), ["panel.max_gap_days"]),
    "interval of 95": (put("inference.interval", 95), ["inference.interval", "a number below 1"]),
    "one chain": (put("sampling.chains", 1), ["sampling.chains", "of at least 2"]),
    "acceptance of one": (put("sampling.target_accept", 1.0), ["sampling.target_accept"]),
    "prior without width": (put("priors.slope_sd", 0), ["priors.slope_sd", "a number above 0"]),
    "prior of correlations below a flat one": (
        put("priors.correlations", 0.5),
        ["priors.correlations", "uniform", "0.5"],
    ),
    "prior is text": (put("priors.slope_sd", "wide"), ["priors.slope_sd", "'wide'"]),
    "code for a prior": (put("priors.slope_sd", "__import__('os')"), ["priors.slope_sd"]),
    "negative seed": (put("run.seed", -1), ["run.seed"]),
    "run name leaves the folder": (put("run.name", "../other"), ["run.name"]),
    "run name is empty": (put("run.name", ""), ["run.name"]),
    "compared with itself": (put("run.compare_to", "main"), ["run.compare_to", "itself"]),
    "unknown design": (put("study.design", "rct"), ["study.design", "'randomised_arms'"]),
    "randomised variable unknown": (put("study.randomised", ["arms"]), ["study.randomised", "Did you mean 'arm'?"]),
    "trial without randomised variable": (put("study.randomised", []), ["study.randomised", "assigned at random"]),
    "single group with randomised variable": (
        put("study.design", "single_group"),
        ["study.randomised", "nothing randomised"],
    ),
    "key column not named": (drop("data.sessions.keys.session"), ["data", "session"]),
    "unknown key": (put("data.sessions.keys.pateint", "x"), ["data.sessions.keys"]),
    "wide pattern without session": (
        put("data.sessions.wide", {"columns": {"bdi": "bdi_s"}, "sessions": [0, 1]}),
        ["data.sessions.wide", "{session}"],
    ),
    "wide without sessions": (
        put("data.sessions.wide", {"columns": {"bdi": "b{session}"}, "sessions": []}),
        ["data.sessions.wide.sessions"],
    ),
    "scale without instrument": (drop("variables.alliance.instrument"), ["variables.alliance", "'instrument'"]),
    "items without number": (put("variables.alliance.items", "wai"), ["variables.alliance", "{item}"]),
    "number without column": (drop("variables.age.column"), ["variables.age", "'column'"]),
    "category without labels": (drop("variables.arm.levels"), ["variables.arm", "'levels'"]),
    "reference that is no label": (
        put("variables.delivery.reference", "vidoe"),
        ["variables.delivery", "the reference 'vidoe'", "Did you mean 'video'?"],
    ),
    "one label only": (put("variables.delivery.labels", ["video"]), ["variables.delivery", "at least two groups"]),
    "label listed twice": (
        put("variables.delivery.labels", ["video", "video"]),
        ["variables.delivery.labels", "twice"],
    ),
    "labels that share a column": (
        put("variables.delivery.labels", ["in person", "video", "Video!"]),
        ["variables.delivery", "the column of 'video'"],
    ),
    "labels with numbers beside": (
        put("variables.delivery.levels", {"video": 0, "text": 1}),
        ["variables.delivery", "'levels'", "remove one of them"],
    ),
    "term of a label that is not declared": (
        put(f"{OUTCOME}.on", ["alliance_lag", "delivery_vidoe_lag"]),
        ["'delivery_vidoe_lag' is not a declared variable"],
    ),
    "scores censored at an end nobody knows": (
        put("variables.symptoms.censored", "floor"),
        ["variables.symptoms", "ends of the scale", "censored: [0, null]"],
    ),
    "misspelt end of a censored scale": (
        put("variables.symptoms.censored", "flor"),
        ["variables.symptoms.censored", "floor, ceiling, or the two ends"],
    ),
    "ends of a censored scale upside down": (
        put("variables.symptoms.censored", [27, 0]),
        ["variables.symptoms", "'censored' must go from low to high"],
    ),
    "censored scores of what is measured once": (
        put("variables.age.censored", "floor"),
        ["variables.age", "'censored' is for scores measured at sessions"],
    ),
    "range upside down": (put("variables.age.range", [100, 16]), ["variables.age", "low to high"]),
    "moment of measurement missing": (drop("variables.alliance.measured"), ["variables.alliance", "measured"]),
    "moment of measurement unknown": (put("variables.alliance.measured", "later"), ["variables.alliance.measured"]),
    "composite of nothing known": (
        put("variables.technique.of", ["colaborative"]),
        ["variables.technique.of", "Did you mean 'collaborative'?"],
    ),
    "composite across tables": (
        put("variables.technique.of", ["collaborative", "age"]),
        ["variables.technique.of", "another table"],
    ),
    "variable name with blanks": (
        put("variables.Working Alliance", {"label": "x", "column": "y"}),
        ["variables.Working Alliance"],
    ),
    "table not declared": (put("data.therapists", None), ["variables.experience.table", "data.therapists"]),
    "duplicate rule unknown": (
        put("cleaning.duplicates.identical", "ignore"),
        ["cleaning.duplicates.identical", "'drop'"],
    ),
    "minimum of no session": (put("cleaning.minimum_sessions", 0), ["cleaning.minimum_sessions"]),
    "model to fit unknown": (
        put("models.fit", ["technique_by_step"]),
        ["models.fit", "Did you mean 'technique_by_steps'?"],
    ),
    "nothing to fit": (put("models.fit", []), ["models.fit"]),
    "outcome unknown": (
        put(f"{SPEC}.equations.symptom", equation(["technique"])),
        [f"{SPEC}.equations", "Did you mean 'symptoms'?"],
    ),
    "outcome measured once": (
        put(f"{SPEC}.equations.age", equation(["arm"])),
        [f"{SPEC}.equations.age", "at sessions"],
    ),
    "predictor unknown": (put(OUTCOME, equation(["aliance_lag"])), [OUTCOME, "Did you mean 'alliance'?"]),
    "formula as predictor": (put(OUTCOME, equation(["np.log(alliance_lag)"])), [OUTCOME]),
    "predictor twice": (put(OUTCOME, equation(["alliance_lag", "alliance_lag"])), [OUTCOME, "twice"]),
    "predicts itself": (put(OUTCOME, equation(["symptoms"])), [OUTCOME, "symptoms_lag"]),
    "cause after the outcome": (
        put(OUTCOME, equation(["alliance"])),
        [OUTCOME, "alliance_lag", "time_order_signed_off"],
    ),
    "varying effect of no predictor": (
        put(OUTCOME, equation(["arm"], vary={"patient": ["intercept", "alliance_lag"]})),
        [OUTCOME, "not among"],
    ),
    "varying effect without intercept": (
        put(OUTCOME, equation(["arm"], vary={"patient": ["arm"]})),
        [OUTCOME, "intercept"],
    ),
    "varies by clinic": (put(OUTCOME, equation(["arm"], vary={"clinic": ["intercept"]})), [OUTCOME]),
    "effect to a variable without equation": (
        put(f"{SPEC}.effects", {"from": "technique", "to": "agency"}),
        [f"{SPEC}.effects.to"],
    ),
    "effect from a variable not in the model": (
        put(f"{SPEC}.effects", {"from": "agency", "to": "symptoms"}),
        [f"{SPEC}.effects.from"],
    ),
    "path model without equations": (drop(f"{SPEC}.equations"), [SPEC, "'equations'"]),
    "variance of nothing": (put("models.specs.variance.variables", []), ["models.specs.variance", "'variables'"]),
    "variance of a constant": (
        put("models.specs.variance.variables", ["age"]),
        ["models.specs.variance.variables", "session-level"],
    ),
    "cell size of zero": (put("privacy.minimum_cell", 0), ["privacy.minimum_cell"]),
    "resolution too low": (put("output.figure_dpi", 10), ["output.figure_dpi"]),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_setting_is_refused_with_its_key_and_a_remedy(name: str) -> None:
    change, expected = BAD[name]
    settings = copy.deepcopy(MAIN)
    change(settings)
    with pytest.raises(ConfigError) as caught:
        validate_config(settings)
    message = str(caught.value)
    assert all(text in message for text in expected), message
    assert "Traceback" not in message and "pydantic" not in message


def test_every_problem_is_listed_at_once() -> None:
    settings = copy.deepcopy(MAIN)
    put("panel.lag", 0)(settings)
    put("priors.slope_sd", -1)(settings)
    with pytest.raises(ConfigError, match="2 settings cannot be used") as caught:
        validate_config(settings)
    assert "panel.lag" in str(caught.value) and "priors.slope_sd" in str(caught.value)


def test_main_configuration_is_accepted() -> None:
    assert validate_config(MAIN).run.name == "main"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("run: [main", "not valid YAML"),
        ("just a sentence", "holds no settings"),
        ("", "holds no settings"),
        ("run:\n\tname: main\n", "line 2"),
    ],
)
def test_broken_file_is_refused_with_its_place(tmp_path: Path, content: str, expected: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=expected) as caught:
        read_yaml(path)
    assert "broken.yaml" in str(caught.value)


def test_absent_and_binary_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        read_yaml(tmp_path / "absent.yaml")
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00run")
    with pytest.raises(ConfigError, match="UTF-8"):
        read_yaml(binary)


def test_path_against_the_order_of_measurement_can_be_signed_off() -> None:
    settings = copy.deepcopy(MAIN)
    put(f"{SPEC}.equations.alliance", equation(["technique"]))(settings)
    put(OUTCOME, equation(["alliance", "technique_lag"]))(settings)
    put(f"{SPEC}.time_order_signed_off", "Both were rated at the end of the session.")(settings)
    assert validate_config(settings).models.specs["technique_by_steps"].time_order_signed_off is not None
