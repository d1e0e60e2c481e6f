"""Declarations of joint models that do not fit together: each ends in one message that names the key and says what to do."""

import copy
from pathlib import Path
from typing import Any

import pytest

from alliance.config import merge_with_base, read_yaml, validate_config
from alliance.errors import ConfigError

MAIN = merge_with_base(read_yaml(Path(__file__).parents[2] / "config/config.yaml"), [])
MAIN["models"]["fit"].append("technique_by_steps")
Settings = dict[str, Any]
PLACE = "models.specs.joint"


def joint_model(**changes: Any) -> Settings:
    """Declare technique -> alliance -> symptoms with a moderator, a smooth and an equation for the means of technique."""
    return {
        "label": "Joint",
        "family": "multilevel_path",
        "depth": "ml",
        "products": {"technique_by_arm": ["technique", "arm"]},
        "bases": {"course": {"of": "session", "kind": "natural_spline", "df": 3}},
        "equations": {
            "technique": {"on": []},
            "alliance": {"on": ["technique", "arm", "technique_by_arm", "course"]},
            "symptoms": {"on": ["alliance_lag", "arm", "course"]},
        },
        "effects": {"from": "technique", "to": "symptoms"},
        "further_effects": [{"from": "arm", "to": "symptoms"}],
        "bootstrap": {"level": "therapist", "samples": 500},
        "standard_errors": "robust",
    } | changes


def config_with(model: Settings) -> Settings:
    settings = copy.deepcopy(MAIN)
    settings["models"]["specs"]["joint"] = model
    settings["models"]["fit"] = ["joint"]
    return settings


def equations(**changes: Any) -> Settings:
    return {"equations": joint_model()["equations"] | changes}


def basis(**content: Any) -> Settings:
    return {"bases": {"course": content}}


def without_joint_likelihood(**changes: Any) -> Settings:
    plain = {"depth": "nuts", "bootstrap": None, "standard_errors": "information"}
    return plain | changes


BAD: dict[str, tuple[Settings, list[str]]] = {
    "unknown depth": ({"depth": "deep"}, [f"{PLACE}.depth", "Known depths: ml, laplace, nuts"]),
    "bootstrap without maximum likelihood": (
        {"depth": "nuts", "standard_errors": "information"},
        [PLACE, "'bootstrap' is for maximum likelihood", "depth: ml"],
    ),
    "robust errors without maximum likelihood": (
        {"depth": "laplace", "bootstrap": None},
        [PLACE, "'standard_errors' is for maximum likelihood"],
    ),
    "bootstrap of sessions": ({"bootstrap": {"level": "session"}}, [f"{PLACE}.bootstrap.level", "'patient'"]),
    "bootstrap of few samples": ({"bootstrap": {"samples": 10}}, [f"{PLACE}.bootstrap.samples"]),
    "misspelt bootstrap": ({"bootstrap": {"sampels": 500}}, [f"{PLACE}.bootstrap.sampels", "Did you mean 'samples'?"]),
    "products of separate models": (
        without_joint_likelihood(family="textbook"),
        [PLACE, "family 'textbook' has no 'products'", "multilevel_path"],
    ),
    "depth of separate models": (
        {"family": "textbook", "products": {}, "bases": {}, "further_effects": []},
        [PLACE, "family 'textbook' has no 'depth'"],
    ),
    "influence in the oracle": (
        without_joint_likelihood(family="direct", influence=True),
        [PLACE, "family 'direct' has no 'influence'"],
    ),
    "equation without predictors in separate models": (
        without_joint_likelihood(
            family="textbook",
            products={},
            bases={},
            further_effects=[],
            equations={"technique": {"on": []}, "alliance": {"on": ["technique"]}, "symptoms": {"on": ["alliance_lag"]}},
        ),
        [f"{PLACE}.equations.technique.on", "joint model only"],
    ),
    "product of three": (
        {"products": {"technique_by_arm": ["technique", "arm", "age"]}},
        [PLACE, "'technique_by_arm' must have exactly two factors, but has 3"],
    ),
    "product of a term with itself": (
        {"products": {"technique_by_arm": ["technique", "technique"]}},
        [PLACE, "'technique' times itself"],
    ),
    "product of unknown terms": (
        {"products": {"technique_by_arm": ["technique", "arms"]}},
        [f"{PLACE}.products.technique_by_arm", "'arms'", "Did you mean 'arm'?"],
    ),
    "product of a product": (
        {"products": {"technique_by_arm": ["technique", "arm"], "thrice": ["technique_by_arm", "arm"]}},
        [PLACE, "'technique_by_arm', which is itself a product"],
    ),
    "product of a smooth with its own time": (
        {"products": {"technique_by_arm": ["session", "course"]}},
        [PLACE, "'technique_by_arm' is session times itself"],
    ),
    "product of a smooth that is not declared": (
        {"products": {"technique_by_arm": ["technique", "cource"]}},
        [f"{PLACE}.products.technique_by_arm", "'cource'", "Did you mean 'course'?"],
    ),
    "product without its factor": (
        equations(alliance={"on": ["technique", "technique_by_arm"]}),
        [f"{PLACE}.equations.alliance.on", "needs its factor 'arm'"],
    ),
    "product of a factor measured too late": (
        equations(technique={"on": ["alliance", "arm", "alliance_by_arm"]})
        | {"products": {"alliance_by_arm": ["alliance", "arm"], "technique_by_arm": ["technique", "arm"]}},
        [f"{PLACE}.equations.technique.on", "'alliance' is not measured before 'technique'"],
    ),
    "product that shadows a variable": (
        {"products": {"age": ["technique", "arm"]}} | equations(alliance={"on": ["technique", "arm", "age"]}),
        [f"{PLACE}.products", "'age' is already the name of a variable"],
    ),
    "basis that shadows a variable": (
        {"bases": {"age": {"of": "session", "kind": "log"}, "course": {"of": "session", "kind": "log"}}},
        [f"{PLACE}.bases", "'age' is already the name of a variable"],
    ),
    "basis that shadows time": (
        {"bases": {"weeks": {"of": "session", "kind": "log"}, "course": {"of": "session", "kind": "log"}}},
        [f"{PLACE}.bases", "'weeks' is already the name of a variable"],
    ),
    "one name for two things": (
        {"bases": {"technique_by_arm": {"of": "session", "kind": "log"}, "course": {"of": "session", "kind": "log"}}},
        [PLACE, "'technique_by_arm' is the name of a product and of a basis"],
    ),
    "smooth of a score": (basis(of="age", kind="log"), [f"{PLACE}.bases.course.of", "'weeks'"]),
    "formula for a kind": (basis(of="session", kind="np.sin(t)"), [f"{PLACE}.bases.course.kind"]),
    "degree too high": (basis(of="session", kind="polynomial", df=11), [f"{PLACE}.bases.course.df", "10"]),
    "spline of one column": (basis(of="session", kind="natural_spline", df=1), [f"{PLACE}.bases.course", "from 2 to 10"]),
    "polynomial without degree": (basis(of="session", kind="polynomial"), [f"{PLACE}.bases.course", "needs 'df'"]),
    "columns of a logarithm": (basis(of="session", kind="log", df=2), [f"{PLACE}.bases.course", "Remove it"]),
    "one effect per week": (basis(of="weeks", kind="each"), [f"{PLACE}.bases.course", "of: session"]),
    "unknown predictor beside a product": (
        equations(alliance={"on": ["technique", "arm", "technique_by_arms"]}),
        [f"{PLACE}.equations.alliance.on", "Did you mean 'technique_by_arm'?"],
    ),
    "further effect of something absent": (
        {"further_effects": [{"from": "agency", "to": "symptoms"}]},
        [f"{PLACE}.further_effects.0.from", "'agency'"],
    ),
    "further effect that repeats the main one": (
        {"further_effects": [{"from": "technique", "to": "symptoms"}]},
        [f"{PLACE}.further_effects.0", "already asked for"],
    ),
    "misspelt further effect": (
        {"further_effects": [{"from": "arm", "too": "symptoms"}]},
        [f"{PLACE}.further_effects.0.too", "Did you mean 'to'?"],
    ),
    "effect on itself": (
        {"effects": {"from": "symptoms", "to": "symptoms"}}
        | equations(alliance={"on": ["symptoms", "arm"]}),
        [f"{PLACE}.effects", "'symptoms' cannot be the cause of itself"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_declaration_that_does_not_fit_together_is_refused(name: str) -> None:
    changes, expected = BAD[name]
    with pytest.raises(ConfigError) as caught:
        validate_config(config_with(joint_model(**changes)))
    message = str(caught.value)
    assert all(text in message for text in expected), message


def test_everything_at_once_is_accepted() -> None:
    spec = validate_config(config_with(joint_model())).models.specs["joint"]
    assert spec.bootstrap is not None and spec.bootstrap.samples == 500
    assert spec.columns_behind("technique_by_arm") == ["technique", "arm"]
    named = ["technique", "alliance", "symptoms", "arm", "session", "alliance_lag", "alliance_baseline"]
    assert set(spec.named_columns()) == set(named)


def test_defaults_say_nothing_and_are_allowed_everywhere() -> None:
    for spec in validate_config(MAIN).models.specs.values():
        again = type(spec).model_validate(spec.model_dump(mode="json", by_alias=True))
        assert again == spec


def test_factor_of_a_product_may_be_the_time_of_a_smooth() -> None:
    model = joint_model(
        products={"technique_by_time": ["technique", "session"]},
        **equations(alliance={"on": ["technique", "arm", "technique_by_time", "course"]}),
    )
    assert validate_config(config_with(model)).models.specs["joint"].products


def test_answers_name_models_that_exist_and_ask_different_questions() -> None:
    def problems(**answers: str) -> str:
        settings = copy.deepcopy(MAIN)
        settings["models"]["answers"] = answers
        with pytest.raises(ConfigError) as error:
            validate_config(settings)
        return str(error.value)

    assert (
        "models.answers.main: 'technique_jointli' is not declared under models.specs. Did you mean 'technique_jointly'?"
        in (problems(main="technique_jointli"))
    )
    assert "models.answers.main: 'variance' has no 'effects'" in problems(main="variance")
    assert "models.answers.second: 'technique_by_steps' and 'technique_jointly' (models.answers.first)" in problems(
        first="technique_jointly", second="technique_by_steps"
    )


def test_answer_of_a_base_file_can_be_taken_back() -> None:
    settings = copy.deepcopy(MAIN)
    settings["models"]["answers"]["treatment"] = None

    assert validate_config(settings).models.answers["treatment"] is None


@pytest.mark.parametrize("outcome", ["rupture_repaired", "rupture_unrepaired"])
def test_label_of_a_category_is_no_outcome_unless_signed_off(outcome: str) -> None:
    model = {
        "label": "Rupture",
        "family": "textbook",
        "equations": {outcome: {"on": ["alliance_lag"]}},
        "effects": {"from": "alliance", "to": outcome},
    }
    with pytest.raises(ConfigError, match=f"the outcome '{outcome}' is yes/no"):
        validate_config(config_with(model))
    validate_config(config_with(model | {"discrete_signed_off": "Only to show what goes wrong."}))


RUPTURE = {
    "label": "rupture",
    "kind": "category",
    "column": "rupture",
    "measured": "during",
    "levels": {"no": 0, "yes": 1},
}


VARIABLE = {"on": ["symptoms"], "vary": {"patient": ["intercept", "variability"]}}


def of_rupture(variable: dict[str, Any], **changes: Any) -> dict[str, Any]:
    model = {
        "label": "Rupture",
        "family": "multilevel_path",
        "depth": "ml",
        "equations": {"rupture": {"on": ["alliance_lag"]}},
        "effects": {"from": "alliance", "to": "rupture"},
    }
    settings = config_with(model | changes)
    settings["variables"]["rupture"] = RUPTURE | variable
    return settings


def test_yes_no_outcome_is_refused_with_a_key_that_works_when_it_is_given() -> None:
    with pytest.raises(ConfigError, match=r"Declare variables.rupture.yes_no: true"):
        validate_config(of_rupture({}))
    validate_config(of_rupture({"yes_no": True}))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"missing": "drop"}, r"missing: 'rupture' is yes/no, .*Remove 'missing'"),
        ({"standard_errors": "robust"}, r"standard_errors: 'rupture' is yes/no"),
        ({"influence": True}, r"influence: 'rupture' is yes/no"),
        ({"random_effects": True}, r"random_effects: 'rupture' is yes/no, .*Remove 'random_effects'"),
        ({"bootstrap": {"samples": 200}}, r"bootstrap: 'rupture' is yes/no"),
        (
            {"autocorrelation": {"rupture": "sessions"}},
            r"autocorrelation.rupture: .*name 'rupture_lag' in the equation",
        ),
        (
            {
                "family": "textbook",
                "analysis": "variance",
                "variables": ["rupture"],
                "equations": {},
                "effects": None,
                "depth": "nuts",
            },
            r"variables: 'rupture' is yes/no, and a variance decomposition",
        ),
        (
            {"family": "textbook", "depth": "nuts"},
            r"family 'textbook' takes residuals for normal. Use family multilevel_path",
        ),
        (
            {
                "products": {"both": ["rupture", "symptoms"]},
                "equations": {
                    "rupture": {"on": ["symptoms"]},
                    "alliance": {"on": ["rupture", "symptoms", "both"]},
                },
                "effects": {"from": "rupture", "to": "alliance"},
            },
            r"products.both: 'rupture' is yes/no and has an equation",
        ),
        (
            {"equations": {"rupture": {"on": ["alliance"]}, "alliance": VARIABLE}},
            r"equations.alliance.vary.patient: 'variability' .*'rupture' is yes/no; .*Take 'variability' out, or leave the equation",
        ),
    ],
)
@pytest.mark.parametrize("key", ["yes_no", "ordered"])
def test_what_answers_cannot_have_is_refused_by_name(changes: dict[str, Any], said: str, key: str) -> None:
    with pytest.raises(ConfigError, match=said if key == "yes_no" else said.replace("yes/no", "ordered")):
        validate_config(of_rupture({key: True}, **changes))


@pytest.mark.parametrize(
    "equations",
    [
        {"rupture": {"on": ["symptoms"]}, "alliance": {"on": ["symptoms", "rupture"]}},
        {"alliance": {"on": ["symptoms", "rupture"], "vary": {"patient": ["intercept", "variability"]}}},
    ],
)
def test_either_the_answers_or_differences_in_variability_can_be_modelled(equations: dict[str, Any]) -> None:
    target = "rupture" if "rupture" in equations else "alliance"
    effects = {"from": "symptoms", "to": target}
    config = validate_config(of_rupture({"yes_no": True}, equations=equations, effects=effects))
    held = config.models.specs["joint"].equations
    assert config.variables["rupture"].yes_no
    assert ("rupture" in held) != ("variability" in held["alliance"].vary.get("patient", []))


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ({"levels": {"no": 1, "yes": 2}}, "'levels' with the numbers 0 and 1"),
        ({"levels": None, "reference": "no"}, "'levels' with the numbers 0 and 1"),
        ({"table": "patients"}, "answers given at sessions"),
        ({"kind": "number", "levels": None, "censored": [0, None]}, "'censored' is for scores, .* remove one of them"),
        (
            {"kind": "number", "levels": None, "reliability": {"within": 0.7, "between": 0.9}},
            "'reliability' is for scores, .* remove one of them",
        ),
    ],
)
def test_yes_no_needs_two_numbers_at_sessions(variable: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        validate_config(of_rupture({"yes_no": True} | variable))


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ({"levels": None, "reference": "no"}, "'levels' with numbers in the order of its labels"),
        ({"table": "patients"}, "'ordered' is for a column of answers given at sessions"),
        ({"yes_no": True}, "'yes_no' is for two answers, and 'ordered' for several in their order; remove one"),
        ({"kind": "number", "levels": None, "censored": [0, None]}, "'ordered' for answers in order; remove one of"),
    ],
)
def test_ordered_needs_numbers_at_sessions_and_works_where_it_has_them(variable: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        validate_config(of_rupture({"ordered": True} | variable))
    levels = {"none": 0, "partly": 1, "done": 2}
    assert validate_config(of_rupture({"ordered": True, "levels": levels})).variables["rupture"].answered == "ordered"
