"""p-values adjusted for their number."""

import numpy as np

from alliance.inference.multiple import adjust


def test_adjusted_probabilities_are_those_of_holm() -> None:
    # Worked by hand: .01 x 4, .02 x 3, .03 x 2 (not below the one before), .5 x 1.
    np.testing.assert_allclose(adjust(np.array([0.5, 0.01, 0.03, 0.02])), [0.5, 0.04, 0.06, 0.06])
