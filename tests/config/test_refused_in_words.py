"""Settings that look right and would mean something else: each is refused by its key, and the remedy it names is accepted."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from alliance.config import merge_configs, merge_with_base, read_yaml, validate_config
from alliance.config.text import parse_yaml
from alliance.errors import ConfigError
from alliance.runs.guards import check_truth

MAIN = merge_with_base(read_yaml(Path(__file__).parents[2] / "config/config.yaml"), [])
SPEC = "models.specs.technique_by_steps"
RATED = {"label": "something rated", "column": "x", "measured": "before"}


def changed(text: str) -> dict[str, Any]:
    """Return the main settings with YAML as a user would write it."""
    settings = merge_configs(copy.deepcopy(MAIN), parse_yaml(text))
    settings["models"]["fit"] = ["technique_by_steps", "technique_jointly"]
    return settings


def steps(equations: str, more: str = "") -> str:
    return f"models: {{specs: {{technique_by_steps: {{equations: {{{equations}}}{more}}}}}}}"


# what: (refused, what the message holds, the remedy)
CASES: dict[str, tuple[str, list[str], str]] = {
    "NO for a code": ("cleaning: {missing_codes: [NO]}", ["cleaning.missing_codes", "quotes"], 'cleaning: {missing_codes: ["NO"]}'),
    "on for a code": ("cleaning: {missing_codes: [99, on]}", ["cleaning.missing_codes"], 'cleaning: {missing_codes: [99, "on"]}'),
    "yes for days": ("panel: {max_gap_days: yes}", ["panel.max_gap_days", "number"], "panel: {max_gap_days: 1}"),
    "yes for a lag": ("panel: {lag: yes}", ["panel.lag", "number"], "panel: {lag: 1}"),
    "truth value in a range": ("variables: {age: {range: [no, 100]}}", ["variables.age", "number"], "variables: {age: {range: [0, 100]}}"),
    "truth value as a seed": ("run: {seed: true}", ["run.seed"], "run: {seed: 1}"),
    "truth value as a title": ("run: {title: no}", ["run.title", "quotes"], 'run: {title: "no"}'),
    "truth value as a column": ("variables: {age: {column: no}}", ["variables.age.column", "quotes"], 'variables: {age: {column: "no"}}'),
    "truth value as a label's name": (
        "variables: {arm: {levels: {no: 0, yes: 1}}}",
        ["variables.arm.levels", "quotes"],
        'variables: {arm: {levels: {"no": 0, "yes": 1}}}',
    ),
    "truth value as a label's number": (
        "variables: {arm: {levels: {standard: no}}}",
        ["variables.arm.levels", "number"],
        "variables: {arm: {levels: {standard: 0}}}",
    ),
    "label without a number": (
        "variables: {arm: {levels: {alliance_focused: null}}}",
        ["variables.arm.levels.alliance_focused"],
        "variables: {arm: {levels: {alliance_focused: 1}}}",
    ),
    "label that is not a number": (
        "variables: {arm: {levels: {alliance_focused: .nan}}}",
        ["variables.arm.levels.alliance_focused", "finite"],
        "variables: {arm: {levels: {alliance_focused: 2}}}",
    ),
    "labels of one number": (
        "variables: {arm: {levels: {alliance_focused: 0}}}",
        ["variables.arm", "different numbers"],
        "variables: {arm: {levels: {alliance_focused: 1}}}",
    ),
    "number for true": ("privacy: {original_ids: 1}", ["privacy.original_ids", "true or false"], "privacy: {original_ids: false}"),
    "one word for the many of two units": (
        "words: {patient: [child, people], therapist: [guide, people]}", ["words", "a word of its own", "people"],
        "words: {patient: [child, children], therapist: [guide, people]}",
    ),
    "infinite gap": ("panel: {max_gap_days: .inf}", ["panel.max_gap_days", "finite"], "panel: {max_gap_days: null}"),
    "empty label": ("variables: {age: {label: ' '}}", ["variables.age.label"], "variables: {age: {label: age}}"),
    "equal labels": ("variables: {age: {label: Gender }}", ["variables.gender.label", "'age' too"], "variables: {age: {label: years}}"),
    "draws without end": ("sampling: {draws: 1e12}", ["sampling.draws"], "sampling: {draws: 1000}"),
    "more draws than time": ("sampling: {draws: 1000000000000}", ["sampling.draws", "100000"], "sampling: {draws: 100000}"),
    "more draws than memory": (
        "sampling: {draws: 100000, chains: 16}",
        ["sampling.draws", "25,000"],
        "sampling: {draws: 25000, chains: 16}",
    ),
    "more Monte Carlo draws than memory": (
        "inference: {monte_carlo_draws: 1000000000}",
        ["inference.monte_carlo_draws"],
        "inference: {monte_carlo_draws: 1000000}",
    ),
    "more effective draws than any posterior has": (
        "inference: {ess_min: 1.0e+30}", ["inference.ess_min", "smaller whole number"], "inference: {ess_min: 100000}",
    ),
    "chains that never disagree": (
        "inference: {rhat_max: 1.0e+30}", ["inference.rhat_max", "1.5"], "inference: {rhat_max: 1.5}",
    ),
    "as many divergent transitions as draws": (
        "inference: {divergences_max: 4000}", ["inference.divergences_max", "4,000 draws"], "inference: {divergences_max: 5}",
    ),
    "interval beyond all draws": (
        "inference: {interval: 0.999999999, monte_carlo_draws: 1000}",
        ["inference.interval", "Write 0.99 or less"],
        "inference: {interval: 0.99, monte_carlo_draws: 1000}",
    ),
    "prior beyond all numbers": ("priors: {slope_sd: 1.0e+300}", ["priors.slope_sd", "1000"], "priors: {slope_sd: 1000}"),
    "eta beyond all numbers": ("priors: {correlations: 1.0e+300}", ["priors.correlations", "1000"], "priors: {correlations: 1000}"),
    "name longer than files have": (
        f"data: {{sessions: {{path: data/{'a' * 300}.csv}}}}", ["data.sessions.path", "longer than files may have"],
        "data: {sessions: {path: data/a.csv}}",
    ),
    "truth in a name longer than files have": (f"study: {{truth: {'a' * 300}}}", ["study.truth", "longer"], "study: {truth: null}"),
    "format without a day": (
        "data: {sessions: {date_format: mixed}}", ["data.sessions.date_format", "day, month and year"],
        'data: {sessions: {date_format: "%d.%m.%Y"}}'
    ),
    "format that reads no date": (
        'data: {sessions: {date_format: ["%Y-%m-%d", "%Q.%m.%Y"]}}', ["data.sessions.date_format", "'%Q.%m.%Y'"],
        'data: {sessions: {date_format: ["%Y-%m-%d", "%d.%m.%Y %H:%M:%S.%f %z", excel]}}',
    ),
    "instrument of a name longer than files have": (
        f"variables: {{symptoms: {{instrument: {'a' * 300}}}}}", ["variables.symptoms.instrument"],
        "variables: {symptoms: {instrument: phq_9}}",
    ),
    "blank reason": (
        "models: {specs: {technique_by_steps: {time_order_signed_off: ' '}}}", [f"{SPEC}.time_order_signed_off", "some text"],
        "models: {specs: {technique_by_steps: {time_order_signed_off: rated last}}}",
    ),
    "outcome assigned at random": (
        "study: {randomised: [arm, alliance]}", ["study.randomised", "'alliance' has an equation"], "study: {randomised: [arm]}",
    ),
    "assigned twice": ("study: {randomised: [arm, arm]}", ["study.randomised", "'arm' is named twice"], "study: {randomised: [arm]}"),
    "variables of a path": (
        "models: {specs: {technique_by_steps: {variables: [alliance]}}}", [SPEC, "'variables' says nothing"],
        "models: {specs: {technique_by_steps: {variables: []}}}",
    ),
    "codes inherited from nobody": (
        "cleaning: {missing_codes: [99], missing_codes_inherited: x}", ["cleaning.missing_codes_inherited"],
        "cleaning: {missing_codes: [99], missing_codes_inherited: false}",
    ),
    "own mean": (
        steps("symptoms: {on: [alliance_lag, symptoms_between, technique_lag]}"),
        [f"{SPEC}.equations.symptoms.on", "'symptoms_between'", "symptoms_lag"],
        steps("symptoms: {on: [alliance_lag, symptoms_lag, technique_lag]}"),
    ),
    "part of itself": (
        steps("technique: {on: [collaborative_between, symptoms]}"),
        [f"{SPEC}.equations.technique.on", "same answers", "collaborative_lag"],
        steps("technique: {on: [collaborative_lag, symptoms]}"),
    ),
    "circle within a session": (
        steps("alliance: {on: [technique, symptoms]}, symptoms: {on: [alliance]}", ", time_order_signed_off: why"),
        [f"{SPEC}.equations", "circle within one session"],
        steps("alliance: {on: [technique, symptoms]}, symptoms: {on: [alliance_lag]}"),
    ),
    "nothing varies": (
        steps("symptoms: {on: [alliance_lag], vary: null}").replace("null", "{}"),
        [f"{SPEC}.equations.symptoms.vary"],
        steps("symptoms: {on: [alliance_lag], vary: {patient: [intercept]}}"),
    ),
}  # fmt: skip


def emptied(settings: dict[str, Any], text: str) -> dict[str, Any]:
    """An overlay adds to a mapping; what replaces an equation as a whole is put there."""
    asked = parse_yaml(text).get("models", {}).get("specs", {}).get("technique_by_steps", {}).get("equations", {})
    settings["models"]["specs"]["technique_by_steps"]["equations"].update(asked)
    return settings


@pytest.mark.parametrize("what", CASES)
def test_setting_is_refused_and_its_remedy_is_accepted(what: str) -> None:
    refused, expected, remedy = CASES[what]
    with pytest.raises(ConfigError) as caught:
        validate_config(emptied(changed(refused), refused))
    message = str(caught.value)
    assert all(part in message for part in expected), message
    validate_config(emptied(changed(remedy), remedy))


OWN = [
    "session",
    "days",
    "weeks",
    "patient",
    "therapist",
    "intercept",
    "filled",
    "x_lag",
    "x_baseline",
    "x_within",
    "x_between",
    "x__1",
]


@pytest.mark.parametrize("name", OWN)
def test_variable_named_like_a_column_of_the_pipeline_is_refused_with_another_name(name: str) -> None:
    with pytest.raises(ConfigError, match=f"variables.{name}: '{name}'") as caught:
        validate_config(merge_configs(MAIN, {"variables": {name: RATED}}))
    other = str(caught.value).split("such as '")[1].split("'")[0]
    validate_config(merge_configs(MAIN, {"variables": {other: RATED}}))


@pytest.mark.parametrize("section", ["products", "bases"])
def test_term_named_like_a_column_of_the_pipeline_is_refused(section: str) -> None:
    term = {"products": ["technique", "arm"], "bases": {"of": "session", "kind": "log"}}[section]
    change: Callable[[str], dict[str, Any]] = lambda name: merge_configs(  # noqa: E731
        MAIN, {"models": {"specs": {"arm_overall": {section: {name: term}}}}}
    )
    with pytest.raises(ConfigError, match=f"models.specs.arm_overall.{section}: 'intercept'"):
        validate_config(change("intercept"))
    validate_config(change("intercept_rated"))


def test_more_varying_effects_than_a_study_can_tell_apart_are_refused_before_anything_runs() -> None:
    names = [f"rated_{number}" for number in range(40)]
    settings = merge_configs(MAIN, {"variables": {name: RATED | {"label": name} for name in names}})
    settings["models"]["fit"] = ["many"]
    for kept, good in ((40, False), (10, True)):
        equation = {"on": names, "vary": {"patient": ["intercept", *names[:kept]]}}
        settings["models"]["specs"]["many"] = {
            "label": "Many",
            "family": "multilevel_path",
            "equations": {"alliance": equation},
            "effects": {"from": names[0], "to": "alliance"},
        }
        if good:
            validate_config(settings)
        else:
            with pytest.raises(ConfigError, match="41 effects vary by patient"):
                validate_config(settings)


@pytest.mark.parametrize(
    "content", ["other: 1\n", "quantities: 3\n", "quantities: [a]\n", "quantities: [{outcome: symptoms}]\n"]
)
def test_file_that_is_no_truth_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "truth.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"study\.truth.*null"):
        check_truth(path)
    check_truth(Path(__file__).parents[2] / "data/example/truth.yaml")


def test_model_that_is_named_twice_is_refused() -> None:
    settings = changed("run: {seed: 1}")
    settings["models"]["fit"].append("technique_jointly")
    with pytest.raises(ConfigError, match=r"models\.fit: 'technique_jointly' is named twice\. Remove one\."):
        validate_config(settings)
    settings["models"]["specs"]["variance"]["variables"].append("alliance")
    settings["models"]["fit"] = ["variance"]
    with pytest.raises(ConfigError, match=r"models\.specs\.variance: 'variables' names one twice"):
        validate_config(settings)
