"""Kinds of sentences that must follow from the run, each with the condition it needs: said where that holds, and only there.

One row of `KINDS` is one kind: a pattern, what makes it true, and what makes it false. A new sentence that depends on the run gets a row.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.config import Config, merge_with_base, read_yaml, validate_config
from alliance.facts.artefacts import ARTEFACTS
from alliance.models.diagram import paths_of
from alliance.models.rows import AT_FIRST
from alliance.report.figures import accumulated, missingness
from alliance.report.figures import flow as flow_figure
from alliance.report.prose import SENTENCES, describe_headline
from tests.artefacts import builders
from tests.unit.report.prose.rows import estimate, of_design, with_models

ARMS = builders.arms_config()
SINGLE = of_design("single_group")
Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Case:
    """Artefacts and configuration of a run."""

    config: Config
    inputs: Tables


def estimates(config: Config, *rows: dict[str, Any]) -> Case:
    return Case(config, {"estimates": pd.DataFrame(list(rows), columns=ARTEFACTS["estimates"].header)})


def flow(config: Config, *, removed: int, reason: str = "not observed: alliance", stage: str = "left out") -> Case:
    """Return the flow of one equation that leaves out some of 100 sessions."""
    stages = [("panel", "", 100, 0), (stage, reason, 100 - removed, removed), ("analysed", "", 100 - removed, 0)]
    rows = [
        {
            "order": 200 + i, "stage": name, "model": "technique_jointly", "outcome": "symptoms", "reason": why, "n_patients": 20,
            "n_sessions": n, "n_therapists": 4, "removed_patients": 0, "removed_sessions": lost,
        }
        for i, (name, why, n, lost) in enumerate(stages) if lost or name != stage
    ]  # fmt: skip
    return Case(config, {"flow": pd.DataFrame(rows, columns=ARTEFACTS["flow"].header), "panel": builders.panel(config)})


def panel(config: Config, *, blank: int) -> Case:
    """Return the flow and a panel of which some rows hold an id and a session alone."""
    whole = builders.panel(config)
    measured = whole.columns.difference(["patient", "therapist", "session", "days", "weeks"])
    whole.loc[whole.index[:blank], measured] = np.nan
    return Case(config, {"flow": builders.flow(config, builders.panel(config)), "panel": whole})


def sensitivity(*, informed: bool, value: float = 0.01) -> Case:
    head = {
        "model": "technique_jointly",
        "path": "technique -> alliance",
        "effect": "a",
        "level": "within",
        "threshold": 0.05,
    }
    rows = [
        head | {"block": "effects", "component": "prior", "value": 0.01, "meaning": "Hardly."},
        head
        | {
            "block": "likelihood",
            "component": "likelihood",
            "value": value,
            "meaning": "The data say little about this estimate.",
        },
    ]
    return Case(ARMS, {"sensitivity": pd.DataFrame(rows).assign(narrowed=0.1, informed=informed)})


def without_reverse(**further: Any) -> Config:
    settings = ARMS.model_dump(mode="json", by_alias=True)
    settings["models"] |= {"fit": ["technique_jointly"], "answers": {}}
    settings["models"]["specs"]["technique_jointly"] |= further
    return validate_config(settings)


def prose(name: str) -> Callable[[Case], str]:
    def say(case: Case) -> str:
        passages = SENTENCES[name](case.inputs, case.config)
        return " ".join(str(sentence) for passage in passages for sentence in passage.sentences)

    return say


def headline(case: Case) -> str:
    return " ".join(map(str, describe_headline(case.inputs, case.config)))


def notes_of_figure(module: Any, case: Case) -> str:
    drawing = module.draw(case.inputs, case.config)
    return f"{module.CAPTION} {drawing.notes}"


BACK = {"further_effects": [{"from": "symptoms", "to": "alliance"}]}
back = partial(estimate, model="technique_jointly", outcome="alliance", path="symptoms -> alliance", effect="effect")
grown = partial(estimate, model="technique_jointly", effect="accumulated", horizon="after 1 session")
arm = partial(estimate, path="arm -> alliance -> symptoms", level="overall", horizon="")
step = partial(estimate, effect="effect", path="alliance -> symptoms", model="alliance_predicts_symptoms")
signed = with_models(ARMS, technique_jointly={"time_order_signed_off": "Rated together."})


def varying(model: str, *outcomes: str, **vary: list[str]) -> Config:
    """Let slopes vary between units, named as terms, in the equations of a model that have them."""
    equations = ARMS.models.specs[model].model_dump(mode="json", by_alias=True)["equations"]
    for equation in equations.values():
        equation["vary"] = {
            unit: ["intercept", *(term for term in terms if term in equation["on"])] for unit, terms in vary.items()
        }
    return with_models(ARMS, **{model: {"equations": equations}})


def left_out(*units: str) -> Case:
    return Case(
        ARMS, {"influence": (table := builders.influence(ARMS, builders.estimates(ARMS)))[table["unit"].isin(units)]}
    )


def single(*units: str) -> Case:
    return Case(ARMS, {"shrinkage": (table := builders.shrinkage(ARMS))[table["unit"].isin(units)]})


by_patient = varying("technique_jointly", patient=["technique", "alliance_lag"], therapist=["session"])
by_both = varying("technique_jointly", patient=["technique"], therapist=["technique"])
alike = varying("technique_jointly", patient=["session"], therapist=[])
by_patient_arm = varying("arm_jointly", patient=["alliance_lag"], therapist=[])
alike_arm = varying("arm_jointly", patient=[], therapist=[])
course = [
    estimate(model="arm_jointly", path=path, effect=effect, level="overall", horizon="at session 8")
    for effect, path in (
        ("total", "arm -> symptoms"),
        ("indirect", "arm -> alliance -> symptoms"),
        ("direct", "arm -> symptoms"),
    )
]

KINDS: dict[str, tuple[str, Callable[[Case], str], Case, Case]] = {
    # kind: (pattern, where it stands, a run in which it is true, a run in which it is not)
    "no session is left out": (
        "uses all 100 sessions", prose("describe_flow"), flow(ARMS, removed=0), flow(ARMS, removed=17),
    ),
    "no session is left out, in the figure": (
        "uses every session", partial(notes_of_figure, flow_figure), flow(ARMS, removed=0), flow(ARMS, removed=17),
    ),
    "no patient is left out, in the figure": (
        "no patient is left out", partial(notes_of_figure, flow_figure), flow(ARMS, removed=17), flow(ARMS, removed=0),
    ),
    "first sessions are initial values": (
        "First sessions whose values are the initial values", prose("describe_flow"),
        flow(ARMS, removed=9, reason=AT_FIRST), flow(ARMS, removed=9),
    ),
    "first sessions are initial values, in the figure": (
        "Up to 9 first sessions are no outcomes", partial(notes_of_figure, flow_figure),
        flow(ARMS, removed=9, reason=AT_FIRST), flow(ARMS, removed=9),
    ),
    "first sessions do not count as missing, in the figure": (
        "because a value it needs is missing", partial(notes_of_figure, flow_figure),
        flow(ARMS, removed=9), flow(ARMS, removed=9, reason=AT_FIRST),
    ),
    "a missed session costs the next one": (
        "counts if that session took place", prose("describe_flow"),
        flow(ARMS, removed=9, reason="no earlier session: alliance_lag"), flow(ARMS, removed=9),
    ),
    "a blank value costs the next session": (
        "the value is blank", prose("describe_flow"),
        flow(ARMS, removed=9, reason="earlier session held, its value not observed: alliance_lag"),
        flow(ARMS, removed=9, reason="no earlier session: alliance_lag"),
    ),
    "values are filled in and nothing is left out, in the figure": (
        "No equation leaves a session out", partial(notes_of_figure, flow_figure),
        flow(ARMS, removed=17, stage="filled in"), flow(ARMS, removed=17),
    ),
    "blank values are not in the models": (
        "are not in the models", prose("describe_limits"), flow(ARMS, removed=17), flow(ARMS, removed=17, stage="filled in"),
    ),
    "blank values are unknowns of the models": (
        "for unknown values like the others", prose("describe_limits"),
        flow(ARMS, removed=17, stage="filled in"), flow(ARMS, removed=17),
    ),
    "scores at an end of the scale stand for what lies beyond": (
        "stands for a value at that end or beyond", prose("describe_limits"),
        flow(ARMS, removed=17, stage="censored"), flow(ARMS, removed=17, stage="filled in"),
    ),
    "rows without a measure are no sessions": (
        "3 rows of these hold nothing", prose("describe_flow"), panel(ARMS, blank=3), panel(ARMS, blank=0),
    ),
    "the reverse direction is missing": (
        "was not estimated", headline,
        estimates(without_reverse(), estimate(model="technique_jointly")),
        estimates(without_reverse(**BACK), estimate(model="technique_jointly"), back()),
    ),
    "the reverse direction is missing, in the section": (
        "No model of the reverse direction", prose("describe_reverse"),
        estimates(without_reverse(), estimate(model="technique_jointly")),
        estimates(without_reverse(**BACK), estimate(model="technique_jointly"), back()),
    ),
    "the data say little": (
        "say little", prose("describe_sensitivity"), sensitivity(informed=False), sensitivity(informed=True),
    ),
    "something was followed by the outcome": (
        "was followed by", prose("describe_indirect"),
        estimates(ARMS, estimate(model="technique_jointly")), estimates(signed, estimate(model="technique_jointly")),
    ),
    "it was followed and not predicted": (
        "was followed by", prose("describe_indirect"), estimates(ARMS, estimate()), estimates(SINGLE, estimate()),
    ),
    "the outcome comes at the next session": (
        "at the next session", prose("describe_predictions"),
        estimates(ARMS, step()), estimates(ARMS, step(horizon="same session")),
    ),
    "a difference brings something about": (
        "With treatment arm", prose("describe_accumulated"),
        estimates(ARMS, arm(effect="accumulated", model="arm_by_steps", horizon="after 1 session")),
        estimates(ARMS, grown()),
    ),
    "the total is an effect": (
        "may be called an effect", prose("describe_indirect"),
        estimates(ARMS, arm(model="arm_by_steps")), estimates(ARMS, arm(model="arm_jointly")),
    ),
    "the data leave it open": (
        "compatible with no difference", prose("describe_indirect"),
        estimates(ARMS, estimate(low=-0.4, high=0.1)), estimates(ARMS, estimate()),
    ),
    "what lags further than a session arrives later": (
        "is seen 2 sessions later", prose("describe_accumulated"),
        estimates(ARMS.model_copy(update={"panel": ARMS.panel.model_copy(update={"lag": 2})}), grown()), estimates(ARMS, grown()),
    ),
    "steps differ between patients": (
        "averages over patients, whose steps differ", prose("describe_accumulated"),
        estimates(by_patient, grown()), estimates(alike, grown()),
    ),
    "steps differ between therapists too": (
        "averages over patients and therapists, whose", prose("describe_accumulated"),
        estimates(by_both, grown()), estimates(by_patient, grown()),
    ),
    "steps are the same for all": (
        "the same for all patients", prose("describe_accumulated"), estimates(alike, grown()), estimates(by_patient, grown()),
    ),
    "steps differ, in the figure": (
        "averages over patients, whose steps differ", partial(notes_of_figure, accumulated),
        estimates(by_patient, grown()), estimates(alike, grown()),
    ),
    "the steps of an arm differ": (
        "averages over patients, whose steps differ", prose("describe_treatment"),
        estimates(by_patient_arm, *course), estimates(alike_arm, *course),
    ),
    "therapists were left out": (
        "each therapist", prose("describe_influence"), left_out("patient", "therapist"), left_out("patient"),
    ),
    "therapists are looked at one by one": (
        "single patients and therapists", prose("describe_differences"), single("patient", "therapist"), single("patient"),
    ),
    "nothing is flagged": (
        "No warning concerns these answers", headline,
        estimates(ARMS, estimate(model="technique_jointly")), estimates(ARMS, estimate(model="technique_jointly", flag="R-hat")),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_sentence_is_said_where_it_is_true_and_only_there(kind: str) -> None:
    pattern, say, true, false = KINDS[kind]

    assert re.search(pattern, say(true))
    assert not re.search(pattern, say(false))


@pytest.mark.parametrize("file", ["config.yaml", "suddengains.yaml"])
def test_labels_of_our_models_say_later_only_of_paths_that_lead_to_a_later_session(file: str) -> None:
    overlays = [] if file == "config.yaml" else [read_yaml(builders.ROOT / "config" / file)]
    config = validate_config(merge_with_base(read_yaml(builders.ROOT / "config" / "config.yaml"), overlays))
    for name in config.models.fit:
        spec = config.models.specs[name]
        if re.search(r"\blater\b|next session", spec.label):
            assert all(any(edge.lagged for edge in path.edges) for path in paths_of(name, spec, config.variables)), name


def test_reports_of_one_group_speak_of_no_intervention_anywhere() -> None:
    inputs = builders.artefacts(SINGLE)
    texts = [prose(name)(Case(SINGLE, inputs)) for name in SENTENCES] + [headline(Case(SINGLE, inputs))]
    texts += [notes_of_figure(accumulated, Case(SINGLE, inputs))]
    intervention = re.compile(
        r"adds up|the effect of|brings about|\bWith [^.]* from the first session on", re.IGNORECASE
    )

    assert [found for text in texts for found in intervention.findall(text)] == []


def test_last_rows_without_a_measure_do_not_keep_a_patient_in_treatment() -> None:
    whole = builders.panel(ARMS)
    last = whole["session"] == whole["session"].max()
    measured = whole.columns.difference(["patient", "therapist", "session", "days", "weeks"])
    shares = missingness.share_observed(whole, ARMS)
    whole.loc[last, measured] = np.nan
    blanked = missingness.share_observed(whole, ARMS)

    assert shares["still_in"].iloc[-1] > 0
    assert blanked[blanked["session"] == whole["session"].max()]["still_in"].isna().all()
