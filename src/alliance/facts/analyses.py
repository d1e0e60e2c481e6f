"""What a declared model computes, each analysis declared once: a path diagram, or something that needs none.

To add one that needs no path diagram: a module like `alliance.models.descriptive.correlations`, and one entry here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from alliance.facts.registry import Registry

Option = bool | int | float | str | list[str]

DESCRIPTIVE: Final = "descriptive"  # the family of analyses that need no path diagram


@dataclass(frozen=True)
class Analysis:
    """A kind of models.

    Parameters
    ----------
    name
        What declarations call it.
    label
        What it computes, in words that can follow "of".
    families
        The families that can do it; none named: all but the one without path diagrams.
    module
        Where it is computed, in the family `DESCRIPTIVE`; imported when a model is fitted.
    common_metric
        Whether it puts measures with formats of their own on a common metric, the range of each scale.
    sparse
        Whether it takes measures as they come, such as marks that no session has.
    options
        Settings of its own with the values they have where a declaration says nothing.
    """

    name: str
    label: str
    families: tuple[str, ...] = (DESCRIPTIVE,)
    module: str = ""
    common_metric: bool = False
    sparse: bool = False
    options: Mapping[str, Option] = field(default_factory=dict)


PATH: Final = "path"
VARIANCE: Final = "variance"
CHANGE: Final = "change"

ANALYSES: Final = Registry(
    Analysis(PATH, "paths", families=()),
    Analysis(VARIANCE, "shares of variance", ("textbook",)),
    Analysis(
        "growth",
        "courses over the sessions",
        module="alliance.models.descriptive.growth",
        # Numbers of sessions, from a patient's first one, that are the start.
        options={"early": 3},
    ),
    Analysis(
        CHANGE,
        "reliable and clinically significant changes",
        module="alliance.models.descriptive.change",
        # 0 and an empty rule: as the instrument's file says; `level` is that of a declared reliable change.
        options={"early": 3, "reliable_change": 0.0, "level": 0.95, "case_rule": "", "case_value": 0.0},
    ),
    Analysis(
        "correlations", "correlations within and between patients", module="alliance.models.descriptive.correlations"
    ),
    Analysis(
        "parts",
        "correlations and ceilings of parts",
        module="alliance.models.descriptive.parts",
        common_metric=True,
        # What they are parts of.
        options={"of": ""},
    ),
    Analysis(
        "raters", "agreement and discrepancy of raters", module="alliance.models.descriptive.raters", common_metric=True
    ),
    Analysis(
        "ruptures",
        "ruptures, how they agree and what becomes of them",
        module="alliance.models.descriptive.ruptures",
        sparse=True,
    ),
)
