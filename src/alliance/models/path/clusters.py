"""Clusters: the patients or therapists that are taken as independent of each other, or left out, or drawn again."""

import numpy as np
import pandas as pd

from alliance.errors import ModelError
from alliance.facts.columns import PATIENT, THERAPIST
from alliance.inference.target import Clusters
from alliance.likelihood.layout import Statistics, weigh
from alliance.models.design.arrays import Design


def find_clusters(design: Design, patients: list[str], therapists: list[str], level: str) -> Clusters:
    """Find the cluster of each patient.

    Therapists stand in the order of the likelihood, followed by those who have rows only in equations whose effects do not vary between
    therapists.

    Raises
    ------
    ModelError
        Therapists are asked for, but a patient has none or several.
    """
    if level == PATIENT:
        return Clusters(PATIENT, np.arange(len(patients)), patients)
    pairs = _therapists_of(design)
    unclear = len(patients) - _count_clear(pairs)
    if unclear:
        # With effects that vary between therapists patients of one are not independent either, so that the level is no way out.
        otherwise = (
            "leave 'standard_errors', 'bootstrap' and 'contrasts' at their defaults"
            if therapists
            else f"use the level '{PATIENT}'"
        )
        raise ModelError(
            f"{unclear:,} of {len(patients):,} patients have no therapist or several, so therapists cannot be taken as units (standard "
            f"errors, bootstrap, contrasts). Choose a rule under cleaning.therapist_change (first or most_sessions), or {otherwise}."
        )
    of = pairs.set_index(PATIENT)[THERAPIST].reindex(patients)
    order = [*therapists, *sorted({*of.unique()} - {*therapists})]
    return Clusters(THERAPIST, pd.Index(order).get_indexer(of), order)


def has_therapists(design: Design, patients: list[str]) -> bool:
    """Return whether every patient has exactly one therapist."""
    return _count_clear(_therapists_of(design)) == len(patients)


def _count_clear(pairs: pd.DataFrame) -> int:
    """Count the patients who have exactly one therapist."""
    return int((pairs.groupby(PATIENT).size() == 1).sum())


def _therapists_of(design: Design) -> pd.DataFrame:
    """Return each pair of a patient and a therapist who have a row together, as text."""
    pairs = [equation.rows[[PATIENT, THERAPIST]].drop_duplicates().dropna() for equation in design.equations.values()]
    return pd.concat(pairs).astype(str).drop_duplicates()


def weigh_clusters(
    statistics: Statistics, therapists: list[str], clusters: Clusters, weights: np.ndarray
) -> Statistics:
    """Count clusters more or less often than once.

    Parameters
    ----------
    weights
        Shape (cluster,); 0 leaves a cluster out, 2 adds another one with the same data.
    """
    if clusters.level == PATIENT or not therapists:
        return weigh(statistics, weights[clusters.of_unit])
    whole = len(therapists)
    of_therapists = np.ones(statistics.n_therapists)
    of_therapists[:whole] = weights[:whole]
    # Patients without rows in the equations that vary between therapists are no part of a therapist for the likelihood.
    alone = statistics.therapist_of >= whole
    return weigh(statistics, np.where(alone, weights[clusters.of_unit], 1.0), of_therapists)
