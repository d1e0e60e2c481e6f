"""How estimates are written, each in the unit that people read it in: shares in percent, their differences in percentage points."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from alliance.facts.effects import EFFECTS
from alliance.report.numbers import (
    Account,
    format_estimates,
    format_number,
    format_numbers,
    format_percent,
    format_points,
    format_shares,
)

_PERCENT: Final = 100.0
_SHARE, _POINTS, _OWN = "share", "points", "own"
_WRITERS: Final[dict[str, Callable[..., list[list[str]]]]] = {
    _SHARE: format_shares,
    _POINTS: format_points,
    _OWN: format_estimates,
}


def account_of(row: Mapping[Any, Any], ending: str = "") -> Account:
    """Return the estimate of a row with the ends of its interval; `ending` is that of the columns of another account."""
    return row[f"estimate{ending}"], row[f"low{ending}"], row[f"high{ending}"]


def write_account(effect: str, account: Account) -> str:
    """Write one estimate with its interval."""
    return write_accounts([effect], [account])[0][0]


def write_accounts(effects: Sequence[str], *columns: Sequence[Account | None]) -> list[list[str]]:
    """Write columns of estimates that are compared, each with its interval; those of one unit with the same decimals, nothing for None.

    Parameters
    ----------
    effects
        Of each row.
    columns
        Accounts of the rows, shares as parts of one.
    """
    written = [[""] * len(effects) for _ in columns]
    for unit, write in _WRITERS.items():
        places = [place for place, effect in enumerate(effects) if _unit_of(effect) == unit]
        cells = write(*([column[place] for place in places] for column in columns))
        for column, found, accounts in zip(written, cells, columns, strict=True):
            for place, text in zip(places, found, strict=True):
                column[place] = "" if accounts[place] is None else text
    return written


def write_values(effects: Sequence[str], values: Sequence[float]) -> list[str]:
    """Write a column of values of effects without intervals."""
    (own,) = format_numbers([value for effect, value in zip(effects, values, strict=True) if _unit_of(effect) == _OWN])
    listed = iter(own)
    return [_write_share(effect, value) or next(listed) for effect, value in zip(effects, values, strict=True)]


def _write_share(effect: str, value: float) -> str:
    """Write a share, or a difference of two; nothing for what is neither."""
    unit = _unit_of(effect)
    if unit == _SHARE:
        return format_percent(value)
    return format_number(_PERCENT * value, 1) if unit == _POINTS else ""


def in_read_unit(effect: str, value: float) -> float:
    """Return a value of an effect in the unit that people read it in: percent of a share, percentage points of a difference."""
    return value if _unit_of(effect) == _OWN else _PERCENT * value


def sign_of(effect: str) -> str:
    """Return what stands behind a number that `in_read_unit` gave: the sign of percent behind a share, nothing behind all else."""
    return "%" if _unit_of(effect) == _SHARE else ""


def _unit_of(effect: str) -> str:
    if effect not in EFFECTS or not EFFECTS[effect].share:
        return _OWN
    return _POINTS if EFFECTS[effect].in_points else _SHARE
