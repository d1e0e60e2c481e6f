"""The same model with patients who vary alike, beside one in which they differ in variability.

A model that takes residuals of all patients for equally large lets those who fluctuate most decide, and where variability goes together
with a slope, as with inertia, the average slope is theirs (`validation/variability`). So it is fitted beside, by maximum likelihood from
the same data. Twice the gain in log-likelihood is compared with what it would be if patients varied alike: variances of v that are zero,
and their covariances with everything else, see `alliance.models.path.trends.chance_of_gain`.
"""

from dataclasses import replace

import numpy as np

from alliance.facts.columns import PATIENT
from alliance.facts.marks import Mark
from alliance.facts.quantity import join_names
from alliance.inference.maximum import Maximum
from alliance.inference.search import climb
from alliance.models.container import Quantities
from alliance.models.joint import Task
from alliance.models.path.beside import put_beside
from alliance.models.path.maximum import PathMaximum
from alliance.models.path.target import make_target
from alliance.models.path.trends import chance_of_gain
from alliance.report.numbers import common_decimals, format_number


def compare_alike(task: Task, maximum: PathMaximum, quantities: Quantities) -> list[Mark]:
    """Say how probable so much better an account would be if patients varied alike, and which estimate moves most then."""
    variable = task.design.variable
    if not variable:
        return []
    other = maximise_alike(maximum)
    gain = 2 * (maximum.top.value - other.top.value)
    chance = chance_of_gain(gain, 0, other.target.layout.effects[PATIENT], len(variable))
    detail = f"twice the log-likelihood gains {format_number(max(gain, 0.0))}"
    shown = [each for each in put_beside(task, maximum, quantities, other, "patients alike") if each.shown]
    if shown:
        most = max(shown, key=lambda each: abs(each.change))
        own, alike = (
            format_number(value, common_decimals([most.own, most.other], most.sd)) for value in (most.own, most.other)
        )
        detail += (
            f"; with patients who vary alike {most.row['path']} ({most.row['effect']}, {most.row['level']}) moves most, from {own} to "
            f"{alike}, {format_number(abs(most.change))} standard errors"
        )
    if not other.converged:
        chance, detail = np.nan, "the search for a maximum with patients who vary alike did not arrive"
    return [Mark("differing_variability", join_names(*variable), chance, detail)]


def maximise_alike(maximum: PathMaximum) -> PathMaximum:
    """Find the maximum with patients who vary alike from the one in which they differ in variability."""
    known = maximum.target
    target = make_target(replace(known.design, variable=()))
    position = np.zeros(target.layout.size)
    position[: target.layout.together.stop] = maximum.top.position[: known.layout.together.stop]
    covariance = known.natural(maximum.top.position[None]).covariances[PATIENT][0]
    first = len(known.design.variable)
    for place, outcome in enumerate(known.design.variable):  # the mean of variances is above the middling one
        number = list(known.design.equations).index(outcome)
        position[target.layout.residuals.start + number] += covariance[place, place] / 4
    values, vectors = np.linalg.eigh(covariance[first:, first:])
    root = np.linalg.qr((vectors * np.sqrt(values.clip(0))).T, mode="r").T
    position[target.layout.between(PATIENT)] = root[np.tril_indices(len(root))]
    spread = target.starts()[0].spread
    return Maximum(target, climb(target.value, target.off_boundary(position), spread))
