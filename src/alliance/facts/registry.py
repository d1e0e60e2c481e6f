"""Facts by name, each declared once."""

from collections.abc import Callable
from typing import Protocol

from alliance.errors import suggest


class Named(Protocol):
    """A fact with a name."""

    @property
    def name(self) -> str:
        """What it is asked for by."""


class Registry[T: Named](dict[str, T]):
    """Facts by name, in the order of their declaration.

    Parameters
    ----------
    facts
        Each has a name of its own.

    Raises
    ------
    ValueError
        Two facts have the same name.
    KeyError
        When asked for a name that is not declared.
    """

    def __init__(self, *facts: T) -> None:
        super().__init__()
        for fact in facts:
            if fact.name in self:
                raise ValueError(f"'{fact.name}' is declared twice")
            self[fact.name] = fact

    def names(self, chosen: Callable[[T], bool]) -> tuple[str, ...]:
        """Name those that are chosen, in the order of their declaration."""
        return tuple(name for name, fact in self.items() if chosen(fact))

    def __missing__(self, name: str) -> T:
        raise KeyError(f"'{name}' is not declared.{suggest(name, self)}")
