"""Who changes, as the answer to that question."""

from typing import Any, Final

from alliance.config import Config
from alliance.config.posing import cast_in, speaker_of
from alliance.facts.quantity import nodes_of
from alliance.report.accounts import account_of, write_account
from alliance.report.labels import label_of, unit_of
from alliance.report.meanings import describe_case
from alliance.report.numbers import format_percent, format_ratio, format_share, format_value
from alliance.report.prose.passage import Inputs, Passage, rows_of, table_of
from alliance.report.prose.told import Number, Told
from alliance.report.prose.wording import (
    Row,
    capitalise,
    describe_contrast,
    describe_flag,
    describe_size,
    includes_zero,
    name_interval,
)

_NAME: Final = "change"
_OBSERVED: Final = "last session observed"
_EARLY_HELD: Final = "early change held equal"
# The estimates of the small table.
_TOLD: Final = (
    "share_better", "share_recovered", "share_cases", "difference_share_better", "odds_ratio_better", "probability_better",
)  # fmt: skip


def tell_change(inputs: Inputs, config: Config) -> Told | None:
    """Say how many are reliably better and recovered, and whether the early process tells of it as far as its interval tells."""
    model = speaker_of(_NAME, config)
    rows = rows_of(table_of(inputs, "estimates"), model=model)
    norm = next((row for row in rows_of(table_of(inputs, "norms"), model=model)), None)
    if not rows or norm is None:
        return None
    better, odds, probability, held = (
        _find(rows, effect, when)
        for effect, when in (
            ("share_better", _OBSERVED),
            ("odds_ratio_better", ""),
            ("probability_better", ""),
            ("probability_better", _EARLY_HELD),
        )
    )
    recovered, cases = _find(rows, "share_recovered", _OBSERVED), _find(rows, "share_cases", _OBSERVED)
    return Told(
        answer=" ".join(
            part
            for part in (_say_better(better, recovered, cases, norm, config), _say_early(probability, held, config))
            if part
        ),
        rows=tuple(row for row in rows if row["effect"] in _TOLD and row["horizon"] in (_OBSERVED, "", _EARLY_HELD)),
        numbers=(
            *(Number("reliably better", _share(row)) for row in (better,) if row),
            *(Number(f"odds ratio per SD of early {_process(row, config)}", _ratio(row)) for row in (odds,) if row),
        ),
        claim="A count of these patients; the early process may go along with what became of them without bringing it about.",
        change="Patients who left early count with their last session, and part of the change may have come before the process was rated.",
    )


def describe_change_of_patients(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe by what rule change was judged, the end had nobody left, arms, and the early process with and without early change."""
    if cast_in(config).lacks(("outcome",)) or speaker_of(_NAME, config) not in config.models.specs:
        return []
    model = speaker_of(_NAME, config)
    rows = rows_of(table_of(inputs, "estimates"), model=model)
    norm = next((row for row in rows_of(table_of(inputs, "norms"), model=model)), None)
    if not rows or norm is None:
        return []
    sentences = [_say_norm(norm, config), _say_expected(rows), _say_arms(rows, config)]
    sentences += [_say_predicted(rows, event, config) for event in ("better", "recovered")]
    return [Passage(tuple(sentence for sentence in sentences if sentence))]


def _find(rows: list[dict[str, Any]], effect: str, horizon: str) -> dict[str, Any] | None:
    return next((row for row in rows if row["effect"] == effect and row["horizon"] == horizon), None)


def _ratio(row: Row) -> str:
    return format_ratio(row["estimate"], row["low"], row["high"])


def _share(row: Row) -> str:
    return format_share(row["estimate"], row["low"], row["high"])


def _who(row: Row) -> str:
    return f"({name_interval(row)} in brackets; {describe_size(row)})"


def _points(row: Row) -> str:
    """Write a difference of shares or probabilities in percentage points."""
    return f"{write_account(row['effect'], account_of(row))} percentage points"


def _process(row: Row, config: Config) -> str:
    return label_of(nodes_of(row["path"])[0], config)


def _say_better(better: Row | None, recovered: Row | None, cases: Row | None, norm: Row, config: Config) -> str:
    label = label_of(norm["variable"], config)
    if better is not None:
        said = (
            f"{_share(better)} of patients are reliably better in {label} from the first to the last session observed"
            f"{describe_flag(better)}"
        )
        if recovered is not None:
            said += (
                f", and {_share(recovered)} of all have recovered: reliably better, and a case before but not after"
                f"{describe_flag(recovered)}"
            )
        elif not norm["case_rule"]:
            said += "; nothing declares which scores are those of a case, so nobody can be said to have recovered"
        return f"{said}."
    if cases is not None:
        return f"At their last session {_share(cases)} of patients are cases in {label}{describe_flag(cases)}."
    return f"Too few patients changed in {label}, or too few did not, for their number to be shown."


def _say_early(row: Row | None, held: Row | None, config: Config) -> str:
    """Say what the early process tells of change, and in the same breath what is left of it with early change held equal."""
    if row is None:
        return ""
    process = _process(row, config)
    if includes_zero(row):
        verdict = f"Whether early {process} tells who becomes reliably better stays open"
    else:
        verdict = f"Patients with {_direction(row)} early {process} are more often reliably better"
    said = (
        f"{verdict}: one standard deviation more goes with {_points(row)}{describe_flag(row)}, first score held equal"
    )
    if held is None:
        return f"{said}."
    both = f"{said}, and {_points(held)}{describe_flag(held)} with the change over the first sessions held equal too"
    if includes_zero(held):
        return f"{both}; that leaves it open{' as well' if includes_zero(row) else ''}."
    same = not includes_zero(row) and _direction(held) == _direction(row)
    return f"{both}{'' if same else f'; so held, those with {_direction(held)} {process} are more often better'}."


def _direction(row: Row) -> str:
    """Say which of two patients is the more likely to become better."""
    return "higher" if row["estimate"] > 0 else "lower"


def _say_norm(norm: Row, config: Config) -> str:
    unit = unit_of(norm["variable"], config)
    parts = []
    if norm["change_value"] == norm["change_value"]:
        parts.append(
            f"A change counts as reliable from {format_value(norm['change_value'])} {unit} on, at the "
            f"{format_percent(norm['change_level'])} "
            f"level ({norm['change_source']}; Jacobson and Truax 1991)."
        )
    if norm["case_rule"]:
        parts.append(f"A case has {describe_case(norm, config)} ({norm['case_source']}).")
    else:
        parts.append(
            "Which scores are those of a case is not known of this measure, so recovery is not told: an instrument's file with a cut-off, "
            "or "
            "'case_rule' and 'case_value' among the options of the model, would say it."
        )
    return " ".join(parts)


def _say_expected(rows: list[dict[str, Any]]) -> str:
    row = next(
        (one for one in rows if one["effect"] == "share_better" and one["horizon"].startswith("at session")), None
    )
    if row is None:
        return ""
    return (
        f"Had nobody left, {_share(row)} would be expected to be reliably better {row['horizon']} "
        f"{_who(row)}{describe_flag(row)}, "
        "if patients who left went on as their own scores and the average course lead one to expect."
    )


def _say_arms(rows: list[dict[str, Any]], config: Config) -> str:
    found = [row for row in rows if row["effect"].startswith("difference_share_")]
    if not found:
        return ""
    what = {"difference_share_better": "reliably better", "difference_share_recovered": "recovered"}
    parts = [f"{_points(row)} more are {what[row['effect']]}{describe_flag(row)}" for row in found]
    return f"{capitalise(describe_contrast(found[0], config))}: {'; '.join(parts)} {_who(found[0])}."


def _say_predicted(rows: list[dict[str, Any]], event: str, config: Config) -> str:
    odds, points = (_find(rows, f"{effect}_{event}", "") for effect in ("odds_ratio", "probability"))
    if odds is None or points is None:
        return ""
    what = "being reliably better" if event == "better" else "recovering (of those who were cases at first)"
    said = (
        f"One standard deviation more of early {_process(odds, config)} goes with an odds ratio of {_ratio(odds)} of {what} and "
        f"{_points(points)} "
        f"{_who(odds)}, first score held equal{describe_flag(odds)}."
    )
    held = _find(rows, f"odds_ratio_{event}", _EARLY_HELD)
    if held is None:
        return said
    return (
        f"{said} With the change over the first sessions held equal too the odds ratio is {_ratio(held)}{describe_flag(held)}: patients "
        "who are soon better rate the alliance higher, so the first number may owe something to that."
    )
