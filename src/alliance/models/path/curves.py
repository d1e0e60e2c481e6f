"""Standard deviations and correlations of varying effects as numbers that can be held while all else is fitted.

Both are about rows of the factor L of a covariance, G = LL' (``factor`` coordinates): the standard deviation of an effect is the length of
its row, the correlation of two effects the cosine of the angle between their rows. So all that is held fixed is a length or an angle, and
the rest moves without constraints, at zero and at one as well.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SdCurve:
    """The standard deviation d of one effect, in standard units: its row is d w / |w| with a free direction w.

    Parameters
    ----------
    row
        Places of the row among the free parameters.
    """

    row: slice

    low = 0.0
    high = np.inf

    def of(self, position: np.ndarray) -> float:
        """Return the length of the row."""
        return float(np.linalg.norm(position[self.row]))

    def place(self, free: np.ndarray, value: float) -> np.ndarray:
        """Give the row a length."""
        position = free.copy()
        position[self.row] *= value / np.linalg.norm(free[self.row])
        return position

    def pull(self, free: np.ndarray, value: float, gradient: np.ndarray) -> tuple[np.ndarray, float]:
        """Turn the gradient by the row into one by its direction, and by its length."""
        length = float(np.linalg.norm(free[self.row]))
        unit, pulled = free[self.row] / length, gradient.copy()
        along = float(unit @ gradient[self.row])
        pulled[self.row] = value / length * (gradient[self.row] - along * unit)
        # At zero all directions are alike, and the row leaves it in the best one.
        return pulled, along if value > 0 else float(np.linalg.norm(gradient[self.row]))


@dataclass(frozen=True)
class AngleCurve:
    """The angle whose sine is the correlation of two effects: sine, since it ends without a kink at correlations of -1 and 1.

    With e the unit vector along the first row, p that of the part of w across it, and w the free row of the second effect, the second row
    is |w| (sin(angle) e + cos(angle) p).

    Parameters
    ----------
    first, second
        Places of the two rows among the free parameters, the shorter row first.
    """

    first: slice
    second: slice

    low = -np.pi / 2
    high = np.pi / 2

    def of(self, position: np.ndarray) -> float:
        """Return the angle; zero where an effect does not vary."""
        one, other = self._rows(position)
        lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
        return float(np.arcsin(np.clip(one @ other / lengths, -1.0, 1.0))) if lengths > 0 else 0.0

    def _rows(self, vector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return both rows, the shorter one filled up with zeros."""
        other = vector[self.second]
        one = np.zeros_like(other)
        one[: self.first.stop - self.first.start] = vector[self.first]
        return one, other

    def place(self, free: np.ndarray, value: float) -> np.ndarray:
        """Turn the second row against the first one."""
        one, other = self._rows(free)
        along = one / np.linalg.norm(one)
        across = other - (other @ along) * along
        across /= np.linalg.norm(across)
        position = free.copy()
        position[self.second] = np.linalg.norm(other) * (np.sin(value) * along + np.cos(value) * across)
        return position

    def pull(self, free: np.ndarray, value: float, gradient: np.ndarray) -> tuple[np.ndarray, float]:
        """Turn the gradient by both rows into one by the free rows, and by the angle."""
        one, other = self._rows(free)
        of_second = gradient[self.second]
        length, size = float(np.linalg.norm(one)), float(np.linalg.norm(other))
        along = one / length
        across = other - (other @ along) * along
        left = float(np.linalg.norm(across))
        across /= left
        direction = np.sin(value) * along + np.cos(value) * across
        # What moves the unit vector across, and through it both rows.
        turning = size * np.cos(value) / left * (of_second - (across @ of_second) * across)
        by_along = size * np.sin(value) * of_second - (turning @ along) * other - (other @ along) * turning
        pulled = gradient.copy()
        pulled[self.second] = (of_second @ direction) / size * other + turning - (turning @ along) * along
        pulled[self.first] += ((by_along - (by_along @ along) * along) / length)[: self.first.stop - self.first.start]
        # At the ends all directions across are alike, and the row leaves them in the best one.
        if abs(value) == self.high:
            return pulled, -size * float(np.sign(value) * np.linalg.norm(of_second - (of_second @ along) * along))
        return pulled, size * float(of_second @ (np.cos(value) * along - np.sin(value) * across))
