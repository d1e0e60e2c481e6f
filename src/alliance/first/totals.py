"""Ready-made scores by their names, and the range their questionnaire allows."""

from dataclasses import replace
from typing import Any

from alliance.config.instruments import Instrument
from alliance.data.checks.codes import looks_like_a_code
from alliance.first.draft import Draft, Question, Sureness, between
from alliance.first.measures import ALLIANCE_NAME, OUTCOME_NAME, Measure, add_measure, instrument_words, role_of
from alliance.first.table import Column
from alliance.first.words import ALLIANCE, OF_PROGRAMS, OUTCOME, THERAPIST, THERAPIST_FORM, has_word, tokens

_OFFERED = 8  # columns that a question names
_NONE = "none"


def find_totals(draft: Draft) -> None:
    """Recognise scores that are there already: named like a questionnaire or like what it measures.

    Where one of the two measures of the ready-made model is still missing and nothing names it, one other column is taken, or asked for.
    """
    for column in _scores(draft):
        instruments = [one for one in draft.instruments.values() if instrument_words(one) & _stems(column)]
        if not instruments and not has_word(column.name, ALLIANCE | OUTCOME):
            continue
        measure = _measure(column, instruments)
        if not instruments and role_of(measure) in draft.variables:
            continue
        scored = {variable.get("instrument") for variable in draft.variables.values()}
        if instruments and measure.rater == "patient" and scored & {one.key for one in instruments}:
            draft.left_out.append(f"`{column.name}`: a ready-made score; it is scored from the items")
            draft.claimed.add(column.name)
            continue
        _take(draft, column, measure)
    _fill_roles(draft)


def _scores(draft: Draft) -> list[Column]:
    """Return the columns of numbers that may be scores: they differ within patients and do not belong to the survey program."""
    found = []
    for column in draft.free:
        if not column.is_numeric or column.distinct < 3 or has_word(column.name, OF_PROGRAMS):
            continue
        groups = column.numbers.groupby(draft.patient.ids).nunique()
        if (groups > 1).mean() > 0.3:
            found.append(column)
    return found


def _stems(column: Column) -> set[str]:
    words = [word for word in tokens(column.name) if not word.isdigit()]
    return {*words, "".join(words)}


def _measure(column: Column, instruments: list[Instrument]) -> Measure:
    rater = "patient"
    if set(tokens(column.name)) & (THERAPIST_FORM | THERAPIST):
        rater = "therapist"
    settings: dict[str, Any] = {"column": column.name}
    if rater != "patient":
        settings["rater"] = rater
    evidence, sureness = f"values {between(column.low, column.high)}", _sure(column)
    fits = [
        (one, low, high, how) for one in instruments for low, high, how in _ranges(one) if _holds(column, low, high)
    ]
    numbered = [one for one in fits if set(one[0].key.split("_")[1:]) & set(tokens(column.name))]
    fits = numbered or fits
    # The smallest range that holds all values, if it is the only one that they nearly fill.
    fits.sort(key=lambda one: (len(_beyond(column, one[1], one[2])), one[2] - one[1]))
    codes: tuple[float, ...] = ()
    if fits:
        instrument, low, high, how = fits[0]
        rivals = {(one[1], one[2]) for one in fits if one[2] - one[1] < 1.3 * (high - low)}
        inside = column.numbers[column.numbers.between(low, high)]
        if len(rivals) == 1 and (inside.max() - inside.min()) > 0.3 * (high - low):
            settings["range"] = [low, high]
            codes = _beyond(column, low, high)
            evidence = f"values {between(inside.min(), inside.max())}"
            evidence += f" fit the {how} of {instrument.name} ({between(low, high)})"
        else:
            evidence += (
                f"; range not declared, for {' or '.join(sorted({one[0].name for one in fits}))} leave several open"
            )
    elif instruments:
        evidence += f", which is no score of {instruments[0].name} that is known here; range not declared"
    else:
        evidence += "; range not declared"
    return Measure(
        None,
        settings,
        sureness,
        f"column `{column.name}`",
        evidence,
        rater,
        (column,),
        _named_like(column, instruments),
        codes,
    )


def _beyond(column: Column, low: float, high: float) -> tuple[float, ...]:
    return tuple(sorted(map(float, column.numbers[~column.numbers.between(low, high)].dropna().unique())))


def _holds(column: Column, low: float, high: float) -> bool:
    """Whether a range holds all values but one that looks like a code for "missing"."""
    outside = _beyond(column, low, high)
    return len(outside) <= 1 and all(map(looks_like_a_code, outside))


def _named_like(column: Column, instruments: list[Instrument]) -> str:
    """Return the name by which roles are told: an instrument's words say what it measures."""
    if has_word(column.name, ALLIANCE | OUTCOME) or not instruments:
        return column.name
    return f"{column.name}_{'alliance' if instruments[0].higher_is == 'better' else 'symptoms'}"


def _sure(column: Column) -> Sureness:
    return "sure" if has_word(column.name, ALLIANCE | OUTCOME) else "fairly sure"


def _ranges(instrument: Instrument) -> list[tuple[float, float, str]]:
    low, high = instrument.range
    return [(low * instrument.items, high * instrument.items, "sum"), (low, high, "mean of the items")]


def _take(draft: Draft, column: Column, measure: Measure) -> None:
    draft.claimed.add(column.name)
    if column.unclear and not _ask_for_groups(draft, column):
        draft.left_out.append(f"`{column.name}`: numbers that can be read in two ways")
        return
    add_measure(draft, measure)


def _ask_for_groups(draft: Draft, column: Column) -> bool:
    if "thousands" in draft.settings.get("sessions", {}):
        return True
    mark = "." if column.text.str.contains(".", regex=False).any() else ","
    answer, _ = draft.question(
        Question(
            f"Numbers in column {column.name} look like 1{mark}250. Is that one thousand two hundred and fifty, or one and a quarter?",
            {mark: "one thousand two hundred and fifty", "none": "one and a quarter"},
            None,
        )
    )
    if answer is None:
        draft.to_do.append(
            f"say below the path whether 1{mark}250 in {column.name} is 1250 (thousands: '{mark}') or 1.25 (thousands: none), then add it "
            "as a variable"
        )
        return False
    draft.set(thousands=answer)
    return True


def _fill_roles(draft: Draft) -> None:
    """Take, or ask for, a second measure where only one was recognised by name."""
    for _ in range(2):
        found = [name for name, variable in draft.variables.items() if variable.get("rater", "patient") == "patient"]
        if len(found) >= 2 or not (others := _scores(draft)):
            return
        chosen, sureness, evidence = _other(
            draft, others, ALLIANCE_NAME if ALLIANCE_NAME not in found else OUTCOME_NAME
        )
        if chosen is None:
            return
        measure = replace(_measure(chosen, []), sureness=sureness, named=chosen.name)
        _take(draft, chosen, replace(measure, evidence=f"{measure.evidence}{evidence}"))


def _other(draft: Draft, others: list[Column], role: str) -> tuple[Column | None, Sureness, str]:
    if len(others) == 1:
        return others[0], "assumed", ", the only other number that differs within patients"
    wanted = "the process in question (such as the alliance)" if role == ALLIANCE_NAME else "the outcome"
    shown = others[:_OFFERED]
    choices = {column.name: f"{column.name}: {between(column.low, column.high)}" for column in shown}
    answer, sureness = draft.question(Question(f"Which column is {wanted}?", {**choices, _NONE: "none of these"}, None))
    if answer is None or answer == _NONE:
        names = ", ".join(f"`{column.name}`" for column in shown)
        draft.left_out.append(f"{names}: numbers that differ within patients, but nothing says what they measure")
        return None, sureness, ""
    return draft.sessions.columns[answer], sureness, ""
