"""Ways to tell a rupture from the course of the alliance alone, each declared once.

To add a detector: an entry here, and a function of the same name in `alliance.data.ruptures.detectors`.
"""

from dataclasses import dataclass
from typing import Final

from alliance.facts.registry import Registry

OBSERVER: Final = "observer"  # in place of a detector: somebody saw the rupture and coded it
RATE: Final = 0.05  # share of patients without ruptures of whom at least one session is marked


@dataclass(frozen=True)
class Detector:
    """A way to tell a rupture from the course of a score.

    Parameters
    ----------
    name
        What configurations and tables call it.
    label
        What people read.
    meaning
        What is measured in a session, in words; it is the more of a rupture the larger it is.
    source
        Whom it follows.
    usual
        The limit in use, in units of what is measured, which the study's own limit stands beside.
    fewest
        Observed sessions below which nothing can be said of a patient.
    ahead
        Whether a session is judged by later ones too, so that what is marked says something about what follows.
    """

    name: str
    label: str
    meaning: str
    source: str
    usual: float
    fewest: int
    ahead: bool


DETECTORS: Final = Registry(
    Detector(
        "sd_drop",
        "drop in standard deviations",
        "drop from the session before, in standard deviations within patients",
        "a common criterion; Gumz et al. (2012) compare limits of one and two",
        usual=1.0,
        fewest=2,
        ahead=False,
    ),
    Detector(
        "own_trend",
        "below own trend",
        "distance below the patient's own straight line, in standard deviations about it",
        "after Stiles et al. (2004)",
        usual=2.0,
        fewest=4,
        ahead=True,
    ),
    Detector(
        "drop_and_return",
        "drop and return",
        "drop from the session before, or what is regained within three sessions if that is less, in standard deviations within patients",
        "after Strauss et al. (2006)",
        usual=1.0,
        fewest=3,
        ahead=True,
    ),
    Detector(
        "control_chart",
        "control chart",
        "distance below the patient's own mean, in standard deviations from the mean moving range (divided by 1.128)",
        "after Lipner et al. (2022)",
        usual=3.0,
        fewest=5,
        ahead=True,
    ),
    Detector(
        "reliable_change",
        "reliable drop",
        "drop from the mean of up to three sessions before, in standard errors of measurement of that difference",
        "after Jacobson and Truax (1991)",
        usual=1.96,
        fewest=2,
        ahead=False,
    ),
    Detector(
        "prediction",
        "below prediction",
        "distance below what all sessions before let expect, in standard deviations of that prediction",
        "one-step-ahead prediction of an autoregressive series around a patient's own level; a tail of 5% at each session",
        usual=1.645,
        fewest=2,
        ahead=False,
    ),
)
