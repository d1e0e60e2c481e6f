"""Which column numbers the sessions, how they are named, and which holds their dates."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations, pairwise

import pandas as pd

from alliance.config.layout import EXCEL_DAYS
from alliance.data.export.cells import as_date
from alliance.data.export.unsaid import session_pattern
from alliance.first.draft import Draft, Question, Sureness, between, plural
from alliance.first.table import Column
from alliance.first.words import DATE, NOT_THE_DATE, PERHAPS_SESSION, SESSION, WEEK, has_word, tokens

_UNIQUE = 0.9  # share of rows that a session number tells apart within patients; the checks list the others
_LARGEST = 1000
_COUNTED = 12  # measurements that are counted, each named in the overlay
_FEWEST = 3  # rows with the same name of a session
_FORMATS = (
    "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%d/%m/%y", "%m/%d/%y", "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%d %b %Y", "%d-%b-%Y",
)  # fmt: skip
_EXCEL_DAYS = (20_000, 80_000)  # 1954 to 2119
_DATE_SHAPE = r"^\d+[-./ ]\s?\w+[-./ ]\s?\d+"  # day, month and year in any order
_TIMES = ("pre", "baseline", "intake", "screening", "t0", "mid", "post", "end", "followup", "follow", "fu")
_MIDDLE = _TIMES.index("mid")


def find_date(draft: Draft) -> None:
    """Recognise the dates of sessions: a column of dates that differ within patients."""
    dated = [(column, formats) for column in draft.free if (formats := formats_of(column)) is not None]
    dated = [(column, formats) for column, formats in dated if _varies_within(column, draft.patient)]
    named = [one for one in dated if has_word(one[0].name, DATE) and not has_word(one[0].name, NOT_THE_DATE)]
    others = [one for one in dated if not has_word(one[0].name, NOT_THE_DATE)]
    chosen = named or others or dated
    if not chosen:
        _find_unusual_date(draft)
        return
    best = min(chosen, key=lambda one: (not has_word(one[0].name, SESSION), -one[0].filled))[0]
    formats = {column.name: said for column, said in chosen}[best.name]
    sureness: Sureness = "sure" if best.name in {column.name for column, _ in named} else "fairly sure"
    if len(formats) > 1:
        answer, sureness = draft.question(
            Question(
                f"Column {best.name} holds dates such as 03/04/2024. Is the day or the month written first?",
                {formats[0]: "the day (3 April)", formats[1]: "the month (March 4)"},
                None,
            )
        )
        if answer is None:
            draft.left_out.append(
                f'`{best.name}`: dates that can be read in two ways. Add it under keys with date_format: "{formats[0]}" (day first)'
            )
            draft.to_do.append(
                f"add `date: {best.name}` under keys, and below them date_format: '{formats[0]}' (day first) or '{formats[1]}': without "
                "dates a long pause cannot be told from a week"
            )
            draft.claimed.add(best.name)
            return
        formats = [answer]
    draft.keys["sessions"]["date"] = best.name
    if formats and formats[0]:
        draft.set(date_format=formats[0])
        draft.why["date_format"] = "the only way in which all dates can be read" if sureness != "assumed" else "assumed"
    draft.claimed.add(best.name)
    draft.say(
        "keys.date",
        f"date: column `{best.name}`",
        sureness,
        f"{plural(best.filled, 'date')}, which differ within patients",
    )


def _find_unusual_date(draft: Draft) -> None:
    """Take a column that is named like a date and written as day numbers or in two ways; say so if none can be read."""
    named = [one for one in draft.free if has_word(one.name, DATE) and not has_word(one.name, NOT_THE_DATE)]
    for column in named:
        if column.kind not in ("whole", "text") or not _varies_within(column, draft.patient):
            continue
        form: str | list[str] | None = None
        if column.kind == "whole":
            form = EXCEL_DAYS if column.numbers.dropna().between(*_EXCEL_DAYS).all() else None
        else:
            form = _two_formats(column.text.dropna().drop_duplicates())
        if form is None:
            draft.to_do.append(
                f"`{column.name}` is named like a date, but how its {plural(column.filled, 'cell')} are written was not recognised: add it "
                "under keys with date_format (config/README.md), or leave it out"
            )
            draft.claimed.add(column.name)
            draft.left_out.append(f"`{column.name}`: dates that could not be read")
            continue
        draft.keys["sessions"]["date"] = column.name
        draft.set(date_format=form)
        draft.claimed.add(column.name)
        how = "day numbers of a spreadsheet" if form == EXCEL_DAYS else "written in two ways, each of them clear"
        draft.why["date_format"] = f"assumed: {how}"
        draft.say("keys.date", f"date: column `{column.name}`", "assumed", f"{plural(column.filled, 'date')}, {how}")
        return


def _two_formats(text: pd.Series) -> list[str] | None:
    """Return two formats of which each cell has exactly one."""
    if not text.str.contains(_DATE_SHAPE).all():
        return None
    for pair in combinations(("%Y-%m-%d", *_FORMATS), 2):
        if not as_date(text, pair)[1].any():
            return list(pair)
    return None


def formats_of(column: Column) -> list[str] | None:
    """Return the formats in which all cells are dates (an empty one is year-month-day); None if they are no dates."""
    if column.kind == "date":
        return [""]
    if column.kind != "text" or column.distinct < 2:
        return None
    text = column.text.dropna().drop_duplicates()
    if not text.str.contains(_DATE_SHAPE).all():
        return None
    if not as_date(text, None)[1].any():
        return [""]
    return [form for form in _FORMATS if not as_date(text, form)[1].any()] or None


def _varies_within(column: Column, patient: Column) -> bool:
    groups = column.text.groupby(patient.ids).nunique()
    return bool((groups > 1).mean() > 0.5) or bool((groups <= 1).all() and patient.distinct == patient.filled)


def find_session(draft: Draft) -> None:
    """Recognise the number of a session: whole numbers, or names with a number, that tell the rows of a patient apart.

    A column of weeks or months numbers assessments where nothing else does. Without any, the dates of each patient are counted.
    """
    if "wide" in draft.settings.get("sessions", {}):
        return
    rated = [(score, column) for column in draft.free if (score := _score(column, draft)) is not None]
    rated.sort(key=lambda one: -one[0])
    if rated:
        _take(draft, rated[0][1], rated[0][0])
        rest = [column for _, column in rated[1:] if has_word(column.name, WEEK) and column.is_numeric]
        if rest and not has_word(rated[0][1].name, WEEK):
            draft.keys["sessions"]["week"] = rest[0].name
            draft.claimed.add(rest[0].name)
            draft.say(
                "keys.week", f"week: column `{rest[0].name}`", "sure", f"weeks {between(rest[0].low, rest[0].high)}"
            )
        return
    date = draft.keys["sessions"].get("date")
    named = _repeating(draft)
    if named is not None and not _counted_by_date(draft, named, dated=date is not None):
        return
    if date is not None:
        draft.set(number_sessions="by_date")
        draft.say(
            "number_sessions", "session: the dates of each patient, counted", "fairly sure",
            "as answered" if named is not None else "no column numbers the sessions, so the dates of each patient are counted",
        )  # fmt: skip
        return
    offered = [column for column in draft.free if column.kind in ("whole", "text") and 1 < column.distinct <= _LARGEST][
        :6
    ]
    remedy = (
        f"No column of {draft.sessions.path} tells the sessions of a patient apart: none numbers them, and there are no dates. Export "
        "a session number or a date, or say which column it is in an overlay of your own (config/README.md)."
    )
    answer, sureness = draft.needed(
        Question("Which column numbers the sessions?", {column.name: column.name for column in offered}, None), remedy
    )
    _take(draft, draft.sessions.columns[answer], 0, sureness)


def _repeating(draft: Draft) -> Column | None:
    """Return a column that is named like the number of a session but comes back within patients."""
    named = [column for column in draft.free if has_word(column.name, SESSION) and _numbers(column) is not None]
    return next((column for column in named if column.distinct > 1), None)


def _counted_by_date(draft: Draft, column: Column, dated: bool) -> bool:
    """Ask whether dates count in place of numbers that come back; unless somebody says so, the numbers stay, for the checks to judge."""
    shown = f"Column {column.name} is named like the number of a session, but numbers come back within patients"
    why = "another course of treatment, several raters as rows, or ids given out twice"
    if dated:
        choices = {
            "keep": f"no, it is {why}: let the checks say which",
            "date": "yes, count each patient's dates instead",
        }
        if draft.question(Question(f"{shown}. Is the column wrong?", choices, "keep"))[0] == "date":
            return True
    _take(draft, column, 0, "assumed")
    draft.guesses[-1] = replace(draft.guesses[-1], evidence=f"numbers come back within patients: {why}")
    draft.why["keys.session"] = f"assumed: {draft.guesses[-1].evidence}"
    return False


def _score(column: Column, draft: Draft) -> float | None:
    """Rate a column as the number of a session; None if it cannot be."""
    named = 4.0 if has_word(column.name, SESSION) else 2.0 if has_word(column.name, PERHAPS_SESSION) else 0.0
    numbers = _numbers(column)
    if numbers is None or has_word(column.name, DATE - PERHAPS_SESSION):
        return None
    pairs = pd.DataFrame({"patient": draft.patient.ids, "session": numbers}).dropna()
    if pairs.empty or len(pairs) < 0.5 * draft.sessions.rows:
        return None
    unique = len(pairs.drop_duplicates()) / len(pairs)
    if unique < _UNIQUE:
        return None
    steps = pairs.sort_values(["patient", "session"]).groupby("patient")["session"].diff().dropna()
    counts = bool(len(steps) and (steps == 1).mean() > 0.5) and pairs["session"].min() in (0, 1)
    if not named and not counts:
        return None
    return named + (2 if counts else 0) + unique - (1 if has_word(column.name, WEEK) else 0)


def _numbers(column: Column) -> pd.Series | None:
    """Return the numbers of a column that may number sessions."""
    if column.kind == "whole":
        within = column.numbers.between(0, _LARGEST) | column.numbers.isna()
        return column.numbers if within.mean() > _UNIQUE else None
    if column.kind != "text" or column.distinct > _LARGEST:
        return None
    if session_pattern(column.text) is not None:
        return column.text.str.extract(r"(\d+)")[0].astype("float64")
    order = order_of_names(list(column.text.dropna().unique()))
    if order is None or column.text.value_counts().min() < _FEWEST:
        return None  # a name that few rows have may be a note
    return column.text.map(order).astype("float64")


def order_of_names(names: Sequence[str]) -> dict[str, int] | None:
    """Put names of sessions in order: words for the beginning, numbered ones or a middle, words for the end; None if one is neither.

    A middle beside numbered ones has no place among them.
    """
    placed = []
    for name in names:
        parts = tokens(name)
        digits = [int(part) for part in parts if part.isdigit()]
        known = [place for place, word in enumerate(_TIMES) if word in parts or "".join(parts).startswith(word)]
        if known and known[0] != _MIDDLE:
            placed.append(((0 if known[0] < _MIDDLE else 2, known[0], digits[0] if digits else 0), name))
        elif digits:
            placed.append(((1, 0, digits[0]), name))
        elif known:
            placed.append(((1, _MIDDLE, 1), name))
        else:
            return None
    if len(placed) > 30 or len({key for key, _ in placed}) < len(placed):
        return None
    if sum(key[0] == 1 for key, _ in placed) > 1 and any(key[:2] == (1, _MIDDLE) for key, _ in placed):
        return None
    numbered = [key[2] for key, _ in placed if key[0] == 1]
    order: dict[str, int] = {}
    ordered = sorted(placed)
    before = [name for key, name in ordered if key[0] == 0]
    # A baseline before week 4 is week 0; before the first session it is 0 too.
    for place, name in enumerate(before):
        order[name] = place - len(before) + min([*numbered, len(before)])
    for key, name in ordered:
        if key[0] == 1:
            order[name] = key[2]
    last = max([*numbered, max(order.values(), default=-1)])
    for name in [name for key, name in ordered if key[0] == 2]:
        last += 1
        order[name] = last
    return order


def counted(numbers: Iterable[float]) -> dict[float, int] | None:
    """Give numbers of measurements that mostly go up in larger steps (weeks 0, 4, 8; months 2, 3, 5, 8) their places; None for others.

    A single larger step, as to a follow-up, is a pause and stays one.
    """
    held = sorted({float(number) for number in numbers if number == number})
    steps = [after - before for before, after in pairwise(held)]
    if not steps or sum(step > 1 for step in steps) <= len(steps) / 2 or len(held) > _COUNTED:
        return None
    return {number: place for place, number in enumerate(held, start=0 if held[0] == 0 else 1)}


def _take(draft: Draft, column: Column, score: float, sureness: Sureness | None = None) -> None:
    draft.keys["sessions"]["session"] = column.name
    draft.claimed.add(column.name)
    numbers = _numbers(column)
    named = ""
    if column.kind == "text":
        pattern = session_pattern(column.text)
        names: str | dict[str, int] | None = pattern or order_of_names(list(column.text.dropna().unique()))
        if numbers is not None and (places := counted(numbers)) is not None:
            by_name = dict(zip(column.text, numbers, strict=True))
            names = {
                name: places[number]
                for name, number in sorted(by_name.items(), key=lambda one: one[1])
                if number in places
            }
        draft.set(session_names=names)
        named = ", from their names" if pattern is not None else ", from the order that their names say"
    shown = f"{column.distinct} different values"
    if numbers is not None:
        places = counted(numbers)
        if places is not None and column.kind != "text":
            draft.set(session_names={f"{number:.0f}": place for number, place in places.items()})
        shown = f"numbers {between(numbers.min(), numbers.max())}{named}"
        if places is not None:
            ends = f"counted from {min(places.values())} to {max(places.values())}"
            shown = f"{between(numbers.min(), numbers.max())}{named}, in larger steps: {ends} (earlier is the measurement before)"
            sureness = "assumed"
            draft.why["session_names"] = (
                "assumed: each measurement has its place in the order, whatever time lies between them"
            )
    sure: Sureness = sureness or ("sure" if score >= 5 else "fairly sure" if score >= 2.5 else "assumed")
    draft.say("keys.session", f"session: column `{column.name}`", sure, f"{shown}, one row for each within a patient")
