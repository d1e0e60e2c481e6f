"""Questionnaires by the names of their items, how many there are, and which answers they hold."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from alliance.config.instruments import Instrument, problems_of_use
from alliance.config.schema import Variable
from alliance.facts.wordings import answers_in_order, is_coded
from alliance.first.draft import Draft, Question, Sureness, between, plural
from alliance.first.measures import Measure, add_measure, instrument_words
from alliance.first.series import Series, series_in
from alliance.first.table import Column
from alliance.first.words import OBSERVER_FORM, THERAPIST_FORM, tokens

_OUTSIDE = 0.02  # share of answers outside the range: above it it is another version


@dataclass(frozen=True, eq=False)
class _Block:
    """Columns that may be the items of one questionnaire, in the order of the questionnaire."""

    series: Series
    columns: list[Column]
    instrument: Instrument
    answers: list[str] | None

    @cached_property
    def values(self) -> pd.Series:
        """All answers that are numbers."""
        numeric = [column.numbers for column in self.columns if column.is_numeric]
        return pd.concat(numeric).dropna() if numeric else pd.Series(dtype=float)

    @cached_property
    def inside(self) -> pd.Series:
        """Answers that the questionnaire allows."""
        return self.values[self.values.between(*self.instrument.range)]

    @property
    def fills_range(self) -> bool:
        """Whether both ends of the range are reached."""
        return len(self.inside) > 0 and (self.inside.min(), self.inside.max()) == self.instrument.range

    @property
    def shown(self) -> str:
        """Which answers there are; those that cannot be are counted."""
        outside = len(self.values) - len(self.inside)
        beyond = f" ({plural(outside, 'cell')} outside)" if outside else ""
        return between(self.inside.min(), self.inside.max()) + beyond


def find_questionnaires(draft: Draft) -> None:
    """Recognise questionnaires with their items: the name says which, the number of items and the answers say which version."""
    for series in series_in([column.name for column in draft.free]):
        if not draft.claimed.isdisjoint(series.columns.values()):
            continue
        words = set(tokens(series.before) + tokens(series.after)) | _said_by_file(draft, series)
        named = [one for one in draft.instruments.values() if instrument_words(one) & words]
        if named:
            _named(draft, series, named, words)
    for series in series_in([column.name for column in draft.free]):
        if draft.claimed.isdisjoint(series.columns.values()):
            _unnamed(draft, series)


def _said_by_file(draft: Draft, series: Series) -> set[str]:
    """Return the words that stand in what the file calls each of these columns ("WAI-SR, item 3")."""
    titles = [set(tokens(draft.sessions.raw.titles.get(column, ""))) for column in series.columns.values()]
    return set.intersection(*titles) if titles else set()


def _named(draft: Draft, series: Series, named: Sequence[Instrument], words: set[str]) -> None:
    blocks = [block for one in named if (block := _block(draft, series, one)) is not None]
    if not blocks:
        counts = " or ".join(sorted({str(one.items) for one in named}, key=int))
        if len(series.columns) > 1 and any(len(series.columns) >= one.items / 2 for one in named):
            names = " or ".join(one.name for one in named)
            draft.left_out.append(
                f"`{_shown(series)}`: {plural(len(series.columns), 'column')}, but {names} has {counts} items"
            )
        return
    fitting = [block for block in blocks if _fits(block)]
    if not fitting:
        names = " or ".join(block.instrument.name for block in blocks)
        found = (
            f"they hold {between(blocks[0].values.min(), blocks[0].values.max())}"
            if _numeric(blocks[0])
            else "they hold words whose order is not known"
        )
        expected = " or ".join(between(*block.instrument.range) for block in blocks)
        draft.left_out.append(f"`{_shown(series)}`: named like {names}, but {found} instead of {expected}")
        draft.to_do.append(
            f"declare {_shown(series)} yourself: `answers` for words in their order, or a copy of an instrument file with the range of "
            "your version"
        )
        draft.claimed.update(series.columns.values())
        return
    block, sureness, why = _version(draft, fitting, words)
    _take(draft, block, sureness, why)


def _version(draft: Draft, fitting: Sequence[_Block], words: set[str]) -> tuple[_Block, Sureness, str]:
    """Choose between versions of a questionnaire that have as many items."""
    if len(fitting) == 1:
        return fitting[0], "sure", ""
    said = [block for block in fitting if set(block.instrument.key.split("_")[1:]) & words]
    if len(said) == 1:
        return said[0], "sure", ""
    # The version whose answers end where these do; the others would go on beyond them.
    tight = [block for block in fitting if _numeric(block) and block.fills_range]
    widths = [block.instrument.range[1] - block.instrument.range[0] for block in tight]
    tight = [block for block, width in zip(tight, widths, strict=True) if width == min(widths)]
    if len(tight) == 1:
        others = ", ".join(
            f"{block.instrument.name} goes on to {block.instrument.range[1]:g}"
            for block in fitting
            if block is not tight[0]
        )
        return tight[0], "fairly sure", f"; {others}"
    names = {block.instrument.key: block.instrument.name for block in fitting}
    answer, sureness = draft.question(
        Question(f"Which questionnaire are the columns {_shown(fitting[0].series)}?", names, next(iter(names)))
    )
    return next(block for block in fitting if block.instrument.key == answer), sureness, ""


def _unnamed(draft: Draft, series: Series) -> None:
    """Ask about columns that could be a questionnaire but are not named like one."""
    blocks = [
        block for one in draft.instruments.values() if (block := _block(draft, series, one, exactly=True)) is not None
    ]
    blocks = [block for block in blocks if _numeric(block) and _fits(block) and block.fills_range]
    if not blocks:
        return
    names = {block.instrument.key: block.instrument.name for block in blocks} | {"none": "none of these"}
    shown = f"{plural(len(series.columns), 'column')} {_shown(series)} hold {blocks[0].shown}"
    answer, sureness = draft.question(Question(f"{shown}. Which questionnaire is it?", names, None))
    chosen = next((block for block in blocks if block.instrument.key == answer), None)
    if chosen is not None:
        _take(draft, chosen, sureness, "")
        return
    draft.left_out.append(
        f"`{_shown(series)}`: could be the items of {' or '.join(block.instrument.name for block in blocks)}, but nothing says so"
    )
    draft.claimed.update(series.columns.values())


def _block(draft: Draft, series: Series, instrument: Instrument, exactly: bool = False) -> _Block | None:
    wanted = range(1, instrument.items + 1)
    if not set(wanted) <= set(series.columns) or (exactly and len(series.columns) != instrument.items):
        return None
    # Half as many again, and it is another questionnaire (WAI of 36 items, WAI-SR of 12).
    if len(series.columns) > instrument.items + max(1, instrument.items // 4):
        return None
    columns = [draft.sessions.columns[series.columns[item]] for item in wanted]
    steps = int(instrument.range[1] - instrument.range[0]) + 1
    texts = [column for column in columns if column.kind == "text"]
    labels = [label for column in texts for label in column.text.dropna().unique()]
    answers = answers_in_order(labels, steps) if len(set(labels)) <= 2 * steps and texts else None
    if texts and answers is None and len(set(labels)) > 2 * steps:
        return None
    return _Block(series, columns, instrument, answers)


def _numeric(block: _Block) -> bool:
    return all(column.is_numeric or column.kind == "blank" for column in block.columns) and any(
        column.is_numeric for column in block.columns
    )


def _fits(block: _Block) -> bool:
    if block.answers is not None:
        return True
    if not _numeric(block):
        return False
    return len(block.values) - len(block.inside) <= _OUTSIDE * len(block.values)


def _take(draft: Draft, block: _Block, sureness: Sureness, why: str) -> None:
    instrument, series = block.instrument, block.series
    draft.claimed.update(series.columns.values())
    rater = _rater(series, instrument)
    items = series.pattern if series.pattern is not None else [column.name for column in block.columns]
    settings = {"kind": "scale", "instrument": instrument.key, "items": items, "rater": rater}
    if block.answers is not None:
        settings["answers"] = block.answers
    held = "words in a known order" if block.answers is not None else f"answers {block.shown}"
    if block.answers is not None and is_coded(block.answers):
        sureness = "assumed"
        held = (
            f"codes {block.answers[0]} to {block.answers[-1]}, {block.answers[0]} taken for the lowest answer: the codes do not say so, "
            "look at the survey"
        )
    evidence = f"{plural(instrument.items, 'item')} of {instrument.name}, {held}{why}"
    trial = Variable.model_validate({**settings, "label": "-", "measured": "after"})
    if problems_of_use("x", trial, instrument):
        draft.left_out.append(f"`{_shown(series)}`: {evidence}; its key is not verified for the form of the {rater}")
        return
    add_measure(
        draft, Measure(instrument, settings, sureness, f"`{_shown(series)}`", evidence, rater, tuple(block.columns))
    )


def _rater(series: Series, instrument: Instrument) -> str:
    words = set(tokens(series.before) + tokens(series.after)) - instrument_words(instrument)
    if instrument.higher_is == "better" and words & THERAPIST_FORM:
        return "therapist"
    return "observer" if words & OBSERVER_FORM else "patient"


def _shown(series: Series) -> str:
    numbers: Iterator[int] = iter(series.columns)
    first = next(numbers)
    return f"{series.columns[first]} ... {series.columns[max(series.columns)]}"
