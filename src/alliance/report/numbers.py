"""How numbers are written for people: the same in figures, tables and sentences.

A true minus sign (U+2212), two decimals or as many as two significant digits need, and never a rounded-away ``0.00`` for
a number that is not zero. In a column all numbers have the same decimals.
"""

import math
import re
from collections.abc import Iterable, Sequence

MINUS, MISSING, ITSELF = "\N{MINUS SIGN}", "\N{EN DASH}", "\N{EM DASH}"  # the last one on the diagonal of a matrix
_HYPHEN = re.compile(r"(?<![\w.)\]])-(?=\.?\d)")
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_FEWEST_DECIMALS, _MOST_DECIMALS = 2, 4
_MOST_TOGETHER = 3  # decimals of a column, if not all of its numbers need more
_LEADING_ZERO = re.compile(r"(?<![\d.,])0(?=\.\d)")

type Account = tuple[float, float, float]  # an estimate with the ends of its interval
_FINEST = 8  # decimals; an interval that is narrower than one of the last of these is a point
_WIDE = 2.0  # percentage points from which an interval of shares is told by whole percents
_LARGE = 1e7  # from there on powers of ten


def format_number(value: float | None, decimals: int | None = None) -> str:
    """Write one number.

    Parameters
    ----------
    value
        The number; None and NaN become an en dash.
    decimals
        Digits after the point; by default two, fewer for large numbers, more for numbers below 0.1.
        A number that these digits would turn into zero gets more of them, or powers of ten; one beyond ten million gets these too.
    """
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    if value == 0:
        return "0" if decimals is None else f"{0:.{decimals}f}"
    digits = _decimals_for(abs(value)) if decimals is None else decimals
    while digits < _MOST_DECIMALS and _vanishes(value, digits):
        digits += 1
    if _vanishes(value, digits) or abs(value) >= _LARGE:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPTS)}".replace("-", MINUS)
    return f"{value:,.{digits}f}".replace("-", MINUS)


def format_value(value: float) -> str:
    """Write a value that was set or measured, not estimated: as `format_number`, without zeros at the end of its decimals."""
    text = format_number(value, 0 if float(value).is_integer() else None)
    return text if "×" in text or "." not in text else text.rstrip("0").rstrip(".")


def format_interval(low: float, high: float, decimals: int | None = None) -> str:
    """Write an interval as ``[low, high]`` with the same number of decimals on both sides."""
    digits = common_decimals([low, high], high - low) if decimals is None else decimals
    return f"[{format_number(low, digits)}, {format_number(high, digits)}]"


def format_estimate(estimate: float, low: float, high: float) -> str:
    """Write an estimate and its interval as ``estimate [low, high]``, all with the same decimals."""
    return format_beside((estimate, low, high))[0]


def format_ratio(estimate: float, low: float, high: float) -> str:
    """Write a ratio and its interval as ``estimate [low, high]``, with decimals at which no end that is not 1 reads as 1."""
    digits = common_decimals([low, high, low - 1, high - 1], high - low)
    return _write_account((estimate, low, high), digits)


def format_beside(*accounts: Account) -> list[str]:
    """Write several accounts of one estimate, each with its interval, with the decimals that the narrowest interval needs."""
    digits = max(common_decimals([low, high], high - low) for _, low, high in accounts)
    return [_write_account(account, digits) for account in accounts]


def format_estimates(*columns: Sequence[Account | None]) -> list[list[str]]:
    """Write columns of estimates that are compared, each with its interval, all with the same decimals; nothing for None."""
    accounts = [account for column in columns for account in column if account is not None]
    shared = column_decimals(common_decimals([low, high], high - low) for _, low, high in accounts)
    digits = max([shared, *(_decimals_within(high - low) for _, low, high in accounts)])
    return [["" if account is None else _write_account(account, digits) for account in column] for column in columns]


def format_numbers(*columns: Sequence[float | None]) -> list[list[str]]:
    """Write columns of numbers that are compared, all with the same decimals."""
    sizes = [abs(value) for column in columns for value in column if value is not None and math.isfinite(value)]
    digits = column_decimals(_decimals_for(size) for size in sizes if size > 0)
    return [[format_number(value, digits) for value in column] for column in columns]


def _write_account(account: Account, digits: int) -> str:
    estimate, low, high = account
    return f"{format_number(estimate, digits)} {format_interval(low, high, digits)}"


def format_regions(regions: Sequence[tuple[float, float]], low: float, high: float) -> str:
    """Write stretches of a range in words: ``12.0 to 35.0 and 41.0 to 60.0``, ``all values from ...`` or ``none of the values from ...``.

    Parameters
    ----------
    regions
        First and last value of each stretch.
    low, high
        The whole range.
    """
    digits = common_decimals([low, high], high - low)
    whole = f"{format_number(low, digits)} to {format_number(high, digits)}"
    if not regions:
        return f"none of the values from {whole}"
    if list(regions) == [(low, high)]:
        return f"all values from {whole}"
    return " and ".join(f"{format_number(first, digits)} to {format_number(last, digits)}" for first, last in regions)


def format_count(count: float | None) -> str:
    """Write a count with thousands separated: ``1,234``."""
    return MISSING if count is None or math.isnan(count) else f"{round(count):,}".replace("-", MINUS)


def with_minus_signs(text: str) -> str:
    """Write the minus sign where a hyphen stands before a number of a text: ``Uniform(−1, 1)``; not between digits or words."""
    return _HYPHEN.sub(MINUS, text)


def format_percent(share: float | None, decimals: int | None = None) -> str:
    """Write a share of 1 as a percentage: whole percents, one decimal below 1 % and above 99 %, or as many decimals as are asked for."""
    if share is None or math.isnan(share):
        return MISSING
    percent = 100 * share
    if percent in (0, 100):
        return f"{percent:.0f}%"  # exactly none, or all
    digits = int(_needs_decimal(percent)) if decimals is None else decimals
    step = 10.0 ** -max(digits, 1)
    if 0 < percent < step / 2:
        return f"<{step:g}%"
    if 100 - step / 2 <= percent < 100:
        return f">{100 - step:g}%"
    return f"{percent:.{digits}f}%".replace("-", MINUS)


def _needs_decimal(percent: float) -> bool:
    """Whether whole percents would take a share for none or all."""
    return 0 < abs(percent) < 0.95 or 99.05 < percent < 100


def format_share(estimate: float, low: float, high: float) -> str:
    """Write a share of 1 with its interval as percentages: ``36% [31%, 41%]``."""
    share, *ends = share_and_ends(estimate, low, high)
    return f"{share} [{', '.join(ends)}]"


def share_and_ends(estimate: float, low: float, high: float) -> tuple[str, str, str]:
    """Write a share of 1 and the ends of its interval as percentages, with the decimals that tell the ends apart."""
    decimals = decimals_of_share(low, high)
    return format_percent(estimate, decimals), format_percent(low, decimals), format_percent(high, decimals)


def format_points(*columns: Sequence[Account | None]) -> list[list[str]]:
    """Write columns of differences of shares of 1 in percentage points, each with its interval, all with as many decimals."""
    digits = max((_decimals_of_points(one) for column in columns for one in column if one is not None), default=1)
    return [["" if one is None else _write_account(_in_percent(one), digits) for one in column] for column in columns]


def points_and_ends(account: Account) -> tuple[str, str, str]:
    """Write a difference of shares of 1 and the ends of its interval in percentage points, as `format_points` does."""
    estimate, low, high = (format_number(value, _decimals_of_points(account)) for value in _in_percent(account))
    return estimate, low, high


def _in_percent(account: Account) -> Account:
    estimate, low, high = account
    return 100 * estimate, 100 * low, 100 * high


def _decimals_of_points(account: Account) -> int:
    """Return one decimal, or more where the ends of an interval would not differ or a number would be rounded away."""
    percent = _in_percent(account)
    width = percent[2] - percent[1]
    vanishes = any(value != 0 and _vanishes(value, 1) for value in percent)
    return max(1, _decimals_within(width), common_decimals(percent, width) if vanishes else 0)


def decimals_of_share(low: float, high: float) -> int | None:
    """Return as many decimals of percentages as an interval has at least one unit of the last one on each side; None: the usual ones."""
    width = 100 * (high - low)
    if not 0 < width < _WIDE:
        return None
    return min(_MOST_DECIMALS, math.ceil(round(math.log10(_WIDE / width), 9)))


def format_shares(*columns: Sequence[Sequence[float] | None]) -> list[list[str]]:
    """Write columns of shares of 1 as percentages, all with the same decimals; missing ones as a dash.

    Parameters
    ----------
    columns
        Of each cell a share, or a share with the ends of its interval.
    """
    shares = [share for column in columns for cell in column if cell is not None for share in cell]
    narrow = [decimals_of_share(*cell[1:3]) or 0 for column in columns for cell in column if cell and len(cell) > 2]
    decimals = max([int(any(_needs_decimal(100 * share) for share in shares if not math.isnan(share))), *narrow])

    def write(cell: Sequence[float] | None) -> str:
        if cell is None or math.isnan(cell[0]):
            return MISSING
        share, *ends = (format_percent(one, decimals) for one in cell)
        return f"{share} [{', '.join(ends)}]" if ends else share

    return [[write(cell) for cell in column] for column in columns]


def drop_leading_zeros(text: str) -> str:
    """Write numbers that cannot exceed 1 in size as journals do: ``−.43 [−.53, −.34]``."""
    return _LEADING_ZERO.sub("", text)


def format_correlation(correlation: float) -> str:
    """Write a correlation of a matrix with two decimals: there one that is zero at them reads as zero, since all cells are as wide."""
    if math.isnan(correlation):
        return MISSING
    return f"{round(correlation, 2) + 0.0:.2f}".replace("-", MINUS)  # without the zero, −0.00


def format_probability(probability: float | None) -> str:
    """Write a probability with three decimals, or as beyond .001 and .999 where these would say never or always."""
    if probability is None or math.isnan(probability):
        return MISSING
    if probability < 0.0005:
        return "<0.001"
    return ">0.999" if probability > 0.9995 else f"{probability:.3f}"


def common_decimals(values: Sequence[float], scale: float | None = None) -> int:
    """Return decimals that suit all values: two significant digits of `scale`, and none of them rounded away to zero."""
    finite = [abs(value) for value in values if math.isfinite(value) and value != 0]
    if not finite:
        return _FEWEST_DECIMALS
    usable = scale is not None and math.isfinite(scale) and scale > 0
    # Half the width of an interval is known to one digit only, so twice the width decides.
    digits = _decimals_for(2 * abs(scale) if usable and scale is not None else min(finite))
    while digits < _MOST_DECIMALS and any(_vanishes(value, digits) for value in finite):
        digits += 1
    return max(digits, _decimals_within(scale)) if usable and scale is not None else digits


def _decimals_within(width: float) -> int:
    """Return the decimals at which the ends of an interval differ for sure; none for one without width but for rounding errors."""
    if not width >= 10.0**-_FINEST or math.isinf(width):
        return 0
    return max(0, math.ceil(round(-math.log10(width), 9)))


def column_decimals(needed: Iterable[int]) -> int:
    """Return the decimals of a column: those of the number that needs most, but four only where all need four."""
    every = [*needed]
    if not every:
        return _FEWEST_DECIMALS
    return min(max(every), max(_MOST_TOGETHER, min(every)))


def _vanishes(value: float, digits: int) -> bool:
    return float(f"{value:.{digits}f}") == 0


def _decimals_for(size: float) -> int:
    """Two decimals between 0.1 and 100; large numbers need fewer, small ones two significant digits (at most four)."""
    if size >= 1000:
        return 0
    if size >= 100:
        return 1
    if size == 0 or size >= 0.0995:
        return _FEWEST_DECIMALS
    return min(_MOST_DECIMALS, 1 - math.floor(math.log10(size)))
