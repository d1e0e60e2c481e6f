"""The quadratic form of the coefficients, beside differences of the gradient, which are exact for a quadratic function."""

import numpy as np
import pytest

from alliance.likelihood.layout import N_THERAPISTS, weigh
from alliance.likelihood.quadratic import quadratic_form
from tests.unit.likelihood.studies import Study, draw_position, evaluate, make_study
from tests.unit.likelihood.test_paired import STUDIES as PAIRED

STUDIES = {
    "two levels": make_study([(0, 0), (0, 1), (1, 0)], [], patients=70),
    "three levels": make_study([(0, 0), (1, 0), (1, 1), (2, 0)], [(0, 0), (1, 3), (2, 0)], patients=40, therapists=35),
    "nothing varies": make_study([], []),
    **{f"paired, {name}": study for name, study in PAIRED.items()},
}


@pytest.mark.parametrize("study", STUDIES.values(), ids=list(STUDIES))
@pytest.mark.parametrize("weighted", [False, True])
def test_quadratic_form_gives_slopes_curvature_and_values(study: Study, weighted: bool) -> None:
    patients, therapists = np.arange(study.n_patients) % 3.0, 1.0 + np.arange(study.statistics.layout[N_THERAPISTS]) % 2
    statistics = weigh(study.statistics, patients, therapists) if weighted else study.statistics
    position, size = draw_position(study), study.n_beta
    form = quadratic_form(statistics, position)

    def at(beta: np.ndarray) -> tuple[float, np.ndarray]:
        return evaluate(statistics, np.concatenate([beta, position[size:]]))

    value, slopes = at(np.zeros(size))
    scale = np.abs(form).max()
    np.testing.assert_allclose(form[:size, size], slopes[:size], rtol=1e-11, atol=1e-12 * scale)
    curvature = np.array([slopes[:size] - at(unit)[1][:size] for unit in np.eye(size)])
    np.testing.assert_allclose(form[:size, :size], curvature, rtol=1e-10, atol=1e-11 * scale)
    v = np.append(-position[:size], 1.0)
    assert at(position[:size])[0] - value == pytest.approx((form[-1, -1] - v @ form @ v) / 2, rel=1e-9)
    assert np.array_equal(form, form.T)


def test_form_is_zero_where_it_cannot_be_computed() -> None:
    study = STUDIES["two levels"]
    position = draw_position(study)
    position[study.n_beta] = -400.0  # a residual variance below the smallest number
    assert not quadratic_form(study.statistics, position).any()
