"""What a question is: what it needs, the models it poses, which of them answers it, and what its section of the report holds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from alliance.questions.cast import Cast

Specs = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Posed:
    """The models of a question.

    Parameters
    ----------
    specs
        Name -> what would stand under ``models.specs``, in the order in which they are shown.
    answer
        The model that answers, whatever is found and flagged; the others stand beside it for comparison.
    measures
        Measures derived for them: name -> what would stand under ``variables``.
    adds
        Models of which the answer gives a number too.
    """

    specs: Specs
    answer: str
    measures: Specs = field(default_factory=dict)
    adds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hindrance:
    """What stands in the way of a question although all parts are played: what was found, and what to do."""

    found: str
    remedy: str


@dataclass(frozen=True)
class Question:
    """A question of the field.

    What it names for its section is shown there, where the run makes it (``output.figures`` and ``output.tables``), and stands nowhere else
    in the report; the order is that of reading.

    Parameters
    ----------
    name
        What configurations call it.
    title
        The question in plain words; ``{mediator}`` and other parts in braces stand for the label of who plays them.
    needs
        The parts that have to be played (`alliance.facts.roles`).
    pose
        Returns its models for those who play.
    sentences
        Functions of `alliance.report.prose.SENTENCES` that say more than the answer; folded.
    figures
        Names in `alliance.report.figures.FIGURES`; the first is shown, others are folded.
    tables
        Names in `alliance.report.tables.TABLES`; folded, since the estimates that answer stand in a small table of their own.
    follows
        Published studies whose design it follows, e.g. ``Rubel, Rosenbaum and Lutz 2017``.
    tells
        The function of `alliance.report.prose.tells.TELLS` that tells the answer, where it is no contrast of a path model: takes the
        artefacts of the run and the configuration, and returns `alliance.report.prose.told.Told`, or None where its model gave nothing.
        By default the answer is told from cause, outcome and estimates of the model that answers.
    therapists
        Whether the export has to name the therapist of each patient.
    drops
        Whether it is about drops of the mediator: where higher scores are worse, a drop is a gain.
    """

    name: str
    title: str
    needs: tuple[str, ...]
    pose: Callable[[Cast], Posed]
    sentences: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    tells: str | None = None
    therapists: bool = False
    drops: bool = False

    def hindrance(self, cast: Cast) -> Hindrance | None:
        """Return what stands in the way besides parts that nobody plays."""
        if self.therapists and not cast.therapists:
            return Hindrance(
                "nothing says whose patient is whose",
                "Name the column that holds the ids of therapists ('therapist' under 'keys' of data.sessions or data.patients)",
            )
        turned = [player for player in cast.all("mediator") if player.higher_is == "worse"] if self.drops else []
        if turned:
            return Hindrance(
                f"higher scores of {turned[0].label} are worse ('higher_is: worse'), so that a drop is a gain and no rupture",
                "Let a score play the mediator of which higher is better",
            )
        return None
