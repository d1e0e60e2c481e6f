"""What two accounts of the same effect are compared by: its sign, if it is told from zero."""

from typing import Final

_FURTHEST: Final = 1.96  # standard errors of zero inside a 95 % interval of normal draws


def told_sign(estimate: float, error: float) -> int:
    """Return the sign of an estimate, zero where zero lies within 1.96 standard errors."""
    return int(estimate > _FURTHEST * error) - int(estimate < -_FURTHEST * error)
