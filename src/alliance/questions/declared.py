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
    """

    specs: Specs
    answer: str
    measures: Specs = field(default_factory=dict)


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

    def lacks_therapists(self, cast: Cast) -> bool:
        """Whether it is about therapists and nothing says who they are."""
        return self.therapists and not cast.therapists
