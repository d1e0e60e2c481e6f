"""Effects at sessions in standard deviations within patients, so that studies with other questionnaires can be compared.

An effect b of x on y, in points of y for a point of x, is b s_x / s_y in standard deviations (Schuurman, Ferrer, de Boer-Sonnenschein and
Hamaker 2016, Psychological Methods 21, 206, standardise within persons, each by their own; here patients share one). s is how far sessions
of one patient lie apart once what all patients have in common at a session is taken off, as the means of occasions are in a cross-lagged
panel model:

    x_it = mu_i + tau_t + e_it,    s_x^2 = sum e^2 / (N - patients - sessions + 1)

The ratio k = s_x / s_y is an estimate too. Patients are independent, so each adds half of

    g_i = e_xi'e_xi / sum e_x^2 - n_xi / N_x - (e_yi'e_yi / sum e_y^2 - n_yi / N_y)

to log k, and var(log k) = n / (n - 1) sum (g_i / 2)^2. With it var(b k) = k^2 var(b) + (b k)^2 var(log k); that b and k are
estimated from the same patients is left out, which matters little as long as k is known far better than b.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance.facts.columns import PATIENT, SESSION

_FEWEST = 3  # patients with two sessions or more


@dataclass(frozen=True)
class Ratio:
    """How an effect becomes a standardised one.

    Parameters
    ----------
    value
        What it is multiplied by.
    error
        Standard error of the logarithm of `value`.
    """

    value: float
    error: float

    def standardise(self, estimate: float, sd: float, low: float, high: float) -> tuple[float, float, float, float]:
        """Return estimate, standard error and interval in standard deviations; both sides of the interval widen with the error."""
        scaled = estimate * self.value
        wide = math.hypot(sd * self.value, scaled * self.error)
        widening = wide / (sd * self.value) if sd > 0 else 1.0
        return (
            scaled,
            wide,
            scaled - (estimate - low) * self.value * widening,
            scaled + (high - estimate) * self.value * widening,
        )


def within_ratio(panel: pd.DataFrame, cause: str, outcome: str) -> Ratio | None:
    """Return how many standard deviations within patients of an outcome a point is, per such standard deviation of a cause.

    Parameters
    ----------
    panel
        One row per patient and session; columns of both variables.

    Returns
    -------
    Ratio
        None where one of them does not vary within patients, or fewer than three patients tell.
    """
    of_cause, of_outcome = _shares(panel, cause), _shares(panel, outcome)
    if of_cause is None or of_outcome is None:
        return None
    (variance_x, share_x), (variance_y, share_y) = of_cause, of_outcome
    moved = 0.5 * share_x.sub(share_y, fill_value=0.0).to_numpy()
    patients = len(moved)
    error = math.sqrt(patients / (patients - 1) * float((moved**2).sum()))
    return Ratio(math.sqrt(variance_x / variance_y), error)


def _shares(panel: pd.DataFrame, name: str) -> tuple[float, pd.Series] | None:
    """Return the variance within patients, and how far each patient's share of it is from that of their sessions."""
    rows = panel[[PATIENT, SESSION, name]].dropna()
    rows = rows[rows.groupby(PATIENT)[name].transform("size") > 1]
    if rows[PATIENT].nunique() < _FEWEST:
        return None
    who = rows[PATIENT]
    occasions = pd.get_dummies(rows[SESSION], dtype=float).iloc[:, 1:]
    centred = occasions - occasions.groupby(who).transform("mean")
    scores = rows[name] - rows.groupby(PATIENT)[name].transform("mean")
    course, _, rank, _ = np.linalg.lstsq(centred.to_numpy(), scores.to_numpy(), rcond=None)
    residuals = scores - centred.to_numpy() @ course
    free = len(rows) - rows[PATIENT].nunique() - int(rank)
    squares = (residuals**2).groupby(who).sum()
    total = float(squares.sum())
    if free < 1 or total <= 1e-12 * float((rows[name] ** 2).sum()):
        return None
    sizes = rows.groupby(PATIENT).size() - 1
    return total / free, squares / total - sizes / sizes.sum()
