"""How residuals may depend on the one before: in what time is counted, and in what words it is said."""

from dataclasses import dataclass
from typing import Final

from alliance.facts.columns import DAYS, SESSION
from alliance.facts.registry import Registry


@dataclass(frozen=True)
class Time:
    """Time between the residuals of a patient.

    Parameters
    ----------
    name
        What declarations call it.
    column
        Column of the panel.
    unit
        What of it lies between two residuals that are correlated by the autocorrelation.
    apart
        The same in words.
    signed
        Whether an autocorrelation may be negative: what is high now and low next time, as counted time allows and passing time does not.
    """

    name: str
    column: str
    unit: int
    apart: str
    signed: bool


TIMES: Final = Registry(
    Time("sessions", SESSION, 1, "one session apart", signed=True),
    Time("days", DAYS, 7, "one week apart", signed=False),
)
