"""What the rows of each unit say about its effects, and how many independent differences between units an effect rests on.

With V_j the covariance of all rows of a unit, its own effects included, and Z_j their columns, unit j knows its effects with precision
D_j = Z_j'V_j^-1 Z_j = (H + T_j^-1)^-1, H the covariance of the effects and T_j the precision of what the rows say. Fixed effects take some
of it: in Q = blockdiag(D_j) - B (X'V^-1 X)^-1 B', B_j = Z_j'V_j^-1 X, the (unit, unit) part of effect i has the expected information
1/2 |Q_i|^2 on its variance. An estimated variance then is like A chi^2 / n with A = sum D / sum D^2 and n = A^2 |Q_i|^2 degrees of freedom
(Satterthwaite 1946, doi 10.2307/3002019): in balanced data the units less the fixed effects that differ between units only.

Therapists who share patients are known together: D is then T (I + H T)^-1 of all of them, with blocks of two therapists beside those of
one, and the (unit, unit) part of effect i has these too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alliance.facts.columns import PATIENT, THERAPIST
from alliance.inference.search import invert
from alliance.likelihood.crossed import Crossed, repeat_columns
from alliance.likelihood.layout import Statistics
from alliance.likelihood.patterns import EquationRows
from alliance.likelihood.residuals import precision_of
from alliance.models.design.arrays import Design
from alliance.models.path.layout import Natural


@dataclass(frozen=True)
class Precision:
    """How well the effects of a level are known.

    Parameters
    ----------
    spread
        A, covariance of what is seen of the units' effects, H and their own uncertainty: (effect, effect).
    freedom
        Degrees of freedom, (effect,).
    """

    spread: np.ndarray
    freedom: np.ndarray


def measure_precision(design: Design, statistics: Statistics, natural: Natural) -> dict[str, Precision]:
    """Measure how well the effects of each level at which something varies are known, at one draw of the parameters."""
    layout = natural.layout
    (q, e), betas = layout.effects.values(), layout.fixed.stop
    by_patient, by_therapist = (f[0] @ f[0].transpose() for f in natural.factors.values())
    of_fixed = _of_fixed(statistics, natural)
    own, shared = _places(design, statistics)
    of_patients = _cross_products(statistics, statistics.equations, own, shared, natural)
    known, left = _integrate(of_patients, q, len(shared), by_patient)
    of_fixed -= np.einsum("iac,ab,ibd->cd", of_patients[:, :q, q + e :], by_patient, known[:, :, q + e :])
    found = {}
    if q:
        found[PATIENT] = _summarise(known[:, :, :q], known[:, :, q + e :], of_fixed)
    if e:
        of_therapists = np.zeros((statistics.n_therapists, e, q + e + betas))
        several = statistics.crossed
        alone = np.ones(statistics.n_patients, dtype=bool)
        if several is not None:
            alone[several.patients] = False
        np.add.at(of_therapists, statistics.therapist_of[alone], left[alone])
        precision, fixed = of_therapists[:, :, q : q + e], of_therapists[:, :, q + e :]
        if several is None:
            shrunk = np.linalg.inv(np.eye(e) + precision @ by_therapist)
            of_fixed -= np.einsum("jac,ab,jbd->cd", fixed, by_therapist, shrunk @ fixed)
            found[THERAPIST] = _summarise(shrunk @ precision, shrunk @ fixed, of_fixed)
        else:
            found[THERAPIST] = _measure_together(
                statistics, several, own, shared, natural, precision, fixed, by_patient, by_therapist, of_fixed
            )
        # What also differs between therapists takes one difference between patients for each of them.
        if q:
            both = np.array([effect in design.varying[THERAPIST] for effect in design.varying[PATIENT]])
            freedom = found[PATIENT].freedom - len(design.units[THERAPIST]) * both
            found[PATIENT] = Precision(found[PATIENT].spread, freedom)
    return found


def _integrate(products: np.ndarray, q: int, e: int, by_patient: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what rows know of patients' effects, and, with these integrated out, of their therapists' effects and the coefficients."""
    known = np.linalg.inv(np.eye(q) + products[:, :q, :q] @ by_patient) @ products[:, :q]
    return known, products[:, q:] - products[:, :q, q : q + e].transpose(0, 2, 1) @ by_patient @ known


def _measure_together(
    statistics: Statistics,
    several: Crossed,
    own: list[tuple[int, int]],
    shared: list[tuple[int, int]],
    natural: Natural,
    alone: np.ndarray,
    fixed_alone: np.ndarray,
    by_patient: np.ndarray,
    by_therapist: np.ndarray,
    of_fixed: np.ndarray,
) -> Precision:
    """Measure how well the effects of therapists are known who share patients.

    Parameters
    ----------
    alone, fixed_alone
        What patients with one therapist know of the effects of therapists, and of these and the coefficients: (therapist, effect, ...).
    """
    q, e, count = len(own), len(shared), len(alone)
    repeated, effects = repeat_columns(
        statistics.equations, shared, several.patients, several.therapists, statistics.n_patients
    )
    products = _cross_products(statistics, repeated, own, effects, natural)[several.patients]
    _, left = _integrate(products, q, len(effects), by_patient)
    together = np.zeros((count, e, count, e))
    together[range(count), :, range(count)] = alone
    fixed = fixed_alone.copy()
    seats = several.therapists.shape[1]
    for own_left, therapists in zip(left, several.therapists, strict=True):
        blocks = own_left[:, q : q + len(effects)].reshape(seats, e, seats, e)
        for one in np.flatnonzero(therapists >= 0):
            fixed[therapists[one]] += own_left[:, q + len(effects) :].reshape(seats, e, -1)[one]
            for other in np.flatnonzero(therapists >= 0):
                together[therapists[one], :, therapists[other]] += blocks[one, :, other]
    whole = together.reshape(count * e, count * e)
    spread = np.kron(np.eye(count), by_therapist)
    shrunk = np.linalg.inv(np.eye(count * e) + whole @ spread)
    flat = fixed.reshape(count * e, -1)
    of_fixed = of_fixed - flat.T @ spread @ shrunk @ flat
    return _summarise_together((shrunk @ whole).reshape(together.shape), (shrunk @ flat).reshape(fixed.shape), of_fixed)


def _places(design: Design, statistics: Statistics) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the effects that vary between patients and between therapists: equation, column of its z."""
    every = [*design.varying.get(PATIENT, []), *design.varying.get(THERAPIST, [])]
    numbers = {outcome: number for number, outcome in enumerate(design.equations)}
    # In the order of the likelihood.
    terms = {outcome: list(dict.fromkeys(e.term for e in every if e.outcome == outcome)) for outcome in numbers}
    own, shared = (
        [(numbers[e.outcome], terms[e.outcome].index(e.term)) for e in design.varying.get(level, [])]
        for level in (PATIENT, THERAPIST)
    )
    return own, shared


def _of_fixed(statistics: Statistics, natural: Natural) -> np.ndarray:
    """Return X'X weighted by precision."""
    layout, weights = natural.layout, iter(precision_of(statistics, natural.residual[0], natural.together[0]))
    places, result = [layout.of(outcome) for outcome in layout.coefficients], np.zeros((layout.fixed.stop,) * 2)
    for pattern in statistics.every_pattern:
        for one, other, a, b in pattern.products:
            weight = next(weights)
            for k, m, of_k, of_m in [(one, other, a, b)] if a is b else [(one, other, a, b), (other, one, b, a)]:
                x, x_other = statistics.equations[k].x[of_k], statistics.equations[m].x[of_m]
                result[places[k], places[m]] += weight * x.T @ x_other
    return result


def _cross_products(
    statistics: Statistics,
    equations: Sequence[EquationRows],
    own: list[tuple[int, int]],
    shared: list[tuple[int, int]],
    natural: Natural,
) -> np.ndarray:
    """Return Z'[Z X] of each patient, effects of patients before those of therapists, weighted by precision."""
    layout = natural.layout
    weights = iter(precision_of(statistics, natural.residual[0], natural.together[0]))
    effects, betas = [*own, *shared], layout.fixed.stop
    count = len(effects)
    products = np.zeros((statistics.n_patients, count, count + betas))
    places, columns = [], []
    for number, (rows, outcome) in enumerate(zip(equations, layout.coefficients, strict=True)):
        mine = [place for place, (k, _) in enumerate(effects) if k == number]
        fixed = layout.of(outcome)
        places.append((mine, [*mine, *range(count + fixed.start, count + fixed.stop)]))
        columns.append(rows.z[:, [effects[place][1] for place in mine]])
    for pattern in statistics.every_pattern:
        for one, other, a, b in pattern.products:
            weight = next(weights)
            for k, m, of_k, of_m in [(one, other, a, b)] if a is b else [(one, other, a, b), (other, one, b, a)]:
                (mine, _), (_, all_of_other) = places[k], places[m]
                z = weight * columns[k][of_k]
                right = np.column_stack([columns[m][of_m], equations[m].x[of_m]])
                for place, column in zip(mine, z.T, strict=True):
                    for to, value in zip(all_of_other, right.T, strict=True):
                        products[:, place, to] += np.bincount(pattern.patient, column * value, statistics.n_patients)
    return products


def _summarise(known: np.ndarray, fixed: np.ndarray, of_fixed: np.ndarray) -> Precision:
    """Summarise the precision of units (unit, effect, effect), given Z'V^-1 X of each, (unit, effect, beta), and X'V^-1 X."""
    each = np.diagonal(known, axis1=1, axis2=2)
    total, squares = each.sum(axis=0), (each**2).sum(axis=0)
    taken = fixed @ invert(of_fixed)  # (unit, effect, beta)
    between = np.einsum("jic,jid->icd", fixed, taken)
    norm = squares - 2 * np.einsum("ji,jic,jic->i", each, taken, fixed) + np.einsum("icd,idc->i", between, between)
    count = float((total**2 / squares).mean())
    return Precision(count * invert(known.sum(axis=0)), norm * total**2 / squares**2)


def _summarise_together(known: np.ndarray, fixed: np.ndarray, of_fixed: np.ndarray) -> Precision:
    """Summarise the precision of units that are known together, (unit, effect, unit, effect).

    What units share, as the means of patients whom all of them see, takes some of D too; so A = tr Q / |Q|^2 here, which is the other A
    where units are apart and alike.
    """
    units, effects = range(len(known)), range(known.shape[1])
    taken = fixed @ invert(of_fixed)
    left = np.array([known[:, i, :, i] - taken[:, i] @ fixed[:, i].T for i in effects])
    total, norm = np.trace(left, axis1=1, axis2=2), (left**2).sum(axis=(1, 2))
    whole = known[units, :, units].sum(axis=0) - np.einsum("jac,jbc->ab", taken, fixed)
    return Precision(float((total**2 / norm).mean()) * invert(whole), total**2 / norm)
