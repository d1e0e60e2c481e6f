"""Cluster bootstrap: patients or therapists are drawn again, with replacement, and the model is fitted to each sample.

A unit drawn twice counts twice: only weights change, never rows. All that belongs to a unit comes along, as in the cluster bootstrap of
Field & Welsh (2007, doi 10.1111/j.1467-9868.2007.00593.x) and the cases bootstrap of Van der Leeden, Meijer & Busing (2008). Units that
depend on each other are not drawn one by one: two copies of a patient would share a therapist as if they were two patients, and differences
between therapists would never be drawn.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from alliance.errors import ModelError
from alliance.facts.marks import Mark
from alliance.facts.threads import threads_here
from alliance.inference.maximum import Maximum
from alliance.inference.refit import neighbourhood, refit
from alliance.inference.robust import independent_clusters, mark_clusters
from alliance.inference.target import Target


@dataclass(frozen=True)
class Bootstrap:
    """Maxima of the samples.

    Parameters
    ----------
    positions
        Those that were found: (sample, parameter).
    failed
        Number of samples without a maximum; they are left out of `positions`.
    marks
        Whether there are enough clusters, and whether too many samples failed.
    """

    positions: np.ndarray
    failed: int
    marks: list[Mark]


def draw_bootstrap(maximum: Maximum[Target], level: str, samples: int, rng: np.random.Generator) -> Bootstrap:
    """Fit the model to samples of patients or therapists.

    Parameters
    ----------
    level
        What is drawn: the smallest level whose units are independent of each other, or a higher one.
    rng
        Every sample has a generator of its own, spawned from this one, so that results do not depend on the order of execution.

    Raises
    ------
    ModelError
        Units of that level are not independent, or their clusters are unclear; there are fewer than 2; no sample has a maximum.
    """
    clusters = independent_clusters(maximum.target, level, "bootstrap.level")
    near, shares = neighbourhood(maximum), np.full(clusters.count, 1 / clusters.count)

    def fit(generator: np.random.Generator) -> np.ndarray | None:
        counts = generator.multinomial(clusters.count, shares).astype(float)
        return refit(maximum.target.weigh(clusters, counts), near)

    with ThreadPoolExecutor(threads_here()) as threads:
        found = [position for position in threads.map(fit, rng.spawn(samples)) if position is not None]
    if not found:
        raise ModelError(
            f"bootstrap: none of {samples} samples of {level}s has a maximum of the likelihood. The model asks too much of the data: leave "
            f"out predictors or varying effects, or use standard_errors: information."
        )
    failed = samples - len(found)
    lost = Mark("failed_bootstrap", f"samples of {level}s", failed / samples, f"{failed} of {samples} failed")
    return Bootstrap(np.array(found), failed, [mark_clusters(clusters), lost])
