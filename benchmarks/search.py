"""Our BFGS beside scipy's with the same first guess of the inverse curvature: ``python benchmarks/search.py``.

A fit starts where fits do; a bootstrap sample starts at the maximum of the study, in coordinates in which the curvature is one. Both stop
where a step promises the same gain.
"""

import statistics
import time
from dataclasses import dataclass

import numpy as np
from model import make_spec, read_design
from scipy import optimize
from simulate import Study, simulate

from alliance.inference.maximum import find_maximum
from alliance.inference.refit import neighbourhood
from alliance.inference.search import Function, ascend
from alliance.models.path.target import PathTarget, make_target

_STUDIES = (Study(100, 20), Study(100, 20, therapists=20), Study(300, 20, therapists=60))
_SAMPLES, _REPETITIONS = 40, 7


@dataclass
class Problem:
    """A density to climb, and how often it was evaluated; `root` is a factor of the first guess of the inverse curvature."""

    function: Function
    start: np.ndarray
    root: np.ndarray
    enough: float
    evaluations: int = 0

    def __call__(self, position: np.ndarray) -> tuple[float, np.ndarray]:
        """Return density and gradient."""
        self.evaluations += 1
        return self.function(position)

    def ours(self) -> float:
        """Climb with `alliance.inference.search`; return the density reached."""
        return self(ascend(self, self.start, self.root @ self.root.T, self.enough)[0])[0]

    def scipy(self) -> float:
        """Climb with scipy, in coordinates in which the first guess is one."""

        def loss(standard: np.ndarray) -> tuple[float, np.ndarray]:
            value, gradient = self(self.start + self.root @ standard)
            return (-value if np.isfinite(value) else 1e300), -self.root.T @ gradient

        size = len(self.start)
        options = {"gtol": np.sqrt(2 * self.enough / size), "hess_inv0": np.eye(size)}
        return -float(optimize.minimize(loss, np.zeros(size), jac=True, method="BFGS", options=options).fun)


def problems_of(target: PathTarget) -> dict[str, list[Problem]]:
    """Return the searches of a fit and of bootstrap samples."""
    start, near = target.starts()[0], neighbourhood(find_maximum(target))
    clusters, rng = target.clusters(target.independent), np.random.default_rng(1)
    shares, size = np.full(clusters.count, 1 / clusters.count), len(start.position)
    counts = [rng.multinomial(clusters.count, shares).astype(float) for _ in range(_SAMPLES)]
    samples = [near.around(target.weigh(clusters, each).value) for each in counts]
    return {
        "fit": [Problem(target.value, start.position, np.linalg.cholesky(start.spread), 1e-5)],
        "bootstrap sample": [Problem(sample, np.zeros(size), np.eye(size), 1e-8) for sample in samples],
    }


def main() -> None:
    """Print evaluations and time per search, and the log-likelihood reached, summed over samples."""
    for study in _STUDIES:
        target = make_target(read_design(simulate(study), make_spec(therapists=study.therapists > 0)))
        print(f"{study.patients} patients, {study.therapists} therapists, {target.layout.size} parameters")
        for name, problems in problems_of(target).items():
            for method in (Problem.ours, Problem.scipy):
                seconds = []
                for _ in range(_REPETITIONS):
                    before, start = sum(problem.evaluations for problem in problems), time.perf_counter()
                    reached = sum(method(problem) for problem in problems)
                    seconds.append((time.perf_counter() - start) / len(problems))
                used = (sum(problem.evaluations for problem in problems) - before) / len(problems)
                took = 1000 * statistics.median(seconds)
                print(f"  {name:16}  {method.__name__:5}  {used:5.1f} evaluations  {took:6.2f} ms  {reached:.5f}")


if __name__ == "__main__":
    main()
