"""Effects between units that are hardly known: widths of intervals in standard units, against closed forms."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from alliance.facts.marks import Mark
from alliance.models.checking.between import mark_hardly_known
from alliance.models.quantities.population import Population
from alliance.results.estimates import flag_of
from tests.unit.models.joint_study import make_spec, simulate
from tests.unit.models.populations import design_of, intercepts, population_of, quantities_of

SPEC = make_spec(equations={"m": {"on": []}, "y": {"on": ["m"]}}, effects={"from": "m", "to": "y"})
DESIGN = design_of(SPEC, simulate(8, 3, seed=1))
SIZE = 20_000


def population(scale: float = 1.0, of_m: float = 4.0) -> Population:
    """Means of m differ by 2 standard deviations, those of y given them by 1; `scale` changes the units of m."""
    covariances = {"patient": {(intercepts("m"),) * 2: of_m * scale**2, (intercepts("y"),) * 2: 1.0}}
    return population_of(DESIGN, {"y": {"m": 0.5 / scale}}, covariances)


def mark_of(
    spread: float, scale: float = 1.0, centre: Population | None = None
) -> tuple[Mark, list[dict[str, object]]]:
    """Return the mark where draws of the slope are normal with a standard deviation, and the quantities."""
    estimate = population(scale)
    slopes = 0.5 + spread * stats.norm.ppf((np.arange(SIZE) + 0.5) / SIZE)
    drawn = replace(
        estimate,
        intercepts={name: np.zeros(SIZE) for name in estimate.intercepts},
        slopes={"m": np.zeros((SIZE, 0)), "y": slopes[:, None] / scale},
        residuals={name: np.ones(SIZE) for name in estimate.residuals},
        covariances={"patient": np.tile(estimate.covariances["patient"], (SIZE, 1, 1))},
    )
    found = quantities_of(SPEC, DESIGN, drawn)
    (mark,) = mark_hardly_known(DESIGN, centre or estimate, found)
    return mark, found.rows


@pytest.mark.parametrize(("spread", "passed"), [(0.08, True), (0.1, False)])
@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_width_is_that_of_the_interval_in_standard_deviations_of_the_means(
    spread: float, passed: bool, scale: float
) -> None:
    mark, rows = mark_of(spread, scale)
    # The means of y are .5 times those of m, plus their own: variance .25 * 4 + 1.
    assert mark.value == pytest.approx(2 * 1.96 * spread * (4 / 2) ** 0.5, rel=1e-3)
    assert mark.passed is passed
    assert (mark.subject, mark.detail) == ("estimates between patients", "most of all slope of m -> y")
    flagged = [(row["effect"], row["level"]) for place, row in enumerate(rows) if flag_of(row, place, [mark])]
    assert flagged == ([] if passed else [("effect", "between_patient")])


def test_nothing_is_known_of_averages_that_do_not_differ_by_the_estimate() -> None:
    mark, _ = mark_of(0.01, centre=population(of_m=0.0))
    assert np.isnan(mark.value) and not mark.passed


def test_a_posterior_is_measured_by_its_middle() -> None:
    mark, _ = mark_of(0.05)
    many = population_of(
        DESIGN,
        {"y": {"m": np.full(3, 0.5)}},
        {"patient": {(intercepts("m"),) * 2: 4.0, (intercepts("y"),) * 2: 1.0}},
        3,
    )
    many.covariances["patient"][2] *= 1e6
    assert mark_of(0.05, centre=many)[0].value == pytest.approx(mark.value)
