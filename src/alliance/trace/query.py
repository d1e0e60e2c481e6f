"""What somebody asks about: a number as it is printed, an estimate with its interval, a row of a table, or words."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance.errors import ConfigError

_MINUS = "-\N{MINUS SIGN}\N{EN DASH}"
_NUMBER = re.compile(rf"(?<![\w.])[{_MINUS}]?(?:\d{{1,3}}(?:,\d{{3}})+(?!\d)|\d+)?(?:\.\d+)?(?<=\d) ?%?(?!\w)")
_DECIMAL_COMMA = re.compile(rf"[{_MINUS}]?\d*,\d+ ?%?")
_KIND_OF_INTERVAL = re.compile(r"\d+(\.\d+)? ?%,? [A-Za-z ]*")  # "95% credible interval"
_ROW = re.compile(r"(?:([\w/]+) )?row (\d+)")


@dataclass(frozen=True)
class Printed:
    """A number as it was printed: what it says, and how far rounding may have moved it.

    Parameters
    ----------
    value
        In the units of the table: 36 % is .36.
    half
        Half a unit of its last digit.
    negative
        Whether it has a minus sign. One without may be the size of a negative number, as sentences write it: "0.17 points lower".
    """

    value: float
    half: float
    negative: bool

    def fits(self, values: pd.Series) -> np.ndarray:
        """Return which values are printed like this."""
        sizes = values.to_numpy(dtype=float)
        close = np.abs(np.abs(sizes) - self.value) <= self.half * (1 + 1e-9)
        return np.asarray(close & (sizes < 0) if self.negative else close)


@dataclass(frozen=True)
class Query:
    """What is looked for: one to three numbers (an estimate, an interval, or both), a row of a table, or words."""

    text: str
    numbers: tuple[Printed, ...] = ()
    table: str | None = None
    row: int | None = None


def read_query(text: str) -> Query:
    """Understand a question.

    Parameters
    ----------
    text
        ``0.17``, ``-.17``, ``36 %``, ``1.14 [.96, 1.32]``, a stretch of a sentence with such numbers, ``row 34``,
        ``moderation row 3``, or words of a row such as ``technique_jointly indirect within``.

    Raises
    ------
    ConfigError
        Nothing was asked.
    """
    text = " ".join(text.split())
    if not text:
        raise ConfigError(
            "Trace what? A number of the report such as 0.17, or a row of the estimates such as 'row 34'."
        )
    if row := _ROW.fullmatch(text):
        return Query(text, table=row[1] or "estimates", row=int(row[2]))
    if _DECIMAL_COMMA.fullmatch(text) and not _NUMBER.fullmatch(text):
        text = text.replace(",", ".")
    found = _NUMBER.findall(_KIND_OF_INTERVAL.sub("", text)) or _NUMBER.findall(text)
    if found and (len(found) > 1 or not re.search(r"[a-z]_[a-z]| -> | → ", text)):
        return Query(text, tuple(_read_number(number) for number in found[:3]))
    return Query(text)


def _read_number(text: str) -> Printed:
    digits = text.strip(_MINUS + " %").replace(",", "")
    scale = 0.01 if "%" in text else 1.0
    decimals = len(digits.partition(".")[2])
    return Printed(float(digits) * scale, 0.5 * 10.0**-decimals * scale, text[0] in _MINUS)
