"""Which part of the mediator carries it on, whether parts stay apart, and how many of their scores lie at the top: the answer and more."""

from typing import Any, Final

from alliance.config import Config
from alliance.config.posing import cast_in, speaker_of
from alliance.facts.cautions import CAUTIONS
from alliance.facts.quantity import join_nodes, names_of, nodes_of
from alliance.questions import QUESTIONS
from alliance.report.labels import label_of
from alliance.report.numbers import format_estimate, format_percent, format_share
from alliance.report.prose.chains import CLAIM, by_side, each_of, name_way
from alliance.report.prose.contrasts import compare_ways
from alliance.report.prose.passage import Inputs, Passage, rows_of, table_of, text
from alliance.report.prose.told import Told, number_of
from alliance.report.prose.wording import (
    Row,
    capitalise,
    describe_flag,
    describe_size,
    includes_zero,
    join_words,
    name_interval,
)

_NAME: Final = "parts"
_MOST: Final = 5  # numbers beside an answer
_WHERE: Final = {"session": "within patients", "patient": "between patients"}
_IN: Final = ", "  # between the part of the course and the patients
_CEILING: Final = "scores_at_an_end"

_Rows = list[dict[str, Any]]


def tell_parts(inputs: Inputs, config: Config) -> Told | None:
    """Say whether one part carries more than another, and whether parts can be told apart without the error of their scores.

    Ways are compared pairwise where a technique comes first, else each part's own slope is told.
    """
    cast, model = cast_in(config), speaker_of(_NAME, config)
    outcome, parts = cast.one("outcome").name, [player.name for player in cast.all("part")]
    estimates = rows_of(table_of(inputs, "estimates"), model=model, level="within")
    contrasts = [row for row in estimates if row["effect"] == "contrast"]
    ways = [row for row in estimates if row["effect"] == "indirect"]
    slopes = each_of(estimates, "effect", [join_nodes(name, outcome) for name in parts])
    if not contrasts and not slopes:
        return None
    answer = ": ".join(compare_ways(ways, contrasts, config)) if contrasts else _following(slopes, config)
    together = _together(inputs, config)
    same = _of(together, "correlation_true", "session")
    shown = [*ways, *contrasts] if contrasts else slopes
    return Told(
        answer=" ".join(part for part in (answer, _apart(same, "session", config)) if part),
        rows=(*shown, *same),
        numbers=tuple(number_of(row, config, name_way(row, config)) for row in (contrasts or slopes)[:_MOST]),
        claim=f"{CLAIM} Each part is told with the others held equal.",
        change=(
            "Parts that are measured with few items and go together closely are hard to tell apart: error in one of them passes for a "
            "difference to the others."
        ),
    )


def describe_parts(inputs: Inputs, config: Config) -> list[Passage]:
    """Describe how the parts go together, with and without error, early and late, and how many of their scores are the highest possible."""
    rows = _together(inputs, config)
    if not rows:
        return []
    said = [_correlated(rows, level, config) for level in _WHERE]
    said += [_apart(_of(rows, "correlation_true", "patient"), "patient", config)]
    return [text(*said), text(*(_become_one(rows, level) for level in _WHERE)), text(*_at_top(rows, config))]


def _together(inputs: Inputs, config: Config) -> _Rows:
    """Return what the model of the parts together found."""
    if cast_in(config).lacks(QUESTIONS[_NAME].needs):
        return []
    posed = list(QUESTIONS[_NAME].pose(cast_in(config)).specs)
    return rows_of(table_of(inputs, "estimates"), model=posed[-1])


def _of(rows: _Rows, effect: str, level: str) -> _Rows:
    return [row for row in rows if row["effect"] == effect and row["level"] == level]


def _following(slopes: _Rows, config: Config) -> str:
    """Say which causes are followed by a higher or lower outcome, each with the others held equal."""
    outcome = label_of(nodes_of(slopes[0]["path"])[-1], config)
    said = [
        f"higher {join_words([label_of(nodes_of(row['path'])[0], config) for row in found], 'or')} is followed by {word} {outcome}"
        for word, found in by_side(slopes)
    ]
    left = [label_of(nodes_of(row["path"])[0], config) for row in slopes if includes_zero(row)]
    said += [f"whether {join_words(left, 'or')} is followed by another {outcome} stays open"] if left else []
    return f"{capitalise('; '.join(said))}."


def _apart(rows: _Rows, level: str, config: Config) -> str:
    """Say whether parts are told apart by more than error: whether their correlation without it is below one."""
    if not rows:
        return ""
    names = {row["path"]: join_words([label_of(name, config) for name in names_of(row["path"])]) for row in rows}
    below = [names[row["path"]] for row in rows if row["high"] < 1]
    rest = [names[row["path"]] for row in rows if row["high"] >= 1]
    where = _WHERE[level]
    if not below:
        return (
            f"Without the error of their scores the parts may be one {where}: no pair is shown to be correlated below one, so nothing but "
            "error may tell them apart there."
        )
    if not rest:
        return (
            f"Without the error of their scores the parts are still apart {where}: all pairs are correlated below one."
        )
    return (
        f"Without the error of their scores, {where}, {'; '.join(below)} are correlated below one; {'; '.join(rest)} may be one, "
        "as far as the intervals tell."
    )


def _correlated(rows: _Rows, level: str, config: Config) -> str:
    """Give the correlations of all pairs, as scored and without error."""
    scored, true = _of(rows, "correlation", level), {row["path"]: row for row in _of(rows, "correlation_true", level)}
    if not scored:
        return ""
    told = []
    for row in scored:
        pair = join_words([label_of(name, config) for name in names_of(row["path"])])
        without = f", {_bare(true[row['path']])} without the error of scores" if row["path"] in true else ""
        told.append(f"{pair} {_bare(row)}{without}")
    return f"Correlations {_WHERE[level]} ({name_interval(scored[0])}; {describe_size(scored[0])}): {'; '.join(told)}."


def _become_one(rows: _Rows, level: str) -> str:
    """Say whether the parts go together more closely late than early, and more so in those who got better."""
    means = {row["horizon"]: row for row in _of(rows, "mean_correlation", level)}
    if not means:
        return ""
    groups = dict.fromkeys(when.partition(_IN)[2] for when in means)
    told = []
    for group in groups:
        own = [
            f"{_bare(row)} in the {when.partition(_IN)[0]}"
            for when, row in means.items()
            if when.partition(_IN)[2] == group
        ]
        told.append(f"in {group or 'all patients'} {join_words(own)}")
    said = [f"Mean correlation of all pairs {_WHERE[level]}: {'; '.join(told)}."]
    for row in _of(rows, "mean_correlation_change", level):
        whom = row["horizon"] or "all patients"
        if includes_zero(row):
            said.append(f"In {whom} it changes by {_bare(row)}: whether the parts grow together or apart stays open.")
        else:
            way = "together" if row["estimate"] > 0 else "apart"
            said.append(f"In {whom} it changes by {_bare(row)}: the parts grow {way}.")
    for row in _of(rows, "mean_correlation_contrast", level):
        verdict = (
            "whether they do so more in those who got better stays open"
            if includes_zero(row)
            else f"they grow together {'more' if row['estimate'] > 0 else 'less'} in those who got better"
        )
        said.append(f"These changes differ by {_bare(row)}: {verdict}.")
    return " ".join(said)


def _at_top(rows: _Rows, config: Config) -> list[str]:
    """Say how many scores of each part are the highest possible, third by third, and what that does."""
    shares = [row for row in rows if row["effect"] == "share_at_top"]
    if not shares:
        return []
    told = []
    for name in dict.fromkeys(row["outcome"] for row in shares):
        own = [f"{_share(row)} in the {row['horizon']}" for row in shares if row["outcome"] == name]
        told.append(f"{label_of(name, config)} {join_words(own)}")
    limit = CAUTIONS[_CEILING].threshold
    many = list(dict.fromkeys(row["outcome"] for row in shares if row["estimate"] > limit))
    said = [f"Share of scores that are the highest possible: {'; '.join(told)}."]
    if many:
        said.append(
            f"{capitalise(join_words([label_of(name, config) for name in many]))} {'is' if len(many) == 1 else 'are'} at the ceiling in "
            f"more than {format_percent(limit)} of the scores, and can show no further rise there: differences, and what goes along with "
            "them, come out too small."
        )
    return said


def _bare(row: Row) -> str:
    return f"{format_estimate(row['estimate'], row['low'], row['high'])}{describe_flag(row)}"


def _share(row: Row) -> str:
    return format_share(row["estimate"], row["low"], row["high"])
