"""The labels of a category that is compared group by group: declared, so that models know their columns before any data are read."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from alliance.errors import suggest
from alliance.facts.columns import BETWEEN
from alliance.facts.groups import plain_group

if TYPE_CHECKING:
    from alliance.config.schema import Variable
    from alliance.config.timing import Term

NEEDS_LABELS = (
    "a category needs either 'levels' (label: number), or 'labels' ([in person, video], the first is the reference) or a 'reference' "
    "label, not both"
)


def read_labels(value: object) -> object:
    """Read a list of labels as groups of one label each.

    Raises
    ------
    ValueError
        A label is listed twice.
    """
    if not isinstance(value, list | tuple):
        return value
    twice = [label for label in value if value.count(label) > 1]
    if twice:
        raise ValueError(f"'{twice[0]}' is listed twice; remove one")
    return {label: label for label in value}


def with_reference(declared: Any) -> Any:
    """Take the group of the first label for the reference where none is named."""
    if not isinstance(declared, Mapping) or declared.get("reference") is not None or not declared.get("labels"):
        return declared
    labels = declared["labels"]
    groups = list(labels.values() if isinstance(labels, Mapping) else labels)
    return {**declared, "reference": groups[0]}


def groups_of(labels: Mapping[str, str]) -> list[str]:
    """Return the groups that labels are told apart by, each once."""
    return list(dict.fromkeys(labels.values()))


def check_labels(variable: "Variable") -> None:
    """Refuse labels that are no groups.

    Raises
    ------
    ValueError
        Says what to write instead.
    """
    if variable.labels is None:
        return
    if variable.kind != "category":
        raise ValueError(
            f"'labels' are those of a category; remove them from a {variable.kind}, or write 'kind: category'"
        )
    if variable.levels is not None:
        raise ValueError("'levels' give labels numbers, 'labels' name groups without any; remove one of them")
    groups = groups_of(variable.labels)
    if len(groups) < 2:
        raise ValueError("'labels' must tell at least two groups apart, as in [in person, video]")
    if variable.reference not in groups:
        raise ValueError(
            f"the reference '{variable.reference}' is none of the 'labels'.{suggest(str(variable.reference), groups)} Name one of: "
            f"{', '.join(groups)}"
        )
    columns: dict[str, str] = {}
    for group in groups:
        other = columns.setdefault(plain_group(group), group)
        if other != group or not plain_group(group):
            raise ValueError(
                f"the label '{group}' gives "
                + (f"the column of '{other}'" if plain_group(group) else "a column without a name")
                + f"; call the group otherwise, as in labels: {{'{group}': other}}"
            )


def tell_group(variable: "Variable", term: "Term | None", value: float) -> str:
    """Name the group that the column of a declared label tells at a value, or how often a patient has it; nothing of other columns."""
    if variable.labels is None or term is None or term.part is None:
        return ""
    group = next(group for group in variable.other_groups if plain_group(group) == term.part)
    named = {0.0: str(variable.reference), 1.0: group}
    if term.suffix != BETWEEN:
        return named.get(value, "")
    return f"{named[value]} at all sessions" if value in named else f"{group} at {100 * value:g}% of the sessions"
