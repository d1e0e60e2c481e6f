"""The words a study uses for its units, in everything people read.

Sentences, heads of tables and texts of figures are written with this project's own words: patient, therapist, session. Where they leave
for people, `Speech.say` puts the study's words in their place (``words`` of the configuration), with article, plural and genitive. What the
researchers wrote themselves (titles, labels, units) is theirs and stays: `Speech.config` shields it by a mark nobody sees, which `say`
takes away. Names of columns, files and settings stay too.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from alliance.config import Config
from alliance.config.words import UNITS

_SHIELD = "\u2060"  # joins words without being seen; texts of the configuration have none (`plain_text`)
_UNIT = re.compile(rf"\b({'|'.join(UNITS)})", re.IGNORECASE)
_ALONE = re.compile(rf"({'|'.join(UNITS)})s?", re.IGNORECASE)
_VOWEL = re.compile(r"(?!eu|uni([^nm]|$)|use|one\b)([aeiou]|hour|heir)", re.IGNORECASE)
# A unit's word with what belongs to it. Not after a dot, a slash, a brace or a quote, nor before an ending of a file: those are names.
_NAMED = (
    r"(?:\b(?P<article>[Aa]n?)(?P<gap>\s+))?"
    r"(?<![\w./{'‘])(?P<unit>" + "|".join(f"[{unit[0].upper()}{unit[0]}]{unit[1:]}" for unit in UNITS) + r")"
    r"(?P<plural>s)?(?P<genitive>['’]s?(?!\w))?(?![\w/]|\.\w)"
)  # fmt: skip
_KEPT = r"\{[^{}]*\}|`[^`]*`|\bcolumns? [\w.]+"  # settings and names of columns, as messages write them


class Speech:
    """How a study speaks of its units.

    Parameters
    ----------
    config
        The configuration with its ``words``.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._words = config.words

    @property
    def silent(self) -> bool:
        """Whether the words are this project's own, so that nothing has to be said otherwise."""
        return self._words.built_in

    @cached_property
    def config(self) -> Config:
        """The configuration with what its authors wrote shielded; give it to whoever writes sentences that `say` will see."""
        return self._config if self._words.built_in else _shielded(self._config)

    def say(self, text: str) -> str:
        """Return a finished text in the study's words; each text is said once."""
        if self._words.built_in:
            return text
        return self._pattern.sub(self._replace, text).replace(_SHIELD, "")

    def say_all(self, texts: Iterable[str]) -> list[str]:
        """Say several texts."""
        return [self.say(text) for text in texts]

    def bare(self, text: str) -> str:
        """Return a text without shields, and otherwise as it is: for codes and names of columns."""
        return text.replace(_SHIELD, "")

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """Labels of categories stay as the data have them, also across lines, unless they are but the word itself."""
        labels = {
            label.replace("_", " ")
            for variable in self._config.variables.values()
            for label in [*variable.declared_labels, *variable.other_groups]
        }
        own = sorted(
            (label for label in labels if _UNIT.search(label) and not _ALONE.fullmatch(label)), key=len, reverse=True
        )
        spaced = [r"(?<!\w)" + r"\s+".join(map(re.escape, label.split())) + r"(?!\w)" for label in own]
        return re.compile("|".join([_KEPT, *spaced, _NAMED]))

    def _replace(self, found: re.Match[str]) -> str:
        if found["unit"] is None:
            return found[0]
        one, many = getattr(self._words, found["unit"].lower())
        word = many if found["plural"] else one
        if found["genitive"]:
            word = f"{word}'" if found["plural"] and word.endswith("s") else f"{word}'s"
        if found["unit"][0].isupper():
            word = word[0].upper() + word[1:]
        return f"{_article(found['article'], one)}{found['gap']}{word}" if found["article"] else word


def _article(article: str, word: str) -> str:
    right = "an" if _VOWEL.match(word) else "a"
    return right.capitalize() if article[0] == "A" else right


def _shielded(config: Config) -> Config:
    """Shield what people wrote to be read; ids, keys and labels of the data are as they are, since they are compared."""
    variables = {
        name: variable.model_copy(update={key: shield(getattr(variable, key)) for key in ("label", "unit")})
        for name, variable in config.variables.items()
    }
    specs = {
        name: spec.model_copy(update=_texts_of(spec, ("label", *_SIGNED))) for name, spec in config.models.specs.items()
    }
    study = config.study.model_copy(
        update={
            "description": shield(config.study.description),
            "limits": [shield(text) for text in config.study.limits],
        }
    )
    return config.model_copy(
        update={
            "variables": variables,
            "study": study,
            "run": config.run.model_copy(
                update={
                    "title": shield(config.run.title),
                    "compare_to": [shield(name) for name in config.run.compare_to],
                }
            ),
            "models": config.models.model_copy(update={"specs": specs}),
        }
    )


_SIGNED = ("time_order_signed_off", "discrete_signed_off", "initial_values_signed_off")


def _texts_of(section: Any, keys: Iterable[str]) -> Mapping[str, Any]:
    return {key: shield(value) for key in keys if isinstance(value := getattr(section, key, None), str)}


def shield(text: str) -> str:
    """Mark the units' words in a text so that they stay as they are."""
    return _UNIT.sub(lambda found: f"{found[0][0]}{_SHIELD}{found[0][1:]}", text)
