"""Marks of ruptures: measures that are derived from the course of a score, or from what observers saw, see `alliance.data.ruptures`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal

from alliance.errors import suggest
from alliance.facts.detectors import DETECTORS, OBSERVER

if TYPE_CHECKING:
    from alliance.config.schema import Variable

RUPTURE_MARK: Final = "rupture_mark"  # kind of such variables
State = Literal["open", "repaired"]


def check_mark(variable: "Variable") -> None:
    """Refuse a mark that does not say how ruptures are told, or from what.

    Raises
    ------
    ValueError
        Says what to write instead.
    """
    if variable.kind != RUPTURE_MARK:
        if variable.detector is not None or variable.state is not None:
            raise ValueError(f"'detector' and 'state' are for variables of kind '{RUPTURE_MARK}'; remove them")
        return
    known = [*DETECTORS, OBSERVER]
    if variable.detector not in known:
        raise ValueError(
            f"there is no detector '{variable.detector}'.{suggest(str(variable.detector), known)} Known detectors: {', '.join(known)}"
        )
    if variable.table != "sessions":
        raise ValueError("ruptures are told from session to session; remove 'table'")
    parts = 2 if variable.detector == OBSERVER else 1
    if len(variable.of) != parts:
        raise ValueError(
            f"'of' must name the score that drops{' and the code of who saw ruptures' if parts > 1 else ''}, as in "
            f"[{'alliance, rupture' if parts > 1 else 'alliance'}], but names {', '.join(variable.of)}"
        )


def check_parts_of_mark(name: str, variable: "Variable", variables: Mapping[str, "Variable"]) -> list[str]:
    """List what is wrong with what ruptures are told from."""
    if variable.kind != RUPTURE_MARK:
        return []
    strangers = [part for part in variable.of if part not in variables]
    if strangers:
        return [
            f"variables.{name}.of: '{strangers[0]}' is no variable of its own.{suggest(strangers[0], variables)} Name the score as it is "
            "declared under variables; a subscale needs an entry there."
        ]
    score = variables[variable.of[0]]
    if score.kind in ("category", RUPTURE_MARK) or score.answered:
        return [
            f"variables.{name}.of: '{variable.of[0]}' is no score that can drop. Name a number, a scale or a composite."
        ]
    if score.higher_is == "worse":
        return [
            f"variables.{name}.of: higher scores of '{variable.of[0]}' are worse, so a drop of it is a gain and no rupture. Name a score "
            "of which higher is better."
        ]
    if score.measured != variable.measured:
        return [
            f"variables.{name}.measured: a drop is known when '{variable.of[0]}' is, {score.measured} the session. Write 'measured: "
            f"{score.measured}'."
        ]
    return []
