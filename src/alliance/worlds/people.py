"""Who is in the study: patients under therapists, their arms, and the lasting differences between them."""

from dataclasses import dataclass, replace

import numpy as np

from alliance.facts.quantity import join_nodes
from alliance.worlds.settings import INTERCEPT, Differences, World

Effects = dict[str, np.ndarray]  # effect -> deviation from its mean, one per unit


@dataclass(frozen=True)
class People:
    """Patients and therapists.

    Parameters
    ----------
    therapist
        Position of each patient's therapist.
    arm
        1 or 0 for each patient; 0 for all in a world without arms.
    patients
        Deviations of patients from their therapists, by effect.
    therapists
        Deviations of therapists from the mean, by effect.
    """

    therapist: np.ndarray
    arm: np.ndarray
    patients: Effects
    therapists: Effects

    def deviation(self, effect: str) -> np.ndarray:
        """Return each patient's deviation of an effect from its mean, the therapist's part included."""
        own = self.patients.get(effect, np.zeros(len(self.therapist)))
        return own + self.therapists[effect][self.therapist] if effect in self.therapists else own

    def with_intercepts(self, name: str, patients: np.ndarray, therapists: np.ndarray) -> "People":
        """Return the same people with intercepts of a further variable."""
        effect = join_nodes(INTERCEPT, name)
        return replace(
            self, patients={**self.patients, effect: patients}, therapists={**self.therapists, effect: therapists}
        )


def draw_people(world: World, rng: np.random.Generator) -> People:
    """Draw patients, then therapists, then arms."""
    size = world.size
    therapist = np.arange(size.patients) % size.therapists
    patients = _draw_effects(world.patients, size.patients, rng)
    therapists = _draw_effects(world.therapists, size.therapists, rng)
    arm = _randomise(therapist, rng) if world.arms else np.zeros(size.patients, dtype=int)
    return People(therapist, arm, patients, therapists)


def _draw_effects(differences: Differences, count: int, rng: np.random.Generator) -> Effects:
    if not differences.sd:
        return {}
    root = np.linalg.cholesky(differences.correlations())
    drawn = np.array(list(differences.sd.values()))[:, None] * (root @ rng.standard_normal((len(root), count)))
    return dict(zip(differences.sd, drawn, strict=True))


def _randomise(therapist: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Allocate the arms in blocks of two within each therapist, so that the arm says nothing about the therapist."""
    arm = np.zeros(len(therapist), dtype=int)
    for one in np.unique(therapist):
        patients = np.flatnonzero(therapist == one)
        first = rng.integers(0, 2, size=(len(patients) + 1) // 2)
        arm[patients] = np.column_stack([first, 1 - first]).ravel()[: len(patients)]
    return arm
