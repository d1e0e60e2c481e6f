"""What stands beside the questionnaires: a signal of each session, and patients' circumstances. Nobody slips while entering them.

Both are appended to a study that is what it is without them: the alliance is not drawn anew, but the signal follows how far the alliance of
its session lies from what was to be expected, so that knowing the signal is knowing more of that alliance.
"""

import numpy as np
import pandas as pd

from alliance.facts.quantity import join_nodes, name_horizon
from alliance.worlds.course import Course
from alliance.worlds.dynamics import on_scale
from alliance.worlds.example.settings import ExampleStudy
from alliance.worlds.settings import Scale
from alliance.worlds.truth import KEYS, MODEL

SIGNAL, CAUSE, OUTCOME = "synchrony", "alliance", "symptoms"
WAYS = ("delivery_video", "delivery_text")  # against meeting in person: nothing follows from them
_SCALE = Scale(low=0, high=100)


def record_synchrony(settings: ExampleStudy, course: Course, rng: np.random.Generator) -> np.ndarray:
    """Return the percentage of time in which both move together, for each patient and planned session.

    s_t = mean + level + c (alliance_t-1 - centre) + k (what is unexpected in alliance_t) + e, the alliance before as it was recorded. So
    given the past the alliance of a session is higher by k V / (k^2 V + var(e)) for each point of s, V the variance of what is
    unexpected in it (`slope_on_signal`).

    Returns
    -------
    numpy.ndarray
        Whole numbers, shape (patient, session).
    """
    chosen, shape = settings.synchrony, course.observed.shape
    before = np.zeros(shape)
    before[:, 1:] = course.values[CAUSE][:, :-1] - settings.centres[CAUSE]
    level = rng.normal(chosen.mean, chosen.patient_sd, (shape[0], 1))
    values = level + chosen.follows * before + chosen.shows * course.surprises[CAUSE] + rng.normal(0, chosen.sd, shape)
    return on_scale(values, _SCALE)


def slope_on_signal(settings: ExampleStudy, unexpected_sd: float) -> float:
    """Return by how much the alliance of a session is higher for each point of the signal, given the past.

    Parameters
    ----------
    unexpected_sd
        Standard deviation of what is unexpected in the alliance of a session.
    """
    chosen, variance = settings.synchrony, unexpected_sd**2
    rest = chosen.sd**2 + _SCALE.step**2 / 12
    return chosen.shows * variance / (chosen.shows**2 * variance + rest)


def true_beside(settings: ExampleStudy, unexpected_sd: float) -> pd.DataFrame:
    """Return the truth about what acts on nothing, and about the signal; columns as those of `alliance.worlds.truth.true_quantities`."""
    slope, carried = slope_on_signal(settings, unexpected_sd), settings.variables[OUTCOME].causes[f"{CAUSE}_lag"]
    now, later = name_horizon(0), name_horizon(1)
    rows = []
    for name, value in ((SIGNAL, slope), *((way, 0.0) for way in WAYS)):
        rows += [
            (CAUSE, join_nodes(name, CAUSE), "a", "within", now, value),
            (OUTCOME, join_nodes(name, CAUSE, OUTCOME), "indirect", "within", later, value * carried),
            (OUTCOME, join_nodes(name, OUTCOME), "direct", "within", later, 0.0),
        ]
    rows.append((SIGNAL, join_nodes(CAUSE, SIGNAL), "a", "within", later, settings.synchrony.follows))
    table = pd.DataFrame(rows, columns=[*KEYS, "value"]).assign(**{MODEL: ""})
    # The signal follows the alliance before, so what that alliance tells is partly told by the signal where it is held equal.
    past = settings.variables[CAUSE].causes[f"{CAUSE}_lag"] - slope * settings.synchrony.follows
    own = (CAUSE, join_nodes(f"{CAUSE}_lag", CAUSE), "coefficient", "within", later, past, f"signals_through_{CAUSE}")
    return pd.concat([table, pd.DataFrame([own], columns=table.columns)], ignore_index=True)
