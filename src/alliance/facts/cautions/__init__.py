"""The cautions: everything a fit can report about how far its numbers can be trusted, each declared once.

A family reports a caution by its name, with subject and value (`alliance.facts.marks`). Titles are what a flag says; several cautions may
share one. To add a caution: one entry in `rows`, `design`, `answers`, `errors` or `fit`, and whoever finds it.
"""

from typing import Final

from alliance.facts.cautions.answers import OF_ANSWERS
from alliance.facts.cautions.declared import Caution
from alliance.facts.cautions.design import OF_DESIGN
from alliance.facts.cautions.errors import OF_ERRORS
from alliance.facts.cautions.fit import OF_FIT
from alliance.facts.cautions.rows import OF_ROWS
from alliance.facts.registry import Registry

__all__ = ["CAUTIONS", "Caution"]

CAUTIONS: Final = Registry(*OF_ROWS, *OF_DESIGN, *OF_ANSWERS, *OF_ERRORS, *OF_FIT)
