"""Sentences on how far the numbers can be trusted: variance, models, diagnostics, checks, priors, truth."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.facts.cautions import CAUTIONS
from alliance.facts.columns import PATIENT, SESSION, THERAPIST
from alliance.facts.effects import LEVELS
from alliance.facts.families import FAMILIES
from alliance.report.accounts import account_of, in_read_unit, sign_of, write_account
from alliance.report.labels import (
    describe_rule,
    join_units,
    label_effect,
    label_level,
    label_level_of,
    label_model,
    label_names,
    label_of,
    label_path,
    variable_of,
)
from alliance.report.numbers import (
    MINUS,
    format_count,
    format_number,
    format_percent,
    format_value,
    share_and_ends,
)
from alliance.report.prose.passage import (
    Inputs,
    Passage,
    Point,
    caution,
    count_flagged,
    rows_of,
    table_of,
    text,
)
from alliance.report.prose.wording import (
    Row,
    capitalise,
    count_of,
    describe_flag,
    describe_size,
    flags_of,
    join_words,
    name_interval,
    tell_apart,
)

_EXPLODED = 1000  # times what the data show: no measure does that
_EXPLOSION = (
    "Where an outcome depends on earlier sessions, the priors also allow series that grow from session to session without end{}. The data "
    "rule these out. Priors that did so beforehand would draw the effects of small studies towards zero."
)
_SHARE_PHRASES = {
    "session": "between sessions of the same patient",
    "patient": "between patients",
    "therapist": "between therapists",
}

_CREDIBLE = "Credible intervals hold the value with the stated probability, given the model, its priors and the data."
_BY_VARIANCES = (
    "in joint models variances are drawn first, by the degrees of freedom that {units} leave, and then slopes given the variances, so few "
    "units make wide intervals"
)
_ROBUST = (
    "with robust standard errors slopes are drawn from a normal distribution, and limits of standard deviations and correlations of what "
    "varies between units are those of the profile likelihood"
)


def describe_variance(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe how the variance of each measure is shared between sessions, patients and therapists."""
    shares = rows_of(table_of(inputs, "estimates"), effect="icc")
    measures = list(dict.fromkeys((row["model"], row["outcome"]) for row in shares))
    sentences = []
    for model, outcome in measures:
        rows = [row for row in shares if (row["model"], row["outcome"]) == (model, outcome)]
        rows.sort(key=lambda row: list(LEVELS).index(row["level"]))
        parts = [_describe_share(row) for row in rows]
        kind = f"{name_interval(rows[0])}s in parentheses; {describe_size(rows[0])}"
        sentences.append(Point(capitalise(label_of(outcome, config)), f"Of its variance {join_words(parts)} ({kind})."))
    if not sentences:
        return []
    passages = [Passage(tuple(sentences), kind="list")]
    if any(row["level"] == "session" for row in shares):
        passages.append(
            text("What lies between sessions of the same patient holds errors of measurement as well as change.")
        )
    return passages


def describe_models(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe which models were fitted by which method, and name those without estimates."""
    estimates = table_of(inputs, "estimates")
    found = list(dict.fromkeys(estimates["model"])) if len(estimates) else []
    sentences = []
    if found:
        engines = estimates.drop_duplicates("model")["engine"].value_counts(sort=False)
        parts = [f"{format_count(number)} with {engine}" for engine, number in engines.items()]
        how = f": {join_words(parts)}" if len(parts) > 1 else f" with {engines.index[0]}"
        sentences.append(
            f"{capitalise(count_of(len(found), 'model'))} {'was' if len(found) == 1 else 'were'} fitted{how}."
        )
        kinds = dict.fromkeys(estimates["interval_kind"])
        sentences += [
            _describe_intervals(str(kind), estimates[estimates["interval_kind"] == kind], config) for kind in kinds
        ]
        if rows_of(estimates, effect="correlation", level=SESSION):
            sentences.append(
                "Where two outcomes are observed at the same session and neither predicts the other there, what their equations leave "
                "unexplained at that session may be correlated."
            )
    missing = [label_model(name, config) for name in config.models.fit if name not in found]
    passages = [text(*sentences)] if sentences else []
    if missing:
        passages.append(caution(f"No estimates came from: {join_words(missing)}. Nothing is said about what they ask."))
        reasons = rows_of(table_of(inputs, "diagnostics"), caution="not_fitted")
        points = [Point(label_model(row["model"], config), str(row["detail"])) for row in reasons]
        if points:
            passages.append(Passage(tuple(points), heading="Models that could not be fitted", kind="list"))
    flagged = count_flagged(rows_of(estimates))
    if flagged:
        marks = pd.Series([mark for row in rows_of(estimates) for mark in flags_of(row)]).value_counts()
        verb = "carries" if flagged == 1 else "carry"
        passages.append(
            caution(
                f"{format_count(flagged)} of {count_of(len(estimates), 'estimate')} {verb} a flag, which is printed wherever the "
                f"number is: {'; '.join(f'{mark} ({format_count(number)})' for mark, number in marks.items())}. The section on "
                f"diagnostics says what these mean."
            )
        )
    return passages


def describe_diagnostics(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe which diagnostics failed, model by model, or that none did."""
    table = table_of(inputs, "diagnostics")
    if table.empty:
        return [caution("No diagnostics were recorded.")]
    failed = [row for row in rows_of(table) if not row["passed"] and row["caution"] != "not_fitted"]
    if not failed:
        models = table["model"].nunique()
        return [text(f"All {count_of(len(table), 'diagnostic')} of {count_of(models, 'model')} passed.")]
    alike: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in failed:
        alike.setdefault((row["caution"], str(row["threshold"])), []).append(row)
    points = [_describe_failed(rows, config) for rows in alike.values()]
    lead = text(
        f"{format_count(len(failed))} of {count_of(len(table), 'diagnostic')} did not pass; the numbers concerned are flagged."
    )
    return [lead, Passage(tuple(points), kind="list")]


def describe_predictive(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe whether data simulated from the models look like the data on the statistics that matter."""
    table = table_of(inputs, "predictive")
    if table.empty:
        return []
    passages = []
    for kind in dict.fromkeys(table["kind"]):
        rows = rows_of(table, kind=str(kind))
        outside = [row for row in rows if not row["low"] <= row["observed"] <= row["high"]]
        held = f"{format_count(len(rows) - len(outside))} of {format_count(len(rows))}"
        lead = f"{capitalise(str(kind))} predictive checks: in {held} the observed statistic lies within what the model predicts."
        exploded = [row for row in rows if kind == "prior" and 0 < _EXPLODED * abs(row["observed"]) < row["high"]]
        listed = [Point(_place(row, config), _observed_outside(row)) for row in outside if row not in exploded]
        passages.append(text(lead))
        if listed:
            passages.append(Passage(tuple(listed), kind="list"))
        if exploded:
            passages.append(text(_EXPLOSION.format(_left_out(exploded, outside, config))))
    return passages


def _left_out(exploded: Sequence[Row], outside: Sequence[Row], config: Config) -> str:
    """Say how many of the statistics outside are not listed one by one, since nobody can read such numbers, and of what."""
    rows = [row for row in exploded if row in outside]
    if not rows:
        return ""
    outcomes = join_words(list(dict.fromkeys(label_of(row["outcome"], config) for row in rows)))
    verb = "lies" if len(rows) == 1 else "lie"
    return f": {format_count(len(rows))} of the statistics {verb} outside for that reason ({outcomes})"


def describe_priors(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe that the Bayesian models had priors, and what they allowed before the data were seen."""
    if table_of(inputs, "priors").empty:
        return []
    largest, prior = format_number(2 * config.priors.slope_sd), config.priors.correlations
    correlations = (
        f"Every correlation of intercepts and slopes that vary is equally plausible from {MINUS}1 to 1, however many vary"
        if isinstance(prior, str)
        else f"Correlations of intercepts and slopes that vary are held near zero, the more so the more vary (LKJ with eta = {prior:g})"
    )
    return [
        text(
            f"Before the data were seen, the Bayesian models held slopes from {MINUS}{largest} to {largest} standard deviations (of the "
            f"outcome per standard deviation of the predictor) to be plausible, small ones more than large ones, in either direction "
            f"alike. {correlations}. The table gives each prior in the units of the measures."
        )
    ]


def describe_truth(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe how often the intervals hold the known truth of a simulated study."""
    table = table_of(inputs, "truth")
    if table.empty:
        return []
    rows = rows_of(table)
    held = [row for row in rows if row["holds"]]
    verb, share = "holds" if len(held) == 1 else "hold", format_percent(rows[0]["interval"])
    both = [row for row in rows if pd.notna(row["estimate_corrected"])]
    passages = [
        text(
            f"The data are simulated, so the truth is known: {format_count(len(held))} of {count_of(len(rows), 'interval')} {verb} it.",
            f"It is that of scores without error. {format_count(len(both))} of these estimates are corrected for unreliable scores too: "
            f"{format_count(sum(_holds_corrected(row) for row in both))} of the corrected intervals hold it, and "
            f"{format_count(sum(row['holds'] for row in both))} of those of scores as they are."
            if both
            else "",
            f"Intervals of {share} are expected to miss it now and then, and models that leave something out more often.",
            "Effects from one session to the next are compared where a model holds each outcome's value at the session before equal: "
            "the truth is stated for those.",
        )
    ]
    missed = [_describe_missed(row, config) for row in rows if row not in held]
    if missed:
        passages.append(Passage(tuple(missed), heading="Intervals without the truth", kind="list"))
    return passages


def _describe_intervals(kind: str, estimates: pd.DataFrame, config: Config) -> str:
    """Say where the intervals of one kind come from in the models that have them."""
    specs = [config.models.specs[name] for name in dict.fromkeys(estimates["model"])]
    if kind == "credible":
        return _CREDIBLE
    if kind == "bootstrap confidence":
        units = join_units({how.level for spec in specs if (how := getattr(spec, "bootstrap", None)) is not None})
        return f"Bootstrap confidence intervals come from fits to {units} drawn with replacement."
    units = join_units({PATIENT, THERAPIST} if (estimates["n_therapists"] > 0).any() else {PATIENT})
    joint = [spec for spec in specs if FAMILIES[spec.family].joint]
    robust = [spec for spec in joint if getattr(spec, "standard_errors", None) == "robust"]
    ways = ["Monte Carlo confidence intervals come from draws from the estimated sampling distribution"]
    ways += [_BY_VARIANCES.format(units=units)] if len(robust) < len(joint) else []
    ways += [_ROBUST] if robust else []
    return f"{'; '.join(ways)}."


def _place(row: dict[str, Any], config: Config) -> str:
    outcome = f", {label_of(row['outcome'], config)}" if row["outcome"] else ""
    return f"{label_model(row['model'], config)}{outcome}"


def _observed_outside(row: dict[str, Any]) -> str:
    observed, low, high = tell_apart(row["observed"], row["low"], row["high"])
    return f"{capitalise(row['statistic'])} is {observed}, predicted {low} to {high}."


def _describe_share(row: dict[str, Any]) -> str:
    where = _SHARE_PHRASES.get(row["level"], label_level(row["level"]))
    share, low, high = share_and_ends(row["estimate"], row["low"], row["high"])
    return f"{share} ({low} to {high}){describe_flag(row)} lies {where}"


def _describe_failed(rows: list[dict[str, Any]], config: Config) -> Point:
    """Describe one caution that did not pass by one threshold: what it means, and where it happened."""
    declared = CAUTIONS[rows[0]["caution"]]
    places: dict[str, list[str]] = {}
    for row in rows:
        places.setdefault(label_model(row["model"], config), []).append(_subject(row, config))
    where = "; ".join(f"{model}: {', '.join(subjects)}" for model, subjects in places.items())
    return Point(
        capitalise(declared.title),
        f"{declared.meaning} {capitalise(describe_rule(declared, config, rows[0]['threshold']))}. Seen in: {where}.",
        table="cautions",
    )


def _subject(row: dict[str, Any], config: Config) -> str:
    """Name what a diagnostic is about, with value and detail; a value just beyond the threshold is told apart from it."""
    subject = str(row["subject"])
    shown = label_of(subject, config) if variable_of(subject, config) is not None else label_names(subject, config)
    scale, sign = (100, "%") if CAUTIONS[row["caution"]].share else (1, "")
    said, value, threshold = [], scale * float(row["value"]), scale * row["threshold"]
    if value.is_integer():  # a count, or all
        said.append(f"{format_value(value)}{sign}")
    elif pd.notna(value):
        said.append((tell_apart(value, threshold)[0] if pd.notna(threshold) else format_number(value)) + sign)
    if row["detail"]:
        said.append(label_names(row["detail"], config))
    return f"{shown} ({': '.join(said)})" if said else shown


def _describe_missed(row: dict[str, Any], config: Config) -> Point:
    told = tell_apart(*(in_read_unit(row["effect"], row[name]) for name in ("truth", "low", "high")))
    truth, low, high = (f"{number}{sign_of(row['effect'])}" for number in told)
    subject = f"{label_effect(row['effect'])} {label_path(row['path'], config)}".strip()
    return Point(
        f"{label_model(row['model'], config)}: {subject}, {label_level_of(row, config)}",
        f"The truth is {truth}, the interval runs from {low} to {high}{describe_flag(row)}.{_when_corrected(row)}",
    )


def _when_corrected(row: dict[str, Any]) -> str:
    """Say what the interval of a corrected estimate does; nothing where none was corrected."""
    if pd.isna(row["estimate_corrected"]):
        return ""
    found = write_account(row["effect"], account_of(row, "_corrected"))
    return f" Corrected for unreliable scores: {found}, {'with' if _holds_corrected(row) else 'without'} the truth."


def _holds_corrected(row: dict[str, Any]) -> bool:
    return bool(row["low_corrected"] <= row["truth"] <= row["high_corrected"])
