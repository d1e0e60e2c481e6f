"""What a fit reports about itself: one of the declared cautions, what it is about, and its value."""

from dataclasses import dataclass

from alliance.facts.cautions import CAUTIONS, Caution


@dataclass(frozen=True)
class Mark:
    """Something a fit reports about itself.

    Parameters
    ----------
    caution
        Its name in `CAUTIONS`, which says what was looked at, what it means and when it passes.
    subject
        Equation, parameter or quantity concerned.
    value
        The number behind the verdict; NaN where there is none.
    detail
        What is special about this case: a phrase without a full stop, or nothing.
    limit
        The threshold, where a setting holds it.
    verdict
        Whether it passed; None where that follows from value and threshold.
    outcomes
        Outcomes whose estimates carry the flag; empty: all of the model.
    effects
        Effects that carry the flag; empty: all.
    varying
        Effect that varies between units, as ``term -> outcome``: of standard deviations and correlations only its own carry the flag;
        empty: all.
    arrow
        The arrow of the diagram that this effect is the slope of, as paths name it: covariances of slopes along a path carry the flag where
        the path runs through it.
    levels
        Levels whose estimates carry the flag; empty: all.
    positions
        Positions of the quantities that carry the flag, counted from 0 in the order of the container; empty: all.

    Raises
    ------
    KeyError
        The caution is not declared.
    """

    caution: str
    subject: str
    value: float = float("nan")
    detail: str = ""
    limit: float | None = None
    verdict: bool | None = None
    outcomes: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    varying: str = ""
    arrow: str = ""
    levels: tuple[str, ...] = ()
    positions: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        CAUTIONS[self.caution]

    @property
    def declared(self) -> Caution:
        """What was looked at."""
        return CAUTIONS[self.caution]

    @property
    def threshold(self) -> float:
        """What the value is compared with; NaN where it is not."""
        return self.declared.threshold if self.limit is None else self.limit

    @property
    def passed(self) -> bool:
        """Whether the estimates concerned carry no flag."""
        return self.declared.holds(self.value, self.threshold) if self.verdict is None else self.verdict
