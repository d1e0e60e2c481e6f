"""What people call the units of a study: a patient may be a student or a dyad, a therapist a clinic, a session a week."""

import re
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, model_validator

from alliance.config.section import Label, Section

UNITS = ("patient", "therapist", "session")
_WORD = re.compile(r"[^\W\d_]+([ '’-][^\W\d_]+)*")


def _one_and_many(value: Any) -> Any:
    """Add the plural to a word that is regular."""
    named = [value] if isinstance(value, str) else value
    if (
        not isinstance(named, list | tuple)
        or not 1 <= len(named) <= 2
        or not all(isinstance(word, str) for word in named)
    ):
        raise ValueError("expected a word, or one and many as in [child, children]")
    words = [word.strip() for word in named]
    for word in words:
        if not _WORD.fullmatch(word):
            raise ValueError(f"'{word}' is not a word; use letters, with blanks or hyphens between them")
    return (words[0], words[1] if len(words) == 2 else _plural(words[0]))


def _plural(word: str) -> str:
    if re.search(r"[^aeiou]y$", word):
        return f"{word[:-1]}ies"
    return f"{word}es" if re.search(r"(s|x|z|ch|sh)$", word) else f"{word}s"


Word = Annotated[tuple[Label, Label], BeforeValidator(_one_and_many)]


class Words(Section):
    """The word for one and for many of each unit, in small letters; an irregular plural is named: ``[child, children]``."""

    patient: Word = ("patient", "patients")
    therapist: Word = ("therapist", "therapists")
    session: Word = ("session", "sessions")

    @model_validator(mode="after")
    def _words_differ(self) -> Self:
        for words in zip(*(getattr(self, unit) for unit in UNITS), strict=True):
            if len({word.casefold() for word in words}) < len(words):
                raise ValueError(
                    f"each unit needs a word of its own, but these are {', '.join(words)}. Correct one of them"
                )
        return self

    @property
    def built_in(self) -> bool:
        """Whether nothing is called otherwise than in this project."""
        return self == Words()
