"""The families of models: where each lives and what it can do, declared once.

Whoever treats families differently asks for a trait, never for a name. To add a family: a package in `alliance.models`, and one entry here.
"""

from dataclasses import dataclass
from typing import Final

from alliance.facts.analyses import DESCRIPTIVE
from alliance.facts.registry import Registry
from alliance.facts.threads import MOST


@dataclass(frozen=True)
class Family:
    """A kind of models.

    Parameters
    ----------
    name
        What declarations call it.
    package
        Where it lives: its module ``fit`` is imported when a model is fitted.
    joint
        Whether its equations are one model, so that products, smooths of time, several pairs of cause and outcome and equations
        without predictors have a meaning; separate equations are estimated one at a time.
    has_settings
        Whether declarations of this family have settings of their own: the class ``Spec`` in its module ``settings``, which is imported
        when a declaration is read.
    propensities
        Whether it takes yes/no and ordered outcomes for what is seen of a propensity.
    variability
        Whether residual variances may differ between patients.
    meanings
        Whether it uses what scores mean: their direction, cut-offs and reliable changes.
    sections
        Sections of the configuration that its fits depend on.
    threads
        How many threads a fit uses.
    """

    name: str
    package: str
    joint: bool
    has_settings: bool = False
    propensities: bool = False
    variability: bool = False
    meanings: bool = False
    sections: tuple[str, ...] = ()
    threads: int = 1

    @property
    def module(self) -> str:
        """The module whose code makes its fits."""
        return f"{self.package}.fit"


_BAYESIAN: Final = ("sampling", "priors")

FAMILIES: Final = Registry(
    Family("textbook", "alliance.models.textbook", joint=False),
    Family(
        "multilevel_path",
        "alliance.models.path",
        joint=True,
        has_settings=True,
        propensities=True,
        variability=True,
        sections=_BAYESIAN,
        threads=MOST,
    ),
    Family("direct", "alliance.models.direct", joint=True, sections=_BAYESIAN, threads=MOST),
    Family(
        DESCRIPTIVE, "alliance.models.descriptive", joint=False, has_settings=True, meanings=True, sections=("privacy",)
    ),
)
