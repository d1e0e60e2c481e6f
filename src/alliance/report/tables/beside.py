"""Two accounts of the same estimates side by side: what models give as they are reported, and with one thing changed."""

import pandas as pd

from alliance.config import Config
from alliance.facts.columns import records
from alliance.report.labels import capitalised_name
from alliance.report.numbers import column_decimals, common_decimals, format_number, format_numbers
from alliance.report.tables.marks import count_units, name_rows


def show_beside(
    data: pd.DataFrame, reported: tuple[str, str], changed: tuple[str, str], config: Config
) -> pd.DataFrame:
    """Return both accounts of each estimate with their standard errors, written for people.

    Parameters
    ----------
    data
        One row per estimate; the standard error as reported is `sd`, that of the other account ``sd_`` and its column, and `change` is in
        the former.
    reported, changed
        Column and heading of each account.
    """
    (one, first), (other, second) = reported, changed
    rows = list(records(data))
    digits = column_decimals(common_decimals([getattr(row, one), getattr(row, other)], row.sd) for row in rows)

    def written(column: str, error: str) -> list[str]:
        return [
            f"{format_number(getattr(row, column), digits)} ({format_number(getattr(row, error), digits)})"
            for row in rows
        ]

    return pd.DataFrame(
        {
            **name_rows(data, config),
            "When": [capitalised_name(row.horizon) for row in rows],
            first: written(one, "sd"),
            second: written(other, f"sd_{other}"),
            "Change (standard errors)": format_numbers(data["change"].tolist())[0],
            "Patients, sessions": count_units(data),
        }
    )
