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
        The families that can do it.
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

ANALYSES: Final = Registry(
    Analysis(PATH, "paths", ("textbook", "multilevel_path", "direct")),
    Analysis(VARIANCE, "shares of variance", ("textbook",)),
    Analysis(
        "correlations", "correlations within and between patients", module="alliance.models.descriptive.correlations"
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
