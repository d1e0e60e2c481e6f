"""What goes unseen. Each breaker is one declaration here: its settings, and the function that hides what it hides.

To add one, write its class and name it in `Missing`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from alliance.config.section import Name, Section
from alliance.worlds.course import Course, choose, logistic

Share = Annotated[float, Field(ge=0, le=1)]
Chance = Annotated[float, Field(gt=0, lt=1)]
Centres = Mapping[str, float]  # variable -> the value from which distances count


class Breaker(Section, ABC):
    """A way in which something comes to be unseen."""

    def named(self) -> Iterable[str]:
        """Name the variables that it goes by."""
        return ()

    @abstractmethod
    def hide(self, course: Course, centres: Centres, rng: np.random.Generator) -> Course:
        """Hide what it hides."""


class Planned(Breaker):
    """Treatments of different planned lengths."""

    shares: dict[Annotated[int, Field(ge=1)], Share]  # sessions -> share of the patients

    @model_validator(mode="after")
    def _shares_add_up(self) -> Self:
        if abs(sum(self.shares.values()) - 1) > 1e-9:
            raise ValueError(f"the shares must add up to 1, but add up to {sum(self.shares.values()):g}")
        return self

    def hide(self, course: Course, centres: Centres, rng: np.random.Generator) -> Course:
        """End treatments as planned."""
        count, longest = course.observed.shape
        planned = np.array(list(self.shares))[choose(rng, count, list(self.shares.values()))]
        return replace(course, observed=course.observed & (np.arange(longest) < planned[:, None]))


class Dropout(Breaker):
    """Leaving after a session by what was observed at it, so that what is missing is missing at random given what was seen."""

    chance: Chance | None = None  # after a session at which every cause is at its centre
    share: Chance | None = None  # of the patients who leave before the last session; the chance is found from it
    causes: Annotated[dict[Name, float], Field(default_factory=dict)]  # change of the logit per point

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.chance is None) == (self.share is None):
            raise ValueError("give either the chance after a session or the share of patients who leave")
        return self

    def named(self) -> Iterable[str]:
        """Name the causes."""
        return self.causes

    def logit(self, course: Course, centres: Centres) -> np.ndarray:
        """Return what observed values add to the logit of leaving, (patient, session)."""
        return added_logit(self.causes, course, centres)

    def hide(self, course: Course, centres: Centres, rng: np.random.Generator) -> Course:
        """Let patients leave; the session after which somebody leaves still took place."""
        if self.chance is None:
            raise ValueError("the chance of leaving must be found first, see alliance.worlds.study.settle")
        at_centres = np.log(self.chance / (1 - self.chance))
        leaves = rng.random(course.observed.shape) < logistic(at_centres + self.logit(course, centres))
        left = np.cumsum(leaves, axis=1) - leaves > 0
        return replace(course, observed=course.observed & ~left, dropped=(course.observed & left).any(axis=1))


class Skipped(Breaker):
    """Sessions that leave no data, at random given what was seen before; everybody has the first."""

    chance: Share  # where every cause, as last seen, is at its centre
    causes: Annotated[dict[Name, float], Field(default_factory=dict)]  # change of the logit per point

    def named(self) -> Iterable[str]:
        """Name the causes."""
        return self.causes

    def hide(self, course: Course, centres: Centres, rng: np.random.Generator) -> Course:
        """Skip sessions."""
        drawn, seen = rng.random(course.observed.shape), course.observed.copy()
        if not self.causes:
            seen[:, 1:] &= drawn[:, 1:] >= self.chance
            return replace(course, observed=seen)
        added = added_logit(self.causes, course, centres)
        at_centres, last = np.log(self.chance / (1 - self.chance)), added[:, 0]
        for t in range(1, seen.shape[1]):
            seen[:, t] &= drawn[:, t] >= logistic(at_centres + last)
            last = np.where(seen[:, t], added[:, t], last)
        return replace(course, observed=seen)


class Blank(Breaker):
    """Variables that are blank in some of the sessions held, completely at random; at the first session only, or at any."""

    shares: dict[Name, Share]  # variable -> share of the sessions, or of the patients
    first_only: bool = False

    def named(self) -> Iterable[str]:
        """Name what may be blank."""
        return self.shares

    def hide(self, course: Course, centres: Centres, rng: np.random.Generator) -> Course:
        """Blank values."""
        values, possible = dict(course.values), np.ones(course.observed.shape, dtype=bool)
        possible[:, 1:] = not self.first_only
        for name, share in self.shares.items():
            blank = (rng.random(course.observed.shape) < share) & possible
            values[name] = np.where(blank, np.nan, values[name])
        return replace(course, values=values)


def added_logit(causes: Mapping[str, float], course: Course, centres: Centres) -> np.ndarray:
    """Return what values add to a logit, (patient, session)."""
    parts = (effect * (course.values[name] - centres[name]) for name, effect in causes.items())
    return sum(parts, start=np.zeros(course.observed.shape))


class Missing(Section):
    """Every breaker of completeness, in the order in which they act."""

    planned: Planned | None = None
    dropout: Dropout | None = None
    skipped: Skipped | None = None
    blank: Blank | None = None

    def breakers(self) -> dict[str, Breaker]:
        """List those that are there, by name."""
        found = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: breaker for name, breaker in found.items() if breaker is not None}

    def named(self) -> list[tuple[str, str]]:
        """List every variable that one of them goes by, after the name of that one."""
        return [(name, variable) for name, breaker in self.breakers().items() for variable in breaker.named()]

    def hide(self, course: Course, centres: Centres, rng: np.random.Generator) -> Course:
        """Hide what each of them hides."""
        for breaker in self.breakers().values():
            course = breaker.hide(course, centres, rng)
        return course
