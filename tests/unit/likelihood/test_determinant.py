"""How the quadratic form of the coefficients changes with the variances, against differences of the form itself."""

import numpy as np
import pytest

from alliance.likelihood.determinant import slopes_of_squares
from alliance.likelihood.layout import N_THERAPISTS, weigh
from alliance.likelihood.quadratic import quadratic_form
from tests.unit.likelihood.studies import Study, differentiate, draw_position
from tests.unit.likelihood.test_crossed import STUDIES as CROSSED
from tests.unit.likelihood.test_quadratic import STUDIES
from tests.unit.likelihood.test_series import STUDIES as SERIES

KINDS = {
    **{name: STUDIES[name] for name in ("three levels", "nothing varies", "paired, two levels, three outcomes")},
    "patients who change": CROSSED["slopes"],
    "paired, patients who change": CROSSED["outcomes of one occasion"],
    "a series": SERIES["one outcome by days"],
}


@pytest.mark.parametrize("study", KINDS.values(), ids=list(KINDS))
def test_slopes_are_those_of_the_squares_of_all_directions(study: Study) -> None:
    statistics, size = study.statistics, study.n_beta
    of_therapists = 1.0 + np.arange(statistics.layout[N_THERAPISTS]) % 2 if statistics.crossed is None else None
    statistics = weigh(statistics, 1.0 + np.arange(study.n_patients) % 3, of_therapists)
    position, directions = draw_position(study), np.random.default_rng(5).normal(size=(size, 2))

    def value_at(position: np.ndarray) -> float:
        form = quadratic_form(statistics, position)[:size, :size]
        return float(-np.einsum("id,ij,jd->", directions, form, directions) / 2)

    numerical = differentiate(value_at, position)
    found = slopes_of_squares(statistics, position, directions)
    # Observed differences are below 1e-9.
    np.testing.assert_allclose(found, numerical, rtol=1e-7, atol=1e-8 * np.abs(numerical).max())
