"""Patients with rows under several therapists: what the likelihood needs to know of them beside the nested ones.

A patient i who changed has cross-products with each of the therapists j, S_i = sum_j S_ij. All of that is what one gets if the columns of
Z whose effects vary between therapists are repeated, once for each therapist of the patient, and are zero in the rows of the other ones:
such a patient is an ordinary one, alone with a therapist of his own, whose effects are those of all therapists of the patient, one after
the other. So the passes that exist compute T_i, the precision of these effects, and c_i; what is left is to add them up
(`alliance.likelihood.coupled`). Lagged values, pairs and series of residuals run on across a change: each row has the effects of the
therapist who held it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from alliance.likelihood.envelope import order_units, pack_rows
from alliance.likelihood.patterns import EquationRows

MOST_CONNECTED = 1500  # varying effects of therapists whom changes connect: one value then takes about a second


class TooManyConnected(ValueError):
    """Changes connect so many effects of therapists that one value would take more than about a second."""


@dataclass(frozen=True)
class Crossed:
    """Patients who had several therapists, and these therapists.

    Parameters
    ----------
    patients
        Their positions among all, (changer,).
    therapists
        Therapists of each, -1 where a patient had fewer than others: (changer, seat).
    order
        The therapists whom changes connect, in an order that makes rows of their matrix short: (connected,).
    first, starts
        See `alliance.likelihood.envelope`, for each effect of each of them: (connected x effect,) and one more.
    layout, products
        As of any patients, see `alliance.likelihood.layout.Statistics`, with repeated columns: (block, product, lane).
    effects
        The effects that vary between therapists: (equation, column of its z).
    """

    patients: np.ndarray
    therapists: np.ndarray
    order: np.ndarray
    first: np.ndarray
    starts: np.ndarray
    layout: np.ndarray
    products: np.ndarray
    effects: tuple[tuple[int, int], ...]

    @property
    def seats(self) -> np.ndarray:
        """Positions of the therapists of each patient among the connected ones; -1 where there are fewer: (changer, seat)."""
        place = np.full(int(self.order.max()) + 2, -1)
        place[self.order] = np.arange(len(self.order))
        return np.asarray(place[self.therapists])


def of_units(
    several: Crossed | None, of_patients: np.ndarray, of_therapists: np.ndarray, owner: np.ndarray
) -> np.ndarray:
    """Return the sum of what belongs to patient and therapist, for each patient and, after them, for each seat of each changer.

    Parameters
    ----------
    of_patients, of_therapists
        (patient, ...) and (therapist, ...).
    owner
        Position of each patient's therapist, (patient,).
    """
    whole: np.ndarray = of_patients + of_therapists[owner]
    if several is None:
        return whole
    seats = several.therapists.shape[1]
    patients, therapists = np.repeat(several.patients, seats), several.therapists.reshape(-1)
    return np.concatenate([whole, of_patients[patients] + of_therapists[therapists]])


def find_changers(equations: Sequence[EquationRows], n_patients: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the patients who had several therapists, and their therapists: (changer,) and (changer, seat), filled up by -1."""
    known = [np.column_stack([e.patient, e.therapist]) for e in equations if e.therapist is not None]
    pairs = np.unique(np.concatenate(known), axis=0) if known else np.empty((0, 2), dtype=np.int64)
    counts = np.bincount(pairs[:, 0], minlength=n_patients)
    patients = np.flatnonzero(counts > 1)
    therapists = np.full((len(patients), int(counts.max(initial=0))), -1)
    for place, patient in enumerate(patients):
        own = pairs[pairs[:, 0] == patient, 1]
        therapists[place, : len(own)] = own
    return patients, therapists


def number_units(
    equations: Sequence[EquationRows], patients: np.ndarray, therapists: np.ndarray, n_patients: int
) -> list[EquationRows]:
    """Return the rows with numbers of their patient and therapist together: patients first, then each seat of each changer."""
    place = np.full(n_patients, -1)
    place[patients] = np.arange(len(patients))
    made = []
    for rows in equations:
        unit = rows.patient.copy()
        if rows.therapist is not None:
            moved = np.flatnonzero(place[rows.patient] >= 0)
            changer = place[rows.patient[moved]]
            seat = np.argmax(therapists[changer] == rows.therapist[moved][:, None], axis=1)
            unit[moved] = n_patients + changer * therapists.shape[1] + seat
        made.append(replace(rows, unit=unit))
    return made


def connect_therapists(therapists: np.ndarray, effects: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the order, the first places and the starts of the rows of `Crossed`.

    Raises
    ------
    TooManyConnected
        A row of their matrix spans more effects than `MOST_CONNECTED`.
    """
    several = np.unique(therapists[therapists >= 0])
    place = np.searchsorted(several, therapists)
    neighbours = np.zeros((len(several), len(several)), dtype=bool)
    for one in range(therapists.shape[1]):
        for other in range(therapists.shape[1]):
            both = (therapists[:, one] >= 0) & (therapists[:, other] >= 0)
            neighbours[place[both, one], place[both, other]] = True
    order, first = order_units(neighbours)
    widest = int((np.arange(len(first)) - first).max() + 1) * effects
    if widest > MOST_CONNECTED:
        raise TooManyConnected(
            f"changes connect {widest} effects of therapists; up to {MOST_CONNECTED} can be solved together"
        )
    of_effects = np.repeat(first * effects, effects)
    return several[order], of_effects, pack_rows(of_effects)


def repeat_columns(
    equations: Sequence[EquationRows],
    by_therapist: Sequence[tuple[int, int]],
    patients: np.ndarray,
    therapists: np.ndarray,
    n_patients: int,
) -> tuple[list[EquationRows], list[tuple[int, int]]]:
    """Return the rows with a copy of the therapists' columns for each seat, and the effects of all seats, one seat after the other."""
    of_patient = np.full((n_patients, therapists.shape[1]), -1)
    of_patient[patients] = therapists
    columns = [sorted({column for k, column in by_therapist if k == number}) for number in range(len(equations))]
    made = []
    for rows, chosen in zip(equations, columns, strict=True):
        parts = [rows.z]
        if chosen:
            assert rows.therapist is not None
            for seat in range(therapists.shape[1]):
                there = of_patient[rows.patient, seat] == rows.therapist
                parts.append(rows.z[:, chosen] * there[:, None])
        made.append(replace(rows, z=np.ascontiguousarray(np.column_stack(parts))))
    effects = [
        (k, equations[k].z.shape[1] + seat * len(columns[k]) + columns[k].index(column))
        for seat in range(therapists.shape[1])
        for k, column in by_therapist
    ]
    return made, effects
