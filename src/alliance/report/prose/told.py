"""The answer to a question as people read it first: in words, with its numbers, and what the design makes of it."""

from dataclasses import dataclass

from alliance.config import Config
from alliance.facts.quantity import nodes_of, split_contrast
from alliance.report.labels import label_effect, label_model, label_of, label_value, variable_of
from alliance.report.numbers import format_estimate
from alliance.report.propensity import unit_in
from alliance.report.prose.wording import (
    Row,
    count_range,
    flags_of,
    join_words,
    mediators_of,
    name_interval,
    unit_of_difference,
)


@dataclass(frozen=True)
class Number:
    """A number that answers.

    Parameters
    ----------
    of
        What it is of, in a few words; empty where the answer says it.
    value
        Estimate and interval, with the unit.
    size
        How large it is beside something people know: the range of the scale, a reliable change.
    corrected
        Estimate and interval without the error of scores, where it is taken off.
    """

    of: str
    value: str
    size: str = ""
    corrected: str = ""


@dataclass(frozen=True)
class Told:
    """The answer to one question.

    Parameters
    ----------
    answer
        In words a colleague understands, one or two sentences; a short verdict, where there is one, before a colon. What the interval does
        not tell is not said, and no cause is claimed beyond the licence.
    rows
        The estimates that answer, in the order of the small table of the section (columns as in the artefact ``estimates``). Their
        interval, N and flags are told from them, so each number of the answer needs its row.
    numbers
        What stands beside the answer; at most a handful.
    claim
        What kind of claim the design allows, in a sentence.
    change
        What would change the answer: the main limit, in a sentence, from the design and from what is declared, never from the size found.
    """

    answer: str
    rows: tuple[Row, ...]
    numbers: tuple[Number, ...] = ()
    claim: str = ""
    change: str = ""

    @property
    def flags(self) -> list[str]:
        """What the estimates that answer are flagged for, each once."""
        return list(dict.fromkeys(flag for row in self.rows for flag in flags_of(row)))

    @property
    def counts(self) -> str:
        """Whom the estimates rest on: ``292 patients, 3,225 to 3,256 sessions, 30 therapists``."""
        found = {
            unit: sorted({int(row[f"n_{unit}s"]) for row in self.rows}) for unit in ("patient", "session", "therapist")
        }
        return ", ".join(count_range(numbers, unit) for unit, numbers in found.items() if numbers and numbers[-1] > 0)

    @property
    def who(self) -> str:
        """What the intervals are, and whom the estimates rest on: ``95% credible interval; 292 patients, 3,225 sessions``."""
        kinds = dict.fromkeys(name_interval(row) for row in self.rows)
        return "; ".join(part for part in (" and ".join(kinds), self.counts) if part)


def number_of(row: Row, config: Config, of: str = "", size: str = "") -> Number:
    """Write an estimate with its interval, in the unit of its outcome; shares of a variance have none."""
    estimate = format_estimate(row["estimate"], row["low"], row["high"])
    unit = _unit_of(row, config)
    return Number(of, f"{estimate} {unit}" if unit else estimate, size)


def name_part(row: Row, config: Config) -> str:
    """Say in a few words which part of an answer an estimate is: ``in all``, ``through working alliance``, ``direct``."""
    if row["effect"] == "contrast":
        return _name_contrast(row, config)
    if row.get("moderator"):
        return _name_moderated(row, config)
    ways = [label_of(node, config) for node in mediators_of(row)] if row["path"] else []
    return {
        "total": "in all",
        "indirect": f"through {join_words(ways)}" if ways else label_effect("indirect"),
        "indirect_total": "by all ways together",
        "direct": "direct, beside that",
        "proportion": "share that runs through it",
        "intention_to_treat": "as a whole, nothing between held equal",
        "effect": "slope",
    }.get(row["effect"], label_effect(row["effect"]))


def _name_moderated(row: Row, config: Config) -> str:
    """Name the value of the moderator at which an estimate holds, or what one unit of it changes; of groups the two that are compared."""
    moderator = row["moderator"]
    if row["effect"] != "index":
        return label_value(moderator, row["value"], config)
    variable = variable_of(moderator, config)
    if variable is not None and variable.kind == "category":
        return f"{label_value(moderator, 1.0, config)} minus {label_value(moderator, 0.0, config)}"
    return label_effect("index").replace("the moderator", label_of(moderator, config))


def _name_contrast(row: Row, config: Config) -> str:
    """Name a difference by what is compared: ``through bond minus through goals``, or the models where the way is the same."""
    paths = split_contrast(row["path"])
    if len(paths) == 1:
        return f"{label_model(row['model'], config)} minus {label_model(row['model_other'], config)}"
    return " minus ".join(
        f"through {join_words([label_of(node, config) for node in nodes_of(path)[1:-1]])}" for path in paths
    )


def _unit_of(row: Row, config: Config) -> str:
    if not isinstance(row["path"], str) or not row["path"]:
        return ""
    return unit_of_difference(unit_in(nodes_of(row["path"])[-1], row["model"], config))
