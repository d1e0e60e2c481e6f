"""What is known of a caution before any model is fitted."""

from dataclasses import dataclass
from typing import Final, Literal

Passes = Literal["at most", "at least", "above", "never", "always", "by the fit"]

# Estimates that carry a flag, in the words of several cautions.
MODEL: Final = "all estimates of the model"
EQUATION: Final = "estimates of the equation, and of paths through it"
COMPONENTS: Final = "variances and correlations of the intercept or slope, and what is computed from them"
INFORMATION: Final = "nothing; for information"


@dataclass(frozen=True)
class Caution:
    """One thing that fits look at.

    Parameters
    ----------
    name
        What a fit reports it by.
    title
        What a flag says.
    meaning
        What was looked at and what it means, in a sentence or two for a reader who is not a statistician.
    concerns
        The estimates that carry the flag.
    passes
        How the value has to lie to the threshold. ``never``: wherever it is reported, it is a flag; ``always``: it is for information;
        ``by the fit``: more than the value decides.
    threshold
        NaN where no number decides.
    unit
        What the value is counted in.
    setting
        The setting below ``inference`` that holds the threshold.
    source
        Where the threshold or the statistic comes from.
    withholds
        Whether a number is left out because of it; the report says so where the number would stand.
    plain
        The flag beside an answer, for those who do therapy: what is the matter, in a clause; empty where nothing carries it.
    only
        ``recorded``: it concerns estimates of scores as they were recorded, not those corrected for error; ``corrected``: only the latter.
    """

    name: str
    title: str
    meaning: str
    concerns: str
    passes: Passes
    threshold: float = float("nan")
    unit: str = ""
    setting: str = ""
    source: str = ""
    withholds: bool = False
    plain: str = ""
    only: Literal["", "recorded", "corrected"] = ""

    @property
    def share(self) -> bool:
        """Whether its value is a share, which results hold as a part of one and people read in percent."""
        return self.unit.startswith("share of ")

    def holds(self, value: float, threshold: float) -> bool:
        """Whether a value passes.

        Raises
        ------
        ValueError
            The fit has to say itself.
        """
        match self.passes:
            case "at most":
                return bool(value <= threshold)
            case "at least":
                return bool(value >= threshold)
            case "above":
                return bool(value > threshold)
            case "by the fit":
                raise ValueError(f"whether '{self.name}' passes does not follow from its value: the fit has to say it")
            case _:
                return self.passes == "always"
