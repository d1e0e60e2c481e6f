"""Cholesky factor, solutions and the needed part of the inverse of a sparse symmetric matrix, stored from the first entry of each row on.

Row i of the lower triangle begins at column first_i, and a factor has its entries nowhere else (George & Liu 1981, *Computer Solution of
Large Sparse Positive Definite Systems*, ch. 4). The inverse Z = Q'^-1 Q^-1 at the places of the factor follows from the last column to the
first (Takahashi, Fagan & Chen 1973), with sums over k > j:

    Z_ij = -sum_k Z_ik Q_kj / Q_jj  (i > j)        Z_jj = (1 / Q_jj - sum_k Z_jk Q_kj) / Q_jj

Matrices that fall apart, one for each group of units, need no further care. Numba, as far as it is called by a pass.
"""

import numpy as np

from alliance.likelihood.compiling import compiled


def order_units(neighbours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return an order of units in which rows are short (Cuthill & McKee 1969, reversed), and the first neighbour of each in it.

    Parameters
    ----------
    neighbours
        Whether two units share an entry, (unit, unit).
    """
    from scipy.sparse import csr_matrix  # brings all of its linear algebra along
    from scipy.sparse.csgraph import reverse_cuthill_mckee

    order = reverse_cuthill_mckee(csr_matrix(neighbours), symmetric_mode=True).astype(np.int64)
    sorted_ones = neighbours[np.ix_(order, order)] | np.eye(len(order), dtype=bool)
    return order, np.argmax(sorted_ones, axis=1).astype(np.int64)


def pack_rows(first: np.ndarray) -> np.ndarray:
    """Return where each row would have its column 0, and how many numbers there are: (row + 1,)."""
    ends = np.cumsum(np.arange(len(first)) - first + 1)
    return np.append(np.append(0, ends[:-1]) - first, ends[-1]).astype(np.int64)


@compiled
def factorise(first, starts, matrix):
    """Replace the lower triangle of a matrix by its Cholesky factor."""
    for i in range(len(first)):
        for j in range(first[i], i + 1):
            low = max(first[i], first[j])
            total = matrix[starts[i] + j] - _dot(matrix, starts[i] + low, starts[j] + low, j - low)
            matrix[starts[i] + j] = np.sqrt(total) if i == j else total / matrix[starts[j] + j]


@compiled
def _dot(matrix, a, b, count):
    """Return the product of two stretches; four sums side by side, always in the same order."""
    one, two, three, four = 0.0, 0.0, 0.0, 0.0
    whole = count - count % 4
    for k in range(0, whole, 4):
        one += matrix[a + k] * matrix[b + k]
        two += matrix[a + k + 1] * matrix[b + k + 1]
        three += matrix[a + k + 2] * matrix[b + k + 2]
        four += matrix[a + k + 3] * matrix[b + k + 3]
    for k in range(whole, count):
        one += matrix[a + k] * matrix[b + k]
    return (one + two) + (three + four)


@compiled
def solve_lower(first, starts, factor, right):
    """Replace b by Q^-1 b."""
    for i in range(len(first)):
        total = right[i]
        for k in range(first[i], i):
            total -= factor[starts[i] + k] * right[k]
        right[i] = total / factor[starts[i] + i]


@compiled
def solve_upper(first, starts, factor, right):
    """Replace b by Q'^-1 b."""
    for i in range(len(first) - 1, -1, -1):
        right[i] /= factor[starts[i] + i]
        for k in range(first[i], i):
            right[k] -= factor[starts[i] + k] * right[i]


@compiled
def invert(first, starts, factor, inverse):
    """Fill the inverse of a factorised matrix at the places of the factor."""
    size = len(first)
    column, sums = np.zeros(size), np.zeros(size)
    for j in range(size - 1, -1, -1):
        for i in range(j + 1, size):
            column[i] = factor[starts[i] + j] if first[i] <= j else 0.0
            sums[i] = 0.0
        for i in range(j + 1, size):
            if first[i] <= j:
                total = 0.0
                for k in range(j + 1, i):
                    if first[i] <= k:
                        total += inverse[starts[i] + k] * column[k]
                        sums[k] += inverse[starts[i] + k] * column[i]
                sums[i] += total + inverse[starts[i] + i] * column[i]
        pivot = factor[starts[j] + j]
        total = 1.0 / pivot
        for i in range(j + 1, size):
            if first[i] <= j:
                inverse[starts[i] + j] = -sums[i] / pivot
                total -= inverse[starts[i] + j] * column[i]
        inverse[starts[j] + j] = total / pivot
