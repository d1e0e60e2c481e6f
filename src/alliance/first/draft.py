"""What has been recognised so far: settings, what each rests on, what is left out, and what was asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from alliance.config.instruments import Instrument
from alliance.errors import DataError
from alliance.first.table import Column, Table

Sureness = Literal["sure", "fairly sure", "assumed"]
AT_MOST = 5  # questions


@dataclass(frozen=True)
class Question:
    """What only somebody who knows the study can say.

    Parameters
    ----------
    text
        In plain words.
    choices
        Answer -> how it is offered.
    otherwise
        The answer that is taken where nobody is asked; None if nothing can be assumed.
    """

    text: str
    choices: Mapping[str, str]
    otherwise: str | None


@dataclass(frozen=True)
class Guess:
    """One thing that was recognised: what, how sure, and by which evidence."""

    what: str
    sureness: Sureness
    evidence: str


Ask = Callable[[Question], str | None]


def ask_nobody(question: Question) -> str | None:
    """Answer no question: what can be assumed is assumed."""
    return None


@dataclass(eq=False)
class Draft:
    """An overlay that grows.

    Parameters
    ----------
    tables
        ``sessions``, and ``patients`` and ``therapists`` where there are files of their own.
    instruments
        The built-in questionnaires.
    ask
        Who answers questions; None means that nobody did.
    keys, where, settings
        What stands under ``data.<table>``: keys, rows that are read, settings of the reader.
    why
        Place in the overlay -> comment.
    claimed
        Columns of the sessions' file that mean something already.
    others
        Further files, until it is known what they hold.
    """

    tables: dict[str, Table]
    instruments: Mapping[str, Instrument]
    ask: Ask = ask_nobody
    keys: dict[str, dict[str, Any]] = field(default_factory=lambda: {"sessions": {}})
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    variables: dict[str, dict[str, Any]] = field(default_factory=dict)
    study: dict[str, Any] = field(default_factory=dict)
    models: dict[str, Any] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    codes: list[float] = field(default_factory=list)
    why: dict[str, str] = field(default_factory=dict)
    guesses: list[Guess] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    to_do: list[str] = field(default_factory=list)
    claimed: set[str] = field(default_factory=set)
    others: list[Table] = field(default_factory=list)
    asked: int = 0

    def __post_init__(self) -> None:
        """Begin with the settings that the reader needed."""
        self.settings["sessions"] = dict(self.sessions.settings)
        grouped = self.settings["sessions"].get("fill_down")
        if grouped:
            evidence = "they stand in the first row of each block only, as in merged cells"
            self.say(
                "fill_down", f"blank cells of {', '.join(grouped)} mean what stands above", "fairly sure", evidence
            )

    @property
    def sessions(self) -> Table:
        """The table of sessions."""
        return self.tables["sessions"]

    @property
    def free(self) -> list[Column]:
        """Columns of the sessions' file that nobody has claimed and that hold something."""
        return [column for column in self.sessions if column.name not in self.claimed and column.kind != "blank"]

    @property
    def patient(self) -> Column:
        """The column of the patients, which is recognised first."""
        return self.sessions.columns[self.keys["sessions"]["patient"]]

    def set(self, **settings: Any) -> None:
        """Add settings of the reader of sessions."""
        self.settings.setdefault("sessions", {}).update(settings)

    def say(self, place: str, what: str, sureness: Sureness, evidence: str) -> None:
        """Note what was recognised, for the screen and as a comment of the overlay."""
        self.guesses.append(Guess(what, sureness, evidence))
        self.why[place] = evidence if sureness == "sure" else f"{sureness}: {evidence}"

    def question(self, question: Question) -> tuple[str | None, Sureness]:
        """Ask, as long as not too much was asked; return the answer, and how sure it is.

        Without anybody to answer it is what can be assumed, which may be nothing.
        """
        if self.asked < AT_MOST:
            self.asked += 1
            answer = self.ask(question)
            if answer is not None:
                return answer, "sure"
        return question.otherwise, "assumed"

    def needed(self, question: Question, remedy: str) -> tuple[str, Sureness]:
        """Ask what cannot be done without.

        Raises
        ------
        DataError
            Nobody answers, and nothing can be assumed.
        """
        answer, sureness = self.question(question)
        if answer is None:
            raise DataError(remedy)
        return answer, sureness


def plural(count: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def between(low: float, high: float) -> str:
    """Write a range."""
    return f"{low:g} to {high:g}"
