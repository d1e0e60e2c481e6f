"""Sentences on the study itself: its question, its patients, its measures, and what it cannot say."""

from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.data.panel import sessions_held
from alliance.facts.columns import PATIENT, THERAPIST
from alliance.models.checking.unreliable import CORRECTED, UNCORRECTED
from alliance.models.rows import AT_FIRST, CENSORED, EARLIER_BLANK, NO_EARLIER
from alliance.report.labels import label_held, label_model, label_of
from alliance.report.numbers import format_count, format_number
from alliance.report.propensity import propensities_of
from alliance.report.prose.answers import describe_speakers
from alliance.report.prose.licence import Licence
from alliance.report.prose.passage import (
    Inputs,
    Passage,
    Point,
    caution,
    count_flagged,
    fitted_models,
    licence_for,
    rows_between,
    rows_of,
    table_of,
    text,
)
from alliance.report.prose.wording import capitalise, count_of, count_range, join_words, mediators_of
from alliance.results.disclosure import publish_flow

_MOST_NAMED = 4
_ABOUT_OBSERVED = (
    "Sessions that did not take place and measures that were left blank are not in the models; the numbers are about the "
    "sessions that were observed, while patients stayed."
)
_ABOUT_FILLED = (
    "Joint models take sessions that were skipped and measures that were left blank, while a patient stayed, for unknown values like the "
    "others, given all that was observed; a reason for missing that no variable of the model shows is not allowed for. "
    "Separate equations, and joint models that leave out rows with something missing (as where patients differ in variability), are about "
    "the sessions that were observed. None speaks of the time after a patient left."
)
_ABOUT_CENSORED = (
    "In joint models a score at an end of its scale stands for a value at that end or beyond, an unknown of the model. What is said "
    "of such a measure there is about points of its scale continued beyond its end: people with the same score at the end may differ, "
    "and what they report later may depend on it. How far beyond the end they are rests on the normal distribution, not on data. "
    "Separate equations take the score as it is."
)
_ABOUT_YES_NO = (
    "An answer of yes stands for a propensity above zero, one of no for a propensity below, an unknown of the joint model. What is said of "
    "the propensity, as an outcome, as something between and as its own past, is in standard deviations by which sessions differ when all "
    "that the equation knows is equal, the patient included; differences in probability are averages over the recorded sessions. That "
    "what is left is normal rests on the model, not on data."
)
_ABOUT_ORDERED = (
    "An ordered answer says between which thresholds a propensity lies, an unknown of the joint model; the first threshold is zero, and "
    "the others are estimated. What is said of the propensity, as an outcome, as something between and as its own past, is in standard "
    "deviations by which sessions differ when all that the equation knows is equal, the patient included; differences in probability are "
    "those of the highest answer given, averages over the recorded sessions. That what is left is normal, and that all causes move all "
    "answers along one propensity, rests on the model, not on data."
)
_ABOUT_INTERVALS = (
    "An interval holds what the data and the model leave open by chance. It does not hold what an omitted influence, a wrong "
    "order of events or unreliable measurement may add."
)


def describe_study(inputs: Inputs, config: Config) -> list[Passage]:
    """Give the study in the words of its researchers."""
    return [text(config.study.description)] if config.study.description else []


def describe_question(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe the study, the questions its models ask, and what kind of answer the design allows."""
    questions: dict[str, None] = {}
    for name in fitted_models(config, "forward"):
        effects = config.models.specs[name].effects
        if effects is None:
            continue
        rows = rows_between(rows_of(table_of(inputs, "estimates"), model=name), effects)
        ways = list(dict.fromkeys(node for row in rows if row["effect"] == "indirect" for node in mediators_of(row)))
        licence = licence_for(name, rows, config)
        questions[
            _ask(
                licence,
                join_words([label_of(node, config) for node in ways]) if ways else "",
                config,
            )
        ] = None
    passages = [text(config.study.description)]
    if questions:
        passages.append(Passage(tuple(questions), kind="list"))
    return [*passages, caution(_licence_of_design(config)), *describe_speakers(config)]


def describe_flow(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe who was in the export, who was left out by cleaning, and how many each equation could use."""
    flow = publish_flow(table_of(inputs, "flow"), config.privacy.minimum_cell)
    if flow.empty:
        return []
    of_data = rows_of(flow, model="")
    sentences = []
    if of_data:
        first, last = of_data[0], of_data[-1]
        people = f"{count_of(int(first['n_patients']), 'patient')} and " if pd.notna(first["n_patients"]) else ""
        sentences.append(
            f"The export held {people}{count_of(first['n_sessions'], 'session row')}. "
            f"Cleaning left {count_of(int(last['n_patients']), 'patient')} with {count_of(last['n_sessions'], 'session')}"
            f"{_therapists(last)}."
        )
    if "panel" in inputs:
        blank = int((~sessions_held(inputs["panel"], config.variables)).sum())
        if blank:
            verb, them = ("holds", "it is") if blank == 1 else ("hold", "they are")
            sentences.append(
                f"{capitalise(count_of(blank, 'row'))} of these {verb} nothing that was measured; {them} not counted as sessions."
            )
        sentences.append(_describe_changes(inputs["panel"], config))
    return [text(*(sentence for sentence in sentences if sentence), _describe_used(flow))]


def _describe_changes(panel: pd.DataFrame, config: Config) -> str:
    """Say how many patients keep several therapists, and what that means in the models; nothing where each has one."""
    held = panel.groupby(PATIENT)[THERAPIST].nunique()
    changed, least = int((held > 1).sum()), config.privacy.minimum_cell
    if not changed:
        return ""
    who = count_of(changed, "patient") if changed >= least else f"fewer than {count_of(least, 'patient')}"
    return (
        f"{capitalise(who)} had sessions with more than one therapist and keep them all: each session counts for the therapist who held "
        "it. Joint models whose effects vary between therapists have patients crossed with therapists there; values of earlier sessions "
        "count across a change, with the effects of the therapist of the session itself, and a first value counts for the first therapist. "
        "Separate equations take such a patient for one of the therapist of most sessions."
    )


def _describe_used(flow: pd.DataFrame) -> str:
    """Say how many rows equations use, and why not all of them where they leave some out."""
    used, whole = rows_of(flow, stage="analysed"), rows_of(flow, stage="panel")
    if not used:
        return ""
    sessions = sorted(row["n_sessions"] for row in used)
    patients = sorted(int(row["n_patients"]) for row in used)
    if whole and sessions[0] == max(row["n_sessions"] for row in whole):
        return f"Every equation uses all {count_of(sessions[0], 'session')} of {count_of(patients[0], 'patient')}."
    sentence = (
        f"The equations of the models could use {count_range(sessions, 'session')} of {count_range(patients, 'patient')}; an equation "
        f"needs its outcome and all its predictors"
    )
    reasons = [str(row["reason"]) for row in rows_of(flow, stage="left out") if row["removed_sessions"]]
    filled = rows_of(flow, stage="filled in")
    if any(reason.startswith(NO_EARLIER) for reason in reasons):
        among = ", where nothing is filled in," if filled else ""
        sentence += f", and a value from an earlier session only counts if{among} that session took place and is not too long ago"
    if any(reason.startswith(EARLIER_BLANK) for reason in reasons):
        sentence += "; where it took place and the value is blank, the next session is left out as well"
    if AT_FIRST in reasons:
        sentence += ". First sessions whose values are the initial values of a model are no outcomes there"
    said = f"{sentence}."
    if filled:
        said += (
            " In joint models, values between a patient's first and last session that were left blank or belong to a skipped session are "
            "unknowns of the model and estimated along with it, as missing at random given the others; they do not count as sessions."
        )
    return said


def describe_measurement(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe how reliably the scales tell patients apart, and how reliably they show change within one patient."""
    rows = rows_of(table_of(inputs, "reliability"), scale="total")
    scales = [row for row in rows if pd.notna(row["omega_within"]) or pd.notna(row["omega_between"])]
    sentences = []
    for row in scales:
        within, between = format_number(row["omega_within"]), format_number(row["omega_between"])
        size = f"{count_of(row['n_patients'], 'patient')}, {count_of(row['n_sessions'], 'session')}"
        sentences.append(
            Point(
                f"{capitalise(label_of(row['variable'], config))} ({count_of(int(row['n_items']), 'item')})",
                f"Reliability {between} for differences between patients and {within} for changes within a patient (omega; {size}).",
            )
        )
    passages = [Passage(tuple(sentences), kind="list")] if sentences else []
    if scales:
        passages.append(
            text(
                "A measure that shows change unreliably makes what it predicts within patients look smaller than it is. "
                + _describe_error(inputs, config)
            )
        )
    without = [label_of(row["variable"], config) for row in rows if row not in scales]
    if without:
        named = join_words(without) if len(without) <= _MOST_NAMED else f"{format_count(len(without))} measures"
        passages.append(text(f"No items were available for {named}, so reliability is unknown here."))
    return passages


def _describe_error(inputs: Inputs, config: Config) -> str:
    """Say where the error of scores is told of, or why it is not."""
    found = {row["caution"] for row in rows_of(table_of(inputs, "diagnostics"))}
    if found & {CORRECTED, UNCORRECTED}:
        return (
            "What becomes of estimates without the error of scores is said in the supplement, under “How robust is it”."
        )
    if any(known.reliability is not None or known.latent for known in config.variables.values()):
        return "No score with a declared reliability predicts anything in the fitted models, so there is nothing to correct."
    return "Models take scores as free of error: no reliability is declared for any of them."


def describe_cleaning(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe how much the cleaning rules touched, all of which are listed."""
    cleaning = table_of(inputs, "cleaning")
    if cleaning.empty:
        return []
    touched = cleaning[(cleaning["rows"] > 0) | (cleaning["cells"] > 0)]
    if touched.empty:
        return [text(f"None of the {count_of(len(cleaning), 'cleaning rule')} found anything to change.")]
    touched_rows, cells = int(touched["rows"].sum()), int(touched["cells"].sum())
    return [
        text(
            f"{format_count(len(touched))} of {count_of(len(cleaning), 'cleaning rule')} changed something: "
            f"{count_of(touched_rows, 'row')} and {count_of(cells, 'cell')} in all."
        )
    ]


def describe_checks(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe the warnings of the data checks; errors would have stopped the run."""
    if "checks" not in inputs:
        return []
    warnings = rows_of(table_of(inputs, "checks"), severity="warning")
    if not warnings:
        return [text("The data checks found nothing to warn about.")]
    verb = "is" if len(warnings) == 1 else "are"
    return [text(f"The data checks gave {count_of(len(warnings), 'warning')}, which {verb} listed with what to do.")]


def describe_limits(inputs: Inputs, config: Config) -> list[Passage]:
    """State what the study cannot say: its design, its own declared limits, signed-off time orders, flagged numbers."""
    passages = [text(_licence_of_design(config))]
    unadjusted = _adjusted_models(inputs, config)
    general: list[str | Point] = [
        _ABOUT_FILLED if rows_of(table_of(inputs, "flow"), stage="filled in") else _ABOUT_OBSERVED,
        *_censored(table_of(inputs, "flow"), config),
        *_propensities(config),
        *_held(inputs, config),
        _ABOUT_INTERVALS,
    ]
    if unadjusted:
        general.append(
            Point(
                join_words(unadjusted),
                "The assignment was random, but these equations hold later measurements equal, so their "
                "totals are not the whole difference between the arms.",
            )
        )
    flagged = count_flagged(rows_of(table_of(inputs, "estimates")))
    if flagged:
        verb, them = ("carries", "it") if flagged == 1 else ("carry", "them")
        general.append(
            f"{capitalise(count_of(flagged, 'estimate'))} {verb} a flag. Read {them} with the diagnostics in the supplement."
        )
    passages.append(Passage(tuple(general), kind="list"))
    if config.study.limits:
        passages.append(
            Passage(
                tuple(config.study.limits),
                heading="Limits the researchers declared",
                kind="list",
            )
        )
    signed = [
        Point(label_model(name, config), config.models.specs[name].time_order_signed_off or "")
        for name in config.models.fit
        if config.models.specs[name].time_order_signed_off
    ]
    if signed:
        passages.append(
            Passage(
                tuple(signed),
                heading="Time orders that were signed off",
                kind="list",
            )
        )
        passages.append(
            caution(
                "In these models something is not measured before what it is said to precede. The reasons given stand above, word for word."
            )
        )
    discrete = [
        Point(label_model(name, config), config.models.specs[name].discrete_signed_off or "")
        for name in config.models.fit
        if config.models.specs[name].discrete_signed_off
    ]
    if discrete:
        passages.append(
            Passage(tuple(discrete), heading="Yes/no outcomes and counts that were signed off as scores", kind="list")
        )
    without = [
        Point(label_model(name, config), config.models.specs[name].initial_values_signed_off or "")
        for name in config.models.fit
        if config.models.specs[name].initial_values_signed_off
    ]
    if without:
        passages.append(Passage(tuple(without), heading="Models signed off without initial values", kind="list"))
    if config.privacy.original_ids:
        passages.append(
            caution("The results of this run hold original ids of the export: do not share or commit them.")
        )
    return passages


def _censored(flow: pd.DataFrame, config: Config) -> list[Point]:
    """Say which outcomes have scores that stand for all values beyond an end of their scale."""
    outcomes = dict.fromkeys(str(row["outcome"]) for row in rows_of(flow, stage=CENSORED))
    return (
        [Point(capitalise(join_words([label_of(name, config) for name in outcomes])), _ABOUT_CENSORED)]
        if outcomes
        else []
    )


def _propensities(config: Config) -> list[Point]:
    """Say which outcomes stand for a propensity, and what it is."""
    points = []
    for ordered, about in ((False, _ABOUT_YES_NO), (True, _ABOUT_ORDERED)):
        chosen = [outcome for outcome in propensities_of(config) if config.variables[outcome].ordered == ordered]
        labels = [label_of(outcome, config) for outcome in chosen]
        points += [Point(capitalise(join_words(labels)), about)] if labels else []
    return points


def _held(inputs: Inputs, config: Config) -> list[Point]:
    """Say of which models a residual correlation was given, and what that makes of their estimates."""
    told = set(table_of(inputs, "estimates").get("model", []))
    held = {name: label_held(name, config) for name in config.models.fit if name in told}
    return [
        Point(
            label_model(name, config),
            f"What the equations leave at a session is taken to be correlated: {join_words(pairs)}. Whether it is, the "
            "data do not tell; the estimates are those that would follow if it were.",
        )
        for name, pairs in held.items()
        if pairs
    ]


def _ask(licence: Licence, ways: str, config: Config) -> str:
    source, target = label_of(licence.source, config), label_of(licence.target, config)
    if licence.kind in ("effect", "adjusted"):
        return f"What is the effect of {source} on {target}{f', and how much of it runs by way of {ways}' if ways else ''}?"
    return (
        f"Can {target} be predicted from {source}{f', and does the prediction run by way of {ways}' if ways else ''}?"
    )


def _licence_of_design(config: Config) -> str:
    study = config.study
    if study.design == "single_group":
        return (
            "One group of patients was followed and nothing was assigned at random. The numbers say what precedes and predicts "
            "what, within patients and between them; they do not say what brings it about."
        )
    if study.design == "observational_groups":
        return (
            "The groups that are compared were not formed at random. Differences between them, and what goes along with them, are "
            "associations; the groups may have differed from the start."
        )
    assigned = join_words([label_of(name, config) for name in study.randomised])
    return (
        f"Patients were assigned at random: {assigned}. What differs in total between the arms may be called an effect of the "
        f"assignment. Everything that was not assigned at random, a process during therapy above all, can precede and predict; "
        f"its share in an effect can only be stated under assumptions, which are named where it is stated."
    )


def _adjusted_models(inputs: Inputs, config: Config) -> list[str]:
    names = [*fitted_models(config, "forward"), *fitted_models(config, "reverse")]
    estimates = table_of(inputs, "estimates")
    return [
        label_model(name, config)
        for name in names
        if licence_for(name, rows_of(estimates, model=name), config).kind == "adjusted"
    ]


def _therapists(row: dict[str, Any]) -> str:
    number = int(row["n_therapists"])
    return f" and {count_of(number, 'therapist')}" if number else ""
