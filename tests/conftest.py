"""What all tests share: one thread for linear algebra, as in every job of the workflow."""

import os

# Before anything imports numpy. Matrices here are small; threads would only wait for each other, and numbers would depend on the machine.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
