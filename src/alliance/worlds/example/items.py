"""Answers to single items, and the totals that they add up to."""

import numpy as np


def record_totals(true: np.ndarray, leanings: np.ndarray, low: int, high: int) -> np.ndarray:
    """Return the totals that are recorded of true scores: what items add up to that are each answered by themselves.

    An item's answer is its equal share of the true score plus its leaning, rounded. What leanings and rounding leave in the sum is the
    error of the total, so answers show as much of it as the total carries: k var(leaning), of what lasts in a person and of what changes
    from session to session, and k / 12 more of the latter by rounding. Sums are cut off at the ends of the scale only.

    Parameters
    ----------
    true
        Shape (rows,).
    leanings
        Shape (rows, items), in points.
    low, high
        Range of an item.

    Returns
    -------
    numpy.ndarray
        Whole numbers, (rows,).
    """
    items = leanings.shape[1]
    sums = np.rint(true[:, None] / items + leanings).sum(axis=1)
    totals: np.ndarray = np.clip(sums, low * items, high * items).astype(int)
    return totals


def spread_totals(totals: np.ndarray, leanings: np.ndarray, low: int, high: int) -> np.ndarray:
    """Spread totals over items as whole numbers that add up exactly.

    Each item starts at its equal share of the total plus its leaning; the rounded answers are then moved by one point at
    a time, the item farthest from its start first, until the sum is right.

    Parameters
    ----------
    totals
        Whole numbers, shape (rows,).
    leanings
        Shape (rows, items): how much higher than the others an item tends to be answered, in points.
    low, high
        Range of an item.

    Returns
    -------
    numpy.ndarray
        Whole numbers (rows, items) between `low` and `high`; each row sums to its total.

    Raises
    ------
    ValueError
        A total cannot be reached with items in this range.
    """
    rows, items = leanings.shape
    if rows and (totals.min() < low * items or totals.max() > high * items):
        raise ValueError(f"totals from {totals.min()} to {totals.max()} do not fit {items} items from {low} to {high}")
    wanted = totals[:, None] / items + leanings - leanings.mean(axis=1, keepdims=True)
    answers: np.ndarray = np.clip(np.rint(wanted), low, high).astype(int)
    missing = totals - answers.sum(axis=1)
    while missing.any():
        step = np.sign(missing)[:, None]
        movable = np.where(step > 0, answers < high, answers > low)
        gain = np.where(movable, step * (wanted - answers), -np.inf)
        item = gain.argmax(axis=1)
        answers[np.arange(rows), item] += step[:, 0]
        missing = totals - answers.sum(axis=1)
    return answers


def draw_leanings(
    rng: np.random.Generator,
    person: np.ndarray,
    means: np.ndarray,
    stable_sd: float,
    session_sd: float,
    groups: np.ndarray | None = None,
    group_sd: float = 0.0,
) -> np.ndarray:
    """Draw how each row of answers leans towards single items.

    Parameters
    ----------
    person
        Position of the person of each row, from 0.
    means
        Mean of each item, shape (items,); only how much higher it is than that of the others counts.
    stable_sd, session_sd
        Spread of what persons always do, and of what differs from session to session.
    groups, group_sd
        Position of the subscale of each item, and the spread of persons' lasting deviation of a whole subscale. Subscales are of one
        size, and what one is above the others adds nothing to the total.
    """
    count = int(person.max()) + 1 if len(person) else 0
    stable = rng.normal(0, stable_sd, (count, len(means)))
    if groups is not None:
        wholes = rng.normal(0, group_sd, (count, int(groups.max()) + 1))
        stable += (wholes - wholes.mean(axis=1, keepdims=True))[:, groups]
    leanings: np.ndarray = means - means.mean() + stable[person] + rng.normal(0, session_sd, (len(person), len(means)))
    return leanings
