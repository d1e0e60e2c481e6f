"""A simulated study as the text of the files a team would export."""

import numpy as np
import pandas as pd

from alliance.worlds.example.dirt import soil_patients, soil_sessions
from alliance.worlds.example.settings import ExampleStudy
from alliance.worlds.example.study import OWN_STREAMS, Study
from alliance.worlds.study import streams_of

DATE_FORMAT = "%d.%m.%Y"


def export_study(study: Study, settings: ExampleStudy) -> tuple[dict[str, pd.DataFrame], dict[str, dict[str, int]]]:
    """Turn a clean study into dirty tables of text.

    Returns
    -------
    tables
        ``sessions`` in the order of their dates, ``patients`` and ``therapists`` in the order of their ids; every cell is text.
    dirt
        Table -> kind of dirt -> how much of it there is.
    """
    rng = streams_of(settings.seed, OWN_STREAMS)["dirt"]
    dated = study.sessions.assign(session_date=study.sessions["session_date"].dt.strftime(DATE_FORMAT))
    sessions, of_sessions = soil_sessions(_as_text(dated), _as_text(study.therapists), settings.dirt, rng)
    patients, of_patients = soil_patients(_as_text(study.patients), settings.dirt, rng)
    days = pd.to_datetime(sessions["session_date"], format=DATE_FORMAT)
    tables = {
        "sessions": sessions.iloc[np.argsort(days.to_numpy(), kind="stable")].reset_index(drop=True),
        "patients": patients.sort_values("client_id", ignore_index=True),
        "therapists": _as_text(study.therapists).sort_values("therapist_id", ignore_index=True),
    }
    return tables, {"sessions": of_sessions, "patients": of_patients}


def csv_of(table: pd.DataFrame) -> str:
    """Return a table of text as CSV with Unix line ends."""
    return str(table.to_csv(index=False, lineterminator="\n"))


def _as_text(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {column: [_cell(value) for value in table[column].tolist()] for column in table.columns}, dtype=object
    )


def _cell(value: object) -> str:
    """Write whole numbers without a decimal point, others with as few decimals as needed, nothing for a missing value."""
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:g}"
    return str(value)
