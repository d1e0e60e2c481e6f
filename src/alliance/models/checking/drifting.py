"""What is said of constructs whose indicators drift over the course of treatment, and of those that were not seen to (`.invariance`)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from alliance.config import Variable
from alliance.facts.cautions import CAUTIONS
from alliance.facts.columns import PATIENT, SESSION
from alliance.facts.marks import Mark
from alliance.models.checking.invariance import INTERCEPT, LEVEL, Course, Drift, find_drifts
from alliance.models.checking.unreliable import predicted_by
from alliance.models.design.arrays import Design
from alliance.models.filling.readings import read_construct

DRIFTING: Final = "drifting_indicator"
TAKEN_OFF: Final = "with all drifts of intercepts taken off"
DRIFTS, HARDLY, OPEN = "drifts", "hardly any", "not told"  # verdicts: beyond the limit, within it for sure, or either


@dataclass(frozen=True)
class Construct:
    """A construct of a model, and how its indicators drift."""

    name: str
    indicators: Sequence[str]
    course: Course

    def drifting(self, part: str) -> list[Drift]:
        """List what drifts beyond the limit."""
        return [drift for drift in self.course.drifts if drift.part == part and verdict_of(drift) == DRIFTS]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of the artefact ``invariance``."""
        for drift in self.course.drifts:
            yield {
                "variable": self.name,
                "indicator": self.indicators[drift.indicator],
                "part": drift.part,
                "loading": drift.loading,
                "change": drift.change,
                "sd": drift.error,
                "size": drift.size,
                "largest": drift.largest,
                "p_adjusted": drift.probability,
                "length": self.course.length,
                "n_patients": self.course.patients,
                "n_sessions": self.course.sessions,
                "verdict": verdict_of(drift),
            }


def verdict_of(drift: Drift) -> str:
    """Say whether a drift is beyond the limit: told from zero and as large, surely smaller, or neither."""
    limit = CAUTIONS[DRIFTING].threshold
    if drift.probability < 1 - LEVEL and abs(drift.size) >= limit:
        return DRIFTS
    return HARDLY if drift.largest < limit else OPEN


def check_constructs(panel: pd.DataFrame, names: Sequence[str], variables: Mapping[str, Variable]) -> list[Construct]:
    """Test whether indicators of constructs mean the same over the course, from what was recorded of them."""
    patient, session = pd.factorize(panel[PATIENT])[0], panel[SESSION].to_numpy(dtype=float)
    found = []
    for name in names:
        indicators = read_construct(variables[name])
        columns = [indicator.column for indicator in indicators]
        weights = np.array([indicator.weight for indicator in indicators])
        values = panel[columns].to_numpy(dtype=float)
        found.append(Construct(name, columns, find_drifts(values, patient, session, weights)))
    return found


def take_off(panel: pd.DataFrame, constructs: Sequence[Construct]) -> pd.DataFrame:
    """Return a panel without drifts of intercepts, large or small; composites stay, as drifts add up to nothing in them."""
    changed = panel.copy()
    session = panel[SESSION].to_numpy(dtype=float)
    for construct in constructs:
        for drift in construct.course.drifts:
            if drift.part == INTERCEPT:
                slope = drift.change / construct.course.length
                changed[construct.indicators[drift.indicator]] -= slope * (session - session.mean())
    return changed


def mark_constructs(constructs: Sequence[Construct], design: Design, without: str = "") -> list[Mark]:
    """Mark constructs whose indicators drift, and say of the others what was and what was not shown.

    Parameters
    ----------
    without
        What becomes of corrected estimates once drifts of intercepts are taken off.
    """
    marks = []
    for construct in constructs:
        name, course = construct.name, construct.course
        if course.reason:
            marks.append(mark_untested(construct))
            continue
        beyond = [drift for drift in course.drifts if verdict_of(drift) == DRIFTS]
        most = max(beyond or course.drifts, key=lambda drift: abs(drift.size))
        told = [_tell(construct, drift) for drift in beyond]
        if without and construct.drifting(INTERCEPT):
            told.append(without)
        marks.append(
            Mark(
                DRIFTING,
                name,
                abs(most.size),
                "; ".join(told),
                verdict=not beyond,
                outcomes=(*predicted_by(design, name), *((name,) if name in design.equations else ())),
            )
        )
    return marks


def mark_untested(construct: Construct) -> Mark:
    """Say why the indicators of a construct were not tested."""
    return Mark("untested_invariance", construct.name, detail=construct.course.reason)


def _tell(construct: Construct, drift: Drift) -> str:
    """Say how an intercept or a loading drifts, in words."""
    amount = f"{abs(drift.change):.2g} points" if drift.part == INTERCEPT else f"{abs(drift.change):.0%}"
    way = "rises" if drift.change > 0 else "falls"
    return (
        f"the {drift.part} of {construct.indicators[drift.indicator]} {way} by {amount} over {construct.course.length:.0f} sessions, "
        "compared with all together"
    )
