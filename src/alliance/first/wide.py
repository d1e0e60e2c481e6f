"""One row per patient: which columns are sessions of the same measure."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from alliance.config.schema import Source
from alliance.data.export.unsaid import number_sessions
from alliance.data.export.wide import reshape
from alliance.first.draft import Draft, Sureness, between, plural
from alliance.first.measures import instrument_words
from alliance.first.series import series_in
from alliance.first.sessions import counted, order_of_names
from alliance.first.table import columns_of
from alliance.first.words import SESSION, has_word, tokens

_MARKED = re.compile(
    r"(?:(?<![A-Za-z])|(?<=[a-z0-9])(?=[A-Z]))"
    r"(?P<mark>(?i:session|sess|sitzung|sitz|time|zeit|visit|week|woche|wave|month|mzp|wk|[stvwm]))"
    r"(?P<gap>[_ .-]?)(?P<number>\d{1,3})(?!\d)"
)
_LOOSE = re.compile(r"(?P<gap>[_ .-])(?P<number>\d{1,3})$")
_EDGES = "_ .-[]"
# Rows of a patient of a wide file at most, on average; sessions of a measure that is repeated for sure.
_COURSES, _CLEARLY = 2, 3

# A measure of a wide file -> number of the session -> column.
Stems = dict[str, dict[int, str]]


def find_wide(draft: Draft) -> None:
    """Recognise a file with one row per patient: columns that differ by a mark of the session (s0, T1, pre and post)."""
    once = draft.patient.distinct == draft.patient.filled
    if draft.patient.filled > _COURSES * draft.patient.distinct:
        return
    names = [column.name for column in draft.free]
    sureness: Sureness = "sure"
    stems = _marked(names)
    if not once:
        # Some patients have a second row, as for another course of treatment: what the checks say of it holds.
        counted_there = any(has_word(column.name, SESSION) and column.kind == "whole" for column in draft.free)
        if counted_there or sum(len(columns) >= _CLEARLY for columns in stems.values()) < 2:
            return
        sureness = "fairly sure"
    elif not stems:
        stems, sureness = _scores_beyond_items(draft, names), "fairly sure"
    if once and not stems:
        stems, sureness = _named_times(names), "assumed"
    if not stems:
        return
    sessions = sorted({session for columns in stems.values() for session in columns})
    wide = {"columns": _patterns(stems, sessions), "sessions": sessions}
    table = draft.sessions
    keys = {"patient": draft.patient.name}
    settings: dict[str, Any] = {"wide": wide}
    places = counted(sessions)
    if places is not None:
        settings["session_names"] = {f"{number:.0f}": place for number, place in places.items()}
        draft.why["session_names"] = (
            "assumed: each measurement has its place in the order, whatever time lies between them"
        )
    source = Source.model_validate({"path": str(table.path), "keys": keys, **settings})
    raw = number_sessions(reshape(table.raw, source), source)
    draft.tables["sessions"] = replace(table, raw=raw, columns=columns_of(raw))
    draft.claimed.add("session")
    draft.set(**settings)
    numbered = f", counted from {min(places.values())}; earlier is the measurement before" if places else ""
    draft.say(
        "wide", "sessions: columns, one row per patient", "assumed" if places else sureness,
        f"{plural(len(sessions), 'session')} ({between(sessions[0], sessions[-1])}{numbered}) of {plural(len(stems), 'measure')}",
    )  # fmt: skip


def prune_wide(draft: Draft) -> None:
    """Keep the patterns of a wide file that a variable or a key uses."""
    wide = draft.settings.get("sessions", {}).get("wide")
    if wide is None:
        return
    used = {one for variable in draft.variables.values() for one in (variable.get("column"), variable.get("items"))}
    used |= {key for key in draft.keys["sessions"].values() if isinstance(key, str)}
    wide["columns"] = {key: pattern for key, pattern in wide["columns"].items() if key in used}


def _marked(names: Iterable[str]) -> Stems:
    """Return measures by a mark with the number of the session; the mark that most columns have decides."""
    by_mark: dict[str, Stems] = {}
    for name in names:
        found = list(_MARKED.finditer(name))
        if found:
            match = found[-1]
            stem = _stem(name[: match.start()], name[match.end() :])
            if stem:
                by_mark.setdefault(match["mark"].casefold(), {}).setdefault(stem, {})[int(match["number"])] = name
    kept = [_repeated(stems) for stems in by_mark.values()]
    return max(kept, key=lambda stems: sum(map(len, stems.values())), default={})


def _scores_beyond_items(draft: Draft, names: Iterable[str]) -> Stems:
    """Return measures numbered without a mark, whose values are too large for answers to the items of their questionnaire."""
    stems: Stems = {}
    for name in names:
        match = _LOOSE.search(name)
        column = draft.sessions.columns[name]
        named = [one for one in draft.instruments.values() if instrument_words(one) & set(tokens(name))]
        if match and named and column.is_numeric and column.high > max(one.range[1] for one in named):
            stems.setdefault(_stem(name[: match.start()], ""), {})[int(match["number"])] = name
    return _repeated(stems)


def _named_times(names: Iterable[str]) -> Stems:
    """Return measures whose times have names (pre, mid, post); they are counted from 0 in their order."""
    parts: dict[str, dict[str, str]] = {}
    for name in names:
        for time in ("pre", "post", "mid", "baseline", "end", "t0"):
            if time in tokens(name):
                stem = _stem(*re.split(time, name, maxsplit=1, flags=re.IGNORECASE)[:2])
                parts.setdefault(stem, {})[time] = name
                break
    orders = {stem: order_of_names(list(times)) for stem, times in parts.items() if stem}
    longest = max(orders.values(), key=lambda order: len(order or {}), default=None) or {}
    return _repeated(
        {
            stem: {longest[time]: name for time, name in times.items()}
            for stem, times in parts.items()
            if stem and set(times) <= set(longest)
        }
    )


def _repeated(stems: Stems) -> Stems:
    return {stem: columns for stem, columns in stems.items() if len(columns) > 1}


def _stem(before: str, after: str) -> str:
    left, right = before.strip(_EDGES), after.strip(_EDGES)
    return f"{left}_{right}" if left and right else left or right


def _patterns(stems: Stems, sessions: list[int]) -> dict[str, Any]:
    """Write measures as patterns; the items of a questionnaire as one, with {item} on both sides."""
    patterns: dict[str, Any] = {}
    done: set[str] = set()
    for series in series_in(stems):
        members = [stems[stem] for stem in series.columns.values()]
        if series.pattern is None or not done.isdisjoint(series.columns.values()):
            continue
        hole = series.pattern[len(series.before) : len(series.pattern) - len(series.after)]
        written = [
            {session: _with_item(name, item, hole) for session, name in columns.items()}
            for item, columns in zip(series.columns, members, strict=True)
        ]
        if all(one == written[0] for one in written) and None not in written[0].values():
            patterns[series.pattern] = _as_pattern(
                {session: str(name) for session, name in written[0].items()}, sessions
            )
            done |= set(series.columns.values())
    return patterns | {stem: _as_pattern(columns, sessions) for stem, columns in stems.items() if stem not in done}


def _with_item(name: str, item: int, hole: str) -> str | None:
    """Put {item} in the place of an item's number; None if it is not clear where that is."""
    places = [match for match in re.finditer(r"\d+", name) if int(match.group()) == item]
    session = list(_MARKED.finditer(name))
    places = [match for match in places if not session or not session[-1].start() <= match.start() < session[-1].end()]
    if len(places) != 1:
        return None
    return f"{name[: places[0].start()]}{hole}{name[places[0].end() :]}"


def _as_pattern(columns: dict[int, str], sessions: list[int]) -> str | list[str | None]:
    """Write the columns of the sessions as a pattern with {session} where there is one, otherwise as a list."""
    names = [columns.get(session) for session in sessions]
    if None not in names:
        for hole in ("{session}", "{session:02d}", "{session:03d}"):
            first = str(names[0])
            for match in reversed(list(_MARKED.finditer(first)) or list(_LOOSE.finditer(first))):
                pattern = f"{first[: match.start('number')]}{hole}{first[match.end('number') :]}"
                if all(_filled(pattern, session) == name for session, name in zip(sessions, names, strict=True)):
                    return pattern
    return names


def _filled(pattern: str, session: int) -> str:
    head, _, tail = pattern.partition("{session")
    digits, _, rest = tail.partition("}")
    width = int(digits[1:3]) if digits else 1
    return f"{head}{session:0{width}d}{rest}"
