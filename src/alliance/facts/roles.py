"""The parts that variables play in a study of the alliance, each declared once.

A variable says which part it plays (`role` in its own entry); which questions the data can answer follows from that
(`alliance.questions`). To add a part: one entry here, and the question that needs it.
"""

from dataclasses import dataclass
from typing import Final, Literal

from alliance.facts.registry import Registry

Table = Literal["sessions", "patients", "therapists"]
Moment = Literal["between", "before", "during", "after"]

# When something is measured, in thirds of a session; between: since the session before, and earlier than all of this one.
MOMENTS: Final[dict[str, float]] = {"between": -0.5, "before": 0, "during": 1, "after": 2}
BETWEEN_SESSIONS: Final = "between"
EARLY: Final = (BETWEEN_SESSIONS, "before")  # what the session itself cannot have changed
# The same as people read it.
MOMENTS_TOLD: Final = {
    "between": "since the session before",
    "before": "before the session",
    "during": "during the session",
    "after": "after the session",
}


@dataclass(frozen=True)
class Role:
    """A part that variables can play.

    Parameters
    ----------
    name
        What configurations call it.
    meaning
        What plays it, in words that can follow "a variable that is".
    tables
        The tables in which such a variable can stand.
    alone
        Whether questions ask for one variable that plays it, so that a second one would be left out.
    leads
        Whether the first who plays it is the one that most questions ask about.
    """

    name: str
    meaning: str
    tables: tuple[Table, ...] = ("sessions",)
    alone: bool = False
    leads: bool = False


_CONSTANT: Final[tuple[Table, ...]] = ("patients", "therapists")

ROLES: Final = Registry(
    Role("mediator", "the alliance, or another process that is to carry change", alone=True),
    Role("outcome", "what treatment is to change, such as symptoms", alone=True),
    Role("treatment", "the treatment or arm of a patient", ("patients",), alone=True),
    Role("technique", "what therapists do in a session to move the alliance", leads=True),
    Role("strategy", "a strategy that therapists report, such as goal setting"),
    Role(
        "part", "a part of the alliance, such as bond, goals or tasks; a questionnaire with subscales brings them along"
    ),
    Role("process", "something between the alliance and the outcome, such as engagement or homework"),
    Role("patient", "what patients bring with them, such as expectations", ("patients",)),
    Role("therapist", "what therapists bring with them, such as experience", ("therapists",)),
    Role("culture", "cultural background or match", _CONSTANT),
    Role("context", "circumstances of life or of treatment", _CONSTANT),
    Role("site", "where or among whom patients were treated: a clinic, a country, a population", ("patients",)),
    Role("delivery", "how a session was held, such as in person or by video"),
    Role("rupture", "whether a rupture of the alliance was seen in a session"),
    Role("rater", "the mediator as somebody else rates it ('rater' says who), such as the therapist", alone=True),
    Role("signal", "a signal recorded in sessions, such as synchrony"),
)
