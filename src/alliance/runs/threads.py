"""One thread for linear algebra in every process: numbers must not depend on how many cores a machine has.

The matrices here are small, and parallel work is between jobs and between chains.
"""

import os

_SETTINGS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def use_one_thread() -> None:
    """Tell the libraries of linear algebra; they listen only until numpy is imported."""
    os.environ.update(dict.fromkeys(_SETTINGS, "1"))
