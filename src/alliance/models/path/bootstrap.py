"""Cluster bootstrap: patients or therapists are drawn again, with replacement, and the model is fitted to each sample.

A unit drawn twice counts twice: only weights change, never rows. The highest level at which effects vary is drawn, and all that belongs
to a unit comes along, as in the cluster bootstrap of Field & Welsh (2007, doi 10.1111/j.1467-9868.2007.00593.x) and the cases bootstrap
of Van der Leeden, Meijer & Busing (2008). So patients are drawn only if no effect varies between therapists: otherwise two copies of a
patient would share a therapist as if they were two patients, and differences between therapists would never be drawn.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np

from alliance.contracts import PATIENT
from alliance.errors import ModelError
from alliance.facts.marks import Mark
from alliance.models.path.clusters import find_clusters, mark_clusters, weigh_clusters
from alliance.models.path.maximum import Maximum
from alliance.models.path.refit import neighbourhood, refit

_THREADS: Final = 2


@dataclass(frozen=True)
class Bootstrap:
    """Maxima of the samples.

    Parameters
    ----------
    positions
        Those that were found, in ``factor`` coordinates: (sample, parameter).
    failed
        Number of samples without a maximum; they are left out of `positions`.
    marks
        Whether there are enough clusters, and whether too many samples failed.
    """

    positions: np.ndarray
    failed: int
    marks: list[Mark]


def draw_bootstrap(maximum: Maximum, level: str, samples: int, rng: np.random.Generator) -> Bootstrap:
    """Fit the model to samples of patients or therapists.

    Parameters
    ----------
    level
        ``patient`` or ``therapist``: what is drawn. Therapists can be drawn in a model without effects that vary between them, too.
    rng
        Every sample has a generator of its own, spawned from this one, so that results do not depend on the order of execution.

    Raises
    ------
    ModelError
        Patients are to be drawn although effects vary between therapists, a patient has no therapist or several, there are
        fewer than 2 units, or no sample has a maximum.
    """
    engine = maximum.engine
    if level == PATIENT and engine.therapists:
        raise ModelError(
            "bootstrap.level: patients cannot be drawn one by one in a model whose effects vary between therapists, since patients of one "
            "therapist are not independent. Set it to 'therapist'."
        )
    clusters = find_clusters(engine, level)
    if clusters.count < 2:
        raise ModelError(f"bootstrap.level: drawing {level}s needs at least 2 of them, found {clusters.count}.")
    around, shares = neighbourhood(maximum), np.full(clusters.count, 1 / clusters.count)

    def fit(generator: np.random.Generator) -> np.ndarray | None:
        counts = generator.multinomial(clusters.count, shares).astype(float)
        return refit(weigh_clusters(engine, clusters, counts), around)

    with ThreadPoolExecutor(_THREADS) as threads:
        found = [position for position in threads.map(fit, rng.spawn(samples)) if position is not None]
    failed = samples - len(found)
    if not found:
        raise ModelError(
            f"bootstrap: none of {samples} samples of {level}s has a maximum of the likelihood. The model asks too much of the data: leave "
            f"out predictors or varying effects, or use standard_errors: information."
        )
    lost = Mark("failed_bootstrap", f"samples of {level}s", failed / samples, f"{failed} of {samples} failed")
    return Bootstrap(np.array(found), failed, [mark_clusters(clusters), lost])
