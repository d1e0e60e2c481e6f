"""What happened over the sessions of a simulated study, and what of it was seen."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Course:
    """Arrays (patient, session).

    Parameters
    ----------
    values
        Variable -> what would have been measured; missing where nothing can have been, such as homework before the first session.
    surprises
        Variable -> its value minus what was to be expected of it by its causes; of yes and no the value itself.
    observed
        Whether the session left data.
    dropped
        Whether the patient left before the planned end: (patient,).
    """

    values: dict[str, np.ndarray]
    surprises: dict[str, np.ndarray]
    observed: np.ndarray
    dropped: np.ndarray


def logistic(logit: np.ndarray) -> np.ndarray:
    """Return the probability of a logit."""
    probability: np.ndarray = 1 / (1 + np.exp(-logit))
    return probability


def choose(rng: np.random.Generator, count: int, shares: list[float]) -> np.ndarray:
    """Draw positions with given probabilities."""
    return np.searchsorted(np.cumsum(shares)[:-1], rng.random(count), side="right")
