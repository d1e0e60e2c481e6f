"""What published numbers may give away: small counts, also by subtraction, and scores of single patients, by their digits.

Numbers are published together, so they are protected together. Counts of one table are linear in counts of its parts (levels by
groups), which nobody knows but which are not negative. What a reader can find out about any of them is the interval between the
smallest and the largest value that agrees with all that is shown: a linear programme each (Fischetti and Salazar 2001, Management
Science 47, 1008). A count from 1 to ``minimum - 1`` is protected if that interval holds 1 and ``minimum - 1``, and 2 if the minimum
is 2. Each table is protected by itself, and the sample also from what the patient flow tells: how many an equation leaves out.

Counts in series (patients at each session) are rounded to multiples of the minimum instead: the difference of two such numbers leaves
``minimum - 1`` open on both sides. Means are rounded to a step between a quarter and five eighths of their standard error: N times the
difference between the means of two runs that differ by one patient is then that patient's score give or take N steps, of the order
of the standard deviation between patients.
"""

import math

import numpy as np
import pandas as pd
from scipy.optimize import linprog

_EPS = 1e-6
_SHARE_OF_ERROR = 0.25  # of a standard error, which a rounding step is at least
_ROUNDING = 1e-9  # of a step: what sums leave of a number that is zero
_STEPS = (1.0, 2.0, 5.0, 10.0)
_DIGITS = 4  # significant digits of published numbers whose uncertainty is not known
_DIGITS_OF_ERROR = 2


def bounds_of(target: np.ndarray, shown: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[float, float]:
    """Return the smallest and the largest value of a sum of parts that agrees with what is shown.

    Parameters
    ----------
    target
        Which parts are added up, shape (part,).
    shown
        One row for each number that is shown: its parts, shape (number, part).
    low, high
        What is known of it: both the number itself where it is exact.

    Returns
    -------
    tuple
        NaN where nothing agrees, since what is shown contradicts itself; infinity where nothing that is shown limits the sum.
    """
    rows, limits = np.vstack([shown, -shown]), np.concatenate([high, -low]) + _EPS / 10
    least, most = (linprog(sign * target, A_ub=rows, b_ub=limits, bounds=(0, None), method="highs") for sign in (1, -1))
    if least.status != 0:  # a sum of parts that are not negative has a smallest value wherever it has any
        return math.nan, math.nan
    return float(least.fun), float(-most.fun) if most.status == 0 else math.inf


def suppress(
    values: np.ndarray,
    parts: np.ndarray,
    known: np.ndarray,
    known_values: np.ndarray,
    targets: np.ndarray,
    minimum: int,
) -> np.ndarray:
    """Choose which numbers of a table must not be shown, so that no small count can be computed from the others.

    Parameters
    ----------
    values
        The numbers, shape (number,).
    parts
        Which parts each of them adds up, shape (number, part).
    known, known_values
        Sums of parts that the reader knows anyway.
    targets
        Sums of parts that must stay hidden where they are small, shape (target, part); numbers that are shown are always among them.
    minimum
        The smallest count that may be known.

    Returns
    -------
    numpy.ndarray
        True where the number is suppressed, shape (number,).
    """
    truth = np.linalg.lstsq(np.vstack([parts, known]), np.concatenate([values, known_values]), rcond=None)[0]
    every = np.unique(np.vstack([parts, targets]), axis=0)
    small = [target for target in every if 0.5 < target @ truth < minimum - 0.5 and not _is_known(target, known)]
    hidden = (values > 0) & (values < minimum)

    def protected(target: np.ndarray, without: np.ndarray) -> bool:
        open_rows = np.vstack([parts[~without], known])
        exact = np.concatenate([values[~without], known_values])
        low, high = bounds_of(target, open_rows, exact, exact)
        return low <= 1 + _EPS and high >= max(2, minimum - 1) - _EPS

    for target in small:
        while not protected(target, hidden):
            candidates = [cell for cell in np.flatnonzero(~hidden) if parts[cell].any()]
            if not candidates:
                break
            order = sorted(candidates, key=lambda cell: (values[cell] == 0, values[cell]))
            helping = (cell for cell in order if protected(target, hidden | (np.arange(len(values)) == cell)))
            near = [cell for cell in order if _together(parts[cell], target, parts[hidden])]
            hidden[next(helping, (near or order)[0])] = True
    # What a later choice made needless is shown after all, the largest numbers first.
    for cell in sorted(np.flatnonzero(hidden & ((values == 0) | (values >= minimum))), key=lambda cell: -values[cell]):
        without = hidden & (np.arange(len(values)) != cell)
        if all(protected(target, without) for target in small):
            hidden = without
    return hidden


def _is_known(target: np.ndarray, known: np.ndarray) -> bool:
    """Whether a sum of parts follows from what the reader knows anyway: hiding numbers on its account would help nobody."""
    return bool(len(known)) and np.linalg.matrix_rank(np.vstack([known, target])) == np.linalg.matrix_rank(known)


def _together(cell: np.ndarray, target: np.ndarray, hidden: np.ndarray) -> bool:
    """Whether a number has parts in common with a target, or with what is hidden on its account."""
    return bool((cell * target).any() or (len(hidden) and (hidden @ cell).any()))


def suppress_counts(
    counts: np.ndarray, minimum: int, *, rows_add_up: bool, columns_add_up: bool, told: np.ndarray | None = None
) -> np.ndarray:
    """Find the cells of a table of counts that must not be shown.

    Parameters
    ----------
    counts
        Shape (level, group), the sum over groups as the last column if `rows_add_up`.
    rows_add_up
        Whether each row holds a sum of its other cells.
    columns_add_up
        Whether the levels are all there are, and the reader knows how many people each column has.
    told
        Counts that the reader knows from elsewhere, whether they are shown or not; same shape.

    Returns
    -------
    numpy.ndarray
        True where the count is suppressed; same shape.
    """
    levels, columns = counts.shape
    groups = columns - 1 if rows_add_up and columns > 1 else columns
    if not ((counts > 0) & (counts < minimum)).any():
        return np.zeros(counts.shape, dtype=bool)
    cells = np.zeros((levels, columns, levels, groups))
    for level in range(levels):
        for column in range(columns):
            cells[level, column, level, column if column < groups else slice(None)] = 1
    sums = cells.sum(axis=0).reshape(columns, -1)
    parts = cells.reshape(levels * columns, -1)
    known = sums if columns_add_up else sums[:0]
    sizes = counts.sum(axis=0).astype(float) if columns_add_up else np.zeros(0)
    if told is not None:
        known, sizes = np.vstack([known, parts[told.ravel()]]), np.append(sizes, counts[told])
    found = suppress(counts.ravel().astype(float), parts, known, sizes, parts, minimum)
    return found.reshape(counts.shape)


def suppress_missing(missing: np.ndarray, sizes: np.ndarray, minimum: int, *, told: bool = False) -> np.ndarray:
    """Find the counts of missing values that must not be shown: neither they nor those observed may be few.

    Parameters
    ----------
    missing, sizes
        By group, the sum over groups last where there is more than one, shape (group,); how many people each has is known.
    told
        Whether the reader knows from elsewhere how many are missing in all groups together.
    """
    both = np.vstack([missing, sizes - missing])
    if not ((both > 0) & (both < minimum)).any():
        return np.zeros(missing.shape, dtype=bool)
    groups = max(1, len(missing) - 1)
    one = np.eye(groups) if len(missing) == 1 else np.vstack([np.eye(groups), np.ones(groups)])
    nothing = np.zeros_like(one)
    parts, observed = np.hstack([one, nothing]), np.hstack([nothing, one])
    known, known_values = parts + observed, sizes.astype(float)
    if told:
        known, known_values = np.vstack([known, parts[-1:]]), np.append(known_values, missing[-1])
    found = suppress(missing.astype(float), parts, known, known_values, np.vstack([parts, observed]), minimum)
    return np.asarray(found)


def suppress_stages(left: np.ndarray, removed: np.ndarray, minimum: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the stages of a flow whose counts must not be shown; what is left in the end always is.

    Parameters
    ----------
    left, removed
        How many are left after each stage, and how many it removed; the first removes none.

    Returns
    -------
    tuple
        True where a count is suppressed, for `left` and for `removed`.
    """
    stages = len(left)
    after = np.array([[float(later > stage) for later in range(stages)] for stage in range(stages)])
    after[:, 0] = 1.0  # the first part is what is left in the end; the others are what each later stage removes
    taken = np.eye(stages)[1:]
    values = np.array([*left[:-1], *removed[1:]], dtype=float)
    parts = np.vstack([after[:-1], taken])
    found = suppress(values, parts, after[-1:], np.array([float(left[-1])]), taken, minimum)
    return np.append(found[: stages - 1], False), np.append(False, found[stages - 1 :])


def publish_flow(flow: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """Return the patient flow without the patients of a stage of the data where they, or those removed, are few: NaN stands for them.

    How many patients the cleaned data and every model have is always known, as is how many sessions there are.
    """
    published = flow.astype({"n_patients": float, "removed_patients": float})
    data = np.flatnonzero((flow["model"].fillna("") == "").to_numpy())
    if len(data) > 1:
        left, removed = (flow[name].to_numpy(dtype=float)[data] for name in ("n_patients", "removed_patients"))
        for name, hidden in zip(
            ("n_patients", "removed_patients"), suppress_stages(left, removed, minimum), strict=True
        ):
            column = published.columns.get_loc(name)
            published.iloc[data[hidden], column] = math.nan  # type: ignore[index]
    return published


def in_multiples(count: float, minimum: int) -> float:
    """Return a count in a series, to the nearest multiple of the minimum; NaN stays NaN."""
    return float(count) if math.isnan(count) else float(minimum * math.floor((count + minimum // 2) / minimum))


def in_multiples_of_all(count: int, everyone: int, minimum: int) -> float:
    """Return a count of some of `everyone` to the nearest multiple of the minimum; of all but fewer than that, as all."""
    return float(everyone) if everyone - count < minimum else min(in_multiples(count, minimum), everyone)


def publish_influence(table: pd.DataFrame, single_patients: bool, minimum: int) -> pd.DataFrame:
    """Return what may be shown of the estimates without single units: the lowest and the highest, with two digits of the standard error.

    That is what estimates themselves are published with: two runs, one of which leaves a patient out, tell as much. Coarser steps would
    hide what is asked, whether anybody moves the estimate by a part of its error.

    Rows of single patients stand in it only if they are allowed; of therapists only what holds for all of them, since some may have few
    patients. Where fewer units than the minimum were left out, nothing is shown.

    Parameters
    ----------
    table
        The artefact `influence`: one row per path and unit, `change` in standard errors.
    """
    keys = ["model", "path", "effect", "level", "unit"]
    parts = []
    for (*_, unit), rows in table.groupby(keys, sort=False):
        if len(rows) < minimum:
            continue
        moved = rows[rows["change"] != 0]
        error = (
            float(((moved["without"] - moved["estimate"]) / moved["change"]).abs().median()) if len(moved) else math.nan
        )
        ends = {
            "lowest": _to_error(float(rows["without"].min()), error),
            "highest": _to_error(float(rows["without"].max()), error),
        }
        if minimum == 1 or (single_patients and unit == "patient"):
            parts.append(rows.assign(**ends))
            continue
        change = round(float(rows["change"].abs().max()), 1)
        parts.append(
            rows.head(1).assign(
                **ends, without=math.nan, change=change, estimate=_to_error(float(rows["estimate"].iloc[0]), error)
            )
        )
    columns = [*table.columns, "lowest", "highest"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def step_for(error: float) -> float:
    """Return the step to which a number of this standard error is rounded: 1, 2 or 5 of a power of ten, a quarter of the error or more.

    >>> step_for(0.77), step_for(0.04)
    (0.2, 0.01)
    """
    if not (math.isfinite(error) and error > 0):
        return math.nan
    least = _SHARE_OF_ERROR * error
    power = 10.0 ** math.floor(math.log10(least))
    return float(f"{next(step * power for step in _STEPS if step * power >= least * (1 - 1e-9)):.1g}")


def decimals_for(step: float) -> int:
    """Return how many decimals a number in these steps has."""
    return max(0, -math.floor(math.log10(step) + 1e-9)) if math.isfinite(step) else 2


def to_step(value: float, step: float) -> float:
    """Return a number rounded to a step; as many digits as usual where no step is known."""
    if not math.isfinite(value):
        return value
    if not math.isfinite(step):
        return _significant(value)
    if abs(value) < _ROUNDING * step:
        return 0.0
    rounded = round(round(value / step) * step, decimals_for(step))
    return rounded if rounded or not value else float(f"{value:.1g}")  # a number that is not zero is not shown as zero


def publish_digits(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with the digits that its numbers need: estimates two of their standard error, others four in all.

    A standard error is the column `sd`, or a quarter of the width of the interval; columns of a comparison have it for each side.
    """
    published = table.copy()
    errors = {side: _errors(table, side) for side in ("", *_SIDES)}
    for position, name in enumerate(table.columns):
        column = table.iloc[:, position]
        if column.dtype.kind != "f":
            continue
        side = next((side for side in _SIDES if str(name).endswith(side)), "")
        error = errors[side] if str(name).removesuffix(side) in _OF_ERROR else None
        numbers = column.to_numpy(dtype=float)
        if error is None:
            rounded = [_significant(value) for value in numbers]
        else:
            rounded = [_to_error(value, one) for value, one in zip(numbers, error, strict=True)]
        published.isetitem(position, np.array(rounded, dtype=float))
    return published


_SIDES = ("_base", "_this", "_corrected")  # ends of columns of two accounts of the same, each with its own error
_OF_ERROR = (
    "estimate",
    "sd",
    "low",
    "high",
    "without",
    "without_priors",
    "with_trends",
    "sd_with_trends",
    "alone",
    "lasting",
    "independent",
    "sd_independent",
    "difference",
    # of sites put together, in the unit of the estimate
    *("shrunk", "shrunk_low", "shrunk_high", "tau", "tau_low", "tau_high"),
    *("predicted_low", "predicted_high", "common", "common_low", "common_high"),
)


def _errors(table: pd.DataFrame, side: str) -> np.ndarray | None:
    if "mean" in table:  # `sd` is how much people differ, `low` and `high` are ends of a scale
        return None
    if f"sd{side}" in table:
        return table[f"sd{side}"].to_numpy(dtype=float)
    if {f"low{side}", f"high{side}"} <= set(table.columns):
        return (table[f"high{side}"] - table[f"low{side}"]).to_numpy(dtype=float) / 4
    return None


def _to_error(value: float, error: float) -> float:
    if not math.isfinite(value) or not (math.isfinite(error) and error > 0):
        return _significant(value)
    return round(value, _DIGITS_OF_ERROR - 1 - math.floor(math.log10(error)))


def _significant(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) and not float(value).is_integer() else value
