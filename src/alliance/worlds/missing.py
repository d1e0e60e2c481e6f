"""What goes unseen. Each breaker is one declaration here: its settings, and the function that hides what it hides.

To add one, write its class and name it in `Missing`.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from alliance.config.schema import Name, Section
from alliance.worlds.course import Course, choose, logistic

Share = Annotated[float, Field(ge=0, le=1)]
Chance = Annotated[float, Field(gt=0, lt=1)]
Centres = Mapping[str, float]  # variable -> the value from which distances count


class Planned(Section):
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


class Dropout(Section):
    """Leaving after a session by what was observed at it, so that what is missing is missing at random given what was seen."""

    chance: Chance | None = None  # after a session at which every cause is at its centre
    share: Chance | None = None  # of the patients who leave before the last session; the chance is found from it
    causes: Annotated[dict[Name, float], Field(default_factory=dict)]  # change of the logit per point

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.chance is None) == (self.share is None):
            raise ValueError("give either the chance after a session or the share of patients who leave")
        return self

    def logit(self, course: Course, centres: Centres) -> np.ndarray:
        """Return what observed values add to the logit of leaving, (patient, session)."""
        causes = (effect * (course.values[name] - centres[name]) for name, effect in self.causes.items())
        return sum(causes, start=np.zeros(course.observed.shape))

    def hide(self, course: Course, centres: Centres, rng: np.random.Generator) -> Course:
        """Let patients leave; the session after which somebody leaves still took place."""
        if self.chance is None:
            raise ValueError("the chance of leaving must be found first, see alliance.worlds.study.settle")
        at_centres = np.log(self.chance / (1 - self.chance))
        leaves = rng.random(course.observed.shape) < logistic(at_centres + self.logit(course, centres))
        left = np.cumsum(leaves, axis=1) - leaves > 0
        return replace(course, observed=course.observed & ~left, dropped=(course.observed & left).any(axis=1))


class Skipped(Section):
    """Sessions that leave no data, completely at random; everybody has the first."""

    chance: Share

    def hide(self, course: Course, centres: Centres, rng: np.random.Generator) -> Course:
        """Skip sessions."""
        skipped = rng.random(course.observed.shape) < self.chance
        skipped[:, 0] = False
        return replace(course, observed=course.observed & ~skipped)


class Missing(Section):
    """Every breaker of completeness, in the order in which they act."""

    planned: Planned | None = None
    dropout: Dropout | None = None
    skipped: Skipped | None = None

    def hide(self, course: Course, centres: Centres, rng: np.random.Generator) -> Course:
        """Hide what each of them hides."""
        for name in type(self).model_fields:
            breaker = getattr(self, name)
            course = course if breaker is None else breaker.hide(course, centres, rng)
        return course
