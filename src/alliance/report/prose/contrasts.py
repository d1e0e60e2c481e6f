"""Which of several ways to an outcome carries more than another, from the intervals of their differences alone."""

from collections.abc import Sequence

from alliance.config import Config
from alliance.facts.quantity import nodes_of, split_contrast
from alliance.report.labels import label_of
from alliance.report.numbers import format_count, format_number
from alliance.report.propensity import unit_in
from alliance.report.prose.verdicts import left_of
from alliance.report.prose.wording import Row, decimals_of, includes_zero, join_words, unit_of_difference


def compare_ways(ways: Sequence[Row], contrasts: Sequence[Row], config: Config) -> tuple[str, str]:
    """Say which way carries most, or which of them differ, after allowing for the number of differences (Holm 1979).

    A way carries most where it differs from every other one to the same side and its own interval leaves zero out on that side.

    Parameters
    ----------
    ways
        Indirect estimates; what lies between cause and outcome names them.
    contrasts
        Differences of each two of them.

    Returns
    -------
    tuple
        The verdict on whether one carries more than another, and the sentences that say so.
    """
    left = left_of(contrasts)
    first = contrasts[0]
    outcome = label_of(nodes_of(first["path"])[-1], config)
    several = (
        f"the {format_count(len(contrasts))} differences between ways"
        if len(contrasts) > 1
        else "the difference between ways"
    )
    many = len(contrasts) > 1
    if not left:
        found = (
            f"of {several} none is told from zero after allowing for their number"
            if many
            else f"{several} is not told from zero"
        )
        return "Open", (
            f"{found}, so which carries most is not known; the intervals leave up to {_widest(contrasts, config)} possible. "
            "That is no proof that all carry alike."
        )
    most = _carries_most(ways, left)
    allowed = f", after allowing for the number of differences ({format_count(len(contrasts))})" * many
    rest = [row for row in contrasts if row not in left]
    if most is not None:
        word = "higher" if most["estimate"] > 0 else "lower"
        told = f"{_name(most['path'], config)} carries most, with {word} {outcome} by way of it than by any other way"
        return "Yes", f"{told}{allowed}. {_open(rest, config)}".strip()
    told = "; ".join(_compare(row, config) for row in left)
    return "Yes, in part", f"{told}{allowed}. {_open(rest, config)}".strip()


def _carries_most(ways: Sequence[Row], left: Sequence[Row]) -> Row | None:
    """Return the way that differs from all others to its own side of zero; None where there is none, or only one way."""
    for way in ways:
        beaten = set()
        for row in left:
            one, other = split_contrast(row["path"])
            if way["path"] == one and row["estimate"] * way["estimate"] > 0:
                beaten.add(other)
            if way["path"] == other and row["estimate"] * way["estimate"] < 0:
                beaten.add(one)
        if not includes_zero(way) and beaten >= {each["path"] for each in ways if each is not way}:
            return way
    return None


def _compare(row: Row, config: Config) -> str:
    """Say of a difference of two ways which of them leads to a lower outcome."""
    one, other = (_name(path, config) for path in split_contrast(row["path"]))
    word, outcome = "higher" if row["estimate"] > 0 else "lower", label_of(nodes_of(row["path"])[-1], config)
    return f"{word} {outcome} by way of {one} than by way of {other}"


def _open(rest: Sequence[Row], config: Config) -> str:
    if not rest:
        return ""
    what = "the other difference" if len(rest) == 1 else f"the other {format_count(len(rest))} differences"
    return f"For {what} that stays open, by up to {_widest(rest, config)}."


def _widest(contrasts: Sequence[Row], config: Config) -> str:
    """Return the largest difference that any interval holds, with its unit."""
    row = max(contrasts, key=lambda row: max(abs(row["low"]), abs(row["high"])))
    unit = unit_of_difference(unit_in(nodes_of(row["path"])[-1], row["model"], config))
    return f"{format_number(max(abs(row['low']), abs(row['high'])), decimals_of(row))} {unit}"


def _name(path: str, config: Config) -> str:
    return join_words([label_of(node, config) for node in nodes_of(path)[1:-1]])
