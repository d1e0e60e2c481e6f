"""The smallest family there is: counts in two groups, one equation, everything known in closed form.

Patient i of group g counts y_i ~ Poisson(n_i exp(theta_g)), with priors exp(theta_g) ~ Gamma(a, b). The maximum is theta_g = log(Y_g / N_g)
with totals Y and N, and the posterior of exp(theta_g) is Gamma(a + Y_g, b + N_g).
"""

from dataclasses import dataclass, replace
from typing import NoReturn, Self

import numpy as np
from scipy import stats

from alliance.inference.depths import Found, Request
from alliance.inference.maximum import Maximum
from alliance.inference.mode import find_mode
from alliance.inference.target import Clusters, Mirrors, Start

GROUPS = ("control", "treated")


@dataclass(frozen=True)
class Counts:
    """The log-likelihood of counts.

    Parameters
    ----------
    counts, sessions, group, therapist
        y, n, position of the group, and of the therapist: (patient,).
    weights
        How often each patient counts, (patient,).
    """

    counts: np.ndarray
    sessions: np.ndarray
    group: np.ndarray
    therapist: np.ndarray
    weights: np.ndarray
    independent: str = "patient"

    levels = ("patient", "therapist")
    blocks = {name: slice(number, number + 1) for number, name in enumerate(GROUPS)}  # noqa: RUF012
    compared = slice(0, 2)
    quadratic = None

    def _never_asked(self, *_: object, **__: object) -> NoReturn:
        """Fail: what a `Target` says of its quadratic parameters is asked of no target that has none."""
        raise AssertionError("inference asked for quadratic parameters of a target that has none")

    given_variances = slopes_of_squares = draw_variances = _never_asked

    def totals(self, of_patient: np.ndarray) -> np.ndarray:
        return np.bincount(self.group, self.weights * of_patient, 2)

    def value(self, position: np.ndarray) -> tuple[float, np.ndarray]:
        gradient = self.totals(self.counts) - self.totals(self.sessions) * np.exp(position)
        return float(self.totals(self.counts) @ position - self.totals(self.sessions) @ np.exp(position)), gradient

    def named(self, positions: np.ndarray) -> dict[str, np.ndarray]:
        return {"rates": np.exp(positions)}

    def starts(self) -> list[Start]:
        return [Start(np.zeros(2), np.eye(2))]

    def off_boundary(self, position: np.ndarray) -> np.ndarray:
        return position

    def is_determined(self) -> bool:
        return bool((self.totals(self.counts) > 0).all())

    def clusters(self, level: str) -> Clusters:
        return Clusters(level, np.arange(len(self.counts)) if level == "patient" else self.therapist)

    def weigh(self, clusters: Clusters, weights: np.ndarray) -> Self:
        return replace(self, weights=weights[clusters.of_unit])

    def scores(self, position: np.ndarray, clusters: Clusters) -> np.ndarray:
        scores = np.zeros((clusters.count, 2))
        expected = self.sessions * np.exp(position)[self.group]
        np.add.at(scores, (clusters.of_unit, self.group), self.weights * (self.counts - expected))
        return scores


@dataclass(frozen=True)
class CountsPosterior:
    """The posterior of the logarithms of the rates, with the Jacobian of the logarithm."""

    target: Counts
    shape: float
    rate: float

    mirrors = Mirrors.none(2)

    def value(self, position: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = self.target.value(position)
        rates = np.exp(position)
        return value + float(self._log_prior(position)), gradient + self.shape - self.rate * rates

    def _log_prior(self, positions: np.ndarray) -> np.ndarray:
        return np.asarray((stats.gamma.logpdf(np.exp(positions), self.shape, scale=1 / self.rate) + positions).sum(-1))

    def named(self, positions: np.ndarray) -> dict[str, np.ndarray]:
        return self.target.named(positions)

    def start(self, position: np.ndarray, covariance: np.ndarray) -> Start:
        return Start(position, covariance)

    def values(self, positions: np.ndarray) -> np.ndarray:
        return self.log_likelihoods(positions) + self._log_prior(positions)

    def log_likelihoods(self, positions: np.ndarray) -> np.ndarray:
        return np.array([self.target.value(position)[0] for position in positions])

    def log_priors(self, positions: np.ndarray) -> np.ndarray:
        return self._log_prior(positions)

    def regular(self, positions: np.ndarray) -> np.ndarray:
        return positions

    def slopes(self, place: np.ndarray) -> np.ndarray:
        return self.target.value(place)[1]

    def prior_blocks(self, positions: np.ndarray) -> dict[str, np.ndarray]:
        density = stats.gamma.logpdf(np.exp(positions), self.shape, scale=1 / self.rate)
        return dict(zip(GROUPS, density.T, strict=True))

    def draw_prior(self, size: int, rng: np.random.Generator) -> np.ndarray:
        return np.log(rng.gamma(self.shape, 1 / self.rate, (size, 2)))


def draw_around_the_mode(request: Request, maximum: Maximum[Counts], posterior: CountsPosterior) -> Found:
    """Draw from the normal distribution at the mode: a depth as a newcomer would write it."""
    mode = find_mode(posterior, maximum)
    standard = request.generator("posterior").standard_normal((request.draws, len(mode.position)))
    return Found("normal approximation", "credible", mode.position + standard @ mode.spread.T, True)


def simulate_counts(patients: int = 120, therapists: int = 24, seed: int = 1, spread: float = 0.0) -> Counts:
    """Simulate counts; with a spread, the rates of therapists differ and patients of one therapist are not independent."""
    rng = np.random.default_rng(seed)
    therapist = np.arange(patients) % therapists
    group, sessions = therapist % 2, rng.integers(1, 6, patients)
    rates = np.array([0.4, 0.7])[group] * np.exp(spread * rng.normal(size=therapists))[therapist]
    return Counts(rng.poisson(sessions * rates), sessions, group, therapist, np.ones(patients))


@dataclass(frozen=True)
class Coordinate:
    """One of the free parameters itself, as a number that is held."""

    number: int
    low: float = -np.inf
    high: float = np.inf

    def of(self, position: np.ndarray) -> float:
        return float(position[self.number])

    def place(self, free: np.ndarray, value: float) -> np.ndarray:
        position = free.copy()
        position[self.number] = value
        return position

    def pull(self, free: np.ndarray, value: float, gradient: np.ndarray) -> tuple[np.ndarray, float]:
        held = gradient.copy()
        held[self.number] = 0.0
        return held, float(gradient[self.number])


class TwoTops:
    """A density of x and y with a top at x = 0 and another, lower and narrower one at x = 3; y follows x."""

    blocks = {"x": slice(0, 1), "y": slice(1, 2)}  # noqa: RUF012
    compared = slice(0, 1)

    def value(self, position: np.ndarray) -> tuple[float, np.ndarray]:
        x, y = position
        parts = np.array([np.exp(-(x**2) / 2), 0.3 * np.exp(-((x - 3) ** 2) / 0.5)])
        slopes = np.array([-x, -(x - 3) / 0.25]) * parts
        by_y = -(y - x)
        return float(np.log(parts.sum()) - (y - x) ** 2 / 2), np.array([slopes.sum() / parts.sum() - by_y, by_y])

    def starts(self) -> list[Start]:
        return [Start(np.array([x, x]), np.eye(2) / 4) for x in (3.1, 0.1)]

    def off_boundary(self, position: np.ndarray) -> np.ndarray:
        return position
