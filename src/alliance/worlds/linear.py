"""The linear system behind a world: its arrows, expected products of slopes, latent means, and responses over sessions.

Innovations and answers of yes and no belong to the residuals, and scales are taken to cut nothing off.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod

import numpy as np

from alliance.facts.columns import PATIENT, SESSION, THERAPIST
from alliance.facts.quantity import join_nodes
from alliance.worlds.settings import ARM, INTERCEPT, Cause, Differences, World

_NODES = 15  # of the quadrature over each slope: exact for responses up to its 29th power
_FEW_NODES = 7  # for the levels at which series come to rest: farther out a series may not come to rest at all
Path = tuple[Cause, ...]


def text_of(path: Path) -> str:
    """Name a path, e.g. ``technique -> alliance -> symptoms``."""
    return join_nodes(path[0].base, *(cause.outcome for cause in path))


def delay_of(path: Path) -> int:
    """Count the sessions from the first cause to the end of the path."""
    return sum(cause.lagged for cause in path)


@dataclass(frozen=True)
class Linear:
    """The linear part of a world."""

    world: World

    @cached_property
    def causes(self) -> dict[str, list[Cause]]:
        """Outcome -> causes that are numbers, the arm or the session; outcomes in the order of a session."""
        numbers = [name for name in self.world.order() if self.world.variables[name].chance is None]
        known = {*numbers, ARM, SESSION}
        return {name: [cause for cause in self.world.causes(name) if cause.base in known] for name in numbers}

    @cached_property
    def dynamic(self) -> bool:
        """Whether an outcome depends on its own past."""
        return any(c.lagged and c.base == c.outcome for causes in self.causes.values() for c in causes)

    def paths(self, source: str, target: str) -> list[Path]:
        """List every chain of causes from a source to an outcome, the direct one first; a variable's own past is none."""

        def ending_in(outcome: str, passed: frozenset[str]) -> Iterator[Path]:
            for cause in self.causes[outcome]:
                if cause.base == source:
                    yield (cause,)
                elif cause.base in self.causes and cause.base not in passed:
                    yield from ((*path, cause) for path in ending_in(cause.base, passed | {cause.base}))

        return sorted(ending_in(target, frozenset({target})), key=lambda path: (len(path), text_of(path)))

    def covariance(self, one: Cause, other: Cause) -> float:
        """Return the covariance of two slopes over patients and therapists."""
        return sum(level.covariance(one.slope, other.slope) for level in (self.world.patients, self.world.therapists))

    def expect(self, path: Path) -> float:
        """Return the expectation of a product of normal slopes: E[x R] = m E[R] + sum_j cov(x, x_j) E[R without x_j] (Isserlis)."""
        if not path:
            return 1.0
        first, rest = path[0], path[1:]
        without = ((other, tuple(cause for cause in rest if cause is not other)) for other in rest)
        return first.effect * self.expect(rest) + sum(
            self.covariance(first, x) * self.expect(left) for x, left in without
        )

    @cached_property
    def latent_covariances(self) -> dict[str, np.ndarray]:
        """Covariance of latent means between the patients of a therapist, and between therapists: level -> (outcome, outcome).

        With B all effects, of the same session and of the one before, and v what a patient is above the centres, series come to rest at
        (I - B)^-1 v. Where slopes act on distances from the centres, B is the patient's own: levels are then averaged over slopes, those
        of a therapist over the therapist's patients. Where slopes act on deviations from own levels, B is the average one.
        """
        names, world = list(self.causes), self.world
        intercepts = [join_nodes(INTERCEPT, name) for name in names]
        arrows = [cause for causes in self.causes.values() for cause in causes if cause.base in names]
        own, shared = (
            np.array([[of.covariance(one, other) for other in intercepts] for one in intercepts])
            for of in (world.patients, world.therapists)
        )
        above = np.array([world.variables[name].mean - world.centres[name] for name in names])
        of_patients, shares = self._slopes(arrows, world.patients)
        of_therapists, weights = self._slopes(arrows, world.therapists)
        b = np.zeros((len(weights), len(shares), len(names), len(names)))
        for place, cause in enumerate(arrows):
            at = names.index(cause.outcome), names.index(cause.base)
            b[:, :, *at] += cause.effect + of_therapists[:, place, None] + of_patients[:, place]
        a = np.linalg.inv(np.eye(len(names)) - b)
        seen = np.einsum("tsij,jk,tslk,t,s->il", a, own + shared + np.outer(above, above), a, weights, shares)
        usual = np.einsum("tsij,s->tij", a, shares)
        of_usual = np.einsum("tij,jk,tlk,t->il", usual, shared + np.outer(above, above), usual, weights)
        centre = np.einsum("tij,j,t->i", usual, above, weights)
        return {PATIENT: seen - of_usual, THERAPIST: of_usual - np.outer(centre, centre)}

    def _slopes(self, arrows: list[Cause], of: Differences) -> tuple[np.ndarray, np.ndarray]:
        """Return nodes (node, arrow) and weights (node,) for the slopes of the units of a level, as deviations from the average."""
        varying = [cause for cause in arrows if of.sd.get(cause.slope) and self.world.slopes_act_on == "distance"]
        covariance = np.array([[of.covariance(i.slope, j.slope) for j in varying] for i in varying])
        deviations, weights = _quadrature(covariance, _FEW_NODES)
        found = np.zeros((len(weights), len(arrows)))
        found[:, [arrows.index(cause) for cause in varying]] = deviations
        return found, weights

    def latent_slopes(self, level: str, paths: list[Path]) -> dict[Cause, float] | None:
        """Regress each outcome on the latent means of its causes on the paths; None if an intercept on them does not vary."""
        names = list(self.causes)
        steps = list(dict.fromkeys(cause for path in paths for cause in path))
        nodes = {node for cause in steps for node in (cause.base, cause.outcome)}
        differences = {PATIENT: self.world.patients, THERAPIST: self.world.therapists}[level]
        if not all(differences.sd.get(join_nodes(INTERCEPT, node)) for node in nodes):
            return None
        among = self.latent_covariances[level]
        found: dict[Cause, float] = {}
        for outcome in dict.fromkeys(cause.outcome for cause in steps):
            causes = [cause for cause in steps if cause.outcome == outcome]
            of = [names.index(cause.base) for cause in causes]
            slopes = np.linalg.solve(among[np.ix_(of, of)], among[of, names.index(outcome)])
            found |= dict(zip(causes, slopes.tolist(), strict=True))
        return found

    def respond(self, source: str, target: str, cut: str | None, sessions: int) -> np.ndarray:
        """Return the expected response of the target to a cause that is one unit higher at every session: (session,).

        Parameters
        ----------
        source
            The arm, followed from the first session of a treatment on, or a variable, followed from any session on.
        cut
            Mediator whose arrow to the target is removed.
        """
        used = [c for causes in self.causes.values() for c in causes if c.base in (*self.causes, source)]
        varying = [cause for cause in used if self.covariance(cause, cause) > 0]
        deviations, weights = _quadrature(np.array([[self.covariance(i, j) for j in varying] for i in varying]))
        slopes = {cause: cause.effect + np.zeros(len(weights)) for cause in used}
        slopes |= {cause: cause.effect + deviations[:, place] for place, cause in enumerate(varying)}
        response = {name: np.zeros((len(weights), sessions)) for name in self.causes}
        response[source] = np.ones((len(weights), sessions))
        for t, cause in product(range(sessions), used):
            removed = cut == cause.base and cause.outcome == target
            waits = source == ARM and not self._acts(cause, t)
            if cause.outcome != source and t >= cause.lagged and not removed and not waits:
                response[cause.outcome][:, t] += slopes[cause] * response[cause.base][:, t - cause.lagged]
        expected: np.ndarray = weights @ response[target]
        return expected

    def _acts(self, cause: Cause, t: int) -> bool:
        """Whether a cause acts at session t of a treatment, counted from 0."""
        variable = self.world.variables[cause.outcome]
        if t == 0 and variable.first and not self.world.unseen:
            return variable.first.heading and cause.base != ARM
        return cause.base != ARM or t >= variable.arm_from


def _quadrature(covariance: np.ndarray, nodes: int = _NODES) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes (node, slope) and weights (node,) of Gauss and Hermite for expectations over normal deviations of slopes."""
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    size = len(covariance)
    values, vectors = np.linalg.eigh(covariance) if size else (np.zeros(0), np.zeros((0, 0)))
    grid = np.array(list(product(points, repeat=size)))
    shares = [prod(chosen) for chosen in product(weights / weights.sum(), repeat=size)]
    return grid @ (vectors * np.sqrt(np.clip(values, 0, None))).T, np.array(shares)
