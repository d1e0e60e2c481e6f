"""What the rows of each unit say about its effects, and how many independent differences between units an effect rests on.

With V_j the covariance of all rows of a unit, its own effects included, and Z_j their columns, unit j knows its effects with precision
D_j = Z_j'V_j^-1 Z_j = (H + T_j^-1)^-1, H the covariance of the effects and T_j the precision of what the rows say. Fixed effects take some
of it: in Q = blockdiag(D_j) - B (X'V^-1 X)^-1 B', B_j = Z_j'V_j^-1 X, the (unit, unit) part of effect i has the expected information
1/2 |Q_i|^2 on its variance. An estimated variance then is like A chi^2 / n with A = sum D / sum D^2 and n = A^2 |Q_i|^2 degrees of freedom
(Satterthwaite 1946, doi 10.2307/3002019): in balanced data the units less the fixed effects that differ between units only.
"""

from dataclasses import dataclass

import numpy as np

from alliance.facts.columns import PATIENT, THERAPIST
from alliance.inference.search import invert
from alliance.likelihood.layout import Statistics
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
    of_patients, of_fixed = _cross_products(design, statistics, natural)
    # Patients' effects integrated out: what their rows know of them, of their therapist's effects and of the coefficients.
    known = np.linalg.inv(np.eye(q) + of_patients[:, :q, :q] @ by_patient) @ of_patients[:, :q]
    left = of_patients[:, q:] - of_patients[:, :q, q : q + e].transpose(0, 2, 1) @ by_patient @ known
    of_fixed -= np.einsum("iac,ab,ibd->cd", of_patients[:, :q, q + e :], by_patient, known[:, :, q + e :])
    found = {}
    if q:
        found[PATIENT] = _summarise(known[:, :, :q], known[:, :, q + e :], of_fixed)
    if e:
        of_therapists = np.zeros((statistics.n_therapists, e, q + e + betas))
        np.add.at(of_therapists, statistics.therapist_of, left)
        precision, fixed = of_therapists[:, :, q : q + e], of_therapists[:, :, q + e :]
        shrunk = np.linalg.inv(np.eye(e) + precision @ by_therapist)
        of_fixed -= np.einsum("jac,ab,jbd->cd", fixed, by_therapist, shrunk @ fixed)
        found[THERAPIST] = _summarise(shrunk @ precision, shrunk @ fixed, of_fixed)
        # What also differs between therapists takes one difference between patients for each of them.
        if q:
            shared = np.array([effect in design.varying[THERAPIST] for effect in design.varying[PATIENT]])
            freedom = found[PATIENT].freedom - len(design.units[THERAPIST]) * shared
            found[PATIENT] = Precision(found[PATIENT].spread, freedom)
    return found


def _cross_products(design: Design, statistics: Statistics, natural: Natural) -> tuple[np.ndarray, np.ndarray]:
    """Return Z'[Z X] of each patient, effects of patients before those of therapists, and X'X, both weighted by precision."""
    layout = natural.layout
    weights = iter(precision_of(statistics, natural.residual[0], natural.together[0]))
    (q, e), betas = layout.effects.values(), layout.fixed.stop
    products, of_fixed = np.zeros((statistics.n_patients, q + e, q + e + betas)), np.zeros((betas, betas))
    effects = [*design.varying.get(PATIENT, []), *design.varying.get(THERAPIST, [])]
    places, columns = [], []
    for rows, outcome in zip(statistics.equations, design.equations, strict=True):
        mine = [place for place, effect in enumerate(effects) if effect.outcome == outcome]
        terms = list(dict.fromkeys(effects[place].term for place in mine))  # in the order of the likelihood
        fixed = layout.of(outcome)
        places.append((mine, [*mine, *range(q + e + fixed.start, q + e + fixed.stop)], fixed))
        columns.append(rows.z[:, [terms.index(effects[place].term) for place in mine]])
    for pattern in statistics.every_pattern:
        for one, other, a, b in pattern.products:
            weight = next(weights)
            for k, m, of_k, of_m in [(one, other, a, b)] if a is b else [(one, other, a, b), (other, one, b, a)]:
                (mine, _, fixed), (_, all_of_other, fixed_other) = places[k], places[m]
                z, x = weight * columns[k][of_k], weight * statistics.equations[k].x[of_k]
                x_other = statistics.equations[m].x[of_m]
                right = np.column_stack([columns[m][of_m], x_other])
                for place, column in zip(mine, z.T, strict=True):
                    for to, value in zip(all_of_other, right.T, strict=True):
                        products[:, place, to] += np.bincount(pattern.patient, column * value, statistics.n_patients)
                of_fixed[fixed, fixed_other] += x.T @ x_other
    return products, of_fixed


def _summarise(known: np.ndarray, fixed: np.ndarray, of_fixed: np.ndarray) -> Precision:
    """Summarise the precision of units (unit, effect, effect), given Z'V^-1 X of each, (unit, effect, beta), and X'V^-1 X."""
    each = np.diagonal(known, axis1=1, axis2=2)
    total, squares = each.sum(axis=0), (each**2).sum(axis=0)
    taken = fixed @ invert(of_fixed)  # (unit, effect, beta)
    between = np.einsum("jic,jid->icd", fixed, taken)
    norm = squares - 2 * np.einsum("ji,jic,jic->i", each, taken, fixed) + np.einsum("icd,idc->i", between, between)
    count = float((total**2 / squares).mean())
    return Precision(count * invert(known.sum(axis=0)), norm * total**2 / squares**2)
