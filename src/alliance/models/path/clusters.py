"""Clusters: the patients or therapists that are taken as independent of each other, or left out, or drawn again."""

from dataclasses import dataclass, replace

import numpy as np

from alliance.contracts import PATIENT, THERAPIST
from alliance.errors import ModelError
from alliance.facts.marks import Mark
from alliance.likelihood.layout import weigh
from alliance.models.path.engine import Engine


@dataclass(frozen=True)
class Clusters:
    """Patients, or therapists with all their patients.

    Parameters
    ----------
    level
        ``patient`` or ``therapist``.
    of_patient
        Position of each patient's cluster, (patient,). Therapists stand in the order of the likelihood, followed by those who have rows
        only in equations whose effects do not vary between therapists.
    """

    level: str
    of_patient: np.ndarray

    @property
    def count(self) -> int:
        """Number of clusters."""
        return int(self.of_patient.max()) + 1


def highest_level(engine: Engine) -> str:
    """Return the highest level at which effects vary."""
    return THERAPIST if engine.therapists else PATIENT


def find_clusters(engine: Engine, level: str) -> Clusters:
    """Find the cluster of each patient.

    Raises
    ------
    ModelError
        Therapists are asked for, but a patient has none or several.
    """
    if level == PATIENT:
        return Clusters(PATIENT, np.arange(len(engine.patients)))
    of_patient: dict[str, set[str]] = {code: set() for code in engine.patients}
    for equation in engine.design.equations.values():
        known = equation.rows[[PATIENT, THERAPIST]].drop_duplicates().dropna()
        for patient, therapist in known.itertuples(index=False):
            of_patient[str(patient)].add(str(therapist))
    unclear = [code for code, found in of_patient.items() if len(found) != 1]
    if unclear:
        raise ModelError(
            f"{len(unclear)} of {len(of_patient)} patients have no therapist or several, so therapists cannot be taken as units (standard "
            f"errors, bootstrap). Choose a rule under cleaning.therapist_change (first or most_sessions), or use the level '{PATIENT}'."
        )
    of = [next(iter(found)) for found in of_patient.values()]
    order = [*engine.therapists, *sorted({*of} - {*engine.therapists})]
    place = {code: position for position, code in enumerate(order)}
    return Clusters(THERAPIST, np.array([place[code] for code in of]))


def has_therapists(engine: Engine) -> bool:
    """Return whether every patient has exactly one therapist."""
    try:
        find_clusters(engine, THERAPIST)
    except ModelError:
        return False
    return True


def weigh_clusters(engine: Engine, clusters: Clusters, weights: np.ndarray) -> Engine:
    """Count clusters more or less often than once.

    Parameters
    ----------
    weights
        Shape (cluster,); 0 leaves a cluster out, 2 adds another one with the same data.
    """
    statistics = engine.statistics
    if clusters.level == PATIENT or not engine.therapists:
        return replace(engine, statistics=weigh(statistics, weights[clusters.of_patient]))
    whole = len(engine.therapists)
    of_therapists = np.ones(statistics.n_therapists)
    of_therapists[:whole] = weights[:whole]
    # Patients without rows in the equations that vary between therapists are no part of a therapist for the likelihood.
    alone = statistics.therapist_of >= whole
    return replace(
        engine, statistics=weigh(statistics, np.where(alone, weights[clusters.of_patient], 1.0), of_therapists)
    )


def mark_clusters(clusters: Clusters) -> Mark:
    """Say whether there are enough clusters for what is estimated from differences between them.

    With few clusters robust standard errors and bootstraps are too narrow; the usual advice asks for 40 or more (Cameron & Miller 2015, doi
    10.3368/jhr.50.2.317).
    """
    return Mark("few_clusters", f"{clusters.level}s", clusters.count)
