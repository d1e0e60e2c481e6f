"""Small counts are left out, and so are others from which they could be computed."""

import numpy as np


def suppress_counts(counts: np.ndarray, minimum: int, *, rows_add_up: bool, columns_add_up: bool) -> np.ndarray:
    """Find the cells of a table of counts that must not be shown.

    Counts from 1 to ``minimum - 1`` are suppressed. Where a line (row or column) has a known sum and only one suppressed
    cell, subtraction would reveal it, so the smallest other cell of that line (above zero if there is one) is suppressed as
    well, until no line is left with a single one (complementary suppression; Cox 1980, JASA 75, 377).

    Parameters
    ----------
    counts
        Shape (level, group), the sum over groups as the last column if `rows_add_up`.
    rows_add_up
        Whether each row holds a sum of its other cells.
    columns_add_up
        Whether the sum of each column is known to the reader.

    Returns
    -------
    numpy.ndarray
        True where the count is suppressed; same shape.
    """
    hidden = (counts > 0) & (counts < minimum)
    lines: list[tuple[int | slice, int | slice]] = []
    if columns_add_up:
        lines += [(slice(None), j) for j in range(counts.shape[1])]
    if rows_add_up:
        lines += [(i, slice(None)) for i in range(counts.shape[0])]
    changed = True
    while changed:
        changed = False
        for line in lines:
            open_cells = np.flatnonzero(~hidden[line])
            if hidden[line].sum() != 1 or len(open_cells) == 0:
                continue
            sizes = np.where(counts[line][open_cells] > 0, counts[line][open_cells], np.inf)
            hidden[line][open_cells[int(np.argmin(sizes))]] = True  # hidden[line] is a view
            changed = True
    return hidden
