"""What is true of the studies of a design, in the words of the estimates table, from the parameters of the population alone."""

from typing import Any

import numpy as np
import pandas as pd

from alliance.certify.generator import patient_covariance, slope_covariance
from alliance.certify.settings import Design, Population

KEYS = ["path", "effect", "level", "horizon"]
NOW, NEXT = "same session", "next session"
_A, _B, _DIRECT = "technique -> alliance", "alliance -> symptoms", "technique -> symptoms"
_THROUGH = "technique -> alliance -> symptoms"


def true_effects(population: Population, design: Design) -> pd.DataFrame:
    """List the true effects of a design.

    Within patients the indirect effect is the expectation of the product of the slopes, a b + cov(a_i, b_i) (Kenny, Korchmaros & Bolger
    2003, doi 10.1037/1082-989X.8.2.115).

    Between patients of one therapist, with latent means eta at the average slopes, eta_technique = u_technique and
    eta_alliance = u_alliance + a u_technique, the effects of the predictors P of an outcome are

        within effect + cov(u_outcome, eta_P) cov(eta_P)^-1

    and those along a path are multiplied. They are given for static designs: with feedback the association between patients is
    made by both directions.

    Returns
    -------
    pandas.DataFrame
        Columns path, effect, level, horizon, truth; raw units.
    """
    dynamic = design.model == "dynamic"
    later = NEXT if dynamic else NOW
    a, b, direct = population.alliance.technique, population.symptoms.alliance, population.symptoms.technique
    covariance = float(slope_covariance(population)[0, 1])
    rows: list[tuple[str, str, str, str, float]] = [
        (_A, "a", "within", NOW, a),
        (_B, "b", "within", later, b),
        (_DIRECT, "c_prime", "within", later, direct),
        (_THROUGH, "indirect", "within", later, a * b + covariance),
        (_THROUGH, "indirect_product", "within", later, a * b),
        (_THROUGH, "cov_ab", "within", later, covariance),
        (_DIRECT, "total", "within", later, direct + a * b + covariance),
    ]
    if dynamic:
        past = population.dynamics
        rows += [
            ("alliance_lag -> alliance", "coefficient", "within", NEXT, past.alliance),
            ("symptoms_lag -> symptoms", "coefficient", "within", NEXT, past.symptoms),
            ("symptoms -> alliance", "coefficient", "within", NOW, past.feedback),
        ]
    else:
        a_between, b_between, direct_between = _between_patients(population)
        rows += [
            (_A, "a", "between_patient", NOW, a_between),
            (_B, "b", "between_patient", NOW, b_between),
            (_DIRECT, "c_prime", "between_patient", NOW, direct_between),
            (_THROUGH, "indirect", "between_patient", NOW, a_between * b_between),
            (_DIRECT, "total", "between_patient", NOW, direct_between + a_between * b_between),
        ]
    records: list[dict[str, Any]] = [dict(zip([*KEYS, "truth"], row, strict=True)) for row in rows]
    return pd.DataFrame(records)


def _between_patients(population: Population) -> tuple[float, float, float]:
    """Return the effects between patients of technique on alliance, of alliance on symptoms, and of technique on symptoms."""
    a, b, direct = population.alliance.technique, population.symptoms.alliance, population.symptoms.technique
    u = patient_covariance(population)
    latent = np.array([[1.0, 0.0, 0.0], [a, 1.0, 0.0]])  # eta of technique and alliance, from the intercepts
    among = latent @ u @ latent.T
    of_technique, of_alliance = np.linalg.solve(among, latent @ u[:, 2])
    return a + float(u[0, 1] / u[0, 0]), b + float(of_alliance), direct + float(of_technique)
